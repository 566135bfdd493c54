// The annealed descent of the searches over directions.
#pragma once

#include "estimators/direction_aims.hpp"

#include <Eigen/Core>
#include <cstdint>
#include <vector>

namespace theoremeter {

/// Moves every column, unit p or p on top of q, by steps along direction_aims.hpp's falls, on secants of half length h
/// from `widest` down to `narrowest`, geometrically; steps are a fifth of h long, so that in the end p is on the side
/// of every jump that is the better one. A step costs two evaluations a column.
Eigen::MatrixXd anneal(const Rays& rays, Eigen::MatrixXd columns, const DirectionAim& aim, std::int64_t steps,
                       double widest, double narrowest, std::vector<Stream>& streams);

}  // namespace theoremeter
