// A study of toys: draws with a column of every type, made from a setting and a number at once.
#pragma once

#include "results/columns.hpp"
#include "results/data_set.hpp"

#include <bit>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace theoremeter::toy {

enum class Colour { red, green, blue };
inline std::vector<std::string> names_of(Colour) { return {"red", "green", "blue"}; }

struct Part {
  double error = 0;
  std::vector<double> at = {};
  bool operator==(const Part&) const = default;
};

struct Item {
  std::int64_t index = 0;
  std::vector<Part> parts = {};
  std::string label = {};
  bool operator==(const Item&) const = default;
};

struct Toy {
  double real = 0;
  std::int64_t whole = 0;
  bool yes = false;
  Colour colour = Colour::red;
  std::string text = {};
  std::vector<double> vector = {};
  Rows matrix = Rows(0, 0);
  Part part = {};
  std::optional<Part> maybe = {};
  std::vector<Item> items = {};
  double seconds = 0;
};

inline Columns<Part> part_columns() {
  Columns<Part> c;
  c.value("error", &Part::error, Says::at_most, "an error");
  c.vector("at", &Part::at, {"coordinate"}, Says::witness, "where");
  return c;
}

inline Columns<Item> item_columns() {
  Columns<Item> c;
  c.value("index", &Item::index, Says::count, "an index");
  c.list_of("parts", &Item::parts, "parts", part_columns());
  c.value("label", &Item::label, Says::statistic, "a text");
  return c;
}

inline Columns<Toy> columns() {
  Columns<Toy> c;
  c.value("real", &Toy::real, Says::at_least, "a number");
  c.value("whole", &Toy::whole, Says::count, "a whole number");
  c.value("yes", &Toy::yes, Says::exact, "yes or no");
  c.value("colour", &Toy::colour, Says::exact, "one of three");
  c.value("text", &Toy::text, Says::statistic, "a text");
  c.vector("vector", &Toy::vector, {"coordinate"}, Says::witness, "a vector");
  c.vector("matrix", &Toy::matrix, {"row", "column"}, Says::witness, "a matrix");
  c.part("part_", &Toy::part, part_columns());
  c.optional("maybe", "maybe_", &Toy::maybe, "whether there is one", part_columns());
  c.list_of("item", &Toy::items, "items", item_columns());
  c.value("seconds", &Toy::seconds, Says::seconds, "wall time").unit("s");
  return c;
}

/// What goes wrong first: zeros of both signs, subnormals, infinities, NaN with a payload, empty and nested lists.
inline Toy difficult() {
  using Limits = std::numeric_limits<double>;
  Toy t;
  t.real = -0.0;
  t.whole = std::numeric_limits<std::int64_t>::min();
  t.yes = true;
  t.colour = Colour::blue;
  t.text = std::string("two\nlines, \0 and \xc3\xa4", 20);
  t.vector = {Limits::denorm_min(), -Limits::infinity(), Limits::max(), 0.1};
  t.matrix.resize(2, 3);
  t.matrix << 1, 2, 3, 4, 5, Limits::infinity();
  t.part = {std::bit_cast<double>(std::uint64_t{0x7ff800000000beef}), {}};
  t.items = {{7, {}, ""}, {8, {{1.5, {1, 2}}, {2.5, {}}}, "eight"}, {9, {{3.5, {3}}}, "nine"}};
  t.seconds = 12.5;
  return t;
}

/// A row that differs from draw to draw and from point to point.
inline Toy numbered(std::size_t point, std::uint64_t draw) {
  Toy t;
  t.real = 1.0 / double(1 + draw) + double(point);
  t.whole = static_cast<std::int64_t>(draw);
  t.vector.assign(1 + draw % 4, double(draw));
  t.items.resize(draw % 3);
  for (std::size_t i = 0; i < t.items.size(); ++i) t.items[i] = {static_cast<std::int64_t>(i), {{double(i), {}}}, "x"};
  t.seconds = 0.25;
  return t;
}

inline Parameters parameters() {
  return std::make_shared<const std::vector<AnyParameter>>(
      std::vector<AnyParameter>{{"n", "a size", std::int64_t{1}, true, false, Scope::size},
                                {"budget", "an option", std::int64_t{100}},
                                {"seed", "the seed", std::int64_t{1}}});
}

inline Setting setting(std::int64_t n, std::int64_t seed = 1) {
  Setting s(parameters());
  s.set("n", n);
  s.set("seed", seed);
  return s;
}

/// Points n = 1, 2, ...
inline Description description(std::size_t points, std::uint64_t draws) {
  Description d;
  d.key = "toy";
  d.study = "numbers";
  d.title = "Toys";
  d.draws = draws;
  d.parameters = parameters();
  for (std::size_t p = 0; p < points; ++p) d.points.push_back(setting(static_cast<std::int64_t>(p + 1)));
  d.schema = columns().schema();
  d.runs = {{"0", "commit", "compiler", "flags", "libraries", "cpu", "2026-01-01T00:00:00Z"}};
  return d;
}

}  // namespace theoremeter::toy
