// What more nodes should bring to a certificate that is open at its budget's end, by how its bounds have fallen.
#pragma once

#include "estimators/measurement.hpp"

#include <optional>
#include <vector>

namespace theoremeter {

/// nodes = scale exp(-steepness gap): each factor of nodes takes as much off the relative gap, and no power of it,
/// since proofs end at any gap. It fits bound after bound proved anew, and one proof that goes on, best first.
struct Trend {
  double scale = 0, steepness = 0;

  double nodes(double gap) const;
  double gap(double nodes) const;  // the inverse; where that is negative even no gap takes fewer
};

/// Through the last bound proved and the last that took a third of its nodes or fewer. nullopt where there are no such
/// two, or where the gap fell by no more than this part between them. Bounds above at_least.
std::optional<Trend> trend(const std::vector<Proved>& course, double at_least, double fell = 0);

/// Of a certificate with at_most = (1 + now) at_least which aims at (1 + gap) at_least, 0 < gap < now: of its next
/// bound where there is one under way, of four times its nodes otherwise. How reliable it is stands in docs/methods.md.
Forecast forecast(const Certified& c, double at_least, double now, double gap);

}  // namespace theoremeter
