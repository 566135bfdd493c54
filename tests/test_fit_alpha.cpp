// The fitted alpha against brute force on the circle, closed forms and its own proof, evaluated from the definition.
#include "estimators/fit_alpha.hpp"

#include "estimators/instances.hpp"
#include "theory/conditions.hpp"
#include "theory/error.hpp"

#include <doctest/doctest.h>
#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace test_fit_alpha {

using namespace theoremeter;

namespace {

Rows gaussian(Eigen::Index n, Eigen::Index k, std::uint64_t seed) {
  Stream stream(seed);
  Rows W(n, k);
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index j = 0; j < k; ++j) W(i, j) = stream.normal() / std::sqrt(static_cast<double>(n));
  return W;
}

FittedAlpha fitted(const Rows& W, std::int64_t starts = 1024, int threads = 2) {
  return fit_alpha(W, {}, starts, Stream(1), Stream(2), threads, {});
}

double found(const FittedAlpha& f) { return f.searched.witness.value / f.alpha; }

// phi(s) = sup || s S - Q || over the circle, k = 2, written out with angles: x and y run over 33 angles of every arc
// on which no row changes sign, ends included (from inside). What lies between two angles is missed: at a smooth
// maximum less than (arc/64)^2.
class Brute {
 public:
  explicit Brute(const Rows& W) {
    std::vector<double> rays{0};
    for (const auto& w : W.rowwise())
      for (const double side : {0.5, 1.5})
        rays.push_back(std::fmod(std::atan2(w(1), w(0)) + (side + 2) * std::numbers::pi, 2 * std::numbers::pi));
    std::sort(rays.begin(), rays.end());
    rays.push_back(2 * std::numbers::pi);
    std::vector<double> angles;
    std::vector<std::size_t> arc;
    for (std::size_t i = 0; i + 1 < rays.size(); ++i)
      for (int j = 0; j <= 32 && rays[i + 1] - rays[i] > 1e-9; ++j) {
        const double t = std::clamp(j / 32.0, 1e-9, 1 - 1e-9);
        angles.push_back(rays[i] + t * (rays[i + 1] - rays[i]));
        arc.push_back(i);
      }
    for (std::size_t i = 0; i < angles.size(); ++i)
      for (std::size_t j = i; j < angles.size(); ++j) pairs_.push_back(pair(W, angles[i], angles[j]));
  }

  double phi(double s) const {
    double most = 0;
    for (const Pair& p : pairs_) {
      const double a = s * p.S[0] - p.Q[0], b = s * p.S[1] - p.Q[1], c = s * p.S[2] - p.Q[2];
      most = std::max(most, std::abs((a + c) / 2) + std::hypot((a - c) / 2, b));
    }
    return most;
  }

  // By thirds: phi is convex.
  double minimum(double low, double high) const {
    for (int i = 0; i < 60; ++i) {
      const double a = low + (high - low) / 3, b = high - (high - low) / 3;
      (phi(a) < phi(b) ? high : low) = phi(a) < phi(b) ? b : a;
    }
    return phi((low + high) / 2);
  }

 private:
  struct Pair {
    double S[3], Q[3];  // entries 11, 12, 22
  };

  // M reflects about the bisector of x and y: cos(a + b), sin(a + b); sin(a + b), -cos(a + b).
  static Pair pair(const Rows& W, double a, double b) {
    Pair p{{0, 0, 0}, {0, 0, 0}};
    for (const auto& w : W.rowwise())
      if (w(0) * std::cos(a) + w(1) * std::sin(a) > 0 && w(0) * std::cos(b) + w(1) * std::sin(b) > 0) {
        p.S[0] += w(0) * w(0);
        p.S[1] += w(0) * w(1);
        p.S[2] += w(1) * w(1);
      }
    const double pi = std::numbers::pi, difference = std::fmod(b - a, 2 * pi),
                 theta = difference > pi ? 2 * pi - difference : difference, m = std::sin(theta) / (2 * pi);
    p.Q[0] = (pi - theta) / (2 * pi) + m * std::cos(a + b);
    p.Q[1] = m * std::sin(a + b);
    p.Q[2] = (pi - theta) / (2 * pi) - m * std::cos(a + b);
    return p;
  }

  std::vector<Pair> pairs_;
};

