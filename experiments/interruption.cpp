#include "experiments/interruption.hpp"

#include "experiments/messages.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <mutex>
#include <thread>

namespace theoremeter {
namespace {

std::mutex working;    // held while work must not be interrupted
std::string saved_in;  // where finished draws are; guarded by `working`

// An ordinary thread takes the signals: what a signal handler may call is too little for this.
void wait_for(sigset_t signals) {
  int signal = 0;
  sigwait(&signals, &signal);
  const std::lock_guard idle(working);
  message("{}theoremeter: interrupted; {}\n", isatty(STDERR_FILENO) != 0 ? "\r\033[K" : "",
          saved_in.empty() ? "nothing was written" : "finished draws are in " + saved_in);
  _exit(1);
}

}  // namespace

void end_on_interruption() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction action {};
    sigaction(signal, nullptr, &action);
    if (action.sa_handler != SIG_IGN) sigaddset(&signals, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // inherited by every thread made from here on
  std::thread(wait_for, signals).detach();
}

void uninterrupted(const std::function<void()>& work, const std::string& saved_to) {
  const std::lock_guard busy(working);
  work();
  if (!saved_to.empty()) saved_in = saved_to;
}

}  // namespace theoremeter
