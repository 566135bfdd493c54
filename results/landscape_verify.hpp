// Checks a landscape file against evaluations that share nothing with the code that made it: theory/problems.hpp and
// theory/population.hpp at single points, and the conditions' definitions.
#pragma once

#include "results/landscape_results.hpp"
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

/// Recomputes the solution, the values at the three witnesses, violations, points of descent and census, epsilons and
/// the comparison; checks that minima of the census have no descent direction among 64, that directions have unit
/// length and counts add up. Empty: all is well.
std::vector<Failure> verify(const LandscapeResults& results, const RebuildInstance& rebuild);

}  // namespace theoremeter
