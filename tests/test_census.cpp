#include "estimators/cells.hpp"
#include "estimators/census.hpp"
#include "estimators/integers.hpp"
#include "tests/networks.hpp"
#include "theory/error.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <array>
#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <numeric>

namespace test_census {

using namespace theoremeter;
using namespace theoremeter::testing;
using Eigen::Vector2d;
using Eigen::VectorXd;
using std::numbers::pi;

namespace {

double cross(const Vector2d& p, const Vector2d& q) { return p(0) * q(1) - p(1) * q(0); }
Vector2d turned(const Vector2d& p) { return {-p(1), p(0)}; }
double angle(const Vector2d& p) { return std::atan2(p(1), p(0)); }
int sign(double value) { return value > 0 ? 1 : value < 0 ? -1 : 0; }
Vector2d direction(double angle) { return {std::cos(angle), std::sin(angle)}; }

bool is_minimum(StationaryKind kind) { return kind == StationaryKind::minimum || kind == StationaryKind::kink_minimum; }

const StationaryPoint* nearest(const std::vector<StationaryPoint>& points, const Vector2d& x) {
  const auto by_distance = [&](const auto& p, const auto& q) { return (p.x - x).norm() < (q.x - x).norm(); };
  const auto it = std::min_element(points.begin(), points.end(), by_distance);
  return it == points.end() ? nullptr : &*it;
}

std::ptrdiff_t count(const std::vector<StationaryPoint>& points, StationaryKind kind) {
  return std::count_if(points.begin(), points.end(), [&](const auto& point) { return point.kind == kind; });
}

// With weights -1, 0, 1 and few neurons all breakpoints are integer vectors up to `reach`. All such directions cut the
// circle into arcs, too fine by far, but on each f is one quadratic with integer coefficients, known from two rays.
struct Fine {
  Vector2d from, M_from, M_to, c;
  int rank;
};

std::vector<Fine> fine_arcs(const Recovery& f, int reach) {
  std::vector<Vector2d> directions;
  for (int i = -reach; i <= reach; ++i)
    for (int j = -reach; j <= reach; ++j)
      if (std::gcd(i, j) == 1) directions.emplace_back(i, j);
  std::sort(directions.begin(), directions.end(),
            [](const Vector2d& p, const Vector2d& q) { return angle(p) < angle(q); });
  std::vector<Fine> arcs;
  for (std::size_t i = 0; i < directions.size(); ++i) {
    const Vector2d &from = directions[i], &to = directions[(i + 1) % directions.size()];
    const Ray first = along_ray(f, from + to), second = along_ray(f, 2 * from + to);
    const Vector2d M_from = second.Mp - first.Mp, M_to = first.Mp - M_from;
    const int rank = cross(M_from, M_to) != 0 ? 2 : !M_from.isZero(0) || !M_to.isZero(0) ? 1 : 0;
    arcs.push_back({from, M_from, M_to, first.cp, rank});
  }
  return arcs;
}

struct Expected {
  std::vector<std::pair<Vector2d, StationaryKind>> points;
  double constant = 0, lines = 0;  // radians of directions with flat cones, flat lines
  bool falls = false, rises = false, level = false;
};

// a times the derivative turning counterclockwise, at the lowest point of the ray p.
double turning(const Vector2d& p, const Vector2d& Mp, const Vector2d& c) {
  return p.dot(c) * turned(p).dot(Mp) - p.dot(Mp) * turned(p).dot(c);
}

// From the definitions, in integers (as doubles): only points both of whose neighbours have rank 2.
Expected expected(const Recovery& f, int reach) {
  const std::vector<Fine> arcs = fine_arcs(f, reach);
  Expected result;
  for (std::size_t i = 0; i < arcs.size(); ++i) {
    const Fine &left = arcs[(i + arcs.size() - 1) % arcs.size()], &right = arcs[i], &next = arcs[(i + 1) % arcs.size()];
    const double width = std::atan2(cross(right.from, next.from), right.from.dot(next.from));
    const double b = right.from.dot(right.c), b_end = next.from.dot(right.c);
    CHECK(b == right.from.dot(left.c));
    (b > 0 ? result.falls : b < 0 ? result.rises : result.level) = true;
    if (right.rank == 0) result.constant += width;
    if (right.rank == 1 && (b > 0 || b_end > 0)) result.lines += width;
    const int first = sign(turning(right.from, right.M_from, right.c)),
              last = sign(turning(next.from, right.M_to, right.c)),
              before = sign(turning(right.from, left.M_to, left.c));
    if (right.rank == 2 && first < 0 && last > 0) {
      // x = s from + t to solves s M from + t M to = c
      const double det = cross(right.M_from, right.M_to);
      const double s = cross(right.c, right.M_to) / det, t = cross(right.M_from, right.c) / det;
      result.points.emplace_back(s * right.from + t * next.from, StationaryKind::minimum);
    }
    if (left.rank < 2 || right.rank < 2 || b <= 0 || first * before > 0) continue;
    const Vector2d x = b / right.from.dot(right.M_from) * right.from;
    result.points.emplace_back(x, first == 0 && before == 0   ? StationaryKind::minimum
                                  : first >= 0 && before <= 0 ? StationaryKind::kink_minimum
                                                              : StationaryKind::kink_saddle);
  }
  return result;
}

void check_against(const Expected& truth, const Census& census) {
  std::vector<StationaryPoint> isolated;
  for (const StationaryPoint& point : census.points)
    if (point.isolated) isolated.push_back(point);
  REQUIRE(isolated.size() == truth.points.size());
  for (const auto& [x, kind] : truth.points) {
    const StationaryPoint* found = nearest(isolated, x);
    CHECK((found->x - x).norm() <= 1e-13 * x.norm());
    CHECK(found->kind == kind);
  }
  double constant = 0, lines = 0;
  for (const FlatSet& set : census.flat) (set.normal.isZero(0) ? constant : lines) += set.to - set.from;
  CHECK(constant == doctest::Approx(truth.constant).epsilon(1e-12));
  CHECK(lines == doctest::Approx(truth.lines).epsilon(1e-12));
  CHECK((census.zero == StationaryKind::maximum) == (truth.falls && !truth.rises && !truth.level));
  CHECK((census.zero == StationaryKind::kink_minimum) == !truth.falls);
  CHECK(sign(census.descent_at_zero) == (truth.rises ? -1 : truth.level ? 0 : 1));
}

// f at its lowest point on the ray: its stationary directions are those of f.
double profile(const Recovery& f, double angle) {
  const Ray ray = along_ray(f, direction(angle));
  const double b = std::max(ray.b, 0.0);
  return b > 0 ? ray.c / 2 - b * b / (2 * ray.a) : ray.c / 2;
}

std::vector<Recovery> gaussian_problems(Stream& stream) {
  const Vector2d x0 = gaussian_vector(stream, 2);
  const Network G = gaussian_network(stream, {2, 7, 12}), deep = gaussian_network(stream, {2, 8, 10, 12});
  const VectorXd noise = 0.1 * gaussian_vector(stream, 9);
  return {inversion(G, x0),
          inversion(gaussian_network(stream, {2, 9}), x0),
          inversion(deep, x0),
          compressed_sensing(G, gaussian_rows(stream, 9, 12), x0),
          compressed_sensing(deep, gaussian_rows(stream, 9, 12), x0, noise),
          phase_retrieval(G, gaussian_rows(stream, 9, 12), x0),
          phase_retrieval(deep, gaussian_rows(stream, 9, 12), x0),
          phase_retrieval(G, gaussian_rows(stream, 9, 12), x0, noise),
          amplitude_flow(gaussian_rows(stream, 9, 2), x0)};
}

// The element of least norm of the convex hull of vectors in the plane.
Vector2d least_of_hull(const std::vector<Vector2d>& v) {
  Vector2d least = v[0];
  const auto see = [&](const Vector2d& g) {
    if (g.norm() < least.norm()) least = g;
  };
  for (std::size_t i = 0; i < v.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const Vector2d d = v[i] - v[j];
      see(v[j] + std::clamp(-v[j].dot(d) / d.squaredNorm(), 0.0, 1.0) * d);
      for (std::size_t l = 0; l < j; ++l) {
        const double a = cross(v[i], v[j]), b = cross(v[j], v[l]), c = cross(v[l], v[i]);
        if (a * b > 0 && b * c > 0) return Vector2d::Zero();
      }
    }
  }
  return least;
}

// Descent by gradient sampling: against the least element of the hull of gradients nearby, which must fail three times
// before what is near becomes nearer.
Vector2d descend(const Recovery& f, Vector2d x, Stream& stream) {
  int failures = 0;
  for (double radius = 0.1 * f.x0.norm(); radius > 1e-9 * f.x0.norm();) {
    std::vector<Vector2d> gradients{gradient(f, x)};
    for (int i = 0; i < 7; ++i) {
      const Vector2d g = gradient(f, x + radius * stream.uniform() * direction(2 * pi * stream.uniform()));
      if (g != gradients[0]) gradients.push_back(g);
    }
    const Vector2d g = least_of_hull(gradients), u = g.stableNormalized();
    const double here = objective(f, x);
    double length = f.x0.norm();
    while (length > radius / 64 && objective(f, x - length * u) >= here - 0.1 * length * g.norm()) length /= 2;
    if (length > radius / 64) {
      x -= length * u;
      failures = 0;
    } else if (++failures % 3 == 0) {
      radius /= 4;
    }
  }
  return x;
}

}  // namespace

