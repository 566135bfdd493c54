#include "experiments/measured_constants.hpp"

#include "estimators/statistics.hpp"
#include "experiments/stated_sizes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace theoremeter {
namespace {

std::optional<double> number_in(const DataSet& data, Key key, std::size_t column) {
  const Cell cell = decode_cell(data.bytes(key), data.about().schema, column);
  if (cell.size() != 1) return {};
  const auto* reals = std::get_if<0>(&cell.values);
  const double value = reals ? reals->front() : static_cast<double>(cell.wholes().front());
  return std::isnan(value) ? std::optional<double>() : value;
}

OverDraws over_draws(const Column& column, std::vector<double> values) {
  OverDraws o{column.name, column.says, values.size()};
  if (values.empty()) return o;
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  o.least = *least, o.most = *most, o.median = quantile(values, 0.5);
  return o;
}

/// What one draw proves about a constant: the largest "at least", the least "at most".
struct Bounds {
  std::optional<double> at_least, at_most;
  void learn(Says says, double value) {
    if (says == Says::at_least || says == Says::exact) at_least = std::max(at_least.value_or(value), value);
    if (says == Says::at_most || says == Says::exact) at_most = std::min(at_most.value_or(value), value);
  }
};

std::string compact(std::string sizes) {
  for (const auto& [from, to] : {std::pair<std::string, std::string>{" = ", "="}, {", ", " "}})
    for (std::size_t at = 0; (at = sizes.find(from, at)) != std::string::npos;) sizes.replace(at, from.size(), to);
  return sizes;
}

MeasuredAt measured_at_point(const Statement& statement, const DataSet& data, std::size_t point,
                             const std::vector<MeasuredConstant>& columns, const At& said) {
  const Description& about = data.about();
  MeasuredAt found;
  found.constant = columns.front().constant;
  for (const Constant& c : statement.constants)
    if (c.name == found.constant) found.stated = c.value;
  found.sizes = compact(about.points[point].sizes());
  At at = at_point(about.points[point], said);
  const std::vector<std::string> needs = statement.epsilon ? statement.epsilon->needs : std::vector<std::string>();
  for (const auto& [name, layers] : {std::pair{"d", &at.d}, {"s", &at.s}})
    if (std::isnan(*layers) && std::find(needs.begin(), needs.end(), name) != needs.end())
      *layers = found.depth = statement.least_depth;
  found.allowed = allowed(statement, found.constant, at);
  std::map<std::uint64_t, Bounds> bounds;
  for (const MeasuredConstant& m : columns) {
    const std::size_t position = about.schema.position(m.column);
    std::vector<double> values;
    for (std::uint64_t draw = 0; draw < data.draws(point); ++draw) {
      if (data.state({point, draw}) != State::measured) continue;
      Bounds& known = bounds[draw];
      const auto value = number_in(data, {point, draw}, position);
      if (!value) continue;
      values.push_back(m.factor * *value);
      known.learn(about.schema.columns[position].says, values.back());
    }
    found.columns.push_back(over_draws(about.schema.columns[position], std::move(values)));
  }
  found.draws = bounds.size();
  for (const auto& [draw, known] : bounds) {
    if (!found.allowed) continue;
    const Verdict verdict = decide(*found.allowed, statement.epsilon->relation == "<", known.at_least, known.at_most);
    found.holds += verdict == Verdict::holds, found.refuted += verdict == Verdict::refuted;
  }
  return found;
}

}  // namespace

std::vector<MeasuredAt> measured_of(const Statement& statement, const std::string& file, const DataSet& data,
                                    const At& said) {
  std::map<std::string, std::vector<MeasuredConstant>> by_constant;
  for (const MeasuredConstant& m : data.about().measured)
    if (m.statement == statement.id) by_constant[m.constant].push_back(m);
  std::vector<MeasuredAt> all;
  for (const auto& [constant, columns] : by_constant)
    for (std::size_t point = 0; point < data.about().points.size(); ++point) {
      all.push_back(measured_at_point(statement, data, point, columns, said));
      all.back().file = file;
    }
  return all;
}

}  // namespace theoremeter
