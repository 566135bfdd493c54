#include "estimators/ensembles.hpp"
#include "estimators/evaluate.hpp"
#include "estimators/stream.hpp"
#include "estimators/wdc.hpp"
#include "tests/linear_algebra.hpp"
#include "tests/statistics.hpp"
#include "theory/angle.hpp"
#include "theory/conditions.hpp"
#include "theory/ensembles.hpp"
#include "theory/operators.hpp"
#include "theory/suggest.hpp"

#include <doctest/doctest.h>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cmath>
#include <numbers>

namespace test_theory {

using namespace theoremeter;
using namespace theoremeter::testing;

namespace {

using std::numbers::pi;
template <unsigned Digits>
using Big = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<Digits>, boost::multiprecision::et_off>;

// The formulas as the papers write them, in as many digits as their cancellations need.
template <class Real>
Real big_kappa(const Real& theta) {
  const Real p = boost::math::constants::pi<Real>();
  return ((p - theta) * cos(theta) + sin(theta)) / (2 * p);
}
template <class Real>
Real big_g(const Real& theta) {
  return acos(2 * big_kappa(theta));
}

template <class Real>
double relative_error(double value, const Real& exact) {
  return static_cast<double>(abs((Real(value) - exact) / exact));
}

Eigen::VectorXd gaussian_vector(Stream& stream, Eigen::Index k) {
  return Eigen::VectorXd::NullaryExpr(k, [&] { return stream.normal(); });
}
Eigen::VectorXd unit_vector(Stream& stream, Eigen::Index k) { return gaussian_vector(stream, k).normalized(); }

// A unit vector at the given angle from x, in a random plane.
Eigen::VectorXd rotated(Stream& stream, const Eigen::VectorXd& x, double theta) {
  Eigen::VectorXd t = gaussian_vector(stream, x.size());
  t = (t - t.dot(x) * x).normalized();
  return std::cos(theta) * x + std::sin(theta) * t;
}

// M from its defining properties alone: it exchanges x and y, and everything orthogonal to both goes to 0.
Eigen::MatrixXd exchange_by_definition(const Eigen::VectorXd& x, const Eigen::VectorXd& y) {
  Eigen::MatrixXd from(x.size(), 2), to(x.size(), 2);
  from << x, y;
  to << y, x;
  return to * (from.transpose() * from).inverse() * from.transpose();
}

}  // namespace

TEST_CASE("angle: against 100 digits, at any scale") {
  using Real = Big<100>;
  Stream stream(11);
  for (const double theta : {0.0, 1e-12, 1e-8, 1e-3, 1.0, pi / 2, 3.0, pi - 1e-8}) {
    for (const double scale : {5e-324 * 0x1p60, 1e-300, 1e-5, 1.0, 1e300}) {
      const Eigen::VectorXd x = unit_vector(stream, 7), y = scale * rotated(stream, x, theta);
      Real xx = 0, yy = 0, xy = 0;
      for (Eigen::Index i = 0; i < 7; ++i) {
        xx += Real(x(i)) * x(i);
        yy += Real(y(i)) * y(i);
        xy += Real(x(i)) * y(i);
      }
      const Real cosine = xy / sqrt(xx * yy);
      const Real exact = cosine >= 1 ? Real(0) : Real(acos(cosine));
      CAPTURE(theta);
      CAPTURE(scale);
      CHECK(std::abs(static_cast<double>(Real(angle(x, y)) - exact)) < 1e-15);
    }
  }
}

TEST_CASE("angle: small angles keep their digits, equal and opposite vectors are exact") {
  for (const double t : {1e-300, 1e-200, 1e-17, 1e-9}) {
    CHECK(std::abs(angle(Eigen::Vector2d(1, 0), Eigen::Vector2d(1, t)) / t - 1) < 1e-15);
    CHECK(std::abs(angle(Eigen::Vector2d(1, 0), Eigen::Vector2d(-1, t)) - (pi - t)) < 1e-15);
  }
  const Eigen::Vector3d x(1, 2, 3);
  CHECK(angle(x, x) == 0);
  CHECK(angle(x, -x) == pi);
  CHECK(angle(x, 4 * x) == 0);
}

TEST_CASE("kappa and g: relative error below 1e-15 against multiprecision over [0, pi]") {
  std::vector<double> thetas{1e-15,  1e-8, 1e-4,      0.5,       0.999,      1.0, 1.001,
                             pi / 2, 3.0,  pi - 1e-4, pi - 1e-8, pi - 1e-15, pi};
  Stream stream(12);
  for (int i = 0; i < 300; ++i) thetas.push_back(pi * stream.uniform());
  for (int i = 0; i < 100; ++i) thetas.push_back(std::pow(10, -15 * stream.uniform()));
  for (int i = 0; i < 100; ++i) thetas.push_back(pi - std::pow(10, -15 * stream.uniform()));
  for (const double theta : thetas) {
    CAPTURE(theta);
    CHECK(relative_error(kappa(theta), big_kappa(Big<120>(theta))) < 1e-15);
    CHECK(relative_error(g(theta), big_g(Big<120>(theta))) < 1e-15);
    CHECK(relative_error(kappa_of_supplement(theta), (sin(Big<120>(theta)) - theta * cos(Big<120>(theta))) /
                                                         (2 * boost::math::constants::pi<Big<120>>())) < 1e-15);
  }
  CHECK(relative_error(g(1e-300), big_g(Big<700>(1e-300))) < 1e-15);
  CHECK(g(0) == 0);
  CHECK(g(5e-324) == 5e-324);
  CHECK(kappa(0) == 0.5);
}

TEST_CASE("g: what the papers say of it") {
  double before = 0;
  for (int i = 1; i <= 1000; ++i) {
    const double theta = pi * i / 1000.0, slope = (g(theta) - g(before)) / (theta - before);
    CHECK(slope >= -1e-12);
    CHECK(slope <= 1 + 1e-12);
    before = theta;
  }
  const std::vector<double> check = g_iterates(pi, 1000);
  REQUIRE(check.size() == 1001);
  CHECK(check[1] == pi / 2);
  for (std::size_t i = 1; i < check.size(); ++i) {
    const double layers = static_cast<double>(i);
    CHECK(check[i] >= pi / (layers + 1) * (1 - 1e-15));
    CHECK(check[i] <= 3 * pi / (layers + 3) * (1 + 1e-15));
  }
}

TEST_CASE("g_iterates: relative error below 1e-15 after a thousand layers") {
  using Real = Big<50>;
  for (const double theta_0 : {pi, 3.0, 1.0, 1e-3}) {
    const std::vector<double> theta = g_iterates(theta_0, 1000);
    Real exact = theta_0;
    for (std::size_t i = 0; i < theta.size(); ++i) {
      REQUIRE(relative_error(theta[i], exact) < 1e-15);
      exact = big_g(exact);
    }
  }
  CHECK(g_iterates(0, 3) == std::vector<double>(4, 0.0));
}

TEST_CASE("M exchanges x and y and kills the rest") {
  Stream stream(13);
  for (const double theta : {1e-7, 0.1, 1.0, 2.0, pi - 1e-7}) {
    for (const Eigen::Index k : {2, 3, 10}) {
      const Eigen::VectorXd x = unit_vector(stream, k), y = rotated(stream, x, theta);
      const PlaneOperator M = exchange(x, y);
      const double tolerance =
          4e-15 / std::sin(theta);  // lengths off by a rounding turn the plane of x and y by that much
      CHECK((M.apply(x) - y).norm() < tolerance);
      CHECK((M.apply(y) - x).norm() < tolerance);
      Eigen::MatrixXd plane(k, 2);
      plane << x, y;
      const Eigen::VectorXd u = gaussian_vector(stream, k);
      const Eigen::VectorXd off = u - plane * plane.colPivHouseholderQr().solve(u);
      CHECK(M.apply(off).norm() < tolerance * u.norm());
      CHECK(M.dense().trace() == doctest::Approx(0).epsilon(1e-14));
    }
  }
  const Eigen::VectorXd x = unit_vector(stream, 4);
  CHECK((exchange(x, x).dense() - x * x.transpose()).norm() < 1e-15);
  CHECK((exchange(x, -x).dense() + x * x.transpose()).norm() < 1e-15);
}

TEST_CASE("Q and Phi: their definitions, and apply, form and dense agree") {
  Stream stream(14);
  for (int trial = 0; trial < 200; ++trial) {
    const Eigen::Index k = 2 + trial % 9;
    const double theta = 0.01 + (pi - 0.02) * stream.uniform();
    const Eigen::VectorXd x = unit_vector(stream, k), y = rotated(stream, x, theta), u = gaussian_vector(stream, k);
    const Eigen::MatrixXd I = Eigen::MatrixXd::Identity(k, k), M = exchange_by_definition(x, y);
    const Eigen::MatrixXd expected_Q = (pi - theta) / (2 * pi) * I + std::sin(theta) / (2 * pi) * M;
    const Eigen::MatrixXd expected_Phi = (pi - 2 * theta) / pi * I + 2 * std::sin(theta) / pi * M;
    CHECK((Q(x, y).dense() - expected_Q).norm() < 1e-12);
    CHECK((Q(x, y, 0.7, -0.2).dense() - 0.7 * expected_Q + 0.2 * I).norm() < 1e-12);
    CHECK((Phi(x, y).dense() - expected_Phi).norm() < 1e-12);
    const PlaneOperator q = Q(x, y, 0.7, -0.2);
    CHECK((q.apply(u) - q.dense() * u).norm() < 1e-14 * (1 + u.norm()));
    CHECK(q.form(u) == doctest::Approx(u.dot(q.dense() * u)).epsilon(1e-13));
    CHECK(x.dot(Q(x, y).apply(y)) == doctest::Approx(kappa(theta)).epsilon(1e-12));
  }
}

TEST_CASE("Q: exact at equal and opposite points, steady next to them") {
  Stream stream(15);
  for (const Eigen::Index k : {1, 2, 5}) {
    const Eigen::VectorXd x = unit_vector(stream, k);
    CHECK(Q(x, x).dense() == 0.5 * Eigen::MatrixXd::Identity(k, k));
    CHECK(Q(x, -x).dense() == Eigen::MatrixXd::Zero(k, k));
    if (k == 1) continue;
    for (const double t : {1e-3, 1e-8, 1e-15, 1e-160, 1e-300}) {
      const Eigen::VectorXd near = rotated(stream, x, t);
      CHECK((Q(x, near).dense() - Q(x, x).dense()).norm() <= t + 1e-15);
      CHECK(Q(x, -near).dense().norm() <= t + 1e-15);
      CHECK(Q(x, near).dense().allFinite());
    }
  }
}

TEST_CASE("Q: Lipschitz with 1/pi in each argument, and no smaller constant will do") {
  Stream stream(16);
  double largest = 0;
  for (int trial = 0; trial < 20000; ++trial) {
    const Eigen::Index k = 2 + trial % 4;
    const double step = std::pow(10, -4 * stream.uniform());
    const Eigen::VectorXd x = unit_vector(stream, k), y = unit_vector(stream, k), moved = rotated(stream, x, step);
    const double d = angle(x, moved);
    const double ratio = std::max(spectral_norm(Q(x, y).dense() - Q(moved, y).dense()),
                                  spectral_norm(Q(y, x).dense() - Q(y, moved).dense())) /
                         d;
    largest = std::max(largest, ratio);
    REQUIRE(ratio <= lipschitz_Q + 1e-15 / d);
    REQUIRE(spectral_norm(Phi(x, y).dense() - Phi(moved, y).dense()) <= lipschitz_Phi * d + 1e-14);
  }
  CHECK(largest > 0.999 * lipschitz_Q);
}

TEST_CASE("Q_form_gradient: the form, and its gradient against central differences of Q") {
  Stream stream(17);
  const double h = 1e-5;
  int twin_fails = 0;
  for (int trial = 0; trial < 200; ++trial) {
    const Eigen::Index k = 2 + trial % 6;
    const Eigen::VectorXd x = unit_vector(stream, k), y = rotated(stream, x, 0.05 + (pi - 0.1) * stream.uniform());
    const Eigen::VectorXd u = gaussian_vector(stream, k);
    Eigen::VectorXd gx = Eigen::VectorXd::Ones(k), gy = Eigen::VectorXd::Constant(k, 2);
    const double value = Q_form_gradient(x, y, u, 3, gx, gy);
    gx = (gx - Eigen::VectorXd::Ones(k)) / 3;
    gy = (gy - Eigen::VectorXd::Constant(k, 2)) / 3;
    CHECK(value == doctest::Approx(u.dot(Q(x, y).dense() * u)).epsilon(1e-13));
    CHECK(std::abs(gx.dot(x)) + std::abs(gy.dot(y)) < 1e-13 * u.squaredNorm());
    const Eigen::VectorXd v = gaussian_vector(stream, k);
    const auto form = [&](const Eigen::VectorXd& a, const Eigen::VectorXd& b) {
      return Q(a.normalized(), b.normalized()).form(u);
    };
    const double tolerance =
        1e-7 * u.squaredNorm() * v.squaredNorm();  // h^2 times third derivatives of up to 1/theta^2
    const double along_x = (form(x + h * v, y) - form(x - h * v, y)) / (2 * h);
    const double along_y = (form(x, y + h * v) - form(x, y - h * v)) / (2 * h);
    CHECK(std::abs(along_x - gx.dot(v)) < tolerance);
    CHECK(std::abs(along_y - gy.dot(v)) < tolerance);
    twin_fails += std::abs(along_x - 1.001 * gx.dot(v)) >= tolerance;
  }
  CHECK(twin_fails > 190);  // the twin: a gradient 0.1 % too long is told apart
}

TEST_CASE("Q_form_gradient: finite and bounded by 1/pi where the plane degenerates") {
  Stream stream(18);
  for (const double t : {0.0, 1e-300, 1e-160, 1e-17, 1e-12, 1e-8}) {
    for (const double sign : {1.0, -1.0}) {
      for (const Eigen::Index k : {1, 2, 5}) {
        const Eigen::VectorXd x = unit_vector(stream, k), u = unit_vector(stream, k);
        const Eigen::VectorXd y = sign * (k == 1 ? x : rotated(stream, x, t));
        Eigen::VectorXd gx = Eigen::VectorXd::Zero(k), gy = gx;
        CHECK(Q_form_gradient(x, y, u, 1, gx, gy) == doctest::Approx(Q(x, y).form(u)).epsilon(1e-15));
        CHECK(gx.norm() <= lipschitz_Q * (1 + 1e-6));
        CHECK(gy.norm() <= lipschitz_Q * (1 + 1e-6));
      }
    }
  }
}

TEST_CASE("E[1{w.x>0} 1{w.y>0} ww'] = Q, E[sgn sgn ww'] = Phi, by Monte Carlo") {
  Stream stream(19);
  for (const double theta : {0.3, 1.5, 2.8}) {
    const Eigen::VectorXd x = unit_vector(stream, 3), y = rotated(stream, x, theta), other = unit_vector(stream, 3);
    const Eigen::VectorXd bisector = (x + y).normalized();  // here u'Mu = 1
    for (const Eigen::VectorXd& u : {bisector, other}) {
      Moments on, signed_squares;
      for (int i = 0; i < 200000; ++i) {
        const Eigen::VectorXd w = gaussian_vector(stream, 3);
        const double square = w.dot(u) * w.dot(u), a = w.dot(x), b = w.dot(y);
        on.add(a > 0 && b > 0 ? square : 0);
        signed_squares.add(a * b > 0 ? square : -square);
      }
      require_mean(on, Q(x, y).form(u));
      require_mean(signed_squares, Phi(x, y).form(u));
      if (u == bisector) {  // the twins: M forgotten
        require_mean_rejected(on, (pi - theta) / (2 * pi));
        require_mean_rejected(signed_squares, (pi - 2 * theta) / pi);
      }
    }
  }
}

TEST_CASE("truncated_alpha: closed forms") {
  const double erf_part = std::erf(3 / std::numbers::sqrt2);
  CHECK(truncated_alpha(1) == doctest::Approx(erf_part - 3 * std::sqrt(2 / pi) * std::exp(-4.5)).epsilon(1e-14));
  CHECK(truncated_alpha(2) == doctest::Approx(1 - std::exp(-9) * 10).epsilon(1e-14));
  CHECK(truncated_alpha(4) == doctest::Approx(1 - std::exp(-18) * (1 + 18 + 162)).epsilon(1e-15));
  CHECK(truncated_alpha(100) == 1);
}

TEST_CASE("truncated rows have expectation alpha Q, by Monte Carlo") {
  Stream stream(20);
  for (const Eigen::Index k : {1, 2}) {
    const Eigen::VectorXd x = unit_vector(stream, k), y = k == 1 ? x : rotated(stream, x, 0.2);
    const Rows W = draw(Ensemble::truncated_gaussian, 400000, k, stream);
    Moments acc;
    for (Eigen::Index i = 0; i < W.rows(); ++i) {
      const double a = W.row(i).dot(x), b = W.row(i).dot(y);
      acc.add(a > 0 && b > 0 ? static_cast<double>(W.rows()) * a * a : 0);
    }
    require_mean(acc, ensemble_alpha(Ensemble::truncated_gaussian, k) * Q(x, y).form(x));
    if (k == 1) require_mean_rejected(acc, Q(x, y).form(x));  // the twin: alpha = 1, 2.9 % off
  }
}

TEST_CASE("wdc_deviation: closed forms") {
  const auto v = [](std::initializer_list<double> c) {
    return Eigen::VectorXd(Eigen::Map<const Eigen::VectorXd>(c.begin(), static_cast<Eigen::Index>(c.size())));
  };
  Rows one(1, 1), pair(2, 2), zero = Rows::Zero(3, 2);
  one << 2;
  pair << 1, 0, 0, 1;
  CHECK(wdc_deviation(one, 1, v({1}), v({5})) == 3.5L);                         // 4 - 1/2
  CHECK(wdc_deviation(one, 1, v({1}), v({-1})) == 0);                           // both 0
  CHECK(wdc_deviation(one, 2, v({-1}), v({-1})) == 1);                          // 2 (1/2)
  CHECK(wdc_deviation(zero, 1, v({1, 2}), v({1, 2})) == 0.5L);                  // Q = I/2
  CHECK(wdc_deviation(pair, 1, v({1, 1}), v({2, 2})) == doctest::Approx(0.5));  // I - I/2
  CHECK(wdc_deviation(pair, 1, v({1, 0}), v({1, 0})) == 0.5L);                  // ties are off: diag(1, 0) - I/2
  // x, y orthogonal: Q = I/4 + M/(2 pi), M the exchange of coordinates: eigenvalues 1/4 +- 1/(2 pi).
  CHECK(static_cast<double>(wdc_deviation(pair, 1, v({1, 0}), v({0, 1}))) ==
        doctest::Approx(0.25 + 0.5 / pi).epsilon(1e-15));
}

TEST_CASE("wdc_deviation: agrees with the evaluation used by the searches, at any length of x and y") {
  Stream stream(21);
  for (const Eigen::Index k : {1, 2, 3, 8}) {
    for (const Eigen::Index n : {1, 5, 40}) {
      const Rows W =
          draw(Ensemble::gaussian, n, k, stream.at({static_cast<std::uint64_t>(k), static_cast<std::uint64_t>(n)}));
      const Wdc wdc(W, 0.9);
      for (int trial = 0; trial < 20; ++trial) {
        const Eigen::VectorXd x = gaussian_vector(stream, k), y = trial % 4 == 0 ? x : gaussian_vector(stream, k);
        const double naive = static_cast<double>(wdc_deviation(W, 0.9, x, y));
        CHECK(evaluate(wdc, {x, y}).value == doctest::Approx(naive).epsilon(1e-13));
        CHECK(static_cast<double>(wdc_deviation(W, 0.9, 0x1p300 * x, 0x1p-300 * y)) ==
              doctest::Approx(naive).epsilon(1e-15));
      }
    }
  }
}

TEST_CASE("signs of w.x are those of the real numbers") {
  Stream stream(22);
  const auto exact_sign = [](const Eigen::VectorXd& h, const Eigen::VectorXd& p) {
    Big<500> sum = 0;  // exact for products of doubles of ordinary size
    for (Eigen::Index i = 0; i < h.size(); ++i) sum += Big<500>(h(i)) * Big<500>(p(i));
    return sum.sign();
  };
  int ties = 0, rounding_wrong = 0;
  for (int trial = 0; trial < 3000; ++trial) {
    const Eigen::Index k = 2 + trial % 5;
    const Eigen::VectorXd h = gaussian_vector(stream, k);
    Eigen::VectorXd p = gaussian_vector(stream, k);
    if (trial % 3 == 0) {  // exact ties: p is h turned by a right angle in the first plane
      p = Eigen::VectorXd::Zero(k);
      p(0) = h(1);
      p(1) = -h(0);
    } else {  // ties up to rounding
      p(0) = -h.tail(k - 1).dot(p.tail(k - 1)) / h(0);
    }
    const int sign = exact_sign(h, p);
    const double z = exact_sign_dot(h.data(), p.data(), k);
    ties += sign == 0;
    rounding_wrong += (h.dot(p) > 0) - (h.dot(p) < 0) != sign;
    REQUIRE((z > 0) - (z < 0) == sign);
    Rows W = h.transpose();
    const double active = static_cast<double>(wdc_deviation(W, 1e-3, p, p));  // |h|^2 if on, else alpha/2
    REQUIRE((active > 0.6e-3) == (sign > 0));
  }
  CHECK(ties >= 1000);
  CHECK(rounding_wrong > 100);  // the twin: plain arithmetic gets many of these wrong
}

TEST_CASE("exact_sign_dot: underflow, overflow, zeros and the value itself") {
  const auto dot = [](std::vector<double> h, std::vector<double> p) {
    return exact_sign_dot(h.data(), p.data(), static_cast<Eigen::Index>(h.size()));
  };
  CHECK(dot({1, 2}, {3, 4}) == 11);
  CHECK(dot({0, 0}, {3, 4}) == 0);
  CHECK(dot({1e-200}, {1e-200}) > 0);
  CHECK(dot({-5e-324}, {5e-324}) < 0);
  const double a = 0x1p-537;  // a * 0.4a is rounded to 0, a * a = 2^-1074 is the least double: 4 * 0.4 - 1 > 0
  CHECK(dot({a, a, a, a, a}, {0.4 * a, 0.4 * a, 0.4 * a, 0.4 * a, -a}) > 0);
  CHECK(dot({1e300, 1}, {-1e300, 1}) < 0);
  CHECK(dot({1e300, 1e-300, -1e300}, {1e300, 1e-300, 1e300}) > 0);
  CHECK(dot({1, 1e-30, -1}, {1, 1, 1}) == 1e-30);
}

TEST_CASE("names: the nearest is suggested, the far are not") {
  const std::vector<std::string> names{"gaussian", "uniform", "rademacher"};
  CHECK(nearest("gausian", names) == "gaussian");
  CHECK(nearest("Uniform", names) == "uniform");
  CHECK(nearest("xyz", names).empty());
  CHECK(position("ensemble", "uniform", names) == 1);
  CHECK_THROWS_WITH(
      position("ensemble", "gausian", names),
      "ensemble \"gausian\" is unknown; did you mean \"gaussian\"? one of gaussian, uniform, rademacher is needed");
}

}  // namespace test_theory
