#include "estimators/majorant.hpp"

#include "estimators/decompositions.hpp"

#include <Eigen/Cholesky>
#include <algorithm>

namespace theoremeter {

Eigen::MatrixXd absolute(const Eigen::MatrixXd& N) {
  const SymmetricEigen eigen = symmetric_eigen(N);
  return eigen.vectors * eigen.values.cwiseAbs().asDiagonal() * eigen.vectors.transpose();
}

Eigen::MatrixXd majorant(const Eigen::MatrixXd& N, const Eigen::MatrixXd& S) {
  const Eigen::LLT<Eigen::MatrixXd> cholesky(S);
  if (cholesky.info() != Eigen::Success) return absolute(N);
  const Eigen::MatrixXd L = cholesky.matrixL();
  const Eigen::MatrixXd inverse = L.triangularView<Eigen::Lower>().solve(Eigen::MatrixXd::Identity(L.rows(), L.cols()));
  const Eigen::MatrixXd NL = N * L, square = L.transpose() * NL,
                        half = absolute((square + square.transpose()) / 2) * inverse;
  Eigen::MatrixXd X = inverse.transpose() * half;
  X = ((X + X.transpose()) / 2).eval();
  if (!X.allFinite()) return absolute(N);
  const double least = std::min(symmetric_eigenvalues(X - N).minCoeff(), symmetric_eigenvalues(X + N).minCoeff());
  if (!(least >= 0)) X.diagonal().array() -= least;
  return X;
}

}  // namespace theoremeter
