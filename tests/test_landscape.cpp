#include "estimators/all_directions.hpp"
#include "estimators/census.hpp"
#include "estimators/descent.hpp"
#include "estimators/direction_search.hpp"
#include "estimators/hyperbola.hpp"
#include "estimators/landscape.hpp"
#include "estimators/landscape_instance.hpp"
#include "estimators/neighbourhoods.hpp"
#include "estimators/radial.hpp"
#include "estimators/rays.hpp"
#include "tests/networks.hpp"
#include "theory/conditions.hpp"
#include "theory/error.hpp"
#include "theory/landscape_theorems.hpp"
#include "theory/population.hpp"
#include "theory/rho.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace test_landscape {

using namespace theoremeter;
using namespace theoremeter::testing;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using std::numbers::pi;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

VectorXd unit_vector(Stream& stream, Index k) { return gaussian_vector(stream, k).normalized(); }

/// Radii from 0 to infinity, 0 and infinity too.
std::vector<double> radii(int count) {
  std::vector<double> all{0, infinity};
  for (int i = 1; i < count; ++i) {
    all.push_back(static_cast<double>(i) / count);
    all.push_back(static_cast<double>(count) / i);
  }
  all.push_back(1);
  return all;
}

double scaled_length(const VectorXd& a, const VectorXd& c, double r) {
  return r <= 1 ? (r * a - c).norm() : (a - c / r).norm();
}

struct Instance {
  Problem problem;
  Recovery f;
};

std::vector<Instance> instances(std::uint64_t seed, Index k = 3) {
  Stream s(seed);
  const Index n = 40, m = 30;
  const Network G = gaussian_network(s, {k, 20, n});
  const VectorXd x0 = 1.7 * unit_vector(s, k);
  const Rows A = gaussian_rows(s, m, n);
  return {{Problem::inversion, inversion(G, x0)},
          {Problem::compressed_sensing, compressed_sensing(G, A, x0, 0.02 * gaussian_vector(s, m))},
          {Problem::phase_retrieval, phase_retrieval(G, A, x0)},
          {Problem::amplitude_flow, amplitude_flow(gaussian_rows(s, m, k), x0)}};
}

Demodulation demodulation(std::uint64_t seed, Index n, Index p, Index inner, Index l) {
  Stream s(seed);
  Network G1 = gaussian_network(s, {n, inner, l}), G2 = gaussian_network(s, {p, inner, l});
  return blind_demodulation(G1, G2, 1.3 * unit_vector(s, n), 0.6 * unit_vector(s, p));
}

Recovery wide_inversion(std::uint64_t seed, Index inner, Index outer) {
  Stream s(seed);
  const Network G = gaussian_network(s, {2, inner, outer});
  return inversion(G, gaussian_vector(s, 2));
}

LandscapeOptions small(std::int64_t directions) {
  LandscapeOptions options;
  options.directions = directions;
  options.starts = 16;
  options.steps = 100;
  options.descents = 6;
  return options;
}

/// |(h - c h~, m - m~/c)|/|(c h~, m~/c)|, by the definition of A [HJ (3)].
long double joint_ratio(const VectorXd& h, const VectorXd& m, const VectorXd& h_, const VectorXd& m_, long double c) {
  long double above = 0, below = 0;
  for (Index i = 0; i < h.size(); ++i) {
    const long double centre = c * h_[i], off = h[i] - centre;
    above += off * off, below += centre * centre;
  }
  for (Index i = 0; i < m.size(); ++i) {
    const long double centre = m_[i] / c, off = m[i] - centre;
    above += off * off, below += centre * centre;
  }
  return std::sqrt(above / below);
}

/// The extreme of f on [-range, range]: on a grid fine enough to tell local extrema apart, then on ever finer ones
/// around the best.
template <class Function>
long double extreme(bool largest, int range, int cells, const Function& f) {
  long double best = largest ? -1 : 2, at = 0, step = static_cast<long double>(range) / cells;
  const auto look = [&](long double t) {
    if (const long double value = f(t); largest ? value > best : value < best) best = value, at = t;
  };
  for (int i = -cells; i <= cells; ++i) look(step * i);
  for (; step > 1e-8L; step /= 10)
    for (int i = -10; i <= 10; ++i) look(at + step / 10 * i);
  return best;
}

/// The least radius of A around (h~, m~) that holds all (lambda h, m/lambda): lambda = e^{-5}, e^5 differ from the
/// limits by e^{-20}.
double brute_distance(const VectorXd& h, const VectorXd& m, const VectorXd& h_, const VectorXd& m_) {
  return static_cast<double>(extreme(true, 5, 100, [&](long double ln_lambda) {
    const double lambda = static_cast<double>(std::exp(ln_lambda));
    const VectorXd lh = lambda * h, lm = m / lambda;
    return std::min(
        1.0L, extreme(false, 10, 400, [&](long double ln_c) { return joint_ratio(lh, lm, h_, m_, std::exp(ln_c)); }));
  }));
}

/// Unit vectors with this cosine.
std::pair<VectorXd, VectorXd> at_cosine(double cosine) {
  return {Eigen::Vector2d(cosine, std::sqrt(1 - cosine * cosine)), Eigen::Vector2d(1, 0)};
}

}  // namespace

TEST_CASE("radial: the largest error and the least gradient against all radii") {
  Stream s(1);
  for (int trial = 0; trial < 300; ++trial) {
    const Index k = 1 + trial % 4;
    RayNumbers ray;
    ray.factors = 1 + trial % 2;
    std::vector<VectorXd> a, c;
    for (int i = 0; i < ray.factors; ++i) {
      a.push_back(gaussian_vector(s, k));
      c.push_back(std::exp(s.normal()) * gaussian_vector(s, k) + (trial % 3) * a.back());
      const VectorXd p = unit_vector(s, k);
      ray.factor[static_cast<std::size_t>(i)] = ray_factor(p, a.back(), c.back(), VectorXd::Zero(k), p);
    }
    const double from = s.uniform(), to = from + s.uniform(), beyond = to + std::exp(s.normal());
    const std::vector<Interval> allowed = outside({{to, beyond}, {-1, from}});
    REQUIRE(allowed.size() == 2);

    double least = infinity, largest = 0;
    for (const double r : radii(2000)) {
      double here = 0;
      for (std::size_t i = 0; i < a.size(); ++i) here = std::max(here, scaled_length(a[i], c[i], r));
      CHECK(scaled_gradient(ray, r) == doctest::Approx(here).epsilon(1e-7));
      largest = std::max(largest, scaled_length(a[0], c[0], r));
      if ((r >= from && r <= to) || r >= beyond) least = std::min(least, here);
    }
    CHECK(largest_error(a[0], c[0]).value == doctest::Approx(largest).epsilon(1e-12));
    const RadialExtremum found = least_gradient(ray, allowed);
    CHECK(((found.r >= from && found.r <= to) || found.r >= beyond));
    CHECK(found.value <= least + 1e-9);
    CHECK(found.value >= least - 0.05 * (1 + least));
    // The interval left out may hold the minimum: there it must not be looked for.
    CHECK(least_gradient(ray, {{0, infinity}}).value <= found.value);
  }
}

