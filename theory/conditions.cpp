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

// Is w.x > 0 for the real numbers that the doubles stand for? A long double sum of k rounded products is off by less
// than (k+1) 2^-63 sum |w_j x_j|; closer to 0 than that, exact arithmetic decides.
bool active(const Rows& W, Eigen::Index i, const Eigen::VectorXd& x) {
  Real dot = 0, size = 0;
  for (Eigen::Index j = 0; j < x.size(); ++j) {
    const Real term = static_cast<Real>(W(i, j)) * x(j);
    dot += term;
    size += std::abs(term);
  }
  if (std::abs(dot) > static_cast<Real>(x.size() + 1) * std::numeric_limits<Real>::epsilon() * size) return dot > 0;
  Exact exact = 0;
  for (Eigen::Index j = 0; j < x.size(); ++j) exact += Exact(W(i, j)) * Exact(x(j));
  return exact > 0;
}

// Q from an orthonormal basis of span{x, y}: e1 = x^, y^ = cos(theta) e1 + sin(theta) e2. In it, M = [cos sin; sin
// -cos].
Matrix expected(const Eigen::VectorXd& x, const Eigen::VectorXd& y) {
  constexpr Real pi = std::numbers::pi_v<Real>;
  const Vector a = x.cast<Real>(), b = y.cast<Real>();
  const Vector e1 = a / a.norm(), unit_y = b / b.norm();
  Vector rest = unit_y - unit_y.dot(e1) * e1;
  rest -= rest.dot(e1) * e1;  // once more: the first pass leaves a rounding error along e1
  const Real cosine = unit_y.dot(e1), sine = rest.norm(), theta = std::atan2(sine, cosine);
  Matrix Q = (pi - theta) / (2 * pi) * Matrix::Identity(x.size(), x.size());
  if (sine == 0) return Q;
  const Vector e2 = rest / sine;
  const Matrix M =
      cosine * (e1 * e1.transpose() - e2 * e2.transpose()) + sine * (e1 * e2.transpose() + e2 * e1.transpose());
  return Q + sine / (2 * pi) * M;
}

}  // namespace

long double wdc_deviation(const Rows& W, double alpha, const Eigen::VectorXd& x, const Eigen::VectorXd& y) {
  assert(W.cols() == x.size() && W.cols() == y.size());
  Matrix S = Matrix::Zero(W.cols(), W.cols());
  for (Eigen::Index i = 0; i < W.rows(); ++i) {
    if (!active(W, i, x) || !active(W, i, y)) continue;
    for (Eigen::Index a = 0; a < W.cols(); ++a) {
      for (Eigen::Index b = 0; b < W.cols(); ++b) S(a, b) += static_cast<Real>(W(i, a)) * W(i, b);
    }
  }
  const Matrix deviation = S - alpha * expected(x, y);
  return Eigen::SelfAdjointEigenSolver<Matrix>(deviation, Eigen::EigenvaluesOnly).eigenvalues().cwiseAbs().maxCoeff();
}

}  // namespace theoremeter
