// Numbers for people: rounded so that an "at least" and an "at most" stay true, in every format; and JSON.
#include "results/align.hpp"
#include "results/json.hpp"
#include "results/table.hpp"
#include "tests/toy.hpp"
#include "theory/error.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace theoremeter::test_tables {
namespace {

double read(const std::string& text) { return std::strtod(text.c_str(), nullptr); }

/// Four digits differ by a thousandth of the value at most.
void check_rounding(double value) {
  CAPTURE(value);
  const double down = read(rounded_down(value)), up = read(rounded_up(value)), nearest = read(rounded(value));
  CHECK(down <= value);
  CHECK(value <= up);
  CHECK(up - down <= 1.001e-3 * std::abs(value));
  CHECK(down <= nearest);
  CHECK(nearest <= up);
  CHECK(std::abs(nearest - value) <= 0.501e-3 * std::abs(value));
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// The words of a line, single blanks between them.
std::string words(const std::string& line) {
  std::istringstream in(line);
  std::string all, word;
  while (in >> word) all += (all.empty() ? "" : " ") + word;
  return all;
}

struct Numbers {
  double low = 0, high = 0;
  std::int64_t count = 0;
  bool flag = false;
  std::string note = {};
};

Columns<Numbers> columns() {
  Columns<Numbers> c;
  c.value("low", &Numbers::low, Says::at_least, "a lower bound");
  c.value("high", &Numbers::high, Says::at_most, "an upper bound").unit("s");
  c.value("count", &Numbers::count, Says::count, "a count");
  c.value("flag", &Numbers::flag, Says::exact, "a flag");
  c.value("note", &Numbers::note, Says::statistic, "a note");
  return c;
}

/// n = 10, 2, 2 (another seed): two draws each, the last undefined.
DataSet data() {
  Description about = toy::description(0, 2);
  about.points = {toy::setting(10), toy::setting(2), toy::setting(2, 5)};
  about.schema = columns().schema();
  DataSet all(about);
  const auto add = [&](Key key, const Numbers& n) { all.add(key, State::measured, columns().row(n), 0); };
  add({0, 0}, {0.123456, 0.123456, 3, true, "a,b"});
  add({0, 1}, {0.25, 0.5, 4, false, "a_b"});
  add({1, 0}, {1e-155, 1e300, 0, true, ""});
  add({1, 1}, {1e-155, 1e300, 0, true, ""});
  add({2, 0}, {2, 3, 1, false, ""});
  all.add({2, 1}, State::undefined, empty_row(about.schema), 0);
  return all;
}

const std::vector<Summary> summaries{{"low", "low"}, {"high", "high"}, {"count", "count"}, {"flag", "flag"}};

std::string formatted(TableFormat format, const std::vector<Summary>& all = summaries, bool each_draw = false,
                      std::vector<std::string> group_by = {}, std::size_t width = 100) {
  TableOptions how;
  how.format = format;
  how.each_draw = each_draw;
  how.group_by = std::move(group_by);
  how.width = width;
  return table(data(), "title", all, how);
}

}  // namespace

TEST_CASE("four digits: rounded down and up they stay true, at any size") {
  CHECK(rounded_down(0.123456) == "0.1234");
  CHECK(rounded_up(0.123456) == "0.1235");
  CHECK(rounded_down(1.0) == "1.000");
  CHECK(rounded_up(1.0) == "1.000");
  CHECK(rounded_down(0.99999) == "0.9999");
  CHECK(rounded_up(0.99999) == "1.000");
  CHECK(rounded_down(999.99) == "999.9");
  CHECK(rounded_up(999.91) == "1000");
  CHECK(rounded_down(-0.123456) == "-0.1235");
  CHECK(rounded_up(-0.123456) == "-0.1234");
  CHECK(rounded_down(1.23456e-155) == "1.234e-155");
  CHECK(rounded_up(1.23456e-155) == "1.235e-155");
  CHECK(rounded_down(1.23456e300) == "1.234e300");
  CHECK(rounded_up(1.23456e300) == "1.235e300");
  CHECK(rounded(0.0) == "0");
  CHECK(rounded_up(std::numeric_limits<double>::infinity()) == "inf");
  for (const double value : {1e-155, 1e300, 9.9995, 9.9994999, 0.00012345, 0.000099999, 123456.0, 999999.0, 1e22,
                             std::numeric_limits<double>::min(), 1.7e308})
    for (const double sign : {1.0, -1.0})
      for (const double next : {0.0, std::numeric_limits<double>::max()}) {
        check_rounding(sign * value);
        check_rounding(sign * std::nextafter(value, next));
      }
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (std::isnormal(value) && std::abs(value) < 1e308) check_rounding(value);
  }
}

TEST_CASE("columns are aligned to the right, the heading is underlined") {
  CHECK(align({{"n", "value"}, {"10", "1"}, {"2", "0.5"}}) == " n  value\n--  -----\n10      1\n 2    0.5\n");
}

