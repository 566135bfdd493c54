// A deviation: the function of which a theorem's constant is the supremum. The estimators are written against this
// concept once; a condition is one short class that models it.
//
//   f(p) = || S(p) - E(p) ||,   S(p) = sum_i c_i(p) r_i r_i',   c_i(p) = prod_s phi_s(<h_{s,i}, p_s>),
//
// p = (p_0, ..., p_{S-1}) a point on a product of spheres, phi_s one of 1{z > 0}, sgn z, max(z, 0), r_i in R^k, and
// E(p) the expectation of S(p) under the theorem's ensemble, a multiple of the identity plus rank two in span{p_0,
// p_1}.
#pragma once

#include "theory/operators.hpp"
#include "theory/types.hpp"

#include <Eigen/Core>
#include <cmath>
#include <concepts>
#include <type_traits>

namespace theoremeter {

/// phi smoothed at a temperature: its value and its slope.
template <class Real>
struct SmoothFactor {
  Real value;
  Real slope;
};

/// As many rows as the search treats at once: a smooth factor is asked for one z, or for these.
using Lanes = Eigen::Array<float, 64, 1>;

/// 1/sqrt(q) of a number, or of every lane.
template <class Real>
Real inverse_sqrt(const Real& q) {
  if constexpr (std::is_arithmetic_v<Real>)
    return 1 / std::sqrt(q);
  else
    return q.rsqrt();
}

template <class D>
concept Deviation = requires(const D& d, int s, double z, const Lanes& lanes, const Point& p, const Eigen::VectorXd& u,
                             Point& gradient) {
  { d.spheres() } -> std::same_as<int>;
  /// true when exchanging p_s and p_{s+1} leaves f unchanged, for s = 0 and every other even s.
  { d.symmetric() } -> std::same_as<bool>;
  /// h_{s,i} as the rows of an n x k_s matrix; k_s is the dimension of sphere s.
  { d.hyperplanes(s) } -> std::same_as<const Rows&>;
  /// phi_s(z), with phi_s(0) as the paper defines it.
  { d.factor(s, z) } -> std::same_as<double>;
  /// A smooth stand-in for phi_s at temperature t > 0 (t in the units of z), tending to phi_s as t -> 0: value and
  /// slope.
  { d.smooth_factor(s, z, z) } -> std::same_as<SmoothFactor<double>>;
  { d.smooth_factor(s, lanes, 1.0f) } -> std::same_as<SmoothFactor<Lanes>>;
  /// r_i as the rows of an n x k matrix.
  { d.rows() } -> std::same_as<const Rows&>;
  /// E(p), applied in O(k).
  { d.expectation(p) } -> std::same_as<PlaneOperator>;
  /// u'E(p)u; adds its Euclidean gradient with respect to each p_s (u fixed) to gradient[s].
  { d.expectation_form(p, u, gradient) } -> std::same_as<double>;
};

/// Does phi_s grow with |z|, and so has no jump at 0? Otherwise it depends on the sign of z only.
template <Deviation D>
bool grows(const D& d, int s) {
  return d.factor(s, 2) != d.factor(s, 1) || d.factor(s, -2) != d.factor(s, -1);
}

/// A deviation that can be certified: two spheres that share their hyperplanes and rows, factors that depend on the
/// sign only, |c_i| <= 1, and E = q_scale Q + q_shift I with q_scale > 0.
template <class D>
concept SignDeviation = Deviation<D> && requires(const D& d) {
  { d.q_scale() } -> std::same_as<double>;
  { d.q_shift() } -> std::same_as<double>;
  /// true when -p_0 in place of p_0 turns the sign of S - E: both factors and E are odd in either argument. Then f has
  /// one side to be bounded, not two.
  { d.odd() } -> std::same_as<bool>;
};

}  // namespace theoremeter
