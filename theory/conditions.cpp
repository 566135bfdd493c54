#include "theory/conditions.hpp"

#include <Eigen/Eigenvalues>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>

namespace theoremeter {
namespace {

using Real = long double;
using Vector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;
using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;

// A product of doubles is a multiple of 2^-2148 below 2^2048: in 4400 bits sums of 2^200 of them are exact.
using Exact =
    boost::multiprecision::number<boost::multiprecision::cpp_bin_float<4400, boost::multiprecision::digit_base_2>,
                                  boost::multiprecision::et_off>;

// The sign of w.x for the real numbers that the doubles stand for. A long double sum of k rounded products is off by
// less than (k+1) 2^-63 sum |w_j x_j|; closer to 0 than that, exact arithmetic decides.
int sign(const Rows& W, Eigen::Index i, const Eigen::VectorXd& x) {
  Real dot = 0, size = 0;
  for (Eigen::Index j = 0; j < x.size(); ++j) {
    const Real term = static_cast<Real>(W(i, j)) * x(j);
    dot += term;
    size += std::abs(term);
  }
  if (std::abs(dot) > static_cast<Real>(x.size() + 1) * std::numeric_limits<Real>::epsilon() * size)
    return dot > 0 ? 1 : -1;
  Exact exact = 0;
  for (Eigen::Index j = 0; j < x.size(); ++j) exact += Exact(W(i, j)) * Exact(x(j));
  return exact.sign();
}

bool active(const Rows& W, Eigen::Index i, const Eigen::VectorXd& x) { return sign(W, i, x) > 0; }

// x and y in an orthonormal basis of their span: e1 = x^, y^ = cos(theta) e1 + sin(theta) e2. In it, M = [cos sin; sin
// -cos].
struct Plane {
  Real cosine, sine, theta;
  Matrix M;

