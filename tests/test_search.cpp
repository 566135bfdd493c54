// The search against exhaustive grids, closed forms and its own symmetries, for the WDC and for two conditions made up
// here.
#include "estimators/instances.hpp"

#include "tests/linear_algebra.hpp"
#include "theory/error.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

namespace test_search {

using namespace theoremeter;
using namespace theoremeter::testing;

namespace {

Rows gaussian(Eigen::Index n, Eigen::Index k, std::uint64_t seed) {
  Stream stream(seed);
  Rows W(n, k);
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index j = 0; j < k; ++j) W(i, j) = stream.normal() / std::sqrt(static_cast<double>(n));
  return W;
}

Eigen::VectorXd random_unit(Eigen::Index k, Stream& stream) {
  Eigen::VectorXd x(k);
  for (double& entry : x) entry = stream.normal();
  return x.normalized();
}

template <Deviation D>
double best_of_random(const D& d, int count, std::uint64_t seed) {
  Stream stream(seed);
  double best = 0;
  for (int i = 0; i < count; ++i) {
    Point p;
    for (int s = 0; s < d.spheres(); ++s) p.push_back(random_unit(d.hyperplanes(s).cols(), stream));
    if (d.symmetric() && i % 4 == 0) p[1] = p[0];
    best = std::max(best, evaluate(d, p).value);
  }
  return best;
}

// k = 2: both points on either side of every hyperplane, and between.
template <Deviation D>
double best_on_circles(const D& d, double step) {
  std::vector<double> angles;
  for (int i = 0; i < 40; ++i) angles.push_back(2 * std::numbers::pi * i / 40);
  for (const auto& h : d.hyperplanes(0).rowwise())
    for (const double side : {0.5, -0.5})
      for (const double t : {-step, 0.0, step}) angles.push_back(std::atan2(h(1), h(0)) + side * std::numbers::pi + t);
  const auto on_circle = [](double t) { return Eigen::VectorXd(Eigen::Vector2d(std::cos(t), std::sin(t))); };
  double best = 0;
  for (const double x : angles)
    for (const double y : angles) best = std::max(best, evaluate(d, {on_circle(x), on_circle(y)}).value);
  return best;
}

double found(const Rows& W, std::int64_t starts = 4096, double alpha = 1) {
  return search(Wdc(W, alpha), starts, Stream(7), 2).witness.value;
}

// B_{+,h}' diag(C_{+,m} m o C_{+,y} y) B_{+,x} - (1/l) m'Q_{m,y}y Q_{h,x} [HJ (6)] at unit m, y: spheres h, x, m, y.
class Joint {
 public:
  Joint(Rows B, Rows C) : B_(std::move(B)), C_(std::move(C)) {}
  int spheres() const { return 4; }
  bool symmetric() const { return true; }
  const Rows& hyperplanes(int s) const { return s < 2 ? B_ : C_; }
  const Rows& rows() const { return B_; }
  double factor(int s, double z) const { return z > 0 ? (s < 2 ? 1 : z) : 0; }
  template <class Real, class Temperature>
  SmoothFactor<Real> smooth_factor(int s, const Real& z, Temperature t) const {
    const Real x = z * (1 / t), q = inverse_sqrt(Real(1 + x * x));
    if (s < 2) return {0.5f * (1 + x * q), (0.5f / t) * (q * q * q)};
    return {0.5f * (z + t * (1 + x * x) * q), 0.5f * (1 + x * q)};
  }
  PlaneOperator expectation(const Point& p) const { return Q(p[0], p[1], kappa(p)); }
  double expectation_form(const Point& p, const Eigen::VectorXd& u, Point& gradient) const {
    const double form = Q_form_gradient(p[0], p[1], u, kappa(p), gradient[0], gradient[1]);
    for (const std::size_t s : {2u, 3u})
      for (Eigen::Index j = 0; j < p[s].size(); ++j) {
        Point ahead = p, behind = p;
        ahead[s](j) += 1e-6;
        behind[s](j) -= 1e-6;
        gradient[s](j) += form * (kappa(ahead) - kappa(behind)) / 2e-6;
      }
    return kappa(p) * form;
  }

 private:
  double kappa(const Point& p) const {
    const Eigen::VectorXd m = p[2].normalized(), y = p[3].normalized();
    return m.dot(Q(m, y).apply(y)) * p[2].norm() * p[3].norm() / static_cast<double>(B_.rows());
  }
  Rows B_, C_;
};

}  // namespace

TEST_CASE("search: reaches everything that an exhaustive look at two circles finds") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const Eigen::Index n = std::vector<Eigen::Index>{1, 2, 3, 5, 9, 16}[seed % 6];
    const Wdc d(gaussian(n, 2, seed));
    const double value = search(d, default_starts(n, 2), Stream(seed), 1).witness.value,
                 grid = best_on_circles(d, 1e-9);
    CAPTURE(seed);
    CHECK(value >= grid - 1e-7);
    CHECK(best_of_random(d, 50, seed) <= value);
  }
  // A must-fail twin: random points alone fall short of the same grid.
  const Wdc d(gaussian(16, 2, 3));
  CHECK(best_of_random(d, 50, 1) < best_on_circles(d, 1e-9) - 1e-3);
}

