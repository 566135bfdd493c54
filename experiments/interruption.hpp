// Ending on SIGINT, SIGTERM, SIGHUP or SIGUSR1: at once, but never within the writing of a file.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace theoremeter {

/// From here on an interruption ends the program with one line on stderr: with exit code 1 and "nothing was kept", or
/// as `on_interruption` says. To be called once, before any other thread is made. Signals that the parent had ignored
/// (nohup, background jobs) stay ignored.
void end_on_interruption();

/// Runs `work` to its end even when interrupted.
void uninterrupted(const std::function<void()>& work);

/// The command is done: what it has to say is said, and an interruption no longer changes how the process ends. To be
/// called last, for the thread that takes the signals must not meet what the end of the process destroys.
void done_with_interruption();

/// What an interruption leaves behind, as one line says, and the exit code.
struct Ending {
  int code;
  std::string line;
};

void say_interrupted(const std::string& line);

/// Says so, and ends the program.
[[noreturn]] void end_interrupted(const Ending& ending);

/// None: the program goes on, and ends itself when it has told others.
using LastWords = std::function<std::optional<Ending>()>;

/// What an interruption does last from here on: never within `uninterrupted` work.
void on_interruption(LastWords last_words);

/// The same, as long as it lives; then again what was before.
class OnInterruption {
 public:
  explicit OnInterruption(LastWords last_words);
  ~OnInterruption();
  OnInterruption(const OnInterruption&) = delete;
  OnInterruption& operator=(const OnInterruption&) = delete;

 private:
  LastWords before_;
};

}  // namespace theoremeter
