// Checks a stored measurement against an evaluation that shares nothing with the code that made it.
#pragma once

#include "experiments/studies/conditions.hpp"
#include "experiments/studies/study.hpp"

namespace theoremeter {

/// Recomputes every stored witness from the definition, and checks that arguments have unit length, that at least <= at
/// most and at least = the best evidence stored, that exact means exact, that quantiles are ordered and mean <= max,
/// and that counts and times are not negative.
Complaints complaints_of(const Condition& condition, double gap, const Matrices& instance, const Measurement& m);

}  // namespace theoremeter
