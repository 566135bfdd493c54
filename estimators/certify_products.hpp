// Upper bounds on a product of spheres: a proof by exhaustion for any deviation whose spheres lie in R^1, R^2 or R^3,
// that shares no bound with the proof over cones and none with enumeration.
//
// Factors that jump: on a product of regions (arcs, triangles) their product lies in a range [lower_i, upper_i], and
//   sum lower_i c_i r_i r_i' <= S <= sum upper_i c_i r_i r_i'    in the Loewner order, c_i >= 0 the other factors;
// E moves by at most lipschitz(s) a radian of p_s, and has its eigenvalues in expectation_range().
//
// Factors that grow: with p_s = q_s/|q_s|, q_s a mean of the corners of its region, |q_s| S and |q_s| E are functions
// of q_s, convex for S, convex with a Hessian of at most curvature(s)/|q_s| for E, and |q_s| >= cos(radius). So S - E
// at p is at most the mean over the corners of S - E there, and half of curvature(s) sin(radius)^2/cos(radius) more,
// all over |q_s|; E - S is at most the mean of E minus that of the lower bounds of S, over |q_s|.
//
// A product is discarded when  +-(S - E) < tau  follows, otherwise the region that promises most is split.
//
// Rounding. Let T = sum_i |r_i|^2 max |c_i| + sup |E|, n rows, u = 2^-53. The sums over the rows are off by at most (n
// + 8) u T <= 2e-10 T for n <= 1e6. Angles of arcs' ends are good to 1e-14, triangles cover the sphere but for 1e-13,
// which moves E by less than 1e-12 T, and factors that grow by 1e-12 |h|, hence S by less than 1e-11 T. (Signs, where
// factors jump, hold wherever they are taken as decided.) E itself < 1e-13 T; a Cholesky of a 3 x 3 matrix that
// completes proves it positive definite but for 1e-14 T [Rump, BIT 46, 2006], eigenvalues are good to 1e-14 T. Every
// bound is raised by 1e-9 T, or by 4 (n + 8) u T where that is more, which covers the sum.
#pragma once

#include "estimators/arcs.hpp"
#include "estimators/cone_proof.hpp"
#include "estimators/deviation.hpp"
#include "estimators/evaluate.hpp"
#include "estimators/measurement.hpp"
#include "estimators/progress.hpp"
#include "estimators/triangles.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

namespace theoremeter {

/// A deviation that can be certified on products: at most four spheres, in dimensions up to product_dimensions, factors
/// that do not decrease with z.
inline constexpr Eigen::Index product_dimensions = 3;

template <class D>
concept ProductDeviation = Deviation<D> && requires(const D& d, int s) {
  /// |E(p) - E(p')| <= lipschitz(s) angle(p_s, p'_s) where only p_s differs. Where other factors grow, times
  /// part_of_expectation(p), as expectation_range() is; then there is a curvature(s) too.
  { d.lipschitz(s) } -> std::same_as<double>;
  /// All eigenvalues of E, at any p, lie between these two.
  { d.expectation_range() } -> std::same_as<std::pair<double, double>>;
};

template <ProductDeviation D>
class ProductProver {
 public:
  /// d must outlive the prover.
  explicit ProductProver(const D& d) : d_(d), spheres_(static_cast<std::size_t>(d.spheres())) {
    const Rows& R = d.rows();
    assert(R.cols() <= product_dimensions && spheres_ <= most_spheres);
    for (Eigen::Index i = 0; i < R.cols(); ++i)
      for (Eigen::Index j = 0; j <= i; ++j) outer_.emplace_back(R.col(i).array() * R.col(j).array());
    plant_trees();
    std::tie(E_low_, E_high_) = d.expectation_range();
    E_size_ = std::max(std::abs(E_low_), std::abs(E_high_));
    assert(growing_.empty() || nonnegative_);
    rounding_ = std::max(1e-9, 4 * (static_cast<double>(R.rows()) + 8) * 0x1p-53) * (S_size_ + E_size_);
  }

  /// f is nowhere larger.
  double trivial_bound() const { return S_size_ + E_size_ + rounding_; }

