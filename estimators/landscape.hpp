// The landscape of one instance of a recovery problem, in any dimension: over a grid of directions and from the best of
// them by local search, the largest population error, the least gradient outside the neighbourhoods of the theorems,
// and the least descent at 0; neighbourhoods implied by the error found; stationary points by descent.
//
// What the grid and the searches find are values attained: the population error is at least that, the infima at most.
#pragma once

#include "estimators/census_result.hpp"
#include "estimators/grids.hpp"
#include "estimators/landscape_result.hpp"
#include "estimators/progress.hpp"
#include "estimators/stream.hpp"
#include "theory/problems.hpp"

#include <Eigen/Core>
#include <cstdint>
#include <optional>

namespace theoremeter {

struct LandscapeOptions {
  std::int64_t directions = 100'000;
  std::optional<GridKind> grid = {};  // default_grid(k); blind demodulation: sobol or random, in R^{n+p}
  std::int64_t starts = 64;           // local searches for each of the three quantities
  std::int64_t steps = 60;            // of their annealing (direction_aims.hpp); 0: grid alone
  std::int64_t descents = 20;
  std::optional<double> radius = {};  // excluded; default: those implied, or default_radius where they merge
  int threads = 1;
};

inline constexpr double default_radius = 0.25;
/// The numbers of every ray are kept until the end, 112 bytes each.
inline constexpr std::int64_t max_directions = 4'000'000;

/// Throws InputError when x0 = 0, the problem is not the instance's kind, or a budget is out of range, and as make_grid
/// does.
Landscape measure_landscape(const Recovery& f, Problem problem, const LandscapeOptions& options, const Stream& stream,
                            const Progress& progress = {});

/// Blind demodulation, the last layers' alpha multiplied: see DemodulationRays in rays.hpp.
Landscape measure_landscape(const Demodulation& f, double alpha, const LandscapeOptions& options, const Stream& stream,
                            const Progress& progress = {});

/// The census's minima outside the excluded balls, of every flat set one point, become violations in place of the
/// points that descent ran into, which are among them. For k = 3 a flat set that is no cone may have one point in a
/// ball, and others in none that are not looked at.
void add_violations(Landscape& landscape, const Census& census, const Eigen::VectorXd& x0);

}  // namespace theoremeter
