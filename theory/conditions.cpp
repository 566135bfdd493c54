#include "theory/conditions.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <boost/multiprecision/cpp_int.hpp>
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

Real norm(const Matrix& symmetric, Side* side) {
  const Vector lambda = Eigen::SelfAdjointEigenSolver<Matrix>(symmetric, Eigen::EigenvaluesOnly).eigenvalues();
  if (side) *side = lambda.maxCoeff() >= -lambda.minCoeff() ? Side::plus : Side::minus;
  return lambda.cwiseAbs().maxCoeff();
}

/// |quotient|, of either sign.
Real size(Real quotient, Side* side) {
  if (side) *side = quotient >= 0 ? Side::plus : Side::minus;
  return std::abs(quotient);
}

/// k = 1: squares and what is expected of them may all but cancel, so their difference is exact.
template <class Coefficient>
Real deviation_on_line(const Rows& W, const Exact& expected, const Coefficient& coefficient, Side* side) {
  Exact difference = -expected;
  for (Eigen::Index i = 0; i < W.rows(); ++i) difference += coefficient(i) * (Exact(W(i, 0)) * Exact(W(i, 0)));
  return size(difference.convert_to<Real>(), side);
}

bool same_direction(const Eigen::VectorXd& x, const Eigen::VectorXd& y) { return (x[0] > 0) == (y[0] > 0); }

// l/(|m||y|) times the deviation in (6): unit m and y, and rows sqrt(l) b_i.
Real joint_deviation(const Rows& B, const Rows& C, Real alpha, const Eigen::VectorXd& h, const Eigen::VectorXd& x,
                     const Eigen::VectorXd& m, const Eigen::VectorXd& y, Side* side) {
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
  return norm(S - alpha * unit_m.dot(Q(m, y) * unit_y) * Q(h, x), side);
}

// Integers, exact, and what stands for them: all but their length.
using Integer = boost::multiprecision::cpp_int;
using Integers = std::vector<Integer>;

// The largest power of two that doubles are integer multiples of.
template <class Doubles>
int lowest_exponent(const Doubles& X) {
  int lowest = std::numeric_limits<int>::max();
  for (Eigen::Index i = 0; i < X.size(); ++i)
    if (X.data()[i] != 0) lowest = std::min(lowest, std::ilogb(X.data()[i]) - 52);
  return lowest;
}

Integer whole(double x, int lowest) {
  if (x == 0) return 0;
  const int exponent = std::ilogb(x);
  return Integer(static_cast<long long>(std::scalbn(x, 52 - exponent))) << (exponent - 52 - lowest);
}

Integers whole(const Eigen::VectorXd& x, int lowest) {
  Integers all;
  for (const double entry : x) all.push_back(whole(entry, lowest));
  return all;
}

Integers product(const Rows& W, const Integers& z) {
  const int lowest = lowest_exponent(W);
  Integers all(static_cast<std::size_t>(W.rows()));
  for (Eigen::Index i = 0; i < W.rows(); ++i)
    for (Eigen::Index j = 0; j < W.cols(); ++j)
      if (W(i, j) != 0 && z[static_cast<std::size_t>(j)] != 0)
        all[static_cast<std::size_t>(i)] += whole(W(i, j), lowest) * z[static_cast<std::size_t>(j)];
  return all;
}

// relu(W_d ... relu(W_1 x)), up to a factor that does not depend on x.
Integers generated(const std::vector<Rows>& layers, Integers x) {
  for (const Rows& W : layers) {
    x = product(W, x);
    for (Integer& z : x)
      if (z < 0) z = 0;
  }
  return x;
}

// z over a power of two: to some 2^-64 of the largest entry.
Vector direction(const Integers& z) {
  unsigned largest = 0;
  for (const Integer& entry : z)
    if (entry != 0) largest = std::max(largest, msb(abs(entry)));
  const unsigned surplus = largest > 120 ? largest - 120 : 0;
  Vector real(static_cast<Eigen::Index>(z.size()));
  for (std::size_t i = 0; i < z.size(); ++i)
    real(static_cast<Eigen::Index>(i)) = (Integer(abs(z[i]) >> surplus)).convert_to<Real>() * z[i].sign();
  return real;
}

