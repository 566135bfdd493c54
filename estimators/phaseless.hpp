// Phaseless concentration [AF; cf. HLV Def. II.4]: the constant of A is the supremum over nonzero z, w of
//   || A_z' A_w - Phi_{z,w} ||,   A_z = diag(sgn(Az)) A,   sgn(0) = 0,   A in R^{m x n}, rows a_i:  c_i = sgn(a_i.z)
//   sgn(a_i.w).
// -z in place of z turns the signs of c_i and, as theta becomes pi - theta and M becomes -M, that of Phi.
#pragma once

#include "estimators/deviation.hpp"
#include "estimators/units.hpp"
#include "theory/angle.hpp"

#include <optional>
#include <utility>

namespace theoremeter {

class Phaseless {
 public:
  /// A: m x n, finite. size: that of Phi, for a copy in other units. directions: positive multiples of the rows, to
  /// tell signs by.
  explicit Phaseless(Rows A, double size = 1, std::optional<Rows> directions = {})
      : A_(std::move(A)), directions_(std::move(directions)), size_(size) {}

  int spheres() const { return 2; }
  bool symmetric() const { return true; }
  bool odd() const { return true; }
  const Rows& hyperplanes(int) const { return directions_ ? *directions_ : A_; }
  const Rows& rows() const { return A_; }
  /// Of A 2^-e and 4^-e Phi the deviation is 4^-e times that of A and Phi.
  InUnits<Phaseless> in_units() const;
  double q_scale() const { return 4 * size_; }
  double q_shift() const { return -size_; }
  double lipschitz(int) const { return lipschitz_Phi * size_; }
  std::pair<double, double> expectation_range() const { return {-size_, size_}; }

  double factor(int, double z) const { return (z > 0) - (z < 0); }

  /// The sign, smoothed algebraically: s/sqrt(1+s^2) with s = z/t.
  template <class Real, class Temperature>
  SmoothFactor<Real> smooth_factor(int, const Real& z, Temperature t) const {
    const Real s = z * (1 / t), q = inverse_sqrt(Real(1 + s * s));
    return {s * q, (1 / t) * (q * q * q)};
  }

  PlaneOperator expectation(const Point& p) const { return Q(p[0], p[1], q_scale(), q_shift()); }

  double expectation_form(const Point& p, const Eigen::VectorXd& u, Point& gradient) const {
    return q_scale() * Q_form_gradient(p[0], p[1], u, q_scale(), gradient[0], gradient[1]) +
           q_shift() * u.squaredNorm();
  }

 private:
  Rows A_;
  std::optional<Rows> directions_;  // where A's own lengths will not do
  double size_;
};

static_assert(SignDeviation<Phaseless>);

}  // namespace theoremeter
