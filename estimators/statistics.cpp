#include "estimators/statistics.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace theoremeter {
namespace {

using Iterator = std::vector<double>::iterator;
using Positions = std::vector<Iterator>::const_iterator;

// Puts the order statistics wanted, distinct ascending positions in [begin, end), where they belong: the middle one,
// then either side.
void put_in_place(Iterator begin, Iterator end, Positions first, Positions last) {
  if (first == last) return;
  const Positions middle = first + (last - first) / 2;
  std::nth_element(begin, *middle, end);
  put_in_place(begin, *middle, first, middle);
  put_in_place(*middle + 1, end, middle + 1, last);
}

}  // namespace

double mean(const std::vector<double>& values) {
  constexpr std::ptrdiff_t run = 4096;  // keeps the rounding error of 1e8 values near that of 1e4
  double sum = 0;
  for (auto from = values.begin(); from != values.end();) {
    const auto to = from + std::min(run, values.end() - from);
    sum += std::accumulate(from, to, 0.0);
    from = to;
  }
  return sum / static_cast<double>(values.size());
}

std::vector<double> quantiles(std::vector<double>& values, const std::vector<double>& levels) {
  assert(!values.empty() && std::is_sorted(levels.begin(), levels.end()));
  const auto position = [&](double level) { return level * static_cast<double>(values.size() - 1); };
  const auto below = [&](double level) { return values.begin() + static_cast<std::ptrdiff_t>(position(level)); };
  std::vector<Iterator> wanted;
  wanted.reserve(levels.size());
  for (const double level : levels) wanted.push_back(below(level));
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  put_in_place(values.begin(), values.end(), wanted.begin(), wanted.end());
  std::vector<double> result;
  for (const double level : levels) {
    const Iterator at = below(level);
    const auto next = std::upper_bound(wanted.begin(), wanted.end(), at);  // what follows `at` in order is no later
    const Iterator end = next == wanted.end() ? values.end() : *next + 1;
    const double above = at + 1 == end ? *at : *std::min_element(at + 1, end);
    result.push_back(*at + (position(level) - std::floor(position(level))) * (above - *at));
  }
  return result;
}

std::vector<std::int64_t> largest(const std::vector<double>& values, std::int64_t count) {
  const auto before = [&](std::int64_t a, std::int64_t b) {
    const double va = values[static_cast<std::size_t>(a)], vb = values[static_cast<std::size_t>(b)];
    return va > vb || (va == vb && a < b);
  };
  std::vector<std::int64_t> best;  // a heap, the last of the best on top
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(values.size()); ++i) {
    if (static_cast<std::int64_t>(best.size()) == count) {
      if (!before(i, best.front())) continue;
      std::pop_heap(best.begin(), best.end(), before);
      best.pop_back();
    }
    best.push_back(i);
    std::push_heap(best.begin(), best.end(), before);
  }
  std::sort_heap(best.begin(), best.end(), before);
  return best;
}

}  // namespace theoremeter
