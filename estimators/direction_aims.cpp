#include "estimators/direction_aims.hpp"

#include "estimators/decompositions.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// All but the largest factor's part becomes 0.
void keep_largest(VectorXd& e, const std::vector<Index>& parts) {
  Index from = 0, largest_from = 0, largest_size = 0;
  double largest = -1;
  for (const Index size : parts) {
    if (const double length = e.segment(from, size).norm(); length > largest)
      largest = length, largest_from = from, largest_size = size;
    from += size;
  }
  const VectorXd kept = e.segment(largest_from, largest_size);
  e.setZero();
  e.segment(largest_from, largest_size) = kept;
}

/// e/|e|; 0 stays.
VectorXd along(const VectorXd& e) { return e.stableNorm() > 0 ? VectorXd(e.stableNormalized()) : VectorXd(e); }

VectorXd random_direction(Index k, Stream& stream) {
  return VectorXd::NullaryExpr(k, [&] { return stream.normal(); }).normalized();
}

void put_on_spheres(MatrixXd& columns, const std::vector<Index>& parts) {
  Index from = 0;
  for (const Index size : parts) {
    columns.middleRows(from, size).colwise().normalize();
    from += size;
  }
}

}  // namespace

VectorXd ErrorAim::fall(const Secant& at, const VectorXd& /*p*/, VectorXd& u, Stream& /*stream*/) const {
  const auto error = [&](const RayVectors& v, double in_a, double in_c) -> VectorXd {
    return in_a * (rays_.unit() * v.a - v.identity) - in_c * (rays_.unit() * v.c - v.H);
  };
  const std::vector<Index> parts = rays_.parts();
  VectorXd rise = VectorXd::Zero(u.size());
  double largest = 0;
  for (const auto& [in_a, in_c] : {std::pair{0.0, 1.0}, std::pair{1.0, 1.0}, std::pair{1.0, 0.0}}) {
    const VectorXd above = error(at.above, in_a, in_c), below = error(at.below, in_a, in_c);
    VectorXd mean = (above + below) / 2;
    keep_largest(mean, parts);
    if (!(mean.norm() > largest)) continue;
    largest = mean.norm();
    u = along(mean);
    rise = (above - below) / (2 * at.h);
  }
  return -rise;
}

/// The derivatives by the factors' cosines, on which the radii allowed depend.
VectorXd GradientAim::by_cosines(const RayNumbers& ray) const {
  constexpr double step = 1e-4;
  const std::vector<Index> parts = rays_.parts();
  const std::vector<VectorXd> x0 = rays_.solution();
  VectorXd slope = VectorXd::Zero(rays_.dimension());
  Index from = 0;
  for (std::size_t i = 0; i < parts.size(); from += parts[i++]) {
    RayNumbers less = ray, more = ray;
    less.factor[i].cosine = std::max(-1.0, ray.factor[i].cosine - step);
    more.factor[i].cosine = std::min(1.0, ray.factor[i].cosine + step);
    const double change = score(more) - score(less);
    if (std::isfinite(change))
      slope.segment(from, parts[i]) = change / (more.factor[i].cosine - less.factor[i].cosine) * x0[i];
  }
  return slope;
}

VectorXd GradientAim::fall(const Secant& at, const VectorXd& p, VectorXd& u, Stream& stream) const {
  const std::vector<Index> parts = rays_.parts();
  const std::vector<VectorXd> x0 = rays_.solution();
  const VectorXd a = (at.above.a + at.below.a) / 2, c = (at.above.c + at.below.c) / 2;
  RayNumbers ray;
  ray.factors = static_cast<int>(parts.size());
  Index from = 0;
  for (std::size_t i = 0; i < parts.size(); from += parts[i++]) {
    const auto a_i = a.segment(from, parts[i]), c_i = c.segment(from, parts[i]);
    ray.factor[i] = {a_i.squaredNorm(), a_i.dot(c_i), c_i.squaredNorm(), 0, p.segment(from, parts[i]).dot(x0[i])};
  }
  const RadialExtremum least = least_gradient(ray, allowed_(ray));
  if (!(least.value < infinity)) return random_direction(p.size(), stream);  // nothing of this ray is outside
  const double in_a = std::min(least.r, 1.0), in_c = least.r > 1 ? 1 / least.r : 1;
  VectorXd v = in_a * a - in_c * c;
  keep_largest(v, parts);
  u = along(v);
  return by_cosines(ray) + (in_a * (at.above.a - at.below.a) - in_c * (at.above.c - at.below.c)) / (2 * at.h);
}

void GradientAim::finish(MatrixXd& columns, std::int64_t& evaluations) const {
  constexpr int most_steps = 10;
  constexpr std::array shares{1.0, 0.5, 0.2, 0.05};  // of a step
  constexpr double apart = 1e-7;                     // points whose v are subtracted, over |x|
  const Index k = columns.rows(), tries = static_cast<Index>(shares.size());
  const std::vector<Index> parts = rays_.parts();
  std::array<RayNumbers, shares.size()> numbers;
  RayNumbers here;
  RayVectors v;
  RayWorkspace work;
  for (Index j = 0; j < columns.cols(); ++j) {
    rays_.evaluate(columns.col(j), &here, work);
    for (int step = 0; step < most_steps; ++step) {
      const RadialExtremum least = least_gradient(here, allowed_(here));
      if (!(least.value > 0 && least.value < infinity && least.r > 0 && least.r < infinity)) break;
      const VectorXd x = std::pow(least.r, 1 / static_cast<double>(parts.size())) * columns.col(j);
      const double length = apart * x.norm();
      MatrixXd points = x.replicate(1, k + 1);
      points.rightCols(k).diagonal().array() += length;
      rays_.vectors(points, v, work);
      const MatrixXd V = v.a - v.c;
      const VectorXd newton = shortest_least_squares((V.rightCols(k).colwise() - V.col(0)) / length, V.col(0));
      evaluations += k + 1 + tries;
      if (!newton.allFinite()) break;
      MatrixXd next(k, tries);
      for (Index i = 0; i < tries; ++i) next.col(i) = x - shares[static_cast<std::size_t>(i)] * newton;
      put_on_spheres(next, parts);
      rays_.evaluate(next, numbers.data(), work);
      const auto best = std::min_element(numbers.begin(), numbers.end(), [this](const auto& one, const auto& other) {
        return score(one) < score(other);
      });
      if (!(score(*best) < least.value)) break;
      columns.col(j) = next.col(best - numbers.begin());
      here = *best;
    }
  }
}

VectorXd DescentAim::fall(const Secant& at, const VectorXd& /*p*/, VectorXd& u, Stream& stream) const {
  u = random_direction(u.size(), stream);
  return (at.above.c + at.below.c) / 2;
}

}  // namespace theoremeter
