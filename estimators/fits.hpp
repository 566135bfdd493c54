// Laws fitted to draws, by least squares on logarithms, and data collapse; with bootstrap intervals over draws, and two
// candidates compared. What random streams do is keyed by the resample: bitwise the same for any number of threads.
#pragma once

#include "estimators/stream.hpp"

#include <cstdint>
#include <vector>

namespace theoremeter {

/// What was measured at one abscissa, in several draws.
struct Level {
  double x = 0;
  std::vector<double> values;
};
using Curve = std::vector<Level>;

struct Estimate {
  double value = 0, low = 0, high = 0;  // low <= value <= high nearly always: ends are those of an interval
};

/// power: a x^b.  klog: a x (log x)^b, x > 1.  exponential: a exp(-b x).
enum class Law { power, klog, exponential };

struct LawFit {
  Estimate a, b;
  double residuals = 0;  // sum of squares of log y - log of the law
  std::int64_t draws = 0;
  bool residuals_resampled = false;  // some point has one draw alone: residuals of all points are resampled instead
};

/// Two exponents (of an exponential: rates), held fixed, against each other.
struct Comparison {
  double first = 0, second = 0;
  double residuals_first = 0, residuals_second = 0;  // sums of squares; of collapses the spreads
  double aic = 0;          // the first's less the second's, N log(RSS ratio): both have one parameter; NaN of collapses
  double probability = 0;  // the part of the resamples in which the first fits better
};

/// How intervals are made: `resamples` of the draws, percentiles at this confidence.
struct Bootstrap {
  double confidence = 0.95;
  Stream stream{0};
  int threads = 1;
  int resamples = 1000;
  bool pairs = false;  // of a law: x was measured as y was, and both of a draw are resampled together
};

/// Least squares of log y over all draws. Draws are resampled within each point; deviations from the point's mean are
/// raised by sqrt(n/(n-1)), as in an unbiased variance, and ends moved out by Student's t over the normal quantile
/// (Davison and Hinkley, Bootstrap Methods, 2.3 and 6.2). Pairs are resampled over all points, ends moved out by
/// sqrt(N/(N-2)) too (there, 6.2.4). Two x or more, of pairs three draws; values > 0.
LawFit fit_law(Law law, const Curve& curve, const Bootstrap& how);
Comparison compare_laws(Law law, const Curve& curve, double first, double second, const Bootstrap& how);

/// One curve of several: y against x at a parameter k > 0.
struct CurveAt {
  double k = 0;
  Curve curve;
};

struct CollapseFit {
  Estimate exponent;  // of k in x/k^a
  double spread = 0;  // root of collapse_spread there: where curves fall together, a draw's standard deviation
};

/// The exponents among which the best is looked for.
inline constexpr double least_exponent = -4, most_exponent = 4;

/// How far the mean at each point is from each other curve that reaches over it, in log(x/k^exponent), interpolated
/// between two of its points: squared, over what noise of one unit a draw would make of it, averaged (Bhattacharjee and
/// Seno, J. Phys. A 34 (2001) 6375). Infinite where fewer than half of the points are met by another curve.
double collapse_spread(const std::vector<CurveAt>& curves, double exponent);

/// The exponent of least spread, and its interval over draws. Two curves or more, x > 0, two draws or more a point.
CollapseFit fit_collapse(const std::vector<CurveAt>& curves, const Bootstrap& how);
Comparison compare_collapses(const std::vector<CurveAt>& curves, double first, double second, const Bootstrap& how);

}  // namespace theoremeter
