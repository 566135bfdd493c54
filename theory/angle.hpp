// Angles between vectors, and how one ReLU layer contracts them.
//
// For w ~ N(0, I): E[1{w.x>0} 1{w.y>0} ww'] = Q_{x,y} = (pi-theta)/(2 pi) I + sin(theta)/(2 pi) M  [HLV Def. II.2].
// Hence, for unit x, y,
//   x'Q_{x,y}y = kappa(theta) = ((pi-theta) cos theta + sin theta)/(2 pi)      (My = x, so x'My = 1),
// and a wide layer, which halves |x|^2 and |y|^2, takes the angle theta to g(theta) with cos g = 2 kappa.
//
// Lipschitz constants. Move x along the sphere, at unit speed, in the direction tau = cos(phi) t + sin(phi) n: t the
// unit tangent in the plane of x and y pointing away from y, n orthogonal to that plane. Along t, theta grows at rate 1
// and the axes e+, e- of M turn at rate 1/2, along n they tilt; both together, with P the projection onto the
// complement of the plane,
//   dQ = -(1/(2 pi)) ( t tau' + tau t' + cos(phi) P ).
// On span{t, n} the bracket is [2c s; s c] (c = cos phi, s = sin phi), whose eigenvalues (3c +- sqrt(4-3c^2))/2 lie
// between -2 and 2; elsewhere it is 0 or c. So |dQ| <= 1/pi, with equality when phi = 0: |Q_{x,y} - Q_{x',y}| <=
// angle(x, x')/pi, and no smaller constant will do. By symmetry the same holds in y; Phi = 4Q - I has four times it.
#pragma once

#include <Eigen/Core>
#include <numbers>
#include <vector>

namespace theoremeter {

/// |Q_{x,y} - Q_{x',y}| <= lipschitz_Q * angle(x, x'), in either argument; sharp.
inline constexpr double lipschitz_Q = std::numbers::inv_pi;
/// The same for Phi = 4Q - I.
inline constexpr double lipschitz_Phi = 4 * std::numbers::inv_pi;

/// 2 atan2(|x^-y^|, |x^+y^|) with x^ = x/|x|: the angle in [0, pi] between nonzero x, y of any length.
double angle(const Eigen::VectorXd& x, const Eigen::VectorXd& y);

/// x'Q_{x,y}y for unit x, y at angle theta in [0, pi]: half the arc-cosine kernel of order 1. Full relative accuracy,
/// near pi too.
double kappa(double theta);
/// kappa(pi - eta) = (sin eta - eta cos eta)/(2 pi) for eta in [0, pi]. Full relative accuracy.
double kappa_of_supplement(double eta);

/// The angle after one wide layer, cos g(theta) = 2 kappa(theta), for theta in [0, pi]. Full relative accuracy:
/// g(theta) ~ theta - theta^2/(3 pi) near 0, g(theta) ~ pi/2 - (pi-theta)^3/(3 pi) near pi.
double g(double theta);

/// theta_0, theta_1 = g(theta_0), ..., theta_d: d + 1 angles. From theta_0 = pi they are the papers' check_i. d >= 0.
std::vector<double> g_iterates(double theta_0, int d);

}  // namespace theoremeter
