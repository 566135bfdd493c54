// What is made of landscapes: the comparison with the theorems, the count of spurious minima, and verify at a dead
// network.
#include "estimators/census.hpp"
#include "estimators/landscape.hpp"
#include "experiments/studies/landscape_results.hpp"
#include "experiments/studies/landscape_verify.hpp"
#include "theory/rho.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include <cmath>
#include <cstdint>
#include <map>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

namespace theoremeter::test_landscape_results {

TEST_CASE("comparison with the theorems") {
  Landscape l;
  l.population_error.value = 0.5;
  l.descent_at_zero.value = 0.25;
  l.implied = {{"x0", 0.1}, {"-rho x0", 0.2}, {"0", 0}};
  const Sizes two{{"widths", {2, 20, 60}}}, three{{"widths", {2, 20, 30, 60}}};
  const std::vector<Epsilon> eps{{"wdc", "W_1", 1, 0.01, {}}, {"rrcp", "", 1, 0.0625, {}}};  // eps^{1/4} = 1/2
  const Comparison c = compare(Problem::phase_retrieval, two, l, eps);
  CHECK(c.K == doctest::Approx(0.5 / (8 * 0.25)));
  REQUIRE(c.K2.size() == 2);
  CHECK(c.K2[0] == doctest::Approx(0.1 / (8 * 0.5)));
  CHECK(c.K2[1] == doctest::Approx(0.2 / (16384 * 0.5)));  // 2^14 [HLV]
  CHECK(c.left_side == 128);
  CHECK(c.epsilon_needed == std::ldexp(1, -32));
  CHECK(c.descent == doctest::Approx(2 * std::numbers::pi));
  CHECK(c.hypothesis == "cannot hold");
  for (const Problem problem : {Problem::inversion, Problem::compressed_sensing}) {
    const Comparison hv = compare(problem, two, l, eps);
    CHECK(hv.K2[1] == doctest::Approx(0.2 / (8192 * 0.5)));  // 2^13 [HV]
    CHECK(compare(problem, three, l, eps).K2[0] == doctest::Approx(0.1 / (27 * 0.5)));
    CHECK(compare(problem, three, l, eps).K2[1] == doctest::Approx(0.2 / (1594323 * 0.5)));  // 3^13
    CHECK(compare(problem, three, l, eps).left_side == doctest::Approx(6561 * 0.5));
  }
  CHECK(compare(Problem::phase_retrieval, three, l, eps).K2[1] == doctest::Approx(0.2 / (4782969 * 0.5)));  // 3^14

  const std::vector<Epsilon> tiny{{"wdc", "W_1", 1, std::ldexp(1, -32), {}}},
      large{{"wdc", "W_1", 1, std::ldexp(1, -31), {}}};
  CHECK(compare(Problem::inversion, two, l, tiny).hypothesis == "not excluded");  // 2^8 2^-8 = 1
  CHECK(compare(Problem::inversion, two, l, tiny).left_side == 1);
  CHECK(compare(Problem::inversion, two, l, large).hypothesis == "cannot hold");
  CHECK(compare(Problem::inversion, {{"widths", {2, 20}}}, l, tiny).hypothesis == "cannot hold");  // d = 1
  CHECK(compare(Problem::inversion, {{"widths", {2, 20}}}, l, tiny).K2.empty());
  CHECK(compare(Problem::compressed_sensing, two, l, tiny).hypothesis == "not decided");
  std::vector<Epsilon> with_rric = tiny;
  with_rric.push_back({"rric", "", 1, std::ldexp(1, -33), {}});
  CHECK(compare(Problem::compressed_sensing, two, l, with_rric).hypothesis == "not excluded");
  with_rric.back().value = 0.0625;  // the larger of both counts
  CHECK(compare(Problem::compressed_sensing, two, l, with_rric).left_side == 128);
  CHECK(compare(Problem::compressed_sensing, two, l, large).hypothesis == "cannot hold");
  const Comparison none = compare(Problem::inversion, two, l, {});
  CHECK(none.hypothesis.empty());
  CHECK((std::isnan(none.K) && std::isnan(none.left_side) && std::isnan(none.epsilon_needed)));
  CHECK(none.descent == c.descent);

  const Comparison flow = compare(Problem::amplitude_flow, {}, l, eps);
  CHECK(flow.K == 8);  // E/eps
  CHECK(flow.K2.empty());
  CHECK(flow.epsilon_needed == 0.001);
  CHECK(flow.left_side == doctest::Approx(62.5));
  CHECK(flow.hypothesis == "cannot hold");
  CHECK(std::isnan(flow.descent));
  CHECK(compare(Problem::amplitude_flow, {}, l, {{"phaseless", "A", 1, 0.001, {}}}).hypothesis == "not excluded");

  l.implied = {{"(h0, m0)", 0.1}, {"(-rho h0, m0)", 0.2}, {"(h0, -rho m0)", 0.3}, {"(-rho h0, -rho m0)", INFINITY}};
  const Sizes both{{"widths", {2, 10, 20}}, {"widths2", {3, 5, 6, 20}}};
  const std::vector<Epsilon> joint{{"joint-wdc", "", 0.5, 0.0625, {}}};
  const Comparison j = compare(Problem::blind_demodulation, both, l, joint);
  CHECK(std::isnan(j.K));
  REQUIRE(j.K2.size() == 4);
  CHECK(j.K2[0] == doctest::Approx(0.1 * 0.5 / (8 * 27 * 0.5)));
  CHECK(j.K2[1] == doctest::Approx(0.2 * 0.5 / (256 * 27 * 0.5)));
  CHECK(j.K2[2] == doctest::Approx(0.3 * 0.5 / (8 * 6561 * 0.5)));
  CHECK(j.K2[3] == INFINITY);
  CHECK(j.left_side == doctest::Approx((128 * 9 + 4 * 2187) * 0.5 / 0.5));
  CHECK(j.epsilon_needed == doctest::Approx(std::pow(0.5 / 9900, 4)));
  CHECK(j.hypothesis == "cannot hold");
}

TEST_CASE("spurious minima are counted by where they are") {
  const Sizes sizes{{"widths", {2, 8, 9}}};
  MeasuredLandscape d;
  d.objective_x0 = 0.1;  // 0.4, scaled
  const auto found = [&] {
    const SpuriousMinima s = spurious_minima(Problem::phase_retrieval, sizes, d);
    return std::pair{s.near, s.elsewhere};
  };
  const auto end = [](double objective, double to_solution, double to_spurious, const char* near = "") {
    DescentEnd e;
    e.objective = objective, e.to_solution = to_solution, e.to_spurious = to_spurious, e.near = near;
    e.checked = true;
    return e;
  };
  d.landscape.stationary = {end(0.39, 0.06, 1.5), end(0.41, 0.04, 1.4), end(0.5, 1.4, 0.3),
                            end(0.5, 1.2, 0.6),   end(0.41, 0.4, 1.2),  end(0.5, 1, 0.6, "0")};
  CHECK(found() == std::pair<std::int64_t, std::int64_t>{1, 2});
  // f(0) says what is large, and |x0|^2 what f at the solution is over.
  d.x0 = {Eigen::Vector2d(0, 2)};
  CHECK(found() == std::pair<std::int64_t, std::int64_t>{1, 3});
  d.x0.clear();
  const MeasuredLandscape ordinary = d;
  d.landscape.objective_at_zero = 0.5;
  CHECK(found() == std::pair<std::int64_t, std::int64_t>{1, 2});
  d.objective_x0 *= 0x1p-300;
  d.landscape.objective_at_zero *= 0x1p-300;
  for (DescentEnd& e : d.landscape.stationary) e.objective *= 0x1p-300;
  CHECK(found() == std::pair<std::int64_t, std::int64_t>{1, 2});
  d = ordinary;
  d.census.emplace();
  CHECK(found() == std::pair<std::int64_t, std::int64_t>{0, 0});
  d.census->points = {{{1, 0}, StationaryKind::minimum, 0.09, 0, 1.5},
                      {{1, 0}, StationaryKind::kink_minimum, 0.11, 1.5, 0.01},
                      {{1, 0}, StationaryKind::kink_saddle, 0.11, 1.5, 0.01}};
  CHECK(found() == std::pair<std::int64_t, std::int64_t>{1, 0});
  d.census->zero = StationaryKind::kink_minimum;
  d.census->objective_at_zero = 0.2;
  CHECK(found() == std::pair<std::int64_t, std::int64_t>{1, 1});
  d.census->flat = {{StationaryKind::minimum, 0, 1, {1, 0}, 0.2, {1, 0}},
                    {StationaryKind::minimum, 0, 1, {1, 0}, 0.1, {1, 0}},
                    {StationaryKind::kink_saddle, 2, 2, {0, 0}, 0.2, {1, 0}}};
  d.census->points.push_back({{1, 0}, StationaryKind::minimum, 0.2, 1, 1});
  d.census->points.back().isolated = false;  // an end of the first
  CHECK(found() == std::pair<std::int64_t, std::int64_t>{1, 2});
}

TEST_CASE("verify accepts a network that is dead: many violations of every reason") {
  Stream s(5);
  Rows W(9, 2);
  for (double& entry : W.reshaped()) entry = -0.1 - s.uniform();
  const Recovery f = inversion(Network({W}), Eigen::Vector2d(0.6, 0.8));
  REQUIRE(f.b.isZero(0));
  LandscapeOptions options;
  options.directions = 1000;
  options.starts = 2;
  options.steps = 20;
  options.descents = 5;
  const Sizes sizes{{"widths", {2, 9}}};
  MeasuredLandscape m;
  m.x0 = {f.x0};
  m.landscape = measure_landscape(f, Problem::inversion, options, Stream(9));
  const auto flat = [](const Violation& v) { return v.reason == by_descent; };
  CHECK(std::count_if(m.landscape.violations.begin(), m.landscape.violations.end(), flat) == 1);
  m.solutions = {{m.x0, m.landscape.population_error, m.landscape.descent_at_zero, m.landscape.violation_count}};
  m.census = census(f, m.landscape.rho[0]);
  add_violations(m.landscape, *m.census, f.x0);
  m.comparison = compare(Problem::inversion, sizes, m.landscape, m.epsilon);
  std::map<std::string, std::size_t> listed;
  for (const Violation& v : m.landscape.violations) ++listed[v.reason];
  CHECK(listed["D_p f(0) >= 0"] == max_listed);
  CHECK(listed["v = 0 along the ray"] == max_listed);
  CHECK(listed[by_census] > 0);
  CHECK(m.landscape.rho[0] == 0);
  CHECK(m.landscape.excluded.size() == 2);
  const RebuiltInstance rebuilt{f, 1, {}, [&] { return census(f, 0); }, {}};
  for (const std::string& what : complaints_of(Problem::inversion, sizes, rebuilt, m, false)) FAIL_CHECK(what);
}

// W_1 = V diag(1, thin): x must go 1/thin times as far for the same in its second coordinate, so that cells are narrow,
// and slopes across them steep.
TEST_CASE("verify accepts what the census finds in networks with a thin direction") {
  Stream stream(7);
  const auto gaussian = [&](Eigen::Index n, Eigen::Index k) {
    Rows W(n, k);
    for (double& entry : W.reshaped()) entry = stream.normal();
    return W;
  };
  for (const double thin : {1e-3, 1e-6, 1e-8, 1e-10, 1e-12})
    for (int i = 0; i < 6; ++i)
      for (const Problem problem : {Problem::inversion, Problem::compressed_sensing, Problem::phase_retrieval}) {
        const Eigen::Vector2d scale(1, thin);
        const Network G({gaussian(6, 2) * scale.asDiagonal(), gaussian(5, 6)});
        const Eigen::VectorXd x0 = gaussian(2, 1).col(0).cwiseQuotient(scale);
        const Rows A = gaussian(5, 5);
        const Recovery f = problem == Problem::inversion            ? inversion(G, x0)
                           : problem == Problem::compressed_sensing ? compressed_sensing(G, A, x0)
                                                                    : phase_retrieval(G, A, x0);
        CAPTURE(thin);
        CAPTURE(i);
        CAPTURE(name(problem));
        const double rho = theoremeter::rho(problem, 2);
        MeasuredLandscape m;
        m.x0 = {x0};
        m.census = census(f, rho);
        const Sizes sizes{{"m", {5}}, {"widths", {2, 6, 5}}};
        m.spurious = spurious_minima(problem, sizes, m);
        const RebuiltInstance rebuilt{f, 1, {}, [&] { return census(f, rho); }, {}};
        for (const std::string& what : census_complaints_of(problem, sizes, rebuilt, m)) FAIL_CHECK(what);
        for (StationaryPoint& p : m.census->points) {  // and f falls where it is told of another point, the same again
          if (p.kind != StationaryKind::minimum || along_ray(f, p.x).a < 0.01 * f.b.squaredNorm()) continue;
          p.x *= 1.1;
          p.objective = objective(f, p.x);
          const RebuiltInstance wrong{f, 1, {}, [&] { return *m.census; }, {}};
          const Complaints told = census_complaints_of(problem, sizes, wrong, m);
          CHECK(
              std::ranges::any_of(told, [](const std::string& t) { return t.starts_with("f falls from a minimum"); }));
          break;
        }
      }
}

}  // namespace theoremeter::test_landscape_results
