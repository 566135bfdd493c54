// Checks a stored measurement against an evaluation that shares nothing with the code that made it.
#pragma once

#include "experiments/studies/conditions.hpp"
#include "experiments/studies/study.hpp"

namespace theoremeter {

/// Is this what the witness attains: value, side and margin; older: the value, to 1e-10?
Complaints complaints_of(const std::string& name, const Witness& w, const Attained& attained, double alpha, bool older);

/// Recomputes every stored witness from the definition, and checks that arguments have unit length, that at least <= at
/// most and at least = the best evidence stored, that closed means that the gap is reached, that quantiles are ordered
/// and mean <= max, and that counts and times are not negative.
Complaints complaints_of(const Condition& condition, double gap, const Matrices& instance, const Measurement& m,
                         bool older);

}  // namespace theoremeter