  /// Is side(S - E) <= tau everywhere? `tau` is raised where it is exceeded on rays or slivers that no witness can be
  /// on. `nodes`: the products that may be bounded; returns how many were. When refuted, `refuter` has a value above
  /// `enough` (at most tau): far above what is known, and another tau is worth proving.
  Proof prove(Side side, double& tau, double enough, std::int64_t& nodes, int threads, Witness& refuter) const {
    std::vector<Box> open{whole()};
    std::vector<Outcome> outcomes;
    const double asked = tau, never = std::numeric_limits<double>::infinity();
    std::int64_t left = nodes;
    while (!open.empty() && left > 0) {
      // The last of them, so that few are open at a time; together, so that the threads do not matter.
      const auto count = std::size_t(std::min({std::int64_t(open.size()), std::int64_t(at_once), left}));
      const std::size_t begin = open.size() - count;
      outcomes.resize(count);
#pragma omp parallel for schedule(dynamic, 64) num_threads(threads) if (count > 256)
      for (std::size_t i = 0; i < count; ++i)
        outcomes[i] = visit(open[begin + i], side, asked, i % 32 == 0 ? enough : never);
      open.resize(begin);
      left -= std::int64_t(count);
      for (const Outcome& o : outcomes) {
        if (o.refuted) {
          refuter = evaluate(d_, point(o.parts[0]));
          nodes -= left;
          return Proof::refuted;
        }
        tau = std::max(tau, o.reached);
        open.insert(open.end(), o.parts.begin(), o.parts.begin() + o.count);
      }
    }
    nodes -= left;
    return open.empty() ? Proof::below : Proof::exhausted;
  }

 private:
  static constexpr std::size_t most_spheres = 4, at_once = 8192;

  /// One region a sphere.
  using Box = std::array<const Region*, most_spheres>;

  /// A symmetric matrix, its lower triangle by rows.
  using Symmetric = std::array<double, std::size_t(product_dimensions*(product_dimensions + 1) / 2)>;

  struct Outcome {
    std::array<Box, 3> parts{};
    int count = 0;
    bool refuted = false;  // at the centre of parts[0]
    double reached = 0;    // by a box that cannot be split: the bound on it
  };

  /// One a sphere, or a pair of spheres that may be exchanged. A row's weight in the score of its region is about what
  /// its term is worth on average.
  void plant_trees() {
    const Eigen::ArrayXd square = d_.rows().rowwise().squaredNorm();
    Eigen::ArrayXd largest = square;
    std::vector<Eigen::ArrayXd> typical;
    for (int s = 0; s < d_.spheres(); ++s) {
      const Eigen::ArrayXd length = d_.hyperplanes(s).rowwise().norm();
      Eigen::ArrayXd& mean = typical.emplace_back(length.size());
      for (Eigen::Index i = 0; i < length.size(); ++i) {
        const double minus = d_.factor(s, -length(i)), plus = d_.factor(s, length(i));
        nonnegative_ = nonnegative_ && minus >= 0;
        largest(i) *= std::max(std::abs(minus), std::abs(plus));
        mean(i) = (std::abs(minus) + std::abs(plus)) / 2;
      }
      (grows(d_, s) ? growing_ : jumping_).push_back(std::size_t(s));
    }
    S_size_ = largest.sum();
    for (int s = 0; s < d_.spheres(); ++s) {
      if (s % 2 == 1 && d_.symmetric()) continue;
      Eigen::ArrayXd weight = square / double(d_.rows().cols());
      for (std::size_t t = 0; t < spheres_; ++t)
        if (t != std::size_t(s)) weight *= typical[t];
      trees_[std::size_t(s)] = planted(s, weight);
    }
  }

  std::unique_ptr<RegionTree> planted(int s, Eigen::ArrayXd weight) const {
    const auto phi = [this, s](double z) { return d_.factor(s, z); };
    const bool grow = grows(d_, s);
    Scoring scoring{std::move(weight), grow ? curvature(s) / 2 : d_.lipschitz(s)};
    if (d_.hyperplanes(s).cols() == 3)
      return std::make_unique<TriangleTree>(d_.hyperplanes(s), phi, grow, std::move(scoring));
    return std::make_unique<ArcTree>(d_.hyperplanes(s), phi, grow, std::move(scoring));
  }

  double curvature(int s) const {
    if constexpr (requires { d_.curvature(s); })
      return d_.curvature(s);
    else
      return 0;
  }

  double part_of_expectation(const Point& p) const {
    if constexpr (requires { d_.part_of_expectation(p); })
      return d_.part_of_expectation(p);
    else
      return 1;
  }

  const RegionTree& tree(std::size_t s) const { return *trees_[d_.symmetric() ? s / 2 * 2 : s]; }

