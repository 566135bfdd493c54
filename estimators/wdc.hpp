// The Weight Distribution Condition [HLV Def. II.2; HJ (5)]: the constant eps of W is the supremum over nonzero x, y of
//   || W_{+,x}' W_{+,y} - alpha Q_{x,y} ||,   W_{+,x} = diag(Wx > 0) W,   W in R^{n x k}, rows w_i:  c_i = 1{w_i.x > 0}
//   1{w_i.y > 0}.
#pragma once

#include "estimators/deviation.hpp"
#include "estimators/units.hpp"
#include "theory/angle.hpp"

#include <cmath>
#include <optional>
#include <utility>

namespace theoremeter {

class Wdc {
 public:
  /// W: n x k, finite; alpha > 0 (1 in [HLV]; the truncated ensemble's in [HJ]). directions: positive multiples of the
  /// rows, to tell signs by.
  explicit Wdc(Rows W, double alpha = 1, std::optional<Rows> directions = {})
      : W_(std::move(W)), directions_(std::move(directions)), alpha_(alpha) {}

  int spheres() const { return 2; }
  bool symmetric() const { return true; }
  bool odd() const { return false; }
  const Rows& hyperplanes(int) const { return directions_ ? *directions_ : W_; }
  const Rows& rows() const { return W_; }
  double alpha() const { return alpha_; }
  /// Of W 2^-e and alpha 4^-e the deviation is 4^-e times that of W and alpha.
  InUnits<Wdc> in_units() const;
  double q_scale() const { return alpha_; }
  double q_shift() const { return 0; }
  double lipschitz(int) const { return alpha_ * lipschitz_Q; }
  std::pair<double, double> expectation_range() const { return {0, alpha_ / 2}; }

  double factor(int, double z) const { return z > 0 ? 1 : 0; }

  /// The step, smoothed algebraically: (1 + s/sqrt(1+s^2))/2 with s = z/t.
  template <class Real, class Temperature>
  SmoothFactor<Real> smooth_factor(int, const Real& z, Temperature t) const {
    const Real s = z * (1 / t), q = inverse_sqrt(Real(1 + s * s));
    return {0.5f * (1 + s * q), (0.5f / t) * (q * q * q)};
  }

  PlaneOperator expectation(const Point& p) const { return Q(p[0], p[1], alpha_); }

  double expectation_form(const Point& p, const Eigen::VectorXd& u, Point& gradient) const {
    return alpha_ * Q_form_gradient(p[0], p[1], u, alpha_, gradient[0], gradient[1]);
  }

 private:
  Rows W_;
  std::optional<Rows> directions_;  // where W's own lengths will not do
  double alpha_;
};

static_assert(SignDeviation<Wdc>);

}  // namespace theoremeter
