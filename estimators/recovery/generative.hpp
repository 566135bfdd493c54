// Recovery with a generative prior: subgradient descent on f of theory/problems.hpp, from many starts at once, with the
// test of the sign: x <- -x where f(-x) < f(x), before a step. In phase retrieval that is DPR [HLV Alg. 1], in
// compressed sensing and inversion the "twist" of [HHHV].
#pragma once

#include "estimators/recovery/run.hpp"
#include "theory/problems.hpp"

#include <Eigen/Core>
#include <vector>

namespace theoremeter {

enum class Optimiser { gradient, adam };
inline const std::vector<std::string> optimiser_names{"gradient", "adam"};

struct GenerativeDescent {
  double step = 1;  // alpha; Adam's learning rate
  bool negation = true;
  Optimiser optimiser = Optimiser::gradient;
};

/// Of f only G, A, b and whether it is phaseless are used. One run a column of X.
std::vector<RecoveryRun> descend(const Recovery& f, const Eigen::MatrixXd& X, const GenerativeDescent& how,
                                 const RunRules& rules);

}  // namespace theoremeter
