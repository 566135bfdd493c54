// A prepared deviation: a function on a product of spheres whose arguments are first prepared, each on its own and at
// some cost, and whose value is then a cheap function of the prepared arguments. Estimators change one argument at a
// time, and prepare only that one again.
#pragma once

#include "estimators/measurement.hpp"

#include <Eigen/Core>
#include <concepts>
#include <vector>

namespace theoremeter {

/// How f depends on one argument p_s, the others fixed: smoothly, and by switches that jump where some z_i(p_s) passes
/// 0.
struct Switches {
  Eigen::ArrayXd z;        // of typical size 1
  Eigen::ArrayXd gain;     // by how much f grows, to first order, when z_i passes from - to +
  Eigen::VectorXd smooth;  // the gradient of f in p_s between the jumps
};

/// One prepared argument a sphere.
template <class D>
using States = std::vector<const typename D::State*>;

template <class D>
concept PreparedDeviation = requires(const D& d, int s, const Eigen::VectorXd& p, const typename D::State& state,
                                     const States<D>& states, const Eigen::ArrayXd& weights) {
  { d.spheres() } -> std::same_as<int>;
  /// k_s: sphere s is that of R^{k_s}.
  { d.dimension(s) } -> std::same_as<Eigen::Index>;
  /// p, a unit vector, as the argument on sphere s; state.p is p.
  { d.prepare(s, p) } -> std::same_as<typename D::State>;
  { state.p } -> std::convertible_to<Eigen::VectorXd>;
  /// f >= 0; NaN where the arguments are outside its domain.
  { d.value(states) } -> std::same_as<double>;
  /// Where f is defined.
  { d.switches(s, states) } -> std::same_as<Switches>;
  /// sum_i weights_i grad z_i at this argument.
  { d.pull(s, state, weights) } -> std::same_as<Eigen::VectorXd>;
  /// A point at which f is attained up to rounding, in the condition's own arguments, off the boundaries of cells.
  { d.witness(states) } -> std::same_as<Witness>;
};

}  // namespace theoremeter
