#include "estimators/recovery/wirtinger.hpp"

#include "estimators/recovery/amplitude.hpp"
#include "estimators/recovery/kernels.hpp"
#include "estimators/recovery/sparse_products.hpp"

#include <cmath>

namespace theoremeter {

using Eigen::Index;
using Eigen::VectorXd;

RecoveryRun twf(const Rows& A, const VectorXd& q, VectorXd z, double step, const RunRules& rules) {
  constexpr double least = 0.3, most = 5, most_residual = 5;
  const VectorXd y = q.cwiseAbs2();
  Recorder recorder(rules);
  VectorXd p(A.rows()), w(A.rows()), g(A.cols());
  for (std::int64_t t = 0;; ++t) {
    multiply(A, z, p);
    if (recorder.at(t, z, [&] { return amplitude_residual(p, q); })) return recorder.run();
    const double length = z.norm(), K = (p.cwiseAbs2() - y).cwiseAbs().mean();
    for (Index i = 0; i < p.size(); ++i) {
      const double ratio = std::abs(p[i]) / length, r = p[i] * p[i] - y[i];
      const bool kept = least <= ratio && ratio <= most && std::abs(r) <= most_residual * K * ratio;
      w[i] = kept ? 2 * r / p[i] : 0;
    }
    g.setZero();
    add_weighted_rows(A, w, g);
    z -= step / static_cast<double>(A.rows()) * g;
  }
}

RecoveryRun thwf(const Rows& A, const VectorXd& q, VectorXd x, double step, const RunRules& rules) {
  const auto m = static_cast<double>(A.rows()), n = static_cast<double>(A.cols());
  const VectorXd y = q.cwiseAbs2();
  const double mu = step / y.mean(), beta = 0.3 * std::log(m * n) / (m * m);
  Recorder recorder(rules);
  SparseProducts products(A);
  VectorXd p(A.rows()), w(A.rows());
  for (std::int64_t t = 0;; ++t) {
    products.multiply(x, p);
    if (recorder.at(t, x, [&] { return amplitude_residual(p, q); })) return recorder.run();
    w = (p.cwiseAbs2() - y).cwiseProduct(p);
    const double bound = mu * std::sqrt(beta * w.squaredNorm());
    x = products.above(x, -mu / m, w, bound);
    x = x.unaryExpr([&](double v) { return v > bound ? v - bound : v < -bound ? v + bound : 0.0; });
  }
}

}  // namespace theoremeter
