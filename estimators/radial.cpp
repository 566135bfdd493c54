#include "estimators/radial.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace theoremeter {
namespace {

/// |r a - c|^2/max(r, 1)^2.
double square(const RayFactor& f, double r) {
  const double u = 1 / r;
  return std::max(0.0, r <= 1 ? (f.aa * r - 2 * f.ac) * r + f.cc : (f.cc * u - 2 * f.ac) * u + f.aa);
}

/// Where the squares of two factors are equal: (aa - aa') r^2 - 2 (ac - ac') r + (cc - cc') = 0.
std::array<double, 2> crossings(const RayFactor& f, const RayFactor& g) {
  const double A = f.aa - g.aa, B = f.ac - g.ac, C = f.cc - g.cc;
  const double root = std::sqrt(B * B - A * C);  // NaN where they do not cross
  const double q = B + std::copysign(root, B);
  return {q / A, C / q};
}

}  // namespace

double RayNumbers::error() const { return factors == 1 ? factor[0].error : std::max(factor[0].error, factor[1].error); }

RadialExtremum largest_error(const Eigen::VectorXd& alpha, const Eigen::VectorXd& beta) {
  const double at_0 = beta.norm(), at_1 = (alpha - beta).norm(), at_infinity = alpha.norm();
  if (at_0 >= at_1 && at_0 >= at_infinity) return {at_0, 0};
  return at_1 >= at_infinity ? RadialExtremum{at_1, 1} : RadialExtremum{at_infinity, infinity};
}

// Squares are taken of numbers of size 1.
RadialExtremum population_error(const Eigen::VectorXd& p, const Eigen::VectorXd& a, const Eigen::VectorXd& c,
                                const Eigen::VectorXd& H, double unit) {
  const double size = std::max(unit, 1.0), of_instance = unit / size, of_population = 1 / size;
  RadialExtremum largest = largest_error(of_instance * a - of_population * p, of_instance * c - of_population * H);
  largest.value *= size;
  return largest;
}

RayFactor ray_factor(const Eigen::VectorXd& p, const Eigen::VectorXd& a, const Eigen::VectorXd& c,
                     const Eigen::VectorXd& H, const Eigen::VectorXd& x0, double unit) {
  return {a.squaredNorm(), a.dot(c), c.squaredNorm(), population_error(p, a, c, H, unit).value, p.dot(x0)};
}

std::vector<Interval> outside(std::vector<Interval> excluded) {
  std::sort(excluded.begin(), excluded.end(), [](const Interval& a, const Interval& b) { return a.lo < b.lo; });
  std::vector<Interval> allowed;
  double from = 0;
  for (const Interval& e : excluded) {
    if (e.lo > from) allowed.push_back({from, e.lo});
    from = std::max(from, e.hi);
  }
  if (from < infinity) allowed.push_back({from, infinity});
  return allowed;
}

double scaled_gradient(const RayNumbers& ray, double r) {
  double largest = 0;
  for (int i = 0; i < ray.factors; ++i) largest = std::max(largest, square(ray.factor[static_cast<std::size_t>(i)], r));
  return std::sqrt(largest);
}

RadialExtremum least_gradient(const RayNumbers& ray, const std::vector<Interval>& allowed) {
  std::array<double, 7> critical{1, 1, 1, 1, 1, 1, 1};
  std::size_t count = 1;
  for (int i = 0; i < ray.factors; ++i) {
    const RayFactor& f = ray.factor[static_cast<std::size_t>(i)];
    critical[count++] = f.ac / f.aa;
    critical[count++] = f.cc / f.ac;
  }
  if (ray.factors == 2)
    for (const double r : crossings(ray.factor[0], ray.factor[1])) critical[count++] = r;

  RadialExtremum least{infinity, infinity};
  const auto consider = [&](double r) {
    const double value = scaled_gradient(ray, r);
    if (value < least.value) least = {value, r};
  };
  for (const Interval& in : allowed) {
    consider(in.lo);
    consider(in.hi);
    for (std::size_t i = 0; i < count; ++i)
      if (critical[i] > in.lo && critical[i] < in.hi) consider(critical[i]);
  }
  return least;
}

}  // namespace theoremeter
