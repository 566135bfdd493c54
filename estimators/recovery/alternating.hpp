// Blind demodulation by alternating descent [HJ Alg. 1]: the best of (h, m), (-h, m), (h, -m), (-h, -m), a step in h, a
// step in m with the gradient at the new h, then |h| = |m|.
#pragma once

#include "estimators/recovery/run.hpp"
#include "theory/problems.hpp"

#include <Eigen/Core>
#include <vector>

namespace theoremeter {

struct AlternatingDescent {
  double step = 1;  // eta; l 2^{d+s}/4 in the paper
  bool signs = true;
  double momentum = 0;  // mu: a step goes along v = g + mu v, g the gradient, v the direction of the step before
};

/// Of f only G1, G2 and b are used. One run a column of H and M; its iterates are (h, m), one after the other, and a
/// negation is any choice but (h, m). What becomes of h or m, the other sign or another length, becomes of its v.
std::vector<RecoveryRun> alternate(const Demodulation& f, const Eigen::MatrixXd& H, const Eigen::MatrixXd& M,
                                   const AlternatingDescent& how, const RunRules& rules);

}  // namespace theoremeter
