// Landscapes and censuses for people.
#pragma once

#include "experiments/studies/landscape_results.hpp"

#include <string>

namespace theoremeter {

/// Everything about one draw.
std::string report(Problem problem, const Sizes& sizes, const MeasuredLandscape& draw);

/// All stationary points, a line each.
std::string census_report(const Census& census);

}  // namespace theoremeter