TEST_CASE("radial: intervals") {
  const auto same = [](const std::vector<Interval>& a, std::vector<std::pair<double, double>> b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const Interval& x, const auto& y) { return x.lo == y.first && x.hi == y.second; });
  };
  CHECK(same(outside({}), {{0, infinity}}));
  CHECK(same(outside({{1, 2}, {0.5, 1.5}, {3, 4}}), {{0, 0.5}, {2, 3}, {4, infinity}}));
  CHECK(same(outside({{0, 1}, {0.2, 0.3}}), {{1, infinity}}));
  CHECK(outside({{0, infinity}}).empty());
}

TEST_CASE("rays: blocks against gradients of the problems, point by point") {
  for (const Instance& instance : instances(2)) {
    CAPTURE(name(instance.problem));
    const Recovery& f = instance.f;
    const RecoveryRays rays(f, instance.problem);
    const int d = f.G.depth();
    const double length = f.x0.norm(), scale = std::ldexp(1.0, d);
    Stream s(3);
    MatrixXd P(f.k(), 37);
    for (Index j = 0; j < P.cols(); ++j) P.col(j) = unit_vector(s, f.k());
    std::vector<RayNumbers> numbers(37);
    RayWorkspace work;
    rays.evaluate(P, numbers.data(), work);
    for (Index j = 0; j < P.cols(); ++j) {
      const RayNumbers& ray = numbers[static_cast<std::size_t>(j)];
      const VectorXd p = P.col(j);
      CHECK(ray.factors == 1);
      CHECK(ray.factor[0].cosine == doctest::Approx(p.dot(f.x0) / length).epsilon(1e-12));
      const double slope = one_sided_derivative(f, VectorXd::Zero(f.k()), p);
      CHECK(ray.b == doctest::Approx(-scale * slope / length).epsilon(1e-10));
      double error = 0;
      for (const double r : {1e-9, 0.3, 1.0, 2.5, 1e9}) {
        const VectorXd x = r * p, v = scale * gradient(f, length * x) / length;
        CHECK(scaled_gradient(ray, r) == doctest::Approx(v.norm() / std::max(r, 1.0)).epsilon(1e-7));
        const VectorXd h = population_gradient(instance.problem, d, x, VectorXd(f.x0 / length));
        error = std::max(error, (v - h).norm() / std::max(r, 1.0));
      }
      CHECK(ray.error() == doctest::Approx(error).epsilon(1e-6));
      const Rays::Vectors at = rays.at(rays.point(p));
      const RayFactor again = ray_factor(at.p[0], at.a[0], at.c[0], at.H[0], f.x0 / length);
      CHECK(ray.error() == doctest::Approx(again.error).epsilon(1e-10));
      CHECK(at.b == doctest::Approx(ray.b).epsilon(1e-10));
    }
  }
}

TEST_CASE("rays: blind demodulation against its gradients") {
  const Demodulation f = demodulation(4, 3, 2, 15, 30);
  const double alpha = 0.9, T0 = f.h0.norm() * f.m0.norm(), scale = 16 * 30 / alpha;
  const DemodulationRays rays(f, alpha);
  Stream s(5);
  for (int trial = 0; trial < 20; ++trial) {
    const VectorXd p = unit_vector(s, 3), q = unit_vector(s, 2);
    MatrixXd column(5, 1);
    column << p, q;
    RayNumbers ray;
    RayWorkspace work;
    rays.evaluate(column, &ray, work);
    CHECK(ray.factors == 2);
    double error = 0;
    for (const double T : {1e-9, 0.4, 1.0, 3.0, 1e9}) {
      const double r = std::exp(s.normal()), t = T * T0 / r;  // |h| = r, |m| = t: only their product matters
      const auto [v_h, v_m] = gradient(f, r * p, t * q);
      const auto [h_h, h_m] = population_gradient(2, 2, r * p, t * q, f.h0, f.m0);
      const double in_units = 1 / (T0 * std::max(T, 1.0));
      CHECK(scaled_gradient(ray, T) ==
            doctest::Approx(scale * in_units * std::max(v_h.norm() / t, v_m.norm() / r)).epsilon(1e-7));
      error = std::max({error, (scale * v_h - h_h).norm() / t * in_units, (scale * v_m - h_m).norm() / r * in_units});
    }
    CHECK(ray.error() == doctest::Approx(error).epsilon(1e-6));
    const double slope = one_sided_derivative(f, VectorXd::Zero(3), T0 * q, p, VectorXd::Zero(2));
    CHECK(ray.b == doctest::Approx(-scale * slope / (T0 * T0)).epsilon(1e-10));
  }
}

