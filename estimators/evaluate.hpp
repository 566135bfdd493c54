// The value of a deviation at a point, in float64 with exact signs: what makes a witness a witness.
#pragma once

#include "estimators/decompositions.hpp"
#include "estimators/deviation.hpp"
#include "estimators/measurement.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

namespace theoremeter {

/// <h, p> with the sign of the exact (real-number) product of the doubles given; exactly 0 when that is 0.
double exact_sign_dot(const double* h, const double* p, Eigen::Index k);

/// S(p) - E(p), k x k, from scratch. Signs are those of p as it is, E(p) is that of unit vectors along it.
template <Deviation D>
Eigen::MatrixXd deviation_matrix(const D& d, const Point& p, double* margin = nullptr) {
  const Rows& R = d.rows();
  double nearest = 1;  // no point of the sphere is further from a hyperplane
  Eigen::MatrixXd S = Eigen::MatrixXd::Zero(R.cols(), R.cols());
  for (Eigen::Index i = 0; i < R.rows(); ++i) {
    double c = 1;
    for (int s = 0; s < d.spheres(); ++s) {
      const auto h = d.hyperplanes(s).row(i);
      const double z = exact_sign_dot(h.data(), p[static_cast<std::size_t>(s)].data(), h.size());
      if (const double norm = h.norm(); norm > 0 && !grows(d, s)) nearest = std::min(nearest, std::abs(z) / norm);
      c *= d.factor(s, z);
    }
    if (c != 0) S.selfadjointView<Eigen::Lower>().rankUpdate(R.row(i).transpose(), c);
  }
  if (margin) *margin = nearest;
  Point unit = p;
  for (Eigen::VectorXd& x : unit) x.normalize();
  return Eigen::MatrixXd(S.selfadjointView<Eigen::Lower>()) - d.expectation(unit).dense();
}

/// f(p) with its side and margin; points whose lengths are not 1 to 1e-12 are normalised first. (What is 1 to that is
/// left alone, as rounding might carry it across a hyperplane.)
template <Deviation D>
Witness evaluate(const D& d, Point p) {
  Witness w;
  for (Eigen::VectorXd& x : p)
    if (!(std::abs(x.norm() - 1) < 1e-12)) x.normalize();
  const Eigen::MatrixXd F = deviation_matrix(d, p, &w.margin);
  const Eigen::VectorXd lambda = symmetric_eigenvalues(F);
  w.side = lambda(lambda.size() - 1) >= -lambda(0) ? Side::plus : Side::minus;
  w.value = std::max(lambda(lambda.size() - 1), -lambda(0));
  w.point = std::move(p);
  return w;
}

}  // namespace theoremeter
