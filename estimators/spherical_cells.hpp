// The cells of a recovery problem in space, k = 3: the convex polygons of directions on the sphere on which every
// activation, and every sign measured, is constant; with the edges and vertices between them.
//
// As in the plane (estimators/cells.hpp) each neuron of a layer is linear on a cell of the layers below and cuts it at
// most once, along a great circle; and since pre-activations are continuous, where one cuts an edge it cuts the cells
// on both sides of it at the same place: polygons stay face to face. Three planes are cut first, neurons' own where the
// first layer has three independent rows, so that every polygon has at least three corners. What is cut further than
// activations say is harmless: f has the same quadratic on both sides.
//
// Guaranteed, of W, A and x0 as the doubles they are (b as cells.hpp has it): vertices and edges are integer vectors, a
// vertex the cross product of two rows, and on which side of a row a vertex lies is exact: in long doubles with a bound
// for the error, and where that does not decide, in integers. So planes that meet in one line meet in one vertex.
#pragma once

#include "estimators/balls.hpp"
#include "estimators/progress.hpp"
#include "estimators/space_quadratic.hpp"
#include "estimators/target.hpp"
#include "theory/problems.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace theoremeter {

using SpaceInteger = SpaceVector<Integer>;
using SpaceBall = SpaceVector<Ball>;

/// A direction, up to a positive factor, which may be another in `rounded`.
struct ExactDirection {
  SpaceInteger exact;
  SpaceBall rounded;  // its largest coordinate is about 1

  ExactDirection() = default;
  explicit ExactDirection(SpaceInteger p);
};

/// An arc shorter than a half circle from one vertex to another; the normal is from x to, and so points to its left.
struct SphericalEdge {
  std::size_t from, to;
  ExactDirection normal;
};

/// An edge as the boundary of a cell: the cell lies to its left, in this direction.
struct HalfEdge {
  std::size_t edge;
  bool reversed;
};

/// A convex polygon, its boundary counterclockwise as seen from outside.
struct SphericalCell {
  std::vector<HalfEdge> boundary;
  std::size_t piece = 0;          // of the level that it is cut by
  std::vector<signed char> sign;  // of that level's rows
};

class SphericalCells {
 public:
  /// Keeps a reference to f, which must have k = 3, finite numbers, and sizes about 1 (theory/homogeneity.hpp).
  explicit SphericalCells(const Recovery& f, const Progress& progress = {});

  const std::vector<ExactDirection>& vertices() const { return vertices_; }
  const std::vector<SphericalEdge>& edges() const { return edges_; }
  const std::vector<SphericalCell>& cells() const { return cells_; }

  std::size_t start(const HalfEdge& h) const { return h.reversed ? edges_[h.edge].to : edges_[h.edge].from; }

  /// A cell's quadratic: rounded, and in integers, where M is in units of 2^(2 row_exponent), c in those of
  /// 2^(row_exponent + target().exponent).
  SpaceQuadratic<Ball> rounded(const SphericalCell& cell) const;
  SpaceQuadratic<Integer> exact(const SphericalCell& cell) const;
  int row_exponent() const;
  const IntegerTarget& target() const { return target_; }

  /// Every layer's signs, then those measured: the first layer's first.
  std::vector<signed char> pattern(const SphericalCell& cell) const;

  std::int64_t integer_signs() const { return integer_signs_; }

 private:
  /// One layer, or at last the measurements; without a matrix, the identity.
  struct Level {
    const Rows* W = nullptr;
    int exponent = 0;
    std::vector<Integer> integer;  // W, by rows, over 2^exponent
    Eigen::Index rows = 0;
  };
  /// A cell of the levels below, where this level's pre-activations are linear.
  struct Piece {
    std::size_t level = 0, below = 0;
    std::vector<signed char> sign;  // of the rows of the level below
    std::vector<SpaceBall> rows;
    mutable std::vector<std::optional<SpaceInteger>> exact;
    mutable std::optional<SpaceForm<Integer>> exact_form;
    SpaceForm<Ball> form;  // of the last level: the sum of its rows' squares
  };

  void add_level(const Rows* W, Eigen::Index columns);
  void start();
  void cut_by_level(std::size_t level, const Progress& progress);
  void cut(std::size_t row);
  void see_vertices(std::size_t row);
  void split_edges(std::size_t row);
  void split(SphericalCell& cell, std::size_t row);
  void enter(std::size_t level);
  Piece piece(std::size_t level, std::size_t below, std::vector<signed char> sign) const;

  std::size_t add_vertex(SpaceInteger p);
  std::size_t add_edge(std::size_t from, std::size_t to, const ExactDirection& normal);
  int side(const SphericalCell& cell, std::size_t row, std::size_t vertex);
  const SpaceInteger& exact_row(const Piece& piece, std::size_t row) const;
  const SpaceForm<Integer>& exact_form(const Piece& piece) const;

  const Recovery& f_;
  std::vector<Level> levels_;
  IntegerTarget target_;
  std::vector<Ball> b_;
  std::deque<Piece> pieces_;
  std::vector<ExactDirection> vertices_;
  std::vector<SphericalEdge> edges_;
  std::vector<SphericalCell> cells_;
  std::int64_t integer_signs_ = 0;

  // Of the row that cuts:
  std::vector<signed char> side_;                        // of every vertex
  std::vector<std::optional<std::size_t>> second_half_;  // of every edge that it splits
};

}  // namespace theoremeter
