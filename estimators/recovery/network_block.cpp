#include "estimators/recovery/network_block.hpp"

namespace theoremeter {

using Eigen::MatrixXd;

Outputs outputs(const Network& G, const MatrixXd& X) {
  Outputs z{X};
  for (const Rows& W : G.layers) {
    MatrixXd next = W * z.back();
    next = next.cwiseMax(0.0);
    z.push_back(std::move(next));
  }
  return z;
}

MatrixXd pull_back(const Network& G, const Outputs& z, MatrixXd Y) {
  for (std::size_t i = G.layers.size(); i > 0; --i) {
    Y = (z[i].array() > 0).select(Y, 0.0);
    Y = (G.layers[i - 1].transpose() * Y).eval();
  }
  return Y;
}

Outputs columns_of(const Outputs& z, const std::vector<Eigen::Index>& positions) {
  Outputs some;
  for (const MatrixXd& layer : z) some.push_back(layer(Eigen::all, positions));
  return some;
}

}  // namespace theoremeter
