// Does an algorithm recover x0, from how many measurements, how fast?
#pragma once

#include "experiments/studies/study.hpp"

namespace theoremeter {

/// One study of all algorithms: which one is a parameter, a coordinate like any other.
Study recovery_study();

/// The same for those who say a momentum.
Study recovery_study_with_momentum();

}  // namespace theoremeter
