// Measures what a data set lacks: a draw a thread while there are many, all threads on each of the last few.
#pragma once

#include "experiments/experiment.hpp"
#include "experiments/queue.hpp"

#include <functional>

namespace theoremeter {

/// Calls `finished` after each draw, one at a time. An exception of a draw stops the run when the draws under way are
/// finished; the first by place is thrown then.
using Finished = std::function<void(Key, State, const Row&)>;

}  // namespace theoremeter
