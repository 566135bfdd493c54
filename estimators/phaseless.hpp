// Phaseless concentration [AF; cf. HLV Def. II.4]: the constant of A is the supremum over nonzero z, w of
//   || A_z' A_w - Phi_{z,w} ||,   A_z = diag(sgn(Az)) A,   sgn(0) = 0,   A in R^{m x n}, rows a_i:  c_i = sgn(a_i.z)
//   sgn(a_i.w).
// -z in place of z turns the signs of c_i and, as theta becomes pi - theta and M becomes -M, that of Phi.
#pragma once

#include "estimators/deviation.hpp"
#include "theory/angle.hpp"

#include <utility>

namespace theoremeter {

class Phaseless {
 public:
  /// A: m x n, finite.
  explicit Phaseless(Rows A) : A_(std::move(A)) {}

  int spheres() const { return 2; }
  bool symmetric() const { return true; }
  bool odd() const { return true; }
  const Rows& hyperplanes(int) const { return A_; }
  const Rows& rows() const { return A_; }
  double q_scale() const { return 4; }
  double q_shift() const { return -1; }
  double lipschitz(int) const { return lipschitz_Phi; }
  std::pair<double, double> expectation_range() const { return {-1, 1}; }

  double factor(int, double z) const { return (z > 0) - (z < 0); }

  /// The sign, smoothed algebraically: s/sqrt(1+s^2) with s = z/t.
  template <class Real, class Temperature>
  SmoothFactor<Real> smooth_factor(int, const Real& z, Temperature t) const {
    const Real s = z * (1 / t), q = inverse_sqrt(Real(1 + s * s));
    return {s * q, (1 / t) * (q * q * q)};
  }

  PlaneOperator expectation(const Point& p) const { return Phi(p[0], p[1]); }

  double expectation_form(const Point& p, const Eigen::VectorXd& u, Point& gradient) const {
    return 4 * Q_form_gradient(p[0], p[1], u, 4, gradient[0], gradient[1]) - u.squaredNorm();
  }

 private:
  Rows A_;
};

static_assert(SignDeviation<Phaseless>);

}  // namespace theoremeter
