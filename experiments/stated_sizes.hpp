// The sizes that statements are evaluated at: as said on the command line, and those of a point of a sweep.
#pragma once

#include "experiments/theorems.hpp"
#include "results/setting.hpp"
#include "theory/statements.hpp"

namespace theoremeter {

/// Throws InputError for a size that is none, and for sizes that contradict each other.
At at_said(const TheoremsOptions& options);

/// Whether any size was said.
bool says_sizes(const TheoremsOptions& options);

/// The sizes of a setting; layers that it does not say are those of `said`.
At at_point(const Setting& setting, const At& said);

}  // namespace theoremeter
