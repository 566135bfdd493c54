#include "results/data_file.hpp"

#include "results/atomic.hpp"
#include "results/description.hpp"
#include "results/format_1.hpp"
#include "results/hdf5.hpp"
#include "results/journal.hpp"
#include "results/later_columns.hpp"
#include "results/paths.hpp"
#include "results/seal.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hdf5_hl.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <filesystem>
#include <map>
#include <numeric>
#include <set>
#include <utility>

namespace theoremeter {
namespace {

using hdf5::Handle;
using hdf5::Shape;

// --- What stands where there is nothing -----------------------------------------------------------------------------

/// NaNs that no arithmetic makes: of a draw that has no such value, and behind the end of a vector.
const double no_value = std::bit_cast<double>(std::uint64_t{0x7FF8'0000'0000'07A2});
const double behind_end = std::bit_cast<double>(std::uint64_t{0x7FF8'0000'0000'07A3});
constexpr std::int8_t no_flag = -1;

bool same(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

/// Whole numbers and texts have none to spare: the first of -1, -2, ... and of "", "-", "--", ... that is no value.
class Nothing {
 public:
  void see(std::int64_t n) {
    if (n < 0 && n >= -most) seen_ |= std::uint64_t{1} << (-1 - n);
  }
  void see(const std::string& t) {
    if (t.size() < most && t.find_first_not_of('-') == std::string::npos) seen_ |= std::uint64_t{1} << t.size();
  }
  std::int64_t whole() const { return -1 - std::countr_one(seen_); }
  std::string text() const { return std::string(static_cast<std::size_t>(std::countr_one(seen_)), '-'); }

 private:
  static constexpr std::int64_t most = 60;
  std::uint64_t seen_ = 0;
};

/// Texts in HDF5 end at a zero byte.
std::string escaped(const std::string& text) {
  std::string to;
  for (const char c : text) {
    if (c == '\0') to += "\\0";
    if (c == '\\') to += "\\\\";
    if (c != '\0' && c != '\\') to += c;
  }
  return to;
}
std::string unescaped(const std::string& text) {
  std::string to;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 1 < text.size();
    if (escape) ++i;
    to += escape && text[i] == '0' ? '\0' : text[i];
  }
  return to;
}

// --- A column, as it stands in a file -------------------------------------------------------------------------------

using Values = std::variant<std::vector<double>, std::vector<std::int64_t>, std::vector<std::int8_t>,
                            std::vector<std::string>>;  // in the order of Type

Values values_of(Type type) {
  switch (type) {
    case Type::real:
      return std::vector<double>();
    case Type::whole:
      return std::vector<std::int64_t>();
    case Type::flag:
      return std::vector<std::int8_t>();
    default:
      return std::vector<std::string>();
  }
}

/// The name of the attribute that holds what stands for nothing.
template <class T>
constexpr const char* filling_name = std::is_same_v<T, std::string> ? "absent" : "_FillValue";
template <class T>
void write_filling(hid_t set, const T& value) {
  hdf5::write_attribute(set, filling_name<T>, value);
}
template <class T>
std::optional<T> filling(hid_t set) {
  if (!hdf5::has_attribute(set, filling_name<T>)) return {};
  return hdf5::read_attribute<T>(set, filling_name<T>);
}

struct Variable {
  const Column* column;
  Shape axes = {};       // the longest of the file
  bool lacking = false;  // in some draw there is none, but
  std::int64_t no_whole = -1;
  std::string no_text = {};
  Values block = {};   // of the draws under way
  std::size_t at = 0;  // how far they are read

  bool in_list() const { return !column->list.empty(); }
  std::size_t width() const { return std::accumulate(axes.begin(), axes.end(), hsize_t{1}, std::multiplies<>()); }
};

std::size_t items_of(const Cell& cell, const Column& column) {
  return column.axes.empty() ? cell.size() : cell.lengths.size() / column.axes.size();
}

/// The columns that say how many items each list has, by list.
std::map<std::string, std::size_t> counts_of(const Schema& schema) {
  std::map<std::string, std::size_t> counts;
  for (const Column& column : schema.columns)
    if (!column.list.empty()) counts.emplace(column.list, schema.position(column.list + "_count"));
  return counts;
}

std::size_t total(const Cell& count) {
  std::int64_t sum = 0;
  for (const std::int64_t n : count.wholes()) sum += n;
  return static_cast<std::size_t>(sum);
}

/// A coordinate, where a column has the parameter's name: what was asked for.
std::string coordinate_name(const AnyParameter& p, const Schema& schema) {
  const bool taken =
      std::any_of(schema.columns.begin(), schema.columns.end(), [&](const Column& c) { return c.name == p.name; });
  return taken ? "asked_" + p.name : p.name;
}

/// Of the grid of points and draws, blocks of consecutive draws: a part of one point, or whole points.
struct Block {
  hsize_t point, draw, points, draws;
};
template <class Each>
void for_blocks(hsize_t points, hsize_t draws, const Each& each) {
  constexpr hsize_t most = 8192;  // a chunk of a column without axes
  const hsize_t p_step = std::max<hsize_t>(1, most / draws), d_step = std::min(draws, most);
  for (hsize_t p = 0; p < points; p += p_step)
    for (hsize_t d = 0; d < draws; d += d_step)
      each(Block{p, d, std::min(p_step, points - p), std::min(d_step, draws - d)});
}

Shape joined(Shape a, const Shape& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// --- Writing --------------------------------------------------------------------------------------------------------

struct Dimension {
  Handle scale;
  hsize_t size;
};

/// "red dark_green": CF's meanings are single words.
std::string words_of(const std::vector<std::string>& names) {
  std::vector<std::string> all = names;
  for (std::string& name : all) {
    std::replace(name.begin(), name.end(), ' ', '_');
    if (name.empty()) name = "none";
  }
  return fmt::format("{}", fmt::join(all, " "));
}

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

// --- Reading --------------------------------------------------------------------------------------------------------

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

// --- Files ----------------------------------------------------------------------------------------------------------

struct FormatVersion {
  std::int64_t major, minor;
};

/// Throws hdf5::Error unless it is a results file of a version that is read.
FormatVersion check_format(hid_t file) {
  if (!hdf5::has_attribute(file, "format") || hdf5::read_attribute<std::string>(file, "format") != "theoremeter")
    throw hdf5::Error("an HDF5 file, but not a theoremeter results file");
  const auto version = hdf5::read_attributes<std::int64_t>(file, "format_version");
  if (version.size() != 2) throw hdf5::Error("attribute format_version is not [major, minor]");
  if (version[0] > format_major)
    throw hdf5::Error(fmt::format("written by a newer theoremeter: format {}.{}, this one reads up to {}.x", version[0],
                                  version[1], format_major));
  return {version[0], version[1]};
}

/// What `decode` makes of the file. Throws InputError, naming the file, for all that can be wrong with it.
template <class Decode>
auto decoded(const std::string& path, const Decode& decode) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) throw InputError(fmt::format("{}: {}", path, why_not_there(path)));
  if (!std::filesystem::is_regular_file(path, ignored)) throw InputError(fmt::format("{}: not a regular file", path));
  if (seal_is_broken(path))
    throw InputError(fmt::format("{}: damaged: its bytes are not those that were written (checksum)", path));
  try {
    return decode(hdf5::open_file(path));
  } catch (const std::runtime_error& error) {
    throw InputError(fmt::format("{}: {}", path, error.what()));
  } catch (const std::bad_alloc&) {
    throw InputError(fmt::format("{}: damaged, or larger than the memory", path));
  }
}

/// Which file is at `path`: another one after it was written anew.
std::array<std::uint64_t, 4> stamp(const std::string& path) {
  struct stat s {};
  if (stat(path.c_str(), &s) != 0) return {};
  return {s.st_dev, s.st_ino, static_cast<std::uint64_t>(s.st_mtim.tv_sec),
          static_cast<std::uint64_t>(s.st_mtim.tv_nsec)};
}

/// What `take` makes of a file and its journals as they are at one time: a run may write the file anew and remove
/// journals meanwhile.
template <class Take>
auto consistent(const std::string& path, const Take& take) {
  for (int tries = 5;; --tries) {
    const auto before = stamp(path);
    try {
      auto taken = take();
      if (stamp(path) == before || tries == 0) return taken;
    } catch (const InputError&) {
      if (stamp(path) == before || tries == 0) throw;
    }
  }
}

void take_up_all(const std::string& path, DataSet& data, std::vector<std::string>* remarks) {
  for (const std::string& journal : journals_of(path)) {
    std::string remark;
    take_up(journal, data, remark);
    if (remarks && !remark.empty()) remarks->push_back(remark);
  }
}

Tally tally_of(const DataSet& data) {
  Tally t{data.about(), {}, {}};
  const Schema& schema = data.about().schema;
  for (std::size_t p = 0; p < t.about.points.size(); ++p) {
    t.states.emplace_back(std::max(t.about.draws, data.draws(p)));
    t.seconds.push_back(0);
    for (std::uint64_t d = 0; d < data.draws(p); ++d) {
      t.states[p][d] = data.state({p, d});
      if (t.states[p][d] == State::open) continue;
      const Row row = data.row({p, d});
      for (std::size_t i = 0; i < row.size(); ++i)
        if (schema.columns[i].says == Says::seconds && schema.columns[i].type == Type::real)
          t.seconds[p] += std::accumulate(row[i].reals().begin(), row[i].reals().end(), 0.0);
    }
  }
  return t;
}

/// Adds what journals know beyond a file.
void add_to(Tally& file, const Tally& journals) {
  file.about = journals.about;
  file.states.resize(journals.states.size());
  file.seconds.resize(journals.states.size());
  for (std::size_t p = 0; p < file.states.size(); ++p) {
    file.states[p].resize(std::max(file.states[p].size(), journals.states[p].size()));
    for (std::size_t d = 0; d < journals.states[p].size(); ++d)
      if (journals.states[p][d] != State::open) file.states[p][d] = journals.states[p][d];
    file.seconds[p] += journals.seconds[p];
  }
}

}  // namespace

DataSet read(const std::string& path, const Declarations& declared, std::vector<std::string>* remarks) {
  return consistent(path, [&] {
    if (remarks) remarks->clear();
    bool earlier = false;
    DataSet data = decoded(path, [&](hid_t file) {
      const FormatVersion version = check_format(file);
      earlier = version.major == format_major && version.minor < format_minor;
      return version.major < format_major ? read_format_1(file, declared()) : Reader(file).data();
    });
    take_up_all(path, data, remarks);
    try {
      return earlier && declared ? with_later_columns(std::move(data), declared()) : std::move(data);
    } catch (const WrongRow& error) {
      throw InputError(fmt::format("{}: {}", path, error.what()));
    }
  });
}

Tally tally(const std::string& path, const Declarations& declared) {
  return consistent(path, [&] {
    Tally t = decoded(path, [&](hid_t file) {
      if (check_format(file).major < format_major) return tally_of(read_format_1(file, declared()));
      const Reader reader(file);
      Tally stored{reader.description(), reader.states(), {}};
      stored.seconds = reader.seconds(stored.about.schema, stored.states);
      return stored;
    });
    if (journals_of(path).empty()) return t;
    DataSet late(t.about);
    take_up_all(path, late, nullptr);
    add_to(t, tally_of(late));
    return t;
  });
}

void check_output(const std::string& path, bool overwrite) {
  check_replaceable(path);
  if (!std::filesystem::exists(path)) return;
  if (!overwrite)
    throw InputError(fmt::format("output {}: exists; --resume goes on with it, --overwrite replaces it", path));
  try {
    decoded(path, check_format);
  } catch (const InputError& error) {
    throw InputError(fmt::format("output {}: will not overwrite what is no results file ({})", path, error.what()));
  }
}

void write(const DataSet& data, const std::string& path, bool overwrite) {
  Replacement replacement(path);
  errno = 0;
  try {
    {
      const Handle file = hdf5::create_file(replacement.part());
      Writer(data, file).all();
      hdf5::check(H5Fflush(file, H5F_SCOPE_GLOBAL), "cannot complete the file");
    }
    if (!seal(replacement.part())) throw hdf5::Error("cannot complete the file");
  } catch (const hdf5::Error& error) {
    if (errno != 0) replacement.fail(errno);
    throw std::runtime_error(fmt::format("cannot write {}: {}; nothing was changed", path, error.what()));
  }
  replacement.commit(overwrite);
}

}  // namespace theoremeter
