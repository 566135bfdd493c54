#include "tests/networks.hpp"
#include "tests/statistics.hpp"
#include "theory/angle.hpp"
#include "theory/population.hpp"
#include "theory/problems.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cmath>
#include <numbers>
#include <vector>

namespace test_population {

using namespace theoremeter;
using namespace theoremeter::testing;
using Eigen::Vector2d;
using Eigen::Vector3d;
using Eigen::VectorXd;
using std::numbers::pi;

namespace {

using Real = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<80>, boost::multiprecision::et_off>;
using BigVector = std::vector<Real>;

BigVector big(const VectorXd& x) { return BigVector(x.begin(), x.end()); }
Real dot(const BigVector& x, const BigVector& y) {
  Real sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}

// theta_d as written in the papers, in as many digits as acos needs.
Real big_angle(int d, const BigVector& x, const BigVector& y) {
  const Real p = boost::math::constants::pi<Real>();
  const auto clamped_acos = [](const Real& c) { return c >= 1 ? Real(0) : Real(acos(c)); };
  Real theta = clamped_acos(dot(x, y) / sqrt(dot(x, x) * dot(y, y)));
  for (int i = 0; i < d; ++i) theta = clamped_acos(((p - theta) * cos(theta) + sin(theta)) / p);
  return theta;
}

Real big_objective(Problem problem, int d, const BigVector& x, const BigVector& x0) {
  const Real p = boost::math::constants::pi<Real>(), theta = big_angle(d, x, x0);
  Real c = cos(theta);
  if (problem == Problem::phase_retrieval || problem == Problem::amplitude_flow)
    c = (p - 2 * theta) / p * c + 2 / p * sin(theta);
  return (dot(x, x) + dot(x0, x0)) / 2 - sqrt(dot(x, x) * dot(x0, x0)) * c;
}

Real big_objective(int d, int s, const BigVector& h, const BigVector& m, const BigVector& h0, const BigVector& m0) {
  const Real a = dot(h, h) * dot(m, m), b = dot(h0, h0) * dot(m0, m0);
  return (a + b) / 2 - sqrt(a * b) * cos(big_angle(d, h, h0)) * cos(big_angle(s, m, m0));
}

// Central differences of F at x, good to some 50 digits.
template <class F>
BigVector big_gradient(F objective, const BigVector& x) {
  const Real step = pow(Real(10), -25);
  BigVector gradient;
  for (std::size_t i = 0; i < x.size(); ++i) {
    BigVector above = x, below = x;
    above[i] += step;
    below[i] -= step;
    gradient.push_back((objective(above) - objective(below)) / (2 * step));
  }
  return gradient;
}

double distance(const VectorXd& x, const BigVector& exact) {
  BigVector difference = big(x);
  for (std::size_t i = 0; i < exact.size(); ++i) difference[i] -= exact[i];
  return static_cast<double>(sqrt(dot(difference, difference)));
}

struct Setting {
  Problem problem;
  int d;
};
const std::vector<Setting> settings{{Problem::inversion, 0},       {Problem::inversion, 1},
                                    {Problem::inversion, 2},       {Problem::compressed_sensing, 5},
                                    {Problem::phase_retrieval, 1}, {Problem::phase_retrieval, 2},
                                    {Problem::phase_retrieval, 5}, {Problem::amplitude_flow, 0}};

// 1e-12 of x0's length and less, and everything between; x at all lengths, angles from 0 to pi.
std::vector<Vector3d> points_about(Stream& stream, const Vector3d& x0) {
  std::vector<Vector3d> points;
  for (const double distance : {1e-15, 1e-12, 1e-8, 1e-4, 1e-2})
    for (const double sign : {1.0, -1.0})
      points.push_back(sign * x0 + distance * x0.norm() * Vector3d(gaussian_vector(stream, 3)).normalized());
  for (const double length : {1e-3, 1.0, 50.0}) {
    points.push_back(length * x0);
    points.push_back(-length * x0);
    for (int i = 0; i < 5; ++i) points.push_back(length * Vector3d(gaussian_vector(stream, 3)));
  }
  return points;
}

// rho_d, by definition c at theta_0 = pi.
double rho(const Setting& s) {
  const double t = g_iterates(pi, s.d).back();
  return s.problem == Problem::phase_retrieval ? (1 - 2 * t / pi) * std::cos(t) + 2 / pi * std::sin(t) : std::cos(t);
}

}  // namespace

TEST_CASE("population objectives: against 80 digits, near x0 too") {
  Stream stream(221);
  for (const Setting& s : settings) {
    const Vector3d x0 = gaussian_vector(stream, 3);
    for (const Vector3d& x : points_about(stream, x0)) {
      const double exact = static_cast<double>(big_objective(s.problem, s.d, big(x), big(x0)));
      const double far =
          std::min((x - x0).norm(), s.problem == Problem::amplitude_flow ? (x + x0).norm() : 1e9);  // from where f is 0
      CHECK(std::abs(population_objective(s.problem, s.d, x, x0) - exact) <= 2e-15 * far * (x.norm() + x0.norm()));
      CHECK(population_objective(s.problem, s.d, x, x0) >= 0);
    }
    CHECK(population_objective(s.problem, s.d, x0, x0) == 0);
    CHECK(population_objective(s.problem, s.d, Vector3d::Zero(), x0) == doctest::Approx(x0.squaredNorm() / 2));
  }
}

TEST_CASE("population gradients: against differences of the objective in 80 digits") {
  Stream stream(222);
  for (const Setting& s : settings) {
    const Vector3d x0 = gaussian_vector(stream, 3);
    for (const Vector3d& x : points_about(stream, x0)) {
      const auto f = [&](const BigVector& at) { return big_objective(s.problem, s.d, at, big(x0)); };
      const BigVector exact = big_gradient(f, big(x));
      const double error = distance(population_gradient(s.problem, s.d, x, x0), exact);
      const double far = std::min((x - x0).norm(), s.problem == Problem::amplitude_flow ? (x + x0).norm() : 1e9);
      CHECK(error <= 1e-15 * (s.d + 1) * far + 1e-40);

      // the same in the plane of x and x0, lengths over |x0|
      const double theta = angle(x, x0);
      const Vector2d plane = population_gradient_plane(s.problem, s.d, x.norm() / x0.norm(), theta);
      const Vector3d along = x0.normalized(), across = (x - x.dot(along) * along).normalized();
      const Vector3d rebuilt = x0.norm() * (plane(0) * along + plane(1) * across);
      CHECK((rebuilt - population_gradient(s.problem, s.d, x, x0)).norm() < 1e-14 * (x.norm() + x0.norm()));
    }
  }
}

TEST_CASE("population gradients: finite in all directions, continuous where x is parallel to x0") {
  for (const Setting& s : settings) {
    for (const double r : {0.1, 1.0, 2.0}) {
      for (const double t : {1e-4, 1e-8, 1e-15, 1e-160, 1e-300}) {
        CHECK((population_gradient_plane(s.problem, s.d, r, t) - population_gradient_plane(s.problem, s.d, r, 0))
                  .norm() <= 2 * (1 + r) * t);
        CHECK((population_gradient_plane(s.problem, s.d, r, pi - t) - population_gradient_plane(s.problem, s.d, r, pi))
                  .norm() <= 2 * (1 + r) * t + 4e-16);
        const Vector3d x0(1, 0, 0), x(-r, r * t, 0);
        CHECK((population_gradient(s.problem, s.d, x, x0) - population_gradient(s.problem, s.d, Vector3d(-r, 0, 0), x0))
                  .norm() <= 2 * (1 + r) * t + 4e-16);
      }
    }
  }
}

TEST_CASE("population gradients: they vanish at x0 and -rho_d x0") {
  const Vector3d x0(0.48, 0.6, -0.64);
  for (const Setting& s : settings) {
    CHECK(population_gradient(s.problem, s.d, x0, x0).norm() == 0);
    if (s.problem == Problem::inversion && s.d < 2) continue;  // rho_1 = 0, and no rho_0 > 0
    const double other = s.problem == Problem::amplitude_flow ? 1 : rho(s);
    CHECK(population_gradient(s.problem, s.d, -other * x0, x0).norm() < 1e-15);
    CHECK(population_gradient(s.problem, s.d, -1.001 * other * x0, x0).norm() > 9e-4 * other);  // the twin
  }
}

namespace {

// In the half plane r in [least, 2], theta in [0, pi], cells that may hold a zero of the gradient. In theta it changes
// at a rate of at most r + |dt/dtheta|, in r of 1. P, Z and their phaseless versions are products and sums of at most
// d + 1 terms, each of slope at most 1; below, 6 bounds the rate for d <= 3 (and the test checks it as it goes).
constexpr double rate = 6;

struct Cell {
  double r, theta, half_r, half_theta;
};

void cells_with_zeros(const Setting& s, const Cell& cell, double finest, std::vector<Cell>& found) {
  const Vector2d centre = population_gradient_plane(s.problem, s.d, cell.r, cell.theta);
  const Vector2d corner =
      population_gradient_plane(s.problem, s.d, cell.r + cell.half_r, cell.theta + 0.999 * cell.half_theta);
  const double reach = cell.half_r + rate * cell.half_theta;
  REQUIRE((corner - centre).norm() <= reach);
  if (centre.norm() > reach) return;
  if (cell.half_r < finest) {
    found.push_back(cell);
    return;
  }
  const double r = cell.half_r / 2, t = cell.half_theta / 2;
  for (const double i : {-1.0, 1.0})
    for (const double j : {-1.0, 1.0}) cells_with_zeros(s, {cell.r + i * r, cell.theta + j * t, r, t}, finest, found);
}

}  // namespace

TEST_CASE("population gradients: no zero in the plane but x0, -rho_d x0 and perhaps 0") {
  for (const Setting& s : {Setting{Problem::inversion, 2}, Setting{Problem::inversion, 3},
                           Setting{Problem::phase_retrieval, 2}, Setting{Problem::phase_retrieval, 3}}) {
    std::vector<Cell> found;
    cells_with_zeros(s, {1.01, pi / 2, 0.99, pi / 2}, 2e-4, found);
    int at_x0 = 0, opposite = 0;
    for (const Cell& c : found) {
      const bool near_x0 = std::abs(c.r - 1) < 0.01 && c.theta < 0.01;
      const bool near_other = std::abs(c.r - rho(s)) < 0.02 && c.theta > pi - 0.3;  // flat there: order 2 in the angle
      CAPTURE(c.r);
      CAPTURE(c.theta);
      REQUIRE((near_x0 || near_other));
      at_x0 += near_x0;
      opposite += near_other;
    }
    CHECK(at_x0 > 0);
    CHECK(opposite > 0);
  }
}

// df/dtheta = r P sin theta ~ r K eta^2 with eta = pi - theta and K = P/eta, so f falls by r K eta^3/3.
TEST_CASE("population objectives fall at third order in the angle at -rho_d x0") {
  for (const Setting& s : {Setting{Problem::inversion, 2}, Setting{Problem::compressed_sensing, 5},
                           Setting{Problem::phase_retrieval, 1}, Setting{Problem::phase_retrieval, 3}}) {
    const double r = rho(s);
    const auto f = [&](double eta) {
      return population_objective(s.problem, s.d, r * Vector2d(-std::cos(eta), std::sin(eta)), Vector2d(1, 0));
    };
    const std::vector<double> check = g_iterates(pi, s.d);
    double K = 1 / pi;
    for (int i = 1; i < s.d; ++i) K *= 1 - check[static_cast<std::size_t>(i)] / pi;
    if (s.problem == Problem::phase_retrieval) K *= 1 - 2 * check.back() / pi;
    if (s.problem == Problem::phase_retrieval && s.d == 1) {  // theta_1 = pi/2, so K = 0: sixth order
      for (const double eta : {0.2, 0.1, 0.05})
        CHECK((f(0) - f(eta)) / std::pow(eta, 6) == doctest::Approx(r / (9 * pi * pi * pi)).epsilon(eta));
      continue;
    }
    for (const double eta : {0.02, 0.01, 0.005}) {
      CHECK(f(eta) < f(0));
      CHECK((f(0) - f(eta)) / (eta * eta * eta) == doctest::Approx(r * K / 3).epsilon(2 * eta));
    }
  }
}

TEST_CASE("blind demodulation: population objective and gradients against 80 digits") {
  Stream stream(223);
  for (const auto& depths : {std::pair{1, 1}, {2, 1}, {2, 3}}) {
    const int d = depths.first, s = depths.second;
    const Vector3d h0 = gaussian_vector(stream, 3), m0 = gaussian_vector(stream, 3);
    const std::vector<Vector3d> hs = points_about(stream, h0), ms = points_about(stream, m0);
    for (std::size_t i = 0; i < hs.size(); ++i) {
      const Vector3d &h = hs[i], &m = ms[(3 * i + 5) % ms.size()];
      const double exact = static_cast<double>(big_objective(d, s, big(h), big(m), big(h0), big(m0)));
      const double scale = h.norm() * m.norm() + h0.norm() * m0.norm(), far = std::sqrt(exact);
      CHECK(std::abs(population_objective(d, s, h, m, h0, m0) - exact) <= 4e-15 * far * scale);
      const auto f = [&](const BigVector& a, const BigVector& b) {
        return big_objective(d, s, a, b, big(h0), big(m0));
      };
      const auto [g_h, g_m] = population_gradient(d, s, h, m, h0, m0);
      CHECK(distance(g_h, big_gradient([&](const BigVector& a) { return f(a, big(m)); }, big(h))) <
            3e-15 * m.norm() * scale);
      CHECK(distance(g_m, big_gradient([&](const BigVector& b) { return f(big(h), b); }, big(m))) <
            3e-15 * h.norm() * scale);
    }
    // the four hyperbolas of [HJ Thm 2]
    const double rho_d = rho({Problem::inversion, d}), rho_s = rho({Problem::inversion, s});
    for (const double a : {1.0, -rho_d}) {
      for (const double b : {1.0, -rho_s}) {
        if (a == 0 || b == 0) continue;
        const auto [g_h, g_m] = population_gradient(d, s, 2 * a * h0, 0.5 * b * m0, h0, m0);
        CHECK(g_h.norm() + g_m.norm() < 1e-14 * h0.norm() * m0.norm() * (h0.norm() + m0.norm()));
      }
    }
    CHECK(population_objective(d, s, Vector3d::Zero(), m0, h0, m0) ==
          doctest::Approx(h0.squaredNorm() * m0.squaredNorm() / 2));
  }
}

namespace {

// For one layer (none, with a modulus) the population is the mean at any width: neurons are independent of each other.
struct Instance {
  double value;
  VectorXd gradient;
};

template <class Draw>
void require_means(Draw draw, double objective, const VectorXd& gradient) {
  Moments value;
  std::vector<Moments> entries(static_cast<std::size_t>(gradient.size()));
  for (int i = 0; i < 20000; ++i) {
    const Instance instance = draw();
    value.add(instance.value);
    for (Eigen::Index j = 0; j < gradient.size(); ++j) entries[static_cast<std::size_t>(j)].add(instance.gradient(j));
  }
  require_mean(value, objective);
  require_mean_rejected(value, 1.1 * objective);
  for (Eigen::Index j = 0; j < gradient.size(); ++j) {
    require_mean(entries[static_cast<std::size_t>(j)], gradient(j));
    require_mean_rejected(entries[static_cast<std::size_t>(j)], gradient(j) + 0.1);
  }
}

}  // namespace

TEST_CASE("population: the exact mean of one layer's objective and gradient, by Monte Carlo") {
  Stream stream(224);
  const Vector2d x0(1, 0.2), x(-0.5, 0.6), h(0.3, 0.9);
  require_means(
      [&] {
        const Recovery f = inversion(gaussian_network(stream, {2, 8}), x0);
        return Instance{2 * objective(f, x), 2 * gradient(f, x)};
      },
      population_objective(Problem::inversion, 1, x, x0), population_gradient(Problem::inversion, 1, x, x0));
  require_means(
      [&] {
        const Recovery f = compressed_sensing(gaussian_network(stream, {2, 8}), gaussian_rows(stream, 8, 8), x0);
        return Instance{2 * objective(f, x), 2 * gradient(f, x)};
      },
      population_objective(Problem::compressed_sensing, 1, x, x0),
      population_gradient(Problem::compressed_sensing, 1, x, x0));
  require_means(
      [&] {
        const Recovery f = amplitude_flow(gaussian_rows(stream, 8, 2), x0);
        return Instance{objective(f, x), gradient(f, x)};
      },
      population_objective(Problem::amplitude_flow, 0, x, x0), population_gradient(Problem::amplitude_flow, 0, x, x0));
  const auto [g_h, g_m] = population_gradient(1, 1, h, x, Vector2d(0.8, 0.5), x0);
  Eigen::Vector4d both;
  both << g_h, g_m;
  require_means(
      [&] {  // times 2^{d+s} l, with entries N(0, 1/l)
        const Demodulation f = blind_demodulation(gaussian_network(stream, {2, 8}), gaussian_network(stream, {2, 8}),
                                                  Vector2d(0.8, 0.5), x0);
        const auto [v_h, v_m] = gradient(f, h, x);
        VectorXd v(4);
        v << v_h, v_m;
        return Instance{32 * objective(f, h, x), 32 * v};
      },
      population_objective(1, 1, h, x, Vector2d(0.8, 0.5), x0), both);
}

namespace {

// Mean over draws of the errors of 2^d f and 2^d grad f against each of the populations that are claimed.
template <class Draw>
std::vector<double> mean_errors(Stream& stream, Draw draw, Eigen::Index width, const std::vector<Setting>& claimed) {
  const Vector2d x0(1, 0.2), x(-0.9, 0.5);
  const double scale = 4;  // two layers
  constexpr int draws = 24;
  std::vector<double> errors(claimed.size());
  for (int i = 0; i < draws; ++i) {
    const Recovery f = draw(gaussian_network(stream, {2, width, width}), x0);
    const double value = scale * objective(f, x);
    const VectorXd v = scale * gradient(f, x);
    for (std::size_t j = 0; j < claimed.size(); ++j) {
      const auto [problem, d] = claimed[j];
      errors[j] += (std::abs(value - population_objective(problem, d, x, x0)) +
                    (v - population_gradient(problem, d, x, x0)).norm()) /
                   draws;
    }
  }
  return errors;
}

// Sixteen times as wide, a quarter of the error; a wrong population has an error that stays.
template <class Draw>
void require_approach(Stream& stream, Draw draw, const Setting& right, const std::vector<Setting>& wrong) {
  std::vector<Setting> claimed{right};
  claimed.insert(claimed.end(), wrong.begin(), wrong.end());
  const std::vector<double> narrow = mean_errors(stream, draw, 25, claimed),
                            wide = mean_errors(stream, draw, 400, claimed);
  CHECK(narrow[0] / wide[0] == doctest::Approx(4).epsilon(0.4));
  for (std::size_t j = 1; j < claimed.size(); ++j) CHECK(narrow[j] / wide[j] < 2);
}

}  // namespace

TEST_CASE("population: wide networks approach it, at the rate width^{-1/2}") {
  Stream stream(225);
  const Setting inversion_2{Problem::inversion, 2}, phase_2{Problem::phase_retrieval, 2};
  require_approach(stream, [](Network G, const VectorXd& x0) { return inversion(std::move(G), x0); }, inversion_2,
                   {{Problem::inversion, 1}, {Problem::inversion, 4}, phase_2});
  require_approach(stream,
                   [&](Network G, const VectorXd& x0) {
                     Rows A = gaussian_rows(stream, G.output(), G.output());
                     return phase_retrieval(std::move(G), std::move(A), x0);
                   },
                   phase_2, {{Problem::phase_retrieval, 0}, {Problem::phase_retrieval, 6}, inversion_2});
}

}  // namespace test_population
