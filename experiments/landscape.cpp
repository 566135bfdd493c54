#include "experiments/landscape.hpp"

#include "experiments/arguments.hpp"
#include "experiments/interruption.hpp"
#include "experiments/progress_line.hpp"
#include "experiments/usage.hpp"
#include "results/landscape_file.hpp"
#include "results/landscape_json.hpp"
#include "results/landscape_table.hpp"
#include "results/vector_file.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <omp.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace theoremeter {
namespace {

LandscapeRequest request_of(const Options& o) {
  LandscapeRequest r;
  if (o.directions) require_between("directions", *o.directions, 1, max_directions);
  if (o.starts) require_between("starts", *o.starts, 1, max_directions);
  r.directions = o.directions;
  r.starts = o.starts;
  r.solutions = o.solutions.value_or(r.solutions);
  require_between("solutions", r.solutions, 1, max_solutions);
  r.descents = o.descents.value_or(r.descents);
  require_between("descents", r.descents, 0, 1'000'000);
  r.condition_starts = o.condition_starts.value_or(r.condition_starts);
  require_between("condition-starts", r.condition_starts, 0, 1'000'000'000);
  if (!o.grid.empty()) r.grid = grid_named(o.grid);
  r.radius = o.radius;
  r.census = o.census;
  r.threads = thread_count(o);
  return r;
}

/// Is there a matrix to be drawn whose name passes?
template <class Passes>
bool drawn(const LandscapeSetting& setting, const Passes& passes) {
  const std::vector<Shape> all = shapes(setting);
  return std::any_of(all.begin(), all.end(),
                     [&](const Shape& shape) { return passes(shape.name) && !setting.given.contains(shape.name); });
}

/// The solutions given, into `matrices` as columns and `spec`.
void read_solutions(Problem problem, const Options& o, Matrices& matrices, std::string& spec) {
  for (const std::string& name : solution_names(problem)) {
    const auto file = o.given.find(name);
    if (file == o.given.end() || file->second.empty()) continue;
    matrices[name] = read_vector(file->second);
    spec += (spec.empty() ? "" : " ") + file->second;
  }
}

/// The setting asked for, and what `results` says of it.
LandscapeSetting setting_of(const LandscapeProblem& problem, const Options& o, LandscapeResults& results) {
  std::string option;
  LandscapeSetting s{problem.problem, {}, o.noise, {}, read_given(problem.given, o, option, results.weights_spec)};
  s.sizes = sizes_of(problem.sizes, problem.given, o, sizes_of(problem.problem, s.given), option);
  if (o.ensemble) s.ensembles.weights = ensemble_named(*o.ensemble);
  if (o.measurements) s.ensembles.measurements = ensemble_named(*o.measurements);
  read_solutions(problem.problem, o, s.given, results.weights_spec);
  const bool layers = drawn(s, [](const std::string& name) { return name != "A"; });
  const bool A = drawn(s, [](const std::string& name) { return name == "A"; });
  if (o.ensemble && !layers) throw InputError(fmt::format("--ensemble: has no place beside --{}", option));
  if (o.measurements && !A) throw InputError("--measurements: has no place beside --A");
  if (layers) results.ensemble = name(s.ensembles.weights);
  if (A) results.measurements = name(s.ensembles.measurements);
  if (gives_solution(problem.problem, s.given)) {
    const std::string solution = solution_names(problem.problem)[0];
    if (o.solutions) throw InputError(fmt::format("--solutions: has no place beside --{}", solution));
    if (o.draws && !layers && !A && s.noise == 0)
      throw InputError(fmt::format("--draws: has no place beside --{}: nothing is drawn", solution));
  }
  results.matrices = s.given;
  return s;
}

void print_points(const LandscapeResults& results) {
  auto all = nlohmann::ordered_json::array();
  for (const LandscapeRecord& point : results.points) all.push_back(to_json(results, point));
  fmt::print("{}\n", nlohmann::ordered_json{{"points", all}}.dump(2));
}

constexpr const char* notes =
    R"(E: the population error, sup |v_x - h_x|/max(|x|, |x0|), v the gradient, h that of infinitely many
measurements and infinitely wide layers, both times 2^d. Outside the implied neighbourhoods, balls
around x0, -rho x0 and 0, no stationary point can lie, were E the value found. epsilon: the largest
constant found of the conditions that the theorem assumes; in compressed sensing of the WDC only:
the range restricted isometry of A is not measured.)";

void add_problem(CLI::App& landscape, const LandscapeProblem& problem, const std::shared_ptr<Options>& o, int& status) {
  CLI::App* verb = landscape.add_subcommand(name(problem.problem), problem.statement)->group("Problems");
  std::string group = "The instance, drawn or given";
  const auto text = [&](const std::string& option, auto& value, const std::string& meaning, const char* type) {
    verb->add_option("--" + option, value, meaning)->type_name(type)->check(not_empty())->group(group);
  };
  const auto count = [&](const char* option, auto& value, const std::string& meaning) {
    verb->add_option(option, value, meaning)->type_name("N")->check(whole_number())->group(group);
  };
  for (const Symbol& size : problem.sizes)
    verb->add_option("--" + size.name, o->sizes[size.name], size.meaning)
        ->type_name(size.list ? "N,N,..." : "N")
        ->check(size.list ? whole_number_list() : whole_number())
        ->group(group);
  if (problem.has_network)
    text("ensemble", o->ensemble,
         fmt::format("what draws the rows: {} (default gaussian)", fmt::join(ensemble_names, ", ")), "NAME");
  if (problem.has_matrix)
    text("measurements", o->measurements, "what draws the rows of A, likewise (default gaussian)", "NAME");
  if (problem.has_noise)
    verb->add_option("--noise", o->noise, "added to the measurements: SIGMA times N(0, 1/m) (default 0)")
        ->type_name("SIGMA")
        ->check(number())
        ->group(group);
  count("--draws", o->draws, "independent draws, of x0 too (default 1)");
  count("--seed", o->seed, fmt::format("seed of every random stream (default {})", o->seed));
  for (const std::string& solution : solution_names(problem.problem))
    text(solution, o->given[solution], "given: the solution; text (numbers) or .npy (default: uniform on the sphere)",
         "FILE");
  for (const Given& given : problem.given)
    text(given.option, o->given[given.option], given.meaning,
         given.matrix.empty() ? "FILE[,FILE...]" : "FILE[:DATASET]");
  group = "The evidence";
  const LandscapeOptions most;  // the defaults where they are affordable
  const auto budget = [](double total, std::int64_t least, std::int64_t greatest) {
    return fmt::format("(default: {:g}/(6 N), N the entries of all matrices, but {} to {})", total, least, greatest);
  };
  count("--directions", o->directions,
        fmt::format("directions in the grid {}", budget(direction_budget, least_directions, most.directions)));
  text("grid", o->grid, fmt::format("of directions: {}", fmt::join(grid_names, ", ")), "NAME");
  count("--starts", o->starts,
        fmt::format("local searches for each extremum {}", budget(start_budget, least_starts, most.starts)));
  count("--solutions", o->solutions,
        fmt::format("independent {} tried on the same matrices; the one with the largest population error is reported "
                    "(default {})",
                    fmt::join(solution_names(problem.problem), ", "), LandscapeRequest().solutions));
  count("--descents", o->descents,
        fmt::format("descents from random points (default {})", LandscapeRequest().descents));
  count("--condition-starts", o->condition_starts,
        fmt::format("starts of the search for each condition's epsilon, 0: none (default {})",
                    LandscapeRequest().condition_starts));
  verb->add_option("--radius", o->radius,
                   fmt::format("of the balls excluded (default: those implied, {} where they merge)", default_radius))
      ->type_name("R")
      ->check(number())
      ->group(group);
  if (problem.has_census)
    verb->add_flag("--census", o->census, "list every stationary point, proved (k = 2)")->group(group);
  verb->add_option("--threads", o->threads,
                   fmt::format("threads (default: {}, all there are; no result depends on it)", o->threads))
      ->type_name("T")
      ->check(whole_number());
  verb->add_option("--output", o->output, "keep the results, with witnesses, in this HDF5 file")
      ->type_name("F.h5")
      ->check(not_empty());
  verb->add_flag("--overwrite", o->overwrite, "replace an existing file of landscapes");
  verb->add_flag("--json", o->json, "print one JSON object, in full precision, instead of the report");
  verb->set_help_flag("-h,--help", "print this page");
  verb->footer(notes);
  verb->callback([&problem, o, &status] { status = landscape_verb(problem, *o); });
}

}  // namespace

