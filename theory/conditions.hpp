// The deterministic conditions, computed straight from their definitions: slow, naive, and independent of every other
// part. A stored witness is verified against these, so nothing here may share code with what found it.
#pragma once

#include "theory/types.hpp"

#include <vector>

namespace theoremeter {

/// || W_{+,x}' W_{+,y} - alpha Q_{x,y} ||, the deviation in the WDC [HLV Def. II.2; HJ (5)], for W n x k and nonzero x,
/// y in R^k of any length. Exact signs of w.x, everything else in long double.
long double wdc_deviation(const Rows& W, double alpha, const Eigen::VectorXd& x, const Eigen::VectorXd& y);

/// |<(A_{G(x)}' A_{G(y)} - Phi_{G(x),G(y)}) u, v>| / (|u||v|) with u = G(x1) - G(x2), v = G(x3) - G(x4): the quotient
/// in the RRCP [HLV Def. II.4], G(x) = relu(W_d ... relu(W_1 x)), A_z = diag(sgn(Az)) A with sgn(0) = 0, A m x n_d. All
/// in long double. NaN where it is undefined: where G(x), G(y), u or v is 0.
long double rrcp_deviation(const std::vector<Rows>& layers, const Rows& A, const Eigen::VectorXd& x,
                           const Eigen::VectorXd& y, const Eigen::VectorXd& x1, const Eigen::VectorXd& x2,
                           const Eigen::VectorXd& x3, const Eigen::VectorXd& x4);

}  // namespace theoremeter
