#include "estimators/forecast.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace theoremeter {
namespace {

double gap_of(const Proved& p, double at_least) { return p.at_most / at_least - 1; }

}  // namespace

double Trend::nodes(double gap) const { return scale * std::exp(-steepness * gap); }
double Trend::gap(double nodes) const { return std::log(scale / nodes) / steepness; }

std::optional<Trend> trend(const std::vector<Proved>& course, double at_least, double fell) {
  if (course.empty()) return std::nullopt;
  const Proved& last = course.back();
  const auto before =
      std::find_if(course.rbegin(), course.rend(), [&](const Proved& p) { return p.nodes <= last.nodes / 3; });
  if (before == course.rend() || before->nodes < 1) return std::nullopt;
  const double from = gap_of(*before, at_least), to = gap_of(last, at_least);
  if (!(to < (1 - fell) * from)) return std::nullopt;
  const auto nodes = static_cast<double>(last.nodes);
  const double steepness = std::log(nodes / static_cast<double>(before->nodes)) / (from - to);
  return Trend{nodes * std::exp(steepness * to), steepness};
}

Forecast forecast(const Certified& c, double at_least, double now, double gap) {
  assert(at_least > 0 && gap < now);
  Forecast f;
  f.ended = c.ended;
  const double fell = c.next ? 0 : 0.25;  // one proof that goes on begins slowly: that tells nothing
  const std::optional<Trend> falls = c.ended ? std::nullopt : trend(c.course, at_least, fell);
  if (!falls) return f;
  const auto spent = static_cast<double>(c.nodes);
  // What a proof took that was not finished is lost to it, what came before it is not spent again.
  const double before = c.next ? spent - static_cast<double>(c.next->nodes) : 0;
  const auto in_all = [&](double at) { return before + std::max(falls->nodes(at), 1.25 * (spent - before)); };
  double next = c.next ? gap_of(*c.next, at_least) : falls->gap(4 * spent);
  if (!(next < now)) next = gap;  // other means have proved as much
  f.gap = std::max(next, gap);
  f.nodes = in_all(c.next ? next : f.gap);
  f.to_close = next <= gap ? f.nodes : in_all(gap);
  return f;
}

}  // namespace theoremeter
