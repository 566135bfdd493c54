// Least values over directions: where on a grid, and then downhill from the best directions of a grid.
//
// Values jump where a neuron or a measurement changes sign, so no gradient is used: from every start a random tangent
// step is tried, repeated while it helps, with steps that grow after a success and shrink after a failure. All starts
// move together, in blocks of fixed size; now and then the worse half of a block goes on from where the better half is.
// No result depends on the threads.
#pragma once

#include "estimators/rays.hpp"
#include "estimators/stream.hpp"

#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <vector>

namespace theoremeter {

/// The numbers of every column, by blocks in parallel.
void evaluate_blocks(const Rays& rays, const Eigen::MatrixXd& directions, int threads, RayNumbers* out);

/// What is made small; may be infinite.
using RayScore = std::function<double(const RayNumbers&)>;

/// The columns with the least value in each of `count` equal runs of the grid, that of the whole grid among them.
Eigen::MatrixXd best_of_runs(const Eigen::MatrixXd& directions, const std::vector<RayNumbers>& rays,
                             const RayScore& score, std::int64_t count);

/// The columns after `steps` trials each.
Eigen::MatrixXd search_directions(const Rays& rays, Eigen::MatrixXd starts, const RayScore& score, std::int64_t steps,
                                  const Stream& stream, int threads);

}  // namespace theoremeter
