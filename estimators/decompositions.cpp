#include "estimators/decompositions.hpp"

namespace theoremeter {

using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

SymmetricEigen symmetric_eigen(const MatrixXd& symmetric) {
  const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(symmetric);
  return {eigen.eigenvalues(), eigen.eigenvectors()};
}

VectorXd symmetric_eigenvalues(const MatrixXd& symmetric) {
  return Eigen::SelfAdjointEigenSolver<MatrixXd>(symmetric, Eigen::EigenvaluesOnly).eigenvalues();
}

VectorXd solve_definite(const MatrixXd& A, const VectorXd& b) { return A.llt().solve(b); }

VectorXd shortest_least_squares(const MatrixXd& A, const VectorXd& b) {
  return A.completeOrthogonalDecomposition().solve(b);
}

Qr qr_of(const MatrixXd& A) {
  const Eigen::HouseholderQR<MatrixXd> qr(A);
  return {qr.householderQ() * MatrixXd::Identity(A.rows(), A.cols()),
          qr.matrixQR().topRows(A.cols()).triangularView<Eigen::Upper>()};
}

PivotedQr::PivotedQr(const MatrixXd& A) : qr_(A) {}

MatrixXd PivotedQr::Q(Index columns) const { return qr_.householderQ() * MatrixXd::Identity(qr_.rows(), columns); }

Index PivotedQr::rank(double negligible) const {
  Eigen::ColPivHouseholderQR<MatrixXd> qr(qr_);
  return qr.setThreshold(negligible).rank();
}

VectorXd PivotedQr::least_squares(const VectorXd& b) const { return qr_.solve(b); }

MatrixXd PivotedQr::permuted(const MatrixXd& X) const { return qr_.colsPermutation() * X; }

}  // namespace theoremeter
