#pragma once

#include <Eigen/Dense>

namespace theoremeter {

// Eigen's decompositions of dense matrices, compiled once: each costs seven seconds in every file that names it.

/// Of a symmetric matrix: eigenvalues in ascending order, eigenvectors as columns.
struct SymmetricEigen {
  Eigen::VectorXd values;
  Eigen::MatrixXd vectors;
};
SymmetricEigen symmetric_eigen(const Eigen::MatrixXd& symmetric);

/// The eigenvalues of a symmetric matrix, in ascending order.
Eigen::VectorXd symmetric_eigenvalues(const Eigen::MatrixXd& symmetric);

/// A^{-1} b for a positive definite A, of which the lower triangle is read.
Eigen::VectorXd solve_definite(const Eigen::MatrixXd& A, const Eigen::VectorXd& b);

/// The shortest x that minimises |A x - b|.
Eigen::VectorXd shortest_least_squares(const Eigen::MatrixXd& A, const Eigen::VectorXd& b);

/// A = QR by Householder's reflections, A of at least as many rows as columns. Q as large as A, R square.
struct Qr {
  Eigen::MatrixXd Q, R;
};
Qr qr_of(const Eigen::MatrixXd& A);

/// A P = QR with |R_ii| falling: the first r columns of Q span the range where R_rr is the first that is negligible.
class PivotedQr {
 public:
  explicit PivotedQr(const Eigen::MatrixXd& A);
  [[nodiscard]] const Eigen::MatrixXd& R() const { return qr_.matrixR(); }  // in its upper triangle
  [[nodiscard]] Eigen::MatrixXd Q(Eigen::Index columns) const;
  [[nodiscard]] Eigen::Index rank(double negligible) const;  // of pivots above `negligible` times the largest
  [[nodiscard]] Eigen::VectorXd least_squares(const Eigen::VectorXd& b) const;  // an x that minimises |A x - b|
  [[nodiscard]] Eigen::MatrixXd permuted(const Eigen::MatrixXd& X) const;       // PX

 private:
  Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr_;
};

}  // namespace theoremeter
