#include "estimators/descent.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

/// The step t in {first 2^-i} with f(x - t v) <= f(x) - 1e-4 t |v|^2, but for the rounding of f.
std::optional<double> armijo(const DescentProblem& f, const VectorXd& x, double at_x, const VectorXd& v, double first) {
  const double square = v.squaredNorm(), from = at_x * (1 + 0x1p-50);
  double t = first;
  for (int halvings = 0; halvings < 14; ++halvings, t /= 2)
    if (f.objective(x - t * v) <= from - 1e-4 * t * square) return t;
  return std::nullopt;
}

/// v at x, and at 2k points within `radius` of it.
Eigen::MatrixXd nearby_gradients(const DescentProblem& f, const VectorXd& x, double radius, Stream& stream) {
  const Index k = x.size();
  Eigen::MatrixXd V(k, 2 * k + 1);
  V.col(0) = f.gradient(x);
  for (Index j = 1; j < V.cols(); ++j) {
    VectorXd u(k);
    for (double& entry : u) entry = stream.normal();
    V.col(j) = f.gradient(x + radius * std::pow(stream.uniform(), 1 / static_cast<double>(k)) * u.normalized());
  }
  return V;
}

}  // namespace

VectorXd least_combination(const Eigen::MatrixXd& V) {
  const Eigen::MatrixXd products = V.transpose() * V;
  VectorXd weight = VectorXd::Zero(V.cols());
  Index start = 0;
  products.diagonal().minCoeff(&start);
  weight(start) = 1;
  VectorXd along = products.col(start);  // V'(V weight)
  for (int exchanges = 0; exchanges < 2000; ++exchanges) {
    Index from = -1, to = 0;
    along.minCoeff(&to);
    for (Index j = 0; j < weight.size(); ++j)
      if (weight(j) > 0 && (from < 0 || along(j) > along(from))) from = j;
    const double gap = along(from) - along(to), square = weight.dot(along);
    const double curvature = products(from, from) + products(to, to) - 2 * products(from, to);
    if (gap <= 1e-6 * square || !(curvature > 0)) break;
    const double moved = std::min(weight(from), gap / curvature);
    weight(from) -= moved;
    weight(to) += moved;
    along += moved * (products.col(to) - products.col(from));
  }
  return V * weight;
}

Descent descend(const DescentProblem& f, VectorXd x, const DescentOptions& options, Stream stream) {
  constexpr double furthest = 1e-2;
  double step = 1, radius = furthest;
  Descent result;
  for (; result.steps < options.steps; ++result.steps) {
    const double at_x = f.objective(x), length = std::max(x.norm(), 1.0);
    VectorXd v = f.gradient(x);
    result.gradient = f.size(x, v);
    if (result.gradient <= options.tolerance) {
      result.stop = x.norm() <= options.tolerance ? Stop::zero : Stop::stationary;
      break;
    }
    if (x.norm() <= options.tolerance) {
      result.stop = Stop::zero;
      break;
    }
    std::optional<double> t = armijo(f, x, at_x, v, std::min(2 * step, 16.0));
    while (!t && radius >= options.nearest) {
      v = least_combination(nearby_gradients(f, x, radius * length, stream));
      result.gradient = f.size(x, v);
      if (result.gradient > options.tolerance) t = armijo(f, x, at_x, v, std::min(1.0, 10 * radius / v.norm()));
      if (!t) radius /= 10;
    }
    if (!t) {
      if (result.gradient <= options.tolerance) result.stop = Stop::kink;
      break;
    }
    step = *t;
    x -= *t * v;
    f.normalise(x);
  }
  result.x = std::move(x);
  return result;
}

}  // namespace theoremeter