int landscape_verb(const LandscapeProblem& problem, const Options& o) {
  LandscapeResults results;
  results.problem = problem.problem;
  results.sizes = problem.sizes;
  results.grid = o.grid.empty() ? "default" : o.grid;
  results.noise = o.noise;
  if (o.seed < 0) throw InputError(fmt::format("--seed {}: must not be negative", o.seed));
  results.seed = static_cast<std::uint64_t>(o.seed);
  results.provenance = this_program();
  const LandscapeSetting setting = setting_of(problem, o, results);
  const LandscapeRequest request = request_of(o);
  const std::int64_t draws = o.draws.value_or(1);
  require_between("draws", draws, 1, max_draws);
  check(setting, request);
  if (!o.output.empty()) uninterrupted([&] { check_landscape_output(o.output, o.overwrite); });

  results.points = {{setting.sizes, std::vector<std::optional<MeasuredLandscape>>(static_cast<std::size_t>(draws))}};
  LandscapeRecord& point = results.points[0];
  {
    ProgressLine line;
    std::string under_way;
    bool saved = false;
    for (std::size_t draw = 0; draw < point.draws.size(); ++draw) {
      point.draws[draw] = measure(setting, request, draw_stream(results.seed, setting, draw),
                                  [&](const std::string& stage, double fraction) {
                                    std::string what = draws > 1 ? fmt::format("draw {}, {}", draw, stage) : stage;
                                    if (what != std::exchange(under_way, what)) line.start();
                                    line.update(what, fraction);
                                  });
      if (!o.output.empty())
        uninterrupted([&] { write(results, o.output, std::exchange(saved, true) || o.overwrite); }, o.output);
    }
  }
  if (o.json)
    fmt::print("{}\n", to_json(results, point).dump(2));
  else
    fmt::print("{}", draws == 1 ? report(results, point, *point.draws[0]) : table(results, Detail::draws));
  return 0;
}

