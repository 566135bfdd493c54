// A vector from a file: the solution x0 of an instance.
#pragma once

#include <Eigen/Core>
#include <string>

namespace theoremeter {

/// From spec = FILE or FILE:DATASET: text (numbers separated by white space or commas), .npy of rank 1, or a matrix of
/// one row or column that read_weights reads, each of the types it reads. Throws InputError on anything else, on NaN,
/// infinity, and when all is 0.
Eigen::VectorXd read_vector(const std::string& spec);

}  // namespace theoremeter
