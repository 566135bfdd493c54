// The census: every stationary point of a recovery problem with k = 2, kinks included, nothing sampled. On a given
// instance it decides what the theorems of [HLV; HV] say of it: where there is no descent direction.
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
// Guaranteed, underflow and overflow apart: which points there are, and of what kind, is exact for the problem as given
// in doubles (in the sense of cells.hpp). Where they lie, f there, and derivatives are rounded.
#pragma once

#include "estimators/progress.hpp"
#include "theory/problems.hpp"

#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

namespace theoremeter {

enum class StationaryKind {
  minimum,       // f is differentiable with gradient 0
  kink_minimum,  // D_u f >= 0 for all u, and > 0 to at least one side of the ray
  kink_saddle,   // on a ray: least along it; D_u f <= 0 to both sides, and < 0 to at least one
  maximum        // only 0: D_u f < 0 for all u. (0 is a kink minimum if >= 0 for all u, and otherwise a kink saddle.)
};
inline const std::vector<std::string> stationary_kind_names{"minimum", "kink minimum", "kink saddle", "maximum"};
const std::string& name(StationaryKind kind);

struct StationaryPoint {
  Eigen::Vector2d x;
  StationaryKind kind;
  double objective;
  double distance_x0;            // |x - x0|/|x0|
  double distance_minus_rho_x0;  // |x + rho x0|/|x0|
  double counterclockwise = 0;   // D_u f(x), u of unit length, across the ray to either side;
  double clockwise = 0;          // 0 for a minimum
  bool isolated = true;          // false: an end of a flat set
};

/// Points that are not isolated, f the same on all: directions in the open arc from < to (radians), or on the ray
/// from = to; and of these the points with normal'x = 1, or all x != 0 where normal = 0. No descent direction unless a
/// kink saddle (a ray only). Its limits on the ends of the arc are listed as points if normal != 0, else not.
struct FlatSet {
  StationaryKind kind;
  double from, to;
  Eigen::Vector2d normal;
  double objective;
};

struct Census {
  std::vector<StationaryPoint> points;  // other than 0, counterclockwise
  std::vector<FlatSet> flat;
  StationaryKind zero;           // x = 0
  double descent_at_zero;        // min over unit p of b(p) = -D_p f(0)
  Eigen::Vector2d zero_witness;  // such a p
  std::int64_t cells = 0;
  std::int64_t integer_signs = 0;  // decisions too close for doubles, made in integers
};

/// rho = rho_d of the problem. Throws InputError unless k = 2, x0 != 0 and all numbers in f are finite.
Census census(const Recovery& f, double rho, const Progress& progress = {});

}  // namespace theoremeter
