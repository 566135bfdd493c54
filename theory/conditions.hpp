// The deterministic conditions, computed straight from their definitions: slow, naive, and independent of every other
// part. A stored witness is verified against these, so nothing here may share code with what found it.
#pragma once

#include "theory/types.hpp"

namespace theoremeter {

/// || W_{+,x}' W_{+,y} - alpha Q_{x,y} ||, the deviation in the WDC [HLV Def. II.2; HJ (5)], for W n x k and nonzero x,
/// y in R^k of any length. Exact signs of w.x, everything else in long double.
long double wdc_deviation(const Rows& W, double alpha, const Eigen::VectorXd& x, const Eigen::VectorXd& y);

}  // namespace theoremeter
