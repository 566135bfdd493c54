// An upper bound for the RRCP and the RRIC of networks on the plane.
#pragma once

#include "estimators/measurement.hpp"
#include "estimators/progress.hpp"
#include "estimators/rrcp.hpp"

#include <cstdint>
#include <optional>

namespace theoremeter {

/// k = 2: an upper bound for the supremum, by branch and bound over arcs of x and y, with differences in cones of
/// pieces of G. Stops when at_most <= (1 + gap) incumbent.value, or after about `nodes` bounds (of pairs of sets of
/// arcs); at_most is the best bound proved. `incumbent` is replaced when a better point is met; it may be empty.
/// nullopt where nothing is proved: k != 2, G = 0 everywhere, or a piece of G that is not known well enough:
/// breakpoints too close to be told apart, or a range that is nearly a line, its second pivot below some 1e-6 to 1e-3
/// of the first, the more the larger the network. A bracket may stay open where cones of different pieces meet, or
/// nearly, and more than three outputs are on: differences are then any vectors of these. gap > 0, nodes >= 1. Bitwise
/// the same for any number of threads.
std::optional<Certified> certify(const Rrcp& rrcp, Witness& incumbent, double gap, std::int64_t nodes, int threads,
                                 const Progress& progress = {});

/// Is the supremum at most epsilon? Stops as soon as at_most <= epsilon or `incumbent`, replaced, is above, or where no
/// splitting can prove it; otherwise as certify. The nearer epsilon is to `incumbent`, the finer the cover.
std::optional<Certified> decide(const Rrcp& rrcp, Witness& incumbent, double epsilon, std::int64_t nodes, int threads,
                                const Progress& progress = {});

}  // namespace theoremeter
