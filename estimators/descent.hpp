// Descent to stationary points of a continuous, piecewise smooth function.
//
// Steps along -v with backtracking (Armijo), the first trial twice the last step taken. Where that gets nowhere the
// iterate sits at a kink: then the least element of the convex hull of gradients at nearby points (gradient sampling,
// Burke, Lewis and Overton 2005) is a direction of descent, or is near 0 however near the points: a stationary kink.
#pragma once

#include "estimators/stream.hpp"

#include <Eigen/Core>
#include <cstdint>
#include <functional>

namespace theoremeter {

/// What is descended on, scaled so that f and points of interest are of size about 1.
struct DescentProblem {
  std::function<double(const Eigen::VectorXd&)> objective;
  std::function<Eigen::VectorXd(const Eigen::VectorXd&)> gradient;
  /// The size of a gradient at x that the tolerance refers to.
  std::function<double(const Eigen::VectorXd& x, const Eigen::VectorXd& v)> size;
  /// Applied after each step; leaves f as it is. (Blind demodulation balances |h| and |m|.)
  std::function<void(Eigen::VectorXd&)> normalise;
};

struct DescentOptions {
  std::int64_t steps = 3000;
  double tolerance = 1e-7;  // of the size of v, or of a convex combination of gradients at a kink
  double nearest = 1e-8;    // how near x those are taken at last, relative to max(|x|, 1)
};

enum class Stop { stationary, kink, zero, budget };

struct Descent {
  Eigen::VectorXd x;
  Stop stop = Stop::budget;
  double gradient = 0;  // its size, resp. that of the least combination
  std::int64_t steps = 0;
};

Descent descend(const DescentProblem& f, Eigen::VectorXd x, const DescentOptions& options, Stream stream);

/// The point of least norm in the convex hull of the columns of V, to a relative accuracy of 1e-6 in its distance to
/// optimality (Mitchell, Demyanov and Malozemov's exchange of weights).
Eigen::VectorXd least_combination(const Eigen::MatrixXd& V);

}  // namespace theoremeter
