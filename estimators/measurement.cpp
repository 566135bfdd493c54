#include "estimators/measurement.hpp"

#include <limits>

namespace theoremeter {

Kind kind(const Measurement& m) {
  if (!m.certified) return Kind::at_least;
  return m.certified->closed ? Kind::exact : Kind::bracket;
}

double relative_gap(const Measurement& m) {
  if (!m.certified) return std::numeric_limits<double>::quiet_NaN();
  if (m.certified->at_most == m.witness.value) return 0;  // both may be 0
  return (m.certified->at_most - m.witness.value) / m.witness.value;
}

}  // namespace theoremeter
