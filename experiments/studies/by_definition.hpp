// Nothing is reported that the definition does not bear out.
#pragma once

#include "estimators/measurement.hpp"
#include "experiments/studies/conditions.hpp"

namespace theoremeter {

/// Gives every witness the value that its stored point attains by the naive evaluation, rounded down, and the whole the
/// best of them. Witnesses that attain nothing are left out, and so is a certificate that one of them refutes; sampled
/// values are at most the sampled maximum. Throws DefinedNowhere where no witness is left.
Measurement by_definition(Measurement m, const NaiveDeviation& naive, double gap);

}  // namespace theoremeter
