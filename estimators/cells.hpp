// The cells of a recovery problem in the plane: the open arcs of directions on which every activation, and every sign
// measured, is constant. Where k = 2 they can be listed, and nothing about f is left to sampling.
//
// On a cell of layers 1, ..., i-1 the pre-activations W_i Lambda x of layer i are linear in x, so each neuron cuts the
// cell at most once, at the ray orthogonal to its row. Layer by layer, and at last by the rows of A Lambda where the
// measurements are phaseless, the circle falls into cells on whose cones
//   f(x) = 1/2 x'Mx - c'x + |b|^2/2,   M = B'B,  c = B'(s o b),  B = A Lambda,
// s the signs of B x, or 1 without a modulus. Either nothing cuts the circle, or a whole line does: then every cell is
// at most a half circle.
//
// Guaranteed: every sign given here is that of the exact real number, taking W, A and b as the doubles they are - but b
// as the exact |A G(x0)|, resp. A G(x0), of the doubles W, A, x0 where it agrees with that to rounding, so that x0 is
// stationary whatever side of a kink rounding would put it on. Signs that a rounding bound leaves open are decided in
// integers. Rays that coincide are one ray. What is given in doubles is rounded; exact() has the numbers themselves.
// The bounds are made for layers, A and x0 of size about 1 (theory/homogeneity.hpp makes them so).
#pragma once

#include "estimators/plane_quadratic.hpp"
#include "estimators/progress.hpp"
#include "estimators/rationals.hpp"
#include "theory/problems.hpp"

#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <vector>

namespace theoremeter {

enum class Span { arc, half_circle, circle };

/// What a bounding ray is orthogonal to: sign (h2, -h1), h a row of B or of a layer's W Lambda; h'x rises
/// counterclockwise from the ray on if the sign is 1, else falls.
struct BoundingRow {
  std::size_t level = 0;  // the layer, from 0; at last the measurements
  Eigen::Index row = 0;
  int sign = 1;
};

/// A cell's quadratic on one of the two rays that bound it, 1/2 (a r^2 - 2 b r) + const at r p.
struct CellEnd {
  BoundingRow row;
  Eigen::Vector2d p = Eigen::Vector2d::Zero();  // of unit length
  int a = 0, b = 0;                             // signs of a = p'Mp >= 0 and b = p'c
  double descent = 0, descent_error = 0;        // b, and a bound for its error
  int turning = 0;  // sign of the derivative at r p as the ray turns counterclockwise; r = b/a, or any where a = 0
};

struct PatternCell {
  Span span = Span::circle;
  CellEnd from, to;      // counterclockwise; the circle has none
  std::vector<bool> on;  // of every layer's neurons, in order, then which entries of B x are positive (all: no modulus)
  Eigen::Vector2d c = Eigen::Vector2d::Zero();
  double c_error = 0;        // a bound for its error, in norm
  int rank = 2;              // of M
  int middle = 0;            // sign of c'p midway on a half circle; of |c| on the circle; not set on an arc
  bool null_inside = false;  // rank 1: some direction p in the cell has Mp = 0
};

/// The numbers themselves; M, c and |b|^2 in the units of f, the rays up to positive factors.
struct ExactCell {
  PlaneQuadratic<Rational> q;
  Rational b_squared;
  PlaneVector<Rational> from, to;  // the circle has none
};

struct Cells {
  std::vector<PatternCell> cells;  // counterclockwise; each begins where the one before ends, the first where the last
  std::int64_t integer_signs = 0;  // how many signs took integers
  bool b_is_exact = false;         // b stands for the exact |A G(x0)|, resp. A G(x0)
  std::function<ExactCell(const PatternCell&)> exact;
};

/// Throws InputError unless all numbers in f are finite.
void check_finite(const Recovery& f);

/// All cells of f, to which `exact` keeps a reference. Throws InputError unless k = 2 and all numbers in f are finite.
Cells cells(const Recovery& f, const Progress& progress = {});

}  // namespace theoremeter