TEST_CASE("a table: directions, ranges, undefined draws; numbers in order") {
  const std::vector<std::string> lines = lines_of(formatted(TableFormat::text));
  REQUIRE(lines.size() >= 6);
  CHECK(lines[0] == "title");
  CHECK(words(lines[1]) == "n seed draws low high count flag");
  CHECK(words(lines[3]) == "2 1 2 >= 1.000e-155 <= 1.000e300 s 0 yes");
  CHECK(words(lines[4]) == "2 5 2 (1 undefined) >= 2.000 <= 3.000 s 1 no");
  CHECK(words(lines[5]) == "10 1 2 >= 0.1234 .. 0.2500 <= 0.1235 .. 0.5000 s 3 .. 4 yes, no");
  const std::vector<std::string> draws = lines_of(formatted(TableFormat::text, summaries, true));
  CHECK(words(draws[6]) == "2 5 1 undefined undefined undefined -");
  CHECK(words(draws[8]) == "10 1 1 >= 0.2500 <= 0.5000 s 4 no");
}

TEST_CASE("a table no wider than asked: further columns in a block of their own, with the labels") {
  const std::string narrow = formatted(TableFormat::text, summaries, false, {}, 60);
  for (const std::string& line : lines_of(narrow)) CHECK(line.size() <= 60);
  for (const Summary& s : summaries) CHECK(narrow.find(s.heading) != std::string::npos);
}

TEST_CASE("groups of points") {
  const std::vector<std::string> by_n = lines_of(formatted(TableFormat::text, summaries, false, {"n"}));
  CHECK(words(by_n[3]) == "2 4 (1 undefined) >= 1.000e-155 .. 2.000 <= 3.000 .. 1.000e300 s 0 .. 1 yes, no");
  CHECK_THROWS_AS(formatted(TableFormat::text, summaries, false, {"m"}), InputError);
  CHECK_THROWS_AS(formatted(TableFormat::text, {{"x", "lowest"}}), InputError);
}

TEST_CASE("statistics over draws") {
  const Schema schema = columns().schema();
  const auto only = [&](const std::string& column, const std::string& statistic) {
    const std::vector<Summary> one{summary_of(schema, column, statistic)};
    return words(lines_of(formatted(TableFormat::text, one))[5]);
  };
  CHECK(only("low", "median") == "10 1 2 >= 0.1867");   // (0.123456 + 0.25)/2 = 0.186728
  CHECK(only("high", "mean") == "10 1 2 <= 0.3118 s");  // 0.311728
  CHECK(only("high", "quantile=1") == "10 1 2 <= 0.5000 s");
  CHECK(only("low", "count") == "10 1 2 2");
  CHECK(only("flag", "share") == "10 1 2 0.5000");
  for (const char* wrong : {"quantile", "quantile=2", "quantile=x", "median=1", "modus"})
    CHECK_THROWS_AS(summary_of(schema, "low", wrong), InputError);
}

TEST_CASE("LaTeX, markdown and CSV") {
  const std::string latex = formatted(TableFormat::latex);
  CHECK(latex.find("\\usepackage{booktabs") != std::string::npos);
  CHECK(latex.find("2 & 1 & 2 & $\\ge 1.000 \\times 10^{-155}$ & $\\le 1.000 \\times 10^{300}\\,\\mathrm{s}$ & $0$ & "
                   "yes \\\\\n") != std::string::npos);
  CHECK(latex.find("$\\ge 0.1234\\text{--}0.2500$") != std::string::npos);
  CHECK(formatted(TableFormat::latex, {{"a_b %", "note"}}).find("a\\_b \\%") != std::string::npos);
  CHECK(formatted(TableFormat::markdown).find("| 2 | 1 | 2 | >= 1.000e-155 | <= 1.000e300 s | 0 | yes |\n") !=
        std::string::npos);
  const std::vector<std::string> csv = lines_of(formatted(TableFormat::csv, {{"low", "low"}, {"note", "note"}}));
  CHECK(csv[0] == "n,seed,draws,low_min,low_max,note");
  CHECK(csv[1].starts_with("2,1,2,1e-155,1e-155,"));
  CHECK(csv[3] == "10,1,2,0.123456,0.25,\"a,b, a_b\"");  // in full
}

TEST_CASE("JSON of a row: paths, lists, what there is not, what is not finite") {
  const Schema schema = toy::columns().schema();
  toy::Toy t = toy::difficult();
  t.text = "a text";
  const auto json = to_json(toy::columns().row(t), schema);
  CHECK(json["whole"] == std::numeric_limits<std::int64_t>::min());
  CHECK(json["yes"] == true);
  CHECK(json["colour"] == "blue");
  CHECK(json["vector"][1] == "-infinity");
  CHECK(json["vector"][0].get<double>() == std::numeric_limits<double>::denorm_min());
  CHECK(json["matrix"].dump() == "[[1.0,2.0,3.0],[4.0,5.0,\"infinity\"]]");
  CHECK(json["part_error"].is_null());  // NaN
  CHECK(json["item"].size() == 3);
  CHECK(json["item"][1]["parts"][0]["at"].dump() == "[1.0,2.0]");
  CHECK(json["item"][2]["label"] == "nine");
}

TEST_CASE("JSON of a point: its sizes, seed and draws, those undefined too") {
  const DataSet all = data();
  const auto json = to_json(all, 2);
  CHECK(json.dump().starts_with(
      R"({"toy":"numbers","sizes":{"n":2},"seed":5,"options":{"budget":100},"draws":[{"draw":0,"low":2.0,)"));
  CHECK(json["draws"].size() == 2);
  CHECK(json["draws"][1].dump() == R"({"draw":1,"undefined":true})");
}

}  // namespace theoremeter::test_tables
