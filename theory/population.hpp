// Population objectives: the limits of infinitely many measurements and infinitely wide layers with N(0, 1/n_i) entries
// [HLV Fig. 1; HJ Fig. 1]. All are scaled: times 2^d, since each layer halves the square of every length.
//
// Wide layers take the angle theta_0 between x and x0 to theta_d = g(...g(theta_0)), so that
//   inversion, compressed sensing:   f = 1/2 (|x|^2 + |x0|^2) - |x||x0| c,   c = cos theta_d.
// Phase retrieval compares |a.z| and |a.w|, a ~ N(0, I), of z = G(x), w = G(x0); E[|a.z||a.w|] = z'Phi_{z,w}w, so there
//   c = ((pi - 2 theta_d)/pi) cos theta_d + (2/pi) sin theta_d.
// Amplitude flow is the case d = 0. In blind demodulation both factors are independent and all coordinates alike:
//   f = 1/2 (|h|^2 |m|^2 + |h0|^2 |m0|^2) - |h||h0||m||m0| cos theta_d^(h) cos theta_s^(m)     times alpha/(2^{d+s} l).
//
// Gradients. From cos g(t) = ((pi-t) cos t + sin t)/pi,
//   cos theta_d = P cos theta_0 + Z   with   P = prod_{i<d} (pi-theta_i)/pi,
//                                            Z = sum_{i<d} (sin theta_i/pi) prod_{i<j<d} (pi-theta_j)/pi,
// and, as d/dt cos g = -((pi-t)/pi) sin t,   d/dtheta_0 cos theta_d = -P sin theta_0. So moving x along |x| changes
// |x||x0| cos theta_d at the rate |x0| (P cos theta_0 + Z), moving it across, away from x0, at -|x0| P sin theta_0: the
// gradient of |x||x0| cos theta_d is t = P x0 + Z |x0| x^, and that of f is x - t. For phase retrieval, c as a function
// of theta_d has derivative -((pi - 2 theta_d)/pi) sin theta_d, so the same holds with
//   P a and Z a + b   for P and Z,   a = (pi - 2 theta_d)/pi,  b = (2/pi) sin theta_d.
// Along a direction x^ the gradient is least at |x| = c |x0|, where it is |x0| P sin theta_0: it vanishes at x0, where
// c = 1, at -rho_d x0, rho_d being c at theta_0 = pi, and nowhere else but at 0. With eta = pi - theta_0, P ~ K eta, so
// across from -rho_d x0 f falls by rho_d |x0|^2 K eta^3/3: no minimum. (Phase retrieval with d = 1 is flatter, as a
// vanishes at theta_1 = pi/2: P a ~ 2 eta^4/(3 pi^3), and f falls by rho_1 |x0|^2 eta^6/(9 pi^3).)
#pragma once

#include "theory/problems.hpp"

#include <Eigen/Core>
#include <utility>

namespace theoremeter {

/// 2^d times the population objective of a problem other than blind demodulation; d >= 0, and 0 for amplitude flow.
/// x0 is nonzero. Errors are some 1e-16 of |x - x0|(|x| + |x0|): nothing is lost near x0.
double population_objective(Problem problem, int d, const Eigen::VectorXd& x, const Eigen::VectorXd& x0);

/// The gradient of that, x nonzero. Errors are some 1e-16 (d + 1) |x - x0|.
Eigen::VectorXd population_gradient(Problem problem, int d, const Eigen::VectorXd& x, const Eigen::VectorXd& x0);

/// The same for |x0| = 1, |x| = r > 0 at the angle theta in [0, pi] from x0: its component along x0, and that along the
/// unit vector orthogonal to x0 on the side of x.
Eigen::Vector2d population_gradient_plane(Problem problem, int d, double r, double theta);

/// Blind demodulation, networks of d and s layers: 2^{d+s} l/alpha times the population objective. h0, m0 are nonzero.
double population_objective(int d, int s, const Eigen::VectorXd& h, const Eigen::VectorXd& m, const Eigen::VectorXd& h0,
                            const Eigen::VectorXd& m0);

/// The gradients of that in h and in m; h, m nonzero:
///   |m|^2 h - |m||m0| cos theta_s^(m) t_h   and   |h|^2 m - |h||h0| cos theta_d^(h) t_m.
std::pair<Eigen::VectorXd, Eigen::VectorXd> population_gradient(int d, int s, const Eigen::VectorXd& h,
                                                                const Eigen::VectorXd& m, const Eigen::VectorXd& h0,
                                                                const Eigen::VectorXd& m0);

}  // namespace theoremeter
