// Every study: its rows come back from its draws, its columns keep their names, and verify notices every stored number
// that is changed, but for those listed here with the reason.
#include "experiments/experiment.hpp"
#include "experiments/studies/studies.hpp"
#include "results/json.hpp"
#include "tests/tampering.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>

namespace theoremeter::test_studies {

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
  Names unnoticed(std::size_t most) const {
    Names names;
    for_each_tampering(row, study.schema, most, [&](const std::string& column, const Row& changed) {
      if (!notices(changed, false)) names.insert(column);
    });
    return names;
  }
  /// The same where the draw is measured again, for the first value of each of these columns.
  Names unnoticed_again(const Names& columns) const {
    Names names;
    for_each_tampering(row, study.schema, 1, [&](const std::string& column, const Row& changed) {
      if (columns.contains(column) && !notices(changed, true)) names.insert(column);
    });
    return names;
  }
};

void comes_back(const Real& real) {
  const std::string bytes = encode(real.row, real.study.schema);
  CHECK(encode(real.study.complete(real.at, real.row), real.study.schema) == bytes);
  CHECK(encode(decode(bytes, real.study.schema), real.study.schema) == bytes);
}

std::string text(const Names& names) { return fmt::format("{}", fmt::join(names, " ")); }

void check(const Real& real, const Names& not_by_definition, const Names& never, std::size_t most = 1000) {
  CAPTURE(real.study.key);
  CAPTURE(real.study.name);
  comes_back(real);
  for (const bool again : {false, true})
    for (const std::string& what : real.complaints(real.row, again)) FAIL_CHECK(what);
  const Names unnoticed = real.unnoticed(most);
  CHECK(text(unnoticed) == text(not_by_definition));
  CHECK(text(real.unnoticed_again(unnoticed)) == text(never));
}

// What only measuring again tells: how much was done, and what is said of all points sampled.
const Names budgets{"agreement", "evaluations_sample", "evaluations_search", "sampled_mean", "sampled_quantile",
                    "starts",    "undefined_sample",   "undefined_search"};
// What nothing tells.
const Names seconds{"seconds_sample", "seconds_search", "seconds_certify"};

Names operator+(Names a, const Names& b) {
  a.insert(b.begin(), b.end());
  return a;
}

/// Every value of version 0.2.0 is there, at its path; how much work it was has changed since, and where nothing proved
/// was an upper bound eigenvalues now are.
void agrees(const nlohmann::ordered_json& then, const nlohmann::ordered_json& now, const std::string& path) {
  CAPTURE(path);
  if (then.is_object()) {
    for (const auto& [key, value] : then.items()) {
      if (key == "seconds" || key == "evaluations") continue;
      REQUIRE(now.contains(key));
      agrees(value, now[key], path + "/" + key);
    }
  } else if (then.is_array()) {
    REQUIRE(now.size() == then.size());
    for (std::size_t i = 0; i < then.size(); ++i) agrees(then[i], now[i], fmt::format("{}/{}", path, i));
  } else if (then.is_number_float()) {  // what doubles made of it then, what the definition says now
    // A witness is where a value is stationary: other roundings end next to it by the root of theirs.
    const double rounding =
        path.find("/witness/") == std::string::npos ? 1e-12 * std::abs(then.get<double>()) + 1e-15 : 1e-7;
    CHECK(std::abs(now.get<double>() - then.get<double>()) <= rounding);
  } else if (then == "at least") {
    CHECK(now == "bracket");
  } else if (!(then.is_null() && path.ends_with("at_most"))) {
    CHECK(now == then);
  }
}

}  // namespace

TEST_CASE("names: one column a name, none of a parameter that has its place along point, lists counted") {
  for (const Study& s : studies()) {
    CAPTURE(s.name);
    Names names;
    for (const Column& c : s.schema.columns) {
      CAPTURE(c.name);
      CHECK(names.insert(c.name).second);
      CHECK(!c.meaning.empty());
      if (!c.list.empty()) CHECK(names.contains(c.list + "_count"));
      if (!c.where.empty()) CHECK(names.contains(c.where));
    }
    for (const Summary& summary : s.summaries) CHECK(names.contains(summary.column));
  }
}

TEST_CASE("JSON of a condition's draw is what it was") {
  const auto file = [](const std::string& name) {
    std::ifstream in(std::filesystem::path(__FILE__).parent_path() / "data/json" / (name + ".json"));
    return nlohmann::ordered_json::parse(in).at("draws").at(0);
  };
  const auto same = [&](const std::string& name, const Options& options) {
    const Real real("condition", name, options);
    auto then = file(name);
    then.erase("draw");
    agrees(then, to_json(real.row, real.study.schema), name);
  };
  same("wdc", {{"n", "20"}, {"k", "2"}, {"samples", "200"}, {"starts", "4"}});
  same("phaseless", {{"m", "20"}, {"n", "2"}, {"samples", "200"}, {"starts", "4"}});
  same("joint-wdc",
       {{"l", "12"}, {"n", "2"}, {"p", "2"}, {"samples", "200"}, {"starts", "4"}, {"evidence", "sample,search"}});
}

