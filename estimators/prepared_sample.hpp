// Sampling a prepared deviation: a pool of prepared points a sphere, and many combinations of them.
#pragma once

#include "estimators/grids.hpp"
#include "estimators/measurement.hpp"
#include "estimators/prepared.hpp"
#include "estimators/progress.hpp"
#include "estimators/statistics.hpp"
#include "estimators/stream.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace theoremeter {

/// Every value is kept until the quantiles are known, 8 bytes each.
inline constexpr std::int64_t max_combinations = 100'000'000;

template <PreparedDeviation D>
class PreparedSampler {
 public:
  /// About the square root of `count` points a sphere, at most 512: preparing costs several values, and memory.
  PreparedSampler(const D& d, std::int64_t count, std::optional<GridKind> kind, const Stream& stream, int threads)
      : d_(d), stream_(stream), pools_(static_cast<std::size_t>(d.spheres())) {
    const double points = std::min(512.0, std::ceil(std::sqrt(static_cast<double>(count))));
    for (std::size_t s = 0; s < pools_.size(); ++s) {
      const int sphere = static_cast<int>(s), k = static_cast<int>(d.dimension(sphere));
      const Eigen::MatrixXd grid =
          make_grid(kind.value_or(default_grid(k)), k, static_cast<std::int64_t>(points), stream.at({0, s})).points;
      pools_[s].resize(static_cast<std::size_t>(grid.cols()));
#pragma omp parallel for num_threads(threads) schedule(dynamic)
      for (Eigen::Index i = 0; i < grid.cols(); ++i)
        pools_[s][static_cast<std::size_t>(i)] = d.prepare(sphere, grid.col(i));
    }
  }

  Sampled run(std::int64_t count, int threads, const Progress& progress) const {
    std::vector<double> values(static_cast<std::size_t>(count));
    constexpr std::int64_t chunk = 64, round = 4096;
    for (std::int64_t begin = 0; begin < count; begin += round) {
      const std::int64_t end = std::min(begin + round, count);
#pragma omp parallel for num_threads(threads) schedule(dynamic, chunk)
      for (std::int64_t i = begin; i < end; ++i) values[static_cast<std::size_t>(i)] = d_.value(combination(i));
      if (progress) progress(static_cast<double>(end) / static_cast<double>(count));
    }
    return summary(std::move(values));
  }

 private:
  // One of each pool, all equally likely.
  States<D> combination(std::int64_t i) const {
    Stream stream = stream_.at({1, static_cast<std::uint64_t>(i)});
    States<D> states;
    for (const auto& pool : pools_)
      states.push_back(&pool[static_cast<std::size_t>(stream.uniform() * static_cast<double>(pool.size()))]);
    return states;
  }

  Sampled summary(std::vector<double> values) const {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    Sampled result;
    std::int64_t best = -1;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!std::isnan(values[i]) && (best < 0 || values[i] > values[static_cast<std::size_t>(best)]))
        best = static_cast<std::int64_t>(i);
    result.undefined = static_cast<std::int64_t>(std::erase_if(values, [](double f) { return std::isnan(f); }));
    result.count = static_cast<std::int64_t>(values.size());
    result.mean = values.empty() ? nan : mean(values);
    result.quantiles =
        values.empty() ? std::vector<double>(quantile_levels.size(), nan) : quantiles(values, quantile_levels);
    if (best >= 0) result.witness = d_.witness(combination(best));
    return result;
  }

  const D& d_;
  Stream stream_;
  std::vector<std::vector<typename D::State>> pools_;
};

/// f at `count` combinations of points of grids of the given kind, or of each sphere's default_grid. Combinations where
/// f is undefined are counted apart; where all are, the witness has no point. Throws InputError unless 1 <= count <=
/// max_combinations and threads >= 1, and as make_grid does. Bitwise the same for any number of threads.
template <PreparedDeviation D>
Sampled sample(const D& d, std::int64_t count, std::optional<GridKind> kind, const Stream& stream, int threads,
               const Progress& progress = {}) {
  if (count < 1 || count > max_combinations)
    throw InputError(fmt::format("samples = {}: must be 1 to {}", count, max_combinations));
  if (threads < 1) throw InputError(fmt::format("threads = {}: sampling needs at least 1", threads));
  return PreparedSampler<D>(d, count, kind, stream, threads).run(count, threads, progress);
}

}  // namespace theoremeter
