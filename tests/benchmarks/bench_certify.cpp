// Certificates: pairs of cones bounded a second, for the bound alone and for whole proofs on one and two threads.
// The counter "nodes" does not depend on the machine; seconds do.
#include "estimators/cone_bound.hpp"
#include "estimators/instances.hpp"
#include "estimators/stream.hpp"

#include <benchmark/benchmark.h>
#include <cmath>
#include <vector>

using namespace theoremeter;

namespace {

Eigen::VectorXd random_unit(Eigen::Index k, Stream& stream) {
  Eigen::VectorXd x(k);
  for (double& entry : x) entry = stream.normal();
  return x.normalized();
}

Wdc gaussian(Eigen::Index n, Eigen::Index k) {
  Stream stream = Stream(1).at({std::uint64_t(n), std::uint64_t(k)});
  Rows W(n, k);
  for (double& entry : W.reshaped<Eigen::RowMajor>()) entry = stream.normal() / std::sqrt(double(n));
  return Wdc(std::move(W));
}

// An incumbent at the local maxima of random descents: enough for a proof, which replaces it when it meets a better
// point.
Witness incumbent(const Wdc& d) {
  const Eigen::Index k = d.rows().cols();
  Witness best;
  for (std::uint64_t start = 0; start < 30; ++start) {
    Stream stream = Stream(2).at({start});
    Witness here = evaluate(d, {random_unit(k, stream), random_unit(k, stream)});
    for (int i = 0; i < 1500; ++i) {
      const double step = std::pow(10, -3 * stream.uniform());
      Point p = here.point;
      for (Eigen::VectorXd& x : p) x += step * random_unit(k, stream);
      if (Witness w = evaluate(d, p); w.value > here.value) here = std::move(w);
    }
    if (here.value > best.value) best = std::move(here);
  }
  return best;
}

// Pairs of cones as a proof meets them: random walks down the tree.
template <int K>
void bound_alone(benchmark::State& state) {
  const Wdc d = gaussian(100, K);
  typename ConeTree<K>::Matters matters;
  for (auto& side : matters)
    for (auto& half : side) half.assign(100, true);
  const ConeTree<K> tree(d.rows(), matters, std::vector<bool>(100, true));
  Stream stream = Stream(3);
  std::vector<ConePair<K>> pairs(1024 * lanes);
  for (ConePair<K>& pair : pairs) {
    for (const Cone<K>** cone : {&pair.a, &pair.b}) {
      *cone = &tree.roots()[stream() % tree.roots().size()];
      for (int depth = 0; depth < 4 * (K - 1); ++depth) *cone = &tree.children(**cone)[stream() % 2];
    }
    for (std::int32_t i = 0; i < 100; ++i)
      if (pair.a->half(i) != Half::negative && pair.b->half(i) != Half::negative)
        for (int r = 0, e = 0; r < K; ++r)
          for (int c = 0; c <= r; ++c, ++e) pair.S.entry[std::size_t(e)] += d.rows()(i, r) * d.rows()(i, c);
  }
  const ConeBound<K> bound(1, 0);
  for (auto _ : state)
    for (std::size_t i = 0; i < pairs.size(); i += lanes)
      benchmark::DoNotOptimize(bound.below(Side::plus, &pairs[i], lanes, 0.4));
  state.counters["pairs/s"] = benchmark::Counter(double(pairs.size()), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK_TEMPLATE(bound_alone, 3);
BENCHMARK_TEMPLATE(bound_alone, 4);
BENCHMARK_TEMPLATE(bound_alone, 5);

/// Arguments: n, gap in percent, threads.
template <int K>
void whole_proof(benchmark::State& state) {
  const Wdc d = gaussian(state.range(0), K);
  const double gap = double(state.range(1)) / 100;
  Witness best = incumbent(d);
  branch_and_bound(d, best, gap, 2'000'000'000, 2, {});  // a proof lifts a poor incumbent: time one that need not
  std::int64_t nodes = 0;
  bool closed = true;
  for (auto _ : state) {
    Witness witness = best;
    const Certified c = branch_and_bound(d, witness, gap, 2'000'000'000, int(state.range(2)), {});
    nodes = c.nodes;
    closed = closed && c.closed;
  }
  if (!closed) state.SkipWithError("not closed");
  state.counters["nodes"] = double(nodes);
  state.counters["nodes/s"] = benchmark::Counter(double(nodes), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK_TEMPLATE(whole_proof, 3)
    ->Args({1000, 1, 1})
    ->Args({1000, 1, 2})
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(whole_proof, 4)
    ->Args({100, 1, 1})
    ->Args({100, 1, 2})
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(whole_proof, 5)
    ->Args({100, 10, 1})
    ->Args({100, 10, 2})
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
