// Which rank measures which draws: longest first, in batches that grow while draws are quick.
#pragma once

#include "experiments/queue.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <tuple>
#include <vector>

namespace theoremeter {

/// Asked by ranks for work, told by them what it took. A point's draws are taken to cost what its draws took on
/// average. Points of which none was measured come first, the last of them before the others (in a sweep, as a rule,
/// the largest), then those whose draws take longest (Graham 1969: the end is then ragged by a short draw, not a long
/// one). Towards the end batches shrink, so that all ranks end together (Polychronopoulos, Kuck 1987). Thread-safe. It
/// knows nothing of how ranks are reached.
class Scheduler {
 public:
  /// `open`: by place. `known`: what draws of each point took in earlier runs. `threads`: of all ranks together.
  Scheduler(std::vector<bool> open, const std::vector<Advance>& known, std::uint64_t threads);

  struct Batch {
    Places places;          // none: nothing is left
    bool together = false;  // all threads of the rank on each: fewer draws than threads are left
  };
  /// For a rank of so many threads, `idle` of which have nothing to do.
  Batch next(std::uint64_t threads, std::uint64_t idle);

  void finished(std::size_t point, std::uint64_t draws, double seconds);

  std::uint64_t left() const;  // draws not handed out yet
  std::vector<Advance> advance() const;

 private:
  struct Point {
    std::uint64_t left = 0, handed = 0, at = 0;  // `at`: the next draw that may be open
    std::uint64_t measured = 0;                  // also in earlier runs
    double seconds = 0;                          // of those
    bool known() const { return measured > 0; }
    double cost() const { return seconds / static_cast<double>(measured); }
  };
  // Known, draws handed out where it is not, minus the cost or the index, the point: the least comes first.
  using Order = std::tuple<bool, std::uint64_t, double, std::size_t>;
  Order order(std::size_t point) const;
  void change(std::size_t point, std::uint64_t measured, double seconds, std::uint64_t handed);
  double seconds_left() const;
  double expected(std::size_t point) const;
  std::uint64_t fitting(std::size_t point, double seconds, std::uint64_t needed) const;
  void take(std::size_t point, std::uint64_t count, Places& places);

  mutable std::mutex mutex_;
  std::vector<bool> open_;
  std::vector<Point> points_;
  std::vector<Advance> advance_;
  std::set<Order> order_;                                               // of points with draws left
  std::map<std::size_t, double> costs_;                                 // of points that are known
  std::uint64_t left_ = 0, unknown_left_ = 0, measured_ = 0, threads_;  // unknown: of points of which nothing is known
  double seconds_ = 0, seconds_left_ = 0;  // of what was measured; of draws left of points that are known
};

}  // namespace theoremeter
