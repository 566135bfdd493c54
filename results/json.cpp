#include "results/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <sstream>
#include <type_traits>

namespace theoremeter {
namespace {

using Json = nlohmann::ordered_json;

Json number_or_null(double value) {
  if (std::isinf(value)) return value > 0 ? "infinity" : "-infinity";
  return std::isnan(value) ? Json() : Json(value);
}

Json value_at(const Cell& cell, const Column& c, std::size_t i) {
  if (c.type == Type::real) return number_or_null(cell.reals()[i]);
  if (c.type == Type::text) return cell.texts()[i];
  const std::int64_t n = cell.wholes()[i];
  if (c.type == Type::whole) return n;
  if (c.names.empty()) return n != 0;
  return c.names.at(static_cast<std::size_t>(n));
}

Json value_json(const Value& v) {
  return std::visit(
      [](const auto& x) -> Json {
        if constexpr (std::is_same_v<std::decay_t<decltype(x)>, std::monostate>)
          return nullptr;
        else
          return x;
      },
      v);
}

/// Hands out the values of a cell, item by item.
class JsonOfValues {
 public:
  JsonOfValues(const Cell& cell, const Column& column, const Schema& schema) : cell_(cell), column_(column) {
    for (const Axis& a : schema.axes)
      if (column.axes == std::vector{a.name}) axis_ = &a;
  }

  bool left() const { return column_.axes.empty() ? value_ < cell_.size() : length_ < cell_.lengths.size(); }

  Json next() {
    if (column_.axes.empty()) return value_at(cell_, column_, value_++);
    return numbers(0);
  }

 private:
  Json numbers(std::size_t axis) {
    const std::size_t first = length_;
    length_ += column_.axes.size();
    return nested(axis, first);
  }
  Json nested(std::size_t axis, std::size_t first) {
    Json all = axis_ ? Json::object() : Json::array();
    for (std::uint32_t i = 0; i < cell_.lengths[first + axis]; ++i) {
      Json item = axis + 1 < column_.axes.size() ? nested(axis + 1, first) : number_or_null(cell_.reals()[value_++]);
      if (axis_)
        all[fmt::format("{}", axis_->values.at(i))] = std::move(item);
      else
        all.push_back(std::move(item));
    }
    return all;
  }

  const Cell& cell_;
  const Column& column_;
  const Axis* axis_ = nullptr;
  std::size_t value_ = 0, length_ = 0;
};

std::string path_of(const Column& c) { return c.json.empty() ? c.name : c.json; }

std::vector<std::string> words_in(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

/// The columns of a row as objects: the draw's own, and those of its lists, item by item.
class Objects {
 public:
  Objects(const Row& row, const Schema& schema) : schema_(schema) {
    for (std::size_t i = 0; i < row.size(); ++i) values_.emplace_back(row[i], schema.columns[i], schema);
  }

  Json of(const std::string& list) {
    Json object = Json::object();
    std::set<std::string> absent;  // paths below which there is nothing
    for (std::size_t i = 0; i < schema_.columns.size(); ++i) {
      const Column& c = schema_.columns[i];
      if (c.list != list) continue;
      const std::string paths = list.empty() ? path_of(c) : c.name.substr(list.size() + 1);
      if (const std::string items = list_counted_by(c); !items.empty()) {
        const std::string key = list.empty() ? items : items.substr(list.size() + 1);
        if (values_[i].left()) object[key] = list_json(items, values_[i].next());
        continue;
      }
      Json value = values_[i].left() ? values_[i].next() : Json();
      if (c.type == Type::flag && list.empty() && announces(c.name)) {
        object[c.name] = value == true ? Json::object() : Json();
        if (value != true) absent.insert(c.name);
      }
      if (c.type == Type::text && value == "") continue;
      for (const std::string& path : words_in(paths))
        if (path != "-" && !below(path, absent)) put(object, path, value);
    }
    return object;
  }

 private:
  /// The list whose length this column is; "" if it is none.
  std::string list_counted_by(const Column& c) const {
    if (!c.name.ends_with("_count")) return "";
    const std::string list = c.name.substr(0, c.name.size() - 6);
    const bool there =
        std::any_of(schema_.columns.begin(), schema_.columns.end(), [&](const Column& o) { return o.list == list; });
    return there ? list : "";
  }

  Json list_json(const std::string& list, const Json& count) {
    Json all = Json::array();
    for (std::int64_t i = 0; i < count.get<std::int64_t>(); ++i) {
      Json item = of(list);
      all.push_back(item.size() == 1 && item.contains("value") ? item["value"] : item);
    }
    return all;
  }

  /// Is there something below this path?
  bool announces(const std::string& path) const {
    return std::any_of(schema_.columns.begin(), schema_.columns.end(),
                       [&](const Column& c) { return path_of(c).find(path + ".") == 0; });
  }
  static bool below(const std::string& path, const std::set<std::string>& absent) {
    return std::any_of(absent.begin(), absent.end(), [&](const std::string& p) { return path.starts_with(p + "."); });
  }
  static void put(Json& to, const std::string& path, Json value) {
    Json* at = &to;
    std::size_t begin = 0;
    for (std::size_t dot = path.find('.'); dot != std::string::npos; dot = path.find('.', begin)) {
      at = &(*at)[path.substr(begin, dot - begin)];
      begin = dot + 1;
    }
    (*at)[path.substr(begin)] = std::move(value);
  }

  const Schema& schema_;
  std::vector<JsonOfValues> values_;
};

/// Where the matrices given were read.
Json sources_json(const Description& about) {
  Json json = Json::object();
  for (const auto& [name, s] : about.sources)
    json[name] = {{"file", s.file},
                  {"dataset", s.dataset},
                  {"shape", {about.given->at(name).rows(), about.given->at(name).cols()}},
                  {"done", s.done}};
  return json;
}

}  // namespace

nlohmann::ordered_json to_json(const Row& row, const Schema& schema) { return Objects(row, schema).of(""); }

nlohmann::ordered_json to_json(const DataSet& data, std::size_t point) {
  const Description& about = data.about();
  const Setting& at = about.points[point];
  Json sizes = Json::object(), options = Json::object();
  for (const AnyParameter& p : *about.parameters) {
    const Value& v = at.at(p.name);
    if (p.scope != Scope::option) {
      if (!std::holds_alternative<std::monostate>(v)) sizes[p.name] = value_json(v);
    } else if (p.name != "seed") {
      options[p.name] = value_json(v);
    }
  }
  Json draws = Json::array();
  for (std::uint64_t draw = 0; draw < data.draws(point); ++draw) {
    const State state = data.state({point, draw});
    if (state == State::open) continue;
    Json one{{"draw", draw}};
    if (state == State::undefined)
      one["undefined"] = true;
    else
      one.update(to_json(data.row({point, draw}), about.schema));
    draws.push_back(std::move(one));
  }
  Json json{{about.key, about.study}, {"sizes", sizes}, {"seed", value_json(at.at("seed"))}, {"options", options}};
  if (!about.sources.empty()) json["matrices"] = sources_json(about);
  json["draws"] = std::move(draws);
  return json;
}

std::string printed(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace theoremeter
