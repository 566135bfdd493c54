// What b is meant to be: where the doubles of b agree with |A G(x0)|, resp. A G(x0), to rounding, its exact value. So
// x0 is stationary whatever side of a kink rounding would put it on.
#pragma once

#include "estimators/integers.hpp"
#include "theory/problems.hpp"

#include <vector>

namespace theoremeter {

struct Target {
  bool exact = false;  // the exact |A G(x0)| is meant
  double error = 0;    // of b, in norm
};
Target target(const Recovery& f);

/// It, in integers times 2^exponent.
struct IntegerTarget {
  std::vector<Integer> b;
  int exponent = 0;
};
IntegerTarget integers(const Recovery& f, const Target& target);

}  // namespace theoremeter
