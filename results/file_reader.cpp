#include "results/file_reader.hpp"

#include "results/data_file.hpp"
#include "results/description.hpp"
#include "results/file_layout.hpp"
#include "results/format_1.hpp"
#include "results/hdf5.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

namespace theoremeter {
namespace {

using namespace file_layout;
using hdf5::Handle;
using hdf5::Shape;

class Reader {
 public:
  explicit Reader(hid_t file)
      : file_(file), points_(hdf5::length_of(file, "point")), draws_(hdf5::length_of(file, "draw")) {
    if (points_ == 0 || draws_ == 0) throw hdf5::Error("damaged: it has no point or no draw");
    for (const std::int64_t number : hdf5::read_dataset<std::int64_t>(file, "draw", {draws_})) {
      if (number < (numbers_.empty() ? 0 : static_cast<std::int64_t>(numbers_.back()) + 1))
        throw hdf5::Error("damaged: dataset draw is no list of draws");
      numbers_.push_back(static_cast<std::uint64_t>(number));
    }
  }

  /// All but the draws.
  Description description() const {
    Description about = description_of(hdf5::read_text(file_, "about/description"));
    if (numbers_.back() >= about.draws)
      throw hdf5::Error("damaged: dataset draw goes beyond the draws of the experiment");
    about.experiment = hdf5::read_text(file_, "about/experiment");
    about.points.assign(points_, Setting(about.parameters));
    for (const AnyParameter& p : *about.parameters) coordinate(p, about);
    std::vector<std::string> settings;
    for (const Setting& s : about.points) settings.push_back(s.text());
    if (hdf5::read_text(file_, "about/points") != fmt::format("{}", fmt::join(settings, "\n")))
      throw hdf5::Error("damaged: its points are not those that it was written with");
    about.given = given_matrices(file_);
    return about;
  }

  std::vector<std::vector<State>> states() const {
    std::vector<std::vector<State>> all(points_, std::vector<State>(numbers_.back() + 1, State::open));
    const auto stored = hdf5::read_dataset<std::int8_t>(file_, "state", {points_, draws_});
    for (std::size_t i = 0; i < stored.size(); ++i) {
      if (stored[i] < 0 || stored[i] > static_cast<std::int8_t>(State::undefined))
        throw hdf5::Error("damaged: dataset state holds what is no state");
      all[i / draws_][numbers_[i % draws_]] = static_cast<State>(stored[i]);
    }
    return all;
  }

  std::vector<double> seconds(const Schema& schema, const std::vector<std::vector<State>>& states) const {
    std::vector<double> sums(points_);
    for (const Column& c : schema.columns) {
      if (c.says != Says::seconds || c.type != Type::real || !c.list.empty() || !c.axes.empty()) continue;
      const auto values = hdf5::read_dataset<double>(file_, c.name, {points_, draws_});
      for (std::size_t i = 0; i < values.size(); ++i)
        if (states[i / draws_][numbers_[i % draws_]] != State::open && !same(values[i], no_value))
          sums[i / draws_] += values[i];
    }
    return sums;
  }

  DataSet data() const {
    DataSet data(description());
    const Schema& schema = data.about().schema;
    const auto counts = counts_of(schema);
    const auto states = this->states();
    const auto runs = hdf5::read_dataset<std::int64_t>(file_, "measured_by", {points_, draws_});
    std::vector<Variable> variables;
    std::vector<Handle> sets;
    for (const Column& column : schema.columns) sets.push_back(opened(variables.emplace_back(Variable{&column})));
    check_dimensions(schema);
    std::map<std::string, hsize_t> done;
    std::map<std::string, Origins> origins;
    Row row = empty_row(schema);
    for_blocks(points_, draws_, [&](const Block& b) {
      std::map<std::string, hsize_t> items;
      for (std::size_t i = 0; i < variables.size(); ++i) {
        Variable& v = variables[i];
        const std::string& list = v.column->list;
        if (v.in_list())
          load(v, sets[i], {done[list]}, {items.at(list)});
        else
          load(v, sets[i], {b.point, b.draw}, {b.points, b.draws});
        for (const auto& [name, count] : counts)
          if (count == i) items[name] = sum(v, hdf5::length_of(file_, name) - done[name]);
      }
      for (hsize_t p = b.point; p < b.point + b.points; ++p)
        for (hsize_t d = b.draw; d < b.draw + b.draws; ++d) {
          const std::uint64_t draw = numbers_[d];
          if (states[p][draw] == State::open) {  // most of a share of many: passed over, and it has no items
            for (Variable& v : variables) v.at += v.in_list() ? 0 : v.width();
            continue;
          }
          for (std::size_t i = 0; i < row.size(); ++i)
            take(variables[i], variables[i].in_list() ? total(row[counts.at(variables[i].column->list)]) : 1, row[i]);
          for (const auto& [list, counter] : counts) origins[list].add(p, draw, total(row[counter]));
          const std::int64_t run = runs[p * draws_ + d];
          if (run < 0 || static_cast<std::size_t>(run) >= data.about().runs.size())
            throw hdf5::Error("damaged: dataset measured_by names no run");
          data.add({p, draw}, states[p][draw], row, static_cast<std::size_t>(run));
        }
      for (const auto& [list, n] : items) done[list] += n;
    });
    for (const auto& [list, from] : origins) check_origins(list, from);
    if (digest(data) != hdf5::read_attribute<std::string>(file_, "digest"))
      throw hdf5::Error("damaged: its values are not those that its digest was made of");
    return data;
  }

