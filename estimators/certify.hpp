// Upper bounds: a proof that no pair of points exceeds tau, for tau as small as the budget reaches.
#pragma once

#include "estimators/certify_products.hpp"
#include "estimators/cone_proof.hpp"
#include "estimators/decompositions.hpp"
#include "estimators/enumerate.hpp"
#include "estimators/units.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace theoremeter {

/// Any S and E have  -bound <= S - E <= bound  with this bound: |c_i| <= 1 and the eigenvalues of Q lie in [0, 1/2].
template <SignDeviation D>
double trivial_bound(const D& d) {
  const Eigen::MatrixXd gram = d.rows().transpose() * d.rows();
  const double top = symmetric_eigenvalues(gram).maxCoeff();
  const double lowest = d.factor(0, 1) * d.factor(1, -1);  // of the coefficients: 0 or -1
  return std::max(top - d.q_shift(), d.q_shift() + d.q_scale() / 2 - lowest * top) +
         rounding_margin * (top * double(d.rows().cols()) + d.q_scale() + std::abs(d.q_shift()));
}

/// The relative gaps that proofs are aimed at, from coarse to fine. They depend on nothing but the course of the proof,
/// and `gap` says only where to stop: so a smaller gap, or a larger budget, never proves less.
class Ladder {
 public:
  /// power: nodes ~ (0.7 + gap)^-power, so far. Cones shrink with what is left between tau and a typical value, about
  /// 0.3 of the supremum.
  explicit Ladder(double k) : most_(2 * k - 2), power_(most_), targets_{0.01, 1e-3, 1e-6} {
    if (k > 4) targets_.insert(targets_.begin(), {0.1, 0.05});  // where the last steps cost most, in smaller ones
  }

  double gap() const { return at_; }

  /// The gap now aimed at is proved, which took so many nodes.
  void descend(std::int64_t spent) {
    if (before_ > 0) power_ = std::clamp(std::log(double(before_) / double(spent)) / std::log(shrinkage_), 1.0, most_);
    before_ = spent;
    proved_ = at_;
    if (failed_ > 0) {
      bisect();
      return;
    }
    while (targets_.size() > 1 && targets_.front() >= at_) targets_.erase(targets_.begin());
    const double target = targets_.front(), left = std::log((0.7 + at_) / (0.7 + target));
    double next = target;
    if (spent < cheap) {
      for (const double step : {0.5, 0.2, 0.1, 0.05, 0.02})
        if (step < at_) next = std::max(next, step);
    } else if (const double steps = std::floor(power_ * left / std::log(step_cost)); steps > 1) {  // of equal cost
      next = (0.7 + at_) * std::exp(-left / steps) - 0.7;
    }
    shrinkage_ = (0.7 + next) / (0.7 + at_);
    at_ = next;
  }

  /// It cannot be proved by any number of nodes.
  void fail() {
    failed_ = at_;
    bisect();
  }

  bool ended() const { return failed_ > 0 ? proved_ - failed_ < 0.05 * proved_ : proved_ <= 1e-6; }

 private:
  static constexpr double step_cost = 6;         // a step takes at least so much more than the one before,
  static constexpr std::int64_t cheap = 20'000;  // unless that took fewer nodes than these

  void bisect() { at_ = (proved_ + failed_) / 2; }

  double most_, power_;
  std::vector<double> targets_;
  double at_ = 1, proved_ = 3, failed_ = 0;
  double shrinkage_ = 1;     // of 0.7 + gap, by the last step
  std::int64_t before_ = 0;  // nodes of the step before
};

