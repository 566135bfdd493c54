// Experiments from TOML: every key out of range is refused before the first draw, at FILE:LINE; sweeps, ratios,
// expressions.
#include "experiments/experiment.hpp"
#include "experiments/studies/studies.hpp"
#include "tests/results_files.hpp"
#include "theory/error.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace theoremeter::test_experiment {

using namespace testing;

namespace {

const fs::path experiments = fs::path(__FILE__).parent_path().parent_path() / "experiments";

Experiment read_text(const Scratch& scratch, const std::string& text, Size size = Size::small) {
  save(scratch / "e.toml", text);
  return read_experiment(scratch / "e.toml", size);
}

/// Refused, in one line, with the place.
void refused(const Scratch& scratch, const std::string& text, const std::string& part, std::size_t line,
             Size size = Size::small) {
  const std::string what = message([&] { read_text(scratch, text, size); });
  CAPTURE(text);
  CAPTURE(what);
  CHECK(what.find(fmt::format("e.toml:{}", line)) != std::string::npos);
  CHECK(what.find(part) != std::string::npos);
  CHECK(what.find('\n') == std::string::npos);
}

/// Values that the parameter refuses, as TOML.
std::vector<std::string> out_of_range(const AnyParameter& p) {
  std::vector<std::string> wrong;
  const bool number = std::holds_alternative<double>(p.example),
             whole = std::holds_alternative<std::int64_t>(p.example);
  if (number || whole) wrong = {"\"nonsense(\"", "true"};
  if (number) wrong.insert(wrong.end(), {"nan", "inf"});
  if (number && std::isfinite(p.least)) wrong.push_back(fmt::format("{}", p.least - 1));
  if (number && p.strict) wrong.push_back(fmt::format("{:.1f}", p.least));
  if (number && std::isfinite(p.most)) wrong.push_back(fmt::format("{:.1f}", 2 * p.most));
  if (whole && std::isfinite(p.least)) wrong.push_back(fmt::format("{:.0f}", p.least - 1));
  if (whole && std::isfinite(p.most)) wrong.push_back(fmt::format("{:.0f}", p.most + 1));
  if (std::holds_alternative<bool>(p.example)) wrong = {"1", "\"yes\""};
  if (std::holds_alternative<Widths>(p.example)) wrong = {"[[2, 0]]", "[[2, -1]]", "[[]]", "true"};
  if (std::holds_alternative<std::string>(p.example)) wrong = {"1"};
  if (!p.choices.empty()) wrong.push_back("\"" + p.choices[0] + "x\"");
  return wrong;
}

}  // namespace

TEST_CASE("a key that names a study is a parameter of another, where that one is named") {
  const Scratch scratch;
  const Experiment e = read_text(
      scratch, "study = \"recovery\"\nalgorithm = \"subgradient\"\nproblem = \"inversion\"\nwidths = [[2, 8]]\n");
  CHECK(e.study->name == "recovery");
  CHECK(e.points.at(0).text().find("inversion") != std::string::npos);
  refused(scratch, "condition = \"wdc\"\nproblem = \"inversion\"\nn = 8\nk = 2\n", "no place beside each other", 2);
  refused(scratch, "study = \"recovery\"\ncondition = \"wdc\"\nn = 8\nk = 2\n", "no place beside each other", 1);
}

TEST_CASE("every key of every experiment, out of range, is refused before the first draw") {
  const Scratch scratch;
  fs::create_directory_symlink(fs::absolute(fs::path(experiments) / "decoders"),
                               scratch / "decoders");  // which one names
  std::size_t files = 0, tried = 0;
  for (const auto& entry : fs::directory_iterator(experiments)) {
    if (entry.path().extension() != ".toml") continue;
    ++files;
    const std::string text = load(entry.path().string());
    const Experiment e = read_text(scratch, text);  // as it is, it is read
    CHECK(!e.points.empty());
    const std::vector<std::string> lines = [&] {
      std::vector<std::string> all;
      std::istringstream in(text);
      for (std::string line; std::getline(in, line);) all.push_back(line);
      return all;
    }();
    Size size = Size::small;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (lines[i] == "[full]") size = Size::full;
      std::smatch key;
      if (!std::regex_match(lines[i], key, std::regex(R"(([a-z_0-9]+) = .*)"))) continue;
      const std::string name = key[1];
      std::vector<std::string> wrong{"[]", "{}"};
      if (name == "draws") wrong = {"0", "-1", "1e9", "10000001", "\"many\""};
      if (name == "title") wrong = {"1"};
      for (const AnyParameter& p : *e.study->parameters)
        if (p.name == name) wrong = out_of_range(p);
      for (const std::string& value : wrong) {
        std::string changed;
        for (std::size_t j = 0; j < lines.size(); ++j) changed += (j == i ? name + " = " + value : lines[j]) + "\n";
        refused(scratch, changed, "", i + 1, size);
        ++tried;
      }
    }
  }
  CHECK(files >= 6);
  CHECK(tried > 100);
}

