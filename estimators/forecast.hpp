// What more nodes should bring to a certificate that is open at its budget's end, by how its bounds have fallen.
#pragma once

#include "estimators/measurement.hpp"

#include <optional>
#include <vector>

namespace theoremeter {

/// What fits: where bound after bound is proved anew, each factor of nodes takes as much off the relative gap (no power
/// of it, since proofs end at any gap), and where one proof goes on, best first, it takes a share of the gap.
enum class Law { exponential, power };

/// nodes = scale exp(-steepness gap), or scale gap^-steepness.
struct Trend {
  Law law = Law::exponential;
  double scale = 0, steepness = 0;

  double nodes(double gap) const;
  double gap(double nodes) const;  // the inverse; where that is negative even no gap takes fewer
};

/// Through the last bound proved and the last that took a third of its nodes or fewer. nullopt where there are no such
/// two, or where the bound did not fall between them. Bounds above at_least.
std::optional<Trend> trend(Law law, const std::vector<Proved>& course, double at_least);

/// Of a certificate with at_most = (1 + now) at_least which aims at (1 + gap) at_least, 0 < gap < now: of its next
/// bound where there is one under way, of four times its nodes otherwise. How reliable it is stands in docs/methods.md.
Forecast forecast(const Certified& c, double at_least, double now, double gap);

}  // namespace theoremeter
