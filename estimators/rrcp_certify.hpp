// An upper bound for the RRCP and the RRIC of networks on the plane.
#pragma once

#include "estimators/measurement.hpp"
#include "estimators/progress.hpp"
#include "estimators/rrcp.hpp"

#include <cstdint>
#include <optional>

namespace theoremeter {

/// k = 2: an upper bound for the supremum, by branch and bound over arcs of x and y and pairs of linear pieces of G for
/// x1, x2 and for x3, x4. Stops when at_most <= (1 + gap) incumbent.value, or after about `nodes` bounds; at_most is
/// the best bound proved. `incumbent` is replaced when a better point is met; it may be empty. nullopt where nothing is
/// proved: k != 2, G = 0 everywhere, more pieces than fit into memory, or a piece of G that is not known well enough:
/// breakpoints too close to be told apart, or a range that is nearly a line, its
/// second pivot below some 1e-6 to 1e-3 of the first, the more the larger the network.
/// gap > 0, nodes >= 1. Bitwise the same for any number of threads.
///
/// What it bounds is the supremum of || P'(A_{G(x)}'A_{G(y)} - Phi) P'' || over orthonormal bases P of range(a1) +
/// range(a2) and P'' of range(c1) + range(c2), pieces a1, a2, c1, c2: at least the RRCP's constant, whose differences
/// fill only cones of these sums. So a bracket may stay open however large the budget. The RRIC's likewise, with A'A -
/// I.
std::optional<Certified> certify(const Rrcp& rrcp, Witness& incumbent, double gap, std::int64_t nodes, int threads,
                                 const Progress& progress = {});

/// Is the supremum at most epsilon? Stops as soon as at_most <= epsilon or `incumbent`, replaced, is above; otherwise
/// as certify.
std::optional<Certified> decide(const Rrcp& rrcp, Witness& incumbent, double epsilon, std::int64_t nodes, int threads,
                                const Progress& progress = {});

}  // namespace theoremeter
