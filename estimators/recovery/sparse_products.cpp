#include "estimators/recovery/sparse_products.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace theoremeter {

using Eigen::Index;
using Eigen::VectorXd;

SparseProducts::SparseProducts(const Rows& A) : A_(A), single_(A.cast<float>()), lengths_(VectorXd::Zero(A.cols())) {
  add_weighted_squares(A, VectorXd::Ones(A.rows()), lengths_);
  lengths_ = lengths_.cwiseSqrt();
}

const VectorXd& SparseProducts::column(Index j) {
  const auto [at, added] = columns_.try_emplace(j);
  if (added) at->second = A_.col(j);
  return at->second;
}

void SparseProducts::multiply(const VectorXd& z, VectorXd& y) {
  y.setZero();
  for (Index j = 0; j < z.size(); ++j)
    if (z[j] != 0) y += z[j] * column(j);
}

// A float is off by a factor 1 + u, u = 2^-24, or below 2^-126 by 2^-150; a sum of m products of such by (m + 4) u
// times the sum of their moduli, which is at most |w| |a_j|. w is scaled to 1.
void SparseProducts::screen(const VectorXd& z, double scale, const VectorXd& w) {
  const auto m = static_cast<double>(A_.rows());
  const double size = w.lpNorm<Eigen::Infinity>(), relative = 1.01 * (m + 4) * 0x1p-24 * w.norm(),
               absolute = m * 0x1p-120 * size;
  Eigen::VectorXf g = Eigen::VectorXf::Zero(A_.cols());
  if (size > 0) add_weighted_rows(single_, Eigen::VectorXf((w / size).cast<float>()), g);
  least_.resize(z.size()), most_.resize(z.size());
  for (Index j = 0; j < z.size(); ++j) {
    const double v = std::abs(z[j] + scale * size * static_cast<double>(g[j]));
    const double error = std::abs(scale) * (relative * lengths_[j] + absolute) + 1e-15 * std::abs(z[j]);
    least_[j] = v - error, most_[j] = v + error;
  }
}

VectorXd SparseProducts::exact(const VectorXd& z, double scale, const VectorXd& w, double bound) {
  VectorXd v = VectorXd::Zero(z.size());
  for (Index j = 0; j < z.size(); ++j)
    if (!(most_[j] < bound)) v[j] = z[j] + scale * in_order(column(j), w);
  return v;
}

VectorXd SparseProducts::among_largest(const VectorXd& z, double scale, const VectorXd& w, Index s, double slack) {
  screen(z, scale, w);
  for (Index j = 0; j < z.size(); ++j)
    if (std::isnan(least_[j])) return exact(z, scale, w, -1);  // beyond single precision: all of them
  VectorXd moduli = least_;
  std::nth_element(moduli.data(), moduli.data() + (s - 1), moduli.data() + moduli.size(), std::greater<>());
  return exact(z, scale, w, moduli[s - 1] - slack);
}

VectorXd SparseProducts::above(const VectorXd& z, double scale, const VectorXd& w, double bound) {
  screen(z, scale, w);
  return exact(z, scale, w, bound);
}

}  // namespace theoremeter
