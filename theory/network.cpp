#include "theory/network.hpp"

#include "theory/error.hpp"

#include <cassert>
#include <string>
#include <utility>

namespace theoremeter {

Network::Network(std::vector<Rows> layers_) : layers(std::move(layers_)) {
  if (layers.empty()) throw InputError("network: has no layer");
  input = layers[0].cols();
  for (std::size_t i = 1; i < layers.size(); ++i)
    if (layers[i].cols() != layers[i - 1].rows())
      throw InputError("network: layer " + std::to_string(i + 1) + " takes " + std::to_string(layers[i].cols()) +
                       " inputs, but layer " + std::to_string(i) + " has " + std::to_string(layers[i - 1].rows()) +
                       " neurons");
}

Network Network::identity(Eigen::Index k) {
  Network G;
  G.input = k;
  return G;
}

std::vector<std::int64_t> Network::widths() const {
  std::vector<std::int64_t> all{input};
  for (const Rows& W : layers) all.push_back(W.rows());
  return all;
}

Eigen::VectorXd forward(const Network& G, const Eigen::VectorXd& x) {
  assert(x.size() == G.input);
  Eigen::VectorXd z = x;
  for (const Rows& W : G.layers) z = (W * z).cwiseMax(0.0);
  return z;
}

Eigen::MatrixXd linear_piece(const Network& G, const Eigen::VectorXd& x) {
  assert(x.size() == G.input);
  Eigen::VectorXd z = x;
  Eigen::MatrixXd Lambda = Eigen::MatrixXd::Identity(G.input, G.input);
  for (const Rows& W : G.layers) {
    z = W * z;
    Lambda = (W * Lambda).eval();
    for (Eigen::Index i = 0; i < z.size(); ++i) {
      if (z(i) > 0) continue;
      z(i) = 0;
      Lambda.row(i).setZero();
    }
  }
  return Lambda;
}

namespace {

// One layer of (z, dz): neurons that are on, or at 0 and rising, pass.
bool passes(double z, double dz) { return z > 0 || (z == 0 && dz > 0); }

}  // namespace

Eigen::MatrixXd linear_piece(const Network& G, const Eigen::VectorXd& x, const Eigen::VectorXd& u) {
  assert(x.size() == G.input && u.size() == G.input);
  Eigen::VectorXd z = x, dz = u;
  Eigen::MatrixXd Lambda = Eigen::MatrixXd::Identity(G.input, G.input);
  for (const Rows& W : G.layers) {
    z = W * z;
    dz = W * dz;
    Lambda = (W * Lambda).eval();
    for (Eigen::Index i = 0; i < z.size(); ++i) {
      if (passes(z(i), dz(i))) continue;
      z(i) = dz(i) = 0;
      Lambda.row(i).setZero();
    }
  }
  return Lambda;
}

Eigen::VectorXd one_sided_derivative(const Network& G, const Eigen::VectorXd& x, const Eigen::VectorXd& u) {
  assert(x.size() == G.input && u.size() == G.input);
  Eigen::VectorXd z = x, dz = u;
  for (const Rows& W : G.layers) {
    z = W * z;
    dz = W * dz;
    for (Eigen::Index i = 0; i < z.size(); ++i)
      if (!passes(z(i), dz(i))) z(i) = dz(i) = 0;
  }
  return dz;
}

}  // namespace theoremeter
