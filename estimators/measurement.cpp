#include "estimators/measurement.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace theoremeter {

double agreement_of(double one, double other) {
  const auto [less, more] = std::minmax(one, other);
  if (!std::isfinite(less) || !std::isfinite(more)) return std::numeric_limits<double>::quiet_NaN();
  return more > 0 ? (more - less) / more : 0;
}

Kind kind(const Measurement& m) {
  if (!m.bounded) return Kind::at_least;
  return m.bounded->closed ? Kind::exact : Kind::bracket;
}

BelowHalf below_half(const Measurement& m) {
  if (!m.fit) return BelowHalf::not_fitted;
  if (m.fit->at_least >= 0.5 * (1 - fit_tolerance)) return BelowHalf::no;
  if (m.bounded && m.bounded->at_most < 0.5 * m.alpha) return BelowHalf::proved;
  return m.certified || m.witness.value >= 0.5 * m.alpha ? BelowHalf::open : BelowHalf::searched;
}

double relative_gap(const Measurement& m) {
  if (!m.bounded) return std::numeric_limits<double>::quiet_NaN();
  if (m.bounded->at_most == m.witness.value) return 0;  // both may be 0
  return (m.bounded->at_most - m.witness.value) / m.witness.value;
}

}  // namespace theoremeter
