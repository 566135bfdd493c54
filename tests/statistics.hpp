// Statistical tests with a stated false-alarm rate. Seeds are fixed, so a test that passes once passes always; alpha
// says how likely a correct program was to fail when the seed was chosen. Every use has a twin that must fail, showing
// that it can.
#pragma once

#include <doctest/doctest.h>
#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstdint>
#include <vector>

namespace theoremeter::testing {

inline constexpr double false_alarm = 1e-6;

/// Count, mean and variance by Welford's recurrence.
class Moments {
 public:
  void add(double value) {
    ++count_;
    const double before = value - mean_;
    mean_ += before / static_cast<double>(count_);
    squares_ += before * (value - mean_);
  }
  std::int64_t count() const { return count_; }
  double mean() const { return mean_; }
  double variance() const { return squares_ / static_cast<double>(count_ - 1); }
  double standard_error() const { return std::sqrt(variance() / static_cast<double>(count_)); }

 private:
  std::int64_t count_ = 0;
  double mean_ = 0;
  double squares_ = 0;
};

/// Two-sided p-value of "the mean is `exact`" (Student; good for any distribution of finite variance once there are
/// thousands of values).
inline double p_of_mean(const Moments& acc, double exact) {
  const boost::math::students_t t(static_cast<double>(acc.count() - 1));
  return 2 * boost::math::cdf(complement(t, std::abs(acc.mean() - exact) / acc.standard_error()));
}

inline void require_mean(const Moments& acc, double exact, double alpha = false_alarm) {
  CAPTURE(acc.mean());
  CAPTURE(acc.standard_error());
  CAPTURE(exact);
  REQUIRE(p_of_mean(acc, exact) >= alpha);
}

/// The twin: the same values must be told from a wrong mean.
inline void require_mean_rejected(const Moments& acc, double wrong, double alpha = false_alarm) {
  CAPTURE(acc.mean());
  CAPTURE(acc.standard_error());
  CAPTURE(wrong);
  REQUIRE(p_of_mean(acc, wrong) < alpha);
}

/// p-value of Kolmogorov's test that the sample has this continuous cdf (limit law with Stephens' correction; for
/// hundreds of values and more).
template <class Cdf>
double p_of_kolmogorov(std::vector<double> sample, Cdf cdf) {
  std::sort(sample.begin(), sample.end());
  const double n = static_cast<double>(sample.size());
  double distance = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const double F = cdf(sample[i]), rank = static_cast<double>(i);
    distance = std::max({distance, F - rank / n, (rank + 1) / n - F});
  }
  const double lambda = (std::sqrt(n) + 0.12 + 0.11 / std::sqrt(n)) * distance;
  if (lambda < 0.2) return 1;  // the series below converges slowly there, to 1 within 1e-12
  double p = 0;
  for (int j = 1; j <= 100; ++j) p += (j % 2 == 1 ? 2 : -2) * std::exp(-2 * j * j * lambda * lambda);
  return p;
}

}  // namespace theoremeter::testing
