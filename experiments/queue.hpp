// What is to be measured, handed out: to threads here; over ranks and shares alike.
#pragma once

#include "experiments/experiment.hpp"
#include "results/data_set.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace theoremeter {

/// Part `index` of `of` disjoint ones, decided by a draw's place in the experiment alone and spread over its points.
struct Share {
  std::uint64_t index = 0, of = 1;
  bool has(std::uint64_t place) const;
};

/// Places in the order draw 0 of all points, draw 1 of all, ...: draw * (number of points) + point.
using Places = std::vector<std::uint64_t>;

/// How far a point is: its draws, and what they took, in seconds of one thread.
struct Advance {
  std::uint64_t wanted = 0, finished = 0;
  double seconds = 0;
};

class Queue {
 public:
  virtual ~Queue() = default;
  /// The next places, `count` at most and one at least; none: fewer draws than threads are left. Thread-safe.
  virtual Places next(std::size_t count) = 0;
  /// Then these, a draw at a time, for all threads together.
  virtual Places last() = 0;
  /// A draw of this point was measured, in so many seconds of one thread. Thread-safe.
  virtual void finished(std::size_t point, double seconds) = 0;
  /// By point: of the draws that were not handed out when it was made. Thread-safe.
  virtual std::vector<Advance> advance() const = 0;
};

/// By place: whether it is the share's, and `done` has it not.
std::vector<bool> open_places(const Experiment& e, const DataSet& done, Share share);

/// All draws of the experiment's share that `done` has not.
std::unique_ptr<Queue> queue_of(const Experiment& e, const DataSet& done, int threads, Share share = {});

}  // namespace theoremeter
