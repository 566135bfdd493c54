#include "experiments/runner.hpp"

#include "experiments/progress_line.hpp"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <limits>
#include <mutex>

namespace theoremeter {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// The first exception by place.
class Failure {
 public:
  void keep(std::uint64_t place) {
    const std::lock_guard alone(mutex_);
    if (place < place_) {
      place_ = place;
      what_ = std::current_exception();
    }
    any_ = true;
  }
  bool any() const { return any_; }
  /// Places are handed out in order: one that is taken before another fails is measured, for it may be the first to
  /// fail.
  bool before(std::uint64_t place) const { return place_ < place; }
  void rethrow() const {
    if (what_) std::rethrow_exception(what_);
  }

 private:
  std::mutex mutex_;
  std::atomic<bool> any_ = false;
  std::atomic<std::uint64_t> place_ = std::numeric_limits<std::uint64_t>::max();
  std::exception_ptr what_;
};

/// How far the run is, by what draws cost where they were seen; elsewhere as on average.
class Progress {
 public:
  Progress(const Experiment& e, const Queue& queue, int threads, bool silent)
      : e_(e), queue_(queue), silent_(silent), under_way_(static_cast<std::size_t>(threads)) {}

  void stage(std::size_t thread, Key key, const std::string& stage, double fraction) {
    if (silent_ || !line_.due()) return;
    const std::lock_guard alone(mutex_);
    under_way_[thread] = {key.point, fraction};
    line_.update(fmt::format("{}, draw {}, {}", e_.points[key.point].sizes(), key.draw, stage), done());
  }
  void finished(std::size_t thread, Key key) {
    const std::lock_guard alone(mutex_);
    under_way_[thread] = {};
    if (!silent_ && line_.due())
      line_.update(fmt::format("{}, draw {}", e_.points[key.point].sizes(), key.draw), done());
  }
  void say(const std::string& text) {
    if (silent_) return;
    const std::lock_guard alone(mutex_);
    line_.clear();
    theoremeter::say(text);
  }

 private:
  struct Draw {
    std::size_t point = 0;
    double fraction = 0;
  };

  double done() const {
    const std::vector<Advance> points = queue_.advance();
    double seen = 0, cost = 0;
    for (const Advance& p : points) {
      seen += static_cast<double>(p.finished);
      cost += p.seconds;
    }
    const double average = cost > 0 ? cost / seen : 1;
    const auto each = [&](const Advance& p) {
      return p.seconds > 0 ? p.seconds / static_cast<double>(p.finished) : average;
    };
    double done = 0, all = 0;
    for (const Advance& p : points) {
      done += static_cast<double>(p.finished) * each(p);
      all += static_cast<double>(p.wanted) * each(p);
    }
    for (const Draw& d : under_way_) done += d.fraction * each(points[d.point]);
    return done / all;
  }

  const Experiment& e_;
  const Queue& queue_;
  const bool silent_;
  std::mutex mutex_;
  std::vector<Draw> under_way_;  // by thread
  ProgressLine line_;
};

class Run {
 public:
  Run(const Experiment& e, Queue& queue, int threads, const Finished& finished, bool silent)
      : e_(e), queue_(queue), threads_(threads), finished_(finished), progress_(e, queue, threads, silent) {}

  void all() {
#pragma omp parallel num_threads(threads_)
    one_thread();
    for (Places p = queue_.last(); !failure_.any() && !p.empty(); p = queue_.last()) measure(p.front(), threads_);
    failure_.rethrow();
  }

 private:
  /// As many draws at a time as take some 20 ms: the queue costs nothing then, and threads end together.
  void one_thread() {
    constexpr double enough = 0.02;
    std::size_t count = 1;
    while (!failure_.any()) {
      const Clock::time_point start = Clock::now();
      const Places places = queue_.next(count);
      if (places.empty()) return;
      for (const std::uint64_t place : places)
        if (!failure_.before(place)) measure(place, 1);
      const double seconds = seconds_since(start);
      if (seconds < enough) count *= 2;
      if (seconds > 2 * enough) count = std::max<std::size_t>(1, count / 2);
    }
  }

  void measure(std::uint64_t place, int threads) try {
    const Key key{place % e_.points.size(), place / e_.points.size()};
    const Setting& at = e_.points[key.point];
    const auto thread = static_cast<std::size_t>(omp_get_thread_num());
    const Effort effort{
        threads, [&](const std::string& stage, double fraction) { progress_.stage(thread, key, stage, fraction); }};
    const Clock::time_point start = Clock::now();
    State state = State::measured;
    Row row;
    try {
      row = e_.study->measure(at, draw_stream(at, key.draw), effort);
    } catch (const Undefined& why) {
      state = State::undefined;
      row = empty_row(e_.study->schema);
      if (!said_.exchange(true))
        progress_.say(fmt::format("theoremeter: {}, draw {} is undefined: {}\n", at.sizes(), key.draw, why.what()));
    }
    const std::string bytes = encode(row, e_.study->schema);
    {
      const std::lock_guard alone(mutex_);
      finished_(key, state, bytes);
    }
    queue_.finished(key.point, seconds_since(start) * threads);
    progress_.finished(thread, key);
  } catch (...) {
    failure_.keep(place);
  }

  const Experiment& e_;
  Queue& queue_;
  int threads_;
  const Finished& finished_;
  Progress progress_;
  Failure failure_;
  std::mutex mutex_;
  std::atomic<bool> said_ = false;  // why a draw is undefined: once
};

}  // namespace

void run(const Experiment& e, Queue& queue, int threads, const Finished& finished, bool silent) {
  Run(e, queue, threads, finished, silent).all();
}

void for_each_draw(std::size_t n, int threads, const std::function<void(std::size_t)>& work) {
  Failure failure;
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (std::size_t i = 0; i < n; ++i) {
    try {
      work(i);
    } catch (...) {
      failure.keep(i);
    }
  }
  failure.rethrow();
}

}  // namespace theoremeter