TEST_CASE("integers: a double is an integer times the common power of two") {
  Stream stream(301);
  for (int trial = 0; trial < 200; ++trial) {
    Eigen::MatrixXd X = gaussian_rows(stream, 3, 2);
    X *= std::ldexp(1.0, static_cast<int>(integer(stream, -300, 300)));
    X(0, 0) *= 0x1p-40;
    X(1, 1) = 0;
    const int exponent = common_exponent(X);
    bool odd = false;
    for (const double x : X.reshaped()) {
      const Integer value = integer(x, exponent);
      CHECK(std::ldexp(static_cast<double>(value), exponent) == x);
      odd = odd || value % 2 != 0;
    }
    CHECK(odd);  // the largest such power
  }
  CHECK(common_exponent(Eigen::Vector3d(6, 0, -8)) == 1);
  CHECK(integer(-8, 1) == -4);
  CHECK(common_exponent(Eigen::Vector2d::Zero()) == 0);
}

TEST_CASE("census: every stationary point of integer problems, ties and dead cones included") {
  Stream stream(302);
  std::ptrdiff_t points = 0, kinks = 0, flat = 0, zero_saddles = 0;
  for (int trial = 0; trial < 150; ++trial) {
    const auto rows = [](Stream& s, Eigen::Index n, Eigen::Index k) { return integer_rows(s, n, k, -1, 1); };
    const Network G = trial % 15 == 0 ? dead_network(stream, {2, 3, 2}) : network(stream, {2, 4, 3}, rows);
    const Rows A = integer_rows(stream, 3, G.output(), -1, 1), B = integer_rows(stream, 4, 2, -3, 3);
    Vector2d x0 = integer_vector(stream, 2, -2, 2);
    if (x0.isZero(0)) x0 = {1, 2};
    const VectorXd noise = integer_vector(stream, 3, -2, 2);
    for (const Recovery& f : {inversion(G, x0), compressed_sensing(G, A, x0), compressed_sensing(G, A, x0, noise),
                              phase_retrieval(G, A, x0), phase_retrieval(G, A, x0, noise), amplitude_flow(B, x0)}) {
      const Census found = census(f, 0.5);
      check_against(expected(f, 12), found);
      points += std::ssize(found.points);
      kinks += count(found.points, StationaryKind::kink_minimum);
      flat += std::ssize(found.flat);
      zero_saddles += found.zero == StationaryKind::kink_saddle;
    }
  }
  CHECK(points > 1000);
  CHECK(kinks > 20);
  CHECK(flat > 200);
  CHECK(zero_saddles > 100);
}

