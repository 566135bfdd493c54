// The recovery problems whose landscapes can be measured, and the measurement of one draw.
#pragma once

#include "estimators/landscape.hpp"
#include "experiments/studies/conditions.hpp"
#include "experiments/studies/landscape_results.hpp"
#include "experiments/studies/landscape_verify.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace theoremeter {

struct LandscapeProblem {
  Problem problem;
  std::string statement;  // one line, for --help
  std::vector<Symbol> sizes;
  std::vector<Given> given;
  bool has_network = true;  // --ensemble draws its rows
  bool has_matrix = false;  // --measurements draws A's
  bool has_noise = false;
  bool has_census = true;  // for k = 2
};

const std::vector<LandscapeProblem>& landscape_problems();
const LandscapeProblem& landscape_problem(Problem problem);

/// What is asked of a landscape. Budgets are counts; an empty one is the default for the sizes.
struct LandscapeRequest {
  std::optional<std::int64_t> directions, starts;
  std::int64_t descents = 20;
  std::int64_t condition_starts = 256;  // of the search for each condition's constant; 0: none
  std::optional<GridKind> grid;
  std::optional<double> radius;  // of the excluded balls
  bool census = false;
  int threads = 1;
};

/// What the draws at a point are made from.
struct LandscapeSetting {
  Problem problem;
  Ensembles ensembles;
  double noise = 0;  // times N(0, 1/m), in every measurement
  Sizes sizes;
  Matrices given;
};

/// The sizes that matrices given determine.
Sizes sizes_of(Problem problem, const Matrices& given);

/// The matrices of an instance. Throws InputError unless the sizes fit together.
std::vector<Shape> shapes(const LandscapeSetting& setting);

/// Throws InputError for what measure_landscape would refuse, before anything is measured.
void check(const LandscapeSetting& setting, const LandscapeRequest& request);

/// The stream of a draw: as `measure` has it for a condition of the same sizes.
Stream draw_stream(std::uint64_t seed, const LandscapeSetting& setting, std::uint64_t draw);

/// One draw: matrices, x0 uniform on the sphere, noise; the landscape, the census if asked, the conditions but those
/// defined nowhere.
MeasuredLandscape measure(const LandscapeSetting& setting, const LandscapeRequest& request, const Stream& draw,
                          const StageProgress& progress);

/// The instance of a draw, to verify what was measured.
RebuiltInstance rebuild(const LandscapeSetting& setting, const Stream& draw);

}  // namespace theoremeter