TEST_CASE("neighbourhoods: outside them the population gradient exceeds E, and hardly beyond") {
  struct Case {
    Problem problem;
    int d;
    double E;
  };
  for (const Case& c : std::vector<Case>{{Problem::inversion, 2, 0.05},
                                         {Problem::inversion, 2, 0.3},
                                         {Problem::inversion, 1, 0.2},
                                         {Problem::compressed_sensing, 4, 0.02},
                                         {Problem::phase_retrieval, 1, 0.01},
                                         {Problem::phase_retrieval, 2, 0.1},
                                         {Problem::phase_retrieval, 3, 0.02},
                                         {Problem::amplitude_flow, 0, 0.1}}) {
    CAPTURE(name(c.problem));
    CAPTURE(c.d);
    CAPTURE(c.E);
    const Neighbourhoods n = implied_neighbourhoods(c.problem, c.d, c.E);
    REQUIRE(!n.merged);
    const double rho = theoremeter::rho(c.problem, c.d);
    REQUIRE(n.around.size() == (rho == 0 ? 2 : 3));
    const auto at = [&](std::size_t b) { return b == 0 ? 1 : n.around[b].centre == "0" ? 0 : -rho; };
    int outside_all = 0, outside_smaller = 0;  // points that do not exceed E
    for (int i = 0; i <= 500; ++i)
      for (int j = 1; j <= 300; ++j) {
        const double theta = pi * i / 500, r = j / 150.0;
        if (population_gradient_plane(c.problem, c.d, r, theta).norm() > c.E * std::max(r, 1.0)) continue;
        bool in = false, in_smaller = false;
        for (std::size_t b = 0; b < n.around.size(); ++b) {
          const double apart = std::hypot(r * std::cos(theta) - at(b), r * std::sin(theta));
          in = in || apart <= n.around[b].radius;
          in_smaller = in_smaller || apart <= n.around[b].radius - 0.02;
        }
        outside_all += !in;
        outside_smaller += !in_smaller;
      }
    CHECK(outside_all == 0);
    CHECK(outside_smaller > 0);
  }
}

TEST_CASE("neighbourhoods: the population itself has its zeros only, a large error none that are apart") {
  for (const Problem problem : {Problem::inversion, Problem::phase_retrieval})
    for (const int d : {1, 2, 5}) {
      const Neighbourhoods n = implied_neighbourhoods(problem, d, 0);
      CHECK(!n.merged);
      CHECK(n.around[0].radius < 1e-3);
      CHECK(n.around[1].radius < 1e-2);  // flat: q falls to the slack of 1e-12 before theta = pi
      if (n.around.size() == 3) CHECK(n.around[2].radius == 0);
    }
  CHECK(implied_neighbourhoods(Problem::inversion, 1, 0).around[1].centre == "0");
  // Amplitude flow's saddles at theta = pi/2, |x| = 2/pi.
  CHECK(implied_neighbourhoods(Problem::amplitude_flow, 0, 0).around[2].radius ==
        doctest::Approx(2 / pi).epsilon(1e-3));
  for (const double E : {0.9, 1.0, 3.0}) {
    const Neighbourhoods n = implied_neighbourhoods(Problem::inversion, 2, E);
    CHECK(n.merged);
    for (const Neighbourhood& around : n.around) CHECK(around.radius == infinity);
  }
  // Finer parts give less, never by more than a coarse part's width or so.
  const double fine = implied_neighbourhoods(Problem::phase_retrieval, 2, 0.05, 1 << 16).around[1].radius,
               coarse = implied_neighbourhoods(Problem::phase_retrieval, 2, 0.05, 1 << 12).around[1].radius;
  CHECK(fine <= coarse);
  CHECK(coarse - fine < 3 * pi / (1 << 12));
}

TEST_CASE("neighbourhoods: blind demodulation") {
  const double E = 0.03;
  const Neighbourhoods n = implied_neighbourhoods(2, 3, E);
  REQUIRE(!n.merged);
  const double rho_h = population_profile(Problem::inversion, 2, pi).c,
               rho_m = population_profile(Problem::inversion, 3, pi).c;
  VectorXd h0(2), m0(2), h(2), m(2);
  h0 << 1, 0;
  m0 << 1, 0;
  std::array<double, 4> farthest{};  // of the points that do not exceed E, from the nearest centre
  for (int i = 0; i <= 50; ++i)
    for (int j = 0; j <= 50; ++j)
      for (int t = 1; t <= 75; ++t) {
        const double a = pi * i / 50, b = pi * j / 50, T = t / 50.0, length = std::sqrt(T);
        h << length * std::cos(a), length * std::sin(a);
        m << length * std::cos(b), length * std::sin(b);
        const auto [g_h, g_m] = population_gradient(2, 3, h, m, h0, m0);
        if (std::max(g_h.norm(), g_m.norm()) / length > E * std::max(T, 1.0)) continue;
        const bool far_h = a > pi / 2, far_m = b > pi / 2;
        const std::size_t centre = (far_h ? 1 : 0) + (far_m ? 2 : 0);
        const double product = (far_h ? rho_h : 1) * (far_m ? rho_m : 1);
        farthest[centre] =
            std::max(farthest[centre], hyperbolic_distance(T / product, std::abs(std::cos(a)), std::abs(std::cos(b))));
      }
  for (std::size_t c = 0; c < 4; ++c) {
    CAPTURE(c);
    CHECK(farthest[c] <= n.around[c].radius);
    CHECK(farthest[c] >= n.around[c].radius - 0.1);
  }
  CHECK(implied_neighbourhoods(2, 2, 0.5).merged);
  CHECK(implied_neighbourhoods(1, 2, 0.01).around.size() == 2);  // rho_1 = 0
  CHECK(implied_neighbourhoods(1, 1, 0.01).around.size() == 1);
}

TEST_CASE("hyperbola: the least radius against the definition, for all rescalings and all c") {
  Stream s(6);
  for (int trial = 0; trial < 12; ++trial) {
    const double a = 0.3 + 0.7 * s.uniform(), b = 0.3 + 0.7 * s.uniform(), T = 0.05 + 1.5 * s.uniform();
    const auto [p, p_] = at_cosine(a);
    const auto [q, q_] = at_cosine(b);
    const double length = std::exp(s.normal()), found = hyperbolic_distance(T, a, b);
    CAPTURE(T);
    CAPTURE(a);
    CAPTURE(b);
    // Scales of the curve and of the point along its rescalings do not matter. Where two c are nearly as good, the grid
    // may take the wrong one: then the brute force is too large, by curvature times the square of half a cell.
    const double brute = brute_distance(T * length * p, q, length * p_, q_);
    CHECK(found >= brute - 1e-5);
    CHECK(found <= brute + 1e-7);
    CHECK(found <= hyperbolic_distance_bound(T, a, b) + 1e-12);
    const auto held = hyperbolic_interval(found + 1e-6, a, b);
    REQUIRE(held);
    CHECK((held->lo <= T && T <= held->hi));
    const auto smaller = hyperbolic_interval(found - 1e-6, a, b);
    CHECK(!(smaller && smaller->lo <= T && T <= smaller->hi));
  }
}

