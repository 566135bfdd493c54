// Nothing is reported that the definition does not bear out.
#pragma once

#include "estimators/measurement.hpp"
#include "experiments/studies/conditions.hpp"

namespace theoremeter {

/// Does the bracket reach this relative gap, but for rounding?
bool reaches(double at_most, double at_least, double gap);

/// Gives every witness the value, side and margin that its stored point attains by the naive evaluation, the value
/// rounded down, and the whole the best of them. Witnesses that attain nothing are left out; sampled values are at
/// most the sampled maximum. Throws DefinedNowhere where no witness is left, std::logic_error where one refutes what
/// was proved.
Measurement by_definition(Measurement m, const NaiveDeviation& naive, double gap);

}  // namespace theoremeter
