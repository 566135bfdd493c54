// The census: every stationary point of a recovery problem with k = 2 or 3, kinks included, nothing sampled. On a given
// instance it decides what the theorems of [HLV; HV] say of it: where there is no descent direction. What follows is
// said of k = 2; of k = 3 in estimators/census_sphere.hpp.
//
// f is continuous, and on each closed cone of a cell (estimators/cells.hpp) a convex quadratic 1/2 x'Mx - c'x + const.
//  - In an open cone f is differentiable, and stationary exactly where Mx = c: a minimum, never a saddle or a maximum.
//    If M is singular, these points are a piece of a line, or the whole cone.
//  - On the ray between two cells f is 1/2 (a r^2 - 2 b r) + const with the same a, b from both. Only its lowest point
//    r = b/a > 0 can be stationary, and the derivatives to its two sides say what it is. D_u f(x) >= 0 for all u iff
//    both are >= 0; f being convex on both closed cones, x is then a local minimum.
//  - At 0, D_p f(0) = -b(p), b(p) = p'c on the cone of p.
// So the points listed as minimum or kink minimum are all points x != 0 without a descent direction, and these are the
// local minima of f. Kink saddles have one, but 0 is a generalised gradient there (Clarke), and descent may stall.
//
// Guaranteed: which points there are, and of what kind, is exact for the problem as given in doubles (in the sense of
// cells.hpp). Every number printed has a relative error below 1e-9, however badly M is conditioned: those in long
// doubles for which a bound does not show that come from exact rationals. Powers of two are taken out of the layers, A
// and x0 first (theory/homogeneity.hpp), so that their scale does not matter.
#pragma once

#include "estimators/census_result.hpp"
#include "estimators/progress.hpp"
#include "theory/problems.hpp"

namespace theoremeter {

/// rho = rho_d of the problem. Throws InputError unless k is 2 or 3, x0 != 0 and all numbers in f are finite, and as
/// normalised() does where f or its gradient is beyond the range of doubles.
Census census(const Recovery& f, double rho, const Progress& progress = {});

}  // namespace theoremeter
