#include "estimators/regression.hpp"

#include "estimators/intervals.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

namespace theoremeter {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

/// log F(z) and its derivative.
struct LogProbability {
  double value, slope;
};

LogProbability log_logistic(double z) {
  const double e = std::exp(-std::abs(z));
  return {z > 0 ? -std::log1p(e) : z - std::log1p(e), z > 0 ? e / (1 + e) : 1 / (1 + e)};
}

/// Below -20 by Phi(z) ~ phi(z)/|z| (1 - 1/z^2 + 3/z^4 - 15/z^6), right to 1e-8.
LogProbability log_normal(double z) {
  const double log_density = -z * z / 2 - std::log(2 * std::numbers::pi) / 2;
  const double q = 1 / (z * z);
  const double value = z < -20 ? log_density - std::log(-z) + std::log1p(-q * (1 - q * (3 - 15 * q)))
                               : std::log(std::erfc(-z / std::numbers::sqrt2) / 2);
  return {value, std::exp(log_density - value)};
}

class SuccessLikelihood {
 public:
  SuccessLikelihood(std::vector<Trials> trials, Link link) : trials_(std::move(trials)), link_(link) {}

  struct Maximum {
    double half, slope, value;
  };

  /// Fisher scoring, halving steps that overshoot; the log-likelihood is concave in level and slope. Nothing separates.
  Maximum maximum() const {
    double total = 0, centre = 0, scale = 0;
    for (const Trials& t : trials_) total += static_cast<double>(t.draws), centre += static_cast<double>(t.draws) * t.x;
    centre /= total;
    for (const Trials& t : trials_) scale = std::max(scale, std::abs(t.x - centre));
    double level = 0, slope = 0, value = -infinite;
    const auto value_at = [&](double a, double b) {
      double sum = 0;
      for (const Trials& t : trials_) sum += log_likelihood(t, a + b * (t.x - centre) / scale).value;
      return sum;
    };
    value = value_at(level, slope);
    for (int round = 0; round < 100; ++round) {
      double g0 = 0, g1 = 0, h00 = 0, h01 = 0, h11 = 0;
      for (const Trials& t : trials_) {
        const double x = (t.x - centre) / scale, z = level + slope * x;
        const double g = log_likelihood(t, z).slope;
        const double h = static_cast<double>(t.draws) * log_F(z).slope * log_F(-z).slope;
        g0 += g, g1 += g * x;
        h00 += h, h01 += h * x, h11 += h * x * x;
      }
      const double det = h00 * h11 - h01 * h01;
      double step0 = (h11 * g0 - h01 * g1) / det, step1 = (h00 * g1 - h01 * g0) / det;
      double next = value_at(level + step0, slope + step1);
      for (int halved = 0; !(next >= value) && halved < 60; ++halved) {
        step0 /= 2, step1 /= 2;
        next = value_at(level + step0, slope + step1);
      }
      if (!(next > value)) break;
      value = next, level += step0, slope += step1;
    }
    return {centre - level / slope * scale, slope / scale, value};
  }

  /// What a probability that does not depend on x attains: s log(s/n) + f log(f/n).
  double of_constant() const {
    double successes = 0, failures = 0;
    for (const Trials& t : trials_) {
      successes += static_cast<double>(t.successes);
      failures += static_cast<double>(t.draws - t.successes);
    }
    const double n = successes + failures;
    return successes * std::log(successes / n) + failures * std::log(failures / n);
  }

  /// The log-likelihood at the best slope, where half succeed at x0.
  double profile(double x0) const { return at(x0, best_slope(x0)).value; }

  /// The log-likelihood is concave in the slope: where its derivative vanishes, or as far as matters, by bisection.
  double best_slope(double x0) const {
    double nearest = infinite;
    for (const Trials& t : trials_)
      if (t.x != x0) nearest = std::min(nearest, std::abs(t.x - x0));
    const double furthest = 40 / nearest;  // there every probability is 0, 1 or, at x0, 1/2
    double low = -furthest, high = furthest;
    for (int i = 0; i < 200 && low < high; ++i) {
      const double middle = (low + high) / 2;
      if (middle <= low || middle >= high) break;
      (at(x0, middle).slope > 0 ? low : high) = middle;
    }
    return (low + high) / 2;
  }

 private:
  LogProbability log_F(double z) const { return link_ == Link::logistic ? log_logistic(z) : log_normal(z); }

  /// Of the trials at one x, and its derivative in z.
  LogProbability log_likelihood(const Trials& t, double z) const {
    LogProbability sum{0, 0};
    if (const auto s = static_cast<double>(t.successes); s > 0) {
      const LogProbability yes = log_F(z);
      sum = {s * yes.value, s * yes.slope};
    }
    if (const auto f = static_cast<double>(t.draws - t.successes); f > 0) {
      const LogProbability no = log_F(-z);
      sum = {sum.value + f * no.value, sum.slope - f * no.slope};
    }
    return sum;
  }

  LogProbability at(double x0, double slope) const {
    LogProbability sum{0, 0};
    for (const Trials& t : trials_) {
      const LogProbability here = log_likelihood(t, slope * (t.x - x0));
      sum = {sum.value + here.value, sum.slope + here.slope * (t.x - x0)};
    }
    return sum;
  }

