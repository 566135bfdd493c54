#include "results/format_1.hpp"

#include "theory/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <sstream>
#include <utility>
#include <variant>

namespace theoremeter {
namespace {

using hdf5::Handle;
using hdf5::Shape;

// Lists stand there padded to the longest, (point, draw, item, item of the item); flags are texts, or 1, 0 and -1; what
// there is not, is NaN, -1 or "".

/// Columns that were called otherwise.
const std::map<std::string, std::string> old_names{{"network_rho", "rho"}, {"theorem_ball_K2", "K2"}};

/// Flags that a text said: closed, where the kind is exact.
const std::map<std::string, std::array<const char*, 2>> said_by_text{{"closed", {"kind", "exact"}}};

using OldValues =
    std::variant<std::monostate, std::vector<double>, std::vector<std::int64_t>, std::vector<std::string>>;

struct Stored {
  OldValues values;   // of all draws; nothing where there is no such dataset
  Shape axes;         // extents of one value
  std::size_t width;  // their product
};

class Old {
 public:
  Old(hid_t file, const Declared& declared) : file_(file), declared_(declared) {
    if (hdf5::has_dataset(file, "point")) grid_ = {hdf5::length_of(file, "point"), hdf5::length_of(file, "draw")};
    for (const Column& c : declared.schema.columns)
      if (!c.list.empty() && !longest_.contains(c.list)) {
        longest_[c.list] = hdf5::has_dataset(file, c.list) ? hdf5::length_of(file, c.list) : 0;  // 0: a later addition
        counts_[c.list] = declared.schema.position(c.list + "_count");
      }
    for (const Column& c : declared.schema.columns) stored_.push_back(load(c));
  }

  DataSet data() const {
    Description about = description();
    DataSet data(std::move(about));
    const std::vector<bool> measured = this->measured();
    for (std::size_t slot = 0; slot < measured.size(); ++slot) {
      if (!measured[slot]) continue;
      const std::size_t draws = grid_.empty() ? 1 : grid_[1];
      data.add({slot / draws, slot % draws}, State::measured, row(slot, data.about().points[slot / draws]), 0);
    }
    return data;
  }

 private:
  // --- What it is about ---

  std::string text(const std::string& name) const {
    return hdf5::has_attribute(file_, name) ? hdf5::read_attribute<std::string>(file_, name) : "";
  }

  Description description() const {
    Description about;
    about.key = declared_.key, about.study = declared_.study;
    about.experiment = text("experiment");
    about.given_spec = text("weights");
    about.draws = grid_.empty() ? 1 : grid_[1];
    about.parameters = declared_.parameters;
    about.schema = declared_.schema;
    about.given = given_matrices(file_);
    about.runs = {{text("program_version"), text("commit"), text("compiler"), text("flags"), text("libraries"),
                   text("host_cpu"), text("date")}};
    about.points.assign(grid_.empty() ? 1 : grid_[0], Setting(declared_.parameters));
    for (const AnyParameter& p : *declared_.parameters) set(p, about.points);
    return about;
  }

  /// Sizes stand along `point`, other parameters in an attribute, budgets nowhere: they stay as by default.
  void set(const AnyParameter& p, std::vector<Setting>& points) const {
    std::istringstream words(text("coordinates"));
    bool size = false;
    for (std::string word; words >> word;) size |= word == p.name;
    if (size && std::holds_alternative<Widths>(p.example)) {
      const auto lists = hdf5::read_dataset<std::string>(file_, p.name, {points.size()});
      for (std::size_t i = 0; i < points.size(); ++i) points[i].set(p.name, value_of(p, lists[i]));
    } else if (size) {
      const auto numbers = hdf5::read_dataset<std::int64_t>(file_, p.name, {points.size()});
      for (std::size_t i = 0; i < points.size(); ++i) points[i].set(p.name, numbers[i]);
    } else if (hdf5::has_attribute(file_, p.name)) {
      for (Setting& s : points) s.set(p.name, attribute(p));
    }
  }

