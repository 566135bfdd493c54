#include "estimators/statistics.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace theoremeter {

std::vector<double> quantiles(std::vector<double>& values, const std::vector<double>& levels) {
  assert(!values.empty() && std::is_sorted(levels.begin(), levels.end()));
  std::vector<double> result;
  auto sorted_to = values.begin();  // what is before is in place, and not above what follows
  for (const double level : levels) {
    const double position = level * static_cast<double>(values.size() - 1), below = std::floor(position);
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(below);
    std::nth_element(sorted_to, at, values.end());
    sorted_to = at;
    const double next = at + 1 == values.end() ? *at : *std::min_element(at + 1, values.end());
    result.push_back(*at + (position - below) * (next - *at));
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
