// Deviations over a grid of points: their maximum, which the theorem's constant is at least, and how they are
// distributed.
//
// One point of sphere 0 is taken with many tuples of points of the other spheres at a time. The rows whose factor on
// sphere 0 is not zero are picked out once; with the products of the other factors as coefficients, OuterSums gives
// S(p) for all the tuples; E(p) is subtracted in O(k^2), and SymmetricEight gives the norms, eight at a time. Values
// are stored by position and reduced in order: no result depends on the threads.
#pragma once

#include "estimators/deviation.hpp"
#include "estimators/evaluate.hpp"
#include "estimators/extreme_eigenvalues.hpp"
#include "estimators/grids.hpp"
#include "estimators/measurement.hpp"
#include "estimators/outer_sums.hpp"
#include "estimators/progress.hpp"
#include "estimators/statistics.hpp"
#include "estimators/units.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace theoremeter {

/// Every value is kept until the quantiles are known, 8 bytes each.
inline constexpr std::int64_t max_samples = 100'000'000;

/// Where the points come from: grids[s] has unit columns, points of sphere s. Sampled are all pairs (column i of
/// grids[0], tuple j), the j-th tuple being column j of each of the others. A single grid is used on both spheres of a
/// symmetric deviation: then i < j are sampled, and i = j is the diagonal.
using SphereGrids = std::vector<Eigen::MatrixXd>;

namespace sampling {

using Index = Eigen::Index;

/// The grids as points and pairs.
struct Pairs {
  const SphereGrids& grids;
  int spheres;
  bool triangle = grids.size() == 1;  // i < j only

  const Eigen::MatrixXd& grid(int s) const { return grids[triangle ? 0 : static_cast<std::size_t>(s)]; }
  Index points() const { return grid(0).cols(); }
  Index tuples() const { return grid(1).cols(); }
  std::int64_t count() const { return triangle ? points() * (points() - 1) / 2 : points() * tuples(); }
  /// Pairs (i, j) are numbered by i, then j.
  std::int64_t number(Index i, Index j) const {
    return triangle ? i * (2 * points() - i - 1) / 2 + j - i - 1 : i * tuples() + j;
  }
  Point point(Index i, Index j) const {
    Point p{grid(0).col(i)};
    for (int s = 1; s < spheres; ++s) p.emplace_back(grid(s).col(j));
    return p;
  }
  Point point(std::int64_t number_) const {
    Index i = 0;
    if (!triangle) return point(number_ / tuples(), number_ % tuples());
    while (number(i + 1, i + 2) <= number_) ++i;
    return point(i, number_ - number(i, i + 1) + i + 1);
  }
};

/// prod_{s >= 1} phi_s(<h_{s,i}, p_s>) for the tuples [first, last): n x (last - first).
template <Deviation D>
Coefficients tuple_coefficients(const D& d, const Pairs& pairs, Index first, Index last, int threads) {
  Rows c = Rows::Ones(d.rows().rows(), last - first);
#pragma omp parallel for num_threads(threads) schedule(static)
  for (Index i = 0; i < c.rows(); ++i)
    for (int s = 1; s < d.spheres(); ++s) {
      const auto h = d.hyperplanes(s).row(i);
      for (Index j = first; j < last; ++j)
        c(i, j - first) *= d.factor(s, exact_sign_dot(h.data(), pairs.grid(s).col(j).data(), h.size()));
    }
  return Coefficients(std::move(c));
}

/// E(p) for eight points, subtracted from eight matrices.
class EightExpectations {
 public:
  explicit EightExpectations(Index k) : sum_(static_cast<std::size_t>(k)), difference_(sum_) {}

  void set(int lane, const PlaneOperator& E) {
    identity_[lane] = E.identity;
    plus_[lane] = E.plus;
    minus_[lane] = E.minus;
    for (std::size_t r = 0; r < sum_.size(); ++r) {
      sum_[r][lane] = E.sum[static_cast<Index>(r)];
      difference_[r][lane] = E.difference[static_cast<Index>(r)];
    }
  }
  void subtract_from(SymmetricEight& A) const {
    for (std::size_t c = 0; c < sum_.size(); ++c) {
      const Eight p = plus_ * sum_[c], m = minus_ * difference_[c];
      Eight* entry = A.column(static_cast<Index>(c));
      *entry -= identity_;
      for (std::size_t r = c; r < sum_.size(); ++r) *entry++ -= p * sum_[r] - m * difference_[r];
    }
  }

 private:
  Eight identity_, plus_, minus_;
  std::vector<Eight> sum_, difference_;
};

/// Deviations at one point of sphere 0 and a run of tuples; one a thread.
template <Deviation D>
class Evaluator {
 public:
  Evaluator(const D& d, const Pairs& pairs, const OuterSums& outer)
      : d_(d), pairs_(pairs), outer_(outer), batch_(d.rows().cols()), expectations_(d.rows().cols()) {}

