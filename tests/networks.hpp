// Small networks to test with. Those with integer weights put neurons at exactly 0 all the time, and their sums are
// exact.
#pragma once

#include "estimators/ensembles.hpp"
#include "estimators/stream.hpp"
#include "theory/network.hpp"

#include <Eigen/Core>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

namespace theoremeter::testing {

inline Eigen::VectorXd gaussian_vector(Stream& stream, Eigen::Index k) {
  return Eigen::VectorXd::NullaryExpr(k, [&] { return stream.normal(); });
}

/// N(0, 1/n) entries, n x k.
inline Rows gaussian_rows(Stream& stream, Eigen::Index n, Eigen::Index k) {
  const double scale = 1 / std::sqrt(static_cast<double>(n));
  return Rows::NullaryExpr(n, k, [&] { return scale * stream.normal(); });
}

/// Integers from least to most.
inline double integer(Stream& stream, int least, int most) {
  return least + std::floor(stream.uniform() * (most - least + 1));
}
inline Eigen::VectorXd integer_vector(Stream& stream, Eigen::Index k, int least, int most) {
  return Eigen::VectorXd::NullaryExpr(k, [&] { return integer(stream, least, most); });
}
inline Rows integer_rows(Stream& stream, Eigen::Index n, Eigen::Index k, int least, int most) {
  return Rows::NullaryExpr(n, k, [&] { return integer(stream, least, most); });
}

/// widths: k, n_1, ..., n_d; rows(stream, n_i, n_{i-1}) draws a layer.
template <class DrawRows>
Network network(Stream& stream, const std::vector<Eigen::Index>& widths, DrawRows rows) {
  if (widths.size() == 1) return Network::identity(widths[0]);
  std::vector<Rows> layers;
  for (std::size_t i = 1; i < widths.size(); ++i) layers.push_back(rows(stream, widths[i], widths[i - 1]));
  return Network(std::move(layers));
}
inline Network gaussian_network(Stream& stream, const std::vector<Eigen::Index>& widths) {
  return network(stream, widths, gaussian_rows);
}
inline Network integer_network(Stream& stream, const std::vector<Eigen::Index>& widths) {
  return network(stream, widths,
                 [](Stream& s, Eigen::Index n, Eigen::Index k) { return integer_rows(s, n, k, -2, 2); });
}
/// W_i drawn from stream.at({i}) with N(0, 1/n_i) entries [HLV Lemma II.3].
inline Network draw_network(const std::vector<std::int64_t>& widths, const Stream& stream) {
  if (widths.size() == 1) return Network::identity(widths[0]);
  std::vector<Rows> layers;
  for (std::size_t i = 1; i < widths.size(); ++i)
    layers.push_back(draw(Ensemble::gaussian, widths[i], widths[i - 1], stream.at({i})));
  return Network(std::move(layers));
}
/// No neuron of the last layer is ever on.
inline Network dead_network(Stream& stream, const std::vector<Eigen::Index>& widths) {
  Network G = integer_network(stream, widths);
  G.layers.back() = -G.layers.back().cwiseAbs();
  return G;
}

}  // namespace theoremeter::testing