// G(x1) - G(x2).
Vector difference(const std::vector<Rows>& layers, const Eigen::VectorXd& x1, const Eigen::VectorXd& x2) {
  const int lowest = std::min(lowest_exponent(x1), lowest_exponent(x2));
  const Integers z1 = generated(layers, whole(x1, lowest)), z2 = generated(layers, whole(x2, lowest));
  Integers delta;
  for (std::size_t i = 0; i < z1.size(); ++i) delta.push_back(z1[i] - z2[i]);
  return direction(delta);
}

Vector product(const Rows& A, const Vector& z) {
  Vector Az = Vector::Zero(A.rows());
  for (Eigen::Index i = 0; i < A.rows(); ++i) {
    for (Eigen::Index j = 0; j < A.cols(); ++j) Az(i) += static_cast<Real>(A(i, j)) * z(j);
  }
  return Az;
}

// z is what `scaled` makes of it, times 2^`exponent`.
Real scaled(const Integer& z, int& exponent) {
  exponent = z == 0 ? 0 : static_cast<int>(msb(abs(z))) - 120;
  if (exponent < 0) exponent = 0;
  return Integer(abs(z) >> exponent).convert_to<Real>();
}

// The least of |<w, z>|/(|w||z|) over the rows w of W, Wz = 2^-lowest <w, z>; infinite where all of w, or z, are 0.
Real least_cosine(const Rows& W, const Integers& Wz, const Integers& z) {
  Real least = std::numeric_limits<Real>::infinity();
  unsigned largest = 0;
  for (const Integer& entry : z)
    if (entry != 0) largest = std::max(largest, msb(abs(entry)));
  const int surplus = largest > 120 ? static_cast<int>(largest - 120) : 0, lowest = lowest_exponent(W);
  const Real length = direction(z).norm();  // over 2^surplus
  if (length == 0) return least;
  for (Eigen::Index i = 0; i < W.rows(); ++i) {
    const Real norm = W.row(i).cast<Real>().norm();
    if (norm == 0) continue;
    int exponent = 0;
    const Real product = scaled(Wz[static_cast<std::size_t>(i)], exponent);
    least = std::min(least, std::ldexp(product / length, exponent - surplus + lowest) / norm);
  }
  return least;
}

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

long double wdc_deviation(const Rows& W, double alpha, const Eigen::VectorXd& x, const Eigen::VectorXd& y, Side* side) {
  assert(W.cols() == x.size() && W.cols() == y.size());
  if (W.cols() == 1)  // Q = 1/2 or 0
    return deviation_on_line(
        W, same_direction(x, y) ? Exact(alpha) / 2 : Exact(0),
        [&](Eigen::Index i) { return active(W, i, x) && active(W, i, y) ? 1 : 0; }, side);
  Matrix S = Matrix::Zero(W.cols(), W.cols());
  for (Eigen::Index i = 0; i < W.rows(); ++i)
    if (active(W, i, x) && active(W, i, y)) add_outer(W, i, 1, S);
  return norm(S - alpha * Q(x, y), side);
}

long double phaseless_deviation(const Rows& A, const Eigen::VectorXd& z, const Eigen::VectorXd& w, Side* side) {
  assert(A.cols() == z.size() && A.cols() == w.size());
  if (A.cols() == 1)  // Phi = 1 or -1
    return deviation_on_line(
        A, same_direction(z, w) ? Exact(1) : Exact(-1), [&](Eigen::Index i) { return sign(A, i, z) * sign(A, i, w); },
        side);
  Matrix S = Matrix::Zero(A.cols(), A.cols());
  for (Eigen::Index i = 0; i < A.rows(); ++i) add_outer(A, i, sign(A, i, z) * sign(A, i, w), S);
  return norm(S - Phi(z, w), side);
}

