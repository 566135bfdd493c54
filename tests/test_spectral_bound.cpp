// At most by eigenvalues: against closed forms, exact suprema at k = 2 and searched values, which it must never be
// below.
#include "estimators/spectral_bound.hpp"

#include "estimators/instances.hpp"
#include "tests/instances.hpp"
#include "tests/networks.hpp"

#include <doctest/doctest.h>
#include <cmath>

namespace theoremeter::test_spectral_bound {

using namespace testing;

TEST_CASE("spectral bound: the norm of X'X and of X'X - I, never below and hardly above") {
  // X = D P with orthogonal columns of known lengths: X'X is diagonal, exactly.
  for (const double a : {1.0, 3.0, 0x1p-200}) {
    Rows X = Rows::Zero(5, 3);
    X(0, 1) = 2 * a, X(3, 0) = -a, X(4, 2) = a / 2;
    const double exact = 4 * a * a, shifted = std::max(std::abs(exact - 1), std::abs(a * a / 4 - 1));
    for (const Rows& Y : {X, Rows(X.transpose())}) {
      CHECK(spectral_norm_of_square(Y) >= exact);
      CHECK(spectral_norm_of_square(Y) <= exact * (1 + 1e-11));
    }
    CHECK(spectral_norm_of_square(X, 1) >= shifted);
    CHECK(spectral_norm_of_square(X, 1) <= shifted + 1e-11 * (1 + exact));
    CHECK(spectral_norm_of_square(Rows(X.transpose()), 1) >= std::max(std::abs(exact - 1), 1.0));  // XX' has zeros
  }
  CHECK(spectral_norm_of_square(Rows::Zero(4, 2)) < 1e-300);
  // Against the largest singular value in another arithmetic.
  Stream stream(3);
  for (const auto& [n, k] : {std::pair{40, 7}, {7, 40}, {300, 30}, {1, 5}}) {
    const Rows W = gaussian(n, k, stream);
    using Long = Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic>;
    Eigen::Matrix<long double, Eigen::Dynamic, 1> v = Eigen::VectorXd::Ones(k).cast<long double>();
    const Long X = W.cast<long double>();
    long double below = 0;
    for (int i = 0; i < 3000; ++i) {
      v = (X.transpose() * (X * v).eval()).eval();
      below = v.norm();
      v /= below;
    }
    CHECK(spectral_norm_of_square(W) >= static_cast<double>((X * v).squaredNorm()));
    CHECK(spectral_norm_of_square(W) <= static_cast<double>(below) * (1 + 1e-6));
  }
}

TEST_CASE("spectral bound: what attains it; half of it does not hold") {
  // Rows e_i twice: at x = y = (1, 1)/sqrt(2) all rows are on, S = 2 I, Q = I/2. At x = -y nothing is.
  Rows W(4, 2);
  W << 1, 0, 1, 0, 0, 1, 0, 1;
  CHECK(spectral_bound(Wdc(W)) >= 2);
  CHECK(spectral_bound(Wdc(W)) <= 2 * (1 + 1e-12));
  // One row w: S - Q at angle pi - t, both on: u = w/|w| attains |w|^2 - O(t).
  const Wdc one(Rows{{3, 4}});
  const double t = 1e-6, found = evaluate(one, {Eigen::Vector2d(.6 * t - .8, .8 * t + .6).normalized(),
                                                Eigen::Vector2d(.6 * t + .8, .8 * t - .6).normalized()})
                                     .value;
  CHECK(found > 25 * (1 - 1e-6));
  CHECK(spectral_bound(one) >= found);
  CHECK_FALSE(spectral_bound(one) / 2 >= found);
}

TEST_CASE("spectral norm: of one rank, where the trace alone is the bound, rounding errors all on one side") {
  for (const double a : {0.1, 0.3, 1.0 / 3, 0.7, 1.1}) {
    const Rows X = Rows::Constant(4000, 100, a);
    const long double exact = 4e5L * static_cast<long double>(a) * a;
    CHECK(static_cast<long double>(spectral_norm_of_square(X)) >= exact);
    CHECK(static_cast<long double>(spectral_norm_of_square(X)) <= exact * (1 + 1e-9L));
  }
}

TEST_CASE("spectral bound: at least the exact supremum at k = 2, whatever the rows") {
  Stream stream(5);
  for (const Degenerate kind : kinds)
    for (int i = 0; i < 6; ++i) {
      const Rows W = instance(kind, 2, 12, stream);
      const Wdc wdc(W);
      const Phaseless phaseless(W);
      Witness w, p;
      const Certified exact = certify(wdc, w, 1e-3, 1'000'000, 1, {}),
                      of_signs = certify(phaseless, p, 1e-3, 1'000'000, 1, {});
      // Witnesses' values are double: some last digits above what they attain, as where S = 0 and |Q| = 1/2.
      CHECK(spectral_bound(wdc) >= w.value * (1 - 1e-14));
      CHECK(spectral_bound(phaseless) >= p.value * (1 - 1e-14));
      CHECK(exact.at_most >= w.value);
      CHECK(of_signs.at_most >= p.value);
    }
}

TEST_CASE("spectral bound: at least what is found, in every dimension and for every condition") {
  Stream stream(6);
  for (int i = 0; i < 6; ++i) {
    const Eigen::Index k = 3 + 2 * i;
    const Rows W = gaussian(4 * k, k, stream), B = gaussian(30, 2 + i % 3, stream), C = gaussian(30, 3, stream);
    const double scale = std::ldexp(1.0, 60 * (i - 3));
    const Wdc wdc(scale * W, scale * scale);
    CHECK(spectral_bound(wdc) >= search(wdc, 32, Stream(1), 1).witness.value);
    CHECK(spectral_bound(Phaseless(scale * W)) >= search(Phaseless(scale * W), 32, Stream(1), 1).witness.value);
    const JointWdc joint(B, C);
    CHECK(spectral_bound(joint) >= search(joint, 32, Stream(1), 1).witness.value);
    const Network G = gaussian_network(stream, {3, 8, 12});
    for (const auto property : {Rrcp::Property::concentration, Rrcp::Property::isometry}) {
      const Rrcp rrcp(G, gaussian(4 + 4 * i, 12, stream), Rrcp::Form::tangent, property);
      CHECK(spectral_bound(rrcp) >= search(rrcp, 16, Stream(1), 1).witness.value);
    }
  }
}

}  // namespace theoremeter::test_spectral_bound
