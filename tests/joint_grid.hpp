// The joint WDC's first deviation over dense grids, by its definition, in dimensions 1 and 2.
#pragma once

#include "theory/operators.hpp"
#include "theory/types.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace theoremeter::testing {

inline Eigen::VectorXd on_circle(double t) { return Eigen::Vector2d(std::cos(t), std::sin(t)); }

/// Points of a sphere of dimension 1 or 2: all of them, or so many on the circle and those around H's hyperplanes.
inline std::vector<Eigen::VectorXd> dense(const Rows& H, int points) {
  if (H.cols() == 1) return {Eigen::VectorXd::Ones(1), -Eigen::VectorXd::Ones(1)};
  std::vector<Eigen::VectorXd> all;
  for (int j = 0; j < points; ++j) all.push_back(on_circle(2 * std::numbers::pi * j / points));
  for (Eigen::Index i = 0; i < H.rows(); ++i)
    for (double turn : {0.5, 1.5})
      for (double step : {-1e-9, 1e-9})
        all.push_back(on_circle(std::atan2(H(i, 1), H(i, 0)) + turn * std::numbers::pi + step));
  return all;
}

/// For every pair of points of H's sphere (u before or at v), the products of the two factors.
struct PairFactors {
  Eigen::VectorXd u, v;
  Eigen::ArrayXd product;
};

inline std::vector<PairFactors> pairs(const Rows& H, int points, bool relu) {
  std::vector<PairFactors> all;
  const std::vector<Eigen::VectorXd> at = dense(H, points);
  const auto factors = [&](const Eigen::VectorXd& x) -> Eigen::ArrayXd {
    const Eigen::ArrayXd z = H * x;
    return relu ? Eigen::ArrayXd(z.max(0)) : Eigen::ArrayXd((z > 0).cast<double>());
  };
  for (std::size_t b = 0; b < at.size(); ++b)
    for (std::size_t a = 0; a <= b; ++a) all.push_back({at[a], at[b], factors(at[a]) * factors(at[b])});
  return all;
}

/// The largest deviation (6) over dense grids of all four spheres.
inline double grid_maximum(const Rows& B, const Rows& C, double alpha, int points) {
  const double l = static_cast<double>(B.rows());
  const std::vector<PairFactors> second = pairs(C, points, true);
  double largest = 0;
  for (const PairFactors& first : pairs(B, points, false)) {
    const Eigen::MatrixXd q = Q(first.u, first.v).dense();
    for (const PairFactors& my : second) {
      const Eigen::ArrayXd c = l * first.product * my.product;
      Eigen::MatrixXd F = B.transpose() * c.matrix().asDiagonal() * B;
      F -= alpha * my.u.dot(Q(my.u, my.v).apply(my.v)) * q;
      if (F.rows() == 1) {
        largest = std::max(largest, std::abs(F(0, 0)));
      } else {
        const double mean = F.trace() / 2, spread = std::hypot((F(0, 0) - F(1, 1)) / 2, F(1, 0));
        largest = std::max(largest, std::abs(mean) + spread);
      }
    }
  }
  return largest;
}

}  // namespace theoremeter::testing
