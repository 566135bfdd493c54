// At most, in any dimension, from eigenvalues alone.
//
// Write W_+ <= W'W for sums over some of the rows: S = sum c_i r_i r_i' with 0 <= c_i <= 1 is between 0 and R'R in the
// Loewner order, with |c_i| <= 1 between -R'R and R'R. With the extreme eigenvalues of the expectations,
//   WDC          S <= W'W, Q >= 0;  S >= 0, Q <= I/2:           at most max(lambda_max(W'W), alpha/2)
//   phaseless    |S| <= A'A in either sense, |Phi| <= 1:         at most lambda_max(A'A) + 1
//   joint-WDC    u'Su <= sum (r_i.u)^2 |c_i.m||c_i.y| <= the larger of sum ((r_i x c_i).(u x m))^2 and the same with y,
//                by Cauchy and Schwarz; x the Kronecker product: at most max(lambda_max(sum (r_i x c_i)(r_i x c_i)'),
//                alpha/4)
//   RRCP         |v'A_z'A_w u| <= |Av||Au|, |Phi| <= 1:          at most lambda_max(A'A) + 1
//   RRIC         for every pair of vectors, not differences alone: at most |A'A - I|
// The first four are attained by no Gaussian matrix; but polynomial majorants of the step or the sign do not improve
// them before degree 6 (a quadratic q >= 1{z > 0} has mean E q >= 1 for every z of mean 0), whose moments concentrate
// only for n >> k^3.
//
// Rounding. X'X is computed with an error of at most (n+2) u |X|_F^2 in norm, whatever the order of summation [Higham,
// (3.5)]: | |X|'|X| | <= |X|_F^2. That b I - X'X is positive semidefinite but for that is proved by a completed
// Cholesky factorisation of it less c, c >= gamma_{k+1}/(1-gamma_{k+1}) of its trace [S. M. Rump, Verification of
// positive definiteness, BIT 46, 2006].
#pragma once

#include "estimators/joint_wdc.hpp"
#include "estimators/phaseless.hpp"
#include "estimators/rrcp.hpp"
#include "estimators/wdc.hpp"

namespace theoremeter {

/// At least |X'X - shift I|, rounding included, and above it by a few hundred (n + k) u |X|_F^2; shift >= 0.
double spectral_norm_of_square(const Rows& X, double shift = 0);

/// The constant, at most. Infinity where doubles cannot hold it.
double spectral_bound(const Wdc& d);
double spectral_bound(const Phaseless& d);
double spectral_bound(const JointWdc& d);
double spectral_bound(const Rrcp& d);

}  // namespace theoremeter
