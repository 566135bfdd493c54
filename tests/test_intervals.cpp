// Confidence intervals: against sums of binomial probabilities and closed forms; coverage over seeds, and a biased
// twin that fails.
#include "estimators/intervals.hpp"
#include "estimators/stream.hpp"
#include "tests/coverage.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace theoremeter::test_intervals {
namespace {

using testing::binomial_at_most;
using testing::coverage_holds;

constexpr double infinity = std::numeric_limits<double>::infinity();

std::vector<double> normals(Stream stream, int count) {
  std::vector<double> values(static_cast<std::size_t>(count));
  for (double& v : values) v = stream.normal();
  return values;
}

bool covers(const std::pair<double, double>& interval, double truth) {
  return interval.first <= truth && truth <= interval.second;
}

/// 1, 2, ..., n in a shuffled order: the value is the rank.
std::vector<double> ranks(int n) {
  std::vector<double> values;
  for (int i = 0; i < n; ++i) values.push_back(static_cast<double>((i * 7) % n + 1));
  return values;
}

}  // namespace

TEST_CASE("of a quantile: the innermost order statistics whose binomial tails are small enough") {
  for (const int n : {1, 2, 5, 6, 10, 41, 101, 1000})
    for (const double level : {0.01, 0.25, 0.5, 0.9})
      for (const double confidence : {0.5, 0.95, 0.999}) {
        if (n % 7 == 0) continue;  // `ranks` is no permutation
        CAPTURE(n);
        CAPTURE(level);
        CAPTURE(confidence);
        const double tail = (1 - confidence) / 2;
        int l = 0, u = n + 1;
        while (l < n && binomial_at_most(l, n, level) <= tail) ++l;          // P(B < l + 1)
        while (u > 1 && 1 - binomial_at_most(u - 2, n, level) <= tail) --u;  // P(B >= u - 1)
        const auto [low, high] = quantile_interval(ranks(n), level, confidence);
        CHECK(low == (l == 0 ? -infinity : l));
        CHECK(high == (u == n + 1 ? infinity : u));
      }
  CHECK(quantile_interval({1, infinity, 2, 3, 4, 5, infinity, 6, 7}, 0.5, 0.95) == std::pair(2.0, infinity));
}

TEST_CASE("Student's interval: the distribution of 4 degrees of freedom in closed form") {
  const auto [low, high] = mean_interval({0.5, 1.25, 3, -2, 7.5}, 0.9);
  CHECK((low + high) / 2 == doctest::Approx(2.05).epsilon(1e-14));
  const double t = (high - low) / 2 / std::sqrt(10.01 / 4), q = t * t / (1 + t * t / 4);  // 50.05/4/5: of the mean
  CHECK(0.5 + 3 * std::sqrt(q) / 8 * (1 - q / 12) == doctest::Approx(0.95).epsilon(1e-13));
  CHECK(student_factor(1, 0.5) == doctest::Approx(1).epsilon(1e-14));  // Cauchy's quartile
  CHECK(normal_factor(0.95) == doctest::Approx(1.959963984540054).epsilon(1e-14));
  CHECK(mean_interval({3}, 0.95) == std::pair(-infinity, infinity));
  CHECK(mean_interval({2, 2, 2}, 0.95) == std::pair(2.0, 2.0));
  CHECK(mean_interval({2, infinity}, 0.95) == std::pair(-infinity, infinity));
}

TEST_CASE("coverage over seeds is what it is said to be, and that of biased values is not") {
  constexpr int seeds = 4000, n = 15;
  const double exact = binomial_at_most(11, n, 0.5) - binomial_at_most(3, n, 0.5);  // X_(4) to X_(12)
  int medians = 0, biased_medians = 0, means = 0, biased_means = 0, shares = 0, biased_shares = 0;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const std::vector<double> values = normals(Stream(seed), n);
    const auto median = quantile_interval(values, 0.5, 0.95), mean = mean_interval(values, 0.95);
    const auto positive = std::count_if(values.begin(), values.end(), [](double v) { return v > 0.5; });
    const auto share = clopper_pearson(positive, n, 0.95);
    const double truth = std::erfc(0.5 / std::sqrt(2)) / 2;
    medians += covers(median, 0);
    biased_medians += covers(median, 0.2);  // what values shifted by -0.2 would be
    means += covers(mean, 0);
    biased_means += covers(mean, 0.2);
    shares += covers(share, truth);
    biased_shares += covers(share, truth + 0.15);
  }
  CHECK(coverage_holds(medians, seeds, exact, exact));
  CHECK(coverage_holds(means, seeds, 0.95, 0.95));
  CHECK(coverage_holds(shares, seeds, 0.95, 1));
  CHECK_FALSE(coverage_holds(biased_medians, seeds, exact, exact));
  CHECK_FALSE(coverage_holds(biased_means, seeds, 0.95, 0.95));
  CHECK_FALSE(coverage_holds(biased_shares, seeds, 0.95, 1));
}

}  // namespace theoremeter::test_intervals
