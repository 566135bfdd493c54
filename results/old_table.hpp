// The table people read. Every value says its direction: ">=" attained by a stored point, "<=" proved by exhaustion.
#pragma once

#include "results/results.hpp"

#include <string>

namespace theoremeter {

enum class Detail {
  points,  // a line a point of the sweep: the range over its draws
  draws    // a line a draw
};

/// Values are rounded in their direction (at least down, at most up), so that what is printed is still true.
std::string table(const Results& results, Detail detail);

}  // namespace theoremeter