TEST_CASE("census: minima and saddles are those of the profile over directions, and no others") {
  Stream stream(303);
  std::ptrdiff_t minima = 0, resolved = 0, taking_turns = 0;
  for (int trial = 0; trial < 4; ++trial) {
    for (const Recovery& f : gaussian_problems(stream)) {
      const Census found = census(f, 0.5);
      const int steps = 20000;
      const double step = 2 * pi / steps;
      std::vector<double> F;
      for (int i = 0; i < steps; ++i) F.push_back(profile(f, i * step));
      const auto at = [&](int i) { return F[static_cast<std::size_t>((i + steps) % steps)]; };
      const auto close = [&](int i, bool minimum) {  // a point within a step of the i-th direction
        return std::count_if(found.points.begin(), found.points.end(), [&](const StationaryPoint& point) {
          return is_minimum(point.kind) == minimum &&
                 std::abs(cross(point.x.normalized(), direction(i * step))) < step &&
                 point.x.dot(direction(i * step)) > 0;
        });
      };
      for (int i = 0; i < steps; ++i) {
        const double flat = 1e-14 * f.b.squaredNorm();
        if (at(i) < at(i - 1) - flat && at(i) < at(i + 1) - flat) {
          CHECK(close(i, true) > 0);
          ++resolved;
        }
        if (at(i) > at(i - 1) + flat && at(i) > at(i + 1) + flat) CHECK(close(i, false) > 0);
      }
      for (const StationaryPoint& point : found.points) {
        const double across = angle(point.x), delta = 1e-7, rounding = 1e-15 * f.b.squaredNorm();
        const double here = profile(f, across);
        CHECK(here == doctest::Approx(point.objective).epsilon(1e-12));
        for (const double side : {profile(f, across + delta), profile(f, across - delta)})
          CHECK((is_minimum(point.kind) ? side >= here - rounding : side <= here + rounding));
        minima += is_minimum(point.kind);
      }
      // where f falls from 0 on every ray, minima and maxima of the profile take turns
      const bool level = std::any_of(found.points.begin(), found.points.end(), [](const StationaryPoint& point) {
        return point.kind != StationaryKind::minimum && point.clockwise * point.counterclockwise == 0;
      });
      if (found.zero != StationaryKind::maximum || !found.flat.empty() || level) continue;
      ++taking_turns;
      for (std::size_t i = 0; i < found.points.size(); ++i)
        CHECK(is_minimum(found.points[i].kind) != is_minimum(found.points[(i + 1) % found.points.size()].kind));
    }
  }
  CHECK(resolved > minima * 8 / 10);
  CHECK(taking_turns > 10);
}

TEST_CASE("census: one-sided derivatives around every point; x0 is found; 0 is what the rays say") {
  Stream stream(304);
  std::ptrdiff_t kink_minima = 0, maxima = 0, others = 0;
  for (int trial = 0; trial < 12; ++trial) {
    for (const Recovery& f : gaussian_problems(stream)) {
      const Census found = census(f, 0.5);
      double most = 0;  // bounds what f is made of
      for (int i = 0; i < 16; ++i) most = std::max(most, along_ray(f, direction(i)).a);
      for (const StationaryPoint& point : found.points) {
        const Vector2d &x = point.x, t = turned(x.normalized());
        const double scale = most * x.norm() + std::sqrt(most) * f.b.norm();
        CHECK(point.distance_x0 == doctest::Approx((x - f.x0).norm() / f.x0.norm()));
        CHECK(point.distance_minus_rho_x0 == doctest::Approx((x + 0.5 * f.x0).norm() / f.x0.norm()));
        if (point.kind == StationaryKind::minimum) CHECK(gradient(f, x).norm() < 1e-12 * scale);
        // just off the ray f is differentiable; x + h t stands for "x, on that side"
        const double h = 1e-9 * x.norm(), tiny = 1e-8 * scale;
        const Vector2d left = gradient(f, x + h * t), right = gradient(f, x - h * t);
        CHECK(std::abs(left.dot(t) - point.counterclockwise) < tiny);
        CHECK(std::abs(right.dot(t) + point.clockwise) < tiny);
        bool falls = false;
        for (int i = 0; i < 64; ++i) {
          const Vector2d u = direction(angle(x) + 2 * pi * (i + 0.5) / 64);
          const double D = one_sided_derivative(f, x + (u.dot(t) > 0 ? h : -h) * t, u);
          if (is_minimum(point.kind)) CHECK(D >= -tiny);
          falls = falls || D < 0;
        }
        if (point.kind == StationaryKind::kink_saddle) {
          CHECK(std::max(point.counterclockwise, point.clockwise) <= 0);
          CHECK(std::min(point.counterclockwise, point.clockwise) < 0);
          CHECK(falls);
        }
        kink_minima += point.kind == StationaryKind::kink_minimum;
      }
      double least = along_ray(f, found.zero_witness).b;
      CHECK(found.zero_witness.norm() == doctest::Approx(1));
      CHECK(least == doctest::Approx(found.descent_at_zero).scale(f.b.norm()).epsilon(1e-12));
      for (int i = 0; i < 2000; ++i) least = std::min(least, along_ray(f, direction(2 * pi * i / 2000)).b);
      CHECK(found.descent_at_zero <= least + 1e-14 * f.b.norm());
      CHECK((found.zero == StationaryKind::maximum) == (found.descent_at_zero > 0));
      (found.zero == StationaryKind::maximum ? maxima : others) += 1;
    }
  }
  CHECK(kink_minima > 10);
  CHECK(maxima > 10);
  CHECK(others > 10);
}

