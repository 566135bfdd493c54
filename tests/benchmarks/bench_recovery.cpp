// Recovery algorithms on one thread, starts included: sparse ones at 600 x 1000, s = 10, TAF at 600 x 200, and DPR at
// widths 10, 500, 1000 from 200 amplitudes, 8 starts at once. "flops" of DPR counts the products of a step, of G and A
// forwards and back, 4 (sum n_i n_{i-1} + m n_d) a start: compare with the rate of recovery_matrix_product.
#include "estimators/recovery/amplitude.hpp"
#include "estimators/recovery/copram.hpp"
#include "estimators/recovery/generative.hpp"
#include "estimators/recovery/spectral.hpp"
#include "estimators/recovery/wirtinger.hpp"
#include "estimators/stream.hpp"
#include "theory/problems.hpp"

#include <benchmark/benchmark.h>
#include <cmath>

namespace {

using namespace theoremeter;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// q = |A x| with N(0, 1) entries, x s-sparse, and normals for a start.
struct Amplitudes {
  Rows A;
  VectorXd q, normals;

  Amplitudes(Index m, Index n, Index s) {
    Stream stream(1);
    const auto normal = [&] { return stream.normal(); };
    A = Rows::NullaryExpr(m, n, normal);
    VectorXd x = VectorXd::Zero(n);
    for (Index i = 0; i < s; ++i) x[i * (n / s)] = stream.normal();
    q = (A * x).cwiseAbs();
    normals = VectorXd::NullaryExpr(n, normal);
  }
};

RunRules steps(std::int64_t count) {
  RunRules rules;
  rules.steps = count;
  return rules;
}

void recover_sparta(benchmark::State& state) {
  const Amplitudes p(600, 1000, 10);
  AmplitudeFlow how;
  how.step = 1, how.gamma = 1, how.sparsity = 10, how.slack = 0x1p-52;
  for (auto _ : state)
    benchmark::DoNotOptimize(amplitude_flow(p.A, p.q, sparta_start(p.A, p.q, 10, p.normals), how, steps(100)).x.sum());
}
BENCHMARK(recover_sparta)->Unit(benchmark::kMillisecond);

void recover_copram(benchmark::State& state) {
  const Amplitudes p(600, 1000, 10);
  for (auto _ : state)
    benchmark::DoNotOptimize(copram(p.A, p.q, copram_start(p.A, p.q, 10, p.normals), 10, steps(15)).x.sum());
}
BENCHMARK(recover_copram)->Unit(benchmark::kMillisecond);

void recover_thwf(benchmark::State& state) {
  const Amplitudes p(600, 1000, 10);
  for (auto _ : state)
    benchmark::DoNotOptimize(thwf(p.A, p.q, thwf_start(p.A, p.q, p.normals), 0.23, steps(30)).x.sum());
}
BENCHMARK(recover_thwf)->Unit(benchmark::kMillisecond);

void recover_taf(benchmark::State& state) {
  const Amplitudes p(600, 200, 200);
  AmplitudeFlow how;
  how.step = 0.6, how.gamma = 0.7;
  for (auto _ : state)
    benchmark::DoNotOptimize(amplitude_flow(p.A, p.q, taf_start(p.A, p.q, p.normals), how, steps(1000)).x.sum());
}
BENCHMARK(recover_taf)->Unit(benchmark::kMillisecond);

constexpr Index starts = 8;
constexpr double dpr_products = 4.0 * (10 * 500 + 500 * 1000 + 1000 * 200);

void recover_dpr(benchmark::State& state) {
  Stream stream(1);
  const auto gaussian = [&](Index n, Index k) {
    return Rows(Rows::NullaryExpr(n, k, [&] { return stream.normal() / std::sqrt(static_cast<double>(n)); }));
  };
  Rows W1 = gaussian(500, 10), W2 = gaussian(1000, 500), A = gaussian(200, 1000);
  const VectorXd x0 = VectorXd::NullaryExpr(10, [&] { return stream.normal(); }).normalized();
  const Recovery f = phase_retrieval(Network({std::move(W1), std::move(W2)}), std::move(A), x0);
  const MatrixXd X = MatrixXd::NullaryExpr(10, starts, [&] { return stream.normal(); });
  for (auto _ : state) benchmark::DoNotOptimize(descend(f, X, {1, false}, steps(100)).front().x.sum());
  state.counters["flops"] = {100.0 * starts * dpr_products, benchmark::Counter::kIsIterationInvariantRate,
                             benchmark::Counter::kIs1000};
}
BENCHMARK(recover_dpr)->Unit(benchmark::kMillisecond);

/// Of the largest of its products.
void recovery_matrix_product(benchmark::State& state) {
  const MatrixXd W = MatrixXd::Random(1000, 500), X = MatrixXd::Random(500, starts);
  MatrixXd Y(1000, starts);
  for (auto _ : state) {
    Y.noalias() = W * X;
    benchmark::DoNotOptimize(Y.data());
  }
  state.counters["flops"] = {2.0 * 1000 * 500 * starts, benchmark::Counter::kIsIterationInvariantRate,
                             benchmark::Counter::kIs1000};
}
BENCHMARK(recovery_matrix_product)->Unit(benchmark::kMicrosecond);

}  // namespace
