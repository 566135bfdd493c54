// Hyperplanes that coincide: rows that are exactly parallel flip together, and a bound must know it. Of w and -w only
// one is ever active; counted separately both would stay undecided, however small the cone.
#pragma once

#include "estimators/deviation.hpp"

#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

namespace theoremeter {

/// One hyperplane <h, x> = 0: h, and sum |h_i|^2 / |h|^2 over the rows h_i parallel to h that point the same and the
/// opposite way.
struct Hyperplane {
  Eigen::Index row = 0;  // h, as a row of the matrix
  double same = 0;
  double opposite = 0;
};

/// Is a b = c d, exactly? Each product is compared as the sum of two doubles (barring underflow).
inline bool equal_products(double a, double b, double c, double d) {
  const double p = a * b, q = c * d;
  return p == q && std::fma(a, b, -p) == std::fma(c, d, -q);
}

/// The distinct hyperplanes of H's rows, zero and negligible rows left out. Exact: equal directions have equal
/// correctly rounded quotients, and what shares those is compared by exact products.
inline std::vector<Hyperplane> distinct_hyperplanes(const Rows& H) {
  // Rows this small add less than 1e-200 of the trace to S, far inside the rounding margin; their squares could
  // underflow.
  const double negligible = H.size() ? 1e-100 * H.cwiseAbs().maxCoeff() : 0;
  std::vector<Hyperplane> distinct;
  std::multimap<std::vector<double>, std::size_t> seen;
  for (Eigen::Index i = 0; i < H.rows(); ++i) {
    Eigen::Index pivot = 0;
    if (H.row(i).cwiseAbs().maxCoeff(&pivot) <= negligible) continue;
    std::vector<double> key(static_cast<std::size_t>(H.cols()));
    for (Eigen::Index b = 0; b < H.cols(); ++b) key[static_cast<std::size_t>(b)] = H(i, b) / H(i, pivot) + 0.0;
    Hyperplane* parallel = nullptr;
    for (auto [it, end] = seen.equal_range(key); it != end && !parallel; ++it) {
      const auto h = H.row(distinct[it->second].row);
      bool same = true;
      for (Eigen::Index b = 0; b < H.cols(); ++b) same = same && equal_products(H(i, b), h(pivot), h(b), H(i, pivot));
      if (same) parallel = &distinct[it->second];
    }
    if (!parallel) {
      seen.emplace(std::move(key), distinct.size());
      parallel = &distinct.emplace_back(Hyperplane{i, 0, 0});
    }
    const double scale = H(i, pivot) / H(parallel->row, pivot);
    (scale > 0 ? parallel->same : parallel->opposite) += scale * scale;
  }
  return distinct;
}

/// The coefficient of a hyperplane where <h, p_0> and <h, p_1> have the signs of z and w (-1, 0 or 1), in multiples of
/// r r'.
template <SignDeviation D>
double coefficient(const D& d, const Hyperplane& h, double z, double w) {
  return h.same * d.factor(0, z) * d.factor(1, w) + h.opposite * d.factor(0, -z) * d.factor(1, -w);
}

/// Is the coefficient on the hyperplane the same as on its negative side, whatever the other argument does?
template <SignDeviation D>
bool zero_counts_as_negative(const D& d, const Hyperplane& h) {
  for (double z : {-1.0, 0.0, 1.0})
    if (coefficient(d, h, 0, z) != coefficient(d, h, -1, z) || coefficient(d, h, z, 0) != coefficient(d, h, z, -1))
      return false;
  return true;
}

}  // namespace theoremeter
