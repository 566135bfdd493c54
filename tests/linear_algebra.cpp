#include "tests/linear_algebra.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/QR>

namespace theoremeter::testing {

Eigen::MatrixXd orthogonal_of(const Eigen::MatrixXd& G) {
  return Eigen::HouseholderQR<Eigen::MatrixXd>(G).householderQ();
}

Eigen::VectorXd eigenvalues(const Eigen::MatrixXd& symmetric) {
  return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(symmetric, Eigen::EigenvaluesOnly).eigenvalues();
}

double spectral_norm(const Eigen::MatrixXd& symmetric) { return eigenvalues(symmetric).cwiseAbs().maxCoeff(); }

}  // namespace theoremeter::testing
