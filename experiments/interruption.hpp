// Stopping by SIGINT, SIGTERM or SIGHUP: at once, but never within the writing of a file.
#pragma once

#include <functional>
#include <string>

namespace theoremeter {

/// From here on an interruption ends the program with one line on stderr and exit code 1. To be called once, before any
/// other thread is made. Signals that the parent had ignored (nohup, background jobs) stay ignored.
void end_on_interruption();

/// Runs `work` to its end even when interrupted. `saved_to`, if not empty, is where finished draws are afterwards.
void uninterrupted(const std::function<void()>& work, const std::string& saved_to = "");

}  // namespace theoremeter