 private:
  /// Whose the items of a list are, as other programs read it.
  struct Origins {
    std::vector<std::int64_t> point, draw;
    void add(hsize_t p, std::uint64_t d, std::size_t items) {
      point.insert(point.end(), items, static_cast<std::int64_t>(p));
      draw.insert(draw.end(), items, static_cast<std::int64_t>(d));
    }
  };

  void check_origins(const std::string& list, const Origins& from) const {
    for (const auto& [what, expected] : {std::pair{"_point", &from.point}, std::pair{"_draw", &from.draw}})
      if (hdf5::read_dataset<std::int64_t>(file_, list + what, {expected->size()}) != *expected)
        throw hdf5::Error(fmt::format("damaged: dataset {}{} is not what the counts say", list, what));
  }

  /// Numbers along the dimensions, which other programs label by.
  void check_dimensions(const Schema& schema) const {
    std::set<std::string> counted{"point", "run"};
    for (const Column& c : schema.columns) {
      if (!c.list.empty()) counted.insert(c.list);
      counted.insert(c.axes.begin(), c.axes.end());
    }
    for (const Axis& axis : schema.axes)
      if (counted.contains(axis.name) && hdf5::length_of(file_, axis.name) == axis.values.size()) {
        counted.erase(axis.name);
        check_dimension(axis.name, axis.values);
      }
    for (const std::string& name : counted) {
      std::vector<std::int64_t> values(hdf5::length_of(file_, name));
      std::iota(values.begin(), values.end(), 0);
      check_dimension(name, values);
    }
  }
  template <class T>
  void check_dimension(const std::string& name, const std::vector<T>& expected) const {
    if (hdf5::read_dataset<T>(file_, name, {expected.size()}) != expected)
      throw hdf5::Error(fmt::format("damaged: dimension {} has other numbers than it was made with", name));
  }

  void coordinate(const AnyParameter& p, Description& about) const {
    const std::string name = coordinate_name(p, about.schema);
    const auto set = [&](const auto& values, const auto& none, const auto& of) {
      for (std::size_t i = 0; i < values.size(); ++i)
        about.points[i].set(p.name, none(values[i]) ? Value() : of(values[i]));
    };
    const Shape shape{points_};
    switch (p.example.index()) {
      case 1: {
        const auto fill = filling<std::int64_t>(hdf5::open_dataset(file_, name));
        return set(
            hdf5::read_dataset<std::int64_t>(file_, name, shape), [&](std::int64_t n) { return fill == n; },
            [](std::int64_t n) { return Value(n); });
      }
      case 2:
        return set(
            hdf5::read_dataset<double>(file_, name, shape), [](double x) { return same(x, no_value); },
            [](double x) { return Value(x); });
      case 3:
        return set(
            hdf5::read_dataset<std::int8_t>(file_, name, shape), [](std::int8_t b) { return b == no_flag; },
            [](std::int8_t b) { return Value(b != 0); });
      default: {
        const auto fill = filling<std::string>(hdf5::open_dataset(file_, name));
        return set(
            hdf5::read_dataset<std::string>(file_, name, shape), [&](const std::string& t) { return fill == t; },
            [&](const std::string& t) { return p.example.index() == 4 ? Value(unescaped(t)) : value_of(p, t); });
      }
    }
  }

  Handle opened(Variable& v) const {
    const Column& c = *v.column;
    for (const std::string& axis : c.axes) v.axes.push_back(hdf5::length_of(file_, axis));
    const Shape shape = joined(v.in_list() ? Shape{hdf5::length_of(file_, c.list)} : Shape{points_, draws_}, v.axes);
    v.block = values_of(c.type);
    Handle set = std::visit([&]<class T>(const std::vector<T>&) { return hdf5::open_dataset<T>(file_, c.name, shape); },
                            v.block);
    v.lacking = hdf5::has_attribute(set, filling_name<double>) || hdf5::has_attribute(set, filling_name<std::string>);
    if (c.type == Type::whole) v.no_whole = filling<std::int64_t>(set).value_or(-1);
    if (c.type == Type::text) v.no_text = filling<std::string>(set).value_or("");
    check_said(set, c, "kind", says_names[static_cast<std::size_t>(c.says)]);
    if (c.type == Type::flag)
      check_said(set, c, "flag_meanings", words_of(c.names.empty() ? std::vector<std::string>{"no", "yes"} : c.names));
    return set;
  }