int show_landscapes(const Options& o) {
  const LandscapeResults results = read_landscapes(o.file);
  if (o.json)
    print_points(results);
  else
    fmt::print("{}", table(results, o.each_draw ? Detail::draws : Detail::points));
  return 0;
}

int verify_landscapes(const Options& o) {
  const LandscapeResults results = read_landscapes(o.file);
  LandscapeSetting setting{results.problem, {}, results.noise, {}, results.matrices};
  if (!results.ensemble.empty()) setting.ensembles.weights = ensemble_named(results.ensemble);
  if (!results.measurements.empty()) setting.ensembles.measurements = ensemble_named(results.measurements);
  std::size_t measured = 0;
  const auto failures = verify(results, [&](std::size_t point, std::size_t draw) {
    ++measured;
    setting.sizes = results.points[point].sizes;
    return rebuild(setting, draw_stream(results.seed, setting, draw), results.points[point].draws[draw]->solution);
  });
  for (const Failure& f : failures) fmt::print("point {}, draw {}: {}\n", f.point, f.draw, f.what);
  if (!failures.empty()) {
    fmt::print(stderr, "theoremeter: {}: {} checks failed\n", o.file, failures.size());
    return 1;
  }
  fmt::print(
      "{}: {} draws verified: witnesses, violations and points of the census recomputed from their definitions\n",
      o.file, measured);
  return 0;
}

void add_landscape(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand("landscape", "Measure where a recovery problem's objective can have minima");
  verb->require_subcommand(1);
  for (const LandscapeProblem& problem : landscape_problems()) {
    const auto options = std::make_shared<Options>();
    options->threads = omp_get_max_threads();
    add_problem(*verb, problem, options, status);
  }
}

}  // namespace theoremeter