  Box whole() const {
    Box box{};
    for (std::size_t s = 0; s < spheres_; ++s) box[s] = &tree(s).root();
    return box;
  }

  Point point(const Box& box) const {
    Point p;
    for (std::size_t s = 0; s < spheres_; ++s) p.push_back(box[s]->centre);
    return p;
  }

  Symmetric expectation(const Point& p) const {
    const PlaneOperator E = d_.expectation(p);
    Symmetric entries{};
    for (Eigen::Index i = 0, ij = 0; i < d_.rows().cols(); ++i)
      for (Eigen::Index j = 0; j <= i; ++j, ++ij)
        entries[std::size_t(ij)] =
            (i == j ? E.identity : 0) + E.plus * E.sum(i) * E.sum(j) - E.minus * E.difference(i) * E.difference(j);
    return entries;
  }

  Outcome visit(const Box& box, Side side, double tau, double enough) const {
    Outcome o;
    if (below(box, side, tau)) return o;
    if (std::isfinite(enough) && evaluate(d_, point(box)).value > enough) {
      o.refuted = true;
      o.parts[0] = box;
      return o;
    }
    split(box, o);
    if (o.count == 0)
      for (o.reached = tau; !below(box, side, o.reached);) o.reached *= 1 + 1e-3;
    return o;
  }

  /// side(S - E) < tau follows on the box.
  bool below(const Box& box, Side side, double tau) const {
    thread_local Eigen::ArrayXd jumps, coefficient;
    double shrink = 1, remainder = 0;
    std::size_t combinations = 1;
    for (const std::size_t s : growing_) {
      if (box[s]->corners.empty() || box[s]->radius > 1.5) return false;
      const double sine = std::sin(box[s]->radius), cosine = std::cos(box[s]->radius);
      shrink *= cosine;
      if (side == Side::plus) remainder += curvature(int(s)) / 2 * sine * sine / cosine;
      combinations *= box[s]->corners.size();
    }
    bound_jumps(box, side, jumps);
    Point p = point(box);
    for (std::size_t at = 0; at < combinations; ++at) {
      coefficient = jumps;
      std::size_t left = at;
      for (const std::size_t s : growing_) {
        const Region::Corner& corner = box[s]->corners[left % box[s]->corners.size()];
        left /= box[s]->corners.size();
        coefficient *= side == Side::plus ? corner.above : corner.below;
        p[s] = corner.at;
      }
      if (!below_at(box, side, p, coefficient, (tau - rounding_) * shrink - remainder)) return false;
    }
    return true;
  }

  /// side(S - E) < tau with these coefficients of S, wherever the factors jump in the box, the others as in p.
  bool below_at(const Box& box, Side side, const Point& p, const Eigen::ArrayXd& coefficient, double tau) const {
    const double sg = side == Side::plus ? 1 : -1, part = part_of_expectation(p);
    Symmetric S{};
    for (std::size_t e = 0; e < outer_.size(); ++e) S[e] = sg * (coefficient * outer_[e]).sum();
    if (definite(S, tau + part * (side == Side::plus ? E_low_ : -E_high_))) return true;
    double slack = 0;  // infinite where a sphere has two points
    for (const std::size_t s : jumping_) slack += part * d_.lipschitz(int(s)) * box[s]->radius;
    if (!(slack < E_high_ - E_low_)) return false;
    const Symmetric E = expectation(p);
    for (std::size_t e = 0; e < E.size(); ++e) S[e] -= sg * E[e];
    return definite(S, tau - slack);
  }

  void add_identity(Symmetric& m, double a) const {
    for (std::size_t i = 0; i < std::size_t(d_.rows().cols()); ++i) m[i * (i + 3) / 2] += a;
  }

  /// tau I - M has a Cholesky decomposition, so M < tau.
  bool definite(const Symmetric& M, double tau) const {
    const auto k = std::size_t(d_.rows().cols());
    const auto at = [](std::size_t i, std::size_t j) { return i * (i + 1) / 2 + j; };
    Symmetric m;
    for (std::size_t e = 0; e < m.size(); ++e) m[e] = -M[e];
    add_identity(m, tau);
    for (std::size_t j = 0; j < k; ++j) {
      if (!(m[at(j, j)] > 0)) return false;
      for (std::size_t i = j + 1; i < k; ++i)
        for (std::size_t h = j + 1; h <= i; ++h) m[at(i, h)] -= m[at(i, j)] / m[at(j, j)] * m[at(h, j)];
    }
    return true;
  }

