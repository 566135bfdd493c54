// Descent to stationary points of a continuous, piecewise smooth function.
//
// Steps along -v of Barzilai and Borwein's length, halved until f is below the largest of its last values by enough
// (Armijo). Where only tiny steps would do, the iterate sits at a kink: then the least element of the convex hull of
// gradients at nearby points (gradient sampling, Burke, Lewis and Overton 2005) is a direction of descent, or is near 0
// however near the points: a stationary kink. Before either is called stationary, its one-sided derivatives in all
// directions are looked at (all_directions.hpp), since at a kink f may fall on sides that the gradient knows nothing
// of; there descent goes on. Where they are too many, f is looked at a little way off in many directions.
#pragma once

#include "estimators/stream.hpp"

#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <optional>

namespace theoremeter {

/// The one-sided derivatives D_u f(x) over all u.
struct AllDirections {
  bool all = false;                        // of all u, not only some
  std::optional<Eigen::VectorXd> descent;  // the steepest found with D_u f < 0 by more than is negligible; |u| = 1
  Eigen::VectorXd least;  // the least convex combination of the gradients of all pieces around x; empty unless `all`
};

/// What is descended on, scaled so that f and points of interest are of size about 1.
struct DescentProblem {
  std::function<double(const Eigen::VectorXd&)> objective;
  std::function<Eigen::VectorXd(const Eigen::VectorXd&)> gradient;
  /// The size of a gradient at x that the tolerance refers to.
  std::function<double(const Eigen::VectorXd& x, const Eigen::VectorXd& v)> size;
  /// Applied after each step; leaves f as it is. (Blind demodulation balances |h| and |m|.)
  std::function<void(Eigen::VectorXd&)> normalise;
  /// The one-sided derivatives at x, those above -`slope` times the size 1 of a gradient negligible; may be missing.
  std::function<AllDirections(const Eigen::VectorXd& x, double slope)> directions = {};
};

struct DescentOptions {
  std::int64_t steps = 3000;
  double tolerance = 1e-9;       // of the size of v
  double kink_tolerance = 1e-6;  // of the size of a convex combination of gradients nearby
  double nearest = 1e-8;         // how near x those are taken at last, relative to max(|x|, 1)
};

enum class Stop { stationary, kink, zero, budget };

struct Descent {
  Eigen::VectorXd x;
  Stop stop = Stop::budget;
  double gradient = 0;   // its size, resp. that of the least combination
  bool checked = false;  // no one-sided derivative is negative, and none was left out
  std::int64_t steps = 0;
};

Descent descend(const DescentProblem& f, Eigen::VectorXd x, const DescentOptions& options, Stream stream);

/// The point of least norm in the convex hull of the columns of V (Wolfe 1976).
Eigen::VectorXd least_combination(const Eigen::MatrixXd& V);

}  // namespace theoremeter
