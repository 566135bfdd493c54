#include "experiments/studies/surface.hpp"

#include "theory/population.hpp"
#include "theory/rho.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace theoremeter {
namespace {

constexpr const char* group = "The surface";

const Parameter<std::int64_t> depth{{.name = "depth",
                                     .meaning = "layers of the network",
                                     .example = std::int64_t{2},
                                     .scope = Scope::size,
                                     .least = 1,
                                     .most = 1000,
                                     .type_name = "D",
                                     .group = group}};
const Parameter<std::int64_t> depth2{{.name = "depth2",
                                      .meaning = "of the second network",
                                      .example = std::int64_t{2},
                                      .scope = Scope::size,
                                      .least = 1,
                                      .most = 1000,
                                      .type_name = "D",
                                      .group = group}};
const Parameter<std::int64_t> points{{.name = "points",
                                      .meaning = "points of the grid along each axis",
                                      .example = std::int64_t{201},
                                      .least = 3,
                                      .most = 2001,
                                      .type_name = "N",
                                      .group = group}};
const Parameter<double> extent{{.name = "extent",
                                .meaning = "of the grid: from -extent to extent; x0 is at 1",
                                .example = 1.6,
                                .least = 1,
                                .most = 1e3,
                                .type_name = "R",
                                .group = group,
                                .strict = true}};

bool is_blind(Problem problem) { return problem == Problem::blind_demodulation; }

Parameters parameters_of(Problem problem) {
  std::vector<AnyParameter> all;
  if (problem != Problem::amplitude_flow) all.push_back(depth);
  if (is_blind(problem)) all.push_back(depth2);
  all.push_back(points);
  all.push_back(extent);
  if (is_blind(problem)) all.back().example = 2.5;
  all.push_back(seed);
  return std::make_shared<const std::vector<AnyParameter>>(std::move(all));
}

struct Depths {
  int d = 0, s = 0;
};
Depths depths_of(Problem problem, const Setting& at) {
  return {problem == Problem::amplitude_flow ? 0 : static_cast<int>(at[depth]),
          is_blind(problem) ? static_cast<int>(at[depth2]) : 0};
}

Eigen::VectorXd vector(std::initializer_list<double> entries) {
  return Eigen::Map<const Eigen::VectorXd>(entries.begin(), static_cast<Eigen::Index>(entries.size()));
}

double surface_height(Problem problem, Depths depth, double x, double y) {
  if (is_blind(problem))
    return population_objective(depth.d, depth.s, vector({x}), vector({y}), vector({1}), vector({1}));
  return population_objective(problem, depth.d, vector({x, y}), vector({1, 0}));
}

/// x0, -rho_d x0 and 0 [HV; HLV Thm II.1]. Amplitude flow is even: -x0 is a solution too.
std::vector<CriticalPoint> critical_points(Problem problem, int d) {
  const double r = rho(problem, d);
  const char* spurious = problem == Problem::amplitude_flow ? "global minimum" : "critical, no minimum";
  return {{1, 0, "x0", "global minimum"}, {-r, 0, "-rho x0", spurious}, {0, 0, "0", "local maximum"}};
}

/// The four hyperbolas [HJ Thm 2], each through c h~, m~/c, from one edge of the grid to the other: numbers cannot
/// turn, so each is a minimum of its quadrant.
std::vector<CriticalPoint> critical_curves(Problem problem, Depths depth, double extent) {
  constexpr int half = 60;
  const double rho1 = rho(problem, depth.d), rho2 = rho(problem, depth.s);
  std::vector<CriticalPoint> all;
  for (const bool minus_h : {false, true})
    for (const bool minus_m : {false, true}) {
      const double h0 = minus_h ? -rho1 : 1, m0 = minus_m ? -rho2 : 1;
      if (h0 == 0 || m0 == 0) continue;  // rho_1 = 0: there is none
      const std::string name = fmt::format("({}, {})", minus_h ? "-rho h0" : "h0", minus_m ? "-rho m0" : "m0");
      const double least = std::log(std::abs(m0) / extent), most = std::log(extent / std::abs(h0));
      for (int i = -half; i <= half; ++i) {  // the middle one is h~, m~ itself
        const double c = std::exp((i < 0 ? -least : most) * i / half);
        all.push_back({c * h0, m0 / c, name, minus_h || minus_m ? "local minimum" : "global minimum"});
      }
    }
  return all;
}

Surface surface_of(Problem problem, const Setting& at) {
  const Depths depth = depths_of(problem, at);
  const std::int64_t n = at[points];
  Surface s;
  for (std::int64_t i = 0; i < n; ++i)
    s.x.push_back(at[extent] * (2 * static_cast<double>(i) / static_cast<double>(n - 1) - 1));
  s.y = s.x;
  s.objective.resize(n, n);
  for (std::int64_t j = 0; j < n; ++j)
    for (std::int64_t i = 0; i < n; ++i)
      s.objective(j, i) =
          surface_height(problem, depth, s.x[static_cast<std::size_t>(i)], s.y[static_cast<std::size_t>(j)]);
  s.critical = is_blind(problem) ? critical_curves(problem, depth, at[extent]) : critical_points(problem, depth.d);
  for (CriticalPoint& p : s.critical) p.objective = surface_height(problem, depth, p.x, p.y);
  return s;
}

Columns<Surface> surface_columns(Problem problem) {
  const bool blind = is_blind(problem);
  return Columns<Surface>()
      .vector("x", &Surface::x, {"x_index"}, Says::parameter, blind ? "h, a number" : "first coordinate of x")
      .vector("y", &Surface::y, {"y_index"}, Says::parameter, blind ? "m, a number" : "second coordinate of x")
      .vector("objective", &Surface::objective, {"y_index", "x_index"}, Says::exact, "scaled population objective")
      .list_of("critical", &Surface::critical, "critical points",
               Columns<CriticalPoint>()
                   .value("x", &CriticalPoint::x, Says::exact, "where it is, along x")
                   .value("y", &CriticalPoint::y, Says::exact, "where it is, along y")
                   .value("objective", &CriticalPoint::objective, Says::exact, "the scaled objective there")
                   .value("name", &CriticalPoint::name, Says::exact, "the point, or the curve that it is on")
                   .value("kind", &CriticalPoint::kind, Says::exact, "what it is"));
}

/// The critical points, one line a name: of a curve, the middle one.
std::string report(const Surface& s) {
  std::string text;
  for (auto begin = s.critical.begin(); begin != s.critical.end();) {
    const auto end =
        std::find_if(begin, s.critical.end(), [&](const CriticalPoint& p) { return p.name != begin->name; });
    const CriticalPoint& p = begin[(end - begin) / 2];
    const char* where = end - begin > 1 ? "a curve through" : "at";
    text += fmt::format("{:<18} {:<20} {} ({:.6f}, {:.6f}), objective {:.6f}\n", p.name, p.kind, where, p.x, p.y,
                        p.objective);
    begin = end;
  }
  return text;
}

}  // namespace

Study surface_study(Problem problem) {
  StudyOf<Surface> s;
  s.about.verb = "surface";
  s.about.key = "surface";
  s.about.name = name(problem);
  s.about.question = "Make the surface of a population objective, with its critical points";
  s.about.noun = fmt::format("population objective of {}, scaled by 2^depth", name(problem));
  s.about.statement = "the population objective on a grid of the plane, with its critical points";
  s.about.parameters = parameters_of(problem);
  s.about.summaries = {{"critical points", "critical_count"}, {"objective", "objective"}};
  s.about.random = false;
  s.about.figure = {{"figure", "surface"}};
  s.columns = surface_columns(problem);
  s.measure = [problem](const Setting& at, const Stream&, const Effort&) { return surface_of(problem, at); };
  s.verify = [problem](const Setting& at, const Stream&, const Surface& surface, const Scrutiny&) {
    const Depths depth = depths_of(problem, at);
    return complaints_of(problem, depth.d, depth.s, surface);
  };
  s.report = [](const Setting&, const Surface& surface) { return report(surface); };
  return s;
}

}  // namespace theoremeter
