#include "experiments/studies/surface.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace theoremeter {
namespace {

/// The angle after d wide layers, from cos g(t) = ((pi - t) cos t + sin t)/pi as it stands.
long double wide(long double theta, int d) {
  constexpr long double pi = std::numbers::pi_v<long double>;
  for (int i = 0; i < d; ++i)
    theta = std::acos(std::min(1.0L, ((pi - theta) * std::cos(theta) + std::sin(theta)) / pi));
  return theta;
}

long double expected(Problem problem, int depth, int depth2, long double x, long double y) {
  constexpr long double pi = std::numbers::pi_v<long double>;
  if (problem == Problem::blind_demodulation) {
    const long double t = std::abs(x * y);
    return (t * t + 1) / 2 - t * std::cos(wide(x < 0 ? pi : 0, depth)) * std::cos(wide(y < 0 ? pi : 0, depth2));
  }
  const long double r = std::hypot(x, y), theta = wide(r > 0 ? std::atan2(std::abs(y), x) : 0, depth);
  const bool phaseless = problem == Problem::phase_retrieval || problem == Problem::amplitude_flow;
  const long double c =
      phaseless ? (pi - 2 * theta) / pi * std::cos(theta) + 2 / pi * std::sin(theta) : std::cos(theta);
  return (r * r + 1) / 2 - r * c;
}

}  // namespace

Complaints complaints_of(Problem problem, int depth, int depth2, const Surface& s) {
  const auto f = [=](long double x, long double y) { return expected(problem, depth, depth2, x, y); };
  const auto n = static_cast<Eigen::Index>(s.x.size()), m = static_cast<Eigen::Index>(s.y.size());
  if (s.objective.rows() != m || s.objective.cols() != n)
    return {fmt::format("objective is {} x {}, not {} x {}", s.objective.rows(), s.objective.cols(), m, n)};
  Complaints wrong;
  const auto check = [&](double stored, double x, double y, const std::string& what) {
    const auto right = static_cast<double>(f(x, y));
    if (!(std::abs(stored - right) <= 1e-9 * (1 + std::abs(right))))
      wrong.push_back(fmt::format("{} at ({}, {}) is {}, not {}", what, x, y, stored, right));
  };
  for (std::size_t j = 0; j < s.y.size(); ++j)
    for (std::size_t i = 0; i < s.x.size(); ++i)
      check(s.objective(static_cast<Eigen::Index>(j), static_cast<Eigen::Index>(i)), s.x[i], s.y[j], "objective");
  for (const CriticalPoint& p : s.critical) {
    check(p.objective, p.x, p.y, p.name);
    if (p.x == 0) continue;  // at 0 the objective has one-sided derivatives only
    constexpr long double h = 1e-4L;
    const long double dx = (f(p.x + h, p.y) - f(p.x - h, p.y)) / (2 * h);
    const long double dy = (f(p.x, p.y + h) - f(p.x, p.y - h)) / (2 * h);
    if (!(std::hypot(dx, dy) < 1e-4L)) wrong.push_back(fmt::format("{} at ({}, {}) is not critical", p.name, p.x, p.y));
  }
  return wrong;
}

}  // namespace theoremeter
