// Statistics of a sample that is kept in full. Nothing depends on the number of threads.
#pragma once

#include <cstdint>
#include <vector>

namespace theoremeter {

/// The mean, summed in order: in runs of 4096, then the runs. N >= 1.
double mean(const std::vector<double>& values, int threads = 1);

/// The quantiles at the given levels in [0, 1], ascending: linear interpolation between order statistics, level q at
/// position q (N-1) counted from 0 (Hyndman and Fan's type 7, NumPy's default). N >= 1, values finite. Exact.
std::vector<double> quantiles(const std::vector<double>& values, const std::vector<double>& levels, int threads = 1);

/// One of them, of few values: those may be infinite.
double quantile(std::vector<double> values, double level);

/// Positions of the `count` largest values (all, if there are fewer), the largest first; of equal values the first.
std::vector<std::int64_t> largest(const std::vector<double>& values, std::int64_t count, int threads = 1);

}  // namespace theoremeter
