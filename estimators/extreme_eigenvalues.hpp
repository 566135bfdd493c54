// Both extreme eigenvalues of many small symmetric matrices: eight at a time, one to a lane of the vector unit.
#pragma once

#include <Eigen/Core>
#include <vector>

namespace theoremeter {

/// One number from each of eight matrices.
using Eight = Eigen::Array<double, 8, 1>;

struct Extremes {
  Eight smallest, largest;
};

/// Eight symmetric k x k matrices side by side, k >= 1. Memory: 4 k (k+1) + O(k) doubles.
class SymmetricEight {
 public:
  explicit SymmetricEight(Eigen::Index k);

  Eigen::Index k() const { return k_; }
  /// Entries (c, c), (c+1, c), ..., (k-1, c): the lower triangle by columns, without gaps from column(0) on.
  Eight* column(Eigen::Index c) { return lower_.data() + c * k_ - c * (c - 1) / 2; }

  /// Householder tridiagonalisation, then Laguerre's iteration from outside the spectrum. The entries must be finite
  /// and are used up. A lane's result depends on that lane alone. Error below 8 sqrt(k) eps ||A||, as measured; a
  /// diagonal matrix is exact.
  Extremes extreme_eigenvalues();

 private:
  Eight scale_to_unit();
  Eight reflection(Eigen::Index j);
  void sweep(Eigen::Index j, const Eight& tau);

  Eigen::Index k_;
  std::vector<Eight> lower_;
  std::vector<Eight> diagonal_, off_diagonal_;  // of the tridiagonal matrix; off_diagonal_[i] >= 0 between i-1 and i
  std::vector<Eight> v_, w_;  // lower_ - v w' - w v' is meant: the last reflection, not yet carried out
  std::vector<Eight> u_, p_;  // the next reflection I - tau u u', and what it makes of the matrix
};

}  // namespace theoremeter
