// The joint Weight Distribution Condition: its mathematics, and sampling and searching on four spheres, of which two
// have factors that grow.
#include "estimators/ensembles.hpp"
#include "estimators/evaluate.hpp"
#include "estimators/instances.hpp"
#include "tests/instances.hpp"
#include "tests/joint_grid.hpp"
#include "tests/linear_algebra.hpp"
#include "tests/statistics.hpp"
#include "theory/angle.hpp"
#include "theory/conditions.hpp"
#include "theory/ensembles.hpp"

#include <doctest/doctest.h>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

namespace test_joint_wdc {

using namespace theoremeter;
using namespace theoremeter::testing;

namespace {

using std::numbers::pi;
using Vec = Eigen::VectorXd;

Vec at_angle(const Vec& x, double theta, Stream& stream) {
  Vec t = random_unit(x.size(), stream);
  t = (t - t.dot(x) * x).normalized();
  return std::cos(theta) * x + std::sin(theta) * t;
}

Point random_point(Eigen::Index n, Eigen::Index p, Stream& stream) {
  return {random_unit(n, stream), random_unit(n, stream), random_unit(p, stream), random_unit(p, stream)};
}

Eigen::MatrixXd rotation(Eigen::Index k, Stream& stream) { return orthogonal_of(gaussian(k, k, stream)); }

double found(const JointWdc& d, std::int64_t starts = 256) { return search(d, starts, Stream(3), 1).witness.value; }

}  // namespace

TEST_CASE("joint WDC: E[S], for Gaussian and for truncated rows, by Monte Carlo") {
  const Eigen::Index l = 30, n = 1, p = 2;
  for (const Ensemble ensemble : {Ensemble::gaussian, Ensemble::truncated_gaussian}) {
    const bool truncated = ensemble == Ensemble::truncated_gaussian;
    const double alpha = truncated ? truncated_alpha(n) * truncated_alpha(p) : 1;
    Stream stream = Stream(51).at({truncated});
    for (const double theta : {0.2, 1.7}) {
      const Vec h = random_unit(n, stream), m = random_unit(p, stream);
      const Point at{h, h, m, at_angle(m, theta, stream)};
      const PlaneOperator E = JointWdc(Rows::Zero(l, n), Rows::Zero(l, p), alpha).expectation(at);
      Moments S;
      for (std::uint64_t i = 0; i < 60000; ++i) {
        const JointWdc d(draw(ensemble, l, n, stream.at({i, 0})), draw(ensemble, l, p, stream.at({i, 1})), alpha);
        S.add((deviation_matrix(d, at) + E.dense())(0, 0));
      }
      require_mean(S, E.form(h));
      if (truncated && theta < 1) require_mean_rejected(S, E.form(h) / alpha);  // the twins: alpha = 1,
      require_mean_rejected(S, E.form(h) * 1.1);                                // and kappa 10 % off
    }
  }
  // In both dimensions at once, along the bisector of h and x.
  Stream stream(52);
  Point at = random_point(3, 3, stream);
  at[1] = at_angle(at[0], 1, stream);
  at[3] = at_angle(at[2], 0.7, stream);
  const Vec u = (at[0] + at[1]).normalized();
  const PlaneOperator E = JointWdc(Rows::Zero(l, 3), Rows::Zero(l, 3)).expectation(at);
  Moments S;
  for (int i = 0; i < 60000; ++i)
    S.add(u.dot((deviation_matrix(JointWdc(gaussian(l, 3, stream), gaussian(l, 3, stream)), at) + E.dense()) * u));
  require_mean(S, E.form(u));
  require_mean_rejected(S, E.form((at[0] - at[1]).normalized()));
}

TEST_CASE("joint WDC: the naive pair of values is that of the two deviations, at any length, with ties") {
  Stream stream(53);
  for (int i = 0; i < 120; ++i) {
    const Eigen::Index n = 1 + i % 3, p = 1 + i / 3 % 3;
    Rows B = instance(kinds[std::size_t(i) % kinds.size()], 3, 7, stream).leftCols(n);
    Rows C = gaussian(B.rows(), p, stream);
    if (i % 2) std::swap(B, C);
    const double alpha = 0.3 + stream.uniform();
    Point at = random_point(B.cols(), C.cols(), stream);
    if (i % 5 == 0) at[1] = at[0], at[3] = -at[2];
    if (i % 5 == 1) at[0] = Vec::Unit(at[0].size(), 0), at[2] = Vec::Unit(at[2].size(), 0);
    const auto naive = joint_wdc_deviation(B, C, alpha, at[0], at[1], at[2], at[3]);
    CHECK(evaluate(JointWdc(B, C, alpha), at).value ==
          doctest::Approx(static_cast<double>(naive.first)).epsilon(1e-12).scale(1));
    CHECK(evaluate(JointWdc(C, B, alpha), {at[2], at[3], at[0], at[1]}).value ==
          doctest::Approx(static_cast<double>(naive.second)).epsilon(1e-12).scale(1));
    const auto scaled =
        joint_wdc_deviation(B, C, alpha, 0x1p200 * at[0], 0x1p-90 * at[1], 0x1p100 * at[2], 0x1p-200 * at[3]);
    CHECK(static_cast<double>(scaled.first) == doctest::Approx(static_cast<double>(naive.first)).epsilon(1e-15));
    CHECK(static_cast<double>(scaled.second) == doctest::Approx(static_cast<double>(naive.second)).epsilon(1e-15));
  }
  Rows one = Rows::Constant(1, 1, 2);  // l = n = p = 1: 2^2 2^2 - alpha/4, and off: alpha/4
  const Vec plus = Vec::Ones(1);
  CHECK(joint_wdc_deviation(one, one, 1, plus, plus, plus, plus) == std::pair{15.75L, 15.75L});
  CHECK(joint_wdc_deviation(one, one, 1, -plus, -plus, plus, plus) == std::pair{0.25L, 0.25L});
  CHECK(joint_wdc_deviation(one, one, 1, plus, -plus, plus, plus) == std::pair{0.0L, 0.0L});
}

TEST_CASE("joint WDC: with C = 1 the first deviation is the WDC's, of sqrt(l) B with alpha/2") {
  Stream stream(54);
  for (const Eigen::Index n : {1, 2, 4}) {
    const Eigen::Index l = 9;
    const double alpha = 0.8;
    const Rows B = gaussian(l, n, stream), C = Rows::Ones(l, 1);
    const JointWdc d(B, C, alpha);
    const Wdc wdc(std::sqrt(static_cast<double>(l)) * B, alpha / 2);
    const Vec one = Vec::Ones(1);
    for (int i = 0; i < 20; ++i) {
      const Vec h = random_unit(n, stream), x = random_unit(n, stream);
      CHECK(evaluate(d, {h, x, one, one}).value == doctest::Approx(evaluate(wdc, {h, x}).value).epsilon(1e-13));
      CHECK(evaluate(d, {h, x, one, -one}).value < 1e-15);  // kappa(pi) = 0
      CHECK(evaluate(d, {h, x, -one, -one}).value ==        // S = 0
            doctest::Approx(evaluate(Wdc(Rows::Zero(1, n), alpha / 2), {h, x}).value).epsilon(1e-13));
    }
    CHECK(found(d) == doctest::Approx(search(wdc, 512, Stream(1), 1).witness.value).epsilon(1e-7));
  }
}

TEST_CASE("joint WDC: what the search climbs has the slopes it says, and E is no steeper than lipschitz") {
  Stream stream(55);
  std::array<double, 4> steepest{};
  for (int i = 0; i < 300; ++i) {
    const Eigen::Index n = 1 + i % 4, p = 1 + i / 4 % 4;
    const JointWdc d(gaussian(5, n, stream), gaussian(5, p, stream), 0.7);
    Point at = random_point(n, p, stream);
    if (p > 1) at[3] = at_angle(at[2], 0.05 + (pi - 0.1) * stream.uniform(), stream);
    if (i % 3 == 0) at[1] = at[0];
    const Vec u = random_unit(n, stream);
    Point gradient;
    for (const Vec& x : at) gradient.push_back(Vec::Zero(x.size()));
    CHECK(d.expectation_form(at, u, gradient) == doctest::Approx(d.expectation(at).form(u)).epsilon(1e-12));
    for (std::size_t s = 0; s < 4; ++s) {
      CHECK(std::abs(gradient[s].dot(at[s])) < 1e-13);
      const Vec v = random_unit(at[s].size(), stream), tangent = v - v.dot(at[s]) * at[s];
      const auto moved = [&](double t) {
        Point to = at;
        to[s] = (at[s] + t * v).normalized();
        return d.expectation(to);
      };
      const double slope = (moved(1e-5).form(u) - moved(-1e-5).form(u)) / 2e-5;
      if (s >= 2 || i % 3) CHECK(gradient[s].dot(v) == doctest::Approx(slope).epsilon(1e-5).scale(1));
      if (tangent.norm() > 1e-3)
        steepest[s] = std::max(steepest[s], (moved(1e-6).dense() - moved(0).dense()).operatorNorm() /
                                                (1e-6 * tangent.norm()) / d.lipschitz(int(s)));
    }
    const double z = stream.normal(), t = 0.1 + stream.uniform();
    for (const int s : {0, 2}) {
      const auto smooth = [&](double x) { return d.smooth_factor(s, x, t).value; };
      CHECK(d.smooth_factor(s, z, t).slope ==
            doctest::Approx((smooth(z + 1e-6) - smooth(z - 1e-6)) / 2e-6).epsilon(1e-6));
      CHECK(d.smooth_factor(s, z, 1e-7).value == doctest::Approx(d.factor(s, z)).epsilon(1e-6).scale(1));
    }
  }
  for (const double part : steepest) CHECK((part <= 1 + 1e-5 && part > 0.5));
}

TEST_CASE("joint WDC: the search reaches everything that dense grids find, in dimensions 1 and 2") {
  for (std::uint64_t i = 0; i < 27; ++i) {
    Stream stream = Stream(56).at({i});
    const Eigen::Index n = 1 + Eigen::Index(i % 2), p = 1 + Eigen::Index(i / 2 % 2);
    Rows B = instance(kinds[i % kinds.size()], 2, 4, stream).leftCols(n), C = gaussian(B.rows(), p, stream);
    const double alpha = i % 3 == 2 ? 6 : 1;  // large: E - S is the larger side
    CAPTURE(i);
    const JointWdc d(std::sqrt(2.0) * B, std::sqrt(2.0) * C, alpha);
    const double value = search(d, 256, stream, 1).witness.value;
    CHECK(value >= grid_maximum(std::sqrt(2.0) * B, std::sqrt(2.0) * C, alpha, 12) - 1e-7);
  }
}

TEST_CASE("joint WDC: the search is far above random points, and invariant") {
  Stream stream(57);
  const Eigen::Index l = 60, n = 4, p = 3;
  constexpr std::int64_t starts = 4096;  // as many as find the same maximum from other random numbers
  const Rows B = gaussian(l, n, stream), C = gaussian(l, p, stream);
  const double value = found(JointWdc(B, C), starts);
  double random = 0;
  for (int i = 0; i < 4000; ++i) random = std::max(random, evaluate(JointWdc(B, C), random_point(n, p, stream)).value);
  CHECK(value > 1.3 * random);
  const auto same = [&](const JointWdc& d, double unit) {
    CHECK(found(d, starts) / unit == doctest::Approx(value).epsilon(1e-6));
  };
  same(JointWdc(B * rotation(n, stream), C * rotation(p, stream)), 1);
  same(JointWdc(B.colwise().reverse(), C.colwise().reverse()), 1);
  same(JointWdc(3 * B, 0.5 * C, 2.25), 2.25);
  CHECK(found(JointWdc(B, C.colwise().reverse()), starts) != doctest::Approx(value).epsilon(1e-3));  // the twin
}

TEST_CASE("joint WDC: all sign combinations are sampled where spheres are {+1, -1}") {
  Rows B(3, 1), C(3, 1);
  B << 1.2, -0.5, 0.7;
  C << 0.4, -1.1, -0.6;
  const JointWdc d(B, C);
  double largest = 0;  // over the 16 points
  for (int signs = 0; signs < 16; ++signs) {
    Point at;
    for (int s = 0; s < 4; ++s) at.push_back(Vec::Constant(1, signs >> s & 1 ? 1 : -1));
    largest = std::max(largest, evaluate(d, at).value);
  }
  const Sampled sampled = sample(d, 1000, {}, Stream(1), 1);
  CHECK(sampled.count >= 1000);
  CHECK(sampled.witness.value == doctest::Approx(largest).epsilon(1e-12));
  CHECK(found(d, 64) == doctest::Approx(largest).epsilon(1e-12));
}

TEST_CASE("joint WDC: bitwise the same for one and two threads") {
  Stream stream(58);
  const JointWdc d(gaussian(40, 3, stream), gaussian(40, 2, stream));
  const auto all = [&](int threads) {
    const Sampled sampled = sample(d, 2000, {}, Stream(1), threads);
    const Searched searched = search(d, 300, Stream(2), threads);
    return std::vector<double>{sampled.mean,
                               sampled.witness.value,
                               sampled.diagonal->value,
                               searched.witness.value,
                               searched.witness.margin,
                               searched.witness.point[0](0),
                               searched.witness.point[3](1)};
  };
  CHECK(all(1) == all(2));
}

}  // namespace test_joint_wdc
