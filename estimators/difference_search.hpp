// Worst-case search for the RRCP and the RRIC in differences, as the same one on both sides.
//
// Columns are annealed in batches (difference_anneal.hpp), the best of each climbs along lines (difference_climb.hpp)
// and joins the elite of its island, from which, or from between which, later columns start. Islands settle early, each
// in a basin of its own: so there are many, half of them for either side of the norm, in two halves that share nothing;
// each round has an equal part of the starts, and after it the better half of the islands goes on, until each half has
// one; a side that falls far behind the other is given up, and the other takes its places. Batches draw from streams
// keyed by (round, turn, batch) and are merged in order: the result does not depend on the threads.
#pragma once

#include "estimators/difference_climb.hpp"
#include "estimators/progress.hpp"
#include "estimators/rrcp.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace theoremeter {

struct DifferencePlan {
  int batch;
  std::size_t batches = 4;  // at once, or more: one for each island
  int opening = 36;         // starts of an island in the first round, at least
  int steps = 100;          // of an annealing from `hot`, and at least a quarter of them
  std::size_t elite = 12;
  double near = 0.02, far = 4;  // how far from the elite a later batch begins: at the farthest, anew
  double between;               // the part of those starts that are near the way from one elite point to another
  double anew;                  // the part of later batches in which x and y alone are annealed, from anywhere
  double hot = 0.7;             // the first temperature of the first starts
  double hot_anew = 0.3;        // of x and y anew: warmer, and all settle in one wide basin
  double behind = 0.05;         // a side of the norm that is less by this part is given up
  int failures = 10, last_failures = 30;
  double least = 1e-3;

  /// k: of the network's input. In more than a few dimensions the ways between elite points settle too early, and
  /// beyond ten x and y anew find no more. Of the RRCP's larger batches a quarter is annealed to the end
  /// (difference_anneal.hpp); the RRIC, half as dear a column, finds more where more of them climb.
  DifferencePlan(Eigen::Index k, Rrcp::Property property)
      : batch(property == Rrcp::Property::isometry ? 8 : 16),
        between(k <= 5 ? 0.3 : 0),
        anew(property == Rrcp::Property::isometry || k > 10 ? 0 : 0.3) {}
};

/// The best few of each half, best first, climbed to the end; empty where every start was undefined.
struct FoundDifferences {
  std::array<std::vector<DifferenceClimb>, 2> halves;
  std::int64_t starts = 0, evaluations = 0;
  std::int64_t undefined = 0;  // of the evaluations, those of climbs that are nowhere defined
};

FoundDifferences search_differences(const Rrcp& rrcp, std::int64_t starts, const Stream& stream, int threads,
                                    const Progress& progress);

}  // namespace theoremeter