TEST_CASE("hyperbola: closed forms") {
  // On the axis the balanced point is the farthest, and up to eps = 1/2 the balanced point of the curve the nearest.
  for (const double eps : {1e-3, 0.1, 0.3, 0.5}) {
    const auto held = hyperbolic_interval(eps, 1, 1);
    REQUIRE(held);
    CHECK(held->lo == doctest::Approx((1 - eps) * (1 - eps)).epsilon(1e-9));
    CHECK(held->hi == doctest::Approx((1 + eps) * (1 + eps)).epsilon(1e-9));
    CHECK(hyperbolic_distance((1 + eps) * (1 + eps), 1, 1) == doctest::Approx(eps).epsilon(1e-7));
  }
  // Beyond, others of the curve are nearer: (t, t) and (z, 1/z) are eps apart, relative, when with s = z + 1/z
  // 2 t^2 - 2 t s + (1 - eps^2) (s^2 - 2) = 0; t is largest where ds vanishes, t = (1 - eps^2) s.
  const double kappa = 1 - 0.6 * 0.6, square = 2 * kappa / (2 * kappa * kappa - 2 * kappa + kappa);
  CHECK(hyperbolic_interval(0.6, 1, 1)->hi == doctest::Approx(kappa * kappa * square).epsilon(1e-8));
  CHECK(hyperbolic_interval(0.75, 1, 1)->hi == infinity);
  // The sines of both angles are needed, and a right angle takes everything.
  CHECK(!hyperbolic_interval(0.5, std::sqrt(0.74), 1));
  CHECK(hyperbolic_distance(1, 0, 1) == 1);
  CHECK(hyperbolic_distance(1, -0.5, 1) == 1);
  CHECK(hyperbolic_distance(1, 1, 1) <= 1e-7);
  CHECK(hyperbolic_interval(1, -1, -1)->hi == infinity);
}

TEST_CASE("landscape: population error and least gradient against all of a dense polar grid, k = 2") {
  for (const Instance& instance : instances(7, 2)) {
    CAPTURE(name(instance.problem));
    const Recovery& f = instance.f;
    LandscapeOptions options = small(4000);
    options.radius = 0.2;
    const Landscape found = measure_landscape(f, instance.problem, options, Stream(8));
    const RecoveryRays rays(f, instance.problem);
    const double length = f.x0.norm(), rho = found.rho[0];
    const VectorXd x0 = f.x0 / length;
    double error = 0, margin = infinity, slope = infinity;
    for (int i = 0; i < 3001; ++i) {
      VectorXd p(2);
      p << std::cos(2 * pi * i / 3001), std::sin(2 * pi * i / 3001);
      const Rays::Vectors at = rays.at({p});
      for (const double r : radii(40)) {
        error = std::max(error, scaled_length(at.a[0] - p, at.c[0] - at.H[0], r));
        if (r == infinity || (r * p - x0).norm() < 0.2 || (r * p + rho * x0).norm() < 0.2) continue;
        margin = std::min(margin, scaled_length(at.a[0], at.c[0], r));
      }
      slope = std::min(slope, at.b);
    }
    CHECK(found.population_error.value >= error);
    CHECK(found.population_error.value <= 1.01 * error);
    CHECK(found.worst_margin.value <= margin);
    CHECK(found.descent_at_zero.value <= slope);
    CHECK(found.descent_at_zero.value >= slope - 0.03);

    // The witnesses, by the definitions.
    const double scale = std::ldexp(1.0, f.G.depth());
    const RayWitness& worst = found.worst_margin;
    bool vanishes = false;
    if (worst.where == RayEnd::point) {
      const VectorXd x = worst.r * worst.direction[0];
      CHECK((x - x0).norm() >= 0.2 - 1e-9);
      CHECK((x + rho * x0).norm() >= 0.2 - 1e-9);
      const double v = (scale * gradient(f, length * x) / length).norm() / std::max(worst.r, 1.0);
      CHECK(worst.value == doctest::Approx(v).epsilon(1e-9));
      // f is convex between kinks: where its gradient vanishes the census has a minimum.
      vanishes = worst.value < 1e-11;
      CHECK(found.derivative_at_worst == doctest::Approx(vanishes ? 0 : -1).epsilon(1e-6));
      const auto here = [&](const StationaryPoint& p) {
        return p.kind == StationaryKind::minimum && (p.x / length - x).norm() < 1e-6;
      };
      const std::vector<StationaryPoint> points = census(f, rho).points;
      CHECK((!vanishes || std::any_of(points.begin(), points.end(), here)));
    }
    const VectorXd e = std::clamp(found.population_error.r, 1e-9, 1e9) * found.population_error.direction[0];
    const VectorXd difference =
        scale * gradient(f, length * e) / length - population_gradient(instance.problem, f.G.depth(), e, x0);
    CHECK(difference.norm() / std::max(e.norm(), 1.0) == doctest::Approx(found.population_error.value).epsilon(1e-6));
    // Noise may turn f round at 0.
    CHECK((found.violation_count > 0) == (slope <= 0 || vanishes || found.outcomes.elsewhere > 0));
  }
}

TEST_CASE("landscape: wider networks come closer to the population, and their neighbourhoods part") {
  double before = infinity;
  for (const Index width : {20, 60, 500}) {
    const Recovery f = wide_inversion(9, width, 2 * width);
    const Landscape found = measure_landscape(f, Problem::inversion, small(300), Stream(10));
    CHECK(found.population_error.value < before);
    before = found.population_error.value;
    CHECK((found.merged || width > 20));
    CHECK((!found.merged || width < 500));
    if (found.merged) continue;
    // Outside the implied neighbourhoods the gradient cannot vanish where the error is at most E.
    CHECK(found.worst_margin.value > 0);
    CHECK(found.outcomes.solution + found.outcomes.spurious == 6);
  }
}

