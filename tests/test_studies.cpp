// Every study: its rows come back from its draws, its columns keep their names, and verify notices every stored number
// that is changed, but for those listed here with the reason.
#include "experiments/experiment.hpp"
#include "experiments/studies/studies.hpp"
#include "results/json.hpp"
#include "tests/tampering.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
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
  CHECK(encode(real.study.complete(real.at, real.row), real.study.schema) == bytes);
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

/// Every value of version 0.2.0 is there, at its path; how much work it was has changed since.
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
    CHECK(now.get<double>() == doctest::Approx(then.get<double>()).epsilon(1e-12).scale(0));
  } else {
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
