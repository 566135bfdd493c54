// Checks a landscape file against evaluations that share nothing with the code that made it: theory/problems.hpp and
// theory/population.hpp at single points, and the conditions' definitions.
#pragma once

#include "experiments/studies/landscape_results.hpp"
#include "results/verify.hpp"
#include "theory/problems.hpp"

#include <functional>
#include <variant>
#include <vector>

namespace theoremeter {

/// The instance of a draw, rebuilt from the seed or from the matrices stored.
struct RebuiltInstance {
  std::variant<Recovery, Demodulation> f;
  double alpha = 1;                                             // blind demodulation: of the last layers, multiplied
  std::function<NaiveDeviation(const Epsilon& epsilon)> naive;  // the condition's deviation, by definition
};
using RebuildInstance = std::function<RebuiltInstance(std::size_t point, std::size_t draw)>;

/// Recomputes the solution, the values at the three witnesses, violations, points of descent and census, epsilons, the
/// comparison and the counts of spurious minima; checks on a grid that the population gradient exceeds E outside the
/// implied neighbourhoods, that witnesses and violations lie outside the excluded ones, that minima of the census have
/// no descent direction among 64 and its kinks their derivatives across, that directions have unit length and counts
/// add up. That the census is complete, and that gradients near a kink where descent stopped combine to almost nothing,
/// is taken from the file. Empty: all is well.
std::vector<Failure> verify(const LandscapeResults& results, const RebuildInstance& rebuild);

}  // namespace theoremeter
