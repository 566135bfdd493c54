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

enum class Kind { gaussian, duplicates, zeros, opposites, parallel, slivers, integers, few, one };
inline constexpr std::array kinds{Kind::gaussian, Kind::duplicates, Kind::zeros, Kind::opposites, Kind::parallel,
                                  Kind::slivers,  Kind::integers,   Kind::few,   Kind::one};

/// W with 1 to `most` rows, of a kind that certificates could stumble over.
inline Rows instance(Kind kind, Eigen::Index k, std::size_t most, Stream& stream) {
  Eigen::Index n = 2 + static_cast<Eigen::Index>(below(most - 1, stream));
  if (kind == Kind::few) n = std::min(n, k - 1);
  if (kind == Kind::one) n = 1;
  Rows W = gaussian(n, k, stream);
  if (kind == Kind::integers)  // exact ties <w, x> = 0 at the corners of cones
    for (double& entry : W.reshaped()) entry = std::round(4 * stream.uniform() - 2) / 2;
  for (Eigen::Index i = 1; i < n; i += 2) {
    const auto earlier = static_cast<Eigen::Index>(below(std::size_t(i), stream));
    if (kind == Kind::duplicates) W.row(i) = W.row(earlier);
    if (kind == Kind::zeros) W.row(i).setZero();
    if (kind == Kind::opposites) W.row(i) = -W.row(earlier);
    if (kind == Kind::parallel) W.row(i) = (below(2, stream) ? 0.5 : -2) * W.row(earlier);
    if (kind == Kind::slivers) W.row(i) = -3 * W.row(earlier);  // rounded: opposite but for cells 1e-16 wide
  }
  return W;
}

}  // namespace theoremeter::testing
