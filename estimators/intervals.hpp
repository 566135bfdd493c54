// Exact confidence intervals: each holds the true value with at least (of means of normal draws: exactly) the
// confidence asked for. Ends that no number of draws at hand can give are infinite.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace theoremeter {

/// Clopper and Pearson's interval of a probability of which `successes` of `trials` were seen: it holds the true one
/// with at least this confidence, whatever that is. (0, 1) of no trials.
std::pair<double, double> clopper_pearson(std::int64_t successes, std::int64_t trials, double confidence);

/// Of the quantile at `level` in [0, 1], between two order statistics X_(l), X_(u): the number of values at or below
/// the quantile is binomial, P(B < l) and P(B >= u) are each at most (1 - confidence)/2. For any distribution.
std::pair<double, double> quantile_interval(std::vector<double> values, double level, double confidence);

/// Student's interval of the mean, mean +- t s/sqrt(n).
std::pair<double, double> mean_interval(const std::vector<double>& values, double confidence);

/// The factor t in Student's intervals, and what it tends to for many degrees of freedom: two-sided.
double student_factor(double degrees, double confidence);
double normal_factor(double confidence);

}  // namespace theoremeter
