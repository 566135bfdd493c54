// What the census of stationary points finds: plain structs. What is guaranteed of them stands in
// estimators/census.hpp.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace theoremeter {

enum class StationaryKind {
  minimum,       // f is differentiable with gradient 0
  kink_minimum,  // D_u f >= 0 for all u, and > 0 to at least one side of the ray
  kink_saddle,   // k = 2: on a ray, least along it; D_u f <= 0 to both sides, and < 0 to at least one. k = 3: D_u f < 0
                 // for some u, but 0 is a convex combination of the gradients around
  maximum        // only 0: D_u f < 0 for all u. (0 is a kink minimum if >= 0 for all u, and otherwise a kink saddle.)
};
inline const std::vector<std::string> stationary_kind_names{"minimum", "kink minimum", "kink saddle", "maximum"};
inline std::vector<std::string> names_of(StationaryKind) { return stationary_kind_names; }
const std::string& name(StationaryKind kind);

inline constexpr double none = std::numeric_limits<double>::quiet_NaN();

/// The coordinates there are: x3 is one where it is a number.
inline Eigen::VectorXd coordinates(const Eigen::Vector2d& x, double x3) {
  if (std::isnan(x3)) return x;
  return Eigen::Vector3d(x(0), x(1), x3);
}

struct StationaryPoint {
  Eigen::Vector2d x;
  StationaryKind kind;
  double objective;
  double distance_x0;            // |x - x0|/|x0|
  double distance_minus_rho_x0;  // |x + rho x0|/|x0|
  double counterclockwise = 0;   // D_u f(x), u of unit length, across the ray to either side;
  double clockwise = 0;          // 0 for a minimum. k = 3: the largest and least over u orthogonal to the kink's face
  bool isolated = true;          // false: an end of a flat set
  double x3 = none;              // the third coordinate where k = 3
};

/// Points that are not isolated, f the same on all: directions in the open arc from < to (radians; the same where no
/// double lies between), or on the ray from = to; and of these the points with normal'x = 1, or all x != 0 where
/// normal = 0. No descent direction unless a kink saddle (a ray only). Its limits on the ends of the arc are listed as
/// points if normal != 0, else not.
/// k = 3: the flat sets of open cells, edges' and vertices' cones, each the points of one that differ from x in
/// directions along which f's quadratic there does not curve; those that touch are one (of its kind and dimension the
/// largest of them), and what bounds another one is not listed, but for points. No angles and no normal.
struct FlatSet {
  StationaryKind kind;
  double from = none, to = none;
  Eigen::Vector2d normal = Eigen::Vector2d::Zero();
  double objective = 0;
  Eigen::Vector2d x = Eigen::Vector2d::Zero();  // one of its points
  double x3 = none;                             // likewise
  std::int64_t dimension = 1;                   // of a cone of the plane 2; 0 in old files
};

struct Census {
  std::vector<StationaryPoint> points;  // other than 0, counterclockwise; k = 3: in cells, edges' cones, on rays
  std::vector<FlatSet> flat;
  StationaryKind zero;           // x = 0
  double objective_at_zero = 0;  // f(0)
  double descent_at_zero;        // min over unit p of b(p) = -D_p f(0)
  Eigen::Vector2d zero_witness;  // such a p
  double zero_witness3 = none;   // its third coordinate where k = 3
  std::int64_t cells = 0;
  std::int64_t integer_signs = 0;  // decisions too close for doubles, made in integers
};

}  // namespace theoremeter
