// Parameters and settings: what a text may say, ranges, choices, what is told of the rest.
#include "results/setting.hpp"
#include "theory/error.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace theoremeter::test_setting {
namespace {

std::string message(const std::function<void()>& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

const Parameter<std::int64_t> n{{.name = "n",
                                 .meaning = "rows",
                                 .example = std::int64_t{3},
                                 .has_default = false,
                                 .scope = Scope::size,
                                 .least = 1,
                                 .most = 100}};
const Parameter<double> gap{
    {.name = "gap", .meaning = "a gap", .example = 0.25, .least = 0, .most = 10, .strict = true}};
const Parameter<bool> census{{.name = "census", .meaning = "whether", .example = false}};
const Parameter<std::string> grid{
    {.name = "grid", .meaning = "a grid", .example = std::string("sobol"), .choices = {"sobol", "random"}}};
const Parameter<Widths> widths{{.name = "widths",
                                .meaning = "a network",
                                .example = Widths{1},
                                .has_default = false,
                                .scope = Scope::size,
                                .least = 1,
                                .most = 50}};
const Parameter<std::int64_t> layer{
    {.name = "layer", .meaning = "a layer", .example = std::int64_t{1}, .has_default = false, .scope = Scope::label}};

Setting setting() {
  return Setting(std::make_shared<const std::vector<AnyParameter>>(
      std::vector<AnyParameter>{n, gap, census, grid, widths, layer}));
}

}  // namespace

TEST_CASE("a value's text is read back as that value") {
  for (const double x : {0.1, 1.0 / 3, 1e-300, 5e-324, 9.999999999999999, 2.0})
    CHECK(value_of(gap, to_text(x)) == Value(x));
  for (const std::int64_t i : {1, 7, 100}) CHECK(value_of(n, to_text(i)) == Value(i));
  for (const bool b : {false, true}) CHECK(value_of(census, to_text(b)) == Value(b));
  CHECK(value_of(widths, to_text(Widths{3, 40, 20})) == Value(Widths{3, 40, 20}));
  CHECK(value_of(grid, "random") == Value(std::string("random")));
  CHECK(to_text(Value()) == "");
}

TEST_CASE("what a text does not say is refused, and told what would be right") {
  CHECK(message([] { value_of(n, "1.5"); }) == "n: \"1.5\" is not a whole number below 2^63");
  for (const char* wrong : {"", " 1", "1 ", "0x10", "1e3", "+1", "9223372036854775808", "ten"})
    CHECK(message([&] { value_of(n, wrong); }).find("is not a whole number") != std::string::npos);
  for (const char* wrong : {"", "1,5", "0.5x", "half"})
    CHECK(message([&] { value_of(gap, wrong); }).find("is not a number") != std::string::npos);
  for (const char* wrong : {"", "3,", ",3", "3,,4", "3,x", "3 4"})
    CHECK(message([&] { value_of(widths, wrong); }).find("is not whole numbers, as 3,40,200") != std::string::npos);
  CHECK(message([] { value_of(census, "yes"); }) == "census: \"yes\" is not true or false");
  const std::string near = message([] { value_of(grid, "sobl"); });
  CHECK(near.find("sobol") != std::string::npos);
}

TEST_CASE("ranges: the ends belong to them, where they are not strict; NaN and infinities to none") {
  CHECK(value_of(n, "1") == Value(std::int64_t{1}));
  CHECK(value_of(n, "100") == Value(std::int64_t{100}));
  CHECK(message([] { value_of(n, "0"); }) == "n = 0: must be at least 1 and at most 100");
  CHECK(message([] { value_of(n, "101"); }) == "n = 101: must be at least 1 and at most 100");
  CHECK(message([] { value_of(gap, "0"); }) == "gap = 0: must be more than 0 and at most 10");
  CHECK(value_of(gap, "10") == Value(10.0));
  for (const char* wrong : {"nan", "inf", "-inf", "1e999"}) CHECK(message([&] { value_of(gap, wrong); }) != "no error");
  CHECK(message([] { value_of(widths, "3,51"); }) == "widths = 3,51: must be at least 1 and at most 50");
  CHECK(message([] { check_value(n, Value(1.0)); }).find("is not a whole number") != std::string::npos);
  CHECK(message([] { check_value(widths, Value(Widths{})); }) != "no error");
}

TEST_CASE("a setting: defaults, what was set, and what nobody declared") {
  Setting s = setting();
  CHECK(s[gap] == 0.25);
  CHECK(!s.get(n));
  CHECK(s.sizes() == "");
  s.set("n", std::int64_t{7});
  s.set("widths", Widths{2, 3});
  CHECK(s[n] == 7);
  CHECK(s.get(widths) == Widths{2, 3});
  CHECK(s.sizes() == "n = 7, widths = 2,3");
  CHECK(s.text() == "n = 7, gap = 0.25, census = false, grid = sobol, widths = 2,3, layer = ");
  s.set("layer", std::int64_t{2});
  CHECK(s.sizes() == "n = 7, widths = 2,3, layer = 2");
  CHECK(!s.has("m"));
  CHECK_THROWS_AS(s.at("m"), std::logic_error);
  CHECK_THROWS_AS(s.set("m", Value()), std::logic_error);
  CHECK(s.given().empty());
}

}  // namespace theoremeter::test_setting
