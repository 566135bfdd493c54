// Wirtinger flows: descent on the squares y = |A x|^2, rows a_i ~ N(0, I).
#pragma once

#include "estimators/recovery/run.hpp"
#include "theory/types.hpp"

#include <Eigen/Core>

namespace theoremeter {

/// Truncated Wirtinger flow (Chen, Candes; as gangwg.github.io e26e4a9 ports it): z <- z - (step/m) sum 2 ((a_i'z)^2 -
/// y_i)/(a_i'z) a_i over the rows with .3 <= |a_i'z|/|z| <= 5 and |y_i - (a_i'z)^2| <= 5 K |a_i'z|/|z|, K = mean
/// |(a_i'z)^2
/// - y_i|.
RecoveryRun twf(const Rows& A, const Eigen::VectorXd& q, Eigen::VectorXd z, double step, const RunRules& rules);

/// Thresholded Wirtinger flow (Cai, Li, Ma; as GauriJagatap/model-copram 0c64453 has it): a step of step/phi^2, phi^2
/// the mean of y, then soft thresholding at step tau/phi^2, tau^2 = .3 log(mn)/m^2 sum ((a'x)^2 - y)^2 (a'x)^2.
RecoveryRun thwf(const Rows& A, const Eigen::VectorXd& q, Eigen::VectorXd x, double step, const RunRules& rules);

}  // namespace theoremeter
