// Changes one stored number at a time.
#pragma once

#include "results/row.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <variant>

namespace theoremeter::testing {

inline double changed(double value, const Column&) {
  if (value == 0) return 1e-9;
  return std::isfinite(value) ? value * (1 + 1e-9) : 1;
}
inline std::string changed(const std::string& value, const Column&) { return value + "x"; }
inline std::int64_t changed(std::int64_t value, const Column& c) {
  if (c.type == Type::whole) return value + 1;
  return (value + 1) % (c.names.empty() ? 2 : static_cast<std::int64_t>(c.names.size()));
}

/// visit(column, row): each value of each column, the first `most` of it, turned by 1e-9, flipped, or one more, the
/// rest as it was.
template <class Visit>
void for_each_tampering(const Row& row, const Schema& schema, std::size_t most, const Visit& visit) {
  Row tampered = row;
  for (std::size_t i = 0; i < row.size(); ++i)
    std::visit(
        [&](auto& values) {
          for (std::size_t j = 0; j < std::min(most, values.size()); ++j) {
            const auto kept = values[j];
            values[j] = changed(kept, schema.columns[i]);
            visit(schema.columns[i].name, tampered);
            values[j] = kept;
          }
        },
        tampered[i].values);
}

}  // namespace theoremeter::testing
