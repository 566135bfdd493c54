#include "estimators/intervals.hpp"

#include "estimators/statistics.hpp"
#include "estimators/stream.hpp"

#include <boost/math/distributions/students_t.hpp>
#include <boost/math/special_functions/beta.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace theoremeter {

// P(at least s of n) at p is I_p(s, n - s + 1): the ends are quantiles of beta distributions.
std::pair<double, double> clopper_pearson(std::int64_t successes, std::int64_t trials, double confidence) {
  const double tail = (1 - confidence) / 2;
  const auto s = static_cast<double>(successes), f = static_cast<double>(trials - successes);
  const double low = successes == 0 ? 0 : boost::math::ibeta_inv(s, f + 1, tail);
  const double high = successes == trials ? 1 : boost::math::ibetac_inv(s + 1, f, tail);
  return {low, high};
}

// P(B >= j) = I_level(j, n - j + 1), B binomial (n, level); it falls with j.
std::pair<double, double> quantile_interval(std::vector<double> values, double level, double confidence) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const double tail = (1 - confidence) / 2;
  const auto n = static_cast<std::int64_t>(values.size());
  const auto at_least = [&](std::int64_t j) {
    return j <= 0  ? 1.0
           : j > n ? 0.0
                   : boost::math::ibeta(static_cast<double>(j), static_cast<double>(n - j + 1), level);
  };
  const auto below = [&](std::int64_t j) {  // P(B < j), not as a difference from 1
    return j <= 0  ? 0.0
           : j > n ? 1.0
                   : boost::math::ibetac(static_cast<double>(j), static_cast<double>(n - j + 1), level);
  };
  std::int64_t l = 0, above = n + 1;  // the largest l with P(B < l) <= tail
  while (above - l > 1) {
    const std::int64_t middle = (l + above) / 2;
    (below(middle) <= tail ? l : above) = middle;
  }
  std::int64_t u = n + 1, under = 0;  // the least u with P(B >= u) <= tail
  while (u - under > 1) {
    const std::int64_t middle = (u + under) / 2;
    (at_least(middle) <= tail ? u : under) = middle;
  }
  const auto order_statistic = [&](std::int64_t rank) {
    const auto at = values.begin() + (rank - 1);
    std::nth_element(values.begin(), at, values.end());
    return *at;
  };
  return {l == 0 ? -infinity : order_statistic(l), u == n + 1 ? infinity : order_statistic(u)};
}

std::pair<double, double> mean_interval(const std::vector<double>& values, double confidence) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto n = static_cast<double>(values.size());
  if (values.size() < 2) return {-infinity, infinity};
  const double centre = mean(values);
  double squares = 0;
  for (const double v : values) squares += (v - centre) * (v - centre);
  const double half = student_factor(n - 1, confidence) * std::sqrt(squares / (n - 1) / n);
  if (!std::isfinite(half)) return {-infinity, infinity};
  return {centre - half, centre + half};
}

double student_factor(double degrees, double confidence) {
  const boost::math::students_t student(degrees);
  return boost::math::quantile(complement(student, (1 - confidence) / 2));
}

double normal_factor(double confidence) { return -normal_quantile((1 - confidence) / 2); }

}  // namespace theoremeter