  Plane(const Eigen::VectorXd& x, const Eigen::VectorXd& y) : M(Matrix::Zero(x.size(), x.size())) {
    const Vector a = x.cast<Real>(), b = y.cast<Real>();
    const Vector e1 = a / a.norm(), unit_y = b / b.norm();
    Vector rest = unit_y - unit_y.dot(e1) * e1;
    rest -= rest.dot(e1) * e1;  // once more: the first pass leaves a rounding error along e1
    cosine = unit_y.dot(e1);
    sine = rest.norm();
    theta = std::atan2(sine, cosine);
    if (sine == 0) return;  // no plane, and nothing that M is multiplied by
    const Vector e2 = rest / sine;
    M = cosine * (e1 * e1.transpose() - e2 * e2.transpose()) + sine * (e1 * e2.transpose() + e2 * e1.transpose());
  }
};

constexpr Real pi = std::numbers::pi_v<Real>;

Matrix Q(const Eigen::VectorXd& x, const Eigen::VectorXd& y) {
  const Plane plane(x, y);
  return (pi - plane.theta) / (2 * pi) * Matrix::Identity(x.size(), x.size()) + plane.sine / (2 * pi) * plane.M;
}

Matrix Phi(const Eigen::VectorXd& z, const Eigen::VectorXd& w) {
  const Plane plane(z, w);
  return (pi - 2 * plane.theta) / pi * Matrix::Identity(z.size(), z.size()) + 2 * plane.sine / pi * plane.M;
}

void add_outer(const Rows& W, Eigen::Index i, Real coefficient, Matrix& S) {
  for (Eigen::Index a = 0; a < W.cols(); ++a)
    for (Eigen::Index b = 0; b < W.cols(); ++b) S(a, b) += coefficient * W(i, a) * W(i, b);
}

Real norm(const Matrix& symmetric) {
  return Eigen::SelfAdjointEigenSolver<Matrix>(symmetric, Eigen::EigenvaluesOnly).eigenvalues().cwiseAbs().maxCoeff();
}

// l/(|m||y|) times the deviation in (6): unit m and y, and rows sqrt(l) b_i.
Real joint_deviation(const Rows& B, const Rows& C, Real alpha, const Eigen::VectorXd& h, const Eigen::VectorXd& x,
                     const Eigen::VectorXd& m, const Eigen::VectorXd& y) {
  const Real l = static_cast<Real>(B.rows());
  const Vector unit_m = m.cast<Real>().stableNormalized(), unit_y = y.cast<Real>().stableNormalized();
  Matrix S = Matrix::Zero(B.cols(), B.cols());
  for (Eigen::Index i = 0; i < B.rows(); ++i) {
    if (!active(B, i, h) || !active(B, i, x) || !active(C, i, m) || !active(C, i, y)) continue;
    Real cm = 0, cy = 0;
    for (Eigen::Index j = 0; j < C.cols(); ++j) {
      cm += C(i, j) * unit_m(j);
      cy += C(i, j) * unit_y(j);
    }
    add_outer(B, i, l * cm * cy, S);
  }
  return norm(S - alpha * unit_m.dot(Q(m, y) * unit_y) * Q(h, x));
}

// relu(W_d ... relu(W_1 x)).
Vector generated(const std::vector<Rows>& layers, const Eigen::VectorXd& x) {
  Vector z = x.cast<Real>();
  for (const Rows& W : layers) {
    Vector next = Vector::Zero(W.rows());
    for (Eigen::Index i = 0; i < W.rows(); ++i) {
      for (Eigen::Index j = 0; j < W.cols(); ++j) next(i) += static_cast<Real>(W(i, j)) * z(j);
      if (next(i) < 0) next(i) = 0;
    }
    z = next;
  }
  return z;
}

Vector product(const Rows& A, const Vector& z) {
  Vector Az = Vector::Zero(A.rows());
  for (Eigen::Index i = 0; i < A.rows(); ++i) {
    for (Eigen::Index j = 0; j < A.cols(); ++j) Az(i) += static_cast<Real>(A(i, j)) * z(j);
  }
  return Az;
}

Real sgn(Real t) { return t > 0 ? 1 : t < 0 ? -1 : 0; }

// v'Phi_{z,w}u. With e1, e2 an orthonormal basis of span{z, w} as above, M u = (cos u1 + sin u2) e1 + (sin u1 - cos u2)
// e2.
Real expected_form(const Vector& z, const Vector& w, const Vector& u, const Vector& v) {
  const Vector e1 = z / z.norm(), unit_w = w / w.norm();
  Vector rest = unit_w - unit_w.dot(e1) * e1;
  rest -= rest.dot(e1) * e1;
  const Real cosine = unit_w.dot(e1), sine = rest.norm(), theta = std::atan2(sine, cosine);
  const Real scalar = (pi - 2 * theta) / pi * u.dot(v);
  if (sine == 0) return scalar;
  const Vector e2 = rest / sine;
  const Real u1 = u.dot(e1), u2 = u.dot(e2), v1 = v.dot(e1), v2 = v.dot(e2);
  return scalar + 2 * sine / pi * ((cosine * u1 + sine * u2) * v1 + (sine * u1 - cosine * u2) * v2);
}

}  // namespace

long double wdc_deviation(const Rows& W, double alpha, const Eigen::VectorXd& x, const Eigen::VectorXd& y) {
  assert(W.cols() == x.size() && W.cols() == y.size());
  Matrix S = Matrix::Zero(W.cols(), W.cols());
  for (Eigen::Index i = 0; i < W.rows(); ++i)
    if (active(W, i, x) && active(W, i, y)) add_outer(W, i, 1, S);
  return norm(S - alpha * Q(x, y));
}

long double phaseless_deviation(const Rows& A, const Eigen::VectorXd& z, const Eigen::VectorXd& w) {
  assert(A.cols() == z.size() && A.cols() == w.size());
  Matrix S = Matrix::Zero(A.cols(), A.cols());
  for (Eigen::Index i = 0; i < A.rows(); ++i) add_outer(A, i, sign(A, i, z) * sign(A, i, w), S);
  return norm(S - Phi(z, w));
}

std::pair<long double, long double> joint_wdc_deviation(const Rows& B, const Rows& C, double alpha,
                                                        const Eigen::VectorXd& h, const Eigen::VectorXd& x,
                                                        const Eigen::VectorXd& m, const Eigen::VectorXd& y) {
  assert(B.rows() == C.rows() && B.cols() == h.size() && B.cols() == x.size());
  assert(C.cols() == m.size() && C.cols() == y.size());
  return {joint_deviation(B, C, alpha, h, x, m, y), joint_deviation(C, B, alpha, m, y, h, x)};
}

long double rrcp_deviation(const std::vector<Rows>& layers, const Rows& A, const Eigen::VectorXd& x,
                           const Eigen::VectorXd& y, const Eigen::VectorXd& x1, const Eigen::VectorXd& x2,
                           const Eigen::VectorXd& x3, const Eigen::VectorXd& x4) {
  const Vector z = generated(layers, x), w = generated(layers, y);
  const Vector u = generated(layers, x1) - generated(layers, x2), v = generated(layers, x3) - generated(layers, x4);
  assert(A.cols() == z.size() && A.cols() == u.size());
  if (z.norm() == 0 || w.norm() == 0 || u.norm() == 0 || v.norm() == 0) return std::numeric_limits<Real>::quiet_NaN();
  const Vector Az = product(A, z), Aw = product(A, w), Au = product(A, u), Av = product(A, v);
  Real form = 0;  // <A_w u, A_z v>
  for (Eigen::Index i = 0; i < A.rows(); ++i) form += sgn(Az(i)) * sgn(Aw(i)) * Au(i) * Av(i);
  return std::abs(form - expected_form(z, w, u, v)) / (u.norm() * v.norm());
}

}  // namespace theoremeter