  Value attribute(const AnyParameter& p) const {
    if (std::holds_alternative<double>(p.example)) return hdf5::read_attribute<double>(file_, p.name);
    if (std::holds_alternative<std::int64_t>(p.example)) {
      const auto n = hdf5::read_attribute<std::uint64_t>(file_, p.name);
      if (n > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
        throw hdf5::Error(fmt::format("{} = {}: must be below 2^63", p.name, n));
      return static_cast<std::int64_t>(n);
    }
    const std::string t = text(p.name);
    const bool known = p.choices.empty() || std::find(p.choices.begin(), p.choices.end(), t) != p.choices.end();
    return t.empty() || !known ? Value() : Value(t);
  }

  // --- Draws ---

  Stored load(const Column& c) const {
    const auto renamed = old_names.find(c.name);
    const std::string name = renamed == old_names.end() ? c.name : renamed->second;
    if (!hdf5::has_dataset(file_, name)) return {{}, {}, 1};
    const Handle set = hdf5::open_dataset(file_, name);
    const Shape shape = hdf5::shape_of(set);
    Shape along = grid_;
    for (const hsize_t longest : lists_to(c.list)) along.push_back(longest);
    if (shape.size() != along.size() + c.axes.size() || !std::equal(along.begin(), along.end(), shape.begin()))
      return {{}, {}, 1};  // another dataset of this name: a size, say
    Stored s{{}, Shape(shape.begin() + static_cast<std::ptrdiff_t>(along.size()), shape.end()), 1};
    for (const hsize_t extent : s.axes) s.width *= extent;
    const Handle type(H5Dget_type(set), H5Tclose, "a dataset without a type");
    if (H5Tget_class(type) == H5T_STRING)
      s.values = hdf5::read_dataset<std::string>(file_, name, shape);
    else if (H5Tget_class(type) == H5T_FLOAT)
      s.values = hdf5::read_dataset<double>(file_, name, shape);
    else
      s.values = hdf5::read_dataset<std::int64_t>(file_, name, shape);
    return s;
  }

  /// The lengths of the lists around an item, from the outermost in.
  Shape lists_to(const std::string& list) const {
    if (list.empty()) return {};
    Shape all = lists_to(declared_.schema.columns[counts_.at(list)].list);
    all.push_back(longest_.at(list));
    return all;
  }

  std::vector<bool> measured() const {
    if (grid_.empty()) return {true};
    const std::size_t draws = grid_[0] * grid_[1];
    std::vector<bool> all(draws);
    if (hdf5::has_dataset(file_, "measured")) {
      const auto flags = hdf5::read_dataset<std::int64_t>(file_, "measured", grid_);
      for (std::size_t i = 0; i < draws; ++i) all[i] = flags[i] == 1;
    } else {
      const auto kinds = hdf5::read_dataset<std::string>(file_, "kind", grid_);
      for (std::size_t i = 0; i < draws; ++i) all[i] = !kinds[i].empty();
    }
    return all;
  }

  /// Where the items of a list stand, of one draw.
  std::vector<std::size_t> places(const std::string& list, std::size_t slot) const {
    if (list.empty()) return {slot};
    const std::size_t counter = counts_.at(list), longest = longest_.at(list);
    std::vector<std::size_t> all;
    for (const std::size_t at : places(declared_.schema.columns[counter].list, slot)) {
      if (!there(counter, at)) continue;
      const std::int64_t count = number(counter, at);
      if (count < 0 || static_cast<std::size_t>(count) > longest)
        throw hdf5::Error(fmt::format("{}_count = {}: must be 0 to {}", list, count, longest));
      for (std::size_t j = 0; j < static_cast<std::size_t>(count); ++j) all.push_back(at * longest + j);
    }
    return all;
  }

  /// Whether there is a value: what the flag says that the column depends on.
  bool there(std::size_t column, std::size_t at) const {
    const std::string& where = declared_.schema.columns[column].where;
    if (where.empty()) return true;
    const std::size_t flag = declared_.schema.position(where);
    return there(flag, at) && number(flag, at) == 1;
  }

  /// A flag or a whole number.
  std::int64_t number(std::size_t column, std::size_t at) const {
    const Column& c = declared_.schema.columns[column];
    const Stored& s = stored_[column];
    if (const auto* wholes = std::get_if<2>(&s.values)) return wholes->at(at);
    if (const auto* texts = std::get_if<3>(&s.values)) return flag_named(c, texts->at(at));
    if (s.values.index() != 0) throw hdf5::Error(fmt::format("dataset {} has a wrong type", c.name));
    if (c.type == Type::whole) return c.name.ends_with("_count") && grid_.empty() ? all_of(c) : 0;
    if (const auto said = said_by_text.find(c.name); said != said_by_text.end()) {
      const auto& [name, value] = said->second;
      const auto* texts = std::get_if<3>(&stored_[declared_.schema.position(name)].values);
      return texts && texts->at(at) == value;
    }
    return implied(c, at) ? 1 : 0;
  }

  /// Without a grid, lists are not padded.
  std::int64_t all_of(const Column& count) const {
    return static_cast<std::int64_t>(longest_.at(count.name.substr(0, count.name.size() - 6)));
  }

  /// A flag that was not stored: 1 where the first number that depends on it is there.
  bool implied(const Column& flag, std::size_t at) const {
    for (std::size_t i = 0; i < stored_.size(); ++i) {
      if (declared_.schema.columns[i].where != flag.name) continue;
      if (const auto* reals = std::get_if<1>(&stored_[i].values)) return !std::isnan(reals->at(at * stored_[i].width));
      if (const auto* wholes = std::get_if<2>(&stored_[i].values)) return wholes->at(at) != -1;
    }
    return false;
  }

  static std::int64_t flag_named(const Column& c, const std::string& text) {
    auto at = std::find(c.names.begin(), c.names.end(), text);
    if (at == c.names.end() && text.empty()) at = std::find(c.names.begin(), c.names.end(), "none");
    if (at == c.names.end()) throw hdf5::Error(fmt::format("dataset {}: \"{}\" is unknown here", c.name, text));
    return at - c.names.begin();
  }

  Row row(std::size_t slot, const Setting& at) const {
    Row row = empty_row(declared_.schema);
    for (std::size_t i = 0; i < row.size(); ++i)
      for (const std::size_t place : places(declared_.schema.columns[i].list, slot))
        if (there(i, place)) put(i, place, row[i]);
    return declared_.complete ? declared_.complete(at, row) : row;
  }

  void put(std::size_t column, std::size_t at, Cell& cell) const {
    const Column& c = declared_.schema.columns[column];
    const Stored& s = stored_[column];
    if (c.type == Type::whole || c.type == Type::flag)
      return std::get<std::vector<std::int64_t>>(cell.values).push_back(number(column, at));
    if (c.type == Type::text) {
      const auto* texts = std::get_if<3>(&s.values);
      return std::get<std::vector<std::string>>(cell.values).push_back(texts ? texts->at(at) : "");
    }
    const auto* reals = std::get_if<1>(&s.values);
    if (!reals && s.values.index() != 0) throw hdf5::Error(fmt::format("dataset {} has a wrong type", c.name));
    auto& to = std::get<std::vector<double>>(cell.values);
    if (!reals || c.axes.empty()) {
      cell.lengths.insert(cell.lengths.end(), c.axes.size(), 0);
      if (c.axes.empty()) to.push_back(reals ? reals->at(at) : std::numeric_limits<double>::quiet_NaN());
      return;
    }
    Shape lengths = s.axes;  // of a vector, the coordinates before the padding with NaN
    const double* const from = reals->data() + at * s.width;
    while (lengths.size() == 1 && lengths[0] > 0 && std::isnan(from[lengths[0] - 1])) --lengths[0];
    std::size_t size = 1;
    for (const hsize_t length : lengths) {
      cell.lengths.push_back(static_cast<std::uint32_t>(length));
      size *= length;
    }
    to.insert(to.end(), from, from + size);
  }

  hid_t file_;
  const Declared& declared_;
  Shape grid_;  // (point, draw); a surface has neither
  std::map<std::string, std::size_t> longest_, counts_;
  std::vector<Stored> stored_;
};

}  // namespace

DataSet read_format_1(hid_t file, const std::vector<Declared>& declared) {
  for (const Declared& d : declared)
    if (hdf5::has_attribute(file, d.key) && hdf5::read_attribute<std::string>(file, d.key) == d.study)
      return Old(file, d).data();
  throw hdf5::Error("a theoremeter results file of format 1.x, but of no study that this program has");
}

std::shared_ptr<const Matrices> given_matrices(hid_t file) {
  if (!hdf5::has_dataset(file, "matrices")) return nullptr;
  const Handle group(H5Gopen2(file, "matrices", H5P_DEFAULT), H5Gclose, "matrices is not a group");
  Matrices all;
  for (const std::string& name : hdf5::names_in(group)) {
    const Shape shape = hdf5::shape_of(hdf5::open_dataset(group, name));
    if (shape.size() != 2) continue;  // a dimension
    const auto values = hdf5::read_dataset<double>(group, name, shape);
    all[name] =
        Eigen::Map<const Rows>(values.data(), static_cast<Eigen::Index>(shape[0]), static_cast<Eigen::Index>(shape[1]));
  }
  return std::make_shared<const Matrices>(std::move(all));
}

}  // namespace theoremeter
