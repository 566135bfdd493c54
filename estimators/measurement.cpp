#include "estimators/measurement.hpp"

#include <limits>

namespace theoremeter {

Kind kind(const Measurement& m) {
  if (!m.certified) return Kind::at_least;
  return m.certified->closed ? Kind::exact : Kind::bracket;
}

BelowHalf below_half(const Measurement& m) {
  if (!m.fit) return BelowHalf::not_fitted;
  if (m.fit->at_least >= 0.5 * (1 - fit_tolerance)) return BelowHalf::no;
  if (m.certified && m.certified->at_most < 0.5 * m.alpha) return BelowHalf::proved;
  return m.certified || m.witness.value >= 0.5 * m.alpha ? BelowHalf::open : BelowHalf::searched;
}

double relative_gap(const Measurement& m) {
  if (!m.certified) return std::numeric_limits<double>::quiet_NaN();
  if (m.certified->at_most == m.witness.value) return 0;  // both may be 0
  return (m.certified->at_most - m.witness.value) / m.witness.value;
}

}  // namespace theoremeter
