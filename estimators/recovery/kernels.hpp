// Products with the rows of A, the inner loops of the recovery algorithms. Every sum is in the order of the rows, or
// has eight fixed lanes: whatever the width of the processor's vectors, the bits are the same.
#pragma once

#include "theory/types.hpp"

#include <Eigen/Core>

namespace theoremeter {

/// g += A'w, leaving out rows whose weight is 0.
void add_weighted_rows(const Rows& A, const Eigen::VectorXd& w, Eigen::VectorXd& g);

using SingleRows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
void add_weighted_rows(const SingleRows& A, const Eigen::VectorXf& w, Eigen::VectorXf& g);

/// w'a, summed as add_weighted_rows sums each of its entries.
double in_order(const Eigen::VectorXd& a, const Eigen::VectorXd& w);

/// g_j += sum_i w_i a_ij^2.
void add_weighted_squares(const Rows& A, const Eigen::VectorXd& w, Eigen::VectorXd& g);

/// sum_ij |a_ij|.
double sum_of_moduli(const Rows& A);

/// a_i'z.
double row_product(const Rows& A, Eigen::Index i, const Eigen::VectorXd& z);

/// y = A z.
void multiply(const Rows& A, const Eigen::VectorXd& z, Eigen::VectorXd& y);

}  // namespace theoremeter
