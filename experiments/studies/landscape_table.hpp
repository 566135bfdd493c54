// What people read of landscapes. Every number says its direction.
#pragma once

#include "experiments/studies/landscape_results.hpp"
#include "results/table.hpp"

#include <string>

namespace theoremeter {

/// What was measured, on what: one line.
std::string title(const LandscapeResults& results);

/// One draw, whole: a block of lines.
std::string report(const LandscapeResults& results, const LandscapeRecord& point, const MeasuredLandscape& draw);

/// A line a draw, or a line a point of the sweep, and how many draws have a spurious minimum near -rho x0, and
/// elsewhere. Values are rounded in their direction.
std::string table(const LandscapeResults& results, Detail detail);

}  // namespace theoremeter
