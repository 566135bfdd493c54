// Population surfaces: read as written, verified against the angle recurrence, critical points critical.
#include "results/surface.hpp"
#include "theory/error.hpp"
#include "theory/population.hpp"
#include "theory/rho.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

namespace theoremeter {
namespace {

Surface small(Problem problem) {
  Surface s;
  s.problem = problem;
  s.depth = problem == Problem::amplitude_flow ? 0 : 2;
  s.depth2 = problem == Problem::blind_demodulation ? 3 : 0;
  s.x = {-1.5, -0.25, 0.5, 2};
  s.y = {-1, 0.125, 1};
  const auto one = Eigen::VectorXd::Ones(1);
  const Eigen::VectorXd x0 = Eigen::VectorXd::Unit(2, 0);
  const auto at = [&](double x, double y) {
    if (problem == Problem::blind_demodulation)
      return population_objective(s.depth, s.depth2, one * x, one * y, one, one);
    return population_objective(problem, s.depth, Eigen::Vector2d(x, y), x0);
  };
  for (const double y : s.y)
    for (const double x : s.x) s.objective.push_back(at(x, y));
  if (problem == Problem::blind_demodulation)
    s.critical = {{-2 * rho(problem, 2), 0.5, "(-rho h0, m0)", "local minimum", at(-2 * rho(problem, 2), 0.5)}};
  else
    s.critical = {{1, 0, "x0", "global minimum", at(1, 0)},
                  {-rho(problem, s.depth), 0, "-rho x0", "critical, no minimum", at(-rho(problem, s.depth), 0)}};
  s.experiment = "surface = \"...\"\n";
  s.provenance = this_program();
  return s;
}

}  // namespace

TEST_CASE("a surface is read as written, verified, and tampering is found") {
  const std::string path = (std::filesystem::temp_directory_path() / fmt::format("surface-{}.h5", getpid())).string();
  for (const std::string& problem : problem_names) {
    CAPTURE(problem);
    const Surface s = small(problem_named(problem));
    write_surface(s, path, false);
    CHECK_THROWS_AS(write_surface(s, path, false), InputError);
    Surface again = read_surface(path);
    CHECK(again.objective == s.objective);
    CHECK(again.x == s.x);
    CHECK(again.critical.size() == s.critical.size());
    CHECK(again.critical.back().x == s.critical.back().x);
    CHECK(again.experiment == s.experiment);
    CHECK(verify(again).empty());
    again.objective[5] *= 1 + 1e-6;
    CHECK(verify(again).size() == 1);
    again = s;
    again.critical.back().x += 0.01;
    CHECK(verify(again).size() >= 1);
    std::remove(path.c_str());
  }
}

}  // namespace theoremeter
