// verify of a census for k = 3: what is changed in it is told.
#include "estimators/census.hpp"
#include "experiments/studies/landscape_results.hpp"
#include "experiments/studies/landscape_verify.hpp"
#include "tests/networks.hpp"
#include "theory/rho.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

namespace theoremeter::test_census_verify {

using namespace testing;

namespace {

/// A problem with k = 3 and its census, as a run has them.
struct Taken {
  Recovery f;
  Problem problem;
  double rho = theoremeter::rho(problem, 2);
  Sizes sizes{{"m", {9}}, {"widths", {3, 6, 8}}};
  MeasuredLandscape m = {};

  Taken(Problem of, Stream stream) : f(drawn(of, stream)), problem(of) {
    m.x0 = {f.x0};
    m.census = census(f, rho);
    m.spurious = spurious_minima(problem, sizes, m);
  }
  static Recovery drawn(Problem of, Stream& stream) {
    const Network G = gaussian_network(stream, {3, 6, 8});
    const Eigen::VectorXd x0 = gaussian_vector(stream, 3);
    const Rows A = gaussian_rows(stream, 9, 8);
    return of == Problem::phase_retrieval ? phase_retrieval(G, A, x0) : compressed_sensing(G, A, x0);
  }
  Complaints complaints(const MeasuredLandscape& stored, const std::function<Census()>& again) const {
    return census_complaints_of(problem, sizes, RebuiltInstance{f, 1, {}, again, {}}, stored);
  }
};

}  // namespace

TEST_CASE("verify tells a stationary point of a census for k = 3 that is moved, of another kind, deleted or added") {
  for (const Problem problem : {Problem::compressed_sensing, Problem::phase_retrieval}) {
    const Taken t(problem, Stream(31).at({static_cast<std::uint64_t>(problem)}));
    const Census taken = census(t.f, t.rho);
    const auto again = [&] { return taken; };
    REQUIRE(t.m.census->points.size() >= 3);
    for (const std::string& what : t.complaints(t.m, again)) FAIL_CHECK(what);
    const auto told = [&](const std::function<void(Census&)>& change) {
      MeasuredLandscape stored = t.m;
      change(*stored.census);
      stored.spurious = spurious_minima(t.problem, t.sizes, stored);  // what follows from it fits
      return !t.complaints(stored, again).empty();
    };
    for (std::size_t i = 0; i < t.m.census->points.size(); ++i) {
      CAPTURE(i);
      CHECK(told([&](Census& c) { c.points[i].x *= 1 + 1e-6; }));
      CHECK(told([&](Census& c) { c.points[i].x3 *= 1 + 1e-6; }));
      CHECK(told([&](Census& c) { c.points[i].kind = StationaryKind((int(c.points[i].kind) + 1) % 3); }));
      CHECK(told([&](Census& c) { c.points.erase(c.points.begin() + std::ptrdiff_t(i)); }));
      CHECK(told([&](Census& c) { c.points.push_back(c.points[i]); }));
    }
    CHECK(told([](Census& c) { ++c.cells; }));
    CHECK(told([](Census& c) { c.zero_witness3 += 1e-6; }));
    CHECK(told([](Census& c) { c.descent_at_zero += 1e-6 * (1 + std::abs(c.descent_at_zero)); }));  // it may be 0
    CHECK_FALSE(told([](Census&) {}));                                                              // the twin
  }
}

// Even where the census taken again had the same fault: values and directions of descent are found from definitions.
TEST_CASE("a minimum moved in a census for k = 3 is told without the census") {
  const Taken t(Problem::phase_retrieval, Stream(32));
  int moved = 0;
  for (std::size_t i = 0; i < t.m.census->points.size(); ++i) {
    MeasuredLandscape stored = t.m;
    StationaryPoint& p = stored.census->points[i];
    if (p.kind != StationaryKind::minimum || along_ray(t.f, coordinates(p.x, p.x3)).a < 0.01 * t.f.b.squaredNorm())
      continue;
    p.x *= 1.1;
    p.x3 *= 1.1;
    const Eigen::VectorXd x = coordinates(p.x, p.x3);
    p.objective = objective(t.f, x);
    p.distance_x0 = (x - t.f.x0).norm() / t.f.x0.norm();
    p.distance_minus_rho_x0 = (x + t.rho * t.f.x0).norm() / t.f.x0.norm();
    stored.spurious = spurious_minima(t.problem, t.sizes, stored);
    CHECK_FALSE(t.complaints(stored, [&] { return *stored.census; }).empty());
    ++moved;
  }
  CHECK(moved > 0);
}

}  // namespace theoremeter::test_census_verify
