#include "estimators/statistics.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>

namespace theoremeter {
namespace {

using Index = std::ptrdiff_t;

// values[begin, end) of each run of `length`, as [begin, end); runs are what threads share out.
struct Runs {
  Index values, length;

  Index count() const { return (values + length - 1) / length; }
  std::pair<Index, Index> operator[](Index run) const { return {run * length, std::min((run + 1) * length, values)}; }
};

// The values sorted into buckets of equal width by size, to find order statistics without sorting: only the buckets
// that hold them are.
class Buckets {
 public:
  Buckets(const std::vector<double>& values, int threads)
      : values_(values), runs_{std::ssize(values), 1 << 16}, threads_(threads), counts_(how_many) {
    double low = values.front(), high = low;
#pragma omp parallel for num_threads(threads) schedule(static) reduction(min : low) reduction(max : high)
    for (const double value : values) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
    low_ = low;
    const double per_unit = static_cast<double>(how_many) / (high - low);
    per_unit_ = std::isfinite(per_unit) ? per_unit : 0;  // all but equal: one bucket
#pragma omp parallel num_threads(threads)
    {
      std::vector<Index> mine(how_many);
#pragma omp for schedule(static)
      for (Index run = 0; run < runs_.count(); ++run)
        for (auto [i, end] = runs_[run]; i < end; ++i) ++mine[bucket(values_[static_cast<std::size_t>(i)])];
#pragma omp critical(theoremeter_buckets)
      for (std::size_t b = 0; b < how_many; ++b) counts_[b] += mine[b];
    }
  }

  // The order statistics at these positions, ascending and counted from 0.
  std::vector<double> at(const std::vector<Index>& positions) const {
    std::vector<std::pair<std::size_t, Index>> places;  // bucket, and position in it
    std::vector<std::vector<double>> contents(how_many);
    std::size_t b = 0;
    Index before = 0;
    for (const Index position : positions) {
      for (; position >= before + counts_[b]; ++b) before += counts_[b];
      places.emplace_back(b, position - before);
      contents[b].reserve(static_cast<std::size_t>(counts_[b]));
    }
    fill(contents);
    std::vector<double> result;
    for (const auto& [bucket, position] : places)
      result.push_back(contents[bucket][static_cast<std::size_t>(position)]);
    return result;
  }

 private:
  static constexpr std::size_t how_many = 4096;

  std::size_t bucket(double value) const {  // does not decrease in value, rounding included
    return std::min(how_many - 1, static_cast<std::size_t>((value - low_) * per_unit_));
  }

  // Sorted values for the buckets that have room reserved; the order in which they arrive is lost in the sorting.
  void fill(std::vector<std::vector<double>>& contents) const {
#pragma omp parallel num_threads(threads_)
    {
      std::vector<double> mine;
#pragma omp for schedule(static)
      for (Index run = 0; run < runs_.count(); ++run)
        for (auto [i, end] = runs_[run]; i < end; ++i) {
          const double value = values_[static_cast<std::size_t>(i)];
          if (contents[bucket(value)].capacity() > 0) mine.push_back(value);
        }
#pragma omp critical(theoremeter_buckets)
      for (const double value : mine) contents[bucket(value)].push_back(value);
    }
    for (std::vector<double>& values : contents) std::sort(values.begin(), values.end());
  }

  const std::vector<double>& values_;
  Runs runs_;
  int threads_;
  double low_ = 0, per_unit_ = 0;
  std::vector<Index> counts_;
};

/// A `part` of the way from one order statistic to the next, both of which may be infinite.
double between(double below, double above, double part) {
  return part == 0 || below == above ? below : below + part * (above - below);
}

}  // namespace

// Runs keep the rounding error of 1e8 values near that of 1e4.
double mean(const std::vector<double>& values, int threads) {
  const Runs runs{std::ssize(values), 4096};
  std::vector<double> sums(static_cast<std::size_t>(runs.count()));
#pragma omp parallel for num_threads(threads) schedule(static)
  for (Index run = 0; run < runs.count(); ++run) {
    const auto [begin, end] = runs[run];
    sums[static_cast<std::size_t>(run)] = std::accumulate(values.begin() + begin, values.begin() + end, 0.0);
  }
  return std::accumulate(sums.begin(), sums.end(), 0.0) / static_cast<double>(values.size());
}

double quantile(std::vector<double> values, double level) {
  assert(!values.empty());
  std::sort(values.begin(), values.end());
  const double place = level * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  return between(values[below], values[std::min(below + 1, values.size() - 1)], place - static_cast<double>(below));
}

std::vector<double> quantiles(const std::vector<double>& values, const std::vector<double>& levels, int threads) {
  assert(!values.empty() && std::is_sorted(levels.begin(), levels.end()));
  const Index last = std::ssize(values) - 1;
  const auto place = [&](double level) { return level * static_cast<double>(last); };
  std::vector<Index> positions;
  for (const double level : levels) {
    const auto below = static_cast<Index>(place(level));
    positions.insert(positions.end(), {below, std::min(below + 1, last)});
  }
  std::sort(positions.begin(), positions.end());
  const std::vector<double> found = Buckets(values, threads).at(positions);
  const auto statistic = [&](Index position) {
    const auto at = std::lower_bound(positions.begin(), positions.end(), position);
    return found[static_cast<std::size_t>(at - positions.begin())];
  };
  std::vector<double> result;
  for (const double level : levels) {
    const auto below = static_cast<Index>(place(level));
    const double value = statistic(below), above = statistic(std::min(below + 1, last));
    result.push_back(between(value, above, place(level) - static_cast<double>(below)));
  }
  return result;
}

std::vector<std::int64_t> largest(const std::vector<double>& values, std::int64_t count, int threads) {
  const auto before = [&](std::int64_t a, std::int64_t b) {
    const double va = values[static_cast<std::size_t>(a)], vb = values[static_cast<std::size_t>(b)];
    return va > vb || (va == vb && a < b);
  };
  const auto keep = [&](std::vector<std::int64_t>& best, std::int64_t i) {  // a heap, the last of the best on top
    if (std::ssize(best) == count) {
      if (!before(i, best.front())) return;
      std::pop_heap(best.begin(), best.end(), before);
      best.pop_back();
    }
    best.push_back(i);
    std::push_heap(best.begin(), best.end(), before);
  };
  const Runs runs{std::ssize(values), 1 << 18};
  std::vector<std::vector<std::int64_t>> best_of(static_cast<std::size_t>(runs.count()));
#pragma omp parallel for num_threads(threads) schedule(static)
  for (Index run = 0; run < runs.count(); ++run) {
    std::vector<std::int64_t> mine;
    for (auto [i, end] = runs[run]; i < end; ++i) keep(mine, i);
    best_of[static_cast<std::size_t>(run)] = std::move(mine);
  }
  std::vector<std::int64_t> best;
  for (const auto& candidates : best_of)
    for (const std::int64_t i : candidates) keep(best, i);
  std::sort_heap(best.begin(), best.end(), before);
  return best;
}

}  // namespace theoremeter
