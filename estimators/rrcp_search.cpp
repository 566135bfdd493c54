// The search for the RRCP and the RRIC: for the same difference on both sides (difference_search.hpp); from a few
// starts for ranges of two pieces, and for two differences (prepared_search.hpp), which go on from what both have
// found.
#include "estimators/difference_search.hpp"
#include "estimators/prepared_search.hpp"
#include "estimators/rrcp.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace theoremeter {
namespace {

// Multiplications in a step of the annealing, a column: some 2e10 of them a second.
double step_cost(const Rrcp& rrcp) {
  double layers = 1000;
  for (const Rows& W : rrcp.network().layers) layers += static_cast<double>(W.size());
  return 8 * layers + 6 * static_cast<double>(rrcp.measurements().size());
}

Eigen::VectorXd joined(const Eigen::VectorXd& p, const Eigen::VectorXd& q) {
  Eigen::VectorXd pair(p.size() + q.size());
  pair << p, q;
  return pair;
}

Point point_of(const DifferenceClimb& a) {
  const Eigen::VectorXd pair = joined(a.x1, a.x2);
  return a.x.size() > 0 ? Point{a.x, a.y, pair, pair} : Point{pair, pair};
}

// A witness {(x, y,) x1, x2, x3, x4} as a point of the product of spheres.
Point point_of(const Witness& w) {
  const std::size_t first = w.point.size() - 4;
  Point p(w.point.begin(), w.point.begin() + static_cast<std::ptrdiff_t>(first));
  p.push_back(joined(w.point[first], w.point[first + 1]));
  p.push_back(joined(w.point[first + 2], w.point[first + 3]));
  return p;
}

void keep_larger(Witness& best, const Witness& w) {
  if (!w.point.empty() && (best.point.empty() || w.value > best.value)) best = w;
}

// One half of the search, which shares nothing with the other.
Witness search_half(const Rrcp& rrcp, const std::vector<DifferenceClimb>& climbs, std::int64_t starts,
                    const Stream& stream, int threads, Searched& found) {
  Witness best;
  std::vector<Point> seeds;
  for (const DifferenceClimb& a : climbs) seeds.push_back(point_of(a));
  const auto run = [&](Rrcp::Form form, std::int64_t count, PreparedSearchPlan plan, const std::vector<Point>& from) {
    Searched part;
    const Rrcp in_form = rrcp.in(form);
    const auto all = PreparedSearch<Rrcp>(in_form, plan)
                         .run(count, stream.at({static_cast<std::uint64_t>(form)}), threads, {}, from, part);
    found.starts += part.starts;
    found.evaluations += part.evaluations;
    found.undefined += part.undefined;
    for (const Witness& w : all) keep_larger(best, w);
    return all;
  };
  if (rrcp.form() == Rrcp::Form::tangent)
    for (const Witness& w : run(Rrcp::Form::tangent, starts, {}, {}))
      if (!w.point.empty()) seeds.push_back(point_of(w));
  PreparedSearchPlan further;
  further.fresh = seeds.empty() ? 1 : 0;
  run(Rrcp::Form::differences, (starts + 3) / 4, further, seeds);
  return best;
}

}  // namespace

std::int64_t default_starts(const Rrcp& rrcp) {
  const auto k = static_cast<double>(rrcp.network().input);
  const double starts = 14336 * std::sqrt(8e4 * std::max(k, 10.0) / step_cost(rrcp));
  const double most = std::min(40960.0, 5120 * k);
  return static_cast<std::int64_t>(std::clamp(starts, 256.0, most)) / 256 * 256;
}

Searched search(const Rrcp& rrcp, std::int64_t starts, const Stream& stream, int threads, const Progress& progress) {
  if (starts < 1) throw InputError(fmt::format("starts = {}: a search needs at least 1", starts));
  if (threads < 1) throw InputError(fmt::format("threads = {}: a search needs at least 1", threads));
  const FoundDifferences tied = search_differences(rrcp, starts, stream.at({0}), threads, progress);
  Searched found;
  found.starts = tied.starts;
  found.evaluations = tied.evaluations;
  found.undefined = tied.undefined;
  const auto few = static_cast<std::int64_t>(std::max(5e6 / step_cost(rrcp), 4.0));
  const std::int64_t further = std::min(starts, std::max(few, starts / 1024));  // of either half
  std::array<double, 2> values{};
  for (std::uint64_t half = 0; half < 2; ++half) {
    values[half] = std::numeric_limits<double>::quiet_NaN();
    const Witness best = search_half(rrcp, tied.halves[half], further, stream.at({1, half}), threads, found);
    if (!best.point.empty()) values[half] = best.value;
    keep_larger(found.witness, best);
  }
  found.agreement = agreement_of(values[0], values[1]);
  return found;
}

}  // namespace theoremeter
