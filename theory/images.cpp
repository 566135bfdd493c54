#include "theory/images.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstdint>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using Image = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// The scaling filter db4.
constexpr std::array<double, 8> scaling{0.23037781330885523,  0.7148465705525415,   0.6308807679295904,
                                        -0.02798376941698385, -0.18703481171888114, 0.030841381835986965,
                                        0.032883011666982945, -0.010597401784997278};
constexpr Index coarsest = 8;

/// One step of the periodic transform of n numbers: n/2 averages, and then n/2 details. Orthonormal.
MatrixXd wavelet_step(Index n) {
  MatrixXd step = MatrixXd::Zero(n, n);
  for (Index i = 0; i < n / 2; ++i)
    for (Index j = 0; j < 8; ++j) {
      const Index at = (2 * i + j) % n;
      step(i, at) += scaling[static_cast<std::size_t>(j)];
      step(n / 2 + i, at) += (j % 2 == 0 ? 1 : -1) * scaling[static_cast<std::size_t>(7 - j)];
    }
  return step;
}

Index padded_side(Index pixels) {
  return static_cast<Index>(std::bit_ceil(static_cast<std::uint64_t>(side_of(pixels))));
}

VectorXd flat(const Image& image) { return Eigen::Map<const VectorXd>(image.data(), image.size()); }

/// Weights of the 11 rows of a window.
VectorXd window() {
  const VectorXd t = VectorXd::LinSpaced(least_side, -5, 5);
  const VectorXd w = (-t.array().square() / (2 * 1.5 * 1.5)).exp();
  return w / w.sum();
}

/// The mean of `values` over every window.
Image window_means(const Image& values) {
  const VectorXd w = window();
  const Index n = values.rows() - least_side + 1;
  Image means(n, n);
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j) means(i, j) = w.dot(values.block(i, j, least_side, least_side) * w);
  return means;
}

}  // namespace

Index side_of(Index pixels) {
  const auto side = static_cast<Index>(std::lround(std::sqrt(static_cast<double>(pixels))));
  return side * side == pixels ? side : 0;
}

Index coefficients_of(Index pixels) { return padded_side(pixels) * padded_side(pixels); }

VectorXd wavelet_coefficients(const VectorXd& pixels) {
  const Index side = side_of(pixels.size()), padded = padded_side(pixels.size());
  Image image = Image::Zero(padded, padded);
  image.topLeftCorner(side, side) = Eigen::Map<const Image>(pixels.data(), side, side);
  for (Index n = padded; n > coarsest; n /= 2) {
    const MatrixXd step = wavelet_step(n);
    image.topLeftCorner(n, n) = (step * image.topLeftCorner(n, n) * step.transpose()).eval();
  }
  return flat(image);
}

VectorXd image_of(const VectorXd& coefficients, Index pixels) {
  const Index side = side_of(pixels), padded = padded_side(pixels);
  assert(coefficients.size() == padded * padded);
  Image image = Eigen::Map<const Image>(coefficients.data(), padded, padded);
  for (Index n = std::min(2 * coarsest, padded); n <= padded && n > coarsest; n *= 2) {
    const MatrixXd step = wavelet_step(n);
    image.topLeftCorner(n, n) = (step.transpose() * image.topLeftCorner(n, n) * step).eval();
  }
  return flat(image.topLeftCorner(side, side));
}

double structural_similarity(const VectorXd& a, const VectorXd& b) {
  constexpr double c1 = 0.01 * 0.01, c2 = 0.03 * 0.03;
  const Index side = side_of(a.size());
  assert(side >= least_side && a.size() == b.size());
  const Image x = Eigen::Map<const Image>(a.data(), side, side), y = Eigen::Map<const Image>(b.data(), side, side);
  const Image mx = window_means(x), my = window_means(y);
  const Eigen::ArrayXXd vx = window_means(x.cwiseProduct(x)).array() - mx.array().square(),
                        vy = window_means(y.cwiseProduct(y)).array() - my.array().square(),
                        vxy = window_means(x.cwiseProduct(y)).array() - mx.array() * my.array();
  const Eigen::ArrayXXd mean = (2 * mx.array() * my.array() + c1) / (mx.array().square() + my.array().square() + c1),
                        spread = (2 * vxy + c2) / (vx + vy + c2);
  return (mean * spread).mean();
}

}  // namespace theoremeter
