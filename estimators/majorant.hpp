// Majorants of a symmetric form: X with -X <= N <= X, so that |u'Nv| <= (u'Xu v'Xv)^{1/2}.
//
// For S = LL', X = L^{-T} |L'NL| L^{-1} is the majorant of least <S, X>, namely the nuclear norm of L'NL: L'XL is a
// majorant of L'NL, and the trace of one is at least the sum of the moduli of eigenvalues. Let S = sum p_i u_i u_i' be
// a mean over unit vectors u_i of a set D: then sum p_i u_i'Xu_i <= max_D u'Yu for all majorants Y, with equality at
// best, as the problem is convex in Y and concave in S. Weights p_i grow where u_i'Xu_i is large.
#pragma once

#include <Eigen/Core>

namespace theoremeter {

/// X as above, for symmetric N and positive definite S: |N| where S is a multiple of I. Lifted until eigenvalues of
/// X - N and X + N, as computed, are not negative: -X <= N <= X up to the rounding of these, some r u |X|.
Eigen::MatrixXd majorant(const Eigen::MatrixXd& N, const Eigen::MatrixXd& S);

/// |N| = (N^2)^{1/2}.
Eigen::MatrixXd absolute(const Eigen::MatrixXd& N);

}  // namespace theoremeter
