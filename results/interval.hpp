// Exact confidence intervals of a probability.
#pragma once

#include <cstdint>
#include <utility>

namespace theoremeter {

/// Clopper and Pearson's interval of a probability of which `successes` of `trials` were seen: it holds the true one
/// with at least this confidence, whatever that is. (0, 1) of no trials.
std::pair<double, double> clopper_pearson(std::int64_t successes, std::int64_t trials, double confidence);

}  // namespace theoremeter
