// One run at a time on one output.
#pragma once

#include "experiments/every_second.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace theoremeter {

/// F.h5.lock: who writes F.h5, and a counter that a thread advances every second. That is enough on file systems
/// without locks. What a killed run left is recognised: on this machine by its process, which is gone or another;
/// from elsewhere by its counter, which stands still while it is watched. No clocks are compared.
class Lock {
 public:
  /// Throws InputError while another run lives that writes to `output`, or where no file can be made.
  explicit Lock(const std::string& output);
  ~Lock() { release(); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  /// Another run took this one for dead (stopped for long, on another machine), and goes on in its place.
  bool lost() const { return lost_; }
  /// Asked of the file, now: before anything is replaced or removed.
  bool owned();
  void release();

  const std::string& path() const { return path_; }

 private:
  bool try_to_take();
  void advance();

  std::string path_, owner_;
  std::mutex mutex_;  // of what follows
  bool held_ = false;
  std::uint64_t counter_ = 0;
  std::atomic<bool> lost_ = false;
  std::optional<EverySecond> heart_;
};

/// Of these outputs, those that a living run writes. Runs of other machines are watched for some seconds, all together.
std::vector<bool> being_written(const std::vector<std::string>& outputs);

}  // namespace theoremeter
