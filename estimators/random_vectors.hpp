// Vectors whose direction is uniform.
#pragma once

#include "estimators/stream.hpp"

#include <Eigen/Core>

namespace theoremeter {

/// k entries N(0, 1), drawn in their order.
inline Eigen::VectorXd normal_vector(Eigen::Index k, Stream& stream) {
  Eigen::VectorXd x(k);
  for (double& entry : x) entry = stream.normal();
  return x;
}

/// Uniform on the unit sphere of R^k.
inline Eigen::VectorXd uniform_direction(Eigen::Index k, Stream& stream) {
  return normal_vector(k, stream).normalized();
}

}  // namespace theoremeter
