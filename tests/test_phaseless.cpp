// Phaseless concentration: its mathematics, and all three kinds of evidence about it.
#include "estimators/evaluate.hpp"
#include "estimators/instances.hpp"
#include "tests/instances.hpp"
#include "tests/statistics.hpp"
#include "theory/angle.hpp"
#include "theory/conditions.hpp"

#include <doctest/doctest.h>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

namespace test_phaseless {

using namespace theoremeter;
using namespace theoremeter::testing;

namespace {

using std::numbers::pi;
using Vec = Eigen::VectorXd;

Vec on_circle(double t) { return Eigen::Vector2d(std::cos(t), std::sin(t)); }

// The largest value over a grid of angles in n = 2 that straddles every hyperplane and has points on them.
double grid_maximum(const Rows& A, int points) {
  std::vector<double> angles;
  for (int j = 0; j < points; ++j) angles.push_back(2 * pi * j / points);
  for (Eigen::Index i = 0; i < A.rows(); ++i)
    for (double turn : {0.5, 1.5})
      for (double step : {-1e-9, 0.0, 1e-9}) angles.push_back(std::atan2(A(i, 1), A(i, 0)) + turn * pi + step);
  double largest = 0;
  for (std::size_t a = 0; a < angles.size(); ++a)
    for (std::size_t b = 0; b <= a; ++b)
      largest =
          std::max(largest, static_cast<double>(phaseless_deviation(A, on_circle(angles[a]), on_circle(angles[b]))));
  return largest;
}

// A Wdc that claims its sides exchange with the sign of an argument: half of its certificate is missing.
struct FalselyOdd : Wdc {
  using Wdc::Wdc;
  bool odd() const { return true; }
};

}  // namespace

TEST_CASE("phaseless: E[S] = Phi, by Monte Carlo") {
  Stream stream(41);
  const Eigen::Index m = 10, n = 3;
  for (const double theta : {0.4, 1.6, 2.9}) {
    const Vec z = random_unit(n, stream);
    Vec t = random_unit(n, stream);
    t = (t - t.dot(z) * z).normalized();
    const Point p{z, std::cos(theta) * z + std::sin(theta) * t};
    const Vec bisector = (p[0] + p[1]).normalized();
    const Phaseless any(Rows::Zero(1, n));
    Moments along;
    for (int i = 0; i < 20000; ++i) {
      const Phaseless d(gaussian(m, n, stream));
      along.add(bisector.dot((deviation_matrix(d, p) + d.expectation(p).dense()) * bisector));
    }
    require_mean(along, any.expectation(p).form(bisector));
    require_mean_rejected(along, any.expectation(p).form(bisector) + 1);  // the twin: 4 Q, the -I forgotten
  }
}

TEST_CASE("phaseless: the naive evaluation in closed form, with ties, at any length") {
  const auto v = [](std::initializer_list<double> c) {
    return Vec(Eigen::Map<const Vec>(c.begin(), static_cast<Eigen::Index>(c.size())));
  };
  Rows one(1, 1), pair(2, 2);
  one << 2;
  pair << 1, 0, 0, 1;
  CHECK(phaseless_deviation(one, v({3}), v({0.1})) == 3);  // 4 - 1
  CHECK(phaseless_deviation(one, v({3}), v({-2})) == 3);   // -4 + 1
  CHECK(phaseless_deviation(pair, v({1, 1}), v({5, 1})) < 1.0L);
  CHECK(phaseless_deviation(pair, v({1, 2}), v({1, 2})) == 0);                    // I - I
  CHECK(phaseless_deviation(pair, v({0, 2}), v({0, 1})) == 1);                    // sgn 0 = 0: diag(0, 1) - I
  CHECK(phaseless_deviation(Rows::Zero(2, 3), v({1, 0, 0}), v({1, 0, 0})) == 1);  // Phi = I
  // z, w orthogonal: Phi = (2/pi) M, and diag(0, 0): eigenvalues -+ 2/pi.
  CHECK(static_cast<double>(phaseless_deviation(pair, v({1, 0}), v({0, 1}))) == doctest::Approx(2 / pi).epsilon(1e-15));
  Stream stream(42);
  for (int i = 0; i < 200; ++i) {
    const Eigen::Index n = 1 + i % 4;
    const Rows A = instance(kinds[std::size_t(i) % kinds.size()], std::max<Eigen::Index>(n, 2), 9, stream).leftCols(n);
    Vec z = random_unit(n, stream), w = random_unit(n, stream);
    if (i % 5 == 0) w = z;
    if (i % 5 == 1 && n > 1) z = Vec::Unit(n, 0), w = Vec::Unit(n, 1);  // ties of integer rows
    const double naive = static_cast<double>(phaseless_deviation(A, z, w));
    CHECK(evaluate(Phaseless(A), {z, w}).value == doctest::Approx(naive).epsilon(1e-13));
    CHECK(static_cast<double>(phaseless_deviation(A, 0x1p300 * z, 0x1p-300 * w)) ==
          doctest::Approx(naive).epsilon(1e-15));
  }
}

TEST_CASE("phaseless: off the hyperplanes A_z' A_w = 4 W_z' W_w - 2 W_z' W_z - 2 W_w' W_w + A'A, in the WDC's W = A") {
  Stream stream(43);
  const Point p{random_unit(4, stream), random_unit(4, stream)};
  const Rows A = gaussian(15, 4, stream);
  const Wdc wdc(A);
  const auto S = [](const auto& d, const Vec& x, const Vec& y) {
    return Eigen::MatrixXd(deviation_matrix(d, Point{x, y}) + d.expectation({x, y}).dense());
  };
  const Eigen::MatrixXd steps =
      4 * S(wdc, p[0], p[1]) - 2 * S(wdc, p[0], p[0]) - 2 * S(wdc, p[1], p[1]) + A.transpose() * A;
  CHECK((S(Phaseless(A), p[0], p[1]) - steps).norm() < 1e-13);
  CHECK((S(Phaseless(A), p[0], p[0]) - steps).norm() > 1e-3);  // the twin
}

TEST_CASE("phaseless: odd, symmetric, and what the search climbs has the slopes it says") {
  Stream stream(44);
  for (int i = 0; i < 50; ++i) {
    const Eigen::Index n = 2 + i % 4;
    const Phaseless d(gaussian(12, n, stream));
    const Point p{random_unit(n, stream), random_unit(n, stream)};
    const Eigen::MatrixXd F = deviation_matrix(d, p);
    CHECK((F + deviation_matrix(d, {-p[0], p[1]})).norm() < 1e-13);
    CHECK((F - deviation_matrix(d, {p[1], p[0]})).norm() < 1e-13);
    const Vec u = random_unit(n, stream), v = random_unit(n, stream);
    Point gradient{Vec::Zero(n), Vec::Zero(n)};
    CHECK(d.expectation_form(p, u, gradient) == doctest::Approx(d.expectation(p).form(u)).epsilon(1e-12));
    for (const std::size_t s : {0u, 1u}) {
      const auto along = [&](double t) {
        Point moved = p;
        moved[s] = (p[s] + t * v).normalized();
        return d.expectation(moved).form(u);
      };
      CHECK(gradient[s].dot(v) == doctest::Approx((along(1e-5) - along(-1e-5)) / 2e-5).epsilon(1e-6).scale(1));
    }
    const double z = stream.normal(), t = 0.1 + stream.uniform();
    const auto smooth = [&](double at) { return d.smooth_factor(0, at, t).value; };
    CHECK(d.smooth_factor(0, z, t).slope ==
          doctest::Approx((smooth(z + 1e-6) - smooth(z - 1e-6)) / 2e-6).epsilon(1e-6));
    CHECK(d.smooth_factor(0, z, 1e-6 * std::abs(z)).value == doctest::Approx(d.factor(0, z)).epsilon(1e-10));
  }
}

TEST_CASE("phaseless: sampled <= searched <= certified, and the bracket closes") {
  for (const auto& [n, m] :
       {std::pair{1, 5}, std::pair{2, 60}, std::pair{2, 1}, std::pair{3, 40}, std::pair{3, 2}, std::pair{4, 20}}) {
    CAPTURE(n);
    CAPTURE(m);
    Stream stream = Stream(45).at({std::uint64_t(n), std::uint64_t(m)});
    const Phaseless d(gaussian(m, n, stream));
    const Sampled sampled = sample(d, 3000, {}, stream.at({1}), 1);
    const Searched searched = search(d, 768, stream.at({2}), 1);
    CHECK(sampled.witness.value <= searched.witness.value * (1 + 1e-9));
    CHECK(evaluate(d, searched.witness.point).value == searched.witness.value);
    Witness incumbent = searched.witness;
    const Certified c = certify(d, incumbent, 0.05, 3'000'000, 1, {});
    CHECK(c.closed);
    CHECK(incumbent.value <= c.at_most);
    CHECK(incumbent.value == doctest::Approx(searched.witness.value).epsilon(1e-6));
    CHECK(phaseless_deviation(d.rows(), incumbent.point[0], incumbent.point[1]) <= c.at_most);
  }
}

TEST_CASE("phaseless: on the circle branch and bound, enumeration, search and a dense grid agree") {
  const double gap = 0.02;
  int closed = 0;
  for (std::uint64_t i = 0; i < 180; ++i) {
    Stream stream = Stream(46).at({i});
    const Degenerate kind = kinds[i % kinds.size()];
    const Rows A = instance(kind, 2, 7, stream);
    const Phaseless d(A);
    CAPTURE(i);
    Witness incumbent = search(d, 64, stream.at({0}), 1).witness;
    const double searched = incumbent.value, grid = grid_maximum(A, 24);
    const Certified proof = branch_and_bound(d, incumbent, gap, 40'000, 1, {});
    const Enumerated all = CircleEnumeration(d, gap).run();
    CHECK(std::max({all.at_least, grid, searched}) <= proof.at_most + 1e-12);
    CHECK(std::max({incumbent.value, grid, searched}) <= all.at_most + 1e-12);
    if (kind != Degenerate::slivers && kind != Degenerate::integers) CHECK(searched >= grid - 1e-7);
    closed += proof.closed;
  }
  CHECK(closed >= 150);
}

TEST_CASE(
    "phaseless: one side bounded over half of the pairs bounds both sides everywhere; not so where f is not odd") {
  for (std::uint64_t i = 0; i < 60; ++i) {
    Stream stream = Stream(47).at({i});
    const Phaseless d(instance(kinds[i % kinds.size()], 3, 10, stream));
    Witness incumbent = search(d, 32, stream.at({0}), 1).witness;
    const Certified c = branch_and_bound(d, incumbent, 0.3, 20'000, 1, {});
    for (int trial = 0; trial < 200; ++trial) {
      const Vec z = random_unit(3, stream), w = trial % 4 ? random_unit(3, stream) : trial % 8 ? z : -z;
      REQUIRE(evaluate(d, {z, w}).value <= c.at_most + 1e-12);
    }
  }
  int contradicted = 0;
  for (std::uint64_t i = 0; i < 10; ++i) {
    Stream stream = Stream(48).at({i});
    const FalselyOdd d(0.1 * gaussian(10, 3, stream));  // so small that the minus side is the larger: alpha/2
    const Vec x = Vec::Unit(3, 0);
    Witness incumbent = evaluate(d, {x, Vec::Unit(3, 1)});  // near alpha (1/4 + 1/(2 pi))
    const Certified c = branch_and_bound(d, incumbent, 0.05, 20'000, 1, {});
    contradicted += evaluate(d, {x, x}).value > c.at_most;
  }
  CHECK(contradicted == 10);
}

TEST_CASE("phaseless: bitwise the same for one and two threads") {
  Stream stream(49);
  const Phaseless d(gaussian(25, 3, stream));
  const auto all = [&](int threads) {
    const Sampled sampled = sample(d, 500, {}, Stream(1), threads);
    const Searched searched = search(d, 300, Stream(2), threads);
    Witness incumbent = sampled.witness;
    const Certified c = certify(d, incumbent, 0.2, 200'000, threads, {});
    return std::vector<double>{
        sampled.mean, sampled.witness.value, searched.witness.value, incumbent.value,
        c.at_most,    double(c.nodes),       incumbent.point[0](0),  searched.witness.point[1](2)};
  };
  CHECK(all(1) == all(2));
}

}  // namespace test_phaseless