TEST_CASE("census: descent from anywhere ends at one of its minima") {
  Stream stream(305);
  int spurious = 0, runs = 0;
  for (int trial = 0; trial < 4; ++trial) {
    for (const Recovery& f : gaussian_problems(stream)) {
      const Census found = census(f, 0.5);
      if (found.zero != StationaryKind::maximum || !found.flat.empty()) continue;  // where else to end
      for (int start = 0; start < 25; ++start) {
        const Vector2d x = descend(f, f.x0.norm() * gaussian_vector(stream, 2), stream);
        const StationaryPoint* end = nearest(found.points, x);
        REQUIRE(end != nullptr);
        CHECK((end->x - x).norm() < 1e-4 * f.x0.norm());
        CHECK(is_minimum(end->kind));
        spurious += end->distance_x0 > 1e-6;
        ++runs;
      }
    }
  }
  CHECK(spurious > runs / 20);
  CHECK(spurious < runs);
}

TEST_CASE("census: amplitude flow worked out by hand") {
  Rows A(3, 2);
  A << 1, 0, 0, 1, 1, 1;
  // With signs (+, -, +): x1 + x2 = S solves S + 2(S - 2) = 0, hence S = 4/3, x = (5/3, -1/3), f = 3/2 (2/3)^2.
  // On x2 = 0: r - 1 + r - 2 = 0; across, D = -1 -+ 1/2. On x1 + x2 = 0: r = 1, f = 4/2, D = -2 sqrt 2.
  const Recovery f = amplitude_flow(A, Vector2d(1, 1));
  const Census found = census(f, 0.5);
  CHECK(found.cells == 6);
  CHECK(found.zero == StationaryKind::maximum);
  CHECK(found.flat.empty());
  REQUIRE(found.points.size() == 12);
  CHECK(count(found.points, StationaryKind::minimum) == 6);
  CHECK(count(found.points, StationaryKind::kink_saddle) == 6);
  const auto check = [&](Vector2d x, StationaryKind kind, double objective, double counterclockwise, double clockwise) {
    for (const double mirror : {1.0, -1.0}) {
      const StationaryPoint* point = nearest(found.points, mirror * x);
      CHECK((point->x - mirror * x).norm() < 1e-15);
      CHECK(point->kind == kind);
      CHECK(std::abs(point->objective - objective) < 1e-15);
      CHECK(std::abs(point->counterclockwise - counterclockwise) < 1e-15);
      CHECK(std::abs(point->clockwise - clockwise) < 1e-15);
    }
  };
  check({1, 1}, StationaryKind::minimum, 0, 0, 0);
  check({5.0 / 3, -1.0 / 3}, StationaryKind::minimum, 2.0 / 3, 0, 0);
  check({-1.0 / 3, 5.0 / 3}, StationaryKind::minimum, 2.0 / 3, 0, 0);
  check({1.5, 0}, StationaryKind::kink_saddle, 0.75, -1.5, -0.5);
  check({0, 1.5}, StationaryKind::kink_saddle, 0.75, -0.5, -1.5);
  check({1, -1}, StationaryKind::kink_saddle, 2, -2 * std::sqrt(2), -2 * std::sqrt(2));
  const StationaryPoint* spurious = nearest(found.points, Vector2d(-1, -1));
  CHECK(spurious->distance_x0 == doctest::Approx(2));
  CHECK(spurious->distance_minus_rho_x0 == doctest::Approx(0.5));
  // descent at 0: b(p) = |p1| + |p2| + 2 |p1 + p2| is least at (1, -1)/sqrt 2
  CHECK(found.descent_at_zero == doctest::Approx(std::sqrt(2)));
}

TEST_CASE("census: a kink minimum, a ray of them and a half-dead plane by hand") {
  Rows W(3, 2), A(2, 3);
  W << 1, 0, 0, 1, 0, -1;
  A << 1, 0, 0, 0, 1, 1;
  // f = 1/2 (max(x1, 0) - 1)^2 + 1/2 (|x2| + 1)^2
  const Recovery f = compressed_sensing(Network({W}), A, Vector2d(1, 0), Vector2d(0, -1));
  const Census found = census(f, 0.5);
  REQUIRE(found.points.size() == 1);
  CHECK(found.points[0].kind == StationaryKind::kink_minimum);
  CHECK(found.points[0].x == Vector2d(1, 0));
  CHECK(found.points[0].counterclockwise == 1);
  CHECK(found.points[0].clockwise == 1);
  CHECK(found.points[0].objective == 0.5);
  REQUIRE(found.flat.size() == 1);  // x1 < 0, x2 = 0
  CHECK(found.flat[0].kind == StationaryKind::kink_minimum);
  CHECK(std::abs(found.flat[0].from) == pi);
  CHECK(found.flat[0].from == found.flat[0].to);
  CHECK(found.flat[0].normal.isZero(0));
  CHECK(found.flat[0].objective == 1);
  CHECK(found.zero == StationaryKind::kink_saddle);
  CHECK(found.descent_at_zero == -1);
  CHECK(std::abs(found.zero_witness(1)) == 1);
}

