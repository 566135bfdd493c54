// A study: a question asked of many draws. What it declares here is all that the runner, the files, the tables and the
// command line know of it.
#pragma once

#include "estimators/stream.hpp"
#include "results/columns.hpp"
#include "results/setting.hpp"
#include "results/summary.hpp"
#include "theory/error.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace theoremeter {

/// Told what is under way ("sample", "search", "certify") and the fraction of the draw that is done: never less than
/// before.
using StageProgress = std::function<void(const std::string& stage, double fraction)>;

struct Effort {
  int threads = 1;
  StageProgress progress = [](const std::string&, double) {};
};

/// What is wrong with a stored draw, one line each; none: all is well.
using Complaints = std::vector<std::string>;

/// How a stored draw is looked at.
struct Scrutiny {
  bool again = false;  // measure it again too: samples, certificates and counts must come out the same
  bool older = false;  // by a version before 0.3: values attained are right to 1e-10, what comes out again is another
};

/// This draw has no such value: a condition that is defined at no point tried.
class Undefined : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A matrix that may be given: --option FILE is that matrix; or, where `matrix` is "", the layers W_1, W_2, ... of a
/// network.
struct Input {
  std::string option, meaning, matrix;
  std::string network = "W";  // what its layers are called
  bool vector = false;        // one column, as of a solution x0
};

/// A parameter whose choices are words of the command line: `recover dpr` says algorithm = "dpr".
struct Word {
  std::string parameter;
  std::function<std::string(const std::string& choice)> statement;  // one line, for --help
  /// Whether a parameter or an input is of use with this choice.
  std::function<bool(const std::string& choice, const std::string& name)> concerns;
};

struct Study {
  std::string verb, key, name;  // measure, condition, wdc: `measure wdc`, condition = "wdc", the root attribute
  std::string question;         // of the verb, for --help
  std::string noun;             // "wdc constant": what its table is of
  std::string statement;        // one line, for --help
  std::string notes;            // behind the options, for --help
  Parameters parameters;
  std::string added;         // the parameter of larger_studies(), in studies.hpp
  std::optional<Word> word;  // none: the study's name is the word, `measure wdc`
  std::vector<Input> inputs;
  Schema schema;
  std::vector<Summary> summaries;  // the columns of its table
  bool random = true;              // false: a point has one draw, the same for every seed
  /// What `plot` draws by default: options of results/plot.py.
  std::vector<std::pair<std::string, std::string>> figure;

  /// Of what was asked for, the settings of which each is a point: of a network given, one a layer.
  std::function<std::vector<Setting>(const Setting&, const Matrices& all, const std::set<std::string>& said)> points =
      [](const Setting& s, const Matrices&, const std::set<std::string>&) { return std::vector<Setting>{s}; };
  /// Sets what the matrices given determine: sizes; that nothing is left for an ensemble to draw. Throws InputError
  /// where that contradicts a parameter that was said.
  std::function<void(Setting&, const Matrices& all, const std::set<std::string>& said)> adopt =
      [](Setting&, const Matrices&, const std::set<std::string>&) {};
  /// Of all matrices given, those of this point's instance, under its names.
  std::function<Matrices(const Setting&, const Matrices& all)> given_at = [](const Setting&, const Matrices& all) {
    return all;
  };
  /// Throws InputError for what would be refused when this point's turn comes.
  std::function<void(const Setting&)> check = [](const Setting&) {};
  /// Throws Undefined.
  std::function<Row(const Setting&, const Stream& draw, const Effort&)> measure;
  std::function<Complaints(const Setting&, const Stream& draw, const Row&, const Scrutiny&)> verify;
  std::string verified = "every value recomputed from its definition";
  /// The matrices of a draw; none: the study has none.
  std::function<Matrices(const Setting&, const Stream& draw)> matrices;
  /// A row with what is computed from the rest of it: for files of format 1.x, which lack it.
  std::function<Row(const Setting&, const Row&)> complete;
  /// One draw for people, behind its line of the table.
  std::function<std::string(const Setting&, const Row&)> report = [](const Setting&, const Row&) {
    return std::string();
  };
};

inline constexpr std::int64_t max_draws = 10'000'000;

/// Every study has it; another seed is another point.
extern const Parameter<std::int64_t> seed;

/// The stream of a draw: a function of the seed, the sizes (in the order of declaration, list items each) and the draw.
Stream draw_stream(const Setting& at, std::uint64_t draw);

/// A study whose draws are plain structs of type Draw.
template <class Draw>
struct StudyOf {
  Study about;
  Columns<Draw> columns;
  std::function<Draw(const Setting&, const Stream& draw, const Effort&)> measure;
  /// What does not take measuring it again, which `again` does for every study.
  std::function<Complaints(const Setting&, const Stream& draw, const Draw&, const Scrutiny&)> verify;
  std::function<std::string(const Setting&, const Draw&)> report;
  std::function<void(const Setting&, Draw&)> modernise = [](const Setting&, Draw&) {};  // a draw of format 1.x

  operator Study() const {
    Study s = about;
    s.schema = columns.schema();
    s.measure = [*this](const Setting& at, const Stream& draw, const Effort& effort) {
      return columns.row(measure(at, draw, effort));
    };
    s.verify = [*this](const Setting& at, const Stream& draw, const Row& row, const Scrutiny& how) {
      const Draw d = columns.draw(row);
      Complaints all = verify(at, draw, d, how);
      const auto add = [&](Complaints more) { all.insert(all.end(), more.begin(), more.end()); };
      add(differences(columns.row(d), row, columns.schema()));
      if (how.again && !how.older) add(unlike(columns.row(measure(at, draw, Effort())), row, columns.schema()));
      return all;
    };
    s.complete = [*this](const Setting& at, const Row& row) {
      Draw d = columns.draw(row);
      modernise(at, d);
      return columns.row(d);
    };
    if (report) s.report = [*this](const Setting& at, const Row& row) { return report(at, columns.draw(row)); };
    return s;
  }
};

/// The columns in which a row differs, bit for bit, from what its draw gives anew: those computed from others, say.
Complaints differences(const Row& anew, const Row& stored, const Schema& schema);

/// The columns, but for seconds, in which a draw measured again is not what is stored. Numbers may differ by 1e-10 of
/// their size: another processor rounds otherwise.
Complaints unlike(const Row& again, const Row& stored, const Schema& schema);

}  // namespace theoremeter