TEST_CASE("unknown keys and studies are told with the nearest, at their line") {
  const Scratch scratch;
  refused(scratch, "condition = \"wdcc\"\nn = 10\nk = 2\n", "wdc", 1);
  refused(scratch, "condition = \"wdc\"\nn = 10\nk = 2\nsample = 3\n", "samples", 4);
  refused(scratch, "condition = \"wdc\"\nk = 2\n[[sweep]]\nn = 10\n[[sweep]]\nn = 20\nnode = 3\n", "nodes", 7);
  refused(scratch, "condition = \"wdc\"\nn = [10, 2", "", 2);
  CHECK(message([] { read_experiment("/nowhere/e.toml"); }).find("/nowhere/e.toml") != std::string::npos);
  // What a point would refuse when its turn comes: no certificate at k = 9.
  refused(scratch, "condition = \"wdc\"\nn = 10\n[[sweep]]\nk = [2, 9]\nevidence = \"certify\"\n", "certif", 5);
}

TEST_CASE("what is cited is told in one line") {
  const Scratch scratch;
  for (const char* text : {"draws = i\ngap = 0.02\n", "condition = \"w\\ndc\"\n", "\"n\\u001b[2J\" = 3\n"}) {
    const std::string said = message([&] { read_text(scratch, text); });
    CAPTURE(said);
    CHECK(!said.empty());
    CHECK(std::none_of(said.begin(), said.end(), [](char c) { return c >= 0 && c < ' '; }));
  }
}

TEST_CASE("sweeps: all combinations, ratios and expressions of the other numbers") {
  const Scratch scratch;
  const auto points = [&](const std::string& text) {
    std::vector<std::string> all;
    for (const Setting& at : read_text(scratch, "condition = \"wdc\"\n" + text).points) all.push_back(at.sizes());
    return all;
  };
  using Texts = std::vector<std::string>;
  CHECK(points("n = 10\nk = 2\n") == Texts{"n = 10, k = 2"});
  CHECK(points("n = [10, 20]\nk = [2, 3]\n") ==
        Texts{"n = 10, k = 2", "n = 10, k = 3", "n = 20, k = 2", "n = 20, k = 3"});
  CHECK(points("k = 3\nn_over_k = [2, 2.5]\n") == Texts{"n = 6, k = 3", "n = 8, k = 3"});
  CHECK(points("k = 3\nn = \"ceil(4*k*log(k))\"\n") ==
        Texts{fmt::format("n = {}, k = 3", std::ceil(12 * std::log(3.0)))});
  CHECK(points("k = [2, 3]\nn = \"k^2\"\n") == Texts{"n = 4, k = 2", "n = 9, k = 3"});
  CHECK(points("k = 2\n[[sweep]]\nn = 4\n[[sweep]]\nn = 5\nk = 3\n") == Texts{"n = 4, k = 2", "n = 5, k = 3"});
  const Experiment e = read_text(
      scratch, "condition = \"wdc\"\nn = 10\nk = 2\ngap = [0.1, 0.2]\nensemble = [\"gaussian\", \"rademacher\"]\n");
  CHECK(e.points.size() == 4);
}

TEST_CASE("an experiment of options is the one of a file with the same settings") {
  const Scratch scratch;
  const Experiment file = read_text(scratch, "condition = \"wdc\"\nn = 10\nk = 2\nseed = 3\ndraws = 4\ngap = 0.5\n");
  const Experiment options =
      of_options(study_named("condition", "wdc"), {{"n", "10"}, {"k", "2"}, {"seed", "3"}, {"gap", "0.5"}}, 4);
  REQUIRE(options.points.size() == 1);
  CHECK(options.points[0].text() == file.points.at(0).text());
  CHECK(description(options).identity() == description(file).identity());
  CHECK_THROWS_AS(of_options(study_named("condition", "wdc"), {{"n", "10"}, {"k", "0"}}, 1), InputError);
  CHECK_THROWS_AS(study_named("condition", "wcd"), InputError);
}

}  // namespace theoremeter::test_experiment
