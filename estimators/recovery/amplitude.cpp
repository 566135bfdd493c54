#include "estimators/recovery/amplitude.hpp"

#include "estimators/recovery/kernels.hpp"
#include "estimators/recovery/sparse_products.hpp"
#include "estimators/recovery/spectral.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// |y| over q is above the bound; where every row counts, but for a_i'z = 0.
bool counts(double y, double q, const AmplitudeFlow& how) { return std::abs(y) / q > 1 / (1 + how.gamma); }

/// w_i (q_i sgn(y_i) - y_i), y = a_i'z.
double pull(double y, double q, const AmplitudeFlow& how) {
  const double modulus = std::abs(y), sign = y > 0 ? 1 : y < 0 ? -1 : 0;
  if (how.eta > 0) {
    const double r = modulus / q, w = std::isinf(r) ? 1 : r / (r + how.eta);
    return w * (q * sign - y);
  }
  return counts(y, q, how) ? q * sign - y : 0;
}

/// Entries below the s-th largest modulus by more than the slack become 0.
void threshold(VectorXd& z, const AmplitudeFlow& how) {
  VectorXd moduli = z.cwiseAbs();
  std::nth_element(moduli.data(), moduli.data() + (how.sparsity - 1), moduli.data() + moduli.size(), std::greater<>());
  const double bound = moduli[how.sparsity - 1] - how.slack;
  for (double& entry : z)
    if (std::abs(entry) < bound) entry = 0;
}

/// Where a row counts once or not at all, q_i sgn(a_i'z) - a_i'z is affine in z until some a_i'z passes 0 or its bound:
/// of the rows that count, H = sum a_i a_i' and c = sum q_i sgn(a_i'z) a_i are kept. Row i is looked at again only when
/// z has travelled as far as |a_i'z| was from 0 and from the bound, over |a_i|.
class ActiveRows {
 public:
  ActiveRows(const Rows& A, const VectorXd& q, const AmplitudeFlow& how)
      : A_(A), q_(q), bound_(q / (1 + how.gamma)), lengths_(A.rowwise().norm()), how_(how), due_(A.rows()) {
    states_.assign(static_cast<std::size_t>(A.rows()), 0);
  }

  /// From now on: the rows as they are at z.
  void begin(const VectorXd& z, const VectorXd& y) {
    travelled_ = 0;
    for (Index i = 0; i < y.size(); ++i) look(i, y[i]);
    Index kept = 0;
    MatrixXd rows(A_.cols(), y.size());
    c_ = VectorXd::Zero(z.size());
    for (Index i = 0; i < y.size(); ++i) {
      if (state(i) == 0) continue;
      rows.col(kept++) = A_.row(i);
      c_ += q_[i] * state(i) * A_.row(i).transpose();
    }
    H_.noalias() = rows.leftCols(kept) * rows.leftCols(kept).transpose();
  }

  /// sum_i w_i (q_i sgn(a_i'z) - a_i'z) a_i, z having moved this far since the last time.
  VectorXd pull(const VectorXd& z, double moved) {
    constexpr double rounding = 1e-12;
    travelled_ += moved;
    for (Index i = 0; i < due_.size(); ++i) {
      if (travelled_ * (1 + rounding) < due_[i]) continue;
      const double before = state(i);
      look(i, row_product(A_, i, z));
      if (state(i) != before) change(i, before);
    }
    return c_ - H_ * z;
  }

 private:
  double state(Index i) const { return states_[static_cast<std::size_t>(i)]; }

  void look(Index i, double y) {
    const double modulus = std::abs(y), sign = y > 0 ? 1 : y < 0 ? -1 : 0;
    states_[static_cast<std::size_t>(i)] = counts(y, q_[i], how_) ? sign : 0;
    due_[i] = travelled_ + std::min(modulus, std::abs(modulus - bound_[i])) / lengths_[i];
  }

  void change(Index i, double before) {
    const VectorXd a = A_.row(i);
    c_ += q_[i] * (state(i) - before) * a;
    const double weight = std::abs(state(i)) - std::abs(before);
    if (weight != 0) H_ += weight * a * a.transpose();
  }

  const Rows& A_;
  const VectorXd& q_;
  const VectorXd bound_, lengths_;
  const AmplitudeFlow& how_;
  std::vector<double> states_;  // the sign of a_i'z where row i counts, else 0
  VectorXd due_, c_;            // due: how far z must have travelled before row i is looked at again
  MatrixXd H_;
  double travelled_ = 0;
};

}  // namespace

double amplitude_residual(const VectorXd& y, const VectorXd& q) { return (y.cwiseAbs() - q).norm() / q.norm(); }

void keep_largest(VectorXd& z, std::int64_t s) {
  VectorXd kept = VectorXd::Zero(z.size());
  for (const Index j : largest(z.cwiseAbs(), s)) kept[j] = z[j];
  z = std::move(kept);
}

namespace {

/// While many rows change, one product with A and one with A' a step; then with active rows alone.
RecoveryRun dense_flow(const Rows& A, const VectorXd& q, VectorXd z, const AmplitudeFlow& how, const RunRules& rules) {
  const double mu = how.step / static_cast<double>(A.rows());
  Recorder recorder(rules);
  VectorXd y(A.rows()), w(A.rows()), g(A.cols());
  std::vector<bool> before, now(static_cast<std::size_t>(A.rows()));
  std::int64_t step = 0;
  for (Index changed = A.rows(); how.eta > 0 || step < 2 || 16 * changed > A.rows(); ++step) {
    multiply(A, z, y);
    if (recorder.at(step, z, [&] { return amplitude_residual(y, q); })) return recorder.run();
    before = now;
    changed = 0;
    for (Index i = 0; i < y.size(); ++i) {
      w[i] = pull(y[i], q[i], how);
      const auto at = static_cast<std::size_t>(i);
      now[at] = counts(y[i], q[i], how) && y[i] > 0;
      changed += now[at] != before[at];
    }
    g.setZero();
    add_weighted_rows(A, w, g);
    z += mu * g;
  }
  ActiveRows active(A, q, how);
  multiply(A, z, y);
  active.begin(z, y);
  double moved = 0;
  for (;; ++step) {
    const auto residual = [&] { return multiply(A, z, y), amplitude_residual(y, q); };
    if (recorder.at(step, z, residual)) return recorder.run();
    g = mu * active.pull(z, moved);
    moved = g.norm();
    z += g;
  }
}

RecoveryRun sparse_flow(const Rows& A, const VectorXd& q, VectorXd z, const AmplitudeFlow& how, const RunRules& rules) {
  const double mu = how.step / static_cast<double>(A.rows());
  Recorder recorder(rules);
  SparseProducts products(A);
  VectorXd y(A.rows()), w(A.rows());
  for (std::int64_t step = 0;; ++step) {
    products.multiply(z, y);
    if (recorder.at(step, z, [&] { return amplitude_residual(y, q); })) return recorder.run();
    for (Index i = 0; i < y.size(); ++i) w[i] = pull(y[i], q[i], how);
    z = products.among_largest(z, mu, w, how.sparsity, how.slack);
    if (how.slack > 0)
      threshold(z, how);
    else
      keep_largest(z, how.sparsity);
  }
}

}  // namespace

RecoveryRun amplitude_flow(const Rows& A, const VectorXd& q, VectorXd z, const AmplitudeFlow& how,
                           const RunRules& rules) {
  return how.sparsity > 0 ? sparse_flow(A, q, std::move(z), how, rules) : dense_flow(A, q, std::move(z), how, rules);
}

}  // namespace theoremeter
