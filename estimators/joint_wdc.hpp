// The joint Weight Distribution Condition [HJ (6), (7)]: the constant eps of B in R^{l x n}, C in R^{l x p} is the
// larger of two suprema. The first, over nonzero h, x in R^n and m, y in R^p, is that of
//   (l/(|m||y|)) || B_{+,h}' diag(C_{+,m} m o C_{+,y} y) B_{+,x} - (alpha/l) m'Q_{m,y}y Q_{h,x} ||.
// The lengths drop out, so all four are unit vectors here, and with rows r_i = sqrt(l) b_i
//   c_i = 1{b_i.h > 0} 1{b_i.x > 0} max(c_i.m, 0) max(c_i.y, 0),   E = alpha kappa(theta) Q_{h,x},
// theta the angle of m and y, kappa(theta) = m'Q_{m,y}y. The second supremum is the first of (C, B), whose spheres then
// are m, y, h, x.
#pragma once

#include "estimators/deviation.hpp"
#include "estimators/units.hpp"
#include "theory/angle.hpp"

#include <cassert>
#include <cmath>
#include <numbers>
#include <utility>

namespace theoremeter {

class JointWdc {
 public:
  /// B: l x n, C: l x p, finite; alpha > 0 (1 for Gaussian rows, the product of the two truncated ensembles' in [HJ]).
  JointWdc(Rows B, Rows C, double alpha = 1)
      : B_(std::move(B)), C_(std::move(C)), rows_(std::sqrt(static_cast<double>(B_.rows())) * B_), alpha_(alpha) {
    assert(B_.rows() == C_.rows());
  }

  int spheres() const { return 4; }  // h, x, m, y
  bool symmetric() const { return true; }
  const Rows& hyperplanes(int s) const { return s < 2 ? B_ : C_; }
  const Rows& rows() const { return rows_; }
  double alpha() const { return alpha_; }
  /// A row of B may take over a power of two from that of C, as c_i r_i r_i' depends on their product; otherwise as for
  /// the WDC.
  InUnits<JointWdc> in_units() const;

  double factor(int s, double z) const { return z > 0 ? (s < 2 ? 1 : z) : 0; }

  /// The step, smoothed algebraically, (1 + s/sqrt(1+s^2))/2 with s = z/t, and its integral (z + t sqrt(1+s^2))/2.
  template <class Real, class Temperature>
  SmoothFactor<Real> smooth_factor(int sphere, const Real& z, Temperature t) const {
    const Real s = z * (1 / t), root = 1 + s * s, q = inverse_sqrt(root);
    const Real step = 0.5f * (1 + s * q);
    if (sphere < 2) return {step, (0.5f / t) * (q * q * q)};
    return {0.5f * (z + t * root * q), step};
  }

  PlaneOperator expectation(const Point& p) const { return Q(p[0], p[1], alpha_ * kappa(angle(p[2], p[3]))); }

  /// kappa' = -(pi-theta) sin(theta)/(2 pi), and m moved along the sphere towards y lowers theta: the gradient of
  /// kappa(theta) in m is (pi-theta)/(2 pi) (y - cos(theta) m).
  double expectation_form(const Point& p, const Eigen::VectorXd& u, Point& gradient) const {
    using std::numbers::pi;
    const double theta = angle(p[2], p[3]), scale = alpha_ * kappa(theta), cosine = p[2].dot(p[3]);
    const double form = Q_form_gradient(p[0], p[1], u, scale, gradient[0], gradient[1]);
    const double turn = alpha_ * (pi - theta) / (2 * pi) * form;
    gradient[2] += turn * (p[3] - cosine * p[2]);
    gradient[3] += turn * (p[2] - cosine * p[3]);
    return scale * form;
  }

  /// |dE| <= lipschitz(s) a radian of p_s. In h and x: |dQ| <= 1/pi, kappa <= 1/2. In m and y: |kappa'| = eta sin(eta)/
  /// (2 pi), eta = pi - theta, whose maximum, where tan(eta) = -eta, is 1.81971/(2 pi); |Q| <= 1/2.
  double lipschitz(int s) const { return alpha_ / 2 * (s < 2 ? lipschitz_Q : 1.8198 / (2 * std::numbers::pi)); }
  std::pair<double, double> expectation_range() const { return {0, alpha_ / 4}; }
  /// E is that part of what expectation_range and lipschitz in h and x allow, for m and y as in p: kappa/(1/2).
  double part_of_expectation(const Point& p) const { return 2 * kappa(angle(p[2], p[3])); }
  /// |m| |y| kappa is convex in m, as it is the mean of max(<g, m>, 0) max(<g, y>, 0) over Gaussian g. Its Hessian
  /// there has the eigenvalues 0, (kappa + kappa'')|y|/|m| = sin(theta)/pi |y|/|m| and, across m and y, half of that;
  /// with |Q| <= 1/2 no more than this over |m|.
  double curvature(int) const { return alpha_ / (2 * std::numbers::pi); }

 private:
  JointWdc(Rows B, Rows C, Rows rows, double alpha)
      : B_(std::move(B)), C_(std::move(C)), rows_(std::move(rows)), alpha_(alpha) {}

  Rows B_, C_;
  Rows rows_;
  double alpha_;
};

static_assert(Deviation<JointWdc>);

}  // namespace theoremeter
