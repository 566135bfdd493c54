// The few types every part shares: matrices whose rows are neurons, points on products of spheres, the two sides of a
// norm.
#pragma once

#include <Eigen/Core>
#include <vector>

namespace theoremeter {

/// n x k, one row a neuron (or a measurement vector).
using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// A point on a product of spheres: one unit vector a sphere.
using Point = std::vector<Eigen::VectorXd>;

/// || S - E || = max(lambda_max(S - E), lambda_max(E - S)): which of the two is meant.
enum class Side { plus, minus };

}  // namespace theoremeter