TEST_CASE("search: beats many random points, and a single start climbs") {
  for (const auto& [n, k] : {std::pair{30, 3}, std::pair{40, 5}, std::pair{60, 10}}) {
    const Wdc d(gaussian(n, k, 5));
    const double value = search(d, 512, Stream(1), 1).witness.value;
    CHECK(value > 1.02 * best_of_random(d, 2000, 2));
    const Searched one = search(d, 1, Stream(1), 1);
    CHECK(one.starts == 1);
    CHECK(one.witness.value > 0);
    CHECK(one.witness.value <= value * (1 + 1e-9));
  }
}

TEST_CASE("search: the witness re-evaluates to its value, off the walls") {
  const Wdc d(gaussian(200, 4, 2));
  const Searched found = search(d, 512, Stream(3), 1);
  const Witness again = evaluate(d, found.witness.point);
  CHECK(again.value == found.witness.value);
  CHECK(again.side == found.witness.side);
  CHECK(found.witness.margin > 1e-12);
  CHECK(found.starts == 512);
  CHECK(found.evaluations > found.starts);
  Point moved = found.witness.point;  // farther than the margin: the witness is a vertex, and its neighbours are worse
  moved[0](0) += 1e-2;
  CHECK(evaluate(d, moved).value < found.witness.value);
}

TEST_CASE("search: the same whatever the order and scale of the rows and the axes they are written in") {
  const Eigen::Index n = 40, k = 3;
  const Rows W = gaussian(n, k, 11);
  const double value = found(W);
  Stream stream(1);
  const Eigen::MatrixXd rotation = orthogonal_of(gaussian(k, k, 4));
  CHECK(found(W * rotation) == doctest::Approx(value).epsilon(1e-9));
  Rows reversed = W.colwise().reverse();
  CHECK(found(reversed) == doctest::Approx(value).epsilon(1e-9));
  for (const double c : {3.0, 1e-4, 1e5})
    CHECK(found(c * W, 4096, c * c) / (c * c) == doctest::Approx(value).epsilon(1e-9));
  CHECK(found(3.0 * W) != doctest::Approx(9 * value).epsilon(1e-3));  // must fail: alpha was not scaled
  Rows with_zeros = Rows::Zero(n + 7, k);
  with_zeros.topRows(n) = W;
  CHECK(found(with_zeros) == doctest::Approx(value).epsilon(1e-9));
}

TEST_CASE("search: bitwise the same for any number of threads, and different for another seed") {
  const Wdc d(gaussian(60, 6, 1));
  const Searched one = search(d, 700, Stream(5), 1);
  for (const int threads : {2, 3}) {
    const Searched other = search(d, 700, Stream(5), threads);
    CHECK(other.witness.value == one.witness.value);
    CHECK(other.witness.margin == one.witness.margin);
    CHECK(other.evaluations == one.evaluations);
    for (std::size_t s = 0; s < 2; ++s) CHECK(other.witness.point[s] == one.witness.point[s]);
  }
  CHECK(search(d, 700, Stream(6), 1).witness.point[0] != one.witness.point[0]);
}

TEST_CASE("search: instances at the edge") {
  SUBCASE("no rows that matter: || alpha Q || = alpha / 2, at x = y") {
    CHECK(found(Rows::Zero(3, 4), 64, 0.8) == doctest::Approx(0.4).epsilon(1e-9));
    CHECK(found(Rows::Zero(1, 1), 64) == doctest::Approx(0.5).epsilon(1e-9));
  }
  SUBCASE("k = 1: four points") {
    Rows W(3, 1);
    W << 1.2, -0.5, 0.7;  // x = y = 1: 1.44 + 0.49 - 1/2
    CHECK(found(W, 64) == doctest::Approx(1.43).epsilon(1e-12));
    W << 0.2, -0.5, 0.3;  // x = y = 1: 1/2 - 0.04 - 0.09
    CHECK(found(W, 64) == doctest::Approx(0.37).epsilon(1e-12));
  }
  SUBCASE("n = 1: sup = max(|w|^2, 1/2), at x -> -y orthogonal to w, or at x = y with w.x < 0") {
    for (const Eigen::Index k : {2, 3, 6})
      for (const double length : {0.5, 1.5}) {
        const Rows w = gaussian(1, k, 8).rowwise().normalized() * length;
        CHECK(found(w, 256) == doctest::Approx(std::max(length * length, 0.5)).epsilon(1e-6));
      }
  }
  SUBCASE("n < k, duplicate, opposite and integer rows") {
    Rows few = gaussian(3, 6, 2), twice(8, 3), opposite(8, 2), integers(12, 2);
    twice << gaussian(4, 3, 3), gaussian(4, 3, 3);
    opposite << gaussian(4, 2, 3), -gaussian(4, 2, 3);
    integers << 1, 0, 0, 1, 1, 1, 1, -1, -1, 0, 0, -1, 1, 2, 2, 1, -1, -1, 1, 0, 0, 0, -2, 1;
    integers /= 4;
    CHECK(found(few, 512) >= best_of_random(Wdc(few), 4000, 1) - 1e-9);
    CHECK(found(twice, 512) >= best_of_random(Wdc(twice), 4000, 1) - 1e-9);
    CHECK(found(opposite, 512) >= best_on_circles(Wdc(opposite), 1e-9) - 1e-7);
    CHECK(found(integers, 512) >= best_on_circles(Wdc(integers), 1e-9) - 1e-7);
  }
  SUBCASE("a row and its opposite: off together only on their hyperplane, or with x and y on its two sides") {
    Rows W(4, 2);
    W << 0.5, 0, -0.5, 0, 0, 0.5, 0, -0.5;
    CHECK(found(W, 256) == doctest::Approx(0.5).epsilon(1e-7));
  }
}

