// One question, constant <= epsilon, against brackets from certificates: proved above them, refuted below.
#include "estimators/certify.hpp"
#include "estimators/decide.hpp"
#include "estimators/ensembles.hpp"
#include "estimators/instances.hpp"
#include "estimators/rrcp_certify.hpp"
#include "estimators/search.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

namespace theoremeter::test_decide {
namespace {

/// A low value that is attained: what a proof has to start from.
template <class D>
Witness first_of(const D& d) {
  Point p;
  for (int s = 0; s < d.spheres(); ++s) p.push_back(Eigen::VectorXd::Unit(d.hyperplanes(s).cols(), 0));
  return evaluate(d, p);
}

template <class D>
void check_decisions(const std::string& what, const D& d) {
  CAPTURE(what);
  constexpr std::int64_t nodes = 20'000'000;
  Witness best = search(d, 64, Stream(1), 1, {}).witness;
  const Certified bracket = certify(d, best, 0.05, nodes, 1, {});
  REQUIRE(bracket.closed);
  const double above = bracket.at_most * 1.01, below = best.value * 0.95;

  Witness low = first_of(d);
  CHECK(decide(d, low, above, nodes, 1, {}).at_most <= above);  // proved
  CHECK(low.value <= best.value);
  CHECK(decide(d, low, above, 0, 1, {}).at_most > above);  // nothing was done

  Witness one = first_of(d), two = one;
  const Certified refuted = decide(d, one, below, nodes, 1, {});
  CHECK(one.value > below);
  CHECK(evaluate(d, one.point).value == one.value);
  CHECK(refuted.at_most > below);
  const Certified again = decide(d, two, below, nodes, 3, {});
  CHECK((again.nodes == refuted.nodes && two.value == one.value && two.point == one.point));
}

}  // namespace

TEST_CASE("decide: proved above the bracket, refuted below it by a point, open without nodes") {
  check_decisions("wdc k = 2", Wdc(draw(Ensemble::gaussian, 40, 2, Stream(1))));
  check_decisions("wdc k = 3", Wdc(draw(Ensemble::gaussian, 60, 3, Stream(2))));
  check_decisions("wdc k = 3, of another scale", Wdc(1e-30 * draw(Ensemble::gaussian, 60, 3, Stream(2)), 1e-60));
  check_decisions("phaseless n = 3", Phaseless(draw(Ensemble::gaussian, 60, 3, Stream(3))));
  check_decisions("joint-wdc",
                  JointWdc(draw(Ensemble::gaussian, 60, 2, Stream(4)), draw(Ensemble::gaussian, 60, 2, Stream(5)), 1));
}

TEST_CASE("decide on a line: all is enumerated") {
  const Wdc d(draw(Ensemble::gaussian, 30, 1, Stream(6)));
  Witness best = first_of(d);
  const double constant = certify(d, best, 1e-6, 1000, 1, {}).at_most;
  Witness w = first_of(d);
  CHECK(decide(d, w, constant * 1.0001, 1000, 1, {}).at_most <= constant * 1.0001);
  decide(d, w, constant * 0.999, 1000, 1, {});
  CHECK(w.value > constant * 0.999);
}

TEST_CASE("decide for the RRCP") {
  const Network network({draw(Ensemble::gaussian, 6, 2, Stream(7))});
  const Rrcp d(network, draw(Ensemble::gaussian, 20, 6, Stream(8)));
  Witness best;
  const auto bracket = certify(d, best, 0.2, 1'000'000, 1, {});
  REQUIRE(bracket);
  Witness low;
  CHECK(decide(d, low, bracket->at_most * 1.01, 1'000'000, 1, {})->at_most <= bracket->at_most * 1.01);
  CHECK(low.point.empty());
  const auto below = decide(d, low, best.value * 0.9, 1'000'000, 1, {});
  CHECK(below->at_most > best.value * 0.9);  // not proved, whether or not the budget met a point that refutes it
  CHECK((low.point.empty() || low.value > best.value * 0.9));
}

}  // namespace theoremeter::test_decide
