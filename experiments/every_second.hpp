// Work done beside the main one, again and again.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace theoremeter {

/// Calls `work` every second, in a thread of its own, until it is destroyed.
class EverySecond {
 public:
  explicit EverySecond(std::function<void()> work)
      : thread_([this, work = std::move(work)](const std::stop_token& stop) {
          std::unique_lock waiting(mutex_);
          while (!changed_.wait_for(waiting, stop, std::chrono::seconds(1), [&] { return stop.stop_requested(); }))
            work();
        }) {}

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::jthread thread_;  // the last: stopped, and waited for, first
};

}  // namespace theoremeter
