// ReLU networks without biases: G(x) = relu(W_d ... relu(W_1 x))  [HLV (II.1); HJ; HV].
//
// G is positively homogeneous and linear on finitely many cones, its pieces: with W_{i,+,x} the rows of W_i whose
// neurons are on at x, the others set to 0,
//   G(x) = Lambda_x x,   Lambda_x = W_{d,+,x} ... W_{1,+,x},   n_d x k.
// "On" is strict, as in the papers: a neuron at exactly 0 is off. Just after x in a direction u it is on iff it rises
// from 0 along u; everywhere D_u G(x) = lim_{t -> 0+} (G(x + tu) - G(x))/t = Lambda_{x,u} u with the pattern just
// after.
#pragma once

#include "theory/types.hpp"

#include <Eigen/Core>
#include <cstdint>
#include <vector>

namespace theoremeter {

/// Layers W_1 (n_1 x k), ..., W_d (n_d x n_{d-1}), d >= 0; without a layer G is the identity of R^input.
struct Network {
  std::vector<Rows> layers;
  Eigen::Index input = 0;  // k

  Network() = default;
  /// Throws InputError when consecutive layers do not fit together.
  explicit Network(std::vector<Rows> layers);
  /// d = 0: G(x) = x in R^k.
  static Network identity(Eigen::Index k);

  Eigen::Index output() const { return layers.empty() ? input : layers.back().rows(); }  // n_d
  int depth() const { return static_cast<int>(layers.size()); }
  std::vector<std::int64_t> widths() const;  // k, n_1, ..., n_d
};

/// G(x).
Eigen::VectorXd forward(const Network& G, const Eigen::VectorXd& x);

/// Lambda_x, n_d x k, of the piece that x lies in; neurons at exactly 0 are off.
Eigen::MatrixXd linear_piece(const Network& G, const Eigen::VectorXd& x);

/// Lambda_{x,u}: the piece just after x in direction u, so that G(x + tu) = Lambda_{x,u} (x + tu) for small t >= 0.
Eigen::MatrixXd linear_piece(const Network& G, const Eigen::VectorXd& x, const Eigen::VectorXd& u);

/// D_u G(x) = Lambda_{x,u} u, in O(sum n_i n_{i-1}).
Eigen::VectorXd one_sided_derivative(const Network& G, const Eigen::VectorXd& x, const Eigen::VectorXd& u);

}  // namespace theoremeter
