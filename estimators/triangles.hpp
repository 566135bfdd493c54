// Spherical triangles that cover S^2: the octants, halved again and again across their longest side.
//
// The midpoint of a side is rounded, so a point of a triangle may lie outside of both halves, by less than 4 u; after
// the at most 200 halvings of a path by less than 1e-13. A sign is therefore taken as decided only where it holds 1e-12
// |h| beyond the corners, and all other bounds hold to 1e-12.
#pragma once

#include "estimators/regions.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>

namespace theoremeter {

struct Triangle : Region {
  std::array<Eigen::Vector3d, 3> corner;  // of a triangle
  std::size_t first = 0, last = 0;        // the octants it is made of
  std::atomic<std::array<Triangle, 2>*> children{nullptr};

  Triangle() = default;
  Triangle(const Triangle&) = delete;
  Triangle& operator=(const Triangle&) = delete;
  ~Triangle() { delete children.load(); }
};

class TriangleTree : public RegionTree {
 public:
  using Factor = std::function<double(double)>;

  /// H: n x 3. phi: as for an ArcTree.
  TriangleTree(Rows H, Factor phi, bool grows, Scoring scoring);

  const Triangle& root() const override { return root_; }
  std::array<const Region*, 2> children(const Region& region) const override;

 private:
  void shape_octants(Triangle& part, std::size_t first, std::size_t last) const;
  void shape(Triangle& part) const;
  void enclose(Triangle& part) const;
  void range(Triangle& part) const;
  std::array<Triangle, 2>* split(const Triangle& part) const;

  Rows H_;
  Eigen::ArrayXd uncertain_;  // what <h_i, p> is not known to at corners
  Factor phi_;
  bool grows_;
  Scoring scoring_;
  Triangle root_;
};

}  // namespace theoremeter
