// What the pipeline costs beside the measuring: studies whose draws only pass the time.
//   build/theoremeter_benchmarks --benchmark_filter=pipeline
#include "experiments/keep.hpp"
#include "experiments/studies/study.hpp"
#include "results/data_file.hpp"
#include "results/journal.hpp"
#include "results/merge.hpp"
#include "tests/toy.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

using namespace theoremeter;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double seconds_from(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "bench_pipeline.XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string operator/(const std::string& name) const { return path + "/" + name; }
  std::string path;
};

std::atomic<std::int64_t> draws_measured = 0;
Clock::time_point first_draw;

// A draw that takes so long, of a processor.
Study passing_time(double seconds) {
  Study s;
  s.key = "toy";
  s.name = "numbers";
  s.parameters = toy::parameters();
  s.schema = toy::columns().schema();
  s.measure = [seconds](const Setting&, const Stream& stream, const Effort&) {
    const auto start = Clock::now();
    if (draws_measured++ == 0) first_draw = start;
    Row row = toy::columns().row(toy::numbered(0, Stream(stream)() % 1000));
    while (seconds_from(start) < seconds) {
    }
    return row;
  };
  return s;
}

Experiment experiment(const Study& study, std::size_t points, std::uint64_t draws) {
  Experiment e;
  e.study = &study;
  e.draws = draws;
  e.points = toy::description(points, draws).points;
  return e;
}

double peak_MiB() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_maxrss) / 1024;
}

const Declarations none = [] { return std::vector<Declared>(); };

// points x draws of 10 us over two threads, with a file; then what is asked of the file.
void pipeline_run(benchmark::State& state) {
  const auto points = static_cast<std::size_t>(state.range(0));
  const auto draws = static_cast<std::uint64_t>(state.range(1));
  const Study study = passing_time(10e-6);
  const Folder folder;
  const std::string path = folder / "f.h5";
  for (auto _ : state) measure_all(experiment(study, points, draws), {path, true, false, {}, 2});
  auto start = Clock::now();
  benchmark::DoNotOptimize(tally(path, none));
  state.counters["tally_s"] = seconds_from(start);
  start = Clock::now();
  benchmark::DoNotOptimize(digest(read(path, none)));
  state.counters["digest_s"] = seconds_from(start);
  state.counters["us_a_draw"] =
      benchmark::Counter(static_cast<double>(points * draws) * 1e-6,
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.counters["file_MB"] = static_cast<double>(fs::file_size(path)) / 1e6;
  state.counters["peak_MiB"] = peak_MiB();
}
BENCHMARK(pipeline_run)->Args({1, 1000})->Args({1, 100000})->Args({1000, 100})->Unit(benchmark::kSecond)->UseRealTime();

// Draws of 1 ms on one thread and on two: the time beside the draws, and what the second thread brings.
void pipeline_overhead(benchmark::State& state) {
  constexpr std::uint64_t draws = 10000;
  const Study study = passing_time(1e-3);
  const Folder folder;
  for (auto _ : state) {
    auto start = Clock::now();
    measure_all(experiment(study, 1, draws), {folder / "one.h5", true, false, {}, 1});
    const double one = seconds_from(start);
    start = Clock::now();
    measure_all(experiment(study, 1, draws), {folder / "two.h5", true, false, {}, 2});
    const double two = seconds_from(start);
    state.counters["overhead_percent"] = 100 * (one / (1e-3 * double(draws)) - 1);
    state.counters["two_threads_over_one"] = one / two;
  }
}
BENCHMARK(pipeline_overhead)->Iterations(1)->Unit(benchmark::kSecond)->UseRealTime();

// 1,000 shares of 100 draws become one file.
void pipeline_merge(benchmark::State& state) {
  const Folder folder;
  std::vector<std::string> shares;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    DataSet data(toy::description(1, 100000));
    for (std::uint64_t d = i; d < 100000; d += 1000)
      data.add({0, d}, State::measured, toy::columns().row(toy::numbered(0, d)), 0);
    shares.push_back(folder / fmt::format("{}.h5", i));
    write(data, shares.back(), false);
  }
  for (auto _ : state) write(merged(shares, none), folder / "all.h5", true);
  state.counters["peak_MiB"] = peak_MiB();
}
BENCHMARK(pipeline_merge)->Iterations(1)->Unit(benchmark::kSecond)->UseRealTime();

// Killed at half of 100,000 draws: the time from the start of the next run to its first draw.
void pipeline_resume(benchmark::State& state) {
  const Study study = passing_time(10e-6);
  const Folder folder;
  const std::string path = folder / "f.h5";
  for (auto _ : state) {
    draws_measured = 0;
    const pid_t run = fork();
    if (run == 0) {
      Study killed = study;
      killed.measure = [&study](const Setting& at, const Stream& stream, const Effort& effort) {
        if (draws_measured >= 50000) kill(getpid(), SIGKILL);
        return study.measure(at, stream, effort);
      };
      measure_all(experiment(killed, 1, 100000), {path, true, false, {}, 1});
      _exit(1);
    }
    waitpid(run, nullptr, 0);
    draws_measured = 0;
    const auto start = Clock::now();
    measure_all(experiment(study, 1, 100000), {path, false, true, {}, 1});
    state.counters["first_draw_after_s"] = std::chrono::duration<double>(first_draw - start).count();
    state.counters["measured_again"] = static_cast<double>(draws_measured) - 50000;
  }
}
BENCHMARK(pipeline_resume)->Iterations(1)->Unit(benchmark::kSecond)->UseRealTime();

}  // namespace
