// Products with A where few entries count: those of sparse z, and of A'w those that a threshold leaves. A'w is made in
// single precision first; entries that rounding could bring past the threshold, and all beyond it, are then made in
// double, as kernels.hpp makes them, to the bit.
#pragma once

#include "estimators/recovery/kernels.hpp"
#include "theory/types.hpp"

#include <Eigen/Core>
#include <map>
#include <vector>

namespace theoremeter {

class SparseProducts {
 public:
  /// Keeps a reference to A.
  explicit SparseProducts(const Rows& A);

  /// y = A z.
  void multiply(const Eigen::VectorXd& z, Eigen::VectorXd& y);

  /// z + scale A'w where its modulus may be one of the s largest, or smaller than the s-th by at most the slack; 0
  /// elsewhere.
  Eigen::VectorXd among_largest(const Eigen::VectorXd& z, double scale, const Eigen::VectorXd& w, Eigen::Index s,
                                double slack = 0);

  /// The same where its modulus may be above a bound.
  Eigen::VectorXd above(const Eigen::VectorXd& z, double scale, const Eigen::VectorXd& w, double bound);

  /// A's column j, contiguous.
  const Eigen::VectorXd& column(Eigen::Index j);

 private:
  void screen(const Eigen::VectorXd& z, double scale, const Eigen::VectorXd& w);
  Eigen::VectorXd exact(const Eigen::VectorXd& z, double scale, const Eigen::VectorXd& w, double bound);

  const Rows& A_;
  SingleRows single_;
  Eigen::VectorXd lengths_;  // of columns
  std::map<Eigen::Index, Eigen::VectorXd> columns_;
  Eigen::VectorXd least_, most_;  // bounds of the moduli
};

}  // namespace theoremeter
