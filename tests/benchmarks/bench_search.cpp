// Worst-case search: annealing steps a second of one batch, and whole rounds on one and two threads. The counter
// "value" is the deviation found; it depends on neither the machine nor the threads.
#include "estimators/instances.hpp"
#include "estimators/stream.hpp"

#include <benchmark/benchmark.h>
#include <cmath>

using namespace theoremeter;

namespace {

Wdc gaussian(Eigen::Index n, Eigen::Index k) {
  Stream stream = Stream(1).at({std::uint64_t(n), std::uint64_t(k)});
  Rows W(n, k);
  for (double& entry : W.reshaped<Eigen::RowMajor>()) entry = stream.normal() / std::sqrt(double(n));
  return Wdc(std::move(W));
}

// Arguments: k, n. 12 n k flops a column and step, in float32.
void anneal(benchmark::State& state) {
  const Eigen::Index k = state.range(0), n = state.range(1), count = 32;
  const int steps = 10;
  const Wdc d = gaussian(n, k);
  const Annealer<Wdc> annealer(d);
  Stream stream(3);
  Annealed start{{Eigen::MatrixXf(k, count), Eigen::MatrixXf(k, count)},
                 Eigen::MatrixXf(k, count),
                 Eigen::ArrayXf::Ones(count),
                 {}};
  for (Eigen::MatrixXf* M : {&start.p[0], &start.p[1], &start.u}) {
    for (float& entry : M->reshaped()) entry = static_cast<float>(stream.normal());
    M->colwise().normalize();
  }
  start.temperature = Eigen::ArrayXf::Constant(count, 1.5f);
  for (auto _ : state) {
    Annealed c = start;
    annealer.run(c, steps);
    benchmark::DoNotOptimize(c.u.data());
  }
  const double column_steps = double(state.iterations()) * double(count) * steps;
  state.counters["column_steps"] = benchmark::Counter(column_steps, benchmark::Counter::kIsRate);
  state.counters["flops"] = benchmark::Counter(12.0 * double(n * k) * column_steps, benchmark::Counter::kIsRate);
}
BENCHMARK(anneal)->Args({3, 200})->Args({10, 500})->Args({20, 1000})->Args({50, 2000})->Args({100, 4000});

// Arguments: k, n, starts, threads.
void whole(benchmark::State& state) {
  const Wdc d = gaussian(state.range(1), state.range(0));
  double value = 0;
  for (auto _ : state) value = search(d, state.range(2), Stream(1), int(state.range(3))).witness.value;
  state.counters["value"] = value;
}
BENCHMARK(whole)
    ->Args({3, 1000, 2048, 1})
    ->Args({3, 1000, 2048, 2})
    ->Args({20, 1000, 2048, 1})
    ->Args({20, 1000, 2048, 2})
    ->Args({50, 2000, 512, 1})
    ->Args({50, 2000, 512, 2})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
