// Eigen's decompositions, compiled once for all tests.
#pragma once

#include <Eigen/Core>

namespace theoremeter::testing {

/// Q of G = QR, square.
Eigen::MatrixXd orthogonal_of(const Eigen::MatrixXd& G);

/// Of a symmetric matrix, in ascending order.
Eigen::VectorXd eigenvalues(const Eigen::MatrixXd& symmetric);

/// max |lambda| of a symmetric matrix.
double spectral_norm(const Eigen::MatrixXd& symmetric);

}  // namespace theoremeter::testing