TEST_CASE("search: other conditions through the same concept") {
  static_assert(Deviation<Joint>);
  SUBCASE("signs") {
    for (const Eigen::Index m : {3, 8, 14}) {
      const Phaseless d(gaussian(m, 2, 6));
      CHECK(search(d, 512, Stream(2), 1).witness.value >= best_on_circles(d, 1e-9) - 1e-7);
    }
    const Phaseless d(gaussian(60, 6, 6));
    CHECK(search(d, 512, Stream(2), 1).witness.value > 1.05 * best_of_random(d, 2000, 1));
  }
  SUBCASE("four spheres, two with factors that grow with z") {
    const Eigen::Index l = 50;
    const Joint d(gaussian(l, 2, 1), gaussian(l, 3, 2));
    const Searched found = search(d, 512, Stream(2), 1);
    CHECK(found.witness.value > 1.05 * best_of_random(d, 4000, 1));
    CHECK(found.witness.point.size() == 4);
    CHECK(evaluate(d, found.witness.point).value == found.witness.value);
    CHECK(search(d, 512, Stream(2), 3).witness.value == found.witness.value);
    const Joint scaled(3 * gaussian(l, 2, 1), gaussian(l, 3, 2));  // without its alpha: another function
    CHECK(search(scaled, 128, Stream(2), 1).witness.value > found.witness.value);
  }
}

TEST_CASE(
    "search: starts between elite points, or anew for a u held, where there are many rows, depend on no threads") {
  for (const auto& [n, k] : {std::pair<Eigen::Index, Eigen::Index>{480, 12}, {500, 10}}) {
    const Wdc d(gaussian(n, k, 3));
    const Searched one = search(d, 1024, Stream(1), 1), two = search(d, 1024, Stream(1), 2);
    CHECK(one.witness.value == two.witness.value);
    CHECK(one.witness.point == two.witness.point);
    CHECK(evaluate(d, one.witness.point).value == one.witness.value);
    CHECK(one.witness.value > 1.2 * best_of_random(d, 4000, 1));
  }
}

TEST_CASE("search: an annealing rises, u is held above a temperature, and p is annealed alone then") {
  const Wdc d(gaussian(200, 10, 3));
  const Annealer<Wdc> annealer(d);
  constexpr Eigen::Index k = 10, count = 8;
  Stream stream(4);
  const auto units = [&] {
    Eigen::MatrixXf x(k, count);
    for (Eigen::Index j = 0; j < count; ++j) x.col(j) = random_unit(k, stream).cast<float>();
    return x;
  };
  const auto constant = [&](float t) { return Eigen::ArrayXf::Constant(count, t).eval(); };
  Annealed start{{units(), units()}, units(), constant(1), constant(0.3f), constant(0)};
  const double before = annealer.values(start).mean();
  for (const float held : {0.0f, 0.15f, 10.0f}) {
    Annealed c = start;
    c.held = constant(held);
    annealer.run(c, 40, 0.5f);
    CHECK(annealer.values(c).mean() > before);
    CHECK((c.p[0] - start.p[0]).colwise().norm().minCoeff() > 0.1f);
    CHECK((c.p[1] - start.p[1]).colwise().norm().minCoeff() > 0.1f);
    CHECK((c.u == start.u) == (held == 0));
  }
}

TEST_CASE("search: default budget, progress and wrong use") {
  for (const std::int64_t k : {1, 3, 5, 20, 100, 1000}) {
    CHECK(default_starts(10, k) >= 256);
    CHECK(default_starts(100000, k) >= 256);
    CHECK(default_starts(100000, k) <= default_starts(10, k));
    CHECK(default_starts(1000, k) % 256 == 0);
  }
  std::vector<double> told;
  search(Wdc(gaussian(10, 2, 1)), 600, Stream(1), 2, [&](double fraction) { told.push_back(fraction); });
  CHECK(!told.empty());
  CHECK(std::is_sorted(told.begin(), told.end()));
  CHECK(told.back() == 1);
  CHECK_THROWS_AS(search(Wdc(gaussian(10, 2, 1)), 0, Stream(1), 1), InputError);
  CHECK_THROWS_AS(search(Wdc(gaussian(10, 2, 1)), 1, Stream(1), 0), InputError);
}

}  // namespace test_search
