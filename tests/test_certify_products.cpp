// Certificates on products of circles and spheres against dense grids, searches, the two other methods, other numbers
// of threads; and twins that must be caught.
#include "estimators/arcs.hpp"
#include "estimators/certify_products.hpp"
#include "estimators/instances.hpp"
#include "estimators/triangles.hpp"
#include "tests/instances.hpp"
#include "tests/joint_grid.hpp"
#include "theory/angle.hpp"
#include "theory/conditions.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace test_certify_products {

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

// What a region says of every factor at a point x of it.
void check_factors(const Region& region, const Rows& H, double (*phi)(double), bool grows, const Vec& x) {
  const Vec z = H * x;
  if (!grows) {
    for (Eigen::Index r = 0; r < H.rows(); ++r) {
      if (std::abs(z(r)) < 1e-12 * H.row(r).norm()) continue;  // on a hyperplane, or all but
      REQUIRE(region.low(r) <= phi(z(r)));
      REQUIRE(region.high(r) >= phi(z(r)));
    }
    return;
  }
  Eigen::MatrixXd corners(x.size(), Eigen::Index(region.corners.size()));
  for (Eigen::Index c = 0; c < corners.cols(); ++c) corners.col(c) = region.corners[std::size_t(c)].at;
  Vec share = corners.fullPivLu().solve(x);
  const double length = 1 / share.sum();  // of the mean of corners that x is the direction of
  share *= length;
  REQUIRE(share.minCoeff() >= -1e-7);
  REQUIRE(length >= std::cos(region.radius) - 1e-12);
  Eigen::ArrayXd below = Eigen::ArrayXd::Zero(H.rows()), above = below;
  for (Eigen::Index c = 0; c < corners.cols(); ++c) {
    below += share(c) * region.corners[std::size_t(c)].below;
    above += share(c) * region.corners[std::size_t(c)].above;
  }
  for (Eigen::Index r = 0; r < H.rows(); ++r) {
    REQUIRE(below(r) - 1e-12 <= length * phi(z(r)));
    REQUIRE(above(r) + 1e-12 >= length * phi(z(r)));
  }
}

TEST_CASE("arcs: every factor at a point of an arc lies in the arc's range, and children cover their parent") {
  for (std::uint64_t i = 0; i < 90; ++i) {
    Stream stream = Stream(61).at({i});
    const Eigen::Index k = i % 5 == 4 ? 1 : 2;
    const Rows H = instance(kinds[i % kinds.size()], 2, 9, stream).leftCols(k);
    const auto phi = i % 3 == 0 ? step : i % 3 == 1 ? sign : relu;
    const bool grow = i % 3 == 2;
    const ArcTree tree(H, phi, grow, {Eigen::ArrayXd::Ones(H.rows()), 1});
    for (int walk = 0; walk < 40; ++walk) {
      const auto* arc = &tree.root();
      for (std::size_t depth = below(16, stream); depth > 0 && arc->score > 0; --depth) {
        const auto children = tree.children(*arc);
        const auto &one = static_cast<const Arc&>(*children[0]), &two = static_cast<const Arc&>(*children[1]);
        CHECK(one.from <= arc->from + 1e-13);
        CHECK(two.to >= arc->to - 1e-13);
        if (k == 2) CHECK(two.from <= one.to + 1e-13);  // no gap
        for (const Arc* child : {&one, &two}) {
          CHECK(child->radius <= arc->radius + 1e-13);
          if (grow) continue;
          CHECK((child->low >= arc->low).all());
          CHECK((child->high <= arc->high).all());
        }
        arc = below(2, stream) ? &two : &one;
      }
      const double t = arc->from + stream.uniform() * (arc->to - arc->from);
      if (!grow || !arc->corners.empty()) check_factors(*arc, H, phi, grow, k == 1 ? arc->centre : on_circle(t));
    }
  }
}

TEST_CASE("triangles: every factor at a point lies in its triangle's range, and children cover their parent") {
  for (std::uint64_t i = 0; i < 60; ++i) {
    Stream stream = Stream(68).at({i});
    const Rows H = instance(kinds[i % kinds.size()], 3, 9, stream);
    const auto phi = i % 3 == 0 ? step : i % 3 == 1 ? sign : relu;
    const bool grow = i % 3 == 2;
    const TriangleTree tree(H, phi, grow, {Eigen::ArrayXd::Ones(H.rows()), 1});
    for (int walk = 0; walk < 40; ++walk) {
      const Vec x = random_unit(3, stream);
      const auto inside = [&](const Triangle& part) {  // by the sign of every coordinate, or by the corners
        if (part.last - part.first > 1) {
          for (std::size_t o = part.first; o < part.last; ++o) {
            bool here = true;
            for (int j = 0; j < 3; ++j) here = here && (x(j) < 0) == (o >> j & 1);
            if (here) return true;
          }
          return false;
        }
        Eigen::Matrix3d corners;
        corners << part.corner[0], part.corner[1], part.corner[2];
        return corners.fullPivLu().solve(x).minCoeff() >= -1e-9;
      };
      const auto* part = &tree.root();
      for (int depth = 0; depth < 25; ++depth) {
        const auto children = tree.children(*part);
        const auto &one = static_cast<const Triangle&>(*children[0]), &two = static_cast<const Triangle&>(*children[1]);
        REQUIRE((inside(one) || inside(two)));
        part = inside(one) ? &one : &two;
        REQUIRE(angle(part->centre, x) <= part->radius);
        if (!grow || !part->corners.empty()) check_factors(*part, H, phi, grow, x);
      }
      CHECK(part->radius < 0.01);
    }
  }
}