// Where the value is stationary, and another argument is nearest to a jump, a point moved by 1e-9 still attains the
// value and has the margin stored: such witnesses are listed too. They are others when measured again.
TEST_CASE("verify notices every change of a condition's draw") {
  const Names unseen = budgets + seconds, proof{"evaluations_certify", "proof"};
  check(Real("condition", "wdc", {{"n", "20"}, {"k", "2"}, {"samples", "200"}, {"starts", "4"}}), unseen + proof,
        seconds);
  check(Real("condition", "wdc",
             {{"n", "20"},
              {"k", "3"},
              {"samples", "200"},
              {"starts", "4"},
              {"alpha", "fit"},
              {"evidence", "sample,search"}}),
        unseen + Names{"fit_point_x", "fit_point_y"}, seconds);  // which prove a little more than is claimed
  check(Real("condition", "phaseless", {{"m", "20"}, {"n", "2"}, {"samples", "200"}, {"starts", "4"}}), unseen + proof,
        seconds);
  check(Real("condition", "joint-wdc",
             {{"l", "12"}, {"n", "2"}, {"p", "2"}, {"samples", "200"}, {"starts", "4"}, {"evidence", "sample,search"}}),
        unseen + Names{"diagonal_witness_h", "diagonal_witness_m", "diagonal_witness_x", "diagonal_witness_y",
                       "sampled_witness_h", "sampled_witness_x", "searched_witness_m", "searched_witness_y",
                       "witness_m", "witness_y"},
        seconds);
  const Names sampled{"sampled_witness_x1", "sampled_witness_x2", "sampled_witness_x3", "sampled_witness_x4"};
  check(Real("condition", "rrcp", {{"widths", "2,6"}, {"m", "9"}, {"samples", "200"}, {"starts", "4"}}),
        unseen + sampled, seconds);
  check(Real("condition", "rric", {{"widths", "2,6"}, {"m", "9"}, {"samples", "200"}, {"starts", "4"}}),
        unseen + sampled +
            Names{"searched_witness_x1", "searched_witness_x2", "searched_witness_x3", "searched_witness_x4",
                  "witness_x1", "witness_x2", "witness_x3", "witness_x4"},
        seconds);
}

// A landscape is recomputed to 1e-9 of max(1, value), so that 1e-9 of a small value is not seen; how often descents
// ended where, and what was looked at, only measuring again tells.
TEST_CASE("verify notices every change of a landscape's draw, measured again") {
  const Options few{{"directions", "8"}, {"starts", "1"}, {"descents", "2"}, {"condition_starts", "1"}};
  Options phase = few, blind = few;
  phase.insert({{"widths", "2,5"}, {"m", "6"}, {"solutions", "2"}, {"census", "true"}, {"noise", "0.1"}});
  blind.insert({{"widths", "2,6"}, {"widths2", "2,6"}});
  for (const Real& real : {Real("problem", "phase-retrieval", phase), Real("problem", "blind-demodulation", blind)}) {
    comes_back(real);
    for (const bool again : {false, true})
      for (const std::string& what : real.complaints(real.row, again)) FAIL_CHECK(what);
    const Names unseen = real.unnoticed(1);
    for (const char* seen : {"rho",
                             "network_rho",
                             "population_error",
                             "population_error_where",
                             "population_error_r",
                             "descent_at_zero",
                             "descent_at_zero_where",
                             "implied_radius",
                             "violations",
                             "epsilon_at_least",
                             "epsilon_deviation",
                             "epsilon_side",
                             "epsilon_margin",
                             "epsilon_alpha",
                             "K",
                             "theorem_ball_K2",
                             "hypothesis",
                             "hypothesis_left_side",
                             "epsilon_needed",
                             "spurious_near",
                             "spurious_elsewhere",
                             "solution_x",
                             "solution_h",
                             "census_point_kind",
                             "census_point_isolated",
                             "census_cells",
                             "census_zero",
                             "radius",
                             "radius_spurious",
                             "epsilon_largest"}) {
      CAPTURE(std::string(seen));
      CHECK(!unseen.contains(seen));
    }
    CHECK(text(real.unnoticed_again(unseen)) == "seconds");
  }
}

TEST_CASE("verify notices every change of a census") {
  const Real real("census", "phase-retrieval", {{"widths", "2,5"}, {"m", "6"}, {"noise", "0.1"}});
  comes_back(real);
  for (const bool again : {false, true})
    for (const std::string& what : real.complaints(real.row, again)) FAIL_CHECK(what);
  const Names unseen = real.unnoticed(1000);
  CHECK(!unseen.contains("census_point_kind"));
  CHECK(!unseen.contains("census_point_count"));
  CHECK(!unseen.contains("spurious_near"));
  CHECK(text(real.unnoticed_again(unseen)) == "seconds");
}

TEST_CASE("verify notices every change of a surface, made again") {
  for (const char* problem : {"phase-retrieval", "inversion", "amplitude-flow", "blind-demodulation"}) {
    const Real real("surface", problem, {{"points", "5"}});
    comes_back(real);
    for (const bool again : {false, true})
      for (const std::string& what : real.complaints(real.row, again)) FAIL_CHECK(what);
    CHECK(text(real.unnoticed_again(real.unnoticed(1000))) == "");
  }
}

}  // namespace theoremeter::test_studies
