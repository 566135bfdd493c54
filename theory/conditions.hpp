// The deterministic conditions, computed straight from their definitions: slow, naive, and independent of every other
// part. A stored witness is verified against these, so nothing here may share code with what found it.
// `side`, where it is asked for, becomes the side of the norm that attains the value: the sign of the quotient.
#pragma once

#include "theory/types.hpp"

#include <utility>
#include <vector>

namespace theoremeter {

/// || W_{+,x}' W_{+,y} - alpha Q_{x,y} ||, the deviation in the WDC [HLV Def. II.2; HJ (5)], for W n x k and nonzero x,
/// y in R^k of any length. Exact signs of w.x, everything else in long double.
long double wdc_deviation(const Rows& W, double alpha, const Eigen::VectorXd& x, const Eigen::VectorXd& y,
                          Side* side = nullptr);

/// || A_z' A_w - Phi_{z,w} ||, A_z = diag(sgn(Az)) A with sgn(0) = 0, the deviation in phaseless concentration [AF],
/// for A m x n and nonzero z, w in R^n of any length. Exact signs, everything else in long double.
long double phaseless_deviation(const Rows& A, const Eigen::VectorXd& z, const Eigen::VectorXd& w,
                                Side* side = nullptr);

/// The deviations in the joint-WDC, [HJ (6)] and [HJ (7)], in units in which the condition reads "<= epsilon":
///   (l/(|m||y|)) || B_{+,h}' diag(C_{+,m} m o C_{+,y} y) B_{+,x} - (alpha/l) m'Q_{m,y}y Q_{h,x} ||,
///   (l/(|h||x|)) || C_{+,m}' diag(B_{+,h} h o B_{+,x} x) C_{+,y} - (alpha/l) h'Q_{h,x}x Q_{m,y} ||,
/// for B l x n, C l x p and nonzero h, x in R^n, m, y in R^p of any length. Exact signs, the rest in long double.
std::pair<long double, long double> joint_wdc_deviation(const Rows& B, const Rows& C, double alpha,
                                                        const Eigen::VectorXd& h, const Eigen::VectorXd& x,
                                                        const Eigen::VectorXd& m, const Eigen::VectorXd& y,
                                                        std::pair<Side, Side>* sides = nullptr);

/// |<(A_{G(x)}' A_{G(y)} - Phi_{G(x),G(y)}) u, v>| / (|u||v|) with u = G(x1) - G(x2), v = G(x3) - G(x4): the quotient
/// in the RRCP [HLV Def. II.4], G(x) = relu(W_d ... relu(W_1 x)), A_z = diag(sgn(Az)) A with sgn(0) = 0, A m x n_d. G
/// and the signs of A G are exact, in integers; the rest is in long double. NaN where it is undefined: where G(x),
/// G(y), u or v is 0.
long double rrcp_deviation(const std::vector<Rows>& layers, const Rows& A, const Eigen::VectorXd& x,
                           const Eigen::VectorXd& y, const Eigen::VectorXd& x1, const Eigen::VectorXd& x2,
                           const Eigen::VectorXd& x3, const Eigen::VectorXd& x4, Side* side = nullptr);

/// |<(A'A - I) u, v>| / (|u||v|), the quotient in the RRIC [HV Def. 3]; likewise.
long double rric_deviation(const std::vector<Rows>& layers, const Rows& A, const Eigen::VectorXd& x1,
                           const Eigen::VectorXd& x2, const Eigen::VectorXd& x3, const Eigen::VectorXd& x4,
                           Side* side = nullptr);

/// min over the rows w of W other than 0 of |<w, x>|/(|w||x|), at most 1: how far x is from where a sign jumps. The
/// product is exact where it is small.
long double jump_distance(const Rows& W, const Eigen::VectorXd& x);

/// The same of a network: the least over its layers, each applied to what the layers before make of x, and over the
/// rows of A, applied to G(x), where A is given. Infinite where there is no row, or nothing that it is applied to.
long double jump_distance(const std::vector<Rows>& layers, const Rows* A, const Eigen::VectorXd& x);

/// Do x and y lie in one linear piece of G, its walls included? Exact.
bool in_one_piece(const std::vector<Rows>& layers, const Eigen::VectorXd& x, const Eigen::VectorXd& y);

}  // namespace theoremeter
