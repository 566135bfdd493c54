// CoPRAM (Jagatap, Hegde, NIPS 2017; GauriJagatap/model-copram 0c64453): the signs of A x, then CoSaMP for x.
#pragma once

#include "estimators/recovery/run.hpp"
#include "estimators/recovery/sparse_products.hpp"
#include "theory/types.hpp"

#include <Eigen/Core>
#include <cstdint>
#include <vector>

namespace theoremeter {

struct CopramRules {
  std::int64_t inner_steps = 10;  // of CoSaMP, at most
  double inner_change = 1e-2;     // it ends where x changed by less than this, relatively; its first change is all of x
};

/// s-sparse x from q = |A x|.
RecoveryRun copram(const Rows& A, const Eigen::VectorXd& q, Eigen::VectorXd x, std::int64_t s, const RunRules& rules,
                   const CopramRules& how = {});

/// The iterates of CoSaMP (Needell, Tropp) for B x = u from x, B = A/scale: proxy, the support with the 2s largest of
/// it, least squares there, the s largest kept.
std::vector<Eigen::VectorXd> cosamp(SparseProducts& A, double scale, const Eigen::VectorXd& u, Eigen::VectorXd x,
                                    std::int64_t s, const CopramRules& how);

}  // namespace theoremeter
