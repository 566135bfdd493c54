// Hyperplanes that coincide: rows that are exactly parallel flip together, and a bound must know it. Of w and -w only
// one is ever active; counted separately both would stay undecided, however small the cone.
#pragma once

#include "estimators/deviation.hpp"
#include "estimators/integers.hpp"

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

/// The sign of a b - c d, exact. Rounding is monotone: only where the rounded products agree is there more to be known,
/// and then it is the rounding errors, as long as those do not underflow.
inline int compare_products(double a, double b, double c, double d) {
  const double p = a * b, q = c * d;
  if (p != q) return p > q ? 1 : -1;
  if (std::abs(p) > 0x1p-900) {
    const double pe = std::fma(a, b, -p), qe = std::fma(c, d, -q);
    return pe > qe ? 1 : pe < qe ? -1 : 0;
  }
  const auto product = [](double x, double y) { return Integer(OddMantissa(x).mantissa) * OddMantissa(y).mantissa; };
  const Integer ab = product(a, b), cd = product(c, d);
  if (ab == 0 || cd == 0) return ab.sign() - cd.sign();
  const int up = OddMantissa(a).exponent + OddMantissa(b).exponent - OddMantissa(c).exponent - OddMantissa(d).exponent;
  return Integer(up > 0 ? (ab << up) - cd : ab - (cd << -up)).sign();
}

/// Is a b = c d, exactly?
inline bool equal_products(double a, double b, double c, double d) { return compare_products(a, b, c, d) == 0; }

/// The distinct hyperplanes of H's rows, rows of zeros left out; h is the first of its rows, or one 2^100 times longer,
/// so that no square overflows. R: the rows themselves, of which H's are positive multiples. Exact: equal directions
/// have equal correctly rounded quotients, and what shares those is compared by exact products.
inline std::vector<Hyperplane> distinct_hyperplanes(const Rows& H, const Rows& R) {
  const auto pivot_of = [&H](Eigen::Index i) {
    Eigen::Index pivot = 0;
    H.row(i).cwiseAbs().maxCoeff(&pivot);
    return pivot;
  };
  std::vector<std::vector<Eigen::Index>> classes;  // of parallel rows
  std::multimap<std::vector<double>, std::size_t> seen;
  for (Eigen::Index i = 0; i < H.rows(); ++i) {
    const Eigen::Index pivot = pivot_of(i);
    if (H(i, pivot) == 0) continue;
    std::vector<double> key(static_cast<std::size_t>(H.cols()));
    for (Eigen::Index b = 0; b < H.cols(); ++b) key[static_cast<std::size_t>(b)] = H(i, b) / H(i, pivot) + 0.0;
    std::vector<Eigen::Index>* parallel = nullptr;
    for (auto [it, end] = seen.equal_range(key); it != end && !parallel; ++it) {
      const auto h = H.row(classes[it->second][0]);
      bool same = true;
      for (Eigen::Index b = 0; b < H.cols(); ++b) same = same && equal_products(H(i, b), h(pivot), h(b), H(i, pivot));
      if (same) parallel = &classes[it->second];
    }
    if (!parallel) {
      seen.emplace(std::move(key), classes.size());
      parallel = &classes.emplace_back();
    }
    parallel->push_back(i);
  }
  std::vector<Hyperplane> distinct;
  for (const auto& rows : classes) {
    const Eigen::Index pivot = pivot_of(rows[0]);
    Hyperplane h{rows[0], 0, 0};
    for (const Eigen::Index i : rows)
      if (std::abs(R(i, pivot)) > 0x1p100 * std::abs(R(h.row, pivot))) h.row = i;
    const double of_h = R(h.row, pivot);
    for (const Eigen::Index i : rows) {
      const double scale = of_h == 0 ? 1 : R(i, pivot) / of_h;
      ((H(i, pivot) > 0) == (H(h.row, pivot) > 0) ? h.same : h.opposite) += scale * scale;
    }
    distinct.push_back(h);
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
