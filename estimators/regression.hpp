// Where success sets in: the probability of success as a function of x, by logistic or probit regression.
#pragma once

#include "estimators/fits.hpp"

#include <cstdint>
#include <vector>

namespace theoremeter {

/// Successes in independent draws at x.
struct Trials {
  double x = 0;
  std::int64_t draws = 0, successes = 0;
};

/// P(success) = F(slope (x - half)), F the logistic or the normal distribution function.
enum class Link { logistic, probit };

struct Transition {
  Estimate half;     // x at which half succeed; ends of its profile-likelihood interval, infinite where it has none
  double slope = 0;  // infinite where one x separates failures from successes
  bool separated = false;
};

/// Maximum likelihood, and all x0 at which twice the log-likelihood, at the best slope, is no further below its maximum
/// than chi-squared of one degree of freedom allows. Where failures and successes are separated every x0 in the gap has
/// likelihood 1: `half` is its middle, and the interval is the gap, further only where too few draws stand at its ends.
/// Two x or more, successes and failures.
Transition fit_transition(const std::vector<Trials>& trials, Link link, double confidence);

/// P(success) = a exp(-rate x), at most 1.
struct Decay {
  double a = 0;
  Estimate rate;  // ends of its profile-likelihood interval, infinite where it has none
};

/// Maximum likelihood, and all rates at which twice the log-likelihood, at the best a, is no further below its maximum
/// than chi-squared of one degree of freedom allows: points without success count too. Two x with successes, or more.
Decay fit_decay(const std::vector<Trials>& trials, double confidence);

}  // namespace theoremeter