  /// f at (i, j) for j in [first, last); c holds the coefficients of the tuples from `begin` on.
  const std::vector<double>& operator()(Index i, Index begin, const Coefficients& c, Index first, Index last) {
    select_rows(i);
    outer_(rows_, scale_, c, first - begin, last - begin, sums_);
    values_.resize(static_cast<std::size_t>(last - first));
    Point p = pairs_.point(i, first);
    for (Index j = first; j < last; j += 8) {
      sums_.load(j - first, batch_);
      for (int lane = 0; lane < 8; ++lane) {
        for (int s = 1; s < d_.spheres(); ++s)
          p[static_cast<std::size_t>(s)] = pairs_.grid(s).col(std::min(j + lane, last - 1));
        expectations_.set(lane, d_.expectation(p));
      }
      expectations_.subtract_from(batch_);
      const Extremes extremes = batch_.extreme_eigenvalues();
      const Eight norms = extremes.largest.max(-extremes.smallest);
      std::copy_n(norms.data(), std::min<Index>(8, last - j), values_.data() + (j - first));
    }
    return values_;
  }

 private:
  /// The rows whose factor on sphere 0 is not zero, and that factor.
  void select_rows(Index i) {
    const Rows& H = d_.hyperplanes(0);
    rows_.clear();
    scale_.clear();
    for (Index a = 0; a < H.rows(); ++a) {
      const double c = d_.factor(0, exact_sign_dot(H.row(a).data(), pairs_.grid(0).col(i).data(), H.cols()));
      if (c == 0) continue;
      rows_.push_back(a);
      scale_.push_back(c);
    }
  }

  const D& d_;
  const Pairs& pairs_;
  const OuterSums& outer_;
  SymmetricEight batch_;
  EightExpectations expectations_;
  PackedSums sums_;
  std::vector<Index> rows_;
  std::vector<double> scale_, values_;
};

/// The sampled maximum as a witness: of the largest values, those that may still be the maximum are evaluated afresh.
template <Deviation D, class PointAt>
Witness best_witness(const D& d, const std::vector<double>& values, int threads, PointAt point_at) {
  constexpr std::int64_t candidates = 16;
  Witness best;
  for (const std::int64_t at : largest(values, candidates, threads)) {
    if (!best.point.empty() && values[static_cast<std::size_t>(at)] <= best.value) break;
    Witness w = evaluate(d, point_at(at));
    if (best.point.empty() || w.value > best.value) best = std::move(w);
  }
  return best;
}

/// The diagonal where grids[0] and the tuples are not the same points: p_0 = p_1 = column i of grids[0], the rest from
/// tuple i (cyclically).
template <Deviation D>
Witness diagonal_witness(const D& d, const Pairs& pairs, int threads) {
  std::vector<double> values(static_cast<std::size_t>(pairs.points()));
  const auto point = [&](Index i) {
    Point p = pairs.point(i, i % pairs.tuples());
    p[1] = p[0];
    return p;
  };
#pragma omp parallel for num_threads(threads) schedule(dynamic)
  for (Index i = 0; i < pairs.points(); ++i) values[static_cast<std::size_t>(i)] = evaluate(d, point(i)).value;
  return best_witness(d, values, threads, point);
}

/// Fisher and Yates.
inline void shuffle_columns(Eigen::MatrixXd& points, Stream stream) {
  for (Index j = points.cols() - 1; j > 0; --j)
    points.col(j).swap(points.col(static_cast<Index>(stream.uniform() * static_cast<double>(j + 1))));
}

/// Repeats the columns of shorter grids until all but grids[0] have the same number, at least `tuples`.
inline void even_tuples(SphereGrids& grids, Index tuples) {
  for (std::size_t s = 1; s < grids.size(); ++s) tuples = std::max(tuples, grids[s].cols());
  for (std::size_t s = 1; s < grids.size(); ++s) {
    const Index have = grids[s].cols();
    grids[s].conservativeResize(Eigen::NoChange, tuples);
    for (Index j = have; j < tuples; ++j) grids[s].col(j) = grids[s].col(j % have);
  }
}

/// f of a deviation of about size 1 at all the points the grids make.
template <Deviation D>
Sampled sample_in_units(const D& d, const Pairs& pairs, int threads, const Progress& progress,
                        std::vector<double>* kept) {
  constexpr Index tuples_at_once = 1024;  // pays for the tables of OuterSums, and bounds the memory for the sums
  const std::int64_t count = pairs.count();
  const OuterSums outer(d.rows());
  std::vector<double> values(static_cast<std::size_t>(count)),
      diagonal(pairs.triangle ? static_cast<std::size_t>(pairs.points()) : 0);
  for (Index begin = 0; begin < pairs.tuples(); begin += tuples_at_once) {
    const Index end = std::min(begin + tuples_at_once, pairs.tuples());
    const Coefficients c = tuple_coefficients(d, pairs, begin, end, threads);
#pragma omp parallel num_threads(threads)
    {
      Evaluator<D> deviations(d, pairs, outer);
#pragma omp for schedule(dynamic)
      for (Index i = 0; i < (pairs.triangle ? end : pairs.points()); ++i) {
        const Index first = pairs.triangle ? std::max(begin, i) : begin;
        const std::vector<double>& f = deviations(i, begin, c, first, end);
        const Index on_diagonal = pairs.triangle && first == i ? 1 : 0;
        if (on_diagonal) diagonal[static_cast<std::size_t>(i)] = f[0];
        std::copy(f.begin() + on_diagonal, f.end(), values.begin() + pairs.number(i, first + on_diagonal));
      }
    }
    if (progress)
      progress(static_cast<double>(pairs.triangle ? end * (end + 1) : end) /
               static_cast<double>(pairs.triangle ? pairs.tuples() * (pairs.tuples() + 1) : pairs.tuples()));
  }

  Sampled result;
  result.count = count;
  result.witness = best_witness(d, values, threads, [&](std::int64_t at) { return pairs.point(at); });
  if (pairs.triangle) result.diagonal = best_witness(d, diagonal, threads, [&](Index i) { return pairs.point(i, i); });
  if (!pairs.triangle && d.symmetric()) result.diagonal = diagonal_witness(d, pairs, threads);
  result.mean = mean(values, threads);
  result.quantiles = quantiles(values, quantile_levels, threads);
  if (kept) *kept = std::move(values);
  return result;
}

}  // namespace sampling

