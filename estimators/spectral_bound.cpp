#include "estimators/spectral_bound.hpp"

#include "estimators/units.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace theoremeter {
namespace {

using Eigen::Index, Eigen::MatrixXd;

constexpr double roundoff = 0x1p-53;

// A little more than x >= 0.
double raised(double x) { return x * (1 + 8 * roundoff) + std::numeric_limits<double>::min(); }

// Some b with b I - X positive semidefinite for every symmetric X that is `error` in norm from this one.
double largest_eigenvalue(const MatrixXd& X, double error) {
  const Index k = X.rows();
  double b = Eigen::SelfAdjointEigenSolver<MatrixXd>(X, Eigen::EigenvaluesOnly).eigenvalues()(k - 1);
  // Rump's c for the trace k (b + |X|), the rounding of b - X_ii, and the same again.
  const double slack = 4 * static_cast<double>(k + 2) * roundoff * static_cast<double>(k) * (std::abs(b) + X.norm());
  for (double step = slack; std::isfinite(step) && step > 0; step *= 4) {
    b += step;
    if (const Eigen::LLT<MatrixXd> llt(b * MatrixXd::Identity(k, k) - X); llt.info() == Eigen::Success)
      return raised(std::max(0.0, b + slack + error));
  }
  return X.isZero(0) ? error : std::numeric_limits<double>::infinity();
}

// X'X, or XX' where that is smaller: it has the same eigenvalues but for zeros.
MatrixXd square_of(const Rows& X) {
  if (X.rows() < X.cols()) return X * X.transpose();
  return X.transpose() * X;
}

}  // namespace

double spectral_norm_of_square(const Rows& X, double shift) {
  MatrixXd square = square_of(X);
  const double size = raised(X.squaredNorm()), terms = static_cast<double>(std::max(X.rows(), X.cols()) + 4);
  const double error = 2 * terms * roundoff * (size + shift);
  if (shift == 0) {  // the trace: of all entries, one rounding each in whatever order they are summed
    const double entries = static_cast<double>(X.size() + 8);
    return std::min(raised(size * (1 + entries * roundoff)), largest_eigenvalue(square, error));
  }
  square.diagonal().array() -= shift;
  const double above = largest_eigenvalue(square, error);
  const double below = X.rows() < X.cols() ? shift : largest_eigenvalue(-square, error);
  return std::max({above, below, 0.0});
}

double spectral_bound(const Wdc& d) {
  const auto [copy, unit] = in_units(d);
  return unit * std::max(spectral_norm_of_square(copy.rows()), copy.alpha() / 2);
}

double spectral_bound(const Phaseless& d) {
  const auto [copy, unit] = in_units(d);
  return unit * raised(spectral_norm_of_square(copy.rows()) + copy.expectation_range().second);
}

double spectral_bound(const JointWdc& d) {
  const auto [copy, unit] = in_units(d);
  const Rows &R = copy.rows(), &C = copy.hyperplanes(2);
  // Rows r_i x c_i: errors of their entries, one rounding each, are below those of the products' sums.
  const double expectation = copy.expectation_range().second;
  constexpr Index most = 20'000'000;  // entries, which are doubles
  const Index columns = R.cols() * C.cols();
  if (std::min(R.rows(), columns) <= 2000 && R.rows() <= most / columns) {
    Rows products(R.rows(), columns);
    for (Index i = 0; i < R.rows(); ++i)
      for (Index j = 0; j < R.cols(); ++j) products.row(i).segment(j * C.cols(), C.cols()) = R(i, j) * C.row(i);
    return unit * std::max(spectral_norm_of_square(products), expectation);
  }
  const double r = R.rowwise().squaredNorm().maxCoeff(), c = C.rowwise().squaredNorm().maxCoeff();
  const auto row = [](double square, Index entries) {  // the square of a row's length, summed with rounding
    return raised(square * (1 + static_cast<double>(entries + 16) * roundoff));
  };
  const double by_c = raised(row(c, C.cols()) * spectral_norm_of_square(R));
  const double by_r = raised(row(r, R.cols()) * spectral_norm_of_square(C));
  return unit * std::max(std::min(by_c, by_r), expectation);
}

double spectral_bound(const Rrcp& d) {
  const double unit = std::ldexp(1.0, 2 * d.exponent()), one = 1 / unit;
  if (d.property() == Rrcp::Property::isometry) return unit * spectral_norm_of_square(d.measurements(), one);
  return unit * raised(spectral_norm_of_square(d.measurements()) + one);
}

}  // namespace theoremeter