TEST_CASE("census: one minimum where the problem is convex, or nearly") {
  Stream stream(306);
  const Vector2d x0(2, 1);
  const Census linear = census(compressed_sensing(Network::identity(2), gaussian_rows(stream, 5, 2), x0), 0.5);
  CHECK(linear.cells == 1);
  REQUIRE(linear.points.size() == 1);
  CHECK(linear.points[0].kind == StationaryKind::minimum);
  CHECK(linear.points[0].distance_x0 < 1e-14);
  CHECK(linear.zero == StationaryKind::kink_saddle);
  CHECK(linear.flat.empty());

  // G(x) = (x1+, x2+, x1-, x2-): f falls towards x0 from everywhere, but on the axes beside it one cell's gradient is 0
  Rows W(4, 2);
  W << 1, 0, 0, 1, -1, 0, 0, -1;
  const Census folded = census(inversion(Network({W}), x0), 0.5);
  CHECK(folded.cells == 4);
  REQUIRE(folded.points.size() == 3);
  CHECK(count(folded.points, StationaryKind::minimum) == 1);
  CHECK(nearest(folded.points, x0)->x == x0);
  for (const Vector2d& x : {Vector2d(2, 0), Vector2d(0, 1)}) {
    const StationaryPoint* point = nearest(folded.points, x);
    CHECK(point->x == x);
    CHECK(point->kind == StationaryKind::kink_saddle);
    CHECK(std::min(point->clockwise, point->counterclockwise) < 0);
    CHECK(std::max(point->clockwise, point->counterclockwise) == 0);
  }
}

// Opposite to x0 hardly a neuron is active in both, and -c/|c| of many cells is rounding: such a point does not lie
// where it is looked for, and is no reason to leave out the rays.
TEST_CASE("census: the least descent at 0 of wide layers is attained") {
  Stream stream(311);
  for (int i = 0; i < 6; ++i) {
    const Recovery f = inversion(gaussian_network(stream, {2, 640}), Vector2d(1, 2));
    const Census found = census(f, 0);
    double least = along_ray(f, found.zero_witness).b;
    CHECK(std::abs(found.descent_at_zero - least) <= 1e-14 * f.b.norm());
    for (int j = 0; j < 2000; ++j) least = std::min(least, along_ray(f, direction(2 * pi * j / 2000)).b);
    CHECK(found.descent_at_zero <= least + 1e-14 * f.b.norm());
  }
}

TEST_CASE("census: dead networks, one measurement, and nothing measured of one direction") {
  Stream stream(307);
  const Vector2d x0(1, 2);
  for (const std::vector<Eigen::Index>& widths : {std::vector<Eigen::Index>{2, 1}, {2, 5}, {2, 4, 6}}) {
    Network G = gaussian_network(stream, widths);
    G.layers.back().setZero();
    for (const Recovery& f : {inversion(G, x0), phase_retrieval(G, gaussian_rows(stream, 3, G.output()), x0)}) {
      const Census found = census(f, 0.5);
      CHECK(found.points.empty());
      REQUIRE(found.flat.size() == 1);
      CHECK(found.flat[0].to - found.flat[0].from == doctest::Approx(2 * pi));
      CHECK(found.zero == StationaryKind::kink_minimum);
      CHECK(found.descent_at_zero == 0);
    }
  }
  // |a'x| = |a'x0|: two lines, and the ray orthogonal to a, where f is greatest but constant
  const Vector2d a(3, 1);
  const Census line = census(amplitude_flow(Rows(a.transpose()), x0), 0.5);
  CHECK(line.cells == 2);
  CHECK(line.points.empty());
  REQUIRE(line.flat.size() == 4);
  for (const FlatSet& set : line.flat) {
    if (set.kind == StationaryKind::minimum) {
      CHECK(set.to - set.from == doctest::Approx(pi));
      CHECK((set.normal * sign(set.normal.dot(x0)) - a / a.dot(x0)).norm() < 1e-15);
      CHECK(std::abs(set.objective) < 1e-14);
      CHECK(set.normal.dot(direction((set.from + set.to) / 2)) > 0);
    } else {
      CHECK(set.kind == StationaryKind::kink_saddle);
      CHECK(std::abs(direction(set.from).dot(a)) < 1e-15);
      CHECK(set.objective == 12.5);
    }
  }
  CHECK(line.zero == StationaryKind::kink_saddle);
  CHECK(line.descent_at_zero == 0);
  // without the modulus, a'x = a'x0: one line; with a'x0 = 0 the two rays orthogonal to a
  const Census plane = census(compressed_sensing(Network::identity(2), Rows(a.transpose()), x0), 0.5);
  REQUIRE(plane.flat.size() == 1);
  CHECK(plane.flat[0].to - plane.flat[0].from == doctest::Approx(pi));
  CHECK((plane.flat[0].normal - a / a.dot(x0)).norm() < 1e-15);
  const Census nothing = census(compressed_sensing(Network::identity(2), Rows(a.transpose()), Vector2d(-1, 3)), 0.5);
  REQUIRE(nothing.flat.size() == 2);
  CHECK(nothing.points.empty());
  CHECK(nothing.zero == StationaryKind::kink_minimum);
  for (const FlatSet& set : nothing.flat) CHECK(std::abs(direction(set.from).dot(a)) < 1e-15);
}

TEST_CASE("cells: parallel rows cut once, rows a rounding apart cut twice") {
  Stream stream(308);
  for (int trial = 0; trial < 20; ++trial) {
    Rows A(8, 2);
    const double x = stream.normal(), next = std::nextafter(x, 10.0);
    A << 1, x, 2, 2 * x, -1, -x, 1, next, -8, -8 * next, 0, 1, 0, -3, 0, 0;
    CHECK(cells(amplitude_flow(A, Vector2d(1, 1))).cells.size() == 6);
    // the layer W sees the same rows; what it puts out is measured once more along the same lines
    const Network G({A});
    CHECK(cells(inversion(G, Vector2d(1, 1))).cells.size() == 6);
    CHECK(cells(phase_retrieval(G, Rows::Identity(8, 8), Vector2d(1, 1))).cells.size() == 6);
    CHECK(cells(inversion(Network({A, Rows::Identity(8, 8)}), Vector2d(1, 1))).integer_signs > 0);
  }
}