  std::vector<Trials> trials_;
  Link link_;
};

/// Failures end where successes begin, or the other way round, at two x or at one x that has both: then the likelihood
/// is largest for a step.
struct Gap {
  bool there = false;
  double low = 0, high = 0;
};

Gap gap_of(const std::vector<Trials>& trials) {
  double first_success = infinite, last_success = -infinite, first_failure = infinite, last_failure = -infinite;
  for (const Trials& t : trials) {
    if (t.successes > 0) first_success = std::min(first_success, t.x), last_success = std::max(last_success, t.x);
    if (t.successes < t.draws) first_failure = std::min(first_failure, t.x), last_failure = std::max(last_failure, t.x);
  }
  if (last_failure <= first_success) return {true, last_failure, first_success};
  if (last_success <= first_failure) return {true, last_success, first_failure};
  return {};
}

/// From `inside` on in the direction of `step`, where `holds` ends; infinite where it does not.
template <class Holds>
double end_of(double inside, double step, const Holds& holds) {
  double outside = inside + step;
  for (int i = 0; holds(outside); ++i, step *= 2, outside = inside + step)
    if (i == 60) return step * infinite;
  for (int i = 0; i < 200; ++i) {
    const double middle = inside + (outside - inside) / 2;
    if (middle == inside || middle == outside) break;
    (holds(middle) ? inside : outside) = middle;
  }
  return inside;
}

/// The log-likelihood of P = exp(level - rate x), concave in both where no P exceeds 1.
class DecayLikelihood {
 public:
  explicit DecayLikelihood(const std::vector<Trials>& trials) : trials_(trials) {}

  /// The best level at this rate: its derivative falls to the left of where some P is 1, or it is there.
  double best_level(double rate) const {
    double high = infinite, successes = 0;
    for (const Trials& t : trials_) high = std::min(high, rate * t.x), successes += static_cast<double>(t.successes);
    const auto slope = [&](double level) {
      double sum = successes;
      for (const Trials& t : trials_)
        if (const auto f = static_cast<double>(t.draws - t.successes); f > 0)
          sum += f / -std::expm1(rate * t.x - level);
      return sum;
    };
    double low = high - 1;
    while (slope(low) < 0) low = high - 2 * (high - low);
    for (int i = 0; i < 200; ++i) {
      const double middle = low + (high - low) / 2;
      if (middle == low || middle == high) break;
      (slope(middle) > 0 ? low : high) = middle;
    }
    return low;
  }

  /// The log-likelihood at the best level: concave.
  double profile(double rate) const {
    const double level = best_level(rate);
    double sum = 0;
    for (const Trials& t : trials_) {
      const double z = std::min(0.0, level - rate * t.x);
      if (t.successes > 0) sum += static_cast<double>(t.successes) * z;
      if (t.successes < t.draws) sum += static_cast<double>(t.draws - t.successes) * std::log(-std::expm1(z));
    }
    return sum;
  }

  /// By golden section on [low, high], and further where the maximum lies at an end.
  double best_rate(double low, double high) const {
    const double golden = (std::sqrt(5.0) - 1) / 2;
    for (;;) {
      double a = low, b = high, c = b - golden * (b - a), d = a + golden * (b - a);
      double at_c = profile(c), at_d = profile(d);
      for (int i = 0; i < 80; ++i) {
        if (at_c > at_d) {
          b = d, d = c, at_d = at_c, c = b - golden * (b - a), at_c = profile(c);
        } else {
          a = c, c = d, at_c = at_d, d = a + golden * (b - a), at_d = profile(d);
        }
      }
      const double width = high - low, best = (a + b) / 2;
      if (best > low + width / 8 && best < high - width / 8) return best;
      low -= width, high += width;
    }
  }

 private:
  const std::vector<Trials>& trials_;
};

}  // namespace

Decay fit_decay(const std::vector<Trials>& trials, double confidence) {
  const auto [first, last] =
      std::minmax_element(trials.begin(), trials.end(), [](const Trials& a, const Trials& b) { return a.x < b.x; });
  assert(first->x < last->x);
  const DecayLikelihood likelihood(trials);
  const double step = 1 / (last->x - first->x);
  const double best = likelihood.best_rate(-8 * step, 8 * step), most = likelihood.profile(best);
  const double allowed = std::pow(normal_factor(confidence), 2) / 2;
  const auto holds = [&](double rate) { return most - likelihood.profile(rate) <= allowed; };
  return {std::exp(likelihood.best_level(best)), {best, end_of(best, -step / 8, holds), end_of(best, step / 8, holds)}};
}

Transition fit_transition(const std::vector<Trials>& trials, Link link, double confidence) {
  const auto [first, last] =
      std::minmax_element(trials.begin(), trials.end(), [](const Trials& a, const Trials& b) { return a.x < b.x; });
  assert(first->x < last->x);
  const SuccessLikelihood likelihood(trials, link);
  const double allowed = std::pow(normal_factor(confidence), 2) / 2;  // chi-squared's quantile, halved
  Transition found;
  double low = 0, high = 0, most = 0;
  if (const Gap gap = gap_of(trials); gap.there) {
    found.separated = true;
    low = gap.low;
    high = gap.high;
    found.half.value = low + (high - low) / 2;
    found.slope = likelihood.best_slope(found.half.value) > 0 ? infinite : -infinite;
    for (const Trials& t : trials)
      if (t.x == low && low == high) most = SuccessLikelihood({t}, link).of_constant();
  } else {
    const auto best = likelihood.maximum();
    low = high = found.half.value = best.half;
    found.slope = best.slope;
    most = best.value;
  }
  if (most - likelihood.of_constant() <= allowed) {  // x need not matter at all
    found.half.low = -infinite;
    found.half.high = infinite;
    return found;
  }
  const auto holds = [&](double x0) { return most - likelihood.profile(x0) <= allowed; };
  const double step = (last->x - first->x) / 64;
  found.half.low = end_of(low, -step, holds);
  found.half.high = end_of(high, step, holds);
  return found;
}

}  // namespace theoremeter
