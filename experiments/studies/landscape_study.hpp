// Landscapes, and censuses of stationary points, as studies: one for each recovery problem.
#pragma once

#include "experiments/studies/landscapes.hpp"
#include "experiments/studies/study.hpp"

namespace theoremeter {

Study landscape_study(const LandscapeProblem& problem);

/// With what lemmas of the proofs bound: of the problems that has_lemmas names.
Study lemma_study(const LandscapeProblem& problem);

/// Every stationary point of every instance (k = 2 or 3), without a landscape.
Study census_study(const LandscapeProblem& problem);

}  // namespace theoremeter
