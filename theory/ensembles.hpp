// What is known in closed form about the ensembles of the theorems.
#pragma once

#include <boost/math/special_functions/gamma.hpp>
#include <cstdint>

namespace theoremeter {

/// alpha = P(chi^2_{k+2} <= 9k): the factor with which rows w 1{|w| <= 3 sqrt(k/n)}, w ~ N(0, I_k/n) [HJ Thm 2], have
/// E[S(x,y)] = alpha Q_{x,y}.
///
/// Cutting on |w| leaves the direction of w uniform and independent of |w|, and the activations 1{w.x>0} see only the
/// direction. So only the mean of |w|^2 changes: alpha = E[|w|^2 1{|w|^2 <= 9k/n}] / E[|w|^2] = E[X 1{X <= 9k}] / k
/// with X = n|w|^2 ~ chi^2_k. As x times the density of chi^2_k is k times the density of chi^2_{k+2}, this is
/// P(chi^2_{k+2} <= 9k) = P((k+2)/2, 9k/2), the regularised incomplete gamma function. 1 - alpha is 0.029 at k = 1,
/// 1e-3 at k = 2, 1e-7 at k = 5 and below 1e-16 from k = 13 on.
inline double truncated_alpha(std::int64_t k) {
  const double dimension = static_cast<double>(k);
  return boost::math::gamma_p((dimension + 2) / 2, 9 * dimension / 2);
}

}  // namespace theoremeter