TEST_CASE("census: x0 on a kink is one minimum, which rounding b would have split") {
  Stream stream(309);
  int split = 0;
  for (int trial = 0; trial < 40; ++trial) {
    Network G = gaussian_network(stream, {2, 6, 12});
    G.layers[0].row(2) << 0, stream.normal();
    const Rows A = gaussian_rows(stream, 9, 12);
    const Vector2d x0(1 + stream.uniform(), 0);
    if (forward(G, x0).isZero(0)) continue;
    const auto near_x0 = [&](const Recovery& f) {
      const Census found = census(f, 0.5);
      std::vector<StationaryPoint> points;
      for (const StationaryPoint& point : found.points)
        if (point.distance_x0 < 1e-6) points.push_back(point);
      return points;
    };
    for (const Recovery& f : {phase_retrieval(G, A, x0), compressed_sensing(G, A, x0), inversion(G, x0)}) {
      const std::vector<StationaryPoint> points = near_x0(f);
      REQUIRE(points.size() == 1);
      CHECK(points[0].kind == StationaryKind::minimum);
      CHECK(points[0].distance_x0 < 1e-14);
    }
    // the twin: b as doubles that rounding does not explain
    const auto noisy = near_x0(phase_retrieval(G, A, x0, 1e-12 * gaussian_vector(stream, 9)));
    split += noisy.size() != 1 || noisy[0].kind != StationaryKind::minimum;
  }
  CHECK(split > 10);
}

TEST_CASE("census: the same for problems scaled by powers of two and for repeated measurements") {
  Stream stream(310);
  for (int trial = 0; trial < 10; ++trial) {
    const Network G = gaussian_network(stream, {2, 6, 12});
    Network scaled = G;
    scaled.layers[0] *= 0x1p30;
    scaled.layers[1] *= 0x1p-47;
    const Rows A = gaussian_rows(stream, 9, 12);
    const Vector2d x0 = gaussian_vector(stream, 2);
    Rows twice(18, 12);
    twice << A, -A;
    const Census found = census(phase_retrieval(G, A, x0), 0.5), same = census(phase_retrieval(scaled, A, x0), 0.5),
                 repeated = census(phase_retrieval(G, twice, x0), 0.5);
    CHECK(repeated.cells == found.cells);
    REQUIRE(same.points.size() == found.points.size());
    REQUIRE(repeated.points.size() == found.points.size());
    for (std::size_t i = 0; i < found.points.size(); ++i) {
      CHECK(same.points[i].x == found.points[i].x);
      CHECK(same.points[i].kind == found.points[i].kind);
      CHECK((repeated.points[i].x - found.points[i].x).norm() < 1e-11 * found.points[i].x.norm());
      CHECK(repeated.points[i].kind == found.points[i].kind);
      CHECK(repeated.points[i].objective == doctest::Approx(2 * found.points[i].objective).scale(1).epsilon(1e-13));
    }
  }
}

// relu(s z) = s relu(z), s > 0: the same G with neuron j's row scaled by 2^k, and what follows scaled back. Bounds made
// of norms become useless, so that integers decide.
Network rescaled(Stream& stream, Network G) {
  for (std::size_t i = 0; i + 1 < G.layers.size(); ++i) {
    for (Eigen::Index j = 0; j < G.layers[i].rows(); ++j) {
      const int k = static_cast<int>(integer(stream, -60, 60));
      G.layers[i].row(j) *= std::ldexp(1.0, k);
      G.layers[i + 1].col(j) *= std::ldexp(1.0, -k);
    }
  }
  return G;
}

TEST_CASE("census: integers decide as doubles do") {
  Stream stream(312);
  std::int64_t in_doubles = 0, in_integers = 0;
  for (int trial = 0; trial < 5; ++trial) {
    const Network G = gaussian_network(stream, {2, 5, 6, 8}), same = rescaled(stream, G);
    const Rows A = gaussian_rows(stream, 9, 8);
    const VectorXd x0 = gaussian_vector(stream, 2), noise = 0.01 * gaussian_vector(stream, 9);
    for (const auto& [f, g] : {std::pair{inversion(G, x0), inversion(same, x0)},
                               {compressed_sensing(G, A, x0, noise), compressed_sensing(same, A, x0, noise)},
                               {phase_retrieval(G, A, x0), phase_retrieval(same, A, x0)},
                               {phase_retrieval(G, A, x0, noise), phase_retrieval(same, A, x0, noise)}}) {
      const Census doubles = census(f, 0.5), integers = census(g, 0.5);
      in_doubles += doubles.integer_signs;
      in_integers += integers.integer_signs;
      CHECK(doubles.cells == integers.cells);
      CHECK(doubles.zero == integers.zero);
      CHECK(doubles.flat.size() == integers.flat.size());
      REQUIRE(doubles.points.size() == integers.points.size());
      for (std::size_t i = 0; i < doubles.points.size(); ++i) {
        CHECK((doubles.points[i].x - integers.points[i].x).norm() < 1e-11 * doubles.points[i].x.norm());
        CHECK(doubles.points[i].kind == integers.points[i].kind);
      }
    }
  }
  CHECK(in_integers > 10 * in_doubles);
  CHECK(in_integers > 10000);
}

