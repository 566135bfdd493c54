#include "estimators/wdc.hpp"

#include "estimators/instances.hpp"

#include <algorithm>
#include <cmath>

namespace theoremeter {

InUnits<Wdc> Wdc::in_units() const {
  const int e = std::max(largest_exponent(W_), (std::ilogb(alpha_) + 1) / 2);
  Rows W = times_power_of_two(W_, -e);
  const double alpha = relative_to_unit(alpha_, e);
  const double unit = unit_of(e, W.squaredNorm() + alpha, "W and alpha");
  std::optional<Rows> directions = safe_directions(W_, -e, W, "W");
  return {Wdc(std::move(W), alpha, std::move(directions)), unit};
}

THEOREMETER_ESTIMATORS(template, Wdc);

}  // namespace theoremeter
