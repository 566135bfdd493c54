// The proof behind a certificate: branch and bound over pairs of cones shows  f <= tau  on the whole product of two
// spheres.
//
// Two separate proofs, lambda_max(S - E) <= tau and lambda_max(E - S) <= tau. A pair of cones is discarded when
// ConeBound shows it lies below tau, otherwise one of the two cones is split. Deterministic for any number of threads:
// pairs are first split breadth-first into items, items are explored depth-first and their outcomes are read in index
// order.
#pragma once

#include "estimators/evaluate.hpp"
#include "estimators/hyperplanes.hpp"
#include "estimators/measurement.hpp"
#include "estimators/progress.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

namespace theoremeter {

/// The coefficient of a hyperplane over a product of two cones, bounded for one side, as a function of where the two
/// lie (negative, undecided, positive: as Half; and on the hyperplane).
inline constexpr std::size_t on_hyperplane = 3;
using CoefficientBound = std::array<std::array<double, 4>, 4>;

/// A deviation as the proof sees it. Hyperplane i has the rows h_i of `hyperplanes` and r_i of `rows`, both n x k.
struct ConeProblem {
  Rows hyperplanes;
  Rows rows;
  std::vector<std::array<CoefficientBound, 2>> bounds;  // the distinct ones, by Side
  std::vector<std::int32_t> bound_of;                   // which of them is a hyperplane's
  std::vector<bool> zero_is_negative;                   // does <h_i, x> = 0 count as negative?
  double q_scale = 1;
  double q_shift = 0;
  bool odd = false;  // (x, y) -> (-x, -y) leaves S - E unchanged, (x, y) -> (-x, y) turns its sign
  double trace = 0;  // of sum r r' over all rows, parallel ones too
  std::function<Witness(Point)> evaluate;
};

/// What is kept from tau for rounding, in multiples of trace + |q_scale| + |q_shift|; the analysis is in
/// cone_bound.hpp.
inline constexpr double rounding_margin = 1e-9;

enum class Proof { below, refuted, exhausted };

class ConeProver {
 public:
  ConeProver() = default;
  ConeProver(const ConeProver&) = delete;
  ConeProver& operator=(const ConeProver&) = delete;
  virtual ~ConeProver() = default;

  /// Is side(S - E) <= tau everywhere? `nodes`: the pairs that may be bounded; returns how many were. When refuted,
  /// `refuter` has a value above tau.
  virtual Proof prove(Side side, double tau, std::int64_t& nodes, int threads, Witness& refuter,
                      const Progress& progress) const = 0;
};

/// The largest dimension k of a cone prover; the smallest is 2.
inline constexpr int certify_dimensions = 6;

/// 2 <= k <= certify_dimensions.
std::unique_ptr<ConeProver> cone_prover(const ConeProblem& problem);

/// max (plus) or min (minus) of the coefficient over the signs that are allowed.
template <SignDeviation D>
double worst_coefficient(const D& d, Side side, const Hyperplane& h, std::size_t x, std::size_t y) {
  static const std::array<std::vector<double>, 4> signs{{{-1}, {-1, 0, 1}, {1}, {0}}};
  double worst = std::numeric_limits<double>::infinity() * (side == Side::plus ? -1 : 1);
  for (double z : signs[x])
    for (double w : signs[y]) {
      const double c = coefficient(d, h, z, w);
      worst = side == Side::plus ? std::max(worst, c) : std::min(worst, c);
    }
  return worst;
}

/// d must outlive the problem.
template <SignDeviation D>
ConeProblem cone_problem(const D& d) {
  assert(d.symmetric());  // pairs of cones are explored up to exchange
  const std::vector<Hyperplane> distinct = distinct_hyperplanes(d.hyperplanes(0), d.rows());
  ConeProblem p;
  p.hyperplanes.resize(static_cast<Eigen::Index>(distinct.size()), d.rows().cols());
  p.rows.resizeLike(p.hyperplanes);
  for (std::size_t i = 0; i < distinct.size(); ++i) {
    p.hyperplanes.row(static_cast<Eigen::Index>(i)) = d.hyperplanes(0).row(distinct[i].row);
    p.rows.row(static_cast<Eigen::Index>(i)) = d.rows().row(distinct[i].row);
    p.zero_is_negative.push_back(zero_counts_as_negative(d, distinct[i]));
    std::array<CoefficientBound, 2> bounds;
    for (std::size_t side = 0; side < 2; ++side)
      for (std::size_t x = 0; x < 4; ++x)
        for (std::size_t y = 0; y < 4; ++y) bounds[side][x][y] = worst_coefficient(d, Side(side), distinct[i], x, y);
    const auto known = std::find(p.bounds.begin(), p.bounds.end(), bounds);
    p.bound_of.push_back(static_cast<std::int32_t>(known - p.bounds.begin()));
    if (known == p.bounds.end()) p.bounds.push_back(bounds);
  }
  p.q_scale = d.q_scale();
  p.q_shift = d.q_shift();
  p.odd = d.odd();
  p.trace = d.rows().squaredNorm();
  p.evaluate = [&d](Point point) { return evaluate(d, std::move(point)); };
  return p;
}

}  // namespace theoremeter
