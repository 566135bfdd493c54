// Measures what a queue hands out: a draw a thread while there are many, all threads on each of the last few.
#pragma once

#include "experiments/experiment.hpp"
#include "experiments/queue.hpp"

#include <functional>
#include <string_view>

namespace theoremeter {

/// Called after each draw, one at a time, with the encoded row. The point is one of the experiment's.
using Finished = std::function<void(Key, State, std::string_view row)>;

/// Measures all of the queue. An exception of a draw, or of `finished`, stops the run when the draws under way are
/// finished; the first by place is thrown then. Shows its progress on stderr, unless `silent`.
void run(const Experiment& e, Queue& queue, int threads, const Finished& finished, bool silent = false);

/// work(0), ..., work(n - 1) on so many threads. The first exception by index is thrown when the others are done.
void for_each_draw(std::size_t n, int threads, const std::function<void(std::size_t)>& work);

}  // namespace theoremeter
