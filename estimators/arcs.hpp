// Arcs that cover a circle (or the two points of the sphere in R^1), split again and again, each with the range of
// every row's factor on it.
//
// Where factors jump the circle is cut at the rows' rays: cells on which no factor changes, and the rays themselves
// where no neighbour has the same factors. Their order and signs are exact, so any number of parallel or opposite rows
// is told apart. An arc is a run of cells, then a part of one.
#pragma once

#include "theory/types.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <vector>

namespace theoremeter {

struct Arc {
  Eigen::VectorXd centre;    // a unit vector
  double radius = 0;         // of the arc, in radians; infinite for two points
  Eigen::ArrayXd low, high;  // phi(<h_i, p>) for all p on the arc
  double score = 0;          // how much splitting it promises to help; 0: it cannot be split
  double from = 0, to = 0;   // angles
  std::size_t first = 0, last = 0;
  std::atomic<std::array<Arc, 2>*> children{nullptr};

  Arc() = default;
  Arc(const Arc&) = delete;
  Arc& operator=(const Arc&) = delete;
  ~Arc() { delete children.load(); }
};

class ArcTree {
 public:
  using Factor = std::function<double(double)>;

  /// H: n x 1 or n x 2. phi: non-decreasing; with `grows` phi(z) = |z| phi(z/|z|), otherwise it depends on the sign of
  /// z only. Scores are lipschitz * radius + sum_i weight_i (high_i - low_i).
  ArcTree(Rows H, Factor phi, bool grows, double lipschitz, Eigen::ArrayXd weight);

  const Arc& root() const { return root_; }
  /// The two parts of an arc with score > 0, built by whichever thread comes first.
  const std::array<Arc, 2>& children(const Arc& arc) const;

 private:
  struct Cell {
    double from, to;
    Eigen::ArrayXd low, high;
  };

  void cut_at_rays();
  void points();
  Cell range(double from, double to) const;
  void shape(Arc& arc, std::size_t first, std::size_t last, double from, double to) const;
  std::array<Arc, 2>* split(const Arc& arc) const;

  Rows H_;
  Factor phi_;
  bool grows_;
  double lipschitz_;
  Eigen::ArrayXd weight_;
  std::vector<Cell> cells_;
  Arc root_;
};

}  // namespace theoremeter
