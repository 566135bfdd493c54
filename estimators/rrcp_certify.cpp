// The circle of x is cut into arcs on which G is linear and no sign of A G(x) changes (plane_pieces.hpp,
// sign_arcs.hpp); that of y likewise. Pairs of sets of adjacent arcs are bounded (rrcp_prover.hpp), and split where
// their bound is largest.
#include "estimators/rrcp_certify.hpp"

#include "estimators/difference_cover.hpp"
#include "estimators/plane_pieces.hpp"
#include "estimators/rrcp_prover.hpp"
#include "estimators/sign_arcs.hpp"
#include "estimators/units.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>
#include <queue>
#include <utility>
#include <vector>

namespace theoremeter {
namespace {

// A'A = I, exactly.
bool isometric(const Rows& A) {
  const Unit unit(A);
  if (unit.odd != 1 || unit.exponent > 0) return false;
  const Integer one = Integer(1) << (-2 * unit.exponent);
  for (Eigen::Index i = 0; i < A.cols(); ++i)
    for (Eigen::Index j = 0; j <= i; ++j) {
      Integer sum = 0;
      for (Eigen::Index l = 0; l < A.rows(); ++l)
        if (A(l, i) != 0 && A(l, j) != 0) sum += unit.quotient(A(l, i)) * unit.quotient(A(l, j));
      if (sum != (i == j ? one : Integer(0))) return false;
    }
  return true;
}

// At a pair of differences: of the ranges of pieces where both are within one.
Witness witness(const Rrcp& rrcp, const DifferenceCover& cover, const PlanePieces& pieces, const RrcpProver::Node& node,
                const SignArcTree& arcs) {
  const RrcpProver::Difference *a = &node.best.a, *c = &node.best.c;
  const bool tangent = a->family && c->family && a->family->piece >= 0 && c->family->piece >= 0;
  const Rrcp form = rrcp.in(tangent ? Rrcp::Form::tangent : Rrcp::Form::differences);
  std::vector<Eigen::VectorXd> arguments;
  if (form.spheres() == 4) arguments = {on_circle(arcs[node.x].at), on_circle(arcs[node.y].at)};
  for (const RrcpProver::Difference* d : {a, c}) {
    if (tangent)
      arguments.emplace_back(on_circle(pieces.all()[static_cast<std::size_t>(d->family->piece)].middle()));
    else
      arguments.emplace_back(
          (d->family ? DifferenceCover::attained(*d->family, d->vertex) : cover.attained(*d->subspace, d->u))
              .stableNormalized());
  }
  std::vector<Rrcp::State> states;
  for (std::size_t s = 0; s < arguments.size(); ++s) states.push_back(form.prepare(static_cast<int>(s), arguments[s]));
  States<Rrcp> all;
  for (const Rrcp::State& state : states) all.push_back(&state);
  return form.witness(all);
}

/// Best first: the largest bound is split next, in batches; until a point above `enough` is met. The cover and arcs are
/// fine enough for a relative gap of `precision`.
std::optional<Certified> bounded(const Rrcp& rrcp, Witness& incumbent, double gap, double precision, double enough,
                                 std::int64_t nodes, int threads, const Progress& progress) {
  constexpr std::size_t batch = 64;
  assert(gap > 0 && nodes >= 1 && threads >= 1);
  if (rrcp.network().input != 2) return std::nullopt;
  const Rows& A = rrcp.measurements();
  if (rrcp.property() == Rrcp::Property::isometry && isometric(A)) return Certified{0, 1, true};
  const PlanePieces pieces(rrcp.exact());
  if (!pieces.known() || pieces.vanish()) return std::nullopt;
  std::vector<Sector> sectors;
  for (const PlanePiece& p : pieces.all())
    sectors.push_back({p.from, p.to, p.Lambda, p.U, p.error, p.range_error, pieces.ray_error(), p.line});
  const double fine = std::clamp(precision / 4, 0.002, 0.1);
  const DifferenceCover cover(sectors, std::max(0.1, fine), fine, threads);
  const SignArcTree arcs(pieces.all(), rrcp,
                         std::clamp(precision * std::max(incumbent.value, 0.1) * std::numbers::pi / 32, 1e-3, 0.1));
  const RrcpProver prover(arcs, cover, rrcp);
  const auto meet = [&](const RrcpProver::Node& node) {
    Witness w = witness(rrcp, cover, pieces, node, arcs);
    if (w.value > incumbent.value) incumbent = std::move(w);
  };

  Certified result;
  std::priority_queue<RrcpProver::Node> open;
  double settled = 0;  // the largest bound of those that are not split any more
  std::vector<RrcpProver::Node> next{prover.root()};
  while (true) {
    const double before = (1 + gap) * incumbent.value;
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (std::size_t i = 0; i < next.size(); ++i) prover.bound(next[i], before, gap);
    result.nodes += static_cast<std::int64_t>(next.size());
    if (progress) progress(std::min(1.0, static_cast<double>(result.nodes) / static_cast<double>(nodes)));
    for (const RrcpProver::Node& node : next)
      if (node.best.value > incumbent.value * (1 + 1e-12)) meet(node);
    const double goal = (1 + gap) * incumbent.value;
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (std::size_t i = 0; i < next.size(); ++i)  // again, where what was aimed at is not attained by doubles
      if (next[i].bound > goal && next[i].best.value > (1 + 1e-6) * incumbent.value) prover.bound(next[i], goal, -1);
    for (RrcpProver::Node& node : next) {
      node.best = {};
      if (node.bound > goal)
        open.push(std::move(node));
      else
        settled = std::max(settled, node.bound);
    }
    next.clear();
    result.at_most = std::max(settled, open.empty() ? 0.0 : open.top().bound);
    if (result.course.empty() || 5 * result.nodes >= 7 * result.course.back().nodes)
      result.course.push_back({result.at_most, result.nodes});
    const double least = std::max(goal, settled);
    if (result.nodes >= nodes || incumbent.value > enough) break;
    if (settled > enough) {
      result.ended = true;
      break;
    }
    for (std::size_t i = 0; i < batch && !open.empty() && open.top().bound > least; ++i, open.pop()) {
      const std::vector<RrcpProver::Node> children = prover.children(open.top());
      if (children.empty()) settled = std::max(settled, open.top().bound);
      next.insert(next.end(), children.begin(), children.end());
    }
    result.ended = next.empty();
    if (result.ended) break;
  }
  result.at_most = std::max(settled, open.empty() ? 0.0 : open.top().bound);
  result.course.push_back({result.at_most, result.nodes});
  result.closed = result.at_most <= (1 + gap) * incumbent.value;
  return result;
}

/// Where nothing is left to split, and the bracket open, again with a finer cover and finer arcs, as long as that
/// brings bounds down by a tenth of the gap.
std::optional<Certified> refined(const Rrcp& rrcp, Witness& incumbent, double gap, double precision, double enough,
                                 std::int64_t nodes, int threads, const Progress& progress) {
  constexpr double finest = 0.008;
  std::optional<Certified> result = bounded(rrcp, incumbent, gap, precision, enough, nodes, threads, progress);
  while (result && result->ended && !result->closed && precision > finest && result->nodes < nodes &&
         incumbent.value <= enough) {
    precision = std::max(finest, precision / 4);
    const Certified before = *result;
    result = bounded(rrcp, incumbent, gap, precision, enough, nodes - before.nodes, threads, progress);
    result->nodes += before.nodes;
    for (Proved& p : result->course) p.nodes += before.nodes;
    const double fell = before.at_most - result->at_most;
    result->at_most = std::min(result->at_most, before.at_most);
    result->closed = result->at_most <= (1 + gap) * incumbent.value;
    if (fell < 0.1 * (before.at_most - incumbent.value)) break;
  }
  return result;
}

}  // namespace

std::optional<Certified> certify(const Rrcp& rrcp, Witness& incumbent, double gap, std::int64_t nodes, int threads,
                                 const Progress& progress) {
  return refined(rrcp, incumbent, gap, gap, std::numeric_limits<double>::infinity(), nodes, threads, progress);
}

// As if a value of epsilon had been met: what is not above it need not be split.
std::optional<Certified> decide(const Rrcp& rrcp, Witness& incumbent, double epsilon, std::int64_t nodes, int threads,
                                const Progress& progress) {
  constexpr double gap = 1e-12;
  const double room = incumbent.value > 0 ? epsilon / incumbent.value - 1 : 0;
  Witness met;
  met.value = epsilon * (1 - 2 * gap);
  std::optional<Certified> result =
      refined(rrcp, met, gap, std::max(room, 0.04), epsilon, std::max<std::int64_t>(nodes, 1), threads, progress);
  if (met.value > epsilon) incumbent = std::move(met);
  if (result) result->closed = false;  // what was met first is attained by nothing
  return result;
}

}  // namespace theoremeter
