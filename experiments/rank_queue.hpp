// What a rank was given to measure, between its threads and the thread that writes to rank 0.
#pragma once

#include "experiments/scheduler.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>

namespace theoremeter {

class RankQueue : public Queue {
 public:
  /// `scheduler`: there at rank 0, which needs no reports from itself.
  RankQueue(std::size_t points, int threads, Scheduler* scheduler = nullptr)
      : points_(points), threads_(static_cast<std::size_t>(threads)), scheduler_(scheduler) {}

  // For the threads that measure; they wait for what is on its way.
  Places next(std::size_t count) override;
  Places last() override;
  void finished(std::size_t point, double seconds) override;
  std::vector<Advance> advance() const override;

  // For the thread that writes to rank 0.
  /// A request that is due: so many threads are idle. To be answered by `deliver`.
  std::optional<std::uint64_t> request();
  void deliver(const Scheduler::Batch& batch);
  /// What was measured since the last reports, by point.
  std::map<std::size_t, Advance> reports();
  /// Until a request is due, `wake` was called, or the time is over.
  void wait(std::chrono::microseconds time);
  void wake();
  bool waiting() const;  // for an answer

 private:
  bool due() const;

  const std::size_t points_, threads_;
  Scheduler* const scheduler_;
  mutable std::mutex mutex_;
  std::condition_variable given_, due_;
  std::deque<std::uint64_t> stock_;
  bool together_ = false, exhausted_ = false, asked_ = false, woken_ = false;
  std::uint64_t idle_ = 0, measured_ = 0;
  double seconds_ = 0;
  std::map<std::size_t, Advance> reports_;
};

}  // namespace theoremeter
