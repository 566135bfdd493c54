#include "estimators/recovery/amplitude.hpp"

#include "estimators/recovery/kernels.hpp"
#include "estimators/recovery/spectral.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

/// w_i (q_i sgn(y_i) - y_i), y = a_i'z.
double pull(double y, double q, const AmplitudeFlow& how) {
  const double modulus = std::abs(y), sign = y > 0 ? 1 : y < 0 ? -1 : 0;
  if (how.eta > 0) {
    const double r = modulus / q, w = std::isinf(r) ? 1 : r / (r + how.eta);
    return w * (q * sign - y);
  }
  if (!(modulus / q > 1 / (1 + how.gamma))) return 0;
  return q * sign - y;
}

/// Entries below the s-th largest modulus by more than the slack become 0.
void threshold(VectorXd& z, const AmplitudeFlow& how) {
  VectorXd moduli = z.cwiseAbs();
  std::nth_element(moduli.data(), moduli.data() + (how.sparsity - 1), moduli.data() + moduli.size(), std::greater<>());
  const double bound = moduli[how.sparsity - 1] - how.slack;
  for (double& entry : z)
    if (std::abs(entry) < bound) entry = 0;
}

}  // namespace

double amplitude_residual(const VectorXd& y, const VectorXd& q) { return (y.cwiseAbs() - q).norm() / q.norm(); }

void keep_largest(VectorXd& z, std::int64_t s) {
  VectorXd kept = VectorXd::Zero(z.size());
  for (const Index j : largest(z.cwiseAbs(), s)) kept[j] = z[j];
  z = std::move(kept);
}

RecoveryRun amplitude_flow(const Rows& A, const VectorXd& q, VectorXd z, const AmplitudeFlow& how,
                           const RunRules& rules) {
  const double mu = how.step / static_cast<double>(A.rows());
  Recorder recorder(rules);
  VectorXd y(A.rows()), w(A.rows()), g(A.cols());
  for (std::int64_t step = 0;; ++step) {
    how.sparsity > 0 ? multiply_sparse(A, z, y) : multiply(A, z, y);
    if (recorder.at(step, z, [&] { return amplitude_residual(y, q); })) return recorder.run();
    for (Index i = 0; i < y.size(); ++i) w[i] = pull(y[i], q[i], how);
    g.setZero();
    add_weighted_rows(A, w, g);
    z += mu * g;
    if (how.sparsity == 0) continue;
    if (how.slack > 0)
      threshold(z, how);
    else
      keep_largest(z, how.sparsity);
  }
}

}  // namespace theoremeter
