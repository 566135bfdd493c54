// Least values over directions: where on a grid, and then downhill from the best directions of a grid.
//
// Values jump where a neuron or a measurement changes sign, and are least at such jumps, on one side of them. Columns
// are annealed (direction_anneal.hpp), the best of them again and again; from where that ends, and from columns as they
// were given, lines are searched piece by piece (direction_walk.hpp). Two halves of the starts share nothing, neither
// grid nor columns. All columns of a block of fixed size move together, and walks alone: no result depends on the
// threads.
#pragma once

#include "estimators/direction_aims.hpp"
#include "estimators/rays.hpp"
#include "estimators/stream.hpp"

#include <Eigen/Core>
#include <cstdint>
#include <vector>

namespace theoremeter {

/// The numbers of every column, by blocks in parallel.
void evaluate_blocks(const Rays& rays, const Eigen::MatrixXd& directions, int threads, RayNumbers* out);

/// The columns with the least value in each of `count` equal runs of the grid, that of the whole grid among them: those
/// of every second run, then the others, as both halves are to come from everywhere.
Eigen::MatrixXd best_of_runs(const Eigen::MatrixXd& directions, const std::vector<RayNumbers>& rays,
                             const DirectionAim& aim, std::int64_t count);

/// Where walks ended: those of the first half of the starts, then those of the second. Of a single start there is no
/// second; without steps there are none at all.
struct FoundDirections {
  Eigen::MatrixXd columns;
  Eigen::Index first_half = 0;
  std::int64_t evaluations = 0;
};
FoundDirections search_directions(const Rays& rays, const Eigen::MatrixXd& starts, const DirectionAim& aim,
                                  std::int64_t steps, const Stream& stream, int threads);

}  // namespace theoremeter
