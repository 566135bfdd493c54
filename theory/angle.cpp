#include "theory/angle.hpp"

#include <cassert>
#include <cmath>

namespace theoremeter {
namespace {

// Inside, long double: the iterates then lose nothing over thousands of layers, and the public functions are right to
// the last digit or so.
using Real = long double;
constexpr Real pi_high = std::numbers::pi_v<Real>;
constexpr Real pi_low = -5.01655761266833202355732708e-20L;  // pi - pi_high

// (sin t - t cos t)/t^2, the spherical Bessel function j_1, for t in [0, pi]. Below 1 by its series t/3 (1 - t^2/10 (1
// - t^2/28 (1 - ...))), whose term ratios are t^2/(2n (2n+3)): the difference would cancel.
Real j1(Real t) {
  if (t >= 1) return (std::sin(t) - t * std::cos(t)) / (t * t);
  Real term = t / 3, sum = term;
  for (int n = 1; n < 12; ++n) sum += term *= -t * t / static_cast<Real>(2 * n * (2 * n + 3));
  return sum;
}

// With eta = pi - theta: 2 pi kappa = sin(eta) - eta cos(eta) = eta^2 j_1(eta), a sum of no cancelling terms.
Real supplementary_kappa(Real eta) { return eta * eta * j1(eta) / (2 * pi_high); }

// cos g = 1 - 2 sin^2(theta/2) - (sin theta - theta cos theta)/pi, so sin(g/2) = sin(theta/2) sqrt(1 - r) with
// r = (sin theta - theta cos theta)/(2 pi sin^2(theta/2)) in [0, 1/2]: no cancellation, no underflow, and asin stays
// away from 1.
Real layer(Real theta) {
  if (theta == 0) return 0;
  const Real s = std::sin(theta / 2), ratio = theta / s;
  return 2 * std::asin(s * std::sqrt(1 - j1(theta) * ratio * ratio / (2 * pi_high)));
}

Eigen::VectorXd unit(const Eigen::VectorXd& x) {
  const double largest = x.cwiseAbs().maxCoeff();  // taken out first: squares of x itself may overflow or vanish
  assert(largest > 0);
  return (x / largest).normalized();
}

}  // namespace

double angle(const Eigen::VectorXd& x, const Eigen::VectorXd& y) {
  assert(x.size() == y.size());
  const Eigen::VectorXd a = unit(x), b = unit(y);
  return 2 * std::atan2((a - b).stableNorm(), (a + b).stableNorm());
}

// pi in two parts makes eta = pi - theta accurate however close the double theta is to pi.
double kappa(double theta) {
  assert(theta >= 0 && theta <= std::numbers::pi);
  return static_cast<double>(supplementary_kappa((pi_high - theta) + pi_low));
}

double kappa_of_supplement(double eta) {
  assert(eta >= 0 && eta <= std::numbers::pi);
  return static_cast<double>(supplementary_kappa(eta));
}

double g(double theta) {
  assert(theta >= 0 && theta <= std::numbers::pi);
  return static_cast<double>(layer(theta));
}

std::vector<double> g_iterates(double theta_0, int d) {
  assert(theta_0 >= 0 && theta_0 <= std::numbers::pi && d >= 0);
  std::vector<double> theta{theta_0};
  Real t = theta_0;
  for (int i = 0; i < d; ++i) theta.push_back(static_cast<double>(t = layer(t)));
  return theta;
}

}  // namespace theoremeter
