// A condition as a study: its constant, with all the evidence, on each draw.
#pragma once

#include "experiments/studies/conditions.hpp"
#include "experiments/studies/study.hpp"

namespace theoremeter {

/// The same with --decide EPS: a draw ends once "constant <= EPS" is proved or refuted, and says which.
Study deciding_study(const Condition& condition);

Study study_of(const Condition& condition);

/// The columns of a measurement; a value that is attained stands with the point that attains it.
Columns<Measurement> columns_of(const Condition& condition);

}  // namespace theoremeter
