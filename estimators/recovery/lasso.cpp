#include "estimators/recovery/lasso.hpp"

#include "estimators/decompositions.hpp"
#include "estimators/recovery/kernels.hpp"

#include <cmath>
#include <vector>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

/// |A'A|, a little more than a power iteration finds.
double lipschitz(const Rows& A) {
  constexpr int times = 50;
  VectorXd v = VectorXd::Ones(A.cols()), y(A.rows()), w(A.cols());
  double length = 0;
  for (int i = 0; i < times; ++i) {
    v.normalize();
    multiply(A, v, y);
    w.setZero();
    add_weighted_rows(A, y, w);
    length = w.norm();
    v = w;
  }
  return 1.05 * length;
}

void least_squares_on_support(const Rows& A, const VectorXd& b, VectorXd& x) {
  std::vector<Index> support;
  for (Index j = 0; j < x.size(); ++j)
    if (x[j] != 0) support.push_back(j);
  if (support.empty() || static_cast<Index>(support.size()) > A.rows()) return;
  const VectorXd v = PivotedQr(A(Eigen::all, support)).least_squares(b);
  for (std::size_t j = 0; j < support.size(); ++j) x[support[j]] = v[static_cast<Index>(j)];
}

}  // namespace

RecoveryRun lasso(const Rows& A, const VectorXd& b, VectorXd x, const Lasso& how, const RunRules& rules) {
  const double L = lipschitz(A);
  VectorXd y(A.rows()), g = VectorXd::Zero(A.cols()), ahead = x;
  add_weighted_rows(A, b, g);
  const double bound = how.lambda * g.lpNorm<Eigen::Infinity>() / L;
  Recorder recorder(rules);
  const auto residual = [&] { return multiply(A, x, y), (y - b).norm() / b.norm(); };
  double t = 1;
  for (std::int64_t step = 0; !recorder.at(step, x, residual); ++step) {
    multiply(A, ahead, y);
    g.setZero();
    add_weighted_rows(A, y - b, g);
    const VectorXd before = x;
    x = (ahead - g / L).unaryExpr([&](double v) { return v > bound ? v - bound : v < -bound ? v + bound : 0.0; });
    const double next = (1 + std::sqrt(1 + 4 * t * t)) / 2;
    ahead = x + (t - 1) / next * (x - before);
    t = next;
  }
  RecoveryRun run = recorder.run();
  if (!how.debias || run.ended == Ended::diverged) return run;
  least_squares_on_support(A, b, run.x);
  x = run.x;
  run.residual = residual();
  return run;
}

}  // namespace theoremeter
