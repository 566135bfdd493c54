// A network on many inputs at once, a column each: matrix products.
#pragma once

#include "theory/network.hpp"

#include <Eigen/Core>
#include <vector>

namespace theoremeter {

/// What every layer puts out: X itself, ..., G(X). A neuron is on where its output is positive.
using Outputs = std::vector<Eigen::MatrixXd>;
Outputs outputs(const Network& G, const Eigen::MatrixXd& X);

/// Lambda_x' y, for every column.
Eigen::MatrixXd pull_back(const Network& G, const Outputs& z, Eigen::MatrixXd Y);

/// The columns at these positions.
Outputs columns_of(const Outputs& z, const std::vector<Eigen::Index>& positions);

}  // namespace theoremeter