/// Proves an upper bound on sup f, starting from `incumbent` (at least incumbent.value), which is replaced when the
/// proof meets a better point. Stops when at_most <= (1 + gap) incumbent.value or when `nodes` pairs of cones have been
/// bounded; then at_most is the best bound proved. gap >= 1e-6; dimension 2 to 6.
template <SignDeviation D>
Certified branch_and_bound(const D& d, Witness& incumbent, double gap, std::int64_t nodes, int threads,
                           const Progress& progress) {
  const auto prover = cone_prover(cone_problem(d));
  Certified result{trivial_bound(d), 0, false};
  Ladder ladder(static_cast<double>(d.rows().cols()));
  const auto reached = [&] { return result.at_most <= (1 + gap) * incumbent.value; };
  while (result.nodes < nodes && incumbent.value > 0 && !reached() && !ladder.ended()) {
    const double tau = (1 + ladder.gap()) * incumbent.value;
    Proof proof = Proof::below;
    std::int64_t spent = 0;
    Witness refuter;
    for (Side side : {Side::plus, Side::minus}) {
      if (proof != Proof::below || (d.odd() && side == Side::minus)) break;
      std::int64_t budget = nodes - result.nodes - spent;
      proof = prover->prove(side, tau, budget, threads, refuter, progress);
      spent += budget;
    }
    result.nodes += spent;
    if (proof == Proof::refuted) {
      incumbent = refuter;
    } else if (proof == Proof::below) {
      result.at_most = std::min(result.at_most, tau);
      result.course.push_back({tau, spent});
      ladder.descend(spent);
    } else {
      result.next = Proved{tau, spent};
      ladder.fail();  // or the budget has run out
    }
  }
  result.closed = result.at_most <= (1 + gap) * incumbent.value * (1 + 1e-12);
  result.ended = result.nodes < nodes;
  return result;
}

/// On the circle two methods that share no bound must agree; the smaller upper bound counts, and so does the better
/// point. The enumeration may have half of the nodes; where that is less than a node a pair of arcs, it is left out.
template <SignDeviation D>
Certified certify_circle(const D& d, Witness& incumbent, double gap, std::int64_t nodes, int threads,
                         const Progress& progress) {
  if (d.rows().rows() > 3000)  // the arcs and their signs take quadratically much memory
    return branch_and_bound(d, incumbent, gap, nodes, threads, progress);
  CircleEnumeration enumeration(d, gap, nodes / 2);
  if (enumeration.pairs() > nodes / 2) return branch_and_bound(d, incumbent, gap, nodes, threads, progress);
  const Enumerated all = enumeration.run();
  if (Witness seen = evaluate(d, enumeration.witness()); seen.value > incumbent.value) incumbent = std::move(seen);
  Certified result = branch_and_bound(d, incumbent, gap, nodes - nodes / 2, threads, progress);
  if (result.at_most < all.at_least * (1 - 1e-9) || incumbent.value > all.at_most * (1 + 1e-9))
    throw std::logic_error("certify: branch and bound and enumeration disagree on the circle");
  result.at_most = std::min(result.at_most, all.at_most);
  result.nodes += all.nodes;
  result.closed = result.at_most <= (1 + gap) * incumbent.value * (1 + 1e-9);
  return result;
}

template <SignDeviation D>
Certified certify_line(const D& d, Witness& incumbent, double gap) {
  const Enumerated all = enumerate_line(d, incumbent);
  return {std::max(all.at_most, incumbent.value), all.nodes, all.at_most <= (1 + gap) * incumbent.value};
}

template <SignDeviation D>
Certified certify_in_units(const D& d, Witness& incumbent, double gap, std::int64_t nodes, int threads,
                           const Progress& progress) {
  switch (d.rows().cols()) {
    case 1:
      return certify_line(d, incumbent, gap);
    case 2:
      return certify_circle(d, incumbent, gap, nodes, threads, progress);
    default:
      return branch_and_bound(d, incumbent, gap, nodes, threads, progress);
  }
}

/// Deviations of more factors, on products of spheres alone.
template <ProductDeviation D>
requires(!SignDeviation<D>) Certified certify_in_units(const D& d, Witness& incumbent, double gap, std::int64_t nodes,
                                                       int threads, const Progress& progress) {
  return certify_products(d, incumbent, gap, nodes, threads, progress);
}

/// Proves an upper bound on sup f, as branch_and_bound does, in dimension 1 to certify_dimensions; deviations of more
/// factors in dimension 1 to product_dimensions. The larger `nodes` and the smaller `gap`, the smaller at_most.
template <class D>
requires(SignDeviation<D> || ProductDeviation<D>) Certified
    certify(const D& d, Witness& incumbent, double gap, std::int64_t nodes, int threads, const Progress& progress) {
  const InUnits<D> measured = in_units(d);
  incumbent.value /= measured.unit;
  Certified result = certify_in_units(measured.deviation, incumbent, gap, nodes, threads, progress);
  incumbent.value *= measured.unit;
  result.at_most *= measured.unit;
  for (Proved& p : result.course) p.at_most *= measured.unit;
  if (result.next) result.next->at_most *= measured.unit;
  return result;
}

}  // namespace theoremeter
