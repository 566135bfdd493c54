// Certificates against everything that could contradict them: enumeration on the circle and the line, brute force over
// grids, thousands of evaluated points, symmetries of the problem, other numbers of threads; and twins that must be
// caught.
#include "estimators/enumerate.hpp"
#include "estimators/evaluate.hpp"
#include "estimators/hyperplanes.hpp"
#include "estimators/instances.hpp"
#include "estimators/stream.hpp"
#include "tests/instances.hpp"
#include "tests/linear_algebra.hpp"
#include "theory/conditions.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <type_traits>
#include <vector>

namespace test_certify {

using namespace theoremeter;
using namespace theoremeter::testing;

namespace {

using std::numbers::pi;
using Vec = Eigen::VectorXd;
template <int K>
using Dimension = std::integral_constant<int, K>;

/// A Wdc that tells the certificate less than its E: what it proves is false.
struct Understated : Wdc {
  using Wdc::Wdc;
  double q_scale() const { return 0.6 * alpha(); }
};

/// An incumbent: the best of random points, then of random steps from it.
template <Deviation D>
Witness rough_search(const D& d, int points, Stream stream) {
  const Eigen::Index k = d.rows().cols();
  Witness best = evaluate(d, {random_unit(k, stream), random_unit(k, stream)});
  for (int i = 0; i < points; ++i) {
    Point p{random_unit(k, stream), random_unit(k, stream)};
    if (i % 4 == 1) p[1] = p[0];
    if (i > points / 4) {
      const double step = std::pow(10, -4 * stream.uniform());
      for (std::size_t s : {0u, 1u}) p[s] = best.point[s] + (below(3, stream) ? step : 0) * p[s];
    }
    if (Witness w = evaluate(d, p); w.value > best.value) best = std::move(w);
  }
  return best;
}

/// A point in general position, on a few hyperplanes (to rounding), or a small step off them.
Vec awkward_point(const Rows& W, Stream& stream) {
  Vec x = random_unit(W.cols(), stream);
  for (std::size_t on = below(static_cast<std::size_t>(W.cols()), stream); on > 0; --on) {
    const Vec w = W.row(static_cast<Eigen::Index>(below(static_cast<std::size_t>(W.rows()), stream)));
    if (w.squaredNorm() > 0) x -= x.dot(w) / w.squaredNorm() * w;
  }
  if (below(2, stream)) x += 1e-9 * random_unit(W.cols(), stream);
  return x.norm() > 1e-6 ? x.normalized() : random_unit(W.cols(), stream);
}

/// The largest value met at so many awkward points, some of them with x = y or x = -y.
template <Deviation D>
double largest_met(const D& d, int points, Stream& stream) {
  double largest = 0;
  for (int i = 0; i < points; ++i) {
    const Vec x = awkward_point(d.rows(), stream);
    Vec y = awkward_point(d.rows(), stream);
    if (i % 5 == 1) y = x;
    if (i % 5 == 2) y = -x;
    largest = std::max(largest, evaluate(d, {x, y}).value);
  }
  return largest;
}

/// sup f on the circle over a grid of angles that straddles every hyperplane; from below by at most scale/pi times
/// `spacing`.
template <SignDeviation D>
double grid_maximum(const D& d, double spacing) {
  const Rows& W = d.rows();
  std::vector<double> angles;
  for (int j = 0; j * spacing < 2 * pi; ++j) angles.push_back(j * spacing);
  for (Eigen::Index i = 0; i < W.rows(); ++i)
    for (double turn : {0.5, 1.5})
      for (double step : {-1e-7, 1e-7}) angles.push_back(std::atan2(W(i, 1), W(i, 0)) + turn * pi + step);
  Eigen::MatrixXd factor(W.rows(), static_cast<Eigen::Index>(angles.size()));
  for (Eigen::Index i = 0; i < W.rows(); ++i)
    for (std::size_t j = 0; j < angles.size(); ++j)
      factor(i, Eigen::Index(j)) = d.factor(0, W(i, 0) * std::cos(angles[j]) + W(i, 1) * std::sin(angles[j]));
  const Eigen::ArrayXd w11 = W.col(0).array().square(), w12 = W.col(0).array() * W.col(1).array(),
                       w22 = W.col(1).array().square();
  double largest = 0;
  for (std::size_t a = 0; a < angles.size(); ++a)
    for (std::size_t b = 0; b <= a; ++b) {
      const Eigen::ArrayXd c = factor.col(Eigen::Index(a)).array() * factor.col(Eigen::Index(b)).array();
      const double difference = std::abs(std::remainder(angles[a] - angles[b], 2 * pi));
      const double diagonal = d.q_scale() * (pi - difference) / (2 * pi) + d.q_shift();
      const double turn = d.q_scale() * std::sin(difference) / (2 * pi);  // times [cos sin; sin -cos] of a + b
      const double p = (c * w11).sum() - diagonal - turn * std::cos(angles[a] + angles[b]);
      const double q = (c * w12).sum() - turn * std::sin(angles[a] + angles[b]);
      const double r = (c * w22).sum() - diagonal + turn * std::cos(angles[a] + angles[b]);
      largest = std::max(largest, std::abs(p + r) / 2 + std::hypot((p - r) / 2, q));
    }
  return largest;
}

bool identical(const Witness& v, const Witness& w) {
  if (v.value != w.value || v.side != w.side || v.margin != w.margin || v.point.size() != w.point.size()) return false;
  for (std::size_t s = 0; s < v.point.size(); ++s)
    if (v.point[s] != w.point[s]) return false;
  return true;
}

bool identical(const Certified& a, const Certified& b) {
  return a.at_most == b.at_most && a.nodes == b.nodes && a.closed == b.closed;
}

Eigen::MatrixXd random_rotation(Eigen::Index k, Stream& stream) {
  Eigen::MatrixXd G(k, k);
  for (double& entry : G.reshaped()) entry = stream.normal();
  return orthogonal_of(G);
}

struct Bracket {
  double at_least, at_most;
};

Bracket bracket(const Wdc& d, double gap, const Stream& stream) {
  Witness incumbent = rough_search(d, 400, stream);
  const Certified c = branch_and_bound(d, incumbent, gap, 400'000, 1, {});
  return {incumbent.value, c.at_most};
}

bool intersect(const Bracket& a, const Bracket& b) {
  const double slack = 1e-9 * (a.at_most + b.at_most);
  return a.at_least <= b.at_most + slack && b.at_least <= a.at_most + slack;
}

}  // namespace

TEST_CASE("certify: on the circle branch and bound, enumeration and a dense grid agree") {
  const double gap = 0.02, spacing = 2 * pi / 90;
  int closed = 0, instances = 0;
  const auto agree = [&](const auto& d, bool slivers, Stream stream) {
    Witness incumbent = rough_search(d, 150, stream);
    const Certified proof = branch_and_bound(d, incumbent, gap, 60'000, 1, {});
    const Enumerated all = CircleEnumeration(d, gap).run();
    const double grid = grid_maximum(d, spacing);
    CHECK(all.at_least <= all.at_most);
    CHECK(all.at_most <= all.at_least * (1 + gap) + 1e-9);
    CHECK(all.at_least <= proof.at_most);
    CHECK(incumbent.value <= all.at_most);
    CHECK(incumbent.value <= proof.at_most);
    CHECK(grid <= all.at_most + 1e-12);
    CHECK(grid <= proof.at_most + 1e-12);
    if (!slivers) CHECK(all.at_least <= grid + d.q_scale() / pi * (spacing + 4e-7) + 1e-12);
    CHECK(largest_met(d, 40, stream) <= std::min(all.at_most, proof.at_most));
    closed += proof.closed;
    ++instances;
  };
  for (std::uint64_t i = 0; i < 240; ++i) {
    Stream stream = Stream(21).at({i});
    const Degenerate kind = kinds[i % kinds.size()];
    const Rows W = instance(kind, 2, 8, stream);
    agree(Wdc(W, i % 4 ? 1 : 0.4), kind == Degenerate::slivers, stream.at({0}));
    if (i % 2) agree(Phaseless(W), kind == Degenerate::slivers, stream.at({1}));
  }
  CHECK(instances == 360);
  CHECK(closed >= 300);
}

TEST_CASE("certify: on the line, the closed form") {
  for (std::uint64_t i = 0; i < 200; ++i) {
    Stream stream = Stream(22).at({i});
    const Rows W = instance(kinds[i % kinds.size()], 1, 6, stream);
    if (W.rows() == 0) continue;
    const double alpha = 0.2 + stream.uniform();
    long double positive = 0, negative = 0;  // right to 1e-18, where at_most may be the next double above the supremum
    for (Eigen::Index j = 0; j < W.rows(); ++j)
      (W(j, 0) > 0 ? positive : negative) += static_cast<long double>(W(j, 0)) * W(j, 0);
    const long double supremum = std::max(std::abs(positive - alpha / 2), std::abs(negative - alpha / 2));
    const auto exact = static_cast<double>(supremum);
    Witness incumbent;
    const Certified c = certify(Wdc(W, alpha), incumbent, 0.01, 0, 1, {});
    CHECK(c.closed);
    CHECK(c.at_most >= supremum);
    CHECK(c.at_most == doctest::Approx(exact).epsilon(1e-12));
    CHECK(incumbent.value == doctest::Approx(exact).epsilon(1e-12));
  }
}

TEST_CASE_TEMPLATE("certify: nothing sampled or evaluated exceeds a certificate, closed or not", K, Dimension<2>,
                   Dimension<3>, Dimension<4>) {
  for (std::uint64_t i = 0; i < 700; ++i) {
    Stream stream = Stream(23).at({K::value, i});
    const Wdc d(instance(kinds[i % kinds.size()], K::value, 20, stream), i % 3 ? 1 : 0.2 + stream.uniform());
    Witness incumbent = rough_search(d, i % 2 ? 8 : 60, stream.at({0}));
    const double gap = 0.02 + stream.uniform();
    const Certified c = branch_and_bound(d, incumbent, gap, 4000, 1, {});
    CHECK(c.closed == (c.at_most <= (1 + gap) * incumbent.value * (1 + 1e-12)));
    CHECK(incumbent.value <= c.at_most);
    CHECK(incumbent.value == doctest::Approx(evaluate(d, incumbent.point).value).epsilon(1e-12));
    REQUIRE(largest_met(d, 25, stream) <= c.at_most);
    REQUIRE(wdc_deviation(d.rows(), d.alpha(), incumbent.point[0], incumbent.point[1]) <= c.at_most + 1e-12);
  }
}

TEST_CASE("certify: the twin, a certificate for the wrong E, is contradicted by evaluated points") {
  int contradicted = 0;
  for (std::uint64_t i = 0; i < 20; ++i) {
    Stream stream = Stream(24).at({i});
    const Understated d(gaussian(12, 3, stream) / 4);
    Witness incumbent = rough_search(d, 3, stream.at({0}));
    const Certified c = branch_and_bound(d, incumbent, 0.05, 30'000, 1, {});
    contradicted += largest_met(d, 200, stream) > c.at_most;
  }
  CHECK(contradicted > 10);
}

TEST_CASE_TEMPLATE("certify: brackets intersect under rotation, permutation and scaling", K, Dimension<3>,
                   Dimension<4>) {
  constexpr int k = K::value;
  for (std::uint64_t i = 0; i < 4; ++i) {
    Stream stream = Stream(25).at({k, i});
    const Rows W = instance(kinds[(5 * i) % kinds.size()], k, 8, stream);
    const double alpha = i % 2 ? 1 : 0.6, gap = 0.15;
    const Bracket plain = bracket(Wdc(W, alpha), gap, stream);
    CHECK(intersect(plain, bracket(Wdc(W * random_rotation(k, stream), alpha), gap, stream)));
    CHECK(intersect(plain, bracket(Wdc(W.colwise().reverse(), alpha), gap, stream)));
    CHECK(intersect(plain, bracket(Wdc(W.rowwise().reverse(), alpha), gap, stream)));  // the axes permuted
    const double c = 0.3;
    const Bracket scaled = bracket(Wdc(c * W, c * c * alpha), gap, stream);
    CHECK(intersect(plain, {scaled.at_least / (c * c), scaled.at_most / (c * c)}));
    // The twin: a bracket of another W, of half the size, lies elsewhere.
    if (W.rows() >= k) {
      const Bracket other = bracket(Wdc(W * 3, alpha), gap, stream);
      CHECK_FALSE(intersect(plain, other));
    }
  }
}

TEST_CASE("certify: bitwise the same for 1, 2 and 3 threads, out of budget and refuted too") {
  Stream stream = Stream(26);
  const Wdc d(gaussian(20, 4, stream));
  const Witness best = rough_search(d, 1500, stream);
  const auto certifier = cone_prover(cone_problem(d));
  std::array<int, 3> outcomes{};
  int in_items = 0;  // beyond the breadth-first part, where the threads are
  for (const double factor : {0.6, 0.75, 0.9, 1.2})
    for (const std::int64_t budget : {9000, 40'000, 45'000, 200'000})
      for (const Side side : {Side::plus, Side::minus}) {
        Witness refuter;
        std::int64_t nodes = budget;
        const Proof one = certifier->prove(side, factor * best.value, nodes, 1, refuter, {});
        ++outcomes[std::size_t(one)];
        in_items += nodes > 20'000 && one != Proof::below;
        CHECK(nodes <= budget);
        if (one == Proof::refuted) CHECK(evaluate(d, refuter.point).value > factor * best.value);
        for (const int threads : {2, 3}) {
          Witness other;
          std::int64_t spent = budget;
          CHECK(certifier->prove(side, factor * best.value, spent, threads, other, {}) == one);
          CHECK(spent == nodes);
          if (one == Proof::refuted) CHECK(identical(other, refuter));
        }
      }
  CAPTURE(outcomes[std::size_t(Proof::refuted)]);
  CHECK(*std::min_element(outcomes.begin(), outcomes.end()) >= 4);
  CHECK(in_items >= 4);

  const Vec x = random_unit(4, stream);
  const Witness poor = evaluate(d, {x, random_unit(4, stream) - 2 * x});  // small: x and y all but opposite
  Witness first = poor;
  const Certified reference = branch_and_bound(d, first, 0.4, 400'000, 1, {});
  CHECK(first.value > 1.2 * poor.value);
  for (const int threads : {2, 3}) {
    Witness incumbent = poor;
    CHECK(identical(branch_and_bound(d, incumbent, 0.4, 400'000, threads, {}), reference));
    CHECK(identical(incumbent, first));
  }
}

TEST_CASE("certify: an exhausted budget leaves a true bracket, a closed one keeps its gap") {
  Stream stream = Stream(27);
  const Wdc d(gaussian(10, 3, stream));
  Witness best = rough_search(d, 2000, stream);
  const Certified closed = branch_and_bound(d, best, 0.01, 10'000'000, 1, {});
  REQUIRE(closed.closed);
  CHECK(closed.at_most <= 1.01 * best.value * (1 + 1e-12));
  double with_less = 1e9;
  for (const std::int64_t nodes : {0, 1, 300, 3000, 10'000, 30'000, 60'000, 120'000}) {
    Witness incumbent = best;
    const Certified c = branch_and_bound(d, incumbent, 0.001, nodes, 1, {});
    CAPTURE(nodes);
    CHECK_FALSE(c.closed);
    CHECK(c.nodes <= nodes);
    CHECK(c.at_most >= best.value);
    CHECK(c.at_most <= with_less);
    with_less = c.at_most;
  }
  CHECK(with_less < 2 * best.value);  // and it does fall
}

TEST_CASE("certify: on the circle the budget is kept, and what it reaches is true, whatever the gap") {
  Stream stream = Stream(31);
  const Wdc d(gaussian(6, 2, stream));
  const Enumerated exact = CircleEnumeration(d, 1e-4).run();
  const std::int64_t pairs = CircleEnumeration(d, 1).pairs();
  double with_less = 1e9;
  for (const std::int64_t nodes : {pairs, pairs + 1, 2 * pairs, 10 * pairs, 100 * pairs}) {
    CAPTURE(nodes);
    const Enumerated all = CircleEnumeration(d, 1e-12, nodes).run();
    CHECK(all.nodes <= nodes);
    CHECK(all.nodes >= std::min(nodes - 1, pairs));
    CHECK(all.at_least <= exact.at_most);
    CHECK(all.at_most >= exact.at_least);
    CHECK(all.at_most <= with_less);
    with_less = all.at_most;
  }
  CHECK(with_less < 1.2 * exact.at_most);
  for (const std::int64_t nodes : {std::int64_t(0), pairs, 3 * pairs, 30'000L}) {
    CAPTURE(nodes);
    Witness incumbent = rough_search(d, 200, stream);
    const Certified c = certify(d, incumbent, 1e-9, nodes, 1, {});
    CHECK(c.nodes <= nodes);
    CHECK(c.at_most >= exact.at_least);
    CHECK(incumbent.value <= exact.at_most);
    CHECK(c.closed == (c.at_most <= (1 + 1e-9) * incumbent.value * (1 + 1e-9)));
  }
}

TEST_CASE("certify: W = 0 and a single row, in every dimension") {
  for (Eigen::Index k = 1; k <= certify_dimensions; ++k) {
    CAPTURE(k);
    Stream stream = Stream(28).at({std::uint64_t(k)});
    const double alpha = 0.7;
    Witness incumbent = rough_search(Wdc(Rows::Zero(3, k), alpha), 50, stream);
    Certified c = certify(Wdc(Rows::Zero(3, k), alpha), incumbent, 0.05, 1'000'000, 2, {});
    CHECK(c.at_most >= alpha / 2);  // |alpha Q| = alpha/2 at x = y
    CHECK(c.at_most <= alpha / 2 * 1.06);
    if (k == 1) continue;
    // One row: |w|^2 where x and y are all but opposite and both on w's side; alpha/2 where x = y is not.
    const Vec w = 1.1 * random_unit(k, stream), other = random_unit(k, stream);
    const Wdc d(w.transpose(), alpha);
    const Vec tangent = other - other.dot(w) / w.squaredNorm() * w;
    incumbent = evaluate(d, {1e-4 * w + tangent.normalized(), 1e-4 * w - tangent.normalized()});
    c = certify(d, incumbent, 0.1, k < 5 ? 1'000'000 : 100'000, 2, {});
    CHECK(c.at_most >= 1.21);
    CHECK(incumbent.value <= 1.21);
    if (k < 5) {
      CHECK(c.closed);
      CHECK(c.at_most <= 1.1 * 1.21);
    }
  }
}

TEST_CASE("certify: phaseless signs in R^3, where E is 4 Q - I and coefficients are -1, 0, 1") {
  int closed = 0;
  for (std::uint64_t i = 0; i < 6; ++i) {
    Stream stream = Stream(29).at({i});
    const Phaseless d(i < 4 ? gaussian(3 + Eigen::Index(i), 3, stream) : instance(kinds[i], 3, 6, stream));
    Witness incumbent = rough_search(d, 800, stream);
    const Certified c = branch_and_bound(d, incumbent, 0.1, 400'000, 2, {});
    closed += c.closed;
    CHECK(largest_met(d, 2000, stream) <= c.at_most);
    // Straight from the definition: A_z' A_w - Phi in the basis of the plane.
    const Vec x = incumbent.point[0], y = incumbent.point[1];
    const double cosine = x.dot(y), sine = std::sqrt(1 - cosine * cosine);
    const Vec e = (y - cosine * x) / sine;
    Eigen::MatrixXd F = Eigen::MatrixXd::Identity(3, 3) * -(1 - 2 * std::acos(cosine) / pi);
    F -= 2 * sine / pi *
         (cosine * (x * x.transpose() - e * e.transpose()) + sine * (x * e.transpose() + e * x.transpose()));
    for (Eigen::Index j = 0; j < d.rows().rows(); ++j) {
      const Vec a = d.rows().row(j).transpose();
      F += (a.dot(x) > 0 ? 1 : -1) * (a.dot(y) > 0 ? 1 : -1) * a * a.transpose();
    }
    if (incumbent.margin > 1e-12 && sine > 1e-3)
      CHECK(incumbent.value == doctest::Approx(spectral_norm(F)).epsilon(1e-9));
  }
  CHECK(closed >= 4);
}

TEST_CASE("certify: rows that are exactly parallel are one hyperplane, others are not") {
  for (std::uint64_t i = 0; i < 100; ++i) {
    Stream stream = Stream(30).at({i});
    Rows H(12, 3);
    for (double& entry : H.reshaped()) entry = std::round(4 * stream.uniform() - 2);
    for (double& entry : H.row(3).reshaped())
      entry *= 0.1;  // rounded: 0.1 (1, 2, 2) is parallel to (1, 2, 2) or not, exactly
    std::vector<Hyperplane> expected;
    const auto exactly_parallel = [&](Eigen::Index a, Eigen::Index b) {
      for (Eigen::Index p = 0; p < 3; ++p)
        for (Eigen::Index q = 0; q < p; ++q)  // 53-bit times 3-bit products are exact in long double
          if (static_cast<long double>(H(a, p)) * H(b, q) != static_cast<long double>(H(a, q)) * H(b, p)) return false;
      return true;
    };
    for (Eigen::Index row = 0; row < H.rows(); ++row) {
      if (H.row(row).squaredNorm() == 0) continue;
      auto known = std::find_if(expected.begin(), expected.end(),
                                [&](const Hyperplane& h) { return exactly_parallel(h.row, row); });
      if (known == expected.end()) known = expected.insert(expected.end(), Hyperplane{row, 0, 0});
      const double ratio = H.row(row).squaredNorm() / H.row(known->row).squaredNorm();
      (H.row(row).dot(H.row(known->row)) > 0 ? known->same : known->opposite) += ratio;
    }
    const std::vector<Hyperplane> found = distinct_hyperplanes(H, H);
    REQUIRE(found.size() == expected.size());
    for (std::size_t h = 0; h < found.size(); ++h) {
      CHECK(found[h].row == expected[h].row);
      CHECK(found[h].same == doctest::Approx(expected[h].same).epsilon(1e-14));
      CHECK(found[h].opposite == doctest::Approx(expected[h].opposite).epsilon(1e-14));
    }
  }
}

}  // namespace test_certify
