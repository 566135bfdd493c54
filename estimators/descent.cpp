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

/// Wolfe's corral: affinely independent columns, and their weights in the least element of their hull.
class Corral {
 public:
  explicit Corral(const Eigen::MatrixXd& V) : V_(V), products_(V.transpose() * V) {
    Index first = 0;
    largest_ = products_.diagonal().maxCoeff();
    products_.diagonal().minCoeff(&first);
    columns_ = {first};
    weight_ = VectorXd::Ones(1);
  }

  VectorXd least() const { return V_(Eigen::all, columns_) * weight_; }

  /// The column furthest on the near side of the plane through the least element, unless that separates all from 0.
  std::optional<Index> beyond(const VectorXd& least) const {
    Index nearest = 0;
    const double side = (V_.transpose() * least).minCoeff(&nearest);
    if (side >= least.squaredNorm() - 1e-14 * largest_) return std::nullopt;
    return std::count(columns_.begin(), columns_.end(), nearest) > 0 ? std::nullopt : std::optional(nearest);
  }

  /// While the least element of the affine hull lies outside the hull, the iterate moves towards it as far as it can,
  /// and the column whose weight has become 0 leaves.
  void join(Index column) {
    columns_.push_back(column);
    weight_.conservativeResize(weight_.size() + 1);
    weight_(weight_.size() - 1) = 0;
    while (columns_.size() > 1) {
      const VectorXd affine = least_of_affine_hull();
      if (!affine.allFinite()) return;
      double share = 1;
      Index leaves = -1;
      for (Index i = 0; i < weight_.size(); ++i) {
        if (affine(i) > 1e-12) continue;
        const double reaches = weight_(i) > affine(i) ? weight_(i) / (weight_(i) - affine(i)) : 0;
        if (leaves >= 0 && reaches >= share) continue;
        share = reaches;
        leaves = i;
      }
      weight_ += share * (affine - weight_);
      if (leaves < 0) return;
      leave(leaves);
    }
    weight_(0) = 1;
  }

 private:
  // Adding a constant to all products adds it to |V w|^2 wherever the weights add up to 1.
  VectorXd least_of_affine_hull() const {
    const Eigen::MatrixXd shifted = (products_(columns_, columns_).array() + largest_).matrix();
    const VectorXd w = shifted.ldlt().solve(VectorXd::Ones(weight_.size()));
    return w / w.sum();
  }
  void leave(Index i) {
    columns_.erase(columns_.begin() + i);
    const Index after = weight_.size() - i - 1;
    weight_.segment(i, after) = weight_.tail(after).eval();
    weight_.conservativeResize(weight_.size() - 1);
  }

  const Eigen::MatrixXd& V_;
  Eigen::MatrixXd products_;
  double largest_;
  std::vector<Index> columns_;
  VectorXd weight_;
};

/// A point below x along u, a direction of descent; none where f, in doubles, does not show it.
std::optional<VectorXd> below_along(const DescentProblem& f, const VectorXd& x, const VectorXd& u) {
  const double at_x = f.objective(x), length = std::max(x.norm(), 1.0);
  for (double t = 0.1 * length; t >= 1e-7 * length; t /= 4)
    if (f.objective(x + t * u) < at_x) return x + t * u;
  return std::nullopt;
}

/// The lowest of the points a little way from x in directions in which f falls from x on: along the axes, against
/// gradients nearby, and at random. None at a local minimum.
std::optional<VectorXd> below(const DescentProblem& f, const VectorXd& x, double tolerance, Stream& stream) {
  const Index k = x.size();
  const double length = std::max(x.norm(), 1.0), t = 1e-6 * length, at_x = f.objective(x);
  const double strict = tolerance * std::max(at_x, 1.0) / length;
  std::vector<VectorXd> directions;
  for (Index i = 0; i < k; ++i)
    for (const double sign : {1.0, -1.0}) directions.emplace_back(sign * VectorXd::Unit(k, i));
  const Eigen::MatrixXd gradients = nearby_gradients(f, x, t, stream);
  for (Index j = 0; j < gradients.cols(); ++j) directions.emplace_back(-gradients.col(j).normalized());
  for (Index i = 0; i < 8 * k; ++i)
    directions.push_back(VectorXd::NullaryExpr(k, [&] { return stream.normal(); }).normalized());
  std::optional<VectorXd> lowest;
  double least = at_x;
  for (const VectorXd& u : directions) {
    const auto falls = [&](double step) { return f.objective(x + step * u) < at_x - step * strict; };
    if (!falls(t) || !falls(t / 8)) continue;
    const double there = f.objective(x + t * u);
    if (there >= least) continue;
    least = there;
    lowest = x + t * u;
  }
  return lowest;
}

}  // namespace

VectorXd least_combination(const Eigen::MatrixXd& V) {
  Corral corral(V);
  VectorXd least = corral.least();
  for (Index joins = 0; joins < 10 * V.cols(); ++joins) {
    const std::optional<Index> column = corral.beyond(least);
    if (!column) break;
    corral.join(*column);
    least = corral.least();
  }
  return least;
}

Descent descend(const DescentProblem& f, VectorXd x, const DescentOptions& options, Stream stream) {
  constexpr double furthest = 1e-2, longest_step = 1e4;
  double step = 1, radius = furthest;
  Memory memory;
  Descent result;
  VectorXd v = f.gradient(x);
  // v says nothing of the other sides of a kink: is there one on which f falls?
  const auto escape = [&] {
    std::optional<VectorXd> lower;
    if (f.directions) {
      const AllDirections around = f.directions(x, options.kink_tolerance);
      if (around.descent) lower = below_along(f, x, *around.descent);
      result.checked = around.all && !around.descent;
      if (result.checked) result.gradient = std::min(result.gradient, f.size(x, around.least));
    }
    if (!lower && !result.checked) lower = below(f, x, options.kink_tolerance, stream);
    if (!lower) return false;
    x = std::move(*lower);
    f.normalise(x);
    v = f.gradient(x);
    step = 1;
    radius = furthest;
    memory.forget();
    return true;
  };
  for (; result.steps < options.steps; ++result.steps) {
    result.gradient = f.size(x, v);
    if (x.norm() <= options.tolerance)
      result.stop = Stop::zero;
    else if (result.gradient <= options.tolerance) {
      if (escape()) continue;
      result.stop = Stop::stationary;
    }
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
      if (escape()) continue;
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
