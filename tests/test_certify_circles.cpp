// Certificates on products of circles against dense grids, searches, the two other methods, other numbers of threads;
// and twins that must be caught.
#include "estimators/arcs.hpp"
#include "estimators/certify_circles.hpp"
#include "estimators/instances.hpp"
#include "tests/instances.hpp"
#include "tests/joint_grid.hpp"
#include "theory/conditions.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace test_certify_circles {

using namespace theoremeter;
using namespace theoremeter::testing;

namespace {

using std::numbers::pi;
using Vec = Eigen::VectorXd;

double step(double z) { return z > 0 ? 1 : 0; }
double sign(double z) { return (z > 0) - (z < 0); }
double relu(double z) { return std::max(z, 0.0); }

Point random_point(const JointWdc& d, Stream& stream) {
  Point p;
  for (int s = 0; s < 4; ++s) p.push_back(random_unit(d.hyperplanes(s).cols(), stream));
  return p;
}

// A joint instance in dimensions n and p, B of the kind given and C of another, or the other way round.
std::pair<Rows, Rows> joint_instance(std::uint64_t i, Eigen::Index n, Eigen::Index p, std::size_t most,
                                     Stream& stream) {
  Rows first = instance(kinds[i % kinds.size()], 2, most, stream), second = gaussian(first.rows(), 2, stream);
  for (Eigen::Index j = 1; j < second.rows(); j += 3) second.row(j) = (i % 2 ? 1 : -2) * second.row(j - 1);
  if (i / kinds.size() % 2) first.swap(second);
  return {std::sqrt(2.0) * first.leftCols(n), std::sqrt(2.0) * second.leftCols(p)};
}

// What it proves is false: E is said not to move at all.
struct Motionless : JointWdc {
  using JointWdc::JointWdc;
  double lipschitz(int) const { return 0; }
};

}  // namespace

TEST_CASE("arcs: every factor at a point of an arc lies in the arc's range, and children cover their parent") {
  for (std::uint64_t i = 0; i < 90; ++i) {
    Stream stream = Stream(61).at({i});
    const Eigen::Index k = i % 5 == 4 ? 1 : 2;
    const Rows H = instance(kinds[i % kinds.size()], 2, 9, stream).leftCols(k);
    const auto phi = i % 3 == 0 ? step : i % 3 == 1 ? sign : relu;
    const ArcTree tree(H, phi, i % 3 == 2, 1, Eigen::ArrayXd::Ones(H.rows()));
    for (int walk = 0; walk < 40; ++walk) {
      const Arc* arc = &tree.root();
      for (std::size_t depth = below(16, stream); depth > 0 && arc->score > 0; --depth) {
        const auto& children = tree.children(*arc);
        CHECK(children[0].from <= arc->from + 1e-13);
        CHECK(children[1].to >= arc->to - 1e-13);
        if (k == 2) CHECK(children[1].from <= children[0].to + 1e-13);  // no gap
        for (const Arc& child : children) {
          CHECK(child.radius <= arc->radius + 1e-13);
          CHECK((child.low >= arc->low).all());
          CHECK((child.high <= arc->high).all());
        }
        arc = &children[below(2, stream)];
      }
      const double t = arc->from + stream.uniform() * (arc->to - arc->from);
      const Vec x = k == 1 ? arc->centre : on_circle(t);
      const Vec z = H * x;
      for (Eigen::Index r = 0; r < H.rows(); ++r) {
        if (i % 3 != 2 && std::abs(z(r)) < 1e-13 * H.row(r).norm()) continue;  // on a ray, or all but
        REQUIRE(arc->low(r) - 1e-14 <= phi(z(r)));
        REQUIRE(arc->high(r) + 1e-14 >= phi(z(r)));
      }
    }
  }
}

TEST_CASE("arcs: a ray is an arc of its own where no neighbour has its factors") {
  Rows H(2, 2);
  H << 1, 2, -2, -4;  // opposite: on the ray both are 0, beside it one is not
  const auto least = [&](auto phi, const Rows& rows) {
    const ArcTree tree(rows, phi, false, 1, Eigen::ArrayXd::Ones(rows.rows()));
    double least = 1e9;  // of sum |phi_i| over the arcs that are cut no further between rays
    std::vector<const Arc*> open{&tree.root()};
    while (!open.empty()) {
      const Arc& arc = *open.back();
      open.pop_back();
      if (arc.last - arc.first == 1) least = std::min(least, arc.high.abs().sum());
      if (arc.last - arc.first > 1)
        for (const Arc& child : tree.children(arc)) open.push_back(&child);
    }
    return least;
  };
  CHECK(least(step, H) == 0);
  CHECK(least(step, H.topRows(1)) == 0);
  CHECK(least(sign, H) == 0);
  H.row(1) << 2, 3;
  CHECK(least(step, H) == 0);
  CHECK(least(sign, H) == 1);  // on one of two rays
}

