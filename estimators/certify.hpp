// Upper bounds: a proof that no pair of points exceeds tau, for tau as small as the budget reaches.
#pragma once

#include "estimators/certify_circles.hpp"
#include "estimators/cone_proof.hpp"
#include "estimators/enumerate.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace theoremeter {

/// Any S and E have  -bound <= S - E <= bound  with this bound: |c_i| <= 1 and the eigenvalues of Q lie in [0, 1/2].
template <SignDeviation D>
double trivial_bound(const D& d) {
  const Eigen::MatrixXd gram = d.rows().transpose() * d.rows();
  const double top =
      Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(gram, Eigen::EigenvaluesOnly).eigenvalues().maxCoeff();
  const double lowest = d.factor(0, 1) * d.factor(1, -1);  // of the coefficients: 0 or -1
  return std::max(top - d.q_shift(), d.q_shift() + d.q_scale() / 2 - lowest * top) +
         rounding_margin * (top * double(d.rows().cols()) + 1);
}

/// Proves an upper bound on sup f, starting from `incumbent` (at least incumbent.value), which is replaced when the
/// proof meets a better point. Stops when at_most <= (1 + gap) incumbent.value or when `nodes` pairs of cones have been
/// bounded; then at_most is the best bound proved. gap >= 1e-6; dimension 2 to 6.
template <SignDeviation D>
Certified branch_and_bound(const D& d, Witness& incumbent, double gap, std::int64_t nodes, int threads,
                           const Progress& progress) {
  const auto prover = cone_prover(cone_problem(d));
  const auto k = static_cast<double>(d.rows().cols());
  Certified result{trivial_bound(d), 0, false};
  constexpr double step_cost = 6;  // a step takes at least so much more than the one before
  double power = 2 * k - 2;        // nodes ~ (0.7 + gap)^-power, so far
  double shrinkage = 1;            // of 0.7 + gap, by the last step
  std::int64_t before = 0;         // nodes of the step before
  double at = std::max(gap, 1.0);  // the relative gap now attempted: from coarse to fine, until the budget runs out
  while (result.nodes < nodes && incumbent.value > 0) {
    const double tau = (1 + at) * incumbent.value;
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
    if (proof == Proof::exhausted) break;
    if (proof == Proof::refuted) {
      incumbent = refuter;
      continue;
    }
    result.at_most = std::min(result.at_most, tau);
    if (at <= gap) break;
    // Cones shrink with what is left between tau and a typical value, about 0.3 of the supremum: at first the law is
    // (0.7 + gap)^(2-2k), then what the last two steps took. None of it depends on the budget, so that more of it never
    // proves less.
    if (before > 0) power = std::clamp(std::log(double(before) / double(spent)) / std::log(shrinkage), 1.0, 2 * k - 2);
    before = spent;
    const double left = std::log((0.7 + at) / (0.7 + gap));  // in steps of equal cost
    const double steps = std::max(1.0, std::floor(power * left / std::log(step_cost)));
    shrinkage = std::exp(-left / steps);
    at = steps == 1 ? gap : (0.7 + at) * shrinkage - 0.7;
  }
  result.closed = result.at_most <= (1 + gap) * incumbent.value * (1 + 1e-12);
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
  const auto at = [](double angle) {
    Eigen::VectorXd x(2);
    x << std::cos(angle), std::sin(angle);
    return x;
  };
  if (Witness seen = evaluate(d, Point{at(all.a), at(all.b)}); seen.value > incumbent.value)
    incumbent = std::move(seen);
  Certified result = branch_and_bound(d, incumbent, gap, nodes - all.nodes, threads, progress);
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
  return {all.at_most, all.nodes, all.at_most <= (1 + gap) * incumbent.value};
}

/// Dimension 1 to certify_dimensions.
template <SignDeviation D>
Certified certify(const D& d, Witness& incumbent, double gap, std::int64_t nodes, int threads,
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

/// Deviations of more factors, on circles alone.
template <CircleDeviation D>
requires(!SignDeviation<D>) Certified
    certify(const D& d, Witness& incumbent, double gap, std::int64_t nodes, int threads, const Progress& progress) {
  return certify_circles(d, incumbent, gap, nodes, threads, progress);
}

}  // namespace theoremeter
