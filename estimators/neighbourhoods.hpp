// Where the population gradient does not exceed E max(|x|, 1), stationary points of an instance with population error E
// may lie; outside they cannot. All in units of |x0|; the set depends on r = |x| and theta = angle(x, x0) only.
//
// Along the unit direction x^ the population gradient is r - c(theta), across it q(theta) (population.hpp: c = P cos
// theta + Z and q = P sin theta, times a and plus b for a modulus), so that
//   |h_x|^2 = (r - c)^2 + q^2,   c' = -q,   P (P a) nonincreasing.
// On theta in [u, v] therefore c lies between its values at the ends and q >= q(v) min(1, sin u/sin v) =: q_. A point
// of the set has dist(r, [c(v), c(u)])^2 + q_^2 <= E^2 max(r, 1)^2, an interval of r up to 1 and one beyond:
//   r <= 1:  c(v) - s <= r <= c(u) + s,   s^2 = E^2 - q_^2;
//   r >= 1:  (1 - E^2) r^2 - 2 c(u) r + c(u)^2 + q_^2 <= 0            (c <= 1),
// bounded when E < 1. So [0, pi] is cut into equal parts, the set covered by one box [r, r'] x [u, v] each, and runs of
// neighbouring boxes that are not empty are its components: that from theta = 0 lies around x0, that up to theta = pi
// around -rho x0, any other (amplitude flow has saddles at theta = pi/2) around 0. The distance to a centre on the axis
// is largest at corners. What is covered is proved, in exact arithmetic; E is increased by slack for rounding.
//
// Blind demodulation: with T = |h||m|/(|h0||m0|) both gradients of rays.hpp do not exceed E max(T, 1) only where
//   (T - c_h c_m)^2 + max(c_m q_h, c_h q_m)^2 <= E^2 max(T, 1)^2,
// over boxes of two angles, joined where they touch. How far a box reaches is told by its corners: the distance of
// hyperbola.hpp grows with both angles, and the T within a radius are an interval.
#pragma once

#include "estimators/landscape_result.hpp"
#include "theory/problems.hpp"

#include <vector>

namespace theoremeter {

/// c and q at theta in [0, pi] for networks of depth d. But for rounding rho_d = c(pi), where d > 0 or there is no
/// modulus.
struct PopulationProfile {
  double c, q;
};
PopulationProfile population_profile(Problem problem, int d, double theta);

struct Neighbourhoods {
  std::vector<Neighbourhood> around;  // x0, -rho x0, 0; or the four centres of blind demodulation
  bool merged = false;                // then all radii are infinite
};

/// The smallest balls around x0, -rho x0 and 0 that hold the components of {x != 0: |h_x| <= E max(|x|, 1)}, outwards
/// to about 3 pi/parts. A component that reaches to 0 counts to the centre it comes from. A ball around 0 of radius 0:
/// there is no other component. Where rho_d = 0, -rho x0 is 0, and is left out.
Neighbourhoods implied_neighbourhoods(Problem problem, int d, double E, int parts = 1 << 15);

/// The same for blind demodulation with networks of d and s layers: the least radii of the sets of [HJ] around the four
/// centres that hold each component (hyperbola.hpp), outwards to about 3 pi/parts over rho_d rho_s. Centres with rho =
/// 0 are left out. A radius of 1 or more would hold everything: then all are merged, as they are by components away
/// from the centres, for which the theorem has no place.
Neighbourhoods implied_neighbourhoods(int d, int s, double E, int parts = 1 << 10);

}  // namespace theoremeter