// f is homogeneous in every layer, and powers of two are exact.
TEST_CASE("landscape: layers of any size") {
  Stream s(31);
  const Network G = gaussian_network(s, {3, 20, 40});
  const VectorXd x0 = unit_vector(s, 3);
  const Rows A = gaussian_rows(s, 30, 40);
  LandscapeOptions options = small(300);
  options.radius = 0.3;
  const Landscape found = measure_landscape(phase_retrieval(G, A, x0), Problem::phase_retrieval, options, Stream(32));
  const auto check = [&](int first, int second, int third) {
    CAPTURE(first);
    CAPTURE(second);
    CAPTURE(third);
    Network scaled = G;
    scaled.layers[0] *= std::ldexp(1.0, first);
    scaled.layers[1] *= std::ldexp(1.0, second);
    const Landscape same = measure_landscape(phase_retrieval(scaled, A * std::ldexp(1.0, third), x0),
                                             Problem::phase_retrieval, options, Stream(32));
    const int square = 2 * (first + second + third);
    CHECK(same.worst_margin.value == std::ldexp(found.worst_margin.value, square));
    CHECK(same.worst_margin.direction == found.worst_margin.direction);
    CHECK(same.derivative_at_worst == found.derivative_at_worst);
    CHECK(same.descent_at_zero.value == std::ldexp(found.descent_at_zero.value, square));
    CHECK(same.violation_count == found.violation_count);
    CHECK(same.outcomes.solution == found.outcomes.solution);
    CHECK(same.outcomes.elsewhere == found.outcomes.elsewhere);
    REQUIRE(same.stationary.size() == found.stationary.size());
    for (std::size_t i = 0; i < found.stationary.size(); ++i) {
      CHECK(same.stationary[i].x == found.stationary[i].x);
      CHECK(same.stationary[i].objective == std::ldexp(found.stationary[i].objective, square));
    }
    // |v - h|, where v is far larger than h, as large, or far smaller.
    const double error = same.population_error.value;
    CHECK(std::isfinite(error));
    if (square == 0) CHECK(error == found.population_error.value);
    if (square < -100) CHECK(error == doctest::Approx(1).epsilon(1e-6));
    if (square > 100) CHECK(error > std::ldexp(1.0, square - 2));
  };
  check(300, -300, 0);
  check(600, -300, -300);
  check(0, 0, 490);
  check(-490, 0, 0);
  check(-100, 40, -10);
  Network small_layers = G;
  for (Rows& W : small_layers.layers) W *= 1e-150;
  CHECK_THROWS_AS(measure_landscape(inversion(small_layers, x0), Problem::inversion, options, Stream(32)), InputError);
}

TEST_CASE("landscape: planted failures are found, and none where there is none") {
  Stream s(11);
  const LandscapeOptions options = small(500);
  const Network dead = dead_network(s, {3, 6, 8});
  const VectorXd x0 = unit_vector(s, 3);
  const Landscape of_dead = measure_landscape(inversion(dead, x0), Problem::inversion, options, Stream(12));
  // Nowhere does f descend, at 0 neither; descents end where they begin, all on one flat set.
  CHECK(of_dead.violation_count == 2 * 500 + 1);
  CHECK(of_dead.violations.size() == 2 * max_listed + 1);
  CHECK(of_dead.outcomes.elsewhere > 0);
  CHECK(of_dead.descent_at_zero.value == 0);
  CHECK(of_dead.worst_margin.value == 0);

  // G(x0) = 0 and G(p) = 0 on the cone around x0 where no neuron is on; x = 0 is a minimum.
  Rows W = gaussian_rows(s, 12, 3);
  for (Index i = 0; i < W.rows(); ++i)
    if (W.row(i) * x0 > 0) W.row(i) *= -1;
  const Recovery blind = phase_retrieval(Network({W}), gaussian_rows(s, 10, 12), x0);
  const Landscape of_blind = measure_landscape(blind, Problem::phase_retrieval, options, Stream(13));
  int at_zero = 0, flat = 0;
  for (const Violation& v : of_blind.violations) {
    if (v.reason == "D_p f(0) >= 0") {
      ++at_zero;
      CHECK(one_sided_derivative(blind, VectorXd::Zero(3), v.direction[0]) >= 0);
    } else {
      ++flat;
      CHECK(gradient(blind, v.r * v.direction[0]).norm() <= (v.reason == by_descent ? 1e-8 : 0));
    }
  }
  CHECK(at_zero > 0);
  CHECK(flat > 0);

  const Landscape sound = measure_landscape(wide_inversion(14, 100, 200), Problem::inversion, small(500), Stream(15));
  CHECK(sound.violation_count == 0);
  CHECK(sound.descent_at_zero.value > 0);
}

TEST_CASE("landscape: a flat set is one violation, and none where it is a weak maximiser") {
  LandscapeOptions options = small(500);
  options.descents = 40;
  options.radius = 0.01;
  Stream s(41);
  // W of rank 1: f is least on two lines, w.x = +-w.x0 where w and -w have the same weight; x0 is on one of them.
  Rows W(4, 2);
  W << 2, 1, -2, -1, 4, 2, -4, -2;
  const Recovery folded = inversion(Network({W}), Eigen::Vector2d(0.5, 0.25));
  const Landscape lines = measure_landscape(folded, Problem::inversion, options, Stream(42));
  CHECK(lines.outcomes.elsewhere > 20);
  const auto by = [](const Landscape& l, const char* reason) {
    return std::count_if(l.violations.begin(), l.violations.end(),
                         [&](const Violation& v) { return v.reason == reason; });
  };
  CHECK(by(lines, by_descent) == 1);
  // A census has them all; what descent found is not counted again.
  Landscape with_census = lines;
  add_violations(with_census, census(folded, lines.rho[0]), folded.x0);
  CHECK(by(with_census, by_descent) == 0);
  CHECK(by(with_census, by_census) > 0);
  CHECK(with_census.violation_count == lines.violation_count - 1 + by(with_census, by_census));

  // [HJ Thm 3] counts points around which f is constant among its maximisers.
  const Demodulation dead = blind_demodulation(dead_network(s, {2, 6, 8}), gaussian_network(s, {2, 6, 8}),
                                               unit_vector(s, 2), unit_vector(s, 2));
  const Landscape constant = measure_landscape(dead, 1, options, Stream(43));
  CHECK(constant.outcomes.elsewhere > 0);
  CHECK(constant.violation_count == 0);
  // G1 of rank 1, and G2 (which can tell m from others): sets of (h, m) with the same h.w, up to (c h, m/c).
  const Demodulation bilinear =
      blind_demodulation(Network({W}), gaussian_network(s, {2, 4}), Eigen::Vector2d(0.5, 0.25), unit_vector(s, 2));
  const Landscape flat = measure_landscape(bilinear, 1, options, Stream(44));
  REQUIRE(flat.outcomes.elsewhere > 20);
  CHECK(by(flat, by_descent) == 1);
}

