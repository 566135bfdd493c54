// A description as JSON: what a results file says of itself, for programs.
#pragma once

#include "results/data_set.hpp"

#include <string>

namespace theoremeter {

/// All but the points, the matrices given and the runs, which files keep as numbers and texts of their own.
std::string to_json(const Description& about);

/// The inverse; what a later minor version added is passed over. Throws std::runtime_error for anything else.
Description description_of(const std::string& json);

}  // namespace theoremeter
