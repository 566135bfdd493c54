#include "estimators/descent.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

/// Steps shorter than this are left to the bundle: pieces are not that curved.
constexpr double shortest_step = 1e-3;

/// The first t in {first 2^-i} with f(x - t v) <= from - 1e-4 t |v|^2, but for the rounding of f.
std::optional<double> armijo(const DescentProblem& f, const VectorXd& x, double from, const VectorXd& v, double first,
                             double shortest) {
  const double square = v.squaredNorm(), limit = from * (1 + 0x1p-50);
  for (double t = first; t >= shortest; t /= 2)
    if (f.objective(x - t * v) <= limit - 1e-4 * t * square) return t;
  return std::nullopt;
}

/// The largest of the last ten values: steps need not go down each time (Grippo, Lampariello and Lucidi 1986).
class Memory {
 public:
  double largest_with(double value) {
    last_[next_++ % last_.size()] = value;
    return *std::max_element(last_.begin(), last_.begin() + static_cast<std::ptrdiff_t>(std::min(next_, last_.size())));
  }
  void forget() { next_ = 0; }

 private:
  std::array<double, 10> last_{};
  std::size_t next_ = 0;
};

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

// The corral holds affinely independent columns, the iterate is the least element of their hull. A column on its near
// side joins; while the least element of the affine hull is outside the hull, the iterate moves there as far as it can,
// and the column whose weight has become 0 leaves.
VectorXd least_combination(const Eigen::MatrixXd& V) {
  const Eigen::MatrixXd products = V.transpose() * V;
  const double accuracy = 1e-14 * products.diagonal().maxCoeff();
  Index first = 0;
  products.diagonal().minCoeff(&first);
  std::vector<Index> corral{first};
  VectorXd weight = VectorXd::Ones(1);
  const auto combination = [&] { return VectorXd(V(Eigen::all, corral) * weight); };
  for (Index joins = 0; joins < 10 * V.cols(); ++joins) {
    const VectorXd least = combination();
    Index nearest = 0;
    const double side = (V.transpose() * least).minCoeff(&nearest);
    if (side >= least.squaredNorm() - accuracy || std::count(corral.begin(), corral.end(), nearest) > 0) break;
    corral.push_back(nearest);
    weight.conservativeResize(weight.size() + 1);
    weight(weight.size() - 1) = 0;
    while (true) {
      const Eigen::MatrixXd shifted = (products(corral, corral).array() + products.diagonal().maxCoeff()).matrix();
      VectorXd affine = shifted.ldlt().solve(VectorXd::Ones(weight.size()));
      affine /= affine.sum();
      if (!affine.allFinite() || affine.minCoeff() > 1e-12) {
        if (affine.allFinite()) weight = affine;
        break;
      }
      double share = 1;
      Index leaves = 0;
      for (Index i = 0; i < weight.size(); ++i) {
        if (affine(i) > 1e-12 || weight(i) - affine(i) <= 0) continue;
        const double reaches = weight(i) / (weight(i) - affine(i));
        if (reaches > share) continue;
        share = reaches;
        leaves = i;
      }
      weight += share * (affine - weight);
      corral.erase(corral.begin() + leaves);
      const Index after = weight.size() - leaves - 1;
      weight.segment(leaves, after) = weight.tail(after).eval();
      weight.conservativeResize(weight.size() - 1);
      if (corral.size() == 1) {
        weight(0) = 1;
        break;
      }
    }
  }
  return combination();
}

Descent descend(const DescentProblem& f, VectorXd x, const DescentOptions& options, Stream stream) {
  constexpr double furthest = 1e-2, longest_step = 1e4;
  double step = 1, radius = furthest;
  Memory memory;
  Descent result;
  VectorXd v = f.gradient(x);
  for (; result.steps < options.steps; ++result.steps) {
    result.gradient = f.size(x, v);
    if (x.norm() <= options.tolerance)
      result.stop = Stop::zero;
    else if (result.gradient <= options.tolerance)
      result.stop = Stop::stationary;
    if (result.stop != Stop::budget) break;

    const double at_x = f.objective(x);
    VectorXd along = v;
    std::optional<double> t = armijo(f, x, memory.largest_with(at_x), v, step, shortest_step);
    while (!t && radius >= options.nearest) {
      along = least_combination(nearby_gradients(f, x, radius * std::max(x.norm(), 1.0), stream));
      result.gradient = f.size(x, along);
      if (result.gradient > options.kink_tolerance) t = armijo(f, x, at_x, along, 1, 1e-2 * radius);
      if (t)
        memory.forget();
      else
        radius /= 10;
    }
    if (!t) {
      if (result.gradient <= options.kink_tolerance) result.stop = Stop::kink;
      break;
    }
    VectorXd next = x - *t * along;
    f.normalise(next);
    const VectorXd s = next - x, y = f.gradient(next) - v;
    step = s.dot(y) > 0 ? std::clamp(s.squaredNorm() / s.dot(y), shortest_step, longest_step) : 1;
    x = std::move(next);
    v += y;
  }
  result.x = std::move(x);
  return result;
}

}  // namespace theoremeter