// f(h, m) is homogeneous in every layer of both networks, and powers of two are exact.
TEST_CASE("landscape: blind demodulation with layers of any size") {
  const Demodulation f = demodulation(45, 2, 3, 10, 20);
  LandscapeOptions options = small(300);
  options.radius = 0.3;
  const Landscape found = measure_landscape(f, 1, options, Stream(46));
  REQUIRE(!found.stationary.empty());
  struct Powers {
    int first, second, other, solution;
  };
  for (const auto& [first, second, other, solution] :
       {Powers{300, -300, 0, 0}, Powers{300, 0, -300, 0}, Powers{498, 0, 0, 0}, Powers{0, 0, -498, 0},
        Powers{50, -50, 100, 0}, Powers{0, -300, 0, 250}, Powers{0, 0, 0, -200}}) {
    CAPTURE(first);
    CAPTURE(other);
    CAPTURE(solution);
    Network G1 = f.G1, G2 = f.G2;
    G1.layers[0] *= std::ldexp(1.0, first);
    G1.layers[1] *= std::ldexp(1.0, second);
    G2.layers[0] *= std::ldexp(1.0, other);
    const Demodulation g = blind_demodulation(G1, G2, f.h0 * std::ldexp(1.0, solution), f.m0);
    const Landscape same = measure_landscape(g, 1, options, Stream(46));
    const int square = 2 * (first + second + other);
    CHECK(same.worst_margin.value == std::ldexp(found.worst_margin.value, square));
    CHECK(same.worst_margin.direction == found.worst_margin.direction);
    CHECK(same.derivative_at_worst == found.derivative_at_worst);
    CHECK(same.descent_at_zero.value == std::ldexp(found.descent_at_zero.value, square));
    CHECK(same.objective_at_zero == std::ldexp(found.objective_at_zero, square));
    CHECK(same.violation_count == found.violation_count);
    CHECK(same.outcomes.solution == found.outcomes.solution);
    REQUIRE(same.stationary.size() == found.stationary.size());
    for (std::size_t i = 0; i < found.stationary.size(); ++i) {
      CHECK(same.stationary[i].x == found.stationary[i].x);
      CHECK(same.stationary[i].objective == std::ldexp(found.stationary[i].objective, square));
    }
    CHECK(std::isfinite(same.population_error.value));
    if (square == 0) CHECK(same.population_error.value == found.population_error.value);
  }
  Network beyond = f.G1;
  beyond.layers[0] *= 1e200;
  Network too = f.G2;
  too.layers[0] *= 1e200;
  CHECK_THROWS_AS(measure_landscape(blind_demodulation(beyond, too, f.h0, f.m0), 1, options, Stream(46)), InputError);
}

TEST_CASE("landscape: bitwise the same for any number of threads") {
  const auto same_witness = [](const RayWitness& a, const RayWitness& b) {
    return a.direction == b.direction && a.where == b.where && a.r == b.r && a.value == b.value;
  };
  const auto same = [&](const Landscape& a, const Landscape& b) {
    bool equal = same_witness(a.population_error, b.population_error) && same_witness(a.worst_margin, b.worst_margin) &&
                 same_witness(a.descent_at_zero, b.descent_at_zero) && a.violation_count == b.violation_count &&
                 a.outcomes.solution == b.outcomes.solution && a.outcomes.elsewhere == b.outcomes.elsewhere &&
                 a.stationary.size() == b.stationary.size() && a.evaluations == b.evaluations;
    for (std::size_t i = 0; equal && i < a.stationary.size(); ++i)
      equal = a.stationary[i].x == b.stationary[i].x && a.stationary[i].starts == b.stationary[i].starts;
    return equal;
  };
  LandscapeOptions options = small(700);
  options.starts = 80;  // several blocks
  options.steps = 20;
  const Recovery f = instances(16)[2].f;
  const Landscape one = measure_landscape(f, Problem::phase_retrieval, options, Stream(17));
  const Demodulation g = demodulation(18, 2, 2, 10, 20);
  const Landscape one_g = measure_landscape(g, 1, options, Stream(17));
  options.threads = 2;
  CHECK(same(one, measure_landscape(f, Problem::phase_retrieval, options, Stream(17))));
  CHECK(same(one_g, measure_landscape(g, 1, options, Stream(17))));
  CHECK(!same(one, measure_landscape(f, Problem::phase_retrieval, options, Stream(18))));
}

TEST_CASE("descent: ends at minima, all of which are found by sampling their surroundings") {
  for (const Instance& instance : instances(19)) {
    CAPTURE(name(instance.problem));
    LandscapeOptions options = small(200);
    options.descents = 20;
    options.steps = 1;
    const Landscape found = measure_landscape(instance.f, instance.problem, options, Stream(20));
    const Outcomes& o = found.outcomes;
    CHECK(o.solution + o.spurious + o.zero + o.elsewhere + o.not_converged == 20);
    CHECK(o.solution > 0);
    CHECK(o.not_converged <= 2);
    const auto with_descent = landscape_instance(instance.f, instance.problem);
    const DescentProblem problem = with_descent->descent();
    Stream s(21);
    for (const DescentEnd& at : found.stationary) {
      CAPTURE(at.kink);
      CHECK(at.checked);
      const VectorXd& x = at.x[0];
      CHECK(at.objective == problem.objective(x));
      if (!at.kink) CHECK(problem.gradient(x).norm() <= 1e-9 * std::max(1.0, x.norm()) * (1 + 1e-12));
      double least = infinity;
      for (int i = 0; i < 300; ++i) least = std::min(least, problem.objective(x + 1e-3 * unit_vector(s, x.size())));
      CHECK(least >= at.objective);
    }
    // The twin: a point that is not stationary has lower ones around it.
    double least = infinity;
    const VectorXd x = found.stationary[0].x[0] * 1.1;
    for (int i = 0; i < 300; ++i) least = std::min(least, problem.objective(x + 1e-3 * unit_vector(s, x.size())));
    CHECK(least < problem.objective(x));
  }
}