namespace {

using Exact = boost::multiprecision::cpp_rational;
using ExactRow = std::array<Exact, 2>;

Exact det(const ExactRow& p, const ExactRow& q) { return p[0] * q[1] - p[1] * q[0]; }
Exact inner(const ExactRow& p, const ExactRow& q) { return p[0] * q[0] + p[1] * q[1]; }
int sign_of(const Exact& value) { return value > 0 ? 1 : value < 0 ? -1 : 0; }

struct ExactPoint {
  ExactRow x;
  Exact objective;
  int counterclockwise, clockwise;                    // signs of the derivatives across a ray
  Exact counterclockwise_squared, clockwise_squared;  // and their squares
};

// All stationary points with M of rank 2 around them, by brute force over one layer's patterns in rationals: f = 1/2
// |relu(Wx) - relu(W x0)|^2. Every ray orthogonal to a row is looked at, and between neighbours the cell's Mx = c.
std::vector<ExactPoint> brute_force(const Rows& W, const Vector2d& x0) {
  std::vector<ExactRow> rows, rays;
  std::vector<Exact> b;
  for (Eigen::Index i = 0; i < W.rows(); ++i) {
    rows.push_back({Exact(W(i, 0)), Exact(W(i, 1))});
    rays.push_back({Exact(-W(i, 1)), Exact(W(i, 0))});
    rays.push_back({Exact(W(i, 1)), Exact(-W(i, 0))});
    const Exact y = inner(rows.back(), {Exact(x0(0)), Exact(x0(1))});
    b.push_back(y > 0 ? y : Exact(0));
  }
  const auto half = [](const ExactRow& p) { return p[1] > 0 || (p[1] == 0 && p[0] > 0) ? 0 : 1; };
  std::sort(rays.begin(), rays.end(), [&](const ExactRow& p, const ExactRow& q) {
    return half(p) != half(q) ? half(p) < half(q) : det(p, q) > 0;
  });
  const auto same = [](const ExactRow& p, const ExactRow& q) { return det(p, q) == 0 && inner(p, q) > 0; };
  rays.erase(std::unique(rays.begin(), rays.end(), same), rays.end());
  struct Piece {
    Exact m11, m12, m22;
    ExactRow c;
    ExactRow gradient(const ExactRow& x) const {
      return {m11 * x[0] + m12 * x[1] - c[0], m12 * x[0] + m22 * x[1] - c[1]};
    }
    Exact determinant() const { return m11 * m22 - m12 * m12; }
  };
  const auto piece = [&](const ExactRow& inside) {
    Piece q{0, 0, 0, {0, 0}};
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (inner(rows[i], inside) <= 0) continue;
      q.m11 += rows[i][0] * rows[i][0];
      q.m12 += rows[i][0] * rows[i][1];
      q.m22 += rows[i][1] * rows[i][1];
      for (const std::size_t j : {0, 1}) q.c[j] += b[i] * rows[i][j];
    }
    return q;
  };
  Exact squares = 0;
  for (const Exact& y : b) squares += y * y;
  std::vector<ExactPoint> found;
  const std::size_t n = rays.size();
  const auto between = [&](std::size_t i) {
    const ExactRow &p = rays[i % n], &q = rays[(i + 1) % n];
    if (det(p, q) <= 0) return ExactRow{-p[1], p[0]};
    return ExactRow{p[0] + q[0], p[1] + q[1]};
  };
  for (std::size_t i = 0; i < n; ++i) {
    const ExactRow &p = rays[i], &next = rays[(i + 1) % n];
    const Piece left = piece(between(i + n - 1)), right = piece(between(i));
    if (right.determinant() != 0) {
      const Exact D = right.determinant();
      const ExactRow x{(right.m22 * right.c[0] - right.m12 * right.c[1]) / D,
                       (right.m11 * right.c[1] - right.m12 * right.c[0]) / D};
      if (det(p, x) > 0 && det(x, next) > 0) found.push_back({x, (squares - inner(right.c, x)) / 2, 0, 0, 0, 0});
    }
    const Exact b_p = inner(p, right.c);
    if (left.determinant() == 0 || right.determinant() == 0 || b_p <= 0) continue;
    const Exact r = b_p / (inner(p, {right.m11 * p[0] + right.m12 * p[1], right.m12 * p[0] + right.m22 * p[1]}));
    const ExactRow x{r * p[0], r * p[1]}, t{-p[1], p[0]};
    const Exact to_left = inner(t, right.gradient(x)), to_right = -inner(t, left.gradient(x)), length = inner(t, t);
    if (sign_of(to_left) * sign_of(to_right) < 0) continue;
    found.push_back({x, (squares - r * b_p) / 2, sign_of(to_left), sign_of(to_right), to_left * to_left / length,
                     to_right * to_right / length});
  }
  return found;
}

bool relatively_near(double value, const Exact& exact) { return abs(Exact(value) - exact) <= Exact(1e-9) * abs(exact); }

}  // namespace

