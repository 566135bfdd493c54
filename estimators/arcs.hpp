// Arcs that cover a circle (or the two points of the sphere in R^1), split again and again.
//
// Where factors jump the circle is cut at the rows' rays: cells on which no factor changes, and the rays themselves
// where no neighbour has the same factors. Their order and signs are exact, so any number of parallel or opposite rows
// is told apart. An arc is a run of cells, then a part of one.
#pragma once

#include "estimators/regions.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <vector>

namespace theoremeter {

struct Arc : Region {
  double from = 0, to = 0;  // angles
  std::size_t first = 0, last = 0;
  std::atomic<std::array<Arc, 2>*> children{nullptr};

  Arc() = default;
  Arc(const Arc&) = delete;
  Arc& operator=(const Arc&) = delete;
  ~Arc() { delete children.load(); }
};

class ArcTree : public RegionTree {
 public:
  using Factor = std::function<double(double)>;

  /// H: n x 1 or n x 2. phi: non-decreasing; with `grows` it is max(z, 0), otherwise it depends on the sign of z only.
  ArcTree(Rows H, Factor phi, bool grows, Scoring scoring);

  const Arc& root() const override { return root_; }
  std::array<const Region*, 2> children(const Region& region) const override;

 private:
  struct Cell {
    double from, to;
    Eigen::ArrayXd low, high;
  };

  void cut_at_rays();
  void points();
  void shape(Arc& arc, std::size_t first, std::size_t last, double from, double to) const;
  std::array<Arc, 2>* split(const Arc& arc) const;

  Rows H_;
  Factor phi_;
  bool grows_;
  Scoring scoring_;
  std::vector<Cell> cells_;
  Arc root_;
};

}  // namespace theoremeter
