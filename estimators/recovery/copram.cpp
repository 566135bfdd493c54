#include "estimators/recovery/copram.hpp"

#include "estimators/decompositions.hpp"
#include "estimators/recovery/amplitude.hpp"
#include "estimators/recovery/spectral.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// min |B x - u| over x with this support, the shortest where there are several.
VectorXd least_squares(SparseProducts& A, Index n, double scale, const VectorXd& u, const std::vector<Index>& support) {
  MatrixXd B(u.size(), static_cast<Index>(support.size()));
  for (Index j = 0; j < B.cols(); ++j) B.col(j) = A.column(support[static_cast<std::size_t>(j)]) / scale;
  VectorXd v;
  if (2 * B.cols() <= B.rows()) {  // well conditioned, and quicker
    MatrixXd gram = MatrixXd::Zero(B.cols(), B.cols());
    gram.selfadjointView<Eigen::Lower>().rankUpdate(B.transpose());
    v = solve_definite(gram, B.transpose() * u);
  } else {
    v = shortest_least_squares(B, u);
  }
  VectorXd x = VectorXd::Zero(n);
  for (Index j = 0; j < v.size(); ++j) x[support[static_cast<std::size_t>(j)]] = v[j];
  return x;
}

}  // namespace

std::vector<VectorXd> cosamp(SparseProducts& A, double scale, const VectorXd& u, VectorXd x, std::int64_t s,
                             const CopramRules& how) {
  std::vector<VectorXd> iterates;
  VectorXd y(u.size()), before = VectorXd::Zero(x.size());
  const VectorXd none = before;
  const Index twice = std::min<Index>(2 * s, x.size());
  for (std::int64_t k = 0; k < how.inner_steps; ++k) {
    A.multiply(x, y);
    const VectorXd proxy = A.among_largest(none, 1, (u - y / scale) / scale, twice);
    std::set<Index> support;
    for (const Index j : largest(proxy.cwiseAbs(), twice)) support.insert(j);
    for (Index j = 0; j < x.size(); ++j)
      if (x[j] != 0) support.insert(j);
    x = least_squares(A, x.size(), scale, u, {support.begin(), support.end()});
    keep_largest(x, s);
    iterates.push_back(x);
    if ((x - before).norm() < how.inner_change * x.norm()) break;
    before = x;
  }
  return iterates;
}

RecoveryRun copram(const Rows& A, const VectorXd& q, VectorXd x, std::int64_t s, const RunRules& rules,
                   const CopramRules& how) {
  const double scale = std::sqrt(static_cast<double>(A.rows()));
  Recorder recorder(rules);
  SparseProducts products(A);
  VectorXd y(A.rows());
  for (std::int64_t t = 0;; ++t) {
    products.multiply(x, y);
    if (recorder.at(t, x, [&] { return amplitude_residual(y, q); })) return recorder.run();
    const VectorXd u = y.binaryExpr(q, [](double p, double a) { return p > 0 ? a : p < 0 ? -a : 0.0; }) / scale;
    x = cosamp(products, scale, u, x, s, how).back();
  }
}

}  // namespace theoremeter