  /// What other programs are told of it is what was declared.
  static void check_said(hid_t set, const Column& c, const std::string& attribute, const std::string& declared) {
    if (hdf5::has_attribute(set, attribute) && hdf5::read_attribute<std::string>(set, attribute) != declared)
      throw hdf5::Error(fmt::format("damaged: attribute {} of {} is not \"{}\"", attribute, c.name, declared));
  }

  static void load(Variable& v, hid_t set, const Shape& start, const Shape& count) {
    v.at = 0;
    std::visit(
        [&]<class T>(std::vector<T>& block) {
          block = hdf5::read_slab<T>(set, joined(start, Shape(v.axes.size(), 0)), joined(count, v.axes));
        },
        v.block);
  }

  /// How many items of a list there are in a block, by what its count says.
  static hsize_t sum(const Variable& v, hsize_t most) {
    hsize_t sum = 0;
    for (const std::int64_t n : std::get<std::vector<std::int64_t>>(v.block)) {
      if (v.lacking && n == v.no_whole) continue;
      if (n < 0 || static_cast<hsize_t>(n) > most - sum)
        throw hdf5::Error(fmt::format("damaged: {} counts more than there is", v.column->name));
      sum += static_cast<hsize_t>(n);
    }
    return sum;
  }

  /// The next items of a block; in no list, there may be nothing.
  static void take(Variable& v, std::size_t items, Cell& cell) {
    cell.lengths.clear();
    if (!v.axes.empty()) return take_padded(v, items, cell);
    switch (v.column->type) {
      case Type::real:
        return take_from(v, std::get<0>(v.block), items, std::get<0>(cell.values),
                         [&](double x) { return same(x, no_value); });
      case Type::whole:
        return take_from(v, std::get<1>(v.block), items, std::get<1>(cell.values),
                         [&](std::int64_t n) { return v.lacking && n == v.no_whole; });
      case Type::flag:
        return take_from(v, std::get<2>(v.block), items, std::get<1>(cell.values),
                         [&](std::int8_t b) { return b == no_flag; });
      case Type::text:
        return take_from(v, std::get<3>(v.block), items, std::get<2>(cell.values),
                         [&](const std::string& t) { return v.lacking && t == v.no_text; });
    }
  }
  template <class T, class To, class None>
  static void take_from(Variable& v, const std::vector<T>& block, std::size_t items, std::vector<To>& to,
                        const None& none) {
    to.clear();
    for (std::size_t j = 0; j < items; ++j) {
      const T& value = block.at(v.at++);
      if (!v.in_list() && none(value)) continue;
      if constexpr (std::is_same_v<T, std::string>)
        to.push_back(unescaped(value));
      else
        to.push_back(value);
    }
  }
  static void take_padded(Variable& v, std::size_t items, Cell& cell) {
    const auto& block = std::get<std::vector<double>>(v.block);
    auto& to = std::get<std::vector<double>>(cell.values);
    to.clear();
    const std::size_t width = v.width(), across = v.axes.back();
    for (std::size_t j = 0; j < items; ++j, v.at += width) {
      const double* const from = block.data() + v.at;
      if (!v.in_list() && same(from[0], no_value)) continue;
      std::size_t rows = 1, columns = across;
      while (columns > 0 && same(from[columns - 1], behind_end)) --columns;
      if (v.axes.size() == 2) {
        rows = 0;
        while (columns > 0 && rows < v.axes[0] && !same(from[rows * across], behind_end)) ++rows;
        cell.lengths.push_back(static_cast<std::uint32_t>(rows));
      }
      cell.lengths.push_back(static_cast<std::uint32_t>(columns));
      for (std::size_t r = 0; r < rows; ++r) to.insert(to.end(), from + r * across, from + r * across + columns);
    }
  }

  hid_t file_;
  hsize_t points_, draws_;
  std::vector<std::uint64_t> numbers_;  // of the draws along the axis
};

}  // namespace

DataSet read_file(hid_t file) { return Reader(file).data(); }

Tally tally_file(hid_t file) {
  const Reader reader(file);
  Tally stored{reader.description(), reader.states(), {}};
  stored.seconds = reader.seconds(stored.about.schema, stored.states);
  return stored;
}

}  // namespace theoremeter