  /// The product of the factors that jump: nowhere larger (plus) or smaller (minus).
  void bound_jumps(const Box& box, Side side, Eigen::ArrayXd& bound) const {
    thread_local Eigen::ArrayXd low, high, other;
    const bool plus = side == Side::plus;
    low = high = Eigen::ArrayXd::Ones(d_.rows().rows());
    for (const std::size_t s : jumping_) {
      const Eigen::ArrayXd &l = box[s]->low, &h = box[s]->high;
      if (nonnegative_) {
        high *= plus ? h : l;
      } else {
        other = (low * l).min(low * h).min(high * l).min(high * h);
        high = (low * l).max(low * h).max(high * l).max(high * h);
        low.swap(other);
      }
    }
    bound = plus || nonnegative_ ? high : low;
  }

  /// Parts of the box, none if it cannot be split: two, halved along the region with the largest score; three where
  /// that is one of a pair of equal regions that may be exchanged.
  void split(const Box& box, Outcome& o) const {
    std::size_t at = 0;
    for (std::size_t s = 1; s < spheres_; ++s)
      if (box[s]->score > box[at]->score) at = s;
    if (box[at]->score == 0) return;
    const auto children = tree(at).children(*box[at]);
    const std::size_t partner = at ^ 1;
    const bool twins = d_.symmetric() && box[at] == box[partner];
    for (std::size_t i = 0; i < 2; ++i)
      for (std::size_t j = twins ? i : 1; j < 2; ++j) {
        Box& part = o.parts[std::size_t(o.count++)] = box;
        part[at] = children[i];
        if (twins) part[partner] = children[j];
      }
  }

  const D& d_;
  std::size_t spheres_;
  std::vector<Eigen::ArrayXd> outer_;  // r_i r_j of all rows, j <= i
  std::array<std::unique_ptr<RegionTree>, most_spheres> trees_;
  std::vector<std::size_t> jumping_, growing_;  // spheres, by their factors
  bool nonnegative_ = true;                     // all factors
  double S_size_ = 0, E_size_ = 0;              // |S| and |E| are nowhere larger
  double E_low_ = 0, E_high_ = 0;               // E's range
  double rounding_ = 0;                         // added to every bound
};

/// Proves an upper bound on sup f, starting from `incumbent` (at least incumbent.value), which is replaced when the
/// proof meets a better point. Stops when at_most <= (1 + gap) incumbent.value or when `nodes` products of regions have
/// been bounded; then at_most is the best bound proved. gap >= 1e-6.
template <ProductDeviation D>
Certified certify_products(const D& d, Witness& incumbent, double gap, std::int64_t nodes, int threads,
                           const Progress& progress) {
  const ProductProver<D> prover(d);
  Certified result{prover.trivial_bound(), 0, false};
  // The relative gap now attempted: 1, 0.5, 0.2, 0.1, ... whatever `gap`, so that a smaller one never proves less.
  constexpr std::array<double, 3> falls{0.5, 0.4, 0.5};
  double at = 1;
  std::size_t fall = 0;
  const double least = 1e-9 * prover.trivial_bound();  // an incumbent of 0 is no scale
  while (result.nodes < nodes) {
    double tau = (1 + at) * std::max(incumbent.value, least);
    const double enough = (1 + at / 4) * std::max(incumbent.value, least);
    Proof proof = Proof::below;
    Witness refuter;
    const std::int64_t before = result.nodes;
    for (const Side side : {Side::plus, Side::minus}) {
      if (proof != Proof::below) break;
      std::int64_t spent = nodes - result.nodes;
      proof = prover.prove(side, tau, enough, spent, threads, refuter);
      result.nodes += spent;
      if (progress) progress(double(result.nodes) / double(nodes));
    }
    if (proof == Proof::exhausted) {
      result.next = Proved{tau, result.nodes - before};
      break;
    }
    if (proof == Proof::refuted) {
      incumbent = refuter;
      continue;
    }
    result.at_most = std::min(result.at_most, tau);
    result.course.push_back({tau, result.nodes - before});
    if (at < 1e-6 || result.at_most <= (1 + gap) * incumbent.value) break;
    at *= falls[fall++ % falls.size()];
  }
  result.closed = result.at_most <= (1 + gap) * incumbent.value * (1 + 1e-12);
  result.ended = result.nodes < nodes;
  return result;
}

}  // namespace theoremeter
