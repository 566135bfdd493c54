#include "estimators/phaseless.hpp"

#include "estimators/instances.hpp"

#include <algorithm>

namespace theoremeter {

InUnits<Phaseless> Phaseless::in_units() const {
  const int e = std::max(largest_exponent(A_), 0);
  Rows A = times_power_of_two(A_, -e);
  const double size = relative_to_unit(1, e);
  const double unit = unit_of(e, A.squaredNorm() + size, "A");
  std::optional<Rows> directions = safe_directions(A_, -e, A, "A");
  return {Phaseless(std::move(A), size, std::move(directions)), unit};
}

THEOREMETER_ESTIMATORS(template, Phaseless);

}  // namespace theoremeter
