// The operators of the papers: M, Q and Phi, each a multiple of the identity plus rank two, applied in O(k).
#pragma once

#include "theory/types.hpp"

#include <Eigen/Core>

namespace theoremeter {

/// identity * I + plus (x+y)(x+y)' - minus (x-y)(x-y)'  for unit x, y in R^k. Every expectation in the papers has this
/// form. Written with x+y and x-y (the two axes of M) nothing cancels, neither at angle 0 nor at pi.
struct PlaneOperator {
  double identity = 0;
  double plus = 0;
  double minus = 0;
  Eigen::VectorXd sum;         // x + y
  Eigen::VectorXd difference;  // x - y

  Eigen::VectorXd apply(const Eigen::VectorXd& u) const;
  double form(const Eigen::VectorXd& u) const;  // u' (.) u
  Eigen::MatrixXd dense() const;                // k x k, for tests and small k
};

/// M_{x<->y}: exchanges the unit vectors x and y, kills the complement of span{x, y} [HLV Def. II.2].
PlaneOperator exchange(const Eigen::VectorXd& x, const Eigen::VectorXd& y);

/// scale * Q_{x,y} + shift * I with Q = (pi-theta)/(2 pi) I + sin(theta)/(2 pi) M [HLV Def. II.2]; x, y of unit length.
PlaneOperator Q(const Eigen::VectorXd& x, const Eigen::VectorXd& y, double scale = 1, double shift = 0);

/// Phi_{z,w} = (pi-2 theta)/pi I + (2 sin theta)/pi M [HLV Def. II.4] = 4 Q - I; z, w of unit length.
PlaneOperator Phi(const Eigen::VectorXd& z, const Eigen::VectorXd& w);

/// u'Q_{x,y}u; adds scale times its Euclidean gradients in x and y (u fixed, x and y on their spheres) to gx and gy.
double Q_form_gradient(const Eigen::VectorXd& x, const Eigen::VectorXd& y, const Eigen::VectorXd& u, double scale,
                       Eigen::VectorXd& gx, Eigen::VectorXd& gy);

}  // namespace theoremeter
