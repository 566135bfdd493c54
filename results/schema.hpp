// What one draw of a study holds: its columns, each with its type and the direction of its evidence.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace theoremeter {

/// How a value is kept: float64, int64, int8 (yes/no, or one of `names`), UTF-8.
enum class Type { real, whole, flag, text };
inline const std::vector<std::string> type_names{"real", "whole", "flag", "text"};

/// The direction of the evidence. Seconds and forecasts, what more work should bring, are in no digest.
enum class Says { at_least, at_most, exact, witness, statistic, parameter, count, seconds, forecast };
inline const std::vector<std::string> says_names{"at least",  "at most", "exact",   "witness", "statistic",
                                                 "parameter", "count",   "seconds", "forecast"};

struct Column {
  std::string name, meaning;
  Type type = Type::real;
  Says says = Says::statistic;
  std::string unit = "1";
  std::string list = {};  // "": one value a draw; "census_point": one an item; a list's list: one an item of an item
  std::vector<std::string> axes = {};   // of a vector or a matrix: "x_coordinate"
  std::vector<std::string> names = {};  // of a flag that is one of these
  std::string json = {};                // "evaluations.search", or several, in words; "-": nowhere; "": the name
  std::string where = {};               // a flag of the same list: there is a value where it is 1; "": always

  /// Whether it belongs to the result: equal for equal results.
  bool reproducible() const { return says != Says::seconds && says != Says::forecast; }

  bool operator==(const Column&) const = default;
};

/// An axis whose values are fixed: quantile levels.
struct Axis {
  std::string name, meaning;
  std::vector<double> values;

  bool operator==(const Axis&) const = default;
};

struct Schema {
  std::vector<Column> columns;
  std::vector<Axis> axes = {};

  bool operator==(const Schema&) const = default;
  /// The position of a column. Throws InputError, suggesting the nearest name.
  std::size_t position(const std::string& name) const;
};

}  // namespace theoremeter
