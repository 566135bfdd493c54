// The neighbourhoods of blind demodulation [HJ (3)]: of the curve {(c h~, m~/c): c > 0},
//   A_{eps,(h~,m~)} = {(h, m): some c > 0 has |(h - c h~, m - m~/c)| <= eps |(c h~, m~/c)|},
// in the norm of both parts together.
//
// f, its kinks and what is stationary are the same at (lambda h, m/lambda) for all lambda > 0; A is not. A theorem that
// all points outside A have a direction of descent claims that every stationary point lies in A with all these
// rescalings: so a neighbourhood holds (h, m) here when it holds all of them. (The largest product of balls in A, |h -
// c h~| <= eps |c h~| and |m - m~/c| <= eps |m~/c|, is a proper subset.)
//
// Let a, b be the cosines of h with h~ and m with m~, T = |h||m|/(|h~||m~|), and (h, m) = |(h, m)| (cos psi, sin psi),
// (c h~, m~/c) = |...| (cos phi, sin phi) in lengths; |h||m| and |h~||m~| give |(h, m)|^2/|(c h~, m~/c)|^2 = T sin
// 2phi/ sin 2psi =: v^2. The angle gamma between both has cos gamma = a cos psi cos phi + b sin psi sin phi, and
//   |(h - c h~, m - m~/c)|^2/|(c h~, m~/c)|^2 = v^2 - 2 v cos gamma + 1 <= eps^2
// means |v - cos gamma| <= sqrt(eps^2 - sin^2 gamma). For given psi these phi are an interval, and the T they allow,
// between functions continuous in phi, are one, too. Hence those T held for every psi lie between
//   max_psi min_phi (sin 2psi/sin 2phi) (cos gamma - s)^2   and   min_psi max_phi (sin 2psi/sin 2phi) (cos gamma +
//   s)^2,
// s = sqrt(eps^2 - sin^2 gamma). psi -> 0 and pi/2 demand sin(angle) <= eps of both angles, below pi/2; eps > 1 holds
// everything (c -> infinity).
#pragma once

#include "estimators/radial.hpp"

#include <optional>

namespace theoremeter {

/// The T held, to about nine digits; none when there are none. An upper end of infinity: all from the lower one on.
std::optional<Interval> hyperbolic_interval(double radius, double cosine_h, double cosine_m);

/// The least radius that holds (h, m) and its rescalings, T = |h||m|/(|h~||m~|) > 0; 1 where only larger ones than 1
/// do. At most max(|h - c h~|/|c h~|, |m - m~/c|/|m~/c|) with c^2 = (|h|/|h~|)/(|m|/|m~|).
double hyperbolic_distance(double T, double cosine_h, double cosine_m);

/// That bound: sqrt(T - 2 sqrt(T) min(a, b) + 1).
double hyperbolic_distance_bound(double T, double cosine_h, double cosine_m);

}  // namespace theoremeter
