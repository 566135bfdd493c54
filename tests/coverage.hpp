// Whether intervals cover the truth as often as they say: how many of many do, against the binomial distribution.
#pragma once

#include <cmath>
#include <cstdint>

namespace theoremeter::testing {

/// P(at most `count` of `trials`) at this probability, summed term by term.
inline double binomial_at_most(std::int64_t count, std::int64_t trials, double probability) {
  double sum = 0;
  for (std::int64_t j = 0; j <= count; ++j)
    sum += std::exp(std::lgamma(double(trials + 1)) - std::lgamma(double(j + 1)) - std::lgamma(double(trials - j + 1)) +
                    double(j) * std::log(probability) + double(trials - j) * std::log1p(-probability));
  return sum;
}

/// Whether so many of `trials` intervals may cover, each with a probability from `least` to `most`: a right claim is
/// refused with probability 2e-6 at most.
inline bool coverage_holds(std::int64_t covered, std::int64_t trials, double least, double most) {
  constexpr double alpha = 1e-6;
  const bool too_few = binomial_at_most(covered, trials, least) < alpha;
  const bool too_many = most < 1 && 1 - binomial_at_most(covered - 1, trials, most) < alpha;
  return !too_few && !too_many;
}

}  // namespace theoremeter::testing
