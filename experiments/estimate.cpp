#include "experiments/estimate.hpp"

#include "experiments/progress_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace theoremeter {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// The last, the first, the middle, the quarters, ...: some points, spread out from the first on.
std::vector<std::size_t> spread(std::size_t points) {
  constexpr std::size_t most = 64;
  std::vector<std::size_t> order{points - 1};
  for (std::size_t parts = 1; order.size() < std::min(points, most) && parts < 2 * points; parts *= 2)
    for (std::size_t i = 0; i < parts; i += parts == 1 ? 1 : 2) {
      const std::size_t p = (i + (parts == 1 ? 0 : 1)) * (points - 1) / parts;
      if (std::find(order.begin(), order.end(), p) == order.end()) order.push_back(p);
    }
  return order;
}

}  // namespace

std::string estimate(const Experiment& e, int threads) {
  constexpr double enough = 5;  // seconds
  const Clock::time_point start = Clock::now();
  double spent = 0, bytes = 0;
  std::size_t tried = 0;
  for (const std::size_t p : spread(e.points.size())) {
    const Clock::time_point begun = Clock::now();
    try {
      const Row row = e.study->measure(e.points[p], draw_stream(e.points[p], 0), Effort{});
      bytes += static_cast<double>(encode(row, e.study->schema).size());
    } catch (const Undefined&) {
    }
    spent += seconds_since(begun);
    ++tried;
    if (seconds_since(start) > enough) break;
  }
  const double all = static_cast<double>(e.points.size()) * static_cast<double>(e.draws),
               each = spent / static_cast<double>(tried);
  return fmt::format(
      "points: {}, draws of each: {}, {} draws of the {} in all\n"
      "about {} on {} thread{}, {:.3g} s a draw: one draw measured at {} of the points\n"
      "about {:.1f} MiB of memory and disk for the rows\n",
      e.points.size(), e.draws, e.points.size() * e.draws, e.study->noun, duration(all * each / threads), threads,
      threads == 1 ? "" : "s", each, tried, all * bytes / static_cast<double>(tried) / 0x1p20);
}

}  // namespace theoremeter
