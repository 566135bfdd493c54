// Checks a landscape against evaluations that share nothing with the code that made it: theory/problems.hpp and
// theory/population.hpp at single points, and the conditions' definitions.
#pragma once

#include "experiments/studies/conditions.hpp"
#include "experiments/studies/landscape_results.hpp"
#include "experiments/studies/study.hpp"
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
  std::function<Census()> census = {};                          // taken again; needed only where there is one
  /// The same with another of the solutions tried; needed only where there are several.
  std::function<std::variant<Recovery, Demodulation>(std::size_t number)> with_solution = {};
};

/// Recomputes the solutions, the values at the three witnesses, those of the other solutions tried, violations, points
/// of descent and census, epsilons, the comparison and the counts of spurious minima; checks on a grid that the
/// population gradient exceeds E outside the implied neighbourhoods, that witnesses and violations lie outside the
/// excluded ones, that minima of the census have no descent direction among 64 (k = 3: 256) and for k = 2 its kinks
/// their derivatives across, that directions have unit length and counts add up. That the census is complete, and that
/// gradients near a kink where descent stopped combine to almost nothing, is taken from the file.
Complaints complaints_of(Problem problem, const Sizes& sizes, const RebuiltInstance& rebuilt,
                         const MeasuredLandscape& d, bool older);

/// The same for a census alone.
Complaints census_complaints_of(Problem problem, const Sizes& sizes, const RebuiltInstance& rebuilt,
                                const MeasuredLandscape& d);

}  // namespace theoremeter
