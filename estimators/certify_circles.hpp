// Upper bounds on a product of circles: a proof by exhaustion for any deviation whose spheres have dimension 1 or 2,
// that shares no bound with the proof over cones and none with enumeration.
//
// On a product of arcs every factor lies in a range, hence every coefficient c_i in [lower_i, upper_i] and
//   sum lower_i r_i r_i' <= S <= sum upper_i r_i r_i'    in the Loewner order;
// E moves by at most lipschitz(s) a radian of p_s, and has its eigenvalues in expectation_range(). A product is
// discarded when  +-(S - E) < tau  follows, otherwise the arc that promises most is split.
//
// Rounding. Let T = sum_i |r_i|^2 max |c_i| + sup |E|, n rows, u = 2^-53. The sums over the rows are off by at most (n
// + 8) u T <= 2e-10 T for n <= 1e6. Angles of arcs' ends are good to 1e-14, which moves E by less than 1e-13 T, and
// factors that grow, sines and cosines by 1e-14 |h|, hence S by less than 1e-13 T. (Signs, where factors jump, are
// exact.) E itself < 1e-13 T, and the eigenvalues of a 2 x 2 matrix < 1e-15 T. Every bound is raised by 1e-9 T, or by 4
// (n + 8) u T where that is more, which covers the sum.
#pragma once

#include "estimators/arcs.hpp"
#include "estimators/cone_proof.hpp"
#include "estimators/deviation.hpp"
#include "estimators/evaluate.hpp"
#include "estimators/measurement.hpp"
#include "estimators/progress.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

namespace theoremeter {

/// A deviation that can be certified on circles: dimensions 1 and 2 throughout, at most four spheres, factors that do
/// not decrease with z.
template <class D>
concept CircleDeviation = Deviation<D> && requires(const D& d, int s) {
  /// |E(p) - E(p')| <= lipschitz(s) angle(p_s, p'_s) where only p_s differs.
  { d.lipschitz(s) } -> std::same_as<double>;
  /// All eigenvalues of E, at any p, lie between these two.
  { d.expectation_range() } -> std::same_as<std::pair<double, double>>;
};

template <CircleDeviation D>
class CircleProver {
 public:
  /// d must outlive the prover.
  explicit CircleProver(const D& d) : d_(d), spheres_(static_cast<std::size_t>(d.spheres())) {
    const Rows& R = d.rows();
    assert(R.cols() <= 2 && spheres_ <= most_spheres);
    const Eigen::ArrayXd r0 = R.col(0), r1 = R.col(R.cols() - 1);
    outer_.resize(R.rows(), 3);
    outer_ << r0 * r0, (R.cols() == 1 ? 0 : 1) * r0 * r1, r1 * r1;
    plant_trees();
    std::tie(E_low_, E_high_) = d.expectation_range();
    E_size_ = std::max(std::abs(E_low_), std::abs(E_high_));
    rounding_ = std::max(1e-9, 4 * (static_cast<double>(R.rows()) + 8) * 0x1p-53) * (S_size_ + E_size_);
  }

  /// f is nowhere larger.
  double trivial_bound() const { return S_size_ + E_size_ + rounding_; }

  /// Is side(S - E) <= tau everywhere? `tau` is raised where it is exceeded on rays or slivers that no witness can be
  /// on. `nodes`: the products that may be bounded; returns how many were. When refuted, `refuter` has a value above
  /// tau.
  Proof prove(Side side, double& tau, std::int64_t& nodes, int threads, Witness& refuter) const {
    std::vector<Box> open{whole()};
    std::vector<Outcome> outcomes;
    const double asked = tau;
    std::int64_t left = nodes;
    while (!open.empty() && left > 0) {
      // The last of them, so that few are open at a time; together, so that the threads do not matter.
      const auto count = std::size_t(std::min({std::int64_t(open.size()), std::int64_t(at_once), left}));
      const std::size_t begin = open.size() - count;
      outcomes.resize(count);
#pragma omp parallel for schedule(dynamic, 64) num_threads(threads) if (count > 256)
      for (std::size_t i = 0; i < count; ++i) outcomes[i] = visit(open[begin + i], side, asked, i % 64 == 0);
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

  /// One arc a sphere.
  using Box = std::array<const Arc*, most_spheres>;

  struct Symmetric {
    double a, b, c;  // [a b; b c]; of a number a: [a 0; 0 a]
  };

  struct Outcome {
    std::array<Box, 3> parts{};
    int count = 0;
    bool refuted = false;  // at the centre of parts[0]
    double reached = 0;    // by a box that cannot be split: the bound on it
  };

  /// One a sphere, or a pair of spheres that may be exchanged. A row's weight in the score of its arc is about what its
  /// term is worth on average.
  void plant_trees() {
    Eigen::ArrayXd largest = outer_.col(0) + outer_.col(2);
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
    }
    S_size_ = largest.sum();
    for (int s = 0; s < d_.spheres(); ++s) {
      if (s % 2 == 1 && d_.symmetric()) continue;
      Eigen::ArrayXd weight = (outer_.col(0) + outer_.col(2)) / 2;
      for (std::size_t t = 0; t < spheres_; ++t)
        if (t != std::size_t(s)) weight *= typical[t];
      trees_[std::size_t(s)] = std::make_unique<ArcTree>(
          d_.hyperplanes(s), [this, s](double z) { return d_.factor(s, z); }, grows(d_, s), d_.lipschitz(s), weight);
    }
  }

  const ArcTree& tree(std::size_t s) const { return *trees_[d_.symmetric() ? s / 2 * 2 : s]; }

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
    const auto entry = [&](Eigen::Index i, Eigen::Index j) {
      return (i == j ? E.identity : 0) + E.plus * E.sum(i) * E.sum(j) - E.minus * E.difference(i) * E.difference(j);
    };
    if (E.sum.size() == 1) return {entry(0, 0), 0, entry(0, 0)};
    return {entry(0, 0), entry(1, 0), entry(1, 1)};
  }

