// All that one draw holds, for people.
#pragma once

#include "results/row.hpp"

#include <string>

namespace theoremeter {

/// A line a column, with its direction and meaning; a table for each list, a line an item.
std::string in_full(const Row& row, const Schema& schema);

}  // namespace theoremeter
