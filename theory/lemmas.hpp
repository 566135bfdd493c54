// What single lemmas of the proofs bound by a constant times a power of eps, at given points.
#pragma once

#include "theory/network.hpp"
#include "theory/problems.hpp"

#include <Eigen/Core>

namespace theoremeter {

/// |theta_1 - g(theta_0)|: theta_0 the angle of x and y, theta_1 that of relu(Wx) and relu(Wy); at most 4 sqrt(eps)
/// where W has the WDC with eps [HV Lemma 7]. NaN where relu leaves nothing of one.
double angle_deviation(const Rows& W, const Eigen::VectorXd& x, const Eigen::VectorXd& y);

/// 2^d |Lambda_x' Lambda_y y - h_{x,y}|/|y|, at most 24 d^3 sqrt(eps) [HV Lemma 8].
double network_deviation(const Network& G, const Eigen::VectorXd& x, const Eigen::VectorXd& y);

/// The gradient v_x of phase retrieval less h_x, that of the population, in two: v - vbar and vbar - h, where
/// vbar_x = Lambda_x'(G(x) - Phi_{G(x),G(x0)} G(x0)) has infinitely many measurements, but these layers. 2^d times the
/// largest norms on the ray of p over max(|x|, |x0|): at most 14 eps (1 + 2 eps)^d and 78 d^3 sqrt(eps) [HLV v1, proof
/// of the main theorem]. Noise is left out. NaN where G(p) = 0 or G(x0) = 0.
struct GradientParts {
  double measurements, layers;
};
GradientParts gradient_parts(const Recovery& f, const Eigen::VectorXd& p);

}  // namespace theoremeter
