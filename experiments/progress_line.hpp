// Progress on stderr: one line rewritten with an ETA on a terminal, plain lines now and then otherwise.
#pragma once

#include <atomic>
#include <chrono>
#include <string>

namespace theoremeter {

class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// Whether the last update is some time ago. Thread-safe, and quick.
  bool due() const;
  /// `what` is under way and `fraction` of all is done: what is shown is never less than before.
  void update(const std::string& what, double fraction);
  /// Removes the line, so that something else can be printed.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  bool terminal_;
  bool shown_ = false;
  double fraction_ = 0;
  Clock::time_point start_;
  std::atomic<Clock::rep> last_;
};

/// Prints to stderr. That it is closed or full is no error, and ends nothing.
void say(const std::string& text);

/// "42 s", "3 min 10 s", "2 h 5 min".
std::string duration(double seconds);

}  // namespace theoremeter
