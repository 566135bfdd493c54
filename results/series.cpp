#include "results/series.hpp"

#include "theory/error.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>

namespace theoremeter {
namespace {

std::vector<std::string> parameter_names(const DataSet& data) {
  std::vector<std::string> names;
  for (const AnyParameter& p : *data.about().parameters) names.push_back(p.name);
  return names;
}

bool is_parameter(const DataSet& data, const std::string& name) {
  const std::vector<std::string> names = parameter_names(data);
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// "n_over_k": n and k; of a parameter itself, it alone.
std::vector<std::string> parts_of(const DataSet& data, const std::string& x) {
  const std::size_t at = x.find("_over_");
  if (is_parameter(data, x) || at == std::string::npos) return {x};
  return {x.substr(0, at), x.substr(at + 6)};
}

double number_at(const Setting& at, const std::string& name) {
  const Value& value = at.at(name);
  if (const auto* n = std::get_if<std::int64_t>(&value)) return static_cast<double>(*n);
  if (const auto* x = std::get_if<double>(&value)) return *x;
  if (const auto* all = std::get_if<Widths>(&value); all && !all->empty()) return static_cast<double>(all->front());
  throw InputError(fmt::format("{} = {}: is no number, as x must be", name, to_text(value)));
}

/// Numbers before texts, each in their order.
bool comes_before(const Value& a, const Value& b) { return a.index() != b.index() ? a.index() < b.index() : a < b; }

struct InOrder {
  bool operator()(const std::vector<Value>& a, const std::vector<Value>& b) const {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), comes_before);
  }
};

/// NaN where a draw has none.
double number_in(const Cell& cell) {
  const auto* reals = std::get_if<0>(&cell.values);
  const auto* wholes = std::get_if<1>(&cell.values);
  if (reals && !reals->empty()) return reals->front();
  return wholes && !wholes->empty() ? static_cast<double>(wholes->front()) : std::numeric_limits<double>::quiet_NaN();
}

bool is_number(const Column& c) {
  return c.type != Type::text && c.list.empty() && c.axes.empty() && (c.names.empty() || says_decided(c));
}

/// The position of a column with one number a draw.
std::size_t number_column(const Schema& schema, const std::string& name) {
  const std::size_t column = schema.position(name);
  if (!is_number(schema.columns[column]))
    throw InputError(fmt::format("{}: holds words or several values a draw; a column with one number is needed", name));
  return column;
}

/// Throws InputError for a name that is neither: of a ratio (no column has that in its name) for its parts.
void check_abscissa(const DataSet& data, const std::string& x) {
  const std::vector<std::string> parts = parts_of(data, x);
  std::vector<std::string> names = parameter_names(data);
  if (parts.size() == 1)
    for (const Column& c : data.about().schema.columns)
      if (is_number(c) && !is_parameter(data, c.name)) names.push_back(c.name);
  for (const std::string& name : parts) position(parts.size() == 1 ? "parameter or column" : "parameter", name, names);
}

}  // namespace

bool says_decided(const Column& c) { return c.names == std::vector<std::string>{"refuted", "proved", "undecided"}; }

bool is_measured(const DataSet& data, const std::string& x) {
  const std::vector<Column>& columns = data.about().schema.columns;
  const std::vector<Setting>& points = data.about().points;
  const bool asked = is_parameter(data, x) && std::any_of(points.begin(), points.end(), [&](const Setting& at) {
                       return !to_text(at.at(x)).empty();
                     });
  return !asked && std::any_of(columns.begin(), columns.end(), [&](const Column& c) { return c.name == x; });
}

std::vector<std::string> telling_apart(const DataSet& data, const std::string& x) {
  const std::vector<std::string> in_x = parts_of(data, x);
  std::vector<std::string> names;
  for (const std::string& name : parameter_names(data)) {
    std::set<std::string> values;
    for (const Setting& at : data.about().points) values.insert(to_text(at.at(name)));
    const bool taken = name == "seed" || std::find(in_x.begin(), in_x.end(), name) != in_x.end();
    if (values.size() > 1 && !taken) names.push_back(name);
  }
  return names;
}

std::vector<Series> series_of(const DataSet& data, const std::string& y, const std::string& x,
                              const std::vector<std::string>& by) {
  const Description& about = data.about();
  const std::size_t column = number_column(about.schema, y);
  const bool measured = is_measured(data, x);
  const std::size_t abscissa = measured ? number_column(about.schema, x) : 0;
  if (!measured) check_abscissa(data, x);
  for (const std::string& name : by) position("parameter", name, parameter_names(data));
  const std::vector<std::string> parts = parts_of(data, x);

  std::map<std::vector<Value>, std::map<double, std::vector<double>>, InOrder> all;
  for (std::size_t point = 0; point < about.points.size(); ++point) {
    const Setting& at = about.points[point];
    const double asked = measured ? 0 : number_at(at, parts[0]) / (parts.size() == 2 ? number_at(at, parts[1]) : 1);
    std::vector<Value> labels;
    for (const std::string& name : by) labels.push_back(at.at(name));
    for (Key key{point, 0}; key.draw < data.draws(point); ++key.draw) {
      if (data.state(key) != State::measured) continue;
      const auto number = [&](std::size_t of) { return number_in(decode_cell(data.bytes(key), about.schema, of)); };
      const double value = number(column), where = measured ? number(abscissa) : asked;
      if (!std::isnan(value) && !std::isnan(where)) all[labels][where].push_back(value);
    }
  }
  std::vector<Series> series;
  for (auto& [labels, levels] : all) {
    Series& s = series.emplace_back();
    for (const Value& v : labels) s.labels.push_back(to_text(v));
    for (auto& [where, values] : levels) s.curve.push_back({where, std::move(values)});
  }
  return series;
}

}  // namespace theoremeter
