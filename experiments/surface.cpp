#include "experiments/surface.hpp"

#include "experiments/interruption.hpp"
#include "experiments/messages.hpp"
#include "experiments/toml_section.hpp"
#include "theory/population.hpp"
#include "theory/rho.hpp"

#include <cmath>

namespace theoremeter {
namespace {

constexpr std::int64_t max_points = 2001, max_depth = 1000;

Eigen::VectorXd vector(std::initializer_list<double> entries) {
  return Eigen::Map<const Eigen::VectorXd>(entries.begin(), static_cast<Eigen::Index>(entries.size()));
}

double objective_at(const Surface& s, double x, double y) {
  if (s.problem == Problem::blind_demodulation)
    return population_objective(s.depth, s.depth2, vector({x}), vector({y}), vector({1}), vector({1}));
  return population_objective(s.problem, s.depth, vector({x, y}), vector({1, 0}));
}

/// x0, -rho_d x0 and 0 [HV; HLV Thm II.1]. Amplitude flow is even: -x0 is a solution too.
std::vector<CriticalPoint> critical_points(const Surface& s) {
  const double r = rho(s.problem, s.depth);
  const char* spurious = s.problem == Problem::amplitude_flow ? "global minimum" : "critical, no minimum";
  return {{1, 0, "x0", "global minimum"}, {-r, 0, "-rho x0", spurious}, {0, 0, "0", "local maximum"}};
}

/// The four hyperbolas [HJ Thm 2], each through c h~, m~/c: numbers cannot turn, so each is a minimum of its quadrant.
std::vector<CriticalPoint> critical_curves(const Surface& s) {
  constexpr int half = 60;
  const double rho1 = rho(s.problem, s.depth), rho2 = rho(s.problem, s.depth2), most = std::log(s.x.back());
  std::vector<CriticalPoint> points;
  for (const bool minus_h : {false, true})
    for (const bool minus_m : {false, true}) {
      const double h0 = minus_h ? -rho1 : 1, m0 = minus_m ? -rho2 : 1;
      if (h0 == 0 || m0 == 0) continue;  // rho_1 = 0: there is none
      const std::string name = fmt::format("({}, {})", minus_h ? "-rho h0" : "h0", minus_m ? "-rho m0" : "m0");
      for (int i = -half; i <= half; ++i) {
        const double c = std::exp(most * i / half);
        points.push_back({c * h0, m0 / c, name, minus_h || minus_m ? "local minimum" : "global minimum"});
      }
    }
  return points;
}

}  // namespace

bool describes_surface(const std::string& path) {
  std::string text;
  return read_toml(path, text).contains("surface");
}

Surface surface_of(const std::string& path) {
  Surface s;
  const toml::table root = read_toml(path, s.experiment);
  const Section top(path, root, {"title", "surface", "depth", "depth2", "points", "extent"});
  top.text("surface", [&](const std::string& name) { s.problem = problem_named(name); });
  const auto depth = [&](const char* key) {
    const std::int64_t d = top.count(key, s.problem == Problem::amplitude_flow ? 0 : 2);
    if (d > max_depth) throw InputError(fmt::format("{}: {} = {}: must be at most {}", path, key, d, max_depth));
    return static_cast<int>(d);
  };
  const bool blind = s.problem == Problem::blind_demodulation;
  if (top.has("depth2") && !blind)
    throw InputError(fmt::format("{}: depth2: {} has one network", path, name(s.problem)));
  if (top.has("depth") && s.problem == Problem::amplitude_flow)
    throw InputError(fmt::format("{}: depth: amplitude flow has no network", path));
  s.depth = depth("depth");
  s.depth2 = blind ? depth("depth2") : 0;
  const std::int64_t points = top.count("points", 201, 3);
  if (points > max_points)
    throw InputError(fmt::format("{}: points = {}: must be at most {}", path, points, max_points));
  const auto extent = top.get<double>("extent", blind ? 2.5 : 1.6, "a number");
  if (!(extent > 1 && extent <= 1e3))
    throw InputError(fmt::format("{}: extent = {}: must be above 1, where x0 is, and at most 1000", path, extent));
  for (std::int64_t i = 0; i < points; ++i)
    s.x.push_back(extent * (2 * static_cast<double>(i) / static_cast<double>(points - 1) - 1));
  s.y = s.x;
  for (const double y : s.y)
    for (const double x : s.x) s.objective.push_back(objective_at(s, x, y));
  s.critical = blind ? critical_curves(s) : critical_points(s);
  for (CriticalPoint& p : s.critical) p.objective = objective_at(s, p.x, p.y);
  s.provenance = this_program();
  return s;
}

int run_surface(const Options& o) {
  if (o.resume) throw InputError("--resume: a surface is made at once, there is nothing to resume");
  Surface s = surface_of(o.experiment);
  if (o.dry_run) {
    fmt::print("a surface of {} x {} points\n", s.x.size(), s.y.size());
    return 0;
  }
  if (!o.output.empty()) uninterrupted([&] { write_surface(s, o.output, o.overwrite); }, o.output);
  fmt::print("{}", table(s));
  return 0;
}

int show_surface(const Options& o) {
  if (o.json) throw InputError(fmt::format("--json: {} holds a surface; read it with h5py or xarray", o.file));
  fmt::print("{}", table(read_surface(o.file)));
  return 0;
}

int verify_surface(const Options& o) {
  const std::vector<std::string> wrong = verify(read_surface(o.file));
  for (const std::string& what : wrong) fmt::print("{}\n", what);
  if (wrong.empty()) fmt::print("{}: every value recomputed from the angle recurrence\n", o.file);
  if (!wrong.empty()) message("theoremeter: {}: {} checks failed\n", o.file, wrong.size());
  return wrong.empty() ? 0 : 1;
}

}  // namespace theoremeter
