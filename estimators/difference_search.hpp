// Worst-case search for the RRCP and the RRIC in differences, as the same one on both sides.
//
// Columns are annealed in batches (difference_anneal.hpp), the best of each climbs along lines (difference_climb.hpp)
// and joins the elite of its island, from which most later columns start. An epoch is a tournament in two halves that
// share nothing: each opens with half of the islands, half of these for either side of the norm; half of them survive
// every few rounds, and in the last rounds the better of the two halves. A round's batches draw from streams keyed by
// (epoch, round, batch) and are merged in order: the result does not depend on the threads.
#pragma once

#include "estimators/difference_climb.hpp"
#include "estimators/progress.hpp"
#include "estimators/rrcp.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace theoremeter {

struct DifferencePlan {
  int islands = 8, batch = 32, rounds = 16;  // of an epoch
  int steps = 200;                           // of an annealing
  std::size_t elite = 12;
  double fresh = 0.25;             // the part of the later starts that does not leave from the elite
  double near = 0.005, far = 0.5;  // how far from it the others begin
  double hot = 0.7;                // the temperature of fresh starts
  int failures = 10, last_failures = 30;
  double least = 1e-3;
};

/// The best few of each half, best first, climbed to the end; empty where every start was undefined.
struct FoundDifferences {
  std::array<std::vector<DifferenceClimb>, 2> halves;
  std::int64_t starts = 0, evaluations = 0;
  std::int64_t undefined = 0;  // of the evaluations, those of climbs that are nowhere defined
};

FoundDifferences search_differences(const Rrcp& rrcp, const DifferencePlan& plan, std::int64_t starts,
                                    const Stream& stream, int threads, const Progress& progress);

}  // namespace theoremeter