/// f at all the points the grids make; `kept`, if given, takes all values, in no order. Throws InputError unless these
/// are 1 to max_samples.
template <Deviation D>
Sampled sample(const D& d, const SphereGrids& grids, int threads, const Progress& progress = {},
               std::vector<double>* kept = nullptr) {
  const sampling::Pairs pairs{grids, d.spheres()};
  assert(pairs.triangle ? d.symmetric() && d.spheres() == 2 : static_cast<int>(grids.size()) == d.spheres());
  if (const std::int64_t count = pairs.count(); count < 1 || count > max_samples)
    throw InputError(fmt::format("samples: the grids make {} points, must be 1 to {}", count, max_samples));
  const InUnits<D> measured = in_units(d);
  Sampled result = sampling::sample_in_units(measured.deviation, pairs, threads, progress, kept);
  result.witness.value *= measured.unit;
  if (result.diagonal) result.diagonal->value *= measured.unit;
  result.mean *= measured.unit;
  for (double& quantile : result.quantiles) quantile *= measured.unit;
  if (kept)
    for (double& value : *kept) value *= measured.unit;
  return result;
}

/// f at `count` points or a little more, on grids of the given kind, or of each sphere's default_grid. A symmetric
/// deviation on two spheres: the pairs of one grid of about sqrt(2 count) points. Otherwise sqrt(count) points of
/// sphere 0 with as many tuples (more where sphere 0 is {+1, -1}). For more than two spheres the grids of spheres 1, 2,
/// ... are shuffled, so that a tuple pairs unrelated points. Throws InputError unless 1 <= count <= max_samples, and as
/// make_grid does.
template <Deviation D>
Sampled sample(const D& d, std::int64_t count, std::optional<GridKind> kind, const Stream& stream, int threads,
               const Progress& progress = {}, std::vector<double>* kept = nullptr) {
  if (count < 1 || count > max_samples)
    throw InputError(fmt::format("samples = {}: must be 1 to {}", count, max_samples));
  const bool triangle = d.symmetric() && d.spheres() == 2;
  const auto wanted = static_cast<double>(count);
  auto points =
      static_cast<std::int64_t>(std::ceil(triangle ? (1 + std::sqrt(1 + 8 * wanted)) / 2 : std::sqrt(wanted)));
  SphereGrids grids;
  for (int s = 0; s < (triangle ? 1 : d.spheres()); ++s) {
    const auto sphere = static_cast<std::uint64_t>(s);
    const int k = static_cast<int>(d.hyperplanes(s).cols());
    grids.push_back(make_grid(kind.value_or(default_grid(k)), k, points, stream.at({sphere})).points);
    if (s == 0 && !triangle) points = (count - 1) / grids[0].cols() + 1;
  }
  sampling::even_tuples(grids, d.spheres() > 2 ? points : 0);
  for (std::size_t s = 1; s < grids.size() && d.spheres() > 2; ++s)
    sampling::shuffle_columns(grids[s], stream.at({s, 1}));
  return sample(d, grids, threads, progress, kept);
}

}  // namespace theoremeter
