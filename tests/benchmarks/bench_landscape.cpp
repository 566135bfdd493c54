// Rays of phase retrieval, widths 10, 100, 500 and m = 300: directions a second by blocks of matrix products with the
// closed form in the radius, and by a plain loop over 100 radii a direction that evaluates f and its gradient. One
// thread. "flops" counts the products, 6 (sum n_i n_{i-1} + m n_d) a direction: compare with the rate of
// matrix_product.
#include "estimators/direction_search.hpp"
#include "estimators/landscape.hpp"
#include "estimators/rays.hpp"
#include "theory/population.hpp"

#include <benchmark/benchmark.h>
#include <algorithm>
#include <cmath>
#include <vector>

namespace {

using namespace theoremeter;
using Index = Eigen::Index;

constexpr double products = 6.0 * (10 * 100 + 100 * 500 + 500 * 300);

Rows gaussian(Index n, Index k, Stream& stream) {
  return Rows::NullaryExpr(n, k, [&] { return stream.normal() / std::sqrt(static_cast<double>(n)); });
}

Recovery instance() {
  Stream stream(1);
  Rows W1 = gaussian(100, 10, stream), W2 = gaussian(500, 100, stream), A = gaussian(300, 500, stream);
  const Eigen::VectorXd x0 = Eigen::VectorXd::NullaryExpr(10, [&] { return stream.normal(); });
  return phase_retrieval(Network({std::move(W1), std::move(W2)}), std::move(A), x0);
}

benchmark::Counter rate(double count) {
  return {count, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1000};
}

void rays_in_blocks(benchmark::State& state) {
  const Recovery f = instance();
  const RecoveryRays rays(f, Problem::phase_retrieval);
  const Eigen::MatrixXd directions = make_grid(GridKind::sobol, 10, 4096, Stream(2)).points;
  std::vector<RayNumbers> numbers(4096);
  for (auto _ : state) {
    evaluate_blocks(rays, directions, 1, numbers.data());
    double error = 0, margin = 1;
    for (const RayNumbers& ray : numbers) {
      error = std::max(error, ray.error());
      margin = std::min(margin, least_gradient(ray, {{0, 0.5}, {1.5, 1e9}}).value);
    }
    benchmark::DoNotOptimize(error + margin);
  }
  state.counters["directions"] = rate(4096);
  state.counters["flops"] = rate(4096 * products);
}
BENCHMARK(rays_in_blocks)->Unit(benchmark::kMillisecond);

void loop_over_radii(benchmark::State& state) {
  const Recovery f = instance();
  const Eigen::MatrixXd directions = make_grid(GridKind::sobol, 10, 16, Stream(2)).points;
  const double length = f.x0.norm();
  for (auto _ : state) {
    double error = 0, margin = 1, least = 1;
    for (const auto& p : directions.colwise())
      for (int i = 1; i <= 100; ++i) {
        const Eigen::VectorXd x = length * i / 50 * p, v = 4 * gradient(f, x);
        const double size = std::max(x.norm(), length);
        error = std::max(error, (v - population_gradient(Problem::phase_retrieval, 2, x, f.x0)).norm() / size);
        margin = std::min(margin, v.norm() / size);
        least = std::min(least, objective(f, x));
      }
    benchmark::DoNotOptimize(error + margin + least);
  }
  state.counters["directions"] = rate(16);
}
BENCHMARK(loop_over_radii)->Unit(benchmark::kMillisecond);

void whole_landscape(benchmark::State& state) {
  const Recovery f = instance();
  LandscapeOptions options;
  options.directions = state.range(0);
  options.threads = static_cast<int>(state.range(1));
  for (auto _ : state)
    benchmark::DoNotOptimize(measure_landscape(f, Problem::phase_retrieval, options, Stream(3)).worst_margin.value);
}
BENCHMARK(whole_landscape)->Args({100'000, 1})->Args({100'000, 2})->Unit(benchmark::kSecond)->Iterations(1);

}  // namespace
