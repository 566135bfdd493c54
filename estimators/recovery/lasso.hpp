// Sparse recovery from b = A x0 + e by l1 minimisation: FISTA (Beck, Teboulle 2009) on 1/2 |A x - b|^2 + lambda |x|_1,
// lambda a share of |A'b|_inf, then, if asked, least squares on the support found.
#pragma once

#include "estimators/recovery/run.hpp"
#include "theory/types.hpp"

#include <Eigen/Core>

namespace theoremeter {

struct Lasso {
  double lambda = 1e-3;  // times |A'b|_inf, from which on the solution is 0
  bool debias = true;    // least squares on the support, where it has no more entries than there are measurements
};

RecoveryRun lasso(const Rows& A, const Eigen::VectorXd& b, Eigen::VectorXd x, const Lasso& how, const RunRules& rules);

}  // namespace theoremeter
