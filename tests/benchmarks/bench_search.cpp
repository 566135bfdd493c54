// Worst-case search: annealing steps a second of one batch, whole rounds on one and two threads, and how much the
// RRCP's and the RRIC's find by default and with ten times the starts. The counter "value" is the deviation found,
// "agreement" that of the search's halves; they do not depend on the threads.
#include "estimators/ensembles.hpp"
#include "estimators/instances.hpp"
#include "estimators/rrcp.hpp"
#include "estimators/stream.hpp"

#include <benchmark/benchmark.h>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

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
                 {},
                 Eigen::ArrayXf::Constant(count, 10)};  // never held
  for (Eigen::MatrixXf* M : {&start.p[0], &start.p[1], &start.u}) {
    for (float& entry : M->reshaped()) entry = static_cast<float>(stream.normal());
    M->colwise().normalize();
  }
  start.temperature = Eigen::ArrayXf::Constant(count, 1.5f);
  for (auto _ : state) {
    Annealed c = start;
    annealer.run(c, steps, 0.5f);
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

// What `measure rrcp --widths ... --m ... --seed 1` draws.
std::pair<Network, Rows> network_and_measurements(const std::vector<std::int64_t>& widths, std::int64_t m) {
  Stream draw_of = Stream(1).at({std::uint64_t(m)});
  for (const std::int64_t n : widths) draw_of = draw_of.at({std::uint64_t(n)});
  draw_of = draw_of.at({0});
  std::vector<Rows> layers;
  for (std::uint64_t i = 1; i < widths.size(); ++i)
    layers.push_back(
        draw(Ensemble::gaussian, widths[i], widths[i - 1], i == 1 ? draw_of.at({0}) : draw_of.at({0, i - 1})));
  Rows A = draw(Ensemble::gaussian, m, widths.back(), draw_of.at({0, widths.size() - 1}));
  return {Network(std::move(layers)), std::move(A)};
}

// Arguments: which widths, seed of the search, starts as a multiple of the default, threads.
void level(benchmark::State& state, Rrcp::Property property) {
  static const std::vector<std::pair<std::vector<std::int64_t>, std::int64_t>> sizes{
      {{5, 50, 200}, 100}, {{10, 100, 400}, 200}, {{20, 200, 500}, 400}, {{5, 20, 60, 200}, 100}};
  const auto& [widths, m] = sizes[std::size_t(state.range(0))];
  const auto [G, A] = network_and_measurements(widths, m);
  const Rrcp rrcp(G, A, Rrcp::Form::tangent, property);
  Searched found;
  for (auto _ : state)
    found =
        search(rrcp, state.range(2) * default_starts(rrcp), Stream(std::uint64_t(state.range(1))), int(state.range(3)));
  state.counters["value"] = found.witness.value;
  state.counters["agreement"] = found.agreement;
}
void levels(benchmark::internal::Benchmark* of) {
  for (const int size : {0, 1, 2, 3})
    for (const int seed : {1, 2, 3, 4, 5})
      for (const int times : {1, 10}) of->Args({size, seed, times, 2});
  of->Iterations(1)->Unit(benchmark::kSecond)->MeasureProcessCPUTime();
}
BENCHMARK_CAPTURE(level, rrcp, Rrcp::Property::concentration)->Apply(levels);
BENCHMARK_CAPTURE(level, rric, Rrcp::Property::isometry)->Apply(levels);

}  // namespace
