#include "experiments/progress_line.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <ctime>

namespace theoremeter {

void say(const std::string& text) {
  // A closed pipe would raise SIGPIPE, in this thread: held back, and forgotten.
  sigset_t pipe, before;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
  if (sigismember(&before, SIGPIPE) == 0) {
    const timespec now{0, 0};
    sigtimedwait(&pipe, nullptr, &now);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

std::string duration(double seconds) {
  const long s = std::lround(seconds);
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {} s", s / 60, s % 60);
  return fmt::format("{} h {} min", s / 3600, s / 60 % 60);
}

ProgressLine::ProgressLine()
    : terminal_(isatty(STDERR_FILENO) != 0), start_(Clock::now()), last_(start_.time_since_epoch().count()) {}

bool ProgressLine::due() const {
  using namespace std::chrono_literals;
  return Clock::now().time_since_epoch() - Clock::duration(last_.load(std::memory_order_relaxed)) >=
         (terminal_ ? 200ms : 15s);
}

void ProgressLine::update(const std::string& what, double fraction) {
  if (!due()) return;
  const auto now = Clock::now();
  last_ = now.time_since_epoch().count();
  fraction_ = std::max(fraction_, std::min(fraction, 1.0));
  const double spent = std::chrono::duration<double>(now - start_).count();
  const std::string eta = fraction_ > 0.01 ? ", about " + duration(spent / fraction_ * (1 - fraction_)) + " left" : "";
  const std::string line = fmt::format("{}: {:.0f} %, {}{}", what, std::floor(100 * fraction_), duration(spent), eta);
  say(terminal_ ? "\r\033[K" + line : line + "\n");
  shown_ = true;
}

void ProgressLine::clear() {
  if (terminal_ && shown_) say("\r\033[K");
  shown_ = false;
}

}  // namespace theoremeter
