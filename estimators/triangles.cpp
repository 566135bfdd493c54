#include "estimators/triangles.hpp"

#include <Eigen/Geometry>
#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

namespace theoremeter {
namespace {

constexpr double smallest_triangle = 0x1p-24;  // radius; triangles are split no further
constexpr double beyond_corners = 1e-12;       // what corners are not exact to

// Bit j of `octant` is set where coordinate j is negative.
std::array<Eigen::Vector3d, 3> octant_corners(std::size_t octant) {
  std::array<Eigen::Vector3d, 3> corners;
  for (int j = 0; j < 3; ++j) corners[std::size_t(j)] = (octant >> j & 1 ? -1 : 1) * Eigen::Vector3d::Unit(j);
  return corners;
}

}  // namespace

TriangleTree::TriangleTree(Rows H, Factor phi, bool grows, Scoring scoring)
    : H_(std::move(H)),
      uncertain_(beyond_corners * H_.rowwise().norm().array()),
      phi_(std::move(phi)),
      grows_(grows),
      scoring_(std::move(scoring)) {
  assert(H_.cols() == 3);
  shape_octants(root_, 0, 8);
}

// A half or a quarter of the sphere, or all of it: no cap below a right angle holds it.
void TriangleTree::shape_octants(Triangle& part, std::size_t first, std::size_t last) const {
  part.first = first;
  part.last = last;
  if (last - first == 1) {
    part.corner = octant_corners(first);
    shape(part);
    return;
  }
  part.centre = octant_corners(first)[0];
  part.radius = std::numeric_limits<double>::infinity();
  part.score = part.radius;
  if (grows_) return;
  for (std::size_t octant = first; octant < last; ++octant) {
    Triangle one;
    shape_octants(one, octant, octant + 1);
    part.low = octant == first ? one.low : part.low.min(one.low).eval();
    part.high = octant == first ? one.high : part.high.max(one.high).eval();
  }
}

void TriangleTree::shape(Triangle& part) const {
  enclose(part);
  if (grows_)
    set_corners(part, H_, {part.corner.begin(), part.corner.end()});
  else
    range(part);
  const bool splittable = part.radius > smallest_triangle;
  part.score = !splittable ? 0 : grows_ ? scoring_.growing(part) : scoring_.jumping(part);
}

// The cap round the corners, or round two of them where that holds the third: caps below a right angle are convex.
void TriangleTree::enclose(Triangle& part) const {
  const auto& v = part.corner;
  const auto chord = [&](const Eigen::Vector3d& c) {
    return std::max({(v[0] - c).norm(), (v[1] - c).norm(), (v[2] - c).norm()});
  };
  Eigen::Vector3d best = (v[0] + v[1] + v[2]).normalized();
  const Eigen::Vector3d normal = (v[1] - v[0]).cross(v[2] - v[0]);
  for (const Eigen::Vector3d& c : {Eigen::Vector3d(v[0] + v[1]), Eigen::Vector3d(v[1] + v[2]),
                                   Eigen::Vector3d(v[2] + v[0]), Eigen::Vector3d(normal), Eigen::Vector3d(-normal)})
    if (c.norm() > 0 && chord(c.normalized()) < chord(best)) best = c.normalized();
  part.centre = best;
  part.radius = 2 * std::asin(chord(best) / 2) * (1 + 1e-9) + beyond_corners;
}

void TriangleTree::range(Triangle& part) const {
  part.low.resize(H_.rows());
  part.high.resize(H_.rows());
  for (Eigen::Index i = 0; i < H_.rows(); ++i) {
    const Eigen::Vector3d h = H_.row(i);
    const auto [least, most] = std::minmax({h.dot(part.corner[0]), h.dot(part.corner[1]), h.dot(part.corner[2])});
    part.low(i) = phi_(least - uncertain_(i));
    part.high(i) = phi_(most + uncertain_(i));
  }
}

std::array<const Region*, 2> TriangleTree::children(const Region& region) const {
  auto& part = const_cast<Triangle&>(static_cast<const Triangle&>(region));  // NOLINT: lazily built cache
  auto* built = part.children.load(std::memory_order_acquire);
  if (!built) {
    auto* fresh = split(part);
    if (part.children.compare_exchange_strong(built, fresh, std::memory_order_acq_rel))
      built = fresh;
    else
      delete fresh;
  }
  return {&(*built)[0], &(*built)[1]};
}

std::array<Triangle, 2>* TriangleTree::split(const Triangle& part) const {
  auto* pair = new std::array<Triangle, 2>;
  if (part.last - part.first > 1) {
    const std::size_t middle = (part.first + part.last) / 2;
    shape_octants((*pair)[0], part.first, middle);
    shape_octants((*pair)[1], middle, part.last);
    return pair;
  }
  const auto& v = part.corner;
  std::size_t longest = 0;  // the side opposite of this corner
  for (std::size_t j = 1; j < 3; ++j)
    if ((v[(j + 1) % 3] - v[(j + 2) % 3]).norm() > (v[(longest + 1) % 3] - v[(longest + 2) % 3]).norm()) longest = j;
  const std::size_t one = (longest + 1) % 3, two = (longest + 2) % 3;
  const Eigen::Vector3d middle = (v[one] + v[two]).normalized();
  for (std::size_t child = 0; child < 2; ++child) {
    Triangle& half = (*pair)[child];
    half.first = part.first;
    half.last = part.last;
    half.corner = v;
    half.corner[child == 0 ? two : one] = middle;
    shape(half);
  }
  return pair;
}

}  // namespace theoremeter
