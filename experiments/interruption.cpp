#include "experiments/interruption.hpp"

#include "experiments/progress_line.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <mutex>
#include <thread>
#include <utility>

namespace theoremeter {
namespace {

std::mutex working;    // held while work must not be interrupted
LastWords last_words;  // guarded by `working`

// An ordinary thread takes the signals: what a signal handler may call is too little for this.
void wait_for(sigset_t signals) {
  for (int signal = 0;;) {
    sigwait(&signals, &signal);
    const std::lock_guard idle(working);
    const std::optional<Ending> ending = last_words ? last_words() : Ending{1, "nothing was kept"};
    if (ending) end_interrupted(*ending);
  }
}

}  // namespace

void say_interrupted(const std::string& line) {
  say(fmt::format("{}theoremeter: interrupted; {}\n", isatty(STDERR_FILENO) != 0 ? "\r\033[K" : "", line));
}

void end_interrupted(const Ending& ending) {
  say_interrupted(ending.line);
  _exit(ending.code);
}

void end_on_interruption() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) {
    struct sigaction action {};
    sigaction(signal, nullptr, &action);
    if (action.sa_handler != SIG_IGN) sigaddset(&signals, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // inherited by every thread made from here on
  std::thread(wait_for, signals).detach();
}

void done_with_interruption() { working.lock(); }

void uninterrupted(const std::function<void()>& work) {
  const std::lock_guard busy(working);
  work();
}

void on_interruption(LastWords words) {
  const std::lock_guard busy(working);
  last_words.swap(words);
}

OnInterruption::OnInterruption(LastWords words) : before_(std::move(words)) {
  const std::lock_guard busy(working);
  last_words.swap(before_);
}

OnInterruption::~OnInterruption() {
  const std::lock_guard busy(working);
  last_words.swap(before_);
}

}  // namespace theoremeter
