// Checks a results file against an evaluation that shares nothing with the code that made it.
#pragma once

#include "results/results.hpp"

#include <functional>
#include <string>
#include <vector>

namespace theoremeter {

/// The deviation of one instance at a point, evaluated naively; form: which expression, where the condition has
/// several.
using NaiveDeviation = std::function<long double(const Point&, const std::string& form)>;

/// The same, for each alpha.
using NaiveAtAlpha = std::function<NaiveDeviation(double alpha)>;

/// The instance of a draw, rebuilt from the seed or from the matrices stored: called once a draw, in order.
using NaiveInstance = std::function<NaiveAtAlpha(std::size_t point, std::size_t draw)>;

struct Failure {
  std::size_t point;
  std::size_t draw;
  std::string what;  // one line
};

/// Recomputes every stored witness (relative agreement 1e-10, or 1e-13 alpha where the value is that small) and checks
/// that arguments have unit length, that the points of a fitted alpha prove its at least, that at least <= at most and
/// at least = the best evidence stored, that exact means exact, that quantiles are ordered and mean <= max, and that
/// counts and times are not negative. Empty: all is well.
std::vector<Failure> verify(const Results& results, const NaiveInstance& instance);

}  // namespace theoremeter
