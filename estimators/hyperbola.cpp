#include "estimators/hyperbola.hpp"

#include <boost/math/tools/toms748_solve.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

namespace theoremeter {
namespace {

using std::numbers::pi;

/// The least value of f on [from, to]: by so many golden sections about every local minimum of a grid. Where f is flat
/// at its minimum, half the digits of the place give all of the value.
template <class Function>
double least(double from, double to, int sections, const Function& f) {
  constexpr int cells = 12;
  constexpr double golden = 0.6180339887498949;
  const double step = (to - from) / cells;
  std::array<double, cells + 1> value;
  for (int i = 0; i <= cells; ++i) value[static_cast<std::size_t>(i)] = f(i == cells ? to : from + step * i);
  double best = *std::min_element(value.begin(), value.end());
  const auto refine = [&](double lo, double hi) {
    double left = hi - golden * (hi - lo), right = lo + golden * (hi - lo), f_left = f(left), f_right = f(right);
    for (int i = 0; i < sections; ++i)
      if (f_left < f_right) {
        hi = right, right = left, f_right = f_left;
        left = hi - golden * (hi - lo), f_left = f(left);
      } else {
        lo = left, left = right, f_left = f_right;
        right = lo + golden * (hi - lo), f_right = f(right);
      }
    best = std::min({best, f_left, f_right});
  };
  for (int i = 0; i <= cells; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const bool falls = i == 0 || value[at] <= value[at - 1], rises = i == cells || value[at] <= value[at + 1];
    if (falls && rises && value[at] < infinity)
      refine(from + step * std::max(i - 1, 0), i + 1 >= cells ? to : from + step * (i + 1));
  }
  return best;
}

constexpr int smooth = 20, cusp = 36;  // over psi, two minima over phi may change places at the extremum

/// A radius eps below 1 and the two cosines, none below sqrt(1 - eps^2).
struct Pair {
  double eps, a, b;
  double kappa = std::sqrt((1 - eps) * (1 + eps));

  /// ln of min_phi (cos gamma - s)^2/sin 2phi, times sin 2psi: `upper` false; -ln of the largest with + s otherwise.
  double over_phi(double psi, bool upper) const {
    const double along = a * std::cos(psi), across = b * std::sin(psi), length = std::hypot(along, across);
    const double middle = std::atan2(across, along), reach = std::acos(std::min(1.0, kappa / length));
    const double sign = upper ? -1 : 1, outer = sign * std::log(std::sin(2 * psi));
    // phi - middle = reach sin w: s grows like the square root at the ends.
    const double from = middle > reach ? -pi / 2 : std::asin(-middle / reach),
                 to = pi / 2 - middle > reach ? pi / 2 : std::asin((pi / 2 - middle) / reach);
    return outer + least(from, to, smooth, [&](double w) {
             const double off = reach * std::sin(w), sine = std::sin(2 * (middle + off)), c = length * std::cos(off);
             if (!(sine > 0)) return sign * infinity;
             const double s = std::sqrt(std::max(0.0, (c - kappa) * (c + kappa)));
             return sign * (2 * std::log(c - sign * s) - std::log(sine));
           });
  }

  double lowest() const {
    return std::exp(-least(0, pi / 2, cusp,
                           [&](double psi) { return psi > 0 && psi < pi / 2 ? -over_phi(psi, false) : infinity; }));
  }

  /// Where a cos psi or b sin psi exceeds kappa, c -> infinity or 0 holds all large T.
  double highest() const {
    const double from = std::acos(std::min(1.0, kappa / a)), to = std::asin(std::min(1.0, kappa / b));
    if (!(from < to)) return infinity;
    return std::exp(
        least(from, to, cusp, [&](double psi) { return psi > from && psi < to ? -over_phi(psi, true) : infinity; }));
  }
};

/// Of a radius below 1 that both angles allow.
Pair pair_of(double radius, double cosine_h, double cosine_m) {
  return {radius, std::min(cosine_h, 1.0), std::min(cosine_m, 1.0)};
}

}  // namespace

std::optional<Interval> hyperbolic_interval(double radius, double cosine_h, double cosine_m) {
  if (radius >= 1) return Interval{0, infinity};
  const Pair pair = pair_of(radius, cosine_h, cosine_m);
  if (!(std::min(pair.a, pair.b) >= pair.kappa)) return {};
  const Interval held{pair.lowest(), pair.highest()};
  if (!(held.lo <= held.hi)) return {};
  return held;
}

double hyperbolic_distance_bound(double T, double cosine_h, double cosine_m) {
  const double v = std::sqrt(T);
  return std::sqrt((v - 1) * (v - 1) + 2 * v * (1 - std::min({cosine_h, cosine_m, 1.0})));
}

// Between the sine that psi -> 0 or pi/2 demands and the bound: where T leaves the interval, which shrinks with eps.
double hyperbolic_distance(double T, double cosine_h, double cosine_m) {
  const double cosine = std::min({cosine_h, cosine_m, 1.0});
  if (!(cosine > 0 && T > 0)) return 1;
  const double least_possible = std::sqrt((1 - cosine) * (1 + cosine)),
               bound = std::min(1.0, hyperbolic_distance_bound(T, cosine_h, cosine_m));
  const auto room = [&](double eps) {  // negative: not held
    const Pair pair = pair_of(eps, cosine_h, cosine_m);
    const double below = std::log(T / pair.lowest());
    return below < 0 ? below : std::min(below, std::log(pair.highest() / T));
  };
  double lo = least_possible * (1 + 1e-12), hi = std::min(bound, 1 - 1e-12);
  if (!(lo < hi)) return bound;
  const double at_lo = room(lo), at_hi = room(hi);
  if (at_lo >= 0) return lo;
  if (!(at_hi > 0)) return bound;
  std::uintmax_t steps = 60;
  return boost::math::tools::toms748_solve(room, lo, hi, at_lo, at_hi, boost::math::tools::eps_tolerance<double>(34),
                                           steps)
      .second;
}

}  // namespace theoremeter