TEST_CASE("circles: joint WDC brackets hold what dense grids, the search and random points find") {
  for (std::uint64_t i = 0; i < 180; ++i) {
    Stream stream = Stream(62).at({i});
    const Eigen::Index n = i % 4 == 3 ? 1 : 2, p = i % 5 == 4 ? 1 : 2;
    const auto [B, C] = joint_instance(i, n, p, 5, stream);
    const double alpha = i % 3 == 2 ? 6 : 1;
    const JointWdc d(B, C, alpha);
    CAPTURE(i);
    Witness incumbent = search(d, 32, stream.at({0}), 1).witness;
    const double searched = incumbent.value;
    const Certified c = certify_circles(d, incumbent, 0.05, 150'000, 1, {});
    CHECK(searched <= c.at_most);
    CHECK(incumbent.value >= searched);
    CHECK(incumbent.value <= c.at_most);
    CHECK(c.closed == (c.at_most <= 1.05 * incumbent.value * (1 + 1e-12)));
    if (i % 4 == 0) CHECK(grid_maximum(B, C, alpha, 8) <= c.at_most + 1e-12);
    for (int trial = 0; trial < 100; ++trial) REQUIRE(evaluate(d, random_point(d, stream)).value <= c.at_most);
    const Point& at = incumbent.point;
    CHECK(static_cast<double>(joint_wdc_deviation(B, C, alpha, at[0], at[1], at[2], at[3]).first) ==
          doctest::Approx(incumbent.value).epsilon(1e-11));
    if (kinds[i % kinds.size()] != Degenerate::slivers) CHECK(c.closed);  // no witness reaches a cell 1e-16 wide
  }
}

TEST_CASE("circles: agree with enumeration and with the cones, for steps and signs, ties and parallel rows") {
  const double gap = 0.02;
  const auto agree = [&](const auto& d, bool slivers, Stream stream) {
    Witness here = evaluate(d, {random_unit(2, stream), random_unit(2, stream)}), there = here;
    const Certified circles = certify_circles(d, here, gap, 40'000, 1, {});
    const Enumerated all = CircleEnumeration(d, gap).run();
    const Certified cones = branch_and_bound(d, there, gap, 40'000, 1, {});
    CHECK(all.at_least <= circles.at_most + 1e-12);
    CHECK(there.value <= circles.at_most + 1e-12);
    CHECK(here.value <= std::min(all.at_most, cones.at_most) + 1e-12);
    CHECK(circles.at_most <= (1 + gap) * all.at_most);
    if (slivers)
      CHECK(circles.at_most >= all.at_least);
    else
      CHECK(circles.closed);
  };
  for (std::uint64_t i = 0; i < 126; ++i) {
    Stream stream = Stream(63).at({i});
    const Rows W = instance(kinds[i % kinds.size()], 2, 9, stream);
    CAPTURE(i);
    const bool slivers = kinds[i % kinds.size()] == Degenerate::slivers;
    agree(Wdc(W, i % 4 ? 1 : 0.4), slivers, stream.at({0}));
    agree(Phaseless(W), slivers, stream.at({1}));
  }
}

TEST_CASE("circles: the twin, a proof about an E that is said not to move, is contradicted") {
  int motionless = 0;
  for (std::uint64_t i = 0; i < 40; ++i) {
    Stream stream = Stream(64).at({i});
    const auto [B, C] = joint_instance(0, 2, 2, 12, stream);
    const Motionless d(B, C, 3);
    Witness incumbent = evaluate(d, random_point(d, stream));
    const double searched = search(d, 32, stream.at({0}), 1).witness.value;
    motionless += certify_circles(d, incumbent, 0.05, 50'000, 1, {}).at_most < searched * (1 - 1e-6);
  }
  CHECK(motionless > 5);
}

TEST_CASE("circles: bitwise the same for 1, 2 and 3 threads, out of budget and refuted too") {
  Stream stream(65);
  const JointWdc d(gaussian(30, 2, stream), gaussian(30, 2, stream));
  const Witness best = search(d, 256, stream, 1).witness, poor = evaluate(d, random_point(d, stream));
  REQUIRE(poor.value < 0.9 * best.value);
  for (const Witness& from : {best, poor})
    for (const std::int64_t nodes : {0, 100, 20'000, 300'000}) {
      Witness one = from;
      const Certified reference = certify_circles(d, one, 0.1, nodes, 1, {});
      CHECK(reference.nodes <= nodes);
      CHECK(reference.at_most >= best.value);
      if (nodes == 300'000) CHECK(reference.closed);
      if (nodes <= 100) CHECK_FALSE(reference.closed);
      for (const int threads : {2, 3}) {
        Witness other = from;
        const Certified c = certify_circles(d, other, 0.1, nodes, threads, {});
        CHECK((c.at_most == reference.at_most && c.nodes == reference.nodes && c.closed == reference.closed));
        CHECK(other.value == one.value);
        for (std::size_t s = 0; s < 4; ++s) CHECK(other.point[s] == one.point[s]);
      }
    }
}

TEST_CASE("circles: a larger budget never leaves a larger bound") {
  Stream stream(66);
  const JointWdc d(gaussian(25, 2, stream), gaussian(25, 2, stream));
  const Witness best = search(d, 256, stream, 1).witness;
  double before = 1e9;
  for (std::int64_t nodes = 1; nodes < 400'000; nodes *= 3) {
    Witness incumbent = best;
    const double at_most = certify_circles(d, incumbent, 0.03, nodes, 1, {}).at_most;
    CHECK(at_most <= before);
    before = at_most;
  }
  CHECK(before <= 1.03 * best.value * (1 + 1e-6));
}

TEST_CASE("circles: both inequalities of the joint WDC at l = 200, n = p = 2, to 5 % in fewer than 500,000 nodes") {
  Stream stream(67);
  const Rows B = gaussian(200, 2, stream), C = gaussian(200, 2, stream);
  for (const auto& d : {JointWdc(B, C), JointWdc(C, B)}) {
    Witness incumbent = search(d, 256, stream, 1).witness;
    const Certified c = certify_circles(d, incumbent, 0.05, 500'000, 1, {});
    CHECK(c.closed);
  }
}

}  // namespace test_certify_circles
