// What a results file holds: plain structs, the same for every condition.
#pragma once

#include "estimators/measurement.hpp"
#include "theory/types.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace theoremeter {

/// A size of the sweep or an argument of the condition: the paper's symbol, and what it means.
struct Symbol {
  std::string name;     // n
  std::string meaning;  // "rows of W (neurons)"
  bool list = false;    // of a size: several numbers, as the widths of a network
  bool unit = true;     // of an argument: on the unit sphere
};

/// The sizes of a point, by symbol; one number each but for lists.
using Sizes = std::map<std::string, std::vector<std::int64_t>>;

/// The one number of a size that is no list.
inline std::int64_t scalar(const Sizes& sizes, const std::string& name) { return sizes.at(name).at(0); }

/// "500", or "3,40,200" for a list.
std::string to_text(const std::vector<std::int64_t>& size);
/// The inverse; empty unless text is one or more whole numbers separated by commas.
std::optional<std::vector<std::int64_t>> whole_numbers(const std::string& text);

/// One point of the sweep: its sizes (one for each of Results::sizes) and its draws, in order. A draw not measured yet
/// is empty. Every point has the same number of draws.
struct Record {
  Sizes sizes;
  std::vector<std::optional<Measurement>> draws;
};

/// Which program made the file, and where.
struct Provenance {
  std::string version;
  std::string commit;
  std::string compiler;
  std::string flags;
  std::string libraries;
  std::string host_cpu;
  std::string date;  // UTC, ISO 8601
};

/// Where a matrix that was given was read.
struct Source {
  std::string file;
  std::string dataset;  // "" in a file of one array without a name
  std::string done;     // to it, as "transposed"; "" when it is as it stands there
};

/// "W_1: net.h5:dense/kernel:0, 40 x 3; transposed", a line for each matrix given.
std::string to_text(const std::map<std::string, Source>& sources, const std::map<std::string, Rows>& matrices);

struct Results {
  std::string condition;     // "wdc"
  double factor = 1;         // the constant in units of the paper's eps: RRCP's supremum is 31 eps
  std::string ensemble;      // "gaussian"; "" when the matrices were given
  std::string measurements;  // what drew A, where there is a network too; "" otherwise or when A was given
  std::string weights_spec;  // as given to --weights; "" when they were drawn
  std::string grid;          // of `sample`
  double gap = 0;            // relative gap asked of `certify`
  std::uint64_t seed = 0;
  std::string experiment;                 // full text of the experiment
  std::vector<Symbol> sizes;              // n, k; m, n; l, n, p; ...
  std::vector<Symbol> witness;            // x, y; the condition's arguments
  std::map<std::string, Rows> matrices;   // the matrices given, by the paper's name ("W"); those drawn are left out
  std::map<std::string, Source> sources;  // of these
  std::vector<Record> points;
  Provenance provenance;
};

/// What is known about one constant.
enum class Kind {
  at_least,  // a witness only
  bracket,   // a witness and a certificate, further apart than the relative gap asked for
  exact      // a witness and a certificate that agree to the relative gap asked for
};

Kind kind(const Measurement& m);
const char* to_string(Kind kind);  // "at least", "bracket", "exact"
const char* to_string(Side side);  // "plus", "minus"

/// (at most - at least) / at least; NaN without a certificate.
double relative_gap(const Measurement& m);

/// This build on this machine, now.
Provenance this_program();

}  // namespace theoremeter
