// Every study: its rows come back from its draws, its columns keep their names, and verify notices every stored number
// that is changed, but for those listed here with the reason.
#include "experiments/experiment.hpp"
#include "experiments/studies/studies.hpp"
#include "tests/tampering.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <set>
#include <string>

namespace theoremeter {

using namespace testing;

namespace {

using Names = std::set<std::string>;
using Options = std::map<std::string, std::string>;

/// One real draw, by what would be said on the command line.
struct Real {
  const Study& study;
  Setting at;
  Stream draw;
  Row row;

  Real(const std::string& key, const std::string& name, const Options& options)
      : study(study_named(key, name)),
        at(of_options(study, options, 1).points.at(0)),
        draw(draw_stream(at, 0)),
        row(study.measure(at, draw, Effort())) {}

  Complaints complaints(const Row& stored, bool again) const {
    try {
      return study.verify(at, draw, stored, {again, false});
    } catch (const WrongRow& error) {
      return {error.what()};
    }
  }
  bool notices(const Row& stored, bool again) const { return !complaints(stored, again).empty(); }

  /// The columns of which some value can be changed unnoticed.
  Names unnoticed() const {
    Names names;
    for_each_tampering(row, study.schema, [&](const std::string& column, const Row& changed) {
      if (!notices(changed, false)) names.insert(column);
    });
    return names;
  }
  /// The same where the draw is measured again, for these columns.
  Names unnoticed_again(const Names& columns) const {
    Names names;
    for_each_tampering(row, study.schema, [&](const std::string& column, const Row& changed) {
      if (columns.contains(column) && !names.contains(column) && !notices(changed, true)) names.insert(column);
    });
    return names;
  }
};

void comes_back(const Real& real) {
  const std::string bytes = encode(real.row, real.study.schema);
  CHECK(encode(real.study.complete(real.row), real.study.schema) == bytes);
  CHECK(encode(decode(bytes, real.study.schema), real.study.schema) == bytes);
}

void check(const Real& real, const Names& not_by_definition, const Names& never) {
  CAPTURE(real.study.key);
  CAPTURE(real.study.name);
  comes_back(real);
  for (const bool again : {false, true})
    for (const std::string& what : real.complaints(real.row, again)) FAIL_CHECK(what);
  const Names unnoticed = real.unnoticed();
  CHECK(unnoticed == not_by_definition);
  CHECK(real.unnoticed_again(unnoticed) == never);
}

const Names seconds{"seconds_sample", "seconds_search", "seconds_certify"};

Names operator+(Names a, const Names& b) {
  a.insert(b.begin(), b.end());
  return a;
}

}  // namespace

TEST_CASE("verify notices every change of a condition's draw") {
  check(Real("condition", "wdc", {{"n", "20"}, {"k", "2"}, {"samples", "200"}, {"starts", "4"}}), {}, seconds);
  check(Real("condition", "wdc",
             {{"n", "20"},
              {"k", "3"},
              {"samples", "200"},
              {"starts", "4"},
              {"alpha", "fit"},
              {"evidence", "sample,search"}}),
        {}, seconds);
  check(Real("condition", "phaseless", {{"m", "20"}, {"n", "2"}, {"samples", "200"}, {"starts", "4"}}), {}, seconds);
  check(Real("condition", "joint-wdc",
             {{"l", "12"}, {"n", "2"}, {"p", "2"}, {"samples", "200"}, {"starts", "4"}, {"evidence", "sample,search"}}),
        {}, seconds);
  check(Real("condition", "rrcp", {{"widths", "2,6"}, {"m", "9"}, {"samples", "200"}, {"starts", "4"}}), {}, seconds);
  check(Real("condition", "rric", {{"widths", "2,6"}, {"m", "9"}, {"samples", "200"}, {"starts", "4"}}), {}, seconds);
}

TEST_CASE("verify notices every change of a landscape's draw") {
  const Options few{{"directions", "30"}, {"starts", "1"}, {"descents", "3"}, {"condition_starts", "2"}};
  Options phase = few, blind = few;
  phase.insert({{"widths", "2,5,7"}, {"m", "8"}, {"solutions", "2"}, {"census", "true"}, {"noise", "0.1"}});
  check(Real("problem", "phase-retrieval", phase), {}, {"seconds"});
  blind.insert({{"widths", "2,6,8"}, {"widths2", "2,5,8"}});
  check(Real("problem", "blind-demodulation", blind), {}, {"seconds"});
}

TEST_CASE("verify notices every change of a census") {
  check(Real("census", "phase-retrieval", {{"widths", "2,5,7"}, {"m", "8"}, {"noise", "0.1"}}), {}, {"seconds"});
}

TEST_CASE("verify notices every change of a surface") {
  for (const char* problem : {"phase-retrieval", "inversion", "amplitude-flow"})
    check(Real("surface", problem, {{"points", "7"}}), {}, {});
  check(Real("surface", "blind-demodulation", {{"points", "5"}}), {}, {});
}

}  // namespace theoremeter
