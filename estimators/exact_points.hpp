// Points on exactly given sides of hyperplanes, in doubles: where rows are parallel but for rounding, or many
// hyperplanes meet, the cells between them are narrower than the distance of two doubles of length 1.
#pragma once

#include "estimators/integers.hpp"
#include "theory/types.hpp"

#include <optional>
#include <vector>

namespace theoremeter {

/// A hyperplane's row and the exact sign that <h, x> is to have.
struct WantedSign {
  Eigen::Index row;
  int sign;
};

/// A vector x of doubles, |x| = 1 to 1e-12, along the direction given, on the wanted sides of H's rows; empty where
/// none is found. The length is what is free: directions of lengths between 1 - 1e-12 and 1 + 1e-12 are some 10^4 times
/// denser than those of one.
std::optional<Eigen::VectorXd> point_with_signs(const std::vector<Integer>& direction, const Rows& H,
                                                const std::vector<WantedSign>& signs);

}  // namespace theoremeter