// 1e-9 is what census.hpp promises; the exact values have no error.
TEST_CASE("census: nearly parallel neurons against all cells in exact rationals") {
  std::vector<Rows> layers;
  const auto add = [&](const std::vector<double>& entries) {
    layers.push_back(Eigen::Map<const Rows>(entries.data(), static_cast<Eigen::Index>(entries.size() / 2), 2));
  };
  for (int digits = 2; digits <= 15; ++digits) {
    const double d = std::pow(10, -digits);
    add({1, 1, 1, 1 + d});
    add({1, 1, 1, 1 + d, -1, -1, -1, -1 - d, 0.5, -2});
    add({1, 1, 1, 1 + d, -1, 1 - d, 3, 3, 1, -1});
  }
  add({0.1, 0.3, 0.7, 2.1});  // parallel as decimals, not as doubles
  add({0.9034701585769653, 0.0940122976899147, 0.9034702181816101, 0.0940123051404953, -0.9034701585769653,
       -0.0940122976899147, -0.9034702181816101, -0.0940123051404953});
  Stream stream(313);
  std::size_t points = 0, kinks = 0, far = 0;
  for (const Rows& W : layers)
    for (int trial = 0; trial < 8; ++trial) {
      const Vector2d x0 = gaussian_vector(stream, 2);
      const Census found = census(inversion(Network({W}), x0), 0.5);
      std::vector<StationaryPoint> isolated;
      for (const StationaryPoint& p : found.points)
        if (p.isolated) isolated.push_back(p);
      std::vector<ExactPoint> exact = brute_force(W, x0);
      REQUIRE(isolated.size() == exact.size());
      for (const ExactPoint& e : exact) {
        const auto is_it = [&](const StationaryPoint& p) {
          const auto root = [](double D, const Exact& square) {
            return abs(Exact(D) * Exact(D) - square) <= Exact(2e-9) * square;
          };
          return relatively_near(p.x(0), e.x[0]) && relatively_near(p.x(1), e.x[1]) &&
                 relatively_near(p.objective, e.objective) && sign(p.counterclockwise) == e.counterclockwise &&
                 sign(p.clockwise) == e.clockwise && root(p.counterclockwise, e.counterclockwise_squared) &&
                 root(p.clockwise, e.clockwise_squared);
        };
        CHECK(std::count_if(isolated.begin(), isolated.end(), is_it) == 1);
        kinks += e.counterclockwise != 0 || e.clockwise != 0;
        far += abs(e.x[0]) > 1000;
      }
      points += exact.size();
      for (const FlatSet& flat : found.flat) {
        CHECK(flat.from <= flat.to);
        CHECK(flat.to - flat.from < 2 * pi);
        if (!flat.normal.isZero(0))
          CHECK(flat.normal.dot(flat.x) == doctest::Approx(1).scale(flat.normal.norm() * flat.x.norm()).epsilon(1e-14));
      }
    }
  CHECK(points > 300);
  CHECK(kinks > 100);
  CHECK(far > 30);
}

// Powers of two are exact: so is the answer.
TEST_CASE("census: layers of any size, and what doubles cannot hold is refused") {
  Stream stream(314);
  const Network G = gaussian_network(stream, {2, 6, 12});
  const Rows A = gaussian_rows(stream, 9, 12);
  const Vector2d x0 = gaussian_vector(stream, 2);
  const Census found = census(phase_retrieval(G, A, x0), 0.5);
  const auto check = [&](int first, int second, int third, int of_x0) {
    CAPTURE(first);
    CAPTURE(second);
    CAPTURE(third);
    CAPTURE(of_x0);
    Network scaled = G;
    scaled.layers[0] *= std::ldexp(1.0, first);
    scaled.layers[1] *= std::ldexp(1.0, second);
    const Census same = census(phase_retrieval(scaled, A * std::ldexp(1.0, third), std::ldexp(1.0, of_x0) * x0), 0.5);
    const int layers = first + second + third;
    REQUIRE(same.points.size() == found.points.size());
    for (std::size_t i = 0; i < found.points.size(); ++i) {
      const StationaryPoint &p = same.points[i], &q = found.points[i];
      CHECK(p.kind == q.kind);
      CHECK(p.x == std::ldexp(1.0, of_x0) * q.x);
      CHECK(p.objective == std::ldexp(q.objective, 2 * (layers + of_x0)));
      CHECK(p.counterclockwise == std::ldexp(q.counterclockwise, 2 * layers + of_x0));
      CHECK(p.distance_x0 == q.distance_x0);
    }
    CHECK(same.zero == found.zero);
    CHECK(same.descent_at_zero == std::ldexp(found.descent_at_zero, 2 * layers + of_x0));
    CHECK(same.objective_at_zero == std::ldexp(found.objective_at_zero, 2 * (layers + of_x0)));
  };
  check(300, -300, 0, 0);
  check(-300, 300, 20, 3);
  check(498, -498, -40, 0);
  check(900, -450, -450, 0);
  check(0, 0, 490, 0);
  check(-480, 0, 0, 0);
  check(200, 250, 40, -480);
  Network large = G;
  large.layers[0] *= 1e150;
  large.layers[1] *= 1e150;
  CHECK_THROWS_WITH_AS(census(inversion(large, x0), 0.5), doctest::Contains("doubles hold"), InputError);
  Network small = G;
  small.layers[0] *= 1e-150;
  small.layers[1] *= 1e-150;
  CHECK_THROWS_WITH_AS(census(inversion(small, x0), 0.5), doctest::Contains("doubles hold"), InputError);
}

TEST_CASE("census: progress, names, and what it refuses") {
  Stream stream(311);
  const Network G = gaussian_network(stream, {2, 5, 6});
  const Vector2d x0(1, 0);
  std::vector<double> fractions;
  census(inversion(G, x0), 0.5, [&](double fraction) { fractions.push_back(fraction); });
  REQUIRE(fractions.size() == 11);
  CHECK(std::is_sorted(fractions.begin(), fractions.end()));
  CHECK(fractions.front() == 0);
  CHECK(fractions.back() == 1);
  CHECK(name(StationaryKind::kink_saddle) == "kink saddle");
  CHECK(name(StationaryKind::maximum) == "maximum");

  CHECK_THROWS_WITH_AS(census(amplitude_flow(gaussian_rows(stream, 5, 4), Eigen::Vector4d(1, 0, 0, 0)), 0.5),
                       doctest::Contains("k is 4"), InputError);
  CHECK_THROWS_WITH_AS(census(inversion(G, Vector2d(0, 0)), 0.5), doctest::Contains("x0 is zero"), InputError);
  CHECK_THROWS_WITH_AS(census(inversion(G, Vector2d(0, std::nan(""))), 0.5), doctest::Contains("not finite"),
                       InputError);
}

}  // namespace test_census
