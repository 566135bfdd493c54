// Where sampling stands against the machine: its measured double-precision peak, a large matrix product, and the parts
// of `sample` one by one. One thread each. "flops" counts 2 |active rows| k(k+1)/2 a pair, what a matrix product over
// the packed outer products would need; the table look-ups get by with fewer, so they may exceed the peak.
#include "estimators/instances.hpp"
#include "estimators/outer_sums.hpp"

#include <benchmark/benchmark.h>
#include <Eigen/Dense>
#include <cmath>
#include <vector>

namespace {

using namespace theoremeter;
using Index = Eigen::Index;

benchmark::Counter rate(double count) {
  return {count, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1000};
}

Rows gaussian(Index n, Index k) {
  Stream stream(1);
  return Rows::NullaryExpr(n, k, [&] { return stream.normal() / std::sqrt(static_cast<double>(n)); });
}

// Twelve independent chains of multiply-adds, enough to hide their latency.
void peak(benchmark::State& state) {
  using Vector = Eigen::internal::packet_traits<double>::type;
  constexpr int width = sizeof(Vector) / sizeof(double), chains = 12, rounds = 10000;
  const Vector x = Eigen::internal::pset1<Vector>(1.0000001), y = Eigen::internal::pset1<Vector>(1e-9);
  Vector a[chains];
  for (int i = 0; i < chains; ++i) a[i] = Eigen::internal::pset1<Vector>(i);
  for (auto _ : state) {
    for (int r = 0; r < rounds; ++r)
#pragma GCC unroll 12
      for (Vector& chain : a) chain = Eigen::internal::pmadd(chain, x, y);
    benchmark::DoNotOptimize(a);
  }
  state.counters["flops"] = rate(2.0 * width * chains * rounds);
}
BENCHMARK(peak);

void matrix_product(benchmark::State& state) {
  const Index n = state.range(0);
  const Eigen::MatrixXd A = Eigen::MatrixXd::Random(n, n), B = Eigen::MatrixXd::Random(n, n);
  Eigen::MatrixXd C(n, n);
  for (auto _ : state) {
    C.noalias() = A * B;
    benchmark::DoNotOptimize(C.data());
  }
  state.counters["flops"] = rate(2.0 * std::pow(static_cast<double>(n), 3));
}
BENCHMARK(matrix_product)->Arg(512)->Arg(1024);

// S(p) for 1024 tuples; steps when the third argument is 1, relus when 0.
void outer_sums(benchmark::State& state) {
  const Index k = state.range(0), n = state.range(1), sums = 1024;
  const bool steps = state.range(2) == 1;
  Rows c = Rows::Random(n, sums);
  if (steps) c = (c.array() > 0).cast<double>();
  const Coefficients coefficients(c);
  std::vector<Index> rows;
  for (Index i = 0; i < n; i += 2) rows.push_back(i);
  const std::vector<double> scale(rows.size(), 1.0);
  const OuterSums outer(gaussian(n, k));
  PackedSums out;
  for (auto _ : state) {
    outer(rows, scale, coefficients, 0, sums, out);
    benchmark::DoNotOptimize(out.panels.data());
  }
  state.counters["sums"] = rate(static_cast<double>(sums));
  state.counters["flops"] = rate(static_cast<double>(rows.size()) * static_cast<double>(k * (k + 1) * sums));
}
BENCHMARK(outer_sums)
    ->ArgsProduct({{10}, {500}, {1, 0}})
    ->ArgsProduct({{20}, {1000}, {1, 0}})
    ->ArgsProduct({{50}, {2000}, {1, 0}});

void extreme_eigenvalues(benchmark::State& state) {
  const Index k = state.range(0);
  SymmetricEight batch(k), random(k);
  for (Index c = 0; c < k; ++c)
    for (Index r = c; r < k; ++r) random.column(c)[r - c].setRandom();
  for (auto _ : state) {
    batch = random;
    benchmark::DoNotOptimize(batch.extreme_eigenvalues());
  }
  state.counters["matrices"] = rate(8);
}
BENCHMARK(extreme_eigenvalues)->Arg(2)->Arg(5)->Arg(10)->Arg(20)->Arg(50)->Arg(100);

void sample_wdc(benchmark::State& state) {
  const Index k = state.range(0), n = state.range(1);
  const Wdc wdc(gaussian(n, k));
  std::int64_t pairs = 0;
  for (auto _ : state) pairs += sample(wdc, state.range(2), GridKind::random, Stream(1), 1).count;
  state.counters["pairs"] = benchmark::Counter(static_cast<double>(pairs), benchmark::Counter::kIsRate);
  state.counters["flops"] = benchmark::Counter(static_cast<double>(pairs) * static_cast<double>(n * (k * (k + 1) / 2)),
                                               benchmark::Counter::kIsRate);
}
BENCHMARK(sample_wdc)
    ->Args({10, 500, 2'000'000})
    ->Args({20, 1000, 1'000'000})
    ->Args({50, 2000, 200'000})
    ->Unit(benchmark::kMillisecond);

}  // namespace
