// The value of a deviation at a point, in float64 with exact signs: what makes a witness a witness.
#pragma once

#include "estimators/deviation.hpp"
#include "estimators/measurement.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <limits>

namespace theoremeter {

/// <h, p> with the sign of the exact (real-number) product of the doubles given; exactly 0 when that is 0.
double exact_sign_dot(const double* h, const double* p, Eigen::Index k);

/// S(p) - E(p), k x k, from scratch.
template <Deviation D>
Eigen::MatrixXd deviation_matrix(const D& d, const Point& p, double* margin = nullptr) {
  const Rows& R = d.rows();
  double nearest = std::numeric_limits<double>::infinity();
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
  return Eigen::MatrixXd(S.selfadjointView<Eigen::Lower>()) - d.expectation(p).dense();
}

/// f(p) with its side and margin; the points are normalised first.
template <Deviation D>
Witness evaluate(const D& d, Point p) {
  Witness w;
  for (Eigen::VectorXd& x : p) x.normalize();
  const Eigen::MatrixXd F = deviation_matrix(d, p, &w.margin);
  const Eigen::VectorXd lambda =
      Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(F, Eigen::EigenvaluesOnly).eigenvalues();
  w.side = lambda(lambda.size() - 1) >= -lambda(0) ? Side::plus : Side::minus;
  w.value = std::max(lambda(lambda.size() - 1), -lambda(0));
  w.point = std::move(p);
  return w;
}

}  // namespace theoremeter
