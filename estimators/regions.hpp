// Regions of a sphere, split again and again, each with what every row's factor is on it: what a proof by exhaustion
// over products of spheres needs to know of one of them.
//
// A factor that jumps has a range. One that grows is max(z, 0), convex and homogeneous: at p = q/|q|, q a mean of the
// corners, |q| >= cos(radius), it is at most 1/|q| times the mean of its values at the corners, and no less than that
// where no corner changes its sign.
#pragma once

#include "theory/types.hpp"

#include <array>
#include <vector>

namespace theoremeter {

struct Region {
  Eigen::VectorXd centre;    // a unit vector
  double radius = 0;         // no point of the region is farther from the centre, in radians; may be infinite
  double score = 0;          // how much splitting it promises to help; 0: it cannot be split
  Eigen::ArrayXd low, high;  // of factors that jump: phi(<h_i, p>) for all p in the region

  struct Corner {
    Eigen::VectorXd at;
    Eigen::ArrayXd below, above;  // of factors that grow: |q| phi(<h_i, p>) lies between the means of these
  };
  std::vector<Corner> corners;  // of a region with a radius below a right angle
};

class RegionTree {
 public:
  RegionTree() = default;
  RegionTree(const RegionTree&) = delete;
  RegionTree& operator=(const RegionTree&) = delete;
  virtual ~RegionTree() = default;

  /// The whole sphere.
  virtual const Region& root() const = 0;
  /// The two parts of a region of this tree with score > 0, built by whichever thread comes first.
  virtual std::array<const Region*, 2> children(const Region& region) const = 0;
};

/// The scores of regions. A factor that jumps loses sum_i weight_i (high_i - low_i), and E turns by `expectation` a
/// radian; one that grows loses what is between its corners' means, and E, convex there too, `expectation`
/// sin(radius)^2.
struct Scoring {
  Eigen::ArrayXd weight;
  double expectation = 0;

  double jumping(const Region& region) const;
  double growing(const Region& region) const;
};

/// Sets the corners of a region and what factors that grow are there.
void set_corners(Region& region, const Rows& H, const std::vector<Eigen::VectorXd>& corners);

}  // namespace theoremeter
