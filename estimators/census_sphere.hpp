// The census for k = 3: every stationary point of a recovery problem, kinks included, nothing sampled.
//
// On each closed cone of a cell (estimators/spherical_cells.hpp) f is a convex quadratic 1/2 x'Mx - c'x + const; so it
// is on each face of it, the cone of an edge, and on the ray of a vertex. In each open face F the points where f
// restricted to it is stationary are where P(Mx - c) = 0, P the projection onto F's span: none, one, or, where P M P is
// singular on it, a flat piece of F. All gradients g of the cells around F are constant on that, and orthogonal to F:
//  - in an open cell g = 0: a minimum;
//  - on an edge's cone f's derivatives to its two sides are those of the plane's census;
//  - on a vertex's ray D_u f(x) = g'u with g of the cell that u points into. It is >= 0 for all u iff it is along the
//    edges there, as each cell's angle is less than a half circle.
// Stationary is what has 0 in the convex hull of the g [Clarke]: a minimum where all are 0, a kink minimum where D_u f
// >= 0 for all u, which is a local minimum since f is convex on each closed cone, and otherwise a kink saddle.
//
// Guaranteed: what census.hpp guarantees. Faces are ruled out in long doubles with bounds; what is found is decided in
// integers and rounded from rationals.
#pragma once

#include "estimators/census_result.hpp"
#include "estimators/progress.hpp"
#include "theory/problems.hpp"

namespace theoremeter {

/// Of a normalised problem with k = 3 and x0 != 0; called by census().
Census census_on_sphere(const Recovery& f, double rho, const Progress& progress);

}  // namespace theoremeter
