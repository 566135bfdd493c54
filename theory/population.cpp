#include "theory/population.hpp"

#include "theory/angle.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <vector>

namespace theoremeter {
namespace {

using Eigen::Vector2d;
using Eigen::VectorXd;
using std::numbers::inv_pi;
using std::numbers::pi;

/// theta, and pi - theta without subtracting.
struct Angle {
  double theta, supplement;
};

Angle between(const VectorXd& x, const VectorXd& x0) { return {angle(x, x0), angle(x, -x0)}; }

/// 1 - cos t.
double versine(double t) {
  const double s = std::sin(t / 2);
  return 2 * s * s;
}

/// c = P cos theta_0 + Z, and its distance to 1 in parts that are small, and accurate, where theta_0 is small:
///   lost = 1 - P,   gap = 1 - c,   offset = 1 - P - Z = gap - P (1 - cos theta_0).
struct Correlation {
  double lost, gap, offset;

  double c() const { return 1 - gap; }
};

Correlation correlation(double lost, double gap, double theta_0) {
  return {lost, gap, gap - (1 - lost) * versine(theta_0)};
}

// c = cos theta_d. 1 - P is built up layer by layer: 1 - P q = (1 - P) + P (1 - q).
Correlation linear(int d, const Angle& at) {
  assert(d >= 0);
  const std::vector<double> theta = g_iterates(at.theta, d);
  double P = 1, lost = 0;
  for (int i = 0; i < d; ++i) {
    const double t = theta[static_cast<std::size_t>(i)];
    lost += P * t * inv_pi;
    P *= (i == 0 ? at.supplement : pi - t) * inv_pi;
  }
  return correlation(std::min(lost, 1.0), versine(theta.back()), at.theta);
}

// 1 - c = (1 - cos t) - (2/pi)(sin t - t cos t) with t = theta_d <= pi/2, sin t - t cos t = 2 pi kappa(pi - t).
Correlation phaseless(int d, const Angle& at) {
  const Correlation before = linear(d, at);
  const double t = g_iterates(at.theta, d).back();
  assert(t <= pi / 2);
  return correlation(before.lost + (1 - before.lost) * 2 * t * inv_pi, before.gap - 4 * kappa_of_supplement(t),
                     at.theta);
}

bool modulus(Problem problem) { return problem == Problem::phase_retrieval || problem == Problem::amplitude_flow; }

/// Without layers a modulus does not tell x0 from -x0: the nearer one is meant.
bool turned(Problem problem, int d, const Angle& at) { return modulus(problem) && d == 0 && at.theta > pi / 2; }

Correlation correlation(Problem problem, int d, const Angle& at) {
  assert(problem != Problem::blind_demodulation && (problem != Problem::amplitude_flow || d == 0));
  return modulus(problem) ? phaseless(d, at) : linear(d, at);
}

/// x0 - t, where t = P x0 + Z |x0| x^.
VectorXd x0_minus_t(const Correlation& rho, const VectorXd& x, const VectorXd& x0) {
  const VectorXd turned_x0 = x0.norm() / x.norm() * x;
  return rho.lost * (x0 - turned_x0) + rho.offset * turned_x0;
}

/// 1/2 (a^2 + b^2 - 2 a b c).
double half_square(double a, double b, double gap) { return (a - b) * (a - b) / 2 + a * b * gap; }

}  // namespace

double population_objective(Problem problem, int d, const VectorXd& x, const VectorXd& x0) {
  const double r = x.norm(), r0 = x0.norm();
  if (r == 0) return r0 * r0 / 2;
  const Angle at = between(x, x0);
  if (turned(problem, d, at)) return population_objective(problem, d, -x, x0);
  return half_square(r, r0, correlation(problem, d, at).gap);
}

VectorXd population_gradient(Problem problem, int d, const VectorXd& x, const VectorXd& x0) {
  const Angle at = between(x, x0);
  if (turned(problem, d, at)) return -population_gradient(problem, d, -x, x0);
  return (x - x0) + x0_minus_t(correlation(problem, d, at), x, x0);
}

Vector2d population_gradient_plane(Problem problem, int d, double r, double theta) {
  assert(r > 0 && theta >= 0 && theta <= pi);
  const Angle at{theta, std::atan2(std::sin(theta), -std::cos(theta))};
  if (turned(problem, d, at)) {
    const Vector2d mirrored = population_gradient_plane(problem, d, r, at.supplement);
    return {-mirrored(0), mirrored(1)};
  }
  const Vector2d direction(std::cos(theta), std::sin(theta)), x0_minus_direction(versine(theta), -std::sin(theta));
  const Correlation rho = correlation(problem, d, at);
  return (r - 1) * direction - x0_minus_direction + rho.lost * x0_minus_direction + rho.offset * direction;
}

double population_objective(int d, int s, const VectorXd& h, const VectorXd& m, const VectorXd& h0,
                            const VectorXd& m0) {
  const double length = h.norm() * m.norm(), length0 = h0.norm() * m0.norm();
  if (length == 0) return length0 * length0 / 2;
  const Correlation first = linear(d, between(h, h0)), second = linear(s, between(m, m0));
  return half_square(length, length0, first.gap + first.c() * second.gap);
}

// |m| h - |m0| c_m t_h = (|m| h - |m0| h0) + |m0| (h0 - t_h) + |m0| (1 - c_m) t_h, all small at the solutions.
std::pair<VectorXd, VectorXd> population_gradient(int d, int s, const VectorXd& h, const VectorXd& m,
                                                  const VectorXd& h0, const VectorXd& m0) {
  const Correlation first = linear(d, between(h, h0)), second = linear(s, between(m, m0));
  const auto in = [](const VectorXd& x, const VectorXd& x0, const Correlation& own, double other, double other0,
                     double other_gap) -> VectorXd {
    const VectorXd missing = x0_minus_t(own, x, x0);
    return other * ((other * x - other0 * x0) + other0 * (missing + other_gap * (x0 - missing)));
  };
  return {in(h, h0, first, m.norm(), m0.norm(), second.gap), in(m, m0, second, h.norm(), h0.norm(), first.gap)};
}

}  // namespace theoremeter
