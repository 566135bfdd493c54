#include "estimators/recovery/spectral.hpp"

#include "estimators/recovery/kernels.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using Positions = std::vector<Index>;

/// The k-th smallest, from 1 on.
double smallest(VectorXd values, Index k) {
  std::nth_element(values.data(), values.data() + (k - 1), values.data() + values.size());
  return values[k - 1];
}

/// Half up, as Octave rounds.
Index rounded(double x) { return static_cast<Index>(std::floor(x + 0.5)); }

Positions at_least(const VectorXd& values, double bound) {
  Positions all;
  for (Index i = 0; i < values.size(); ++i)
    if (values[i] >= bound) all.push_back(i);
  return all;
}

/// The columns at S, by columns.
MatrixXd on(const Rows& A, const Positions& S) {
  MatrixXd B(A.rows(), static_cast<Index>(S.size()));
  for (Index i = 0; i < A.rows(); ++i)
    for (Index j = 0; j < B.cols(); ++j) B(i, j) = A(i, S[static_cast<std::size_t>(j)]);
  return B;
}

VectorXd back_on(const VectorXd& v, const Positions& S, Index n) {
  VectorXd x = VectorXd::Zero(n);
  for (Index j = 0; j < v.size(); ++j) x[S[static_cast<std::size_t>(j)]] = v[j];
  return x;
}

/// `times` times v <- C'D C v, normalised: by the matrix where it is small.
VectorXd leading(const MatrixXd& C, const VectorXd& weights, VectorXd v, int times) {
  v.normalize();
  const bool small = C.cols() <= 2 * times;
  MatrixXd M;
  if (small) M.noalias() = C.transpose() * weights.asDiagonal() * C;
  for (int i = 0; i < times; ++i) {
    const VectorXd w = small ? VectorXd(M * v) : VectorXd(C.transpose() * weights.cwiseProduct(C * v));
    v = w / w.norm();
  }
  return v;
}

/// model-copram's power iteration: at most 20 times, and the vector before the last where it stands still.
VectorXd leading_of_copram(const MatrixXd& M, VectorXd v) {
  for (int i = 0; i < 20; ++i) {
    const VectorXd Mv = M * v, w = Mv / Mv.norm();
    if ((v - w).norm() / v.norm() < 1e-6) break;
    v = w;
  }
  return v;
}

Positions top_support(const Rows& A, const VectorXd& q, Index s) {
  Positions S = largest(marginals(A, q), s);
  std::sort(S.begin(), S.end());
  return S;
}

double root_mean_square(const VectorXd& q) { return std::sqrt(q.squaredNorm() / static_cast<double>(q.size())); }

VectorXd weighted(const MatrixXd& B, const VectorXd& y, const Positions& S, Index n, double length,
                  const VectorXd& normals) {
  const MatrixXd M = B.transpose() * y.asDiagonal() * B;
  return back_on(length * leading_of_copram(M, normals.head(B.cols())), S, n);
}

/// The rows at `rows` over their lengths.
MatrixXd unit_rows(const MatrixXd& B, const VectorXd& lengths, const Positions& rows) {
  MatrixXd C(static_cast<Index>(rows.size()), B.cols());
  for (Index i = 0; i < C.rows(); ++i) {
    const Index row = rows[static_cast<std::size_t>(i)];
    C.row(i) = B.row(row) / lengths[row];
  }
  return C;
}

}  // namespace

VectorXd marginals(const Rows& A, const VectorXd& q) {
  VectorXd sums = VectorXd::Zero(A.cols());
  add_weighted_squares(A, q.cwiseAbs2(), sums);
  return sums;
}

Positions largest(const VectorXd& values, Index s) {
  Positions all(static_cast<std::size_t>(values.size()));
  std::iota(all.begin(), all.end(), 0);
  const auto before = [&](Index a, Index b) { return values[a] > values[b] || (values[a] == values[b] && a < b); };
  std::partial_sort(all.begin(), all.begin() + s, all.end(), before);
  all.resize(static_cast<std::size_t>(s));
  return all;
}

VectorXd sparta_start(const Rows& A, const VectorXd& q, Index s, const VectorXd& normals) {
  const auto m = static_cast<double>(A.rows());
  const double nu = m * static_cast<double>(A.cols()) / sum_of_moduli(A) * q.mean();
  const Positions S = largest(marginals(A, q), s);
  const MatrixXd B = on(A, S);
  const VectorXd lengths = B.rowwise().norm(), ratio = q.array() / (lengths.array() * nu);
  const MatrixXd C = unit_rows(B, lengths, at_least(ratio, smallest(ratio, rounded(m / 1.2))));
  return back_on(nu * leading(C, VectorXd::Ones(C.rows()), normals.head(s), 100), S, A.cols());
}

VectorXd sparta_start_weighted(const Rows& A, const VectorXd& q, Index s, const VectorXd& normals) {
  const Positions S = top_support(A, q, s);
  const MatrixXd B = on(A, S);
  const Positions rows = largest(q.array() / B.rowwise().norm().array(), (A.rows() + 5) / 6);
  VectorXd y = VectorXd::Zero(A.rows());
  for (const Index i : rows) y[i] = q[i] * q[i];
  return weighted(B, y, S, A.cols(), root_mean_square(q), normals);
}

VectorXd copram_start(const Rows& A, const VectorXd& q, Index s, const VectorXd& normals) {
  const Positions S = top_support(A, q, s);
  return weighted(on(A, S), q.cwiseAbs2(), S, A.cols(), root_mean_square(q), normals);
}

VectorXd thwf_start(const Rows& A, const VectorXd& q, const VectorXd& normals) {
  const auto m = static_cast<double>(A.rows()), n = static_cast<double>(A.cols());
  const double mean = q.squaredNorm() / m, bound = (1 + 1.5 * std::sqrt(std::log(m * n) / m)) * mean;
  const VectorXd large = marginals(A, q) / m;
  Positions S;
  for (Index j = 0; j < large.size(); ++j)
    if (large[j] > bound) S.push_back(j);
  if (S.empty()) return VectorXd::Zero(A.cols());
  return weighted(on(A, S), q.cwiseAbs2(), S, A.cols(), std::sqrt(mean), normals);
}

VectorXd taf_start(const Rows& A, const VectorXd& q, const VectorXd& normals) {
  const double nu = root_mean_square(q);
  const VectorXd lengths = A.rowwise().norm(), ratio = q.array() / (lengths.array() * nu);
  const MatrixXd C =
      unit_rows(A, lengths, at_least(ratio, smallest(ratio, rounded(static_cast<double>(A.rows()) / 1.2))));
  return nu * leading(C, VectorXd::Ones(C.rows()), normals, 100);
}

VectorXd raf_start(const Rows& A, const VectorXd& q, const VectorXd& normals) {
  const VectorXd y = q.cwiseAbs2();
  const double bound = smallest(y, rounded(static_cast<double>(A.rows()) / 1.3));
  const Positions kept = at_least(y, bound);
  const VectorXd weights = q(kept).cwiseSqrt();
  return root_mean_square(q) * leading(A(kept, Eigen::all), weights, normals, 200);
}

VectorXd twf_start(const Rows& A, const VectorXd& q, const VectorXd& normals) {
  const VectorXd y = q.cwiseAbs2();
  Positions kept;
  for (Index i = 0; i < y.size(); ++i)
    if (y[i] <= 9 * y.mean()) kept.push_back(i);
  return root_mean_square(q) * leading(A(kept, Eigen::all), y(kept), normals, 50);
}

}  // namespace theoremeter