TEST_CASE("descent: a kink minimum, and the least element of a hull") {
  // f = |x_1| + x_2^2/2 has its minimum at a kink.
  const DescentProblem f{[](const VectorXd& x) { return std::abs(x(0) - 1) + x(1) * x(1) / 2; },
                         [](const VectorXd& x) { return VectorXd(Eigen::Vector2d(x(0) > 1 ? 1 : -1, x(1))); },
                         [](const VectorXd&, const VectorXd& v) { return v.norm(); }, [](VectorXd&) {}};
  const Descent end = descend(f, VectorXd(Eigen::Vector2d(2.3, 0.7)), {}, Stream(22));
  CHECK(end.stop == Stop::kink);
  CHECK((end.x - Eigen::Vector2d(1, 0)).norm() < 1e-6);

  Stream s(23);
  for (int trial = 0; trial < 100; ++trial) {
    const Index k = 1 + trial % 6;
    MatrixXd V = MatrixXd::NullaryExpr(k, 2 * k + 1, [&] { return s.normal(); });
    V.row(0).array() += trial % 3;
    const VectorXd least = least_combination(V);
    CHECK((V.transpose() * least).minCoeff() >= least.squaredNorm() * (1 - 1e-5) - 1e-6);
  }
}

// Where neurons at 0 count as off, v is 0 at points from which f falls to one side.
TEST_CASE("descent: not stationary where some one-sided derivative is negative") {
  // f = -max(x_1 - 1, 0) + 2 max(x_1 - 2, 0) + x_2^2/2: on x_1 = 1 v is (0, x_2), and f falls on its right, to (2, 0).
  const DescentProblem f{
      [](const VectorXd& x) { return 2 - std::max(x(0) - 1, 0.0) + 2 * std::max(x(0) - 2, 0.0) + x(1) * x(1) / 2; },
      [](const VectorXd& x) {
        return VectorXd(Eigen::Vector2d(x(0) > 2 ? 1 : x(0) > 1 ? -1 : 0, x(1)));
      },
      [](const VectorXd&, const VectorXd& v) { return v.norm(); }, [](VectorXd&) {}};
  const Descent end = descend(f, VectorXd(Eigen::Vector2d(1, 0.7)), {}, Stream(29));
  CHECK(end.stop == Stop::kink);
  CHECK((end.x - Eigen::Vector2d(2, 0)).norm() < 1e-6);
  // The twin: left of the kink f is constant in x_1, and falls nowhere.
  const Descent flat = descend(f, VectorXd(Eigen::Vector2d(0.5, 0.7)), {}, Stream(29));
  CHECK(flat.stop == Stop::stationary);
  CHECK(flat.x(0) == 0.5);

  // G(x) = (x_1+, x_2+, x_1-, x_2-): f falls to x0 from everywhere. v vanishes at (2, 0) and (0, 1) beside it, on which
  // descents along the axes end.
  Rows W(4, 2);
  W << 1, 0, 0, 1, -1, 0, 0, -1;
  const Recovery folded = inversion(Network({W}), Eigen::Vector2d(2, 1));
  const auto instance = landscape_instance(folded, Problem::inversion);
  const double length = std::sqrt(5);
  for (const Eigen::Vector2d& x : {Eigen::Vector2d(1, 0), Eigen::Vector2d(3, 0), Eigen::Vector2d(0, 2)}) {
    const Descent to_x0 = descend(instance->descent(), VectorXd(x / length), {}, Stream(30));
    CHECK(to_x0.stop == Stop::stationary);
    CHECK((length * to_x0.x - folded.x0).norm() < 1e-6);
  }
}

// Integer weights put many neurons and measurements at exactly 0.
TEST_CASE("descent: all one-sided derivatives against those in 4000 directions") {
  Stream s(33);
  int descends = 0, stationary = 0;
  const auto check = [&](const AllDirections& found, Index k, double size, const auto& derivative) {
    if (!found.all) return;
    double least = infinity;
    for (int i = 0; i < 4000; ++i) least = std::min(least, derivative(unit_vector(s, k)));
    if (found.descent) {
      ++descends;
      CHECK(derivative(*found.descent) < -1e-9 * size);
      CHECK(std::abs(found.descent->norm() - 1) < 1e-12);
    } else {
      ++stationary;
      CHECK(least >= -1e-8 * size);
    }
  };
  for (int trial = 0; trial < 300; ++trial) {
    const Index k = 2 + trial % 2;
    const Network G = integer_network(s, {k, 4, 3});
    const VectorXd x = integer_vector(s, k, -2, 2), x0 = integer_vector(s, k, -2, 2);
    const Rows A = integer_rows(s, 3, 3, -2, 2);
    for (const Recovery& f : {inversion(G, x0), phase_retrieval(G, A, x0), compressed_sensing(G, A, x0)})
      check(all_directions(f, x, 1e-12, 1e-9), k, 1, [&](const VectorXd& u) { return one_sided_derivative(f, x, u); });
    const Network G2 = integer_network(s, {2, 3});
    const VectorXd m = integer_vector(s, 2, -1, 1), m0 = integer_vector(s, 2, 1, 2);
    const Demodulation f = blind_demodulation(G, G2, x0, m0);
    check(all_directions(f, x, m, 1e-12, 1e-9), k + 2, 1,
          [&](const VectorXd& u) { return one_sided_derivative(f, x, m, u.head(k), u.tail(2)); });
  }
  CHECK(descends > 200);
  CHECK(stationary > 200);
}

