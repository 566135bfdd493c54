#include "estimators/decide.hpp"

#include "estimators/certify.hpp"
#include "estimators/instances.hpp"

#include <algorithm>
#include <utility>

namespace theoremeter {
namespace {

/// `prove(side, tau, nodes, refuter)` at tau, side after side: at_most is what they reach when both hold, otherwise
/// `trivial`; a refuter replaces the incumbent.
template <class Prove>
Certified decide_by(const Prove& prove, double trivial, bool one_side, double tau, std::int64_t nodes,
                    Witness& incumbent) {
  Certified result{trivial, 0, false};
  double reached = tau;
  for (const Side side : {Side::plus, Side::minus}) {
    if (trivial <= tau || result.nodes >= nodes) return result;
    if (one_side && side == Side::minus) break;
    std::int64_t spent = nodes - result.nodes;
    Witness refuter;
    double raised = tau;
    const Proof proof = prove(side, raised, spent, refuter);
    result.nodes += spent;
    if (proof == Proof::refuted) incumbent = std::move(refuter);
    if (proof != Proof::below) return result;
    reached = std::max(reached, raised);
  }
  result.at_most = std::min(trivial, reached);
  return result;
}

template <SignDeviation D>
Certified decide_in_units(const D& d, Witness& incumbent, double tau, std::int64_t nodes, int threads,
                          const Progress& progress) {
  if (d.rows().cols() == 1) return certify_line(d, incumbent, 1e-6);  // all of it is enumerated
  const auto prover = cone_prover(cone_problem(d));
  const auto prove = [&](Side side, double& at, std::int64_t& budget, Witness& refuter) {
    return prover->prove(side, at, budget, threads, refuter, progress);
  };
  return decide_by(prove, trivial_bound(d), d.odd(), tau, nodes, incumbent);
}

template <ProductDeviation D>
requires(!SignDeviation<D>) Certified
    decide_in_units(const D& d, Witness& incumbent, double tau, std::int64_t nodes, int threads, const Progress&) {
  const ProductProver<D> prover(d);
  const auto prove = [&](Side side, double& at, std::int64_t& budget, Witness& refuter) {
    return prover.prove(side, at, tau, budget, threads, refuter);
  };
  return decide_by(prove, prover.trivial_bound(), false, tau, nodes, incumbent);
}

template <class D>
Certified decide_at_any_scale(const D& d, Witness& incumbent, double epsilon, std::int64_t nodes, int threads,
                              const Progress& progress) {
  const InUnits<D> measured = in_units(d);
  incumbent.value /= measured.unit;
  Certified result = decide_in_units(measured.deviation, incumbent, epsilon / measured.unit, nodes, threads, progress);
  incumbent.value *= measured.unit;
  result.at_most *= measured.unit;
  return result;
}

}  // namespace

Certified decide(const Wdc& d, Witness& incumbent, double epsilon, std::int64_t nodes, int threads,
                 const Progress& progress) {
  return decide_at_any_scale(d, incumbent, epsilon, nodes, threads, progress);
}

Certified decide(const Phaseless& d, Witness& incumbent, double epsilon, std::int64_t nodes, int threads,
                 const Progress& progress) {
  return decide_at_any_scale(d, incumbent, epsilon, nodes, threads, progress);
}

Certified decide(const JointWdc& d, Witness& incumbent, double epsilon, std::int64_t nodes, int threads,
                 const Progress& progress) {
  return decide_at_any_scale(d, incumbent, epsilon, nodes, threads, progress);
}

}  // namespace theoremeter
