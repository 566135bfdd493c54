#include "results/file_writer.hpp"

#include "results/data_file.hpp"
#include "results/description.hpp"
#include "results/file_layout.hpp"
#include "results/hdf5.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hdf5_hl.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

namespace theoremeter {
namespace {

using namespace file_layout;
using hdf5::Handle;
using hdf5::Shape;

struct Dimension {
  Handle scale;
  hsize_t size;
};

/// The draws along the axis: all, or, in a share that lacks most of them, those that some point has.
std::vector<std::uint64_t> stored_draws(const DataSet& data) {
  std::uint64_t draws = data.about().draws;
  std::set<std::uint64_t> there;
  for (std::size_t p = 0; p < data.about().points.size(); ++p) {
    draws = std::max(draws, data.draws(p));
    for (std::uint64_t d = 0; d < data.draws(p); ++d)
      if (data.state({p, d}) != State::open) there.insert(d);
  }
  if (!there.empty() && 2 * there.size() <= draws) return {there.begin(), there.end()};
  std::vector<std::uint64_t> all(draws);
  std::iota(all.begin(), all.end(), std::uint64_t{0});
  return all;
}

class Writer {
 public:
  Writer(const DataSet& data, hid_t file) : data_(data), about_(data.about()), file_(file) {
    numbers_ = stored_draws(data);
    draws_ = numbers_.size();
    if (about_.points.empty() || draws_ == 0) throw InputError("results without a point or without a draw");
    for (const Column& column : about_.schema.columns)
      variables_.push_back({.column = &column, .axes = Shape(column.axes.size(), 1), .block = values_of(column.type)});
  }

  void all() {
    survey();
    root();
    dimensions();
    coordinates();
    runs();
    columns();
    matrices();
  }

 private:
  template <class Each>
  void for_rows(const Each& each) const {
    for (std::size_t p = 0; p < about_.points.size(); ++p)
      for (std::uint64_t d = 0; d < data_.draws(p); ++d)
        if (data_.state({p, d}) != State::open) each(data_.row({p, d}));
  }

  /// How long axes and lists are, and what may stand for nothing.
  void survey() {
    for (const auto& [list, count] : counts_) lists_[list] = 0;
    std::vector<Nothing> nothing(variables_.size());
    for_rows([&](const Row& row) {
      for (const auto& [list, count] : counts_) lists_[list] += total(row[count]);
      for (std::size_t i = 0; i < row.size(); ++i) survey(variables_[i], nothing[i], row, row[i]);
    });
    const bool open = data_.size() < about_.points.size() * draws_;
    for (std::size_t i = 0; i < variables_.size(); ++i) {
      Variable& v = variables_[i];
      v.lacking |= open && !v.in_list();
      v.no_whole = nothing[i].whole(), v.no_text = nothing[i].text();
    }
  }

  void survey(Variable& v, Nothing& nothing, const Row& row, const Cell& cell) const {
    const std::size_t items = items_of(cell, *v.column);
    if (!v.in_list()) v.lacking |= items == 0;
    if (v.in_list() ? items != total(row[counts_.at(v.column->list)]) : items > 1)
      throw std::logic_error(fmt::format("column {} has {} values", v.column->name, items));
    for (std::size_t j = 0; j < cell.lengths.size(); ++j)
      v.axes[j % v.axes.size()] = std::max<hsize_t>(v.axes[j % v.axes.size()], cell.lengths[j]);
    if (v.column->type == Type::whole)
      for (const std::int64_t n : cell.wholes()) nothing.see(n);
    if (v.column->type == Type::text)
      for (const std::string& t : cell.texts()) nothing.see(t);
  }

