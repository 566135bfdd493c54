// The census for k = 3 against what shares nothing with it: descent from random starts, closed forms, the census in the
// plane of what is embedded, patterns of activations at points.
#include "estimators/cells.hpp"
#include "estimators/census.hpp"
#include "estimators/spherical_cells.hpp"
#include "tests/networks.hpp"
#include "theory/error.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>
#include <set>

namespace test_census_sphere {

using namespace theoremeter;
using namespace theoremeter::testing;
using Eigen::Vector2d;
using Eigen::Vector3d;
using Eigen::VectorXd;

namespace {

bool is_minimum(StationaryKind kind) { return kind == StationaryKind::minimum || kind == StationaryKind::kink_minimum; }
Vector3d at(const StationaryPoint& p) { return coordinates(p.x, p.x3); }

Vector3d random_direction(Stream& stream) { return gaussian_vector(stream, 3).normalized(); }

double least_distance(const Census& census, const Vector3d& x, bool minima) {
  double least = std::numeric_limits<double>::infinity();
  for (const StationaryPoint& p : census.points)
    if (!minima || is_minimum(p.kind)) least = std::min(least, (at(p) - x).norm());
  return least;
}

/// f from its definition, without allocations: small and quick.
class Quick {
 public:
  explicit Quick(const Recovery& f) : f_(f) {}

  double operator()(const Vector3d& x) const {
    std::array<double, 16> z{x(0), x(1), x(2)}, next{};
    const auto apply = [&](const Rows& W, bool relu) {
      for (Eigen::Index i = 0; i < W.rows(); ++i) {
        double sum = 0;
        for (Eigen::Index j = 0; j < W.cols(); ++j) sum += W(i, j) * z[std::size_t(j)];
        next[std::size_t(i)] = relu ? std::max(sum, 0.0) : sum;
      }
      z = next;
    };
    for (const Rows& W : f_.G.layers) apply(W, true);
    if (f_.A.size() > 0) apply(f_.A, false);
    double squares = 0;
    for (Eigen::Index i = 0; i < f_.b.size(); ++i) {
      const double value = z[std::size_t(i)], residual = (f_.phaseless ? std::abs(value) : value) - f_.b(i);
      squares += residual * residual;
    }
    return squares / 2;
  }