// D_u f = |u_1| + |u_2| - 2 max(|u_1| - 1000 |u_2|, 0) at (0, 0, 1), (u_1, u_2) turned by 0.3, for u_1 > 0: negative in
// 1/1500 of the directions of the plane only.
TEST_CASE("descent: goes on where f falls in a sector that samples miss") {
  const double c = std::cos(0.3), s = std::sin(0.3);
  Rows W1(5, 3), W2 = Rows::Zero(6, 5), A = Rows::Zero(2, 6);
  W1 << c, s, 0, -c, -s, 0, -s, c, 0, s, -c, 0, 0, 0, 1;
  W2.topRows(5).setIdentity();
  W2.row(5) << 1, 0, -1000, -1000, 0;
  A.row(0) << 1, 1, 1, 1, 0, -2;
  A(1, 4) = 1;
  const Eigen::Vector3d at(0, 0, 1), x0(c, s, 1);
  const Recovery f = compressed_sensing(Network({W1, W2}), A, x0);
  REQUIRE(one_sided_derivative(f, at, Eigen::Vector3d(c, s, 0)) == doctest::Approx(-1));
  REQUIRE(one_sided_derivative(f, at, Eigen::Vector3d(std::cos(0.31), std::sin(0.31), 0)) > 0.9);
  const auto instance = landscape_instance(f, Problem::compressed_sensing);
  const Descent end = descend(instance->descent(), at / x0.norm(), {}, Stream(34));
  CHECK(objective(f, x0.norm() * end.x) < 0.9 * objective(f, at));

  // The twin, without the sector: there it ends.
  Rows without = A;
  without(0, 5) = 0;
  const Recovery cone = compressed_sensing(Network({W1, W2}), without, x0, Eigen::Vector2d(-2, 0));
  const auto there = landscape_instance(cone, Problem::compressed_sensing);
  const Descent stays = descend(there->descent(), at / x0.norm(), {}, Stream(34));
  CHECK((stays.x - at / x0.norm()).norm() < 1e-6);
  CHECK(stays.stop != Stop::budget);
  CHECK(stays.checked);
}

TEST_CASE("landscape: blind demodulation") {
  const Demodulation f = demodulation(24, 2, 2, 60, 300);
  LandscapeOptions options = small(3000);
  options.radius = 0.3;
  const Landscape found = measure_landscape(f, 1, options, Stream(25));
  CHECK(found.excluded.size() == 4);
  CHECK(found.descent_at_zero.direction.size() == 2);
  CHECK(found.outcomes.solution > 0);
  CHECK(found.stationary[0].x.size() == 2);

  const DemodulationRays rays(f, 1);
  // For all rescalings some c, of a grid: what it resolves is less than the 0.01 that make the sets larger.
  const auto held = [](const VectorXd& h, const VectorXd& m, const VectorXd& h_, const VectorXd& m_) {
    if (h.dot(h_) < 0.9 * h.norm() * h_.norm() || m.dot(m_) < 0.9 * m.norm() * m_.norm()) return false;
    for (int i = -40; i <= 40; ++i) {
      const double lambda = std::exp(0.1 * i);
      bool near = false;
      for (int j = -250; j <= 250 && !near; ++j)
        near = joint_ratio(lambda * h, m / lambda, h_, m_, std::exp(0.02 * j)) <= 0.31;
      if (!near) return false;
    }
    return true;
  };
  Stream s(26);
  double error = 0, margin = infinity, slope = infinity;
  for (int i = 0; i < 3000; ++i) {
    const VectorXd p = unit_vector(s, 2), q = unit_vector(s, 2);
    const Rays::Vectors at = rays.at({p, q});
    slope = std::min(slope, at.b);
    for (const double T : radii(10)) {
      for (std::size_t a = 0; a < 2; ++a)
        error = std::max(error, scaled_length(at.a[a] - at.p[a], at.c[a] - at.H[a], T));
      bool in = T == infinity || T == 0;
      for (int c = 0; c < 4 && !in; ++c) {
        const double of_h = c % 2 ? -found.rho[0] : 1, of_m = c / 2 ? -found.rho[1] : 1;
        in = held(T * p, q, of_h * f.h0.normalized(), of_m * f.m0.normalized());
      }
      if (in) continue;
      margin = std::min(margin, std::max(scaled_length(at.a[0], at.c[0], T), scaled_length(at.a[1], at.c[1], T)));
    }
  }
  CHECK(found.population_error.value >= error);
  CHECK(found.population_error.value <= 1.2 * error);
  CHECK(found.worst_margin.value <= margin);
  CHECK(found.descent_at_zero.value <= slope);
}

TEST_CASE("landscape: amplitude flow's error is at most the deviations of phaseless concentration together") {
  Stream s(29);
  for (int trial = 0; trial < 5; ++trial) {
    const Index n = 2 + trial % 3;
    const Recovery f = amplitude_flow(gaussian_rows(s, 12 * n, n), unit_vector(s, n));
    const Landscape found = measure_landscape(f, Problem::amplitude_flow, small(500), Stream(30));
    const VectorXd p = found.population_error.direction[0];
    const double with_itself = static_cast<double>(phaseless_deviation(f.A, p, p)),
                 with_x0 = static_cast<double>(phaseless_deviation(f.A, p, f.x0));
    CHECK(found.population_error.value <= with_itself + with_x0 + 1e-12);
    CHECK(*error_constant(Problem::amplitude_flow, {0}, found.population_error.value, std::max(with_itself, with_x0)) <=
          2 + 1e-12);
  }
}

TEST_CASE("landscape: wrong use") {
  const Recovery f = wide_inversion(27, 5, 10);
  Recovery at_zero = f;
  at_zero.x0.setZero();
  CHECK_THROWS_AS(measure_landscape(at_zero, Problem::inversion, small(10), Stream(1)), InputError);
  CHECK_THROWS_AS(measure_landscape(f, Problem::blind_demodulation, small(10), Stream(1)), InputError);
  CHECK_THROWS_AS(measure_landscape(f, Problem::phase_retrieval, small(10), Stream(1)), InputError);
  CHECK_THROWS_AS(measure_landscape(f, Problem::inversion, small(0), Stream(1)), InputError);
  CHECK_THROWS_AS(measure_landscape(f, Problem::inversion, small(max_directions + 1), Stream(1)), InputError);
  LandscapeOptions options = small(10);
  options.radius = -1;
  CHECK_THROWS_AS(measure_landscape(f, Problem::inversion, options, Stream(1)), InputError);
  options = small(10);
  options.grid = GridKind::circle;
  const Demodulation g = demodulation(28, 2, 2, 5, 10);
  CHECK_THROWS_AS(measure_landscape(g, 1, options, Stream(1)), InputError);
  CHECK_THROWS_AS(measure_landscape(g, 0, small(10), Stream(1)), InputError);
}

}  // namespace test_landscape
