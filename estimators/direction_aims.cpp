#include "estimators/direction_aims.hpp"

#include "estimators/decompositions.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
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

/// The x > 0 and y > 0 that make |x a + y b - c| least, if there are such.
template <class Column, class Aim>
std::optional<std::pair<double, double>> nonnegative_least_squares(const Column& a, const Column& b, const Aim& c) {
  const double aa = a.squaredNorm(), ab = a.dot(b), bb = b.squaredNorm(), ac = a.dot(c), bc = b.dot(c);
  const double determinant = aa * bb - ab * ab, x = (bb * ac - ab * bc) / determinant,
               y = (aa * bc - ab * ac) / determinant;
  if (!(determinant > 0 && x > 0 && y > 0 && std::isfinite(x) && std::isfinite(y))) return std::nullopt;
  return std::pair{x, y};
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

std::optional<DirectionAim::Guess> GradientAim::between(const MatrixXd& columns, const RayVectors& at, Index i) const {
  const auto shares = nonnegative_least_squares(at.a.col(i), at.a.col(i + 1), at.c.col(i));
  if (!shares) return std::nullopt;
  const VectorXd x = shares->first * columns.col(i) + shares->second * columns.col(i + 1);
  const double v = (shares->first * at.a.col(i) + shares->second * at.a.col(i + 1) - at.c.col(i)).norm();
  // Of two factors a is no linear function, nor is the score this length.
  return Guess{x, rays_.parts().size() > 1 ? -infinity : v / std::max(1.0, x.norm())};
}

// With s a direction of p: (r a' - c') s + dr a = -(r a - c), by least squares, s orthogonal to p and to what is kept.
VectorXd GradientAim::step(const VectorXd& p, const RayNumbers& ray, const MatrixXd& kept) const {
  constexpr Index largest = 200;  // k; beyond, a step costs more than many lines
  const RadialExtremum least = least_gradient(ray, allowed_(ray));
  if (!(least.r > 0 && least.r < infinity) || p.size() > largest) return VectorXd::Zero(p.size());
  const MatrixXd Q = rays_.across(p, kept);
  if (Q.cols() == p.size()) return VectorXd::Zero(p.size());
  RayVectors at;
  RayWorkspace work;
  rays_.vectors(p, at, work);
  const Rays::Slopes slopes = rays_.slopes(p);
  const MatrixXd J = least.r * slopes.a - slopes.c;
  MatrixXd all(p.size(), p.size() + 1);
  all << J - (J * Q) * Q.transpose(), at.a;
  const VectorXd s = shortest_least_squares(all, at.c - least.r * at.a).head(p.size());
  return s.allFinite() ? s : VectorXd::Zero(p.size());
}

std::optional<DirectionAim::Guess> DescentAim::between(const MatrixXd& columns, const RayVectors& at, Index i) const {
  const auto shares = nonnegative_least_squares(columns.col(i), columns.col(i + 1), -at.c.col(i));
  if (!shares) return std::nullopt;
  const VectorXd p = shares->first * columns.col(i) + shares->second * columns.col(i + 1);
  return Guess{p, p.dot(at.c.col(i)) / p.norm()};
}

VectorXd DescentAim::fall(const Secant& at, const VectorXd& /*p*/, VectorXd& u, Stream& stream) const {
  u = random_direction(u.size(), stream);
  return (at.above.c + at.below.c) / 2;
}

}  // namespace theoremeter
