// Along a ray from 0 the scaled gradient of an instance is r a - c with a = 2^d Mp, c = 2^d cp/|x0|, that of the
// population r p - H. So both suprema and infima over r have a closed form, and a grid of directions suffices.
//
// Largest error. With alpha = a - p, beta = c - H the error is |r alpha - beta|/max(r, 1): convex in r on (0, 1], and
// |alpha - beta/r| is convex in 1/r on [1, infinity). A convex function is largest at an end of its interval, so
//   sup_r = max(|beta|, |alpha - beta|, |alpha|)   at   r -> 0, r = 1, r -> infinity.
//
// Least gradient. |r a - c|/max(r, 1) is likewise convex in r up to 1 and in 1/r beyond, least at r = a.c/|a|^2 and at
// 1/r = a.c/|c|^2 where these lie in the interval allowed, otherwise at an end of it or at 1. In blind demodulation
// there are two factors, hence two such functions; their maximum, convex too, is least at a minimiser of one of them or
// where they are equal.
#pragma once

#include "estimators/landscape_result.hpp"

#include <Eigen/Core>
#include <array>
#include <vector>

namespace theoremeter {

/// What of r a - c matters: lengths and products, and the direction's cosine with the solution.
struct RayFactor {
  double aa = 0, ac = 0, cc = 0;  // a.a, a.c, c.c
  double error = 0;               // sup_r |r alpha - beta|/max(r, 1)
  double cosine = 0;              // of p with x0
};

/// One direction: a single factor, or two for blind demodulation.
struct RayNumbers {
  std::array<RayFactor, 2> factor;
  int factors = 1;
  double b = 0;  // p.c = -D_p f(0), scaled

  double error() const;  // the larger of the factors'
};

/// Filled from the vectors of the header, all in R^k; x0 is a unit vector, a and c are in units of `unit`.
RayFactor ray_factor(const Eigen::VectorXd& p, const Eigen::VectorXd& a, const Eigen::VectorXd& c,
                     const Eigen::VectorXd& H, const Eigen::VectorXd& x0, double unit = 1);

struct RadialExtremum {
  double value = 0;
  double r = 0;  // 0 and infinity: in the limit
};

/// sup_r |r alpha - beta|/max(r, 1), and where.
RadialExtremum largest_error(const Eigen::VectorXd& alpha, const Eigen::VectorXd& beta);

/// That of alpha = unit a - p and beta = unit c - H, for any unit that is a double.
RadialExtremum population_error(const Eigen::VectorXd& p, const Eigen::VectorXd& a, const Eigen::VectorXd& c,
                                const Eigen::VectorXd& H, double unit);

/// Closed, 0 <= lo <= hi <= infinity.
struct Interval {
  double lo, hi;
};

/// [0, infinity] without the interiors of these.
std::vector<Interval> outside(std::vector<Interval> excluded);

/// max over the factors of |r a - c|/max(r, 1).
double scaled_gradient(const RayNumbers& ray, double r);

/// Its least value for r in these intervals; value infinity when there is none.
RadialExtremum least_gradient(const RayNumbers& ray, const std::vector<Interval>& allowed);

}  // namespace theoremeter
