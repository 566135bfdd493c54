// Small matrices of the kinds that estimators could stumble over.
#pragma once

#include "estimators/stream.hpp"
#include "theory/types.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace theoremeter::testing {

inline std::size_t below(std::size_t count, Stream& stream) {
  return std::min(count - 1, static_cast<std::size_t>(stream.uniform() * static_cast<double>(count)));
}

inline Eigen::VectorXd random_unit(Eigen::Index k, Stream& stream) {
  Eigen::VectorXd x(k);
  for (double& entry : x) entry = stream.normal();
  return x.normalized();
}

inline Rows gaussian(Eigen::Index n, Eigen::Index k, Stream& stream) {
  Rows W(n, k);
  for (double& entry : W.reshaped<Eigen::RowMajor>()) entry = stream.normal() / std::sqrt(double(n));
  return W;
}

enum class Degenerate { gaussian, duplicates, zeros, opposites, parallel, slivers, integers, few, one };
inline constexpr std::array kinds{Degenerate::gaussian,  Degenerate::duplicates, Degenerate::zeros,
                                  Degenerate::opposites, Degenerate::parallel,   Degenerate::slivers,
                                  Degenerate::integers,  Degenerate::few,        Degenerate::one};

/// W with 1 to `most` rows, of a kind that certificates could stumble over.
inline Rows instance(Degenerate kind, Eigen::Index k, std::size_t most, Stream& stream) {
  Eigen::Index n = 2 + static_cast<Eigen::Index>(below(most - 1, stream));
  if (kind == Degenerate::few) n = std::min(n, k - 1);
  if (kind == Degenerate::one) n = 1;
  Rows W = gaussian(n, k, stream);
  if (kind == Degenerate::integers)  // exact ties <w, x> = 0 at the corners of cones
    for (double& entry : W.reshaped()) entry = std::round(4 * stream.uniform() - 2) / 2;
  for (Eigen::Index i = 1; i < n; i += 2) {
    const auto earlier = static_cast<Eigen::Index>(below(std::size_t(i), stream));
    if (kind == Degenerate::duplicates) W.row(i) = W.row(earlier);
    if (kind == Degenerate::zeros) W.row(i).setZero();
    if (kind == Degenerate::opposites) W.row(i) = -W.row(earlier);
    if (kind == Degenerate::parallel) W.row(i) = (below(2, stream) ? 0.5 : -2) * W.row(earlier);
    if (kind == Degenerate::slivers) W.row(i) = -3 * W.row(earlier);  // rounded: opposite but for cells 1e-16 wide
  }
  return W;
}

}  // namespace theoremeter::testing
