#include "theory/operators.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

namespace theoremeter {
namespace {

using std::numbers::pi;

// The plane of unit x, y at angle theta. |x+y| = 2 cos(theta/2) and |x-y| = 2 sin(theta/2) carry all there is to know.
struct Plane {
  double sum, difference;  // |x+y|, |x-y|

  Plane(const Eigen::VectorXd& x, const Eigen::VectorXd& y) : sum((x + y).norm()), difference((x - y).norm()) {
    assert(x.size() == y.size());
  }
  double supplement() const { return 2 * std::atan2(sum, difference); }  // pi - theta, without subtracting
  bool degenerate() const { return sum == 0 || difference == 0; }        // y = x or y = -x: no plane
};

}  // namespace

Eigen::VectorXd PlaneOperator::apply(const Eigen::VectorXd& u) const {
  return identity * u + (plus * sum.dot(u)) * sum - (minus * difference.dot(u)) * difference;
}

double PlaneOperator::form(const Eigen::VectorXd& u) const {
  const double p = sum.dot(u), m = difference.dot(u);
  return identity * u.squaredNorm() + plus * p * p - minus * m * m;
}

Eigen::MatrixXd PlaneOperator::dense() const {
  Eigen::MatrixXd A = plus * sum * sum.transpose() - minus * difference * difference.transpose();
  A.diagonal().array() += identity;
  return A;
}

PlaneOperator exchange(const Eigen::VectorXd& x, const Eigen::VectorXd& y) {
  PlaneOperator M{0, 0, 0, x + y, x - y};
  const double s = M.sum.squaredNorm(), d = M.difference.squaredNorm();
  M.plus = s > 0 ? 1 / s : 0;
  M.minus = d > 0 ? 1 / d : 0;
  return M;
}

// sin(theta) = |x+y||x-y|/2, so sin(theta)/(2 pi) e+e+' = |x-y|/(4 pi |x+y|) (x+y)(x+y)', and likewise for e-. Where
// x+y = 0 (or x-y = 0) the whole term vanishes.
PlaneOperator Q(const Eigen::VectorXd& x, const Eigen::VectorXd& y, double scale, double shift) {
  const Plane plane(x, y);
  // the quotient first: at angles 0 and pi it is 1/2 and 0, exactly
  PlaneOperator q{scale * (plane.supplement() / (2 * pi)) + shift, 0, 0, x + y, x - y};
  if (plane.degenerate()) return q;
  q.plus = scale * plane.difference / (4 * pi * plane.sum);
  q.minus = scale * plane.sum / (4 * pi * plane.difference);
  return q;
}

PlaneOperator Phi(const Eigen::VectorXd& z, const Eigen::VectorXd& w) { return Q(z, w, 4, -1); }

// Q depends on x only through its direction; the gradient below is that of u'Q_{x/|x|,y/|y|}u, hence tangential. With t
// the unit tangent at x pointing away from y, in the plane, and P the projection onto the plane's complement (angle.hpp
// derives it),
//   d/dx [u'Qu](tau) = -(1/(2 pi)) (2 <u,t><u,tau> + |Pu|^2 <t,tau>)    for tau orthogonal to x,
// and the same for y. At theta = 0 (a ridge of u'Qu) and theta = pi (a valley) t does not exist; the symmetric choice
// is 0.
double Q_form_gradient(const Eigen::VectorXd& x, const Eigen::VectorXd& y, const Eigen::VectorXd& u, double scale,
                       Eigen::VectorXd& gx, Eigen::VectorXd& gy) {
  const Plane plane(x, y);
  const double u2 = u.squaredNorm(), identity = plane.supplement() / (2 * pi);
  if (plane.degenerate()) return identity * u2;
  const double cos_half = plane.sum / 2, sin_half = plane.difference / 2;
  const double p = u.dot(x + y) / plane.sum, m = u.dot(x - y) / plane.difference;  // <u, e+>, <u, e->
  const double off_plane = std::max(0.0, u2 - p * p - m * m);
  // t = -sin(theta/2) e+ + cos(theta/2) e- at x, and -sin(theta/2) e+ - cos(theta/2) e- at y.
  const auto add = [&](double cos_signed, const Eigen::VectorXd& at, Eigen::VectorXd& gradient) {
    const double ut = cos_signed * m - sin_half * p, c = -scale / (2 * pi);
    const double along_sum = -c * off_plane * sin_half / plane.sum;
    const double along_difference = c * off_plane * cos_signed / plane.difference;
    gradient += 2 * c * ut * (u - u.dot(at) * at) + along_sum * (x + y) + along_difference * (x - y);
  };
  add(cos_half, x, gx);
  add(-cos_half, y, gy);
  return identity * u2 + sin_half * cos_half / pi * (p * p - m * m);
}

}  // namespace theoremeter