  void root() {
    const auto put = [&](const std::string& name, const auto& value) { hdf5::write_attribute(file_, name, value); };
    put("format", std::string("theoremeter"));
    put("format_version", std::vector<std::int64_t>{format_major, format_minor});
    put(about_.key, about_.study);
    put("title", about_.title);
    if (!about_.statements.empty()) put("statements", fmt::format("{}", fmt::join(about_.statements, " ")));
    put("digest", digest(data_));
    std::vector<std::string> names, settings;
    for (const AnyParameter& p : *about_.parameters) names.push_back(coordinate_name(p, about_.schema));
    put("coordinates", fmt::format("{}", fmt::join(names, " ")));
    for (const Setting& s : about_.points) settings.push_back(s.text());
    const Handle group(H5Gcreate2(file_, "about", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose,
                       "cannot make a group");
    hdf5::write_text(group, "description", to_json(about_));
    hdf5::write_text(group, "points", fmt::format("{}", fmt::join(settings, "\n")));
    hdf5::write_text(group, "experiment", about_.experiment);
  }

  template <class T>
  void scale(hid_t group, const std::string& name, const std::vector<T>& values, const std::string& meaning) {
    Handle set = hdf5::write_dataset(group, name, {values.size()}, values);
    hdf5::write_attribute(set, "long_name", meaning);
    hdf5::write_attribute(set, "kind", std::string("coordinate"));
    hdf5::check(H5DSset_scale(set, name.c_str()), "cannot make dimension " + name);
    dimensions_.emplace(name, Dimension{std::move(set), values.size()});
  }
  void index(hid_t group, const std::string& name, std::size_t size, const std::string& meaning) {
    std::vector<std::int64_t> values(size);
    std::iota(values.begin(), values.end(), 0);
    scale(group, name, values, meaning);
  }

  void dimensions() {
    index(file_, "point", about_.points.size(), "point of the sweep");
    scale(file_, "draw", std::vector<std::int64_t>(numbers_.begin(), numbers_.end()), "draw");
    index(file_, "run", about_.runs.size(), "run of the program");
    for (const auto& [list, items] : lists_) index(file_, list, items, "items of all draws, one draw after another");
    std::map<std::string, hsize_t> longest;
    for (const Variable& v : variables_)
      for (std::size_t j = 0; j < v.axes.size(); ++j)
        longest[v.column->axes[j]] = std::max(longest[v.column->axes[j]], v.axes[j]);
    for (const auto& [name, length] : longest) {
      const auto known = std::find_if(about_.schema.axes.begin(), about_.schema.axes.end(),
                                      [&, &axis = name](const Axis& a) { return a.name == axis; });
      if (known == about_.schema.axes.end() || known->values.size() < length)
        index(file_, name, length, known == about_.schema.axes.end() ? "coordinate" : known->meaning);
      else
        scale(file_, name, known->values, known->meaning);
    }
    for (Variable& v : variables_)
      for (std::size_t j = 0; j < v.axes.size(); ++j) v.axes[j] = dimensions_.at(v.column->axes[j]).size;
  }

  /// A variable along dimensions, still empty.
  template <class T>
  Handle variable(hid_t group, const std::string& name, const std::vector<std::string>& along,
                  const std::string& meaning, const std::string& kind) {
    Shape shape;
    for (const std::string& d : along) shape.push_back(dimensions_.at(d).size);
    Handle set = hdf5::create_dataset<T>(group, name, shape);
    hdf5::write_attribute(set, "long_name", meaning);
    hdf5::write_attribute(set, "kind", kind);
    for (std::size_t i = 0; i < along.size(); ++i)
      hdf5::check(H5DSattach_scale(set, dimensions_.at(along[i]).scale, static_cast<unsigned>(i)),
                  "cannot attach a dimension to " + name);
    return set;
  }
  template <class T>
  Handle whole_variable(hid_t group, const std::string& name, const std::vector<std::string>& along,
                        const std::vector<T>& values, const std::string& meaning, const std::string& kind) {
    Handle set = variable<T>(group, name, along, meaning, kind);
    Shape shape = hdf5::shape_of(set);
    hdf5::write_slab(set, Shape(shape.size(), 0), shape, values);
    return set;
  }

  void coordinates() {
    for (const AnyParameter& p : *about_.parameters) {
      struct Write {
        Writer& to;
        const AnyParameter& p;
        void operator()(std::monostate) const { throw std::logic_error("a parameter without a type: " + p.name); }
        void operator()(std::int64_t) const {
          to.coordinate<std::int64_t>(p, [](const Value& v) { return std::get<1>(v); });
        }
        void operator()(double) const {
          to.coordinate<double>(p, [](const Value& v) { return std::get<2>(v); });
        }
        void operator()(bool) const {
          to.coordinate<std::int8_t>(p, [](const Value& v) { return std::get<3>(v) ? 1 : 0; });
        }
        void operator()(const std::string&) const { to.coordinate<std::string>(p, to_text); }
        void operator()(const Widths&) const { to.coordinate<std::string>(p, to_text); }
      };
      std::visit(Write{*this, p}, p.example);
    }
  }

  template <class T, class Of>
  void coordinate(const AnyParameter& p, const Of& of) {
    Nothing nothing;
    bool lacking = false;
    for (const Setting& s : about_.points) {
      const Value& v = s.at(p.name);
      lacking |= std::holds_alternative<std::monostate>(v);
      if (std::holds_alternative<std::monostate>(v)) continue;
      if constexpr (std::is_same_v<T, std::int64_t>) nothing.see(of(v));
      if constexpr (std::is_same_v<T, std::string>) nothing.see(of(v));
    }
    std::vector<T> values;
    for (const Setting& s : about_.points) {
      const Value& v = s.at(p.name);
      if (std::holds_alternative<std::monostate>(v))
        values.push_back(none<T>(nothing.whole(), nothing.text()));
      else if constexpr (std::is_same_v<T, std::string>)
        values.push_back(escaped(of(v)));
      else
        values.push_back(static_cast<T>(of(v)));
    }
    const Handle set = whole_variable(file_, coordinate_name(p, about_.schema), {"point"}, values, p.meaning,
                                      std::string("coordinate"));
    if (std::holds_alternative<bool>(p.example)) meanings(set, {"false", "true"});
    if (lacking) write_filling(set, none<T>(nothing.whole(), nothing.text()));
  }

  template <class T>
  static T none([[maybe_unused]] std::int64_t whole, [[maybe_unused]] const std::string& text) {
    if constexpr (std::is_same_v<T, double>) return no_value;
    if constexpr (std::is_same_v<T, std::int64_t>) return whole;
    if constexpr (std::is_same_v<T, std::int8_t>) return no_flag;
    if constexpr (std::is_same_v<T, std::string>) return text;
  }
  static void meanings(hid_t set, const std::vector<std::string>& names) {
    std::vector<std::int8_t> values(names.size());
    std::iota(values.begin(), values.end(), std::int8_t{0});
    hdf5::write_attribute(set, "flag_values", values);
    hdf5::write_attribute(set, "flag_meanings", words_of(names));
  }

  void runs() {
    const auto put = [&](const char* name, const char* meaning, std::string Provenance::*member) {
      std::vector<std::string> values;
      for (const Provenance& run : about_.runs) values.push_back(run.*member);
      whole_variable(file_, fmt::format("run_{}", name), {"run"}, values, meaning, "provenance");
    };
    put("version", "version of the program", &Provenance::version);
    put("commit", "commit it was built from", &Provenance::commit);
    put("compiler", "compiler", &Provenance::compiler);
    put("flags", "its flags", &Provenance::flags);
    put("libraries", "libraries", &Provenance::libraries);
    put("host_cpu", "processor it ran on", &Provenance::host_cpu);
    put("date", "when it started, UTC", &Provenance::date);
  }

  void columns() {
    const std::vector<std::string> grid{"point", "draw"};
    const Handle state = variable<std::int8_t>(
        file_, "state", grid, "whether the draw is measured; undefined: it has no such value", "count");
    meanings(state, {"open", "measured", "undefined"});
    const Handle run =
        variable<std::int64_t>(file_, "measured_by", grid, "the run that measured it; -1: none yet", "count");
    std::vector<Handle> sets;
    for (const Variable& v : variables_) sets.push_back(made(v));
    std::map<std::string, std::array<Handle, 2>> origins;
    for (const auto& [list, items] : lists_)
      origins.emplace(list,
                      std::array<Handle, 2>{
                          variable<std::int64_t>(file_, list + "_point", {list}, "the item's point", "coordinate"),
                          variable<std::int64_t>(file_, list + "_draw", {list}, "the item's draw", "coordinate")});
    std::map<std::string, hsize_t> written;
    const Row nothing = empty_row(about_.schema);
    for_blocks(about_.points.size(), draws_, [&](const Block& b) {
      const Shape start{b.point, b.draw}, count{b.points, b.draws};
      std::vector<std::int8_t> states;
      std::vector<std::int64_t> by;
      std::map<std::string, std::array<std::vector<std::int64_t>, 2>> from;
      for (hsize_t p = b.point; p < b.point + b.points; ++p)
        for (hsize_t d = b.draw; d < b.draw + b.draws; ++d) {
          const Key key{p, numbers_[d]};
          states.push_back(static_cast<std::int8_t>(data_.state(key)));
          by.push_back(data_.state(key) == State::open ? -1 : static_cast<std::int64_t>(data_.run(key)));
          const Row stored = data_.state(key) == State::open ? Row() : data_.row(key);
          const Row& row = stored.empty() ? nothing : stored;
          for (std::size_t i = 0; i < row.size(); ++i) append(variables_[i], row[i]);
          for (const auto& [list, counter] : counts_) {
            from[list][0].insert(from[list][0].end(), total(row[counter]), static_cast<std::int64_t>(p));
            from[list][1].insert(from[list][1].end(), total(row[counter]), static_cast<std::int64_t>(key.draw));
          }
        }
      hdf5::write_slab(state, start, count, states);
      hdf5::write_slab(run, start, count, by);
      for (std::size_t i = 0; i < variables_.size(); ++i) {
        Variable& v = variables_[i];
        const hsize_t items = v.in_list() ? from[v.column->list][0].size() : 0;
        put(v, sets[i], v.in_list() ? Shape{written[v.column->list]} : start, v.in_list() ? Shape{items} : count);
      }
      for (const auto& [list, origin] : from) {
        for (const std::size_t k : {0u, 1u})
          hdf5::write_slab(origins.at(list)[k], {written[list]}, {origin[k].size()}, origin[k]);
        written[list] += origin[0].size();
      }
    });
  }

  Handle made(const Variable& v) {
    const Column& c = *v.column;
    std::vector<std::string> along = v.in_list() ? std::vector{c.list} : std::vector<std::string>{"point", "draw"};
    along.insert(along.end(), c.axes.begin(), c.axes.end());
    return std::visit(
        [&]<class T>(const std::vector<T>&) {
          Handle set = variable<T>(file_, c.name, along, c.meaning, says_names[static_cast<std::size_t>(c.says)]);
          if constexpr (!std::is_same_v<T, std::string>) hdf5::write_attribute(set, "units", c.unit);
          if constexpr (std::is_same_v<T, std::int8_t>)
            meanings(set, c.names.empty() ? std::vector<std::string>{"no", "yes"} : c.names);
          if (v.lacking) write_filling(set, none<T>(v.no_whole, v.no_text));
          for (const auto& [list, count] : counts_)
            if (&c == &about_.schema.columns[count]) hdf5::write_attribute(set, "sample_dimension", list);
          return set;
        },
        v.block);
  }

  static void append(Variable& v, const Cell& cell) {
    if (items_of(cell, *v.column) == 0 && !v.in_list())
      return std::visit(
          [&]<class T>(std::vector<T>& block) { block.insert(block.end(), v.width(), none<T>(v.no_whole, v.no_text)); },
          v.block);
    if (!v.axes.empty()) return append_padded(v, cell, std::get<std::vector<double>>(v.block));
    switch (v.column->type) {
      case Type::real:
        return append_to(std::get<0>(v.block), cell.reals());
      case Type::whole:
        return append_to(std::get<1>(v.block), cell.wholes());
      case Type::flag:
        for (const std::int64_t flag : cell.wholes()) std::get<2>(v.block).push_back(static_cast<std::int8_t>(flag));
        return;
      case Type::text:
        for (const std::string& text : cell.texts()) std::get<3>(v.block).push_back(escaped(text));
    }
  }
  template <class T>
  static void append_to(std::vector<T>& to, const std::vector<T>& values) {
    to.insert(to.end(), values.begin(), values.end());
  }
  static void append_padded(const Variable& v, const Cell& cell, std::vector<double>& to) {
    const std::size_t rank = v.axes.size();
    auto from = cell.reals().begin();
    for (std::size_t i = 0; i < cell.lengths.size(); i += rank) {
      const std::size_t rows = rank == 1 ? 1 : cell.lengths[i], columns = cell.lengths[i + rank - 1];
      auto at = static_cast<std::ptrdiff_t>(to.size());
      to.resize(to.size() + v.width(), behind_end);
      for (std::size_t r = 0; r < rows; ++r, at += static_cast<std::ptrdiff_t>(v.axes.back())) {
        std::copy_n(from, columns, to.begin() + at);
        from += static_cast<std::ptrdiff_t>(columns);
      }
    }
  }

  static void put(Variable& v, hid_t set, const Shape& start, const Shape& count) {
    std::visit(
        [&](auto& block) {
          hdf5::write_slab(set, joined(start, Shape(v.axes.size(), 0)), joined(count, v.axes), block);
          block.clear();
        },
        v.block);
  }

  void matrices() {
    if (!about_.given || about_.given->empty()) return;
    const Handle group(H5Gcreate2(file_, "matrices", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose,
                       "cannot make a group");
    for (const auto& [name, W] : *about_.given) {
      const std::string rows = name + "_row", columns = name + "_column";
      index(group, rows, static_cast<std::size_t>(W.rows()), "row of " + name);
      index(group, columns, static_cast<std::size_t>(W.cols()), "column of " + name);
      const Handle set =
          whole_variable(group, name, {rows, columns}, std::vector<double>(W.data(), W.data() + W.size()),
                         "a matrix given, rows are neurons", "input");
      const auto source = about_.sources.find(name);
      if (source == about_.sources.end()) continue;
      hdf5::write_attribute(set, "source_file", source->second.file);
      hdf5::write_attribute(set, "source_dataset", source->second.dataset);
      hdf5::write_attribute(set, "source_done", source->second.done);
    }
  }

  const DataSet& data_;
  const Description& about_;
  hid_t file_;
  std::vector<std::uint64_t> numbers_;  // of the draws along the axis
  std::uint64_t draws_ = 0;
  std::vector<Variable> variables_;
  const std::map<std::string, std::size_t> counts_ = counts_of(about_.schema);
  std::map<std::string, std::uint64_t> lists_;  // items of all draws
  std::map<std::string, Dimension> dimensions_;
};

}  // namespace

void write_file(const DataSet& data, hid_t file) { Writer(data, file).all(); }

}  // namespace theoremeter