 private:
  const Recovery& f_;
};

struct Valued {
  Vector3d x;
  double f;
};

/// Nelder and Mead's simplex until it is as small as rounding.
Valued simplex_descent(const Quick& f, const Vector3d& start, double size, Stream& stream) {
  std::array<Valued, 4> s;
  for (std::size_t i = 0; i < 4; ++i) {
    const Vector3d x = i == 0 ? start : Vector3d(start + size * random_direction(stream));
    s[i] = {x, f(x)};
  }
  for (int step = 0; step < 400; ++step) {
    std::sort(s.begin(), s.end(), [](const Valued& a, const Valued& b) { return a.f < b.f; });
    if ((s[3].x - s[0].x).norm() < 1e-9 * (1 + s[0].x.norm())) break;
    const Vector3d middle = (s[0].x + s[1].x + s[2].x) / 3;
    const auto towards = [&](double t) {
      const Vector3d x = middle + t * (s[3].x - middle);
      return Valued{x, f(x)};
    };
    const Valued reflected = towards(-1);
    if (reflected.f < s[0].f) {
      const Valued expanded = towards(-2);
      s[3] = expanded.f < reflected.f ? expanded : reflected;
    } else if (reflected.f < s[2].f) {
      s[3] = reflected;
    } else {
      const Valued inner = reflected.f < s[3].f ? towards(-0.5) : towards(0.5);
      if (inner.f < std::min(reflected.f, s[3].f)) {
        s[3] = inner;
      } else {
        for (std::size_t i = 1; i < 4; ++i) {
          s[i].x = (s[0].x + s[i].x) / 2;
          s[i].f = f(s[i].x);
        }
      }
    }
  }
  return s[0];
}

/// Again from where it ended, until that changes nothing: a simplex may collapse beside a kink.
Vector3d descend(const Quick& f, Vector3d x, Stream& stream) {
  Valued best = simplex_descent(f, x, 0.3, stream);
  double size = 0.1;
  for (int again = 0, failures = 0; again < 60 && failures < 3; ++again) {
    const Valued next = simplex_descent(f, best.x, size, stream);
    const bool better = next.f < best.f - 1e-11 * (1 + best.f);
    if (next.f < best.f) best = next;
    failures = better ? 0 : failures + 1;
    size = better ? 0.1 : size / 30;
  }
  return best.x;
}

/// How many of the ends are minima that the census does not list: neither a point, nor of a flat set's objective, nor
/// 0.
struct Ends {
  std::int64_t unlisted = 0, stalled = 0;
  std::map<std::size_t, std::int64_t> at_minimum;  // by its place in the list
};
Ends compare(const Recovery& f, const Census& census, const std::vector<Vector3d>& ends) {
  const Quick value(f);
  const double length = f.x0.norm(), size = f.b.squaredNorm();
  Ends result;
  for (const Vector3d& x : ends) {
    const double tolerance = 2e-4 * std::max(length, x.norm());
    bool listed = false;
    for (std::size_t i = 0; i < census.points.size() && !listed; ++i) {
      const StationaryPoint& p = census.points[i];
      listed = is_minimum(p.kind) && (at(p) - x).norm() <= tolerance;
      if (listed && p.isolated) ++result.at_minimum[i];
    }
    for (const FlatSet& flat : census.flat)
      listed = listed || (is_minimum(flat.kind) && std::abs(flat.objective - value(x)) <= 1e-9 * size);
    listed = listed || (is_minimum(census.zero) && x.norm() <= tolerance);
    if (listed) continue;
    // Stuck at a kink whose gradients combine to 0, the census says; or is it a minimum that is not listed?
    const bool saddle = least_distance(census, x, false) <= tolerance || x.norm() <= tolerance ||
                        std::any_of(census.flat.begin(), census.flat.end(), [&](const FlatSet& flat) {
                          return std::abs(flat.objective - value(x)) <= 1e-9 * size;
                        });
    ++(saddle ? result.stalled : result.unlisted);
  }
  return result;
}

std::vector<Recovery> small_problems(Stream& stream) {
  const Vector3d x0 = gaussian_vector(stream, 3);
  const Network G = gaussian_network(stream, {3, 4, 5});
  return {inversion(gaussian_network(stream, {3, 6}), x0), inversion(G, x0),
          compressed_sensing(G, gaussian_rows(stream, 6, 5), x0, 0.1 * gaussian_vector(stream, 6)),
          phase_retrieval(G, gaussian_rows(stream, 6, 5), x0), amplitude_flow(gaussian_rows(stream, 7, 3), x0)};
}

}  // namespace

TEST_CASE("census on the sphere: where descents from 10,000 random starts end is listed") {
  Stream stream(401);
  std::int64_t starts = 0, stalled = 0, removed = 0;
  for (int trial = 0; trial < 4; ++trial)
    for (const Recovery& f : small_problems(stream)) {
      Census census = theoremeter::census(f, 0.5);
      const Quick quick(f);
      std::vector<Vector3d> ends;
      for (int i = 0; i < 500; ++i)
        ends.push_back(descend(quick, 2 * f.x0.norm() * stream.uniform() * random_direction(stream), stream));
      const Ends found = compare(f, census, ends);
      CHECK(found.unlisted == 0);
      starts += 500;
      stalled += found.stalled;
      // What is not on the list is noticed.
      if (found.at_minimum.empty()) continue;  // all in a flat set
      ++removed;
      const auto most = std::max_element(found.at_minimum.begin(), found.at_minimum.end(),
                                         [](const auto& a, const auto& b) { return a.second < b.second; });
      census.points.erase(census.points.begin() + static_cast<std::ptrdiff_t>(most->first));
      CHECK(compare(f, census, ends).unlisted > 0);
    }
  CHECK(starts == 10'000);
  CHECK(removed >= 10);
  CHECK(stalled <= starts / 50);  // simplices that collapse
}

TEST_CASE("census on the sphere: what is listed is what its kind says") {
  Stream stream(402);
  std::map<StationaryKind, int> seen;
  for (int trial = 0; trial < 6; ++trial)
    for (const Recovery& f : small_problems(stream)) {
      const double size = f.b.squaredNorm();
      double curvature = f.A.size() > 0 ? f.A.squaredNorm() : 1;  // at most
      for (const Rows& W : f.G.layers) curvature *= W.squaredNorm();
      for (const StationaryPoint& p : census(f, 0.5).points) {
        ++seen[p.kind];
        const Vector3d x = at(p);
        CHECK(p.objective == doctest::Approx(objective(f, x)).epsilon(1e-9).scale(1e-9 * size));
        CHECK(p.distance_x0 == doctest::Approx((x - f.x0).norm() / f.x0.norm()).epsilon(1e-12));
        // Evaluated a little way off: rounding of x is 1e-16, f's curvature about 1.
        double least = 0;
        const double step = 1e-6 * x.norm();
        for (int i = 0; i < 300; ++i) {
          const Vector3d u = random_direction(stream);
          least = std::min(least, (objective(f, x + step * u) - p.objective) / step);
        }
        if (is_minimum(p.kind)) CHECK(least >= -1e-8 * size / x.norm());
        if (p.kind == StationaryKind::minimum)
          CHECK(gradient(f, x + step * random_direction(stream)).norm() <= curvature * step);
        if (p.kind == StationaryKind::kink_saddle) {
          CHECK(p.clockwise < 0);
          CHECK(least >= p.clockwise * (1 + 1e-6) - 1e-4 * size / x.norm());  // the steepest descent
          if (p.clockwise < -1e-2 * size / x.norm()) CHECK(least < 0);
        }
      }
    }
  CHECK(seen[StationaryKind::minimum] > 20);
  CHECK(seen[StationaryKind::kink_minimum] > 5);
  CHECK(seen[StationaryKind::kink_saddle] > 50);
}

// f = sum over coordinates of 1/2 (t - a)^2 for t > 0, 1/2 t^2 + 1/2 a^2 below: stationary where each t is a or 0.
TEST_CASE("census on the sphere: I and -I") {
  Rows W(6, 3);
  W << Rows::Identity(3, 3), -Rows::Identity(3, 3);
  const Vector3d x0(1, 2, 0.5);
  const Census found = census(inversion(Network({W}), x0), 0.5);
  CHECK(found.cells == 8);
  CHECK(found.flat.empty());
  REQUIRE(found.points.size() == 7);
  for (const StationaryPoint& p : found.points) {
    double missing = 0;
    for (Eigen::Index i = 0; i < 3; ++i) {
      CHECK((at(p)(i) == 0 || at(p)(i) == x0(i)));
      if (at(p)(i) == 0) missing += x0(i) * x0(i);
    }
    CHECK(p.objective == missing / 2);
    CHECK(p.kind == (missing == 0 ? StationaryKind::minimum : StationaryKind::kink_saddle));
    CHECK(p.counterclockwise == 0);
    CHECK(p.clockwise == doctest::Approx(-std::sqrt(missing)).epsilon(1e-14));
    CHECK(p.isolated);
  }
  CHECK(found.zero == StationaryKind::kink_saddle);
  CHECK(found.objective_at_zero == x0.squaredNorm() / 2);
  CHECK(found.descent_at_zero == 0);
}

TEST_CASE("census on the sphere: linear measurements, of which too few, and none at all") {
  Stream stream(403);
  const Vector3d x0(1, -2, 0.5);
  const auto rows = [&](Eigen::Index m) { return gaussian_rows(stream, m, 3); };
  const Census one = census(compressed_sensing(Network::identity(3), rows(5), x0), 0.5);
  CHECK(one.cells == 1);
  REQUIRE(one.points.size() == 1);
  CHECK((at(one.points[0]) - x0).norm() == 0);
  CHECK(one.points[0].objective == 0);
  CHECK(one.points[0].isolated);
  CHECK(one.flat.empty());
  for (const Eigen::Index m : {1, 2}) {
    const Rows A = rows(m);
    const Census flat = census(compressed_sensing(Network::identity(3), A, x0), 0.5);
    CHECK(std::all_of(flat.points.begin(), flat.points.end(), [](const auto& p) { return !p.isolated; }));
    REQUIRE(flat.flat.size() == 1);
    CHECK(flat.flat[0].dimension == 3 - m);
    CHECK(flat.flat[0].objective == 0);
    CHECK((A * (coordinates(flat.flat[0].x, flat.flat[0].x3) - x0)).norm() <= 1e-14);
  }
  const Census nothing = census(compressed_sensing(Network::identity(3), Rows::Zero(1, 3), x0), 0.5);
  REQUIRE(nothing.flat.size() == 1);
  CHECK(nothing.flat[0].dimension == 3);
  CHECK(nothing.points.empty());
  CHECK(nothing.zero == StationaryKind::kink_minimum);
}

// f(x) = g(x_1, x_2) + 1/2 (t - a)^2 for t = x_3 > 0, 1/2 t^2 + 1/2 a^2 below: x_3 is a or 0, and (x_1, x_2) one of g's
// points or 0, where -c are the gradients.
TEST_CASE("census on the sphere: a problem in the plane and a line beside it") {
  Stream stream(404);
  const auto beside = [](const Rows& W, const Rows& other) {
    Rows both = Rows::Zero(W.rows() + other.rows(), W.cols() + other.cols());
    both.topLeftCorner(W.rows(), W.cols()) = W;
    both.bottomRightCorner(other.rows(), other.cols()) = other;
    return both;
  };
  const Rows line = (Rows(2, 1) << 1, -1).finished(), two = Rows::Identity(2, 2);
  int compared = 0, with_zero = 0;
  for (int trial = 0; trial < 12; ++trial) {
    const Rows W1 = gaussian_rows(stream, 11, 2), W2 = gaussian_rows(stream, 8, 11), A = gaussian_rows(stream, 6, 8);
    const Vector2d plane = gaussian_vector(stream, 2);
    const Vector3d x0(plane(0), plane(1), 0.75);
    const Network G({W1, W2}), H({beside(W1, line), beside(W2, two)});
    const bool phaseless = trial % 2 == 0;
    const Recovery g = phaseless ? phase_retrieval(G, A, plane) : inversion(G, plane),
                   f = phaseless ? phase_retrieval(H, beside(A, two), x0) : inversion(H, x0);
    const Census in_plane = census(g, 0.5), found = census(f, 0.5);
    if (!in_plane.flat.empty()) continue;
    ++compared;
    CHECK(found.flat.empty());
    std::vector<std::pair<Vector3d, StationaryKind>> expected{{Vector3d(0, 0, 0.75), StationaryKind::kink_saddle}};
    std::vector<double> angles;  // of the gradients at 0: does one half plane hold them?
    bool none = false;
    for (const PatternCell& cell : cells(g).cells) {
      angles.push_back(std::atan2(cell.c(1), cell.c(0)));
      none = none || cell.c.isZero(0);
    }
    std::sort(angles.begin(), angles.end());
    double gap = angles[0] + 2 * std::numbers::pi - angles.back();
    for (std::size_t i = 1; i < angles.size(); ++i) gap = std::max(gap, angles[i] - angles[i - 1]);
    if (gap > std::numbers::pi && !none) expected.clear();
    if (!expected.empty()) ++with_zero;
    if (!expected.empty() && in_plane.zero == StationaryKind::kink_minimum) expected[0].second = in_plane.zero;
    for (const StationaryPoint& p : in_plane.points) {
      expected.emplace_back(Vector3d(p.x(0), p.x(1), 0.75), p.kind);
      expected.emplace_back(Vector3d(p.x(0), p.x(1), 0), StationaryKind::kink_saddle);
    }
    CHECK(found.points.size() == expected.size());
    for (const auto& [x, kind] : expected) {
      const auto same = std::find_if(found.points.begin(), found.points.end(),
                                     [&](const auto& p) { return (at(p) - x).norm() <= 1e-9 * x.norm(); });
      REQUIRE(same != found.points.end());
      CHECK(same->kind == kind);
    }
    CHECK(found.cells == 2 * in_plane.cells);
  }
  CHECK(compared >= 4);
  CHECK(with_zero > 0);
}

TEST_CASE("spherical cells: as many as there are, each with its pattern, and none missed") {
  Stream stream(405);
  const auto pattern_at = [](const Recovery& f, const Vector3d& x) {
    std::vector<signed char> all;
    VectorXd z = x;
    const auto see = [&](const VectorXd& pre) {
      for (const double value : pre) all.push_back(static_cast<signed char>(value > 0 ? 1 : value < 0 ? -1 : 0));
    };
    for (const Rows& W : f.G.layers) {
      const VectorXd pre = W * z;
      see(pre);
      z = pre.cwiseMax(0.0);
    }
    if (f.phaseless) see(f.A.size() > 0 ? VectorXd(f.A * z) : z);
    return all;
  };
  for (const Recovery& f : small_problems(stream)) {
    const SphericalCells all(f);
    CHECK(all.vertices().size() + all.cells().size() == all.edges().size() + 2);
    std::set<std::vector<signed char>> patterns;
    for (const SphericalCell& cell : all.cells()) {
      patterns.insert(all.pattern(cell));
      Vector3d middle = Vector3d::Zero();
      for (const HalfEdge& h : cell.boundary) {
        const SpaceBall& p = all.vertices()[all.start(h)].rounded;
        middle += Vector3d(double(p.x.value), double(p.y.value), double(p.z.value)).normalized();
      }
      CHECK(pattern_at(f, middle) == all.pattern(cell));
    }
    CHECK(patterns.size() == static_cast<std::size_t>(census(f, 0.5).cells));
    std::set<std::vector<signed char>> met;
    for (int i = 0; i < 40'000; ++i) met.insert(pattern_at(f, random_direction(stream)));
    CHECK(std::includes(patterns.begin(), patterns.end(), met.begin(), met.end()));
    CHECK(met.size() >= patterns.size() * 3 / 4);  // the rest are small
  }
  // n planes in general position: n (n - 1) + 2; n planes through a line: 2 n; and across these 4 n; any plane twice.
  const Vector3d x0(1, 2, 3);
  CHECK(census(amplitude_flow(gaussian_rows(stream, 9, 3), x0), 0.5).cells == 74);
  Rows pencil(7, 3);
  pencil << 1, 0, 0, 1, 1, 0, 0, 1, 0, -1, 1, 0, 1, 2, 0, 2, 2, 0, -3, 0, 0;
  CHECK(census(amplitude_flow(pencil, x0), 0.5).cells == 10);
  Rows crossed(8, 3);
  crossed << pencil, Rows(Vector3d(0.1, 0.3, 0.7).transpose());
  CHECK(census(amplitude_flow(crossed, x0), 0.5).cells == 20);
}

// With weights -2, ..., 2 many planes share lines, neurons are 0 on edges, and f is flat here and there.
TEST_CASE("census on the sphere: integer weights, more than two planes through a vertex") {
  Stream stream(406);
  std::int64_t decided = 0, flat = 0, unlisted = 0, ends = 0;
  for (int trial = 0; trial < 30; ++trial) {
    const Network G = integer_network(stream, {3, 5, 6});
    const Rows A = integer_rows(stream, 6, 6, -2, 2);
    const Vector3d x0 = integer_vector(stream, 3, 1, 3);
    const Recovery f = trial % 3 == 0   ? inversion(G, x0)
                       : trial % 3 == 1 ? phase_retrieval(G, A, x0)
                                        : amplitude_flow(integer_rows(stream, 8, 3, -2, 2), x0);
    const SphericalCells all(f);
    CHECK(all.vertices().size() + all.cells().size() == all.edges().size() + 2);
    if (f.b.isZero(0)) continue;
    const Census found = census(f, 0.5);
    decided += found.integer_signs;
    flat += static_cast<std::int64_t>(found.flat.size());
    for (const StationaryPoint& p : found.points) {
      if (!is_minimum(p.kind)) continue;
      for (int i = 0; i < 50; ++i) {
        const Vector3d x = at(p), u = random_direction(stream);
        CHECK(objective(f, x + 1e-6 * x.norm() * u) >= p.objective - 1e-11 * f.b.squaredNorm());
      }
    }
    std::vector<Vector3d> reached;
    const Quick quick(f);
    for (int i = 0; i < 30; ++i)
      reached.push_back(descend(quick, 2 * x0.norm() * stream.uniform() * random_direction(stream), stream));
    unlisted += compare(f, found, reached).unlisted;
    ends += 30;
  }
  CHECK(decided > 1000);
  CHECK(flat > 10);
  CHECK(unlisted == 0);
  CHECK(ends > 500);
}

TEST_CASE("census on the sphere: powers of two change nothing, the same again, and a wrong k") {
  Stream stream(407);
  const Vector3d x0 = gaussian_vector(stream, 3);
  const Network G = gaussian_network(stream, {3, 5, 6});
  const Rows A = gaussian_rows(stream, 7, 6);
  Network scaled = G;
  scaled.layers[0] *= 0x1p300;
  scaled.layers[1] *= 0x1p-290;
  const Census found = census(phase_retrieval(G, A, x0), 0.5),
               other = census(phase_retrieval(scaled, A, Vector3d(0x1p-7 * x0)), 0.5);
  REQUIRE(found.points.size() == other.points.size());
  CHECK(found.points.size() > 5);
  for (std::size_t i = 0; i < found.points.size(); ++i) {
    CHECK(at(found.points[i]) == 0x1p7 * at(other.points[i]));
    CHECK(found.points[i].objective == other.points[i].objective * 0x1p-6);
    CHECK(found.points[i].clockwise == other.points[i].clockwise * 0x1p-13);
    CHECK(found.points[i].kind == other.points[i].kind);
  }
  CHECK(found.descent_at_zero == other.descent_at_zero * 0x1p-13);
  CHECK_THROWS_AS(census(inversion(gaussian_network(stream, {4, 6}), gaussian_vector(stream, 4)), 0.5), InputError);
  CHECK_THROWS_WITH(census(inversion(gaussian_network(stream, {4, 6}), gaussian_vector(stream, 4)), 0.5),
                    doctest::Contains("k is 4"));
}

}  // namespace test_census_sphere