TEST_CASE("arcs: a ray is an arc of its own where no neighbour has its factors") {
  Rows H(2, 2);
  H << 1, 2, -2, -4;  // opposite: on the ray both are 0, beside it one is not
  const auto least = [&](auto phi, const Rows& rows) {
    const ArcTree tree(rows, phi, false, {Eigen::ArrayXd::Ones(rows.rows()), 1});
    double least = 1e9;  // of sum |phi_i| over the arcs that are cut no further between rays
    std::vector<const Arc*> open{&tree.root()};
    while (!open.empty()) {
      const Arc& arc = *open.back();
      open.pop_back();
      if (arc.last - arc.first == 1) least = std::min(least, arc.high.abs().sum());
      if (arc.last - arc.first > 1)
        for (const Region* child : tree.children(arc)) open.push_back(static_cast<const Arc*>(child));
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
    const Certified c = certify_products(d, incumbent, 0.05, 150'000, 1, {});
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
    const Certified circles = certify_products(d, here, gap, 40'000, 1, {});
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
    motionless += certify_products(d, incumbent, 0.05, 50'000, 1, {}).at_most < searched * (1 - 1e-6);
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
      const Certified reference = certify_products(d, one, 0.1, nodes, 1, {});
      CHECK(reference.nodes <= nodes);
      CHECK(reference.at_most >= best.value);
      if (nodes == 300'000) CHECK(reference.closed);
      if (nodes <= 100) CHECK_FALSE(reference.closed);
      for (const int threads : {2, 3}) {
        Witness other = from;
        const Certified c = certify_products(d, other, 0.1, nodes, threads, {});
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
    const double at_most = certify_products(d, incumbent, 0.03, nodes, 1, {}).at_most;
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
    const Certified c = certify_products(d, incumbent, 0.05, 500'000, 1, {});
    CHECK(c.closed);
  }
}

TEST_CASE("spheres: joint WDC brackets in dimensions up to 3 hold what the search and random points find") {
  int closed = 0, instances = 0;
  for (std::uint64_t i = 0; i < 36; ++i) {
    Stream stream = Stream(69).at({i});
    const Eigen::Index n = i % 5 == 4 ? 2 : 3, p = 1 + Eigen::Index(i % 3);
    const Rows B = instance(kinds[i % kinds.size()], 3, 7, stream).leftCols(n), C = gaussian(B.rows(), p, stream);
    const double alpha = i % 4 == 3 ? 6 : 1;
    CAPTURE(i);
    for (const JointWdc& d : {JointWdc(B, C, alpha), JointWdc(C, B, alpha)}) {
      Witness incumbent = search(d, 64, stream.at({0}), 1).witness;
      const double searched = incumbent.value;
      const Certified c = certify_products(d, incumbent, 0.1, 60'000, 1, {});
      CHECK(searched <= c.at_most);
      CHECK(incumbent.value <= c.at_most);
      for (int trial = 0; trial < 200; ++trial) REQUIRE(evaluate(d, random_point(d, stream)).value <= c.at_most);
      closed += c.closed;
      ++instances;
    }
  }
  CHECK(closed > instances / 2);
}

TEST_CASE("spheres: agree with the cones at k = 3, for steps and signs, ties and parallel rows") {
  for (std::uint64_t i = 0; i < 36; ++i) {
    Stream stream = Stream(70).at({i});
    const Rows W = instance(kinds[i % kinds.size()], 3, 8, stream);
    CAPTURE(i);
    const auto agree = [&](const auto& d, Stream own) {
      Witness here = search(d, 64, own, 1).witness, there = here;
      const Certified products = certify_products(d, here, 0.1, 40'000, 1, {});
      const Certified cones = branch_and_bound(d, there, 0.02, 400'000, 1, {});
      CHECK(there.value <= products.at_most + 1e-12);
      CHECK(here.value <= cones.at_most + 1e-12);
    };
    agree(Wdc(W, i % 4 ? 1 : 0.4), stream.at({0}));
    agree(Phaseless(W), stream.at({1}));
  }
}

TEST_CASE("spheres: the twin, a proof about an E said to bend the other way, is contradicted") {
  // What it proves is false: E is said to lie far above its mean over the corners.
  struct Flat : JointWdc {
    using JointWdc::JointWdc;
    double curvature(int) const { return -20; }
  };
  int flat = 0;
  for (std::uint64_t i = 0; i < 20; ++i) {
    Stream stream = Stream(71).at({i});
    const Flat d(gaussian(9, 2, stream), gaussian(9, 3, stream), 1);
    Witness incumbent = evaluate(d, random_point(d, stream));
    const double searched = search(d, 64, stream.at({0}), 1).witness.value;
    flat += certify_products(d, incumbent, 0.05, 50'000, 1, {}).at_most < searched * (1 - 1e-6);
  }
  CHECK(flat > 5);
}

TEST_CASE("spheres: both inequalities of the joint WDC at l = 60, n = 3, p = 2, to 10 % in fewer than 200,000 nodes") {
  Stream stream(72);
  const Rows B = gaussian(60, 3, stream), C = gaussian(60, 2, stream);
  for (const auto& d : {JointWdc(B, C), JointWdc(C, B)}) {
    Witness incumbent = search(d, 256, stream, 1).witness;
    CHECK(certify_products(d, incumbent, 0.1, 200'000, 1, {}).closed);
  }
}

}  // namespace test_certify_products
