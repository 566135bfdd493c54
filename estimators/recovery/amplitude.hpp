// Amplitude flow: z <- z + (mu/m) sum_i w_i (q_i sgn(a_i'z) - a_i'z) a_i from amplitudes q = |A x|, rows a_i ~ N(0, I),
// with all rows, those that are well measured, or weights; and, of s-sparse x, the s largest entries kept.
#pragma once

#include "estimators/recovery/run.hpp"
#include "theory/types.hpp"

#include <Eigen/Core>
#include <cstdint>
#include <limits>

namespace theoremeter {

struct AmplitudeFlow {
  double step = 0.6;  // mu
  /// Rows with |a_i'z|/q_i > 1/(1 + gamma) alone: SPARTA, TAF. Infinite: all of them [AF].
  double gamma = std::numeric_limits<double>::infinity();
  /// RAF: weights r/(r + eta), r = |a_i'z|/q_i. 0: none, each row counts once.
  double eta = 0;
  std::int64_t sparsity = 0;  // of x; 0: not sparse
  /// Entries below the s-th largest by less than this are kept too: what gangwg's program does.
  double slack = 0;
};

RecoveryRun amplitude_flow(const Rows& A, const Eigen::VectorXd& q, Eigen::VectorXd z, const AmplitudeFlow& how,
                           const RunRules& rules);

/// | |y| - q |/|q| where y = A z.
double amplitude_residual(const Eigen::VectorXd& y, const Eigen::VectorXd& q);

/// The s largest entries by modulus, 0 elsewhere; of equal ones the first.
void keep_largest(Eigen::VectorXd& z, std::int64_t s);

}  // namespace theoremeter
