#include "estimators/regions.hpp"

#include <cmath>
#include <limits>

namespace theoremeter {

double Scoring::jumping(const Region& region) const {
  return expectation * region.radius + (weight * (region.high - region.low)).sum();
}

// Growing regions first: what a bound loses there is of second order in their size, and only where they are small does
// it show which products of the others matter. With 8, certificates take 2 to 20 times fewer nodes than with 1.
double Scoring::growing(const Region& region) const {
  constexpr double first = 8;
  if (region.corners.empty()) return std::numeric_limits<double>::infinity();
  double between = 0, size = 0;
  for (const Region::Corner& corner : region.corners) {
    between += (weight * (corner.above - corner.below)).sum();
    size += (weight * corner.above).sum();
  }
  const double s = std::sin(region.radius), longer = 1 / std::cos(region.radius) - 1;
  return first * ((between + size * longer) / double(region.corners.size()) + expectation * s * s);
}

void set_corners(Region& region, const Rows& H, const std::vector<Eigen::VectorXd>& corners) {
  Eigen::ArrayXd least;
  region.corners.clear();
  for (const Eigen::VectorXd& at : corners) {
    const Eigen::ArrayXd z = (H * at).array();
    least = region.corners.empty() ? z : least.min(z).eval();
    region.corners.push_back({at, z, z.max(0)});
  }
  for (Region::Corner& corner : region.corners) corner.below = (least >= 0).select(corner.below, 0.0);
}

}  // namespace theoremeter
