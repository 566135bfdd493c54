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
// Guaranteed, underflow and overflow apart: every sign given here is that of the exact real number, taking W, A and b
// as the doubles they are - but b as the exact |A G(x0)|, resp. A G(x0), of the doubles W, A, x0 where it agrees with
// that to rounding, so that x0 is stationary whatever side of a kink rounding would put it on. Signs that a rounding
// bound leaves open are decided in integers. Rays that coincide are one ray. M, c and p are rounded.
#pragma once

#include "estimators/progress.hpp"
#include "theory/problems.hpp"

#include <Eigen/Core>
#include <cstdint>
#include <vector>

namespace theoremeter {

enum class Span { arc, half_circle, circle };

/// A cell's quadratic on one of the two rays that bound it, 1/2 (a r^2 - 2 b r) + const at r p.
struct CellEnd {
  Eigen::Vector2d p = Eigen::Vector2d::Zero();  // of unit length
  int a = 0, b = 0;                             // signs of a = p'Mp >= 0 and b = p'c
  int turning = 0;  // sign of the derivative at r p as the ray turns counterclockwise; r = b/a, or any where a = 0
};

struct Cell {
  Span span = Span::circle;
  CellEnd from, to;  // counterclockwise; the circle has none
  Eigen::Matrix2d M = Eigen::Matrix2d::Zero();
  Eigen::Vector2d c = Eigen::Vector2d::Zero();
  int rank = 2;              // of M
  int middle = 0;            // sign of c'p midway on a half circle; of |c| on the circle; not set on an arc
  bool null_inside = false;  // rank 1: some direction p in the cell has Mp = 0
};

struct Cells {
  std::vector<Cell> cells;         // counterclockwise; each begins where the one before ends, the first where the last
  std::int64_t integer_signs = 0;  // how many signs took integers
};

/// All cells of f. Throws InputError unless k = 2 and all numbers in f are finite.
Cells cells(const Recovery& f, const Progress& progress = {});

}  // namespace theoremeter