// At no alpha are the points of the proof all below at_least: by the definition, on a fine scan. The scan only finds
// exceptions, so that it needs no more than the rounding of both evaluations.
bool proof_holds(const Rows& W, const FittedAlpha& f) {
  for (int i = -400; i <= 400; ++i) {
    const double alpha = f.alpha * std::exp2(i / 50.0);
    double most = 0;
    for (const Point& p : f.fit.points)
      most = std::max(most, static_cast<double>(wdc_deviation(W, alpha, p[0], p[1])) / alpha);
    if (most < f.fit.at_least * (1 - 1e-11)) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("fit_alpha: the minimum that brute force finds on the circle, and no proof above it") {
  int below_half = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const Eigen::Index n = std::vector<Eigen::Index>{4, 7, 12, 16}[seed % 4];
    Rows W = gaussian(n, 2, seed);
    if (seed % 3 == 0) W.col(1) *= 0.1;  // far from any ensemble's
    const FittedAlpha f = fitted(W);
    const double best = Brute(W).minimum(0, 4 / W.squaredNorm() * 2);
    CAPTURE(seed);
    CHECK(f.fit.at_least <= best + 1e-3);  // what the brute force may miss
    CHECK(f.fit.at_least >= best * (1 - 1e-3));
    CHECK(found(f) <= f.fit.at_least * (1 + fit_tolerance));
    CHECK(proof_holds(W, f));
    below_half += best < 0.49;
  }
  CHECK(below_half >= 3);
  CHECK(below_half <= 7);
}

TEST_CASE("fit_alpha: phi is convex, and no other multiple makes eps/alpha smaller") {
  const Rows W = 1.7 * gaussian(40, 3, 21);
  const FittedAlpha f = fitted(W, 2048);
  CHECK(found(f) < 0.47);
  CHECK(proof_holds(W, f));
  const auto phi = [&](double s) { return s * search(Wdc(W, 1 / s), 1024, Stream(7), 2).witness.value; };
  std::vector<double> values;
  for (const double factor : {0.0625, 0.5, 0.9, 1.1, 1.5, 2.0}) values.push_back(phi(factor / f.alpha));
  for (const double value : values) CHECK(value > found(f) * (1 - 1e-3));
  CHECK(values.front() > found(f) * 1.05);  // the checks above can fail
  CHECK(values.back() > found(f) * 1.05);
  CHECK(phi(0.5 / f.alpha) <= (phi(0.0625 / f.alpha) * 0.4 + phi(0.9 / f.alpha) * 0.4375) / 0.8375 + 1e-6);
  FittedAlpha wrong = f;  // and so can the proof
  wrong.fit.at_least *= 1.001;
  CHECK(!proof_holds(W, wrong));
  wrong = f;
  wrong.fit.points.pop_back();
  CHECK(!proof_holds(W, wrong));
}

TEST_CASE(
    "fit_alpha: scaling W by a power of two scales alpha by its square exactly; by any factor, to the tolerance") {
  const Rows W = gaussian(30, 3, 4);
  const FittedAlpha f = fitted(W, 512);
  for (const int e : {-490, -3, 1, 490}) {
    const FittedAlpha g = fitted(std::ldexp(1.0, e) * W, 512);
    CHECK(g.alpha == std::ldexp(f.alpha, 2 * e));
    CHECK(g.fit.at_least == f.fit.at_least);
    CHECK(g.searched.witness.value == std::ldexp(f.searched.witness.value, 2 * e));
  }
  for (const double c : {1e-150, 3.0, 1e150}) {
    const FittedAlpha g = fitted(c * W, 512);
    CHECK(g.alpha / c / c == doctest::Approx(f.alpha).epsilon(1e-2));  // phi is flat where it is least
    CHECK(g.fit.at_least == doctest::Approx(f.fit.at_least).epsilon(fit_tolerance));
  }
  CHECK_THROWS_AS(fitted(1e-160 * W), InputError);  // alpha would be 1e-320
  CHECK_THROWS_AS(fitted(1e160 * W), InputError);
}

TEST_CASE("fit_alpha: where nothing is below 1/2 it says so, and finds the least alpha that reaches it") {
  SUBCASE("the zero matrix: 1/2 at every alpha") {
    const FittedAlpha f = fitted(Rows::Zero(4, 3), 64);
    CHECK(f.alpha == 1);
    CHECK(f.fit.at_least == 0.5);
    CHECK(found(f) == doctest::Approx(0.5).epsilon(1e-9));
    CHECK(proof_holds(Rows::Zero(4, 3), f));
  }
  SUBCASE("rank one, W = a w': alpha = 2 |w|^2 max(|a_+|^2, |a_-|^2)") {
    for (const Eigen::Index k : {2, 3, 8}) {
      const Eigen::VectorXd a = gaussian(9, 1, 5), w = gaussian(k, 1, 6);
      const Rows W = a * w.transpose();
      const FittedAlpha f = fitted(W, 256);
      const double larger = std::max(a.cwiseMax(0).squaredNorm(), a.cwiseMin(0).squaredNorm());
      CAPTURE(k);
      CHECK(f.alpha == doctest::Approx(2 * larger * w.squaredNorm()).epsilon(1e-5));
      CHECK(f.fit.at_least == doctest::Approx(0.5).epsilon(1e-9));
      CHECK(proof_holds(W, f));
    }
  }
  SUBCASE("rows without a negative entry: none is active at x = -(1, ..., 1)") {
    const Rows W = gaussian(60, 8, 7).cwiseAbs();
    const FittedAlpha f = fitted(W, 512);
    CHECK(f.fit.at_least == doctest::Approx(0.5).epsilon(1e-9));
    CHECK(found(f) <= 0.5 * (1 + fit_tolerance));
    CHECK(proof_holds(W, f));
  }
  SUBCASE("fewer rows than twice the columns, scales far apart, a spectrum that decays") {
    Rows few = gaussian(10, 6, 8), scaled = gaussian(30, 4, 9), decaying = gaussian(80, 12, 10);
    scaled.col(0) *= 1e4;
    for (Eigen::Index j = 0; j < 12; ++j) decaying.col(j) *= std::pow(0.4, static_cast<double>(j));
    for (const Rows& W : {few, scaled, decaying}) {
      const FittedAlpha f = fitted(W, 1024);
      CAPTURE(W.cols());
      CHECK(found(f) <= 0.5 * (1 + fit_tolerance));  // 1.4 and more where the minimisation ends at an interval's end
      CHECK(found(f) <= f.fit.at_least * (1 + fit_tolerance));
      CHECK(proof_holds(W, f));
    }
    CHECK(fitted(few).fit.at_least == doctest::Approx(0.5).epsilon(1e-9));
  }
}

TEST_CASE("fit_alpha: k = 1, by hand") {
  Rows W(3, 1);
  W << 1.2, -0.5, 0.7;  // p = 1.93, m = 0.25: |p - m| / (2 (p + m)) at alpha = p + m
  const FittedAlpha f = fitted(W, 64);
  CHECK(f.alpha == doctest::Approx(2.18).epsilon(1e-12));
  CHECK(f.fit.at_least == doctest::Approx(1.68 / 4.36).epsilon(1e-12));
  CHECK(found(f) == doctest::Approx(1.68 / 4.36).epsilon(1e-12));
  CHECK(fitted(W.cwiseAbs(), 64).fit.at_least == doctest::Approx(0.5).epsilon(1e-12));  // none active at -1
}

TEST_CASE("fit_alpha: the same for any number of threads; any budget") {
  const Rows W = gaussian(60, 6, 3);
  const FittedAlpha one = fitted(W, 512, 1), three = fitted(W, 512, 3);
  CHECK(one.alpha == three.alpha);
  CHECK(one.fit.at_least == three.fit.at_least);
  CHECK(one.searched.witness.value == three.searched.witness.value);
  CHECK(one.searched.evaluations == three.searched.evaluations);
  const FittedAlpha poor = fitted(W, 1);
  CHECK(poor.fit.at_least <= found(one) * (1 + 1e-9));  // proved is proved
  CHECK(proof_holds(W, poor));
}

TEST_CASE("fit_alpha: a point given counts, whether or not the search finds it") {
  const Rows W = gaussian(60, 6, 3);
  const Point p = fitted(W, 1024).searched.witness.point;
  const FittedAlpha poor = fitted(W, 1), told = fit_alpha(W, {p}, 1, Stream(1), Stream(2), 1, {});
  CHECK(told.searched.witness.value >= static_cast<double>(wdc_deviation(W, told.alpha, p[0], p[1])) * (1 - 1e-9));
  CHECK(told.searched.witness.value / told.alpha <= 0.6);
  CHECK(poor.fit.at_least <= 0.5);
  CHECK(proof_holds(W, told));
}

}  // namespace test_fit_alpha
