#include "tests/networks.hpp"
#include "theory/error.hpp"
#include "theory/problems.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>

namespace test_problems {

using namespace theoremeter;
using namespace theoremeter::testing;
using Eigen::VectorXd;

namespace {

// f is a quadratic on [x, x + 2tu] when no neuron and no measurement changes sign there; then 2 q(t) - q(2t) is D_u f,
// where q(t) = (f(x+tu) - f(x))/t. With small integers all of it is exact.
constexpr double t = 0x1p-14;

template <class F>
double quotient_at_0(F f_along) {
  const auto q = [&](double step) { return (f_along(step) - f_along(0)) / step; };
  return 2 * q(t) - q(2 * t);
}

// Rows of A that measure exactly 0 at z: z_j e_i - z_i e_j.
void annihilate(Stream& stream, Rows& A, const VectorXd& z) {
  for (Eigen::Index row = 0; row < A.rows() / 2; ++row) {
    const auto i = static_cast<Eigen::Index>(integer(stream, 0, static_cast<int>(z.size()) - 1));
    const auto j = (i + 1) % z.size();
    A.row(row).setZero();
    A(row, i) = z(j);
    A(row, j) = -z(i);
  }
}

struct Case {
  Recovery f;
  VectorXd x, u;
};

// All problems but blind demodulation, of depths 0, 1 and 2: generic points, neurons at 0, measurements at 0, x = 0,
// x = x0, dead networks.
std::vector<Case> integer_cases(Stream& stream) {
  std::vector<Case> cases;
  for (const std::vector<Eigen::Index>& widths : {std::vector<Eigen::Index>{3}, {2, 5}, {3, 4, 5}}) {
    for (int trial = 0; trial < 240; ++trial) {
      const Network G =
          widths.size() > 1 && trial % 12 == 0 ? dead_network(stream, widths) : integer_network(stream, widths);
      const VectorXd x0 = integer_vector(stream, widths[0], -1, 1), u = integer_vector(stream, widths[0], -1, 1);
      const VectorXd x = trial % 12 == 1   ? VectorXd(VectorXd::Zero(x0.size()))
                         : trial % 12 == 2 ? x0
                                           : integer_vector(stream, widths[0], -1, 1);
      Rows A = integer_rows(stream, 4, G.output(), -1, 1);
      if (trial % 2 == 0) annihilate(stream, A, forward(G, x));
      const VectorXd noise = trial % 3 == 0 ? VectorXd() : integer_vector(stream, 4, -1, 1);
      cases.push_back({inversion(G, x0), x, u});
      cases.push_back({compressed_sensing(G, A, x0, noise), x, u});
      cases.push_back({phase_retrieval(G, A, x0, noise), x, u});
      if (widths.size() == 1) cases.push_back({amplitude_flow(A, x0), x, u});
    }
  }
  return cases;
}

// f from the pieces alone, with every sum written out in long double.
long double naive_objective(const Recovery& f, const VectorXd& x) {
  const VectorXd z = linear_piece(f.G, x) * x;
  long double sum = 0;
  for (Eigen::Index i = 0; i < f.b.size(); ++i) {
    long double y = 0;
    for (Eigen::Index j = 0; j < z.size(); ++j) y += (f.A.size() > 0 ? f.A(i, j) : i == j ? 1.0L : 0.0L) * z(j);
    const long double r = (f.phaseless ? std::abs(y) : y) - f.b(i);
    sum += r * r;
  }
  return sum / 2;
}

std::vector<Recovery> gaussian_problems(Stream& stream) {
  const Network G = gaussian_network(stream, {3, 12, 30});
  const VectorXd x0 = gaussian_vector(stream, 3), noise = 0.1 * gaussian_vector(stream, 20);
  return {inversion(G, x0), compressed_sensing(G, gaussian_rows(stream, 20, 30), x0, noise),
          phase_retrieval(G, gaussian_rows(stream, 20, 30), x0, noise),
          amplitude_flow(gaussian_rows(stream, 20, 3), x0)};
}

Demodulation gaussian_demodulation(Stream& stream) {
  const Network G1 = gaussian_network(stream, {2, 10, 25}), G2 = gaussian_network(stream, {3, 25});
  return blind_demodulation(G1, G2, gaussian_vector(stream, 2), gaussian_vector(stream, 3));
}

}  // namespace

TEST_CASE("problems: objectives by their definitions; 0 at x0 without noise") {
  Stream stream(211);
  for (const Case& c : integer_cases(stream)) CHECK(objective(c.f, c.x) == naive_objective(c.f, c.x));
  for (int trial = 0; trial < 20; ++trial) {
    for (const Recovery& f : gaussian_problems(stream)) {
      const VectorXd x = gaussian_vector(stream, 3);
      CHECK(objective(f, x) == doctest::Approx(static_cast<double>(naive_objective(f, x))).epsilon(1e-13));
    }
  }
  const Network G = gaussian_network(stream, {3, 12, 30});
  const VectorXd x0 = gaussian_vector(stream, 3);
  const Rows A = gaussian_rows(stream, 20, 30);
  CHECK(objective(inversion(G, x0), x0) == 0);
  CHECK(objective(compressed_sensing(G, A, x0), x0) == 0);
  CHECK(objective(phase_retrieval(G, A, x0), x0) == 0);
  CHECK(objective(amplitude_flow(A, G.layers[1] * G.layers[0] * x0), -(G.layers[1] * G.layers[0] * x0)) == 0);
  const VectorXd noise = gaussian_vector(stream, 20);
  CHECK(objective(compressed_sensing(G, A, x0, noise), x0) == doctest::Approx(noise.squaredNorm() / 2));
  CHECK(objective(phase_retrieval(G, A, x0, noise), x0) == doctest::Approx(noise.squaredNorm() / 2));
}

TEST_CASE("problems: one-sided derivatives are those of the difference quotients, at kinks too") {
  Stream stream(212);
  int kinks = 0;
  for (const Case& c : integer_cases(stream)) {
    const double exact = quotient_at_0([&](double s) { return objective(c.f, c.x + s * c.u); });
    CHECK(one_sided_derivative(c.f, c.x, c.u) == exact);
    kinks += gradient(c.f, c.x).dot(c.u) != exact;
  }
  CHECK(kinks > 200);  // the twin: v_x is not enough there
}

TEST_CASE("problems: v_x is the gradient where f is differentiable, and -v_x descends") {
  Stream stream(213);
  int twin_fails = 0, trials = 0;
  for (int trial = 0; trial < 50; ++trial) {
    for (const Recovery& f : gaussian_problems(stream)) {
      const VectorXd x = gaussian_vector(stream, 3), u = gaussian_vector(stream, 3), v = gradient(f, x);
      const double scale = 1 + std::sqrt(objective(f, x)) * u.norm(), h = 1e-6;
      CHECK(std::abs(one_sided_derivative(f, x, u) - v.dot(u)) < 1e-13 * scale);
      CHECK(one_sided_derivative(f, x, -v) == doctest::Approx(-v.squaredNorm()).epsilon(1e-12));
      // within the piece the central difference of a quadratic is exact; a kink within 1e-6 is improbable
      const double central = (objective(f, x + h * u) - objective(f, x - h * u)) / (2 * h);
      CHECK(std::abs(central - v.dot(u)) < 1e-8 * scale);
      twin_fails += std::abs(central - 1.01 * v.dot(u)) > 1e-8 * scale;
      ++trials;
    }
  }
  CHECK(twin_fails > trials * 9 / 10);
}

TEST_CASE("problems: along a ray f is a quadratic and the gradient is affine") {
  Stream stream(214);
  for (const Case& c : integer_cases(stream)) {
    const Ray ray = along_ray(c.f, c.x);
    for (const double r : {0.0, 0.5, 1.0, 3.0}) {
      CHECK(objective(c.f, r * c.x) == (ray.a * r * r - 2 * ray.b * r + ray.c) / 2);
      if (r > 0) CHECK(gradient(c.f, r * c.x) == r * ray.Mp - ray.cp);
    }
    CHECK(one_sided_derivative(c.f, VectorXd::Zero(c.x.size()), c.x) == -ray.b);  // D_p f(0)
  }
  for (int trial = 0; trial < 20; ++trial) {
    for (const Recovery& f : gaussian_problems(stream)) {
      const VectorXd p = gaussian_vector(stream, 3);
      const Ray ray = along_ray(f, p);
      const double r = 3 * stream.uniform();
      CHECK(objective(f, r * p) == doctest::Approx((ray.a * r * r - 2 * ray.b * r + ray.c) / 2).epsilon(1e-12));
      CHECK((gradient(f, r * p) - (r * ray.Mp - ray.cp)).norm() < 1e-13 * (r * ray.Mp.norm() + ray.cp.norm()));
      CHECK((gradient(f, r * p) - (r * ray.Mp + ray.cp)).norm() > 1e-3 * ray.cp.norm());  // the twin
    }
  }
}

TEST_CASE("amplitude flow is phase retrieval without a network; A = I is inversion") {
  Stream stream(215);
  const Rows A = gaussian_rows(stream, 20, 3);
  const VectorXd x0 = gaussian_vector(stream, 3), x = gaussian_vector(stream, 3);
  const Recovery f = amplitude_flow(A, x0);
  CHECK(f.k() == 3);
  CHECK(f.G.depth() == 0);
  CHECK(objective(f, x) == doctest::Approx(((A * x).cwiseAbs() - (A * x0).cwiseAbs()).squaredNorm() / 2));
  CHECK(objective(f, -x) == objective(f, x));
  CHECK(gradient(f, x0).norm() == 0);
  CHECK(gradient(f, -x0).norm() == 0);

  const Network G = gaussian_network(stream, {3, 12, 30});
  const Recovery direct = inversion(G, x0), measured = compressed_sensing(G, Rows::Identity(30, 30), x0);
  CHECK(objective(direct, x) == objective(measured, x));
  CHECK(gradient(direct, x) == gradient(measured, x));
}

TEST_CASE("blind demodulation: objective and one-sided derivatives, at kinks too") {
  Stream stream(216);
  int kinks = 0;
  for (int trial = 0; trial < 1200; ++trial) {
    const bool dead = trial % 12 == 0;
    const Network G1 = dead ? dead_network(stream, {2, 4}) : integer_network(stream, {2, 3, 4});
    const Network G2 = trial % 5 == 0 ? Network::identity(4) : integer_network(stream, {3, 4});
    const auto input = [&](const Network& G) { return integer_vector(stream, G.input, -1, 1); };
    const Demodulation f = blind_demodulation(G1, G2, input(G1), input(G2));
    const VectorXd h = trial % 12 == 1 ? VectorXd(VectorXd::Zero(2)) : input(G1),
                   m = trial % 12 == 2 ? f.m0 : input(G2);
    const VectorXd u_h = input(G1), u_m = input(G2);
    double sum = 0;
    const VectorXd w = linear_piece(G1, h) * h, x = linear_piece(G2, m) * m;
    for (Eigen::Index i = 0; i < 4; ++i) sum += (w(i) * x(i) - f.b(i)) * (w(i) * x(i) - f.b(i));
    CHECK(objective(f, h, m) == sum / 2);
    CHECK(objective(f, f.h0, f.m0) == 0);
    // a quartic along the segment: the quotients q(t), q(2t), ... are a cubic in t, known from four of them
    const double step = 0x1p-7;
    const auto q = [&](double s) { return (objective(f, h + s * u_h, m + s * u_m) - objective(f, h, m)) / s; };
    const double exact = 4 * q(step) - 6 * q(2 * step) + 4 * q(3 * step) - q(4 * step);
    CHECK(one_sided_derivative(f, h, m, u_h, u_m) == doctest::Approx(exact).epsilon(1e-9));
    const auto [v_h, v_m] = gradient(f, h, m);
    kinks += std::abs(v_h.dot(u_h) + v_m.dot(u_m) - exact) > 0.1;
  }
  CHECK(kinks > 80);  // the twin
}

TEST_CASE("blind demodulation: the gradients where f is differentiable, and along rays") {
  Stream stream(217);
  for (int trial = 0; trial < 50; ++trial) {
    const Demodulation f = gaussian_demodulation(stream);
    const VectorXd p = gaussian_vector(stream, 2), q = gaussian_vector(stream, 3);
    const VectorXd u_h = gaussian_vector(stream, 2), u_m = gaussian_vector(stream, 3);
    const auto [v_p, v_q] = gradient(f, p, q);
    const double along = v_p.dot(u_h) + v_q.dot(u_m), step = 1e-6;
    const double central =
        (objective(f, p + step * u_h, q + step * u_m) - objective(f, p - step * u_h, q - step * u_m)) / (2 * step);
    CHECK(std::abs(along - central) < 1e-8);
    CHECK(one_sided_derivative(f, p, q, u_h, u_m) == doctest::Approx(along).epsilon(1e-12));
    CHECK(one_sided_derivative(f, p, q, -v_p, VectorXd::Zero(3)) == doctest::Approx(-v_p.squaredNorm()).epsilon(1e-12));
    CHECK(one_sided_derivative(f, p, q, VectorXd::Zero(2), -v_q) == doctest::Approx(-v_q.squaredNorm()).epsilon(1e-12));

    const BilinearRay ray = along_rays(f, p, q);
    const double r = 0.1 + stream.uniform(), s = 0.1 + stream.uniform(), product = r * s;
    CHECK(objective(f, r * p, s * q) ==
          doctest::Approx((ray.a * product * product - 2 * ray.b * product + ray.c) / 2).epsilon(1e-12));
    const auto [v_h, v_m] = gradient(f, r * p, s * q);
    CHECK((v_h - s * (product * ray.Mp - ray.cp)).norm() < 1e-13 * s * (product * ray.Mp.norm() + ray.cp.norm()));
    CHECK((v_m - r * (product * ray.Mq - ray.cq)).norm() < 1e-13 * r * (product * ray.Mq.norm() + ray.cq.norm()));
    CHECK((v_m - s * (product * ray.Mq - ray.cq)).norm() > 1e-3 * std::abs(r - s) * v_m.norm());  // the twin
  }
}

TEST_CASE("problems: names, and sizes that do not fit") {
  for (const std::string& each : problem_names) CHECK(name(problem_named(each)) == each);
  CHECK(problem_named("blind-demodulation") == Problem::blind_demodulation);
  CHECK_THROWS_WITH_AS(problem_named("phase-retreival"), doctest::Contains("did you mean \"phase-retrieval\"?"),
                       InputError);

  const Network G({Rows::Ones(5, 2)});
  const VectorXd two = VectorXd::Ones(2), three = VectorXd::Ones(3);
  CHECK_THROWS_WITH_AS(inversion(G, three), "x0 has 3 entries; the network needs 2", InputError);
  CHECK_THROWS_WITH_AS(compressed_sensing(G, Rows::Ones(4, 3), two),
                       "A has 3 columns; the network's 5 outputs need as many", InputError);
  CHECK_THROWS_AS(phase_retrieval(G, Rows(0, 5), two), InputError);
  CHECK_THROWS_WITH_AS(phase_retrieval(G, Rows::Ones(4, 5), two, three), "noise has 3 entries; A needs 4", InputError);
  CHECK_THROWS_AS(amplitude_flow(Rows::Ones(4, 3), two), InputError);
  CHECK_THROWS_AS(blind_demodulation(G, Network({Rows::Ones(4, 2)}), two, two), InputError);
  CHECK_THROWS_AS(blind_demodulation(G, G, three, two), InputError);
  CHECK_THROWS_WITH_AS(blind_demodulation(G, G, two, three), "m0 has 3 entries; the second network needs 2",
                       InputError);
}

}  // namespace test_problems
