// What is found out about the landscape of one instance: plain structs. Lengths are in units of |x0| (blind
// demodulation: |h||m| in units of |h0||m0|), gradients are scaled by 2^d, so
// that a population gradient is x - ... and of size max(|x|, 1) but near its zeros.
#pragma once

#include "theory/types.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace theoremeter {

inline constexpr double infinity = std::numeric_limits<double>::infinity();

/// Where on the ray {r p: r > 0} a value is attained: in the limit r -> 0, at r, or in the limit r -> infinity.
enum class RayEnd { origin, point, infinity };
inline std::vector<std::string> names_of(RayEnd) { return {"origin", "point", "infinity"}; }

/// A value attained on a ray, evaluated afresh by along_ray of theory/problems.hpp.
struct RayWitness {
  Point direction;  // unit p, so that x = r |x0| p; blind demodulation: p, q with |h||m| = r |h0||m0|
  RayEnd where = RayEnd::point;
  double r = 0;
  double value = 0;
  /// The relative difference of the best values of two halves of the search that share nothing, 0 where the infimum
  /// found is one that nothing can be below; NaN: a half found nothing, or an old file does not say.
  double agreement = NAN;
};

/// A ball of this radius around a centre; in blind demodulation the set A_{radius,(h~,m~)} of [HJ (3)], as far as it
/// holds all rescalings (lambda h, m/lambda) of a point (hyperbola.hpp).
struct Neighbourhood {
  std::string centre;  // "x0", "-rho x0", "0"; "(h0, m0)", ...
  double radius = 0;   // infinity where it is not bounded, runs into another one or (blind demodulation) is 1 or more
};

/// Where the theorem's conclusion fails.
struct Violation {
  Point direction;
  double r = 0;        // 0: at 0 itself
  std::string reason;  // "v = 0 along the ray", "D_{-v} f >= 0", "D_p f(0) >= 0"; or one of these:
};
inline constexpr const char *by_descent = "stationary point (descent)", *by_census = "stationary point (census)";

/// A point that descent ran into; of those on one flat set, where f is the same, the first.
struct DescentEnd {
  Point x;                  // x/|x0|; blind demodulation: h, m over sqrt(|h0||m0|), balanced: |h| = |m|
  std::string near;         // the centre of the excluded neighbourhood that it lies in; "" for none
  bool kink = false;        // a convex combination of neighbouring gradients vanishes, not the gradient itself
  bool checked = false;     // a stationary point: no one-sided derivative is negative; otherwise none was found that is
  double objective = 0;     // 2^d f(x)/|x0|^2
  double gradient = 0;      // the scaled gradient left, of that combination at a kink
  double to_solution = 0;   // |x - x0|/|x0|; blind demodulation: the radius that just holds it around (h0, m0)
  double to_spurious = 0;   // |x + rho x0|/|x0|; blind demodulation: the least from the other three
  std::int64_t starts = 0;  // how many ended there
};

/// How descents ended.
struct Outcomes {
  std::int64_t solution = 0;       // in the neighbourhood of x0
  std::int64_t spurious = 0;       // in that of -rho x0 (blind demodulation: of one of the three)
  std::int64_t zero = 0;           // in that of 0, or at 0
  std::int64_t elsewhere = 0;      // outside all of them, where no direction of descent was found
  std::int64_t not_converged = 0;  // the budget ran out
};

struct Landscape {
  std::vector<double> rho;      // rho_d; blind demodulation: of both networks
  RayWitness population_error;  // at least: sup |v_x - h_x|/max(|x|, 1)
  /// Proved, for the population_error found: outside these |h_x| > E max(|x|, 1).
  std::vector<Neighbourhood> implied;
  bool merged = false;                  // they run into each other or to infinity
  std::vector<Neighbourhood> excluded;  // those that "outside" refers to below
  RayWitness worst_margin;              // at most: inf |v_x|/max(|x|, 1) outside
  double derivative_at_worst = 0;       // D_{-v} f/|v|^2 there: -1 where f is differentiable; 0 where v = 0
  RayWitness descent_at_zero;           // at most: inf -D_p f(0), times 2^d/|x0|
  double objective_at_zero = NAN;       // f(0), scaled as those of descent; NaN: an old file does not say
  /// At grid directions; at the minima of a census that no excluded ball holds, without one at the stationary points
  /// that descent ran into. Of flat sets one point; none where f is constant around it in blind demodulation: [HJ Thm
  /// 3] has weak maximisers.
  std::int64_t violation_count = 0;
  std::vector<Violation> violations;  // the first max_listed of each reason
  Outcomes outcomes;
  std::vector<DescentEnd> stationary;  // distinct, the first max_listed
  std::int64_t directions = 0;         // in the grid
  std::int64_t evaluations = 0;        // directions evaluated, searches included
};

inline constexpr std::size_t max_listed = 100;
/// Points this near to a centre are in its neighbourhood, however small that is.
inline constexpr double at_centre = 1e-5;

}  // namespace theoremeter