  Outcome visit(const Box& box, Side side, double tau, bool look) const {
    Outcome o;
    const double reached = bound(box, side);
    if (reached < tau) return o;
    if (look && evaluate(d_, point(box)).value > tau) {
      o.refuted = true;
      o.parts[0] = box;
      return o;
    }
    split(box, o);
    if (o.count == 0) o.reached = reached;
    return o;
  }

  /// side(S - E) is nowhere larger on the box.
  double bound(const Box& box, Side side) const {
    const double sg = side == Side::plus ? 1 : -1;
    const Symmetric S = bound_of_S(box, side);
    const auto largest = [sg](double a, double b, double c) { return sg * (a + c) / 2 + std::hypot((a - c) / 2, b); };
    const double anywhere = largest(S.a, S.b, S.c) - (side == Side::plus ? E_low_ : -E_high_);
    double slack = 0;  // infinite where a sphere has two points
    for (std::size_t s = 0; s < spheres_; ++s) slack += d_.lipschitz(static_cast<int>(s)) * box[s]->radius;
    if (slack > E_high_ - E_low_) return anywhere + rounding_;
    const Symmetric E = expectation(point(box));
    return std::min(anywhere, largest(S.a - E.a, S.b - E.b, S.c - E.c) + slack) + rounding_;
  }

  /// sum upper_i r_i r_i', or with lower_i.
  Symmetric bound_of_S(const Box& box, Side side) const {
    thread_local Eigen::ArrayXd low, high, other;
    const bool plus = side == Side::plus;
    if (nonnegative_) {
      high = plus ? box[0]->high : box[0]->low;
      for (std::size_t s = 1; s < spheres_; ++s) high *= plus ? box[s]->high : box[s]->low;
    } else {
      low = box[0]->low;
      high = box[0]->high;
      for (std::size_t s = 1; s < spheres_; ++s) {
        const Eigen::ArrayXd &l = box[s]->low, &h = box[s]->high;
        other = (low * l).min(low * h).min(high * l).min(high * h);
        high = (low * l).max(low * h).max(high * l).max(high * h);
        low.swap(other);
      }
      if (!plus) high.swap(low);
    }
    return {(high * outer_.col(0)).sum(), (high * outer_.col(1)).sum(), (high * outer_.col(2)).sum()};
  }

  /// Parts of the box, none if it cannot be split: two, halved along the arc with the largest score; three where that
  /// is one of a pair of equal arcs that may be exchanged.
  void split(const Box& box, Outcome& o) const {
    std::size_t at = 0;
    for (std::size_t s = 1; s < spheres_; ++s)
      if (box[s]->score > box[at]->score) at = s;
    if (box[at]->score == 0) return;
    const auto& children = tree(at).children(*box[at]);
    const std::size_t partner = at ^ 1;
    const bool twins = d_.symmetric() && box[at] == box[partner];
    for (std::size_t i = 0; i < 2; ++i)
      for (std::size_t j = twins ? i : 1; j < 2; ++j) {
        Box& part = o.parts[std::size_t(o.count++)] = box;
        part[at] = &children[i];
        if (twins) part[partner] = &children[j];
      }
  }

  const D& d_;
  std::size_t spheres_;
  Eigen::Array<double, Eigen::Dynamic, 3> outer_;  // r0^2, r0 r1, r1^2
  std::array<std::unique_ptr<ArcTree>, most_spheres> trees_;
  bool nonnegative_ = true;         // all factors
  double S_size_ = 0, E_size_ = 0;  // |S| and |E| are nowhere larger
  double E_low_ = 0, E_high_ = 0;   // E's range
  double rounding_ = 0;             // added to every bound
};

/// Proves an upper bound on sup f, starting from `incumbent` (at least incumbent.value), which is replaced when the
/// proof meets a better point. Stops when at_most <= (1 + gap) incumbent.value or when `nodes` products of arcs have
/// been bounded; then at_most is the best bound proved. gap >= 1e-6.
template <CircleDeviation D>
Certified certify_circles(const D& d, Witness& incumbent, double gap, std::int64_t nodes, int threads,
                          const Progress& progress) {
  const CircleProver<D> prover(d);
  Certified result{prover.trivial_bound(), 0, false};
  // The relative gap now attempted: 1, 0.5, 0.2, 0.1, ... whatever `gap`, so that a smaller one never proves less.
  constexpr std::array<double, 3> falls{0.5, 0.4, 0.5};
  double at = 1;
  std::size_t fall = 0;
  const double least = 1e-9 * prover.trivial_bound();  // an incumbent of 0 is no scale
  while (result.nodes < nodes) {
    double tau = (1 + at) * std::max(incumbent.value, least);
    Proof proof = Proof::below;
    Witness refuter;
    for (const Side side : {Side::plus, Side::minus}) {
      if (proof != Proof::below) break;
      std::int64_t spent = nodes - result.nodes;
      proof = prover.prove(side, tau, spent, threads, refuter);
      result.nodes += spent;
      if (progress) progress(double(result.nodes) / double(nodes));
    }
    if (proof == Proof::exhausted) break;
    if (proof == Proof::refuted) {
      incumbent = refuter;
      continue;
    }
    result.at_most = std::min(result.at_most, tau);
    if (at < 1e-6 || result.at_most <= (1 + gap) * incumbent.value) break;
    at *= falls[fall++ % falls.size()];
  }
  result.closed = result.at_most <= (1 + gap) * incumbent.value * (1 + 1e-12);
  return result;
}

}  // namespace theoremeter
