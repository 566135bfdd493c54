// Progress on stderr: one line rewritten with an ETA on a terminal, plain lines now and then otherwise.
#pragma once

#include <chrono>
#include <string>

namespace theoremeter {

class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// Something new is under way: fractions and the time left count from here.
  void start();
  /// `what` is under way and `fraction` of it is done.
  void update(const std::string& what, double fraction);
  /// Removes the line, so that something else can be printed.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  bool terminal_;
  bool shown_ = false;
  Clock::time_point start_, last_;
};

/// "42 s", "3 min 10 s", "2 h 5 min".
std::string duration(double seconds);

}  // namespace theoremeter
