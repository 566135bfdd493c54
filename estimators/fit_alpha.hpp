// The multiple alpha of Q that suits a given W best, for layers that no ensemble drew.
//
// W satisfies WDC(eps, alpha) iff W/sqrt(alpha) satisfies WDC(eps/alpha, 1), so what counts is the minimum of
//   phi(s) = sup_{x,y} || s S_{x,y} - Q_{x,y} ||,   s = 1/alpha,   S_{x,y} = W_{+,x}' W_{+,y}.
// phi is a supremum of convex functions of s, hence convex, and phi(0) = || Q || = 1/2 whatever W is: only a minimum
// below 1/2 says anything about W. There is none when the rows active at some x do not span R^k, for then
// || s S_{x,x} - Q_{x,x} || >= 1/2 for every s.
//
// Cutting planes. Each (x, y, u) gives lines +-(s u'Su - u'Qu) <= phi(s), valid for every s. The lowest point of all
// lines known is where the search goes next; what it finds gives new lines, until it finds nothing above them.
#pragma once

#include "estimators/measurement.hpp"
#include "estimators/progress.hpp"
#include "estimators/stream.hpp"
#include "theory/types.hpp"

#include <cstdint>
#include <vector>

namespace theoremeter {

struct FittedAlpha {
  double alpha = 1;
  AlphaFit fit;
  Searched searched;  // at this alpha
};

/// alpha > 0 minimising eps/alpha as far as a search of so many starts can tell: to `fit_tolerance`, or, should it
/// still find more after a few rounds, with what it found. Where the minimum is 1/2 it is attained by all alpha from
/// some value on, and about that value is returned, with a quarter of the starts: no more is worth knowing; 1 when W =
/// 0. The last search, the one at the alpha returned, draws from `last`, the others from `stream`. `known`: points (x,
/// y) to begin with, the worst that anyone else found. Scaling W by a power of two scales alpha by its square, exactly.
/// Throws InputError when alpha is no normal double.
FittedAlpha fit_alpha(const Rows& W, const std::vector<Point>& known, std::int64_t starts, const Stream& stream,
                      const Stream& last, int threads, const Progress& progress);

}  // namespace theoremeter
