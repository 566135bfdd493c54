#include "experiments/progress_line.hpp"

#include "experiments/messages.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

namespace theoremeter {

std::string duration(double seconds) {
  const long s = std::lround(seconds);
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {} s", s / 60, s % 60);
  return fmt::format("{} h {} min", s / 3600, s / 60 % 60);
}

ProgressLine::ProgressLine() : terminal_(isatty(STDERR_FILENO) != 0), start_(Clock::now()), last_(start_) {}

void ProgressLine::start() { start_ = Clock::now(); }

void ProgressLine::update(const std::string& what, double fraction) {
  using namespace std::chrono_literals;
  const auto now = Clock::now();
  if (now - last_ < (terminal_ ? 200ms : 15s)) return;
  last_ = now;
  const double spent = std::chrono::duration<double>(now - start_).count();
  const std::string eta = fraction > 0.01 ? ", about " + duration(spent / fraction * (1 - fraction)) + " left" : "";
  const std::string line = fmt::format("{}: {:.0f} %, {}{}", what, 100 * fraction, duration(spent), eta);
  if (terminal_)
    message("\r\033[K{}", line);
  else
    message("{}\n", line);
  shown_ = true;
}

void ProgressLine::clear() {
  if (terminal_ && shown_) message("\r\033[K");
  shown_ = false;
}

}  // namespace theoremeter
