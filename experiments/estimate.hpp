// What an experiment will take, before it is run.
#pragma once

#include "experiments/experiment.hpp"

#include <string>

namespace theoremeter {

/// Points, draws, memory, and the time on `threads` threads: from draws of some points, measured on the spot until some
/// seconds are spent.
std::string estimate(const Experiment& experiment, int threads);

}  // namespace theoremeter
