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
  bool has_census = true;  // for k = 2 and 3
};

const std::vector<LandscapeProblem>& landscape_problems();
const LandscapeProblem& landscape_problem(Problem problem);

/// Is it about one network, as the lemmas that can be measured are?
bool has_lemmas(const LandscapeProblem& problem);

/// What is asked of a landscape. Budgets are counts; an empty one is the default for the sizes.
struct LandscapeRequest {
  std::optional<std::int64_t> directions, starts;
  std::int64_t solutions = 1;  // independent x0 tried on the same matrices
  std::int64_t descents = 20;
  std::int64_t condition_starts = 256;       // of the search for each condition's constant; 0: none
  std::optional<std::int64_t> lemma_starts;  // of the search for each lemma's value; none: lemmas are not measured
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
  Matrices given;  // solutions, too, as columns: x0, or h0 and m0
};

/// The defaults of directions and starts are these over the cost of a direction, 6 times the entries of all matrices:
/// seconds' worth.
inline constexpr double direction_budget = 2e10, start_budget = 2e7;
inline constexpr std::int64_t least_directions = 1000, least_starts = 4;

inline constexpr std::int64_t max_solutions = 100'000;

/// Is there a solution in `given`?
bool gives_solution(Problem problem, const Matrices& given);

/// The sizes that matrices given determine.
Sizes sizes_of(Problem problem, const Matrices& given);

/// The matrices of an instance. Throws InputError unless the sizes fit together.
std::vector<Shape> shapes(const LandscapeSetting& setting);

/// What a draw is made of: the matrices; as columns e, the noise, where there is some, and the solution, where it is
/// one: of several the one reported is known only when all are measured.
Matrices parts_of_draw(const LandscapeSetting& setting, std::int64_t solutions, const Stream& draw);

/// Throws InputError for what measure_landscape would refuse, before anything is measured.
void check(const LandscapeSetting& setting, const LandscapeRequest& request);

/// One draw: matrices, x0 given or uniform on the sphere, noise; the landscape, of several x0 the one with the largest
/// population error, with the census if asked; the conditions but those defined nowhere.
MeasuredLandscape measure(const LandscapeSetting& setting, const LandscapeRequest& request, const Stream& draw,
                          const StageProgress& progress);

/// The census of one draw alone: solution, census and spurious minima.
MeasuredLandscape measure_census(const LandscapeSetting& setting, const Stream& draw, const StageProgress& progress);

/// The constants of the conditions that the theorem about the problem assumes, on these matrices; those defined nowhere
/// left out. Of the request: condition_starts and threads.
std::vector<Epsilon> measure_epsilons(const LandscapeSetting& setting, const Matrices& matrices,
                                      const LandscapeRequest& request, const Stream& draw,
                                      const StageProgress& progress);

/// The deviation of one of these conditions, by definition.
NaiveDeviation naive_of(const LandscapeSetting& setting, const Matrices& matrices, const Epsilon& epsilon);

/// The instance of a draw with the solution of that number, to verify what was measured.
RebuiltInstance rebuild(const LandscapeSetting& setting, const Stream& draw, std::int64_t solution);

}  // namespace theoremeter
