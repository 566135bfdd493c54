#include "experiments/landscape_run.hpp"

#include "experiments/arguments.hpp"
#include "experiments/interruption.hpp"
#include "experiments/messages.hpp"
#include "experiments/progress_line.hpp"
#include "experiments/toml_section.hpp"
#include "results/landscape_file.hpp"
#include "results/landscape_table.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

namespace theoremeter {
namespace {

LandscapeRequest request_of(const Section& sweep) {
  LandscapeRequest r;
  if (sweep.has("directions")) r.directions = std::min(sweep.count("directions", 1), max_directions);
  if (sweep.has("starts")) r.starts = sweep.count("starts", 1);
  if (sweep.has("descents")) r.descents = sweep.count("descents", 0, 0);
  if (sweep.has("condition_starts")) r.condition_starts = sweep.count("condition_starts", 0, 0);
  sweep.text("grid", [&](const std::string& name) { r.grid = grid_named(name); });
  if (sweep.has("radius")) r.radius = sweep.get<double>("radius", 0, "a number");
  r.census = sweep.flag("census");
  return r;
}

std::vector<LandscapeSweepPoint> sweep_points(const std::string& path, const toml::table& table,
                                              const LandscapeExperiment& e) {
  const std::vector<Symbol>& symbols = landscape_problem(e.problem).sizes;
  std::vector<std::string> keys = size_keys(symbols);
  for (const char* key : {"directions", "starts", "descents", "condition_starts", "grid", "radius", "census"})
    keys.emplace_back(key);
  const Section sweep(path, table, keys);
  const LandscapeRequest request = request_of(sweep);
  std::vector<LandscapeSweepPoint> points;
  for (const Sizes& sizes : combinations(sweep, symbols)) {
    points.push_back({{e.problem, e.ensembles, e.noise, sizes, {}}, request});
    at(path, table, [&] { check(points.back().setting, request); });
  }
  return points;
}

LandscapeResults results_of(const LandscapeExperiment& e) {
  const LandscapeProblem& problem = landscape_problem(e.problem);
  LandscapeResults r;
  r.problem = e.problem;
  if (problem.has_network) r.ensemble = name(e.ensembles.weights);
  if (problem.has_matrix) r.measurements = name(e.ensembles.measurements);
  r.grid = "as in the experiment";
  r.noise = e.noise;
  r.seed = e.seed;
  r.experiment = e.text;
  r.sizes = problem.sizes;
  for (const LandscapeSweepPoint& point : e.points)
    r.points.push_back(
        {point.setting.sizes, std::vector<std::optional<MeasuredLandscape>>(static_cast<std::size_t>(e.draws))});
  r.provenance = this_program();
  return r;
}

/// Puts the draws that the output file already holds into `results`. False when there is no such file.
bool resume(const LandscapeExperiment& experiment, const std::string& path, LandscapeResults& results) {
  if (access(path.c_str(), F_OK) != 0) return false;
  LandscapeResults before = read_landscapes(path);
  const auto same_shape = [](const LandscapeRecord& a, const LandscapeRecord& b) {
    return a.sizes == b.sizes && a.draws.size() == b.draws.size();
  };
  if (before.experiment != experiment.text ||
      !std::equal(before.points.begin(), before.points.end(), results.points.begin(), results.points.end(), same_shape))
    throw InputError(fmt::format("{}: holds another experiment; --resume needs the same text", path));
  results.points = std::move(before.points);
  return true;
}

/// Measures what `results` lacks, calling `save` after each draw, and says whether it was the last.
void measure_missing(const LandscapeExperiment& e, int threads, LandscapeResults& results,
                     const std::function<void(bool last)>& save) {
  ProgressLine line;
  double total = 0, done = 0;
  for (const LandscapeRecord& point : results.points)
    total += double(std::count_if(point.draws.begin(), point.draws.end(), [](const auto& d) { return !d; }));
  for (std::size_t p = 0; p < e.points.size(); ++p) {
    LandscapeRequest request = e.points[p].request;
    request.threads = threads;
    std::string label;
    for (const Symbol& size : results.sizes)
      label += fmt::format("{} = {}, ", size.name, to_text(results.points[p].sizes.at(size.name)));
    for (std::size_t draw = 0; draw < results.points[p].draws.size(); ++draw) {
      if (results.points[p].draws[draw]) continue;
      results.points[p].draws[draw] =
          measure(e.points[p].setting, request, draw_stream(e.seed, e.points[p].setting, draw),
                  [&](const std::string& stage, double fraction) {
                    line.update(fmt::format("{}draw {}, {}", label, draw, stage), (done + fraction / 3) / total);
                  });
      save(++done == total);
    }
  }
}

}  // namespace

bool describes_landscapes(const std::string& path) {
  std::string text;
  return read_toml(path, text).contains("problem");
}

LandscapeExperiment read_landscape_experiment(const std::string& path) {
  LandscapeExperiment e;
  const toml::table root = read_toml(path, e.text);
  const Section top(path, root, {"title", "problem", "ensemble", "measurements", "noise", "seed", "draws", "sweep"});
  e.title = top.get<std::string>("title", "", "text");
  top.text("problem", [&](const std::string& name) { e.problem = problem_named(name); });
  const LandscapeProblem& problem = landscape_problem(e.problem);
  const auto lacks = [&](const char* key, const char* what) {
    return InputError(fmt::format("{}: {} has no {}", key, name(e.problem), what));
  };
  top.text("ensemble", [&](const std::string& name) {
    if (!problem.has_network) throw lacks("ensemble", "network");
    e.ensembles.weights = ensemble_named(name);
  });
  top.text("measurements", [&](const std::string& name) {
    if (!problem.has_matrix) throw lacks("measurements", "matrix A");
    e.ensembles.measurements = ensemble_named(name);
  });
  e.noise = top.get<double>("noise", 0, "a number");
  if (e.noise != 0 && !problem.has_noise) throw InputError(fmt::format("{}: {}", path, lacks("noise", "noise").what()));
  e.seed = seed_of(top);
  e.draws = draws_of(top);
  for (const toml::table* sweep : sweeps_of(top))
    for (LandscapeSweepPoint& point : sweep_points(path, *sweep, e)) e.points.push_back(std::move(point));
  return e;
}

int run_landscapes(const Options& o) {
  const int threads = thread_count(o);
  const LandscapeExperiment experiment = read_landscape_experiment(o.experiment);
  if (o.dry_run) {
    const std::size_t points = experiment.points.size(), draws = static_cast<std::size_t>(experiment.draws);
    fmt::print("points: {}, draws of each: {}, landscapes of {}: {}\n", points, draws, name(experiment.problem),
               points * draws);
    return 0;
  }
  require_resumed_or_replaced(o);
  LandscapeResults results = results_of(experiment);
  bool replace = o.resume && resume(experiment, o.output, results);
  replace = replace || o.overwrite;
  if (o.output.empty())
    message("no --output: only the table will be kept\n");
  else
    uninterrupted([&] { check_landscape_output(o.output, replace); });
  using Clock = std::chrono::steady_clock;
  Clock::time_point saved;  // a file of many quick draws is written every second
  measure_missing(experiment, threads, results, [&](bool last) {
    if (o.output.empty() || (!last && Clock::now() - saved < std::chrono::seconds(1))) return;
    uninterrupted([&] { write(results, o.output, replace); }, o.output);
    replace = true;
    saved = Clock::now();
  });
  if (!experiment.title.empty()) fmt::print("{}\n\n", experiment.title);
  fmt::print("{}", table(results, Detail::points));
  return 0;
}

}  // namespace theoremeter
