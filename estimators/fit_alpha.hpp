// The multiple alpha of Q that suits a given W best, for layers that no ensemble drew.
//
// W satisfies WDC(eps, alpha) iff W/sqrt(alpha) satisfies WDC(eps/alpha, 1), so what counts is
//   h(s) = sup_{x,y} || s S_{x,y} - Q_{x,y} ||,  s = 1/alpha,  eps/alpha at the alpha chosen.
// h is a supremum of convex functions of s, hence convex. It is minimised by exchange: minimise the maximum over the
// points known so far, search for the worst point there, add it, until the search finds nothing worse.
#pragma once

#include "estimators/progress.hpp"
#include "estimators/stream.hpp"
#include "theory/types.hpp"

#include <cstdint>

namespace theoremeter {

/// alpha > 0 minimising sup f / alpha over the points that `starts` starts a round find. Returns 1 when W'W = 0.
double fit_alpha(const Rows& W, std::int64_t starts, const Stream& stream, int threads, const Progress& progress);

}  // namespace theoremeter