std::pair<long double, long double> joint_wdc_deviation(const Rows& B, const Rows& C, double alpha,
                                                        const Eigen::VectorXd& h, const Eigen::VectorXd& x,
                                                        const Eigen::VectorXd& m, const Eigen::VectorXd& y,
                                                        std::pair<Side, Side>* sides) {
  assert(B.rows() == C.rows() && B.cols() == h.size() && B.cols() == x.size());
  assert(C.cols() == m.size() && C.cols() == y.size());
  return {joint_deviation(B, C, alpha, h, x, m, y, sides ? &sides->first : nullptr),
          joint_deviation(C, B, alpha, m, y, h, x, sides ? &sides->second : nullptr)};
}

long double rrcp_deviation(const std::vector<Rows>& layers, const Rows& A, const Eigen::VectorXd& x,
                           const Eigen::VectorXd& y, const Eigen::VectorXd& x1, const Eigen::VectorXd& x2,
                           const Eigen::VectorXd& x3, const Eigen::VectorXd& x4, Side* side) {
  const Integers Gx = generated(layers, whole(x, lowest_exponent(x))),
                 Gy = generated(layers, whole(y, lowest_exponent(y)));
  const Vector z = direction(Gx), w = direction(Gy), u = difference(layers, x1, x2), v = difference(layers, x3, x4);
  assert(A.cols() == z.size() && A.cols() == u.size());
  if (z.norm() == 0 || w.norm() == 0 || u.norm() == 0 || v.norm() == 0) return std::numeric_limits<Real>::quiet_NaN();
  const Integers Az = product(A, Gx), Aw = product(A, Gy);
  const Vector Au = product(A, u), Av = product(A, v);
  Real form = 0;  // <A_w u, A_z v>
  for (Eigen::Index i = 0; i < A.rows(); ++i) {
    const auto row = static_cast<std::size_t>(i);
    form += static_cast<Real>(Az[row].sign() * Aw[row].sign()) * Au(i) * Av(i);
  }
  return size((form - expected_form(z, w, u, v)) / (u.norm() * v.norm()), side);
}

long double rric_deviation(const std::vector<Rows>& layers, const Rows& A, const Eigen::VectorXd& x1,
                           const Eigen::VectorXd& x2, const Eigen::VectorXd& x3, const Eigen::VectorXd& x4,
                           Side* side) {
  const Vector u = difference(layers, x1, x2), v = difference(layers, x3, x4);
  assert(A.cols() == u.size());
  if (u.norm() == 0 || v.norm() == 0) return std::numeric_limits<Real>::quiet_NaN();
  return size((product(A, u).dot(product(A, v)) - u.dot(v)) / (u.norm() * v.norm()), side);
}

long double jump_distance(const Rows& W, const Eigen::VectorXd& x) {
  return std::min(1.0L, jump_distance({W}, nullptr, x));
}

long double jump_distance(const std::vector<Rows>& layers, const Rows* A, const Eigen::VectorXd& x) {
  Real least = std::numeric_limits<Real>::infinity();
  Integers z = whole(x, lowest_exponent(x));
  const auto look = [&](const Rows& W) {
    Integers Wz = product(W, z);
    least = std::min(least, least_cosine(W, Wz, z));
    z = std::move(Wz);
    for (Integer& entry : z)
      if (entry < 0) entry = 0;
  };
  for (const Rows& W : layers) look(W);
  if (A) look(*A);
  return least;
}

bool in_one_piece(const std::vector<Rows>& layers, const Eigen::VectorXd& x, const Eigen::VectorXd& y) {
  Integers z = whole(x, lowest_exponent(x)), w = whole(y, lowest_exponent(y));
  for (const Rows& W : layers) {
    z = product(W, z);
    w = product(W, w);
    for (std::size_t i = 0; i < z.size(); ++i) {
      if (z[i].sign() * w[i].sign() < 0) return false;
      if (z[i] < 0) z[i] = 0;
      if (w[i] < 0) w[i] = 0;
    }
  }
  return true;
}

}  // namespace theoremeter
