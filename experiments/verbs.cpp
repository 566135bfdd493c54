#include "experiments/verbs.hpp"

#include "experiments/arguments.hpp"
#include "experiments/interruption.hpp"
#include "experiments/landscape.hpp"
#include "experiments/landscape_run.hpp"
#include "experiments/progress_line.hpp"
#include "experiments/run.hpp"
#include "experiments/surface.hpp"
#include "experiments/words.hpp"
#include "results/file.hpp"
#include "results/json.hpp"
#include "results/landscape_file.hpp"
#include "results/surface.hpp"
#include "results/table.hpp"
#include "results/verify.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace theoremeter {
namespace {

constexpr const char* layer_size = "layer";  // the size that tells the layers of a network apart

void check_output_of(const Options& o, bool overwrite) {
  if (!o.output.empty()) uninterrupted([&] { check_output(o.output, overwrite); });
}

void save(const Results& results, const std::string& path, bool overwrite) {
  uninterrupted([&] { write(results, path, overwrite); }, path);
}

Request request_of(const Options& o) {
  Request r;
  if (!o.evidence.empty()) set_evidence(r, o.evidence);
  if (o.samples) require_positive("samples", *o.samples);
  if (o.starts) require_positive("starts", *o.starts);
  if (o.nodes) require_positive("nodes", *o.nodes);
  r.samples = o.samples;
  r.starts = o.starts;
  r.nodes = o.nodes.value_or(r.nodes);
  if (!(o.gap >= 1e-6 && o.gap <= 1e6)) throw InputError(fmt::format("--gap {}: must be between 1e-6 and 1e6", o.gap));
  r.gap = o.gap;
  if (!o.grid.empty()) r.grid = grid_named(o.grid);
  r.threads = thread_count(o);
  return r;
}

/// The evidence asked for, or what is affordable at these sizes.
Request request_at(Request request, const Options& o, const Condition& condition, const Sizes& sizes) {
  if (o.evidence.empty()) request.certify = condition.certificates(sizes) == Certificates::by_default;
  check_request(condition, sizes, request);
  return request;
}

/// "(0.6, -0.8)", six digits: to look at; --json and --output keep them all.
std::string to_text(const Eigen::VectorXd& x) { return fmt::format("({:.6g})", fmt::join(x.begin(), x.end(), ", ")); }

/// What the table has no room for: the witness of a single draw in a low dimension.
void print_details(const Results& results) {
  constexpr Eigen::Index shown = 6;
  const auto& draws = results.points[0].draws;
  if (results.points.size() > 1 || draws.size() > 1) return;
  const Witness& witness = draws[0]->witness;
  for (const Eigen::VectorXd& x : witness.point)
    if (x.size() > shown) return;
  if (!witness.form.empty()) fmt::print("attained by {}: {}\n", witness.form, form_meaning(witness.form));
  for (std::size_t i = 0; i < witness.point.size(); ++i)
    fmt::print("{} {} = {}\n", i == 0 ? "attained at" : "           ", results.witness[i].name,
               to_text(witness.point[i]));
  fmt::print("            to six digits; all of them: --json\n");
}

void print_hints(const Condition& condition, const Options& o, const Results& results) {
  bool open = false, uncertified = false, certifiable = false;
  std::int64_t starts = 0;
  for (const Record& point : results.points)
    for (const auto& draw : point.draws) {
      if (!draw) continue;
      open = open || (draw->certified && !draw->certified->closed);
      if (draw->searched) starts = std::max(starts, draw->searched->starts);
      if (draw->certified) continue;
      uncertified = true;
      certifiable = certifiable || condition.certificates(point.sizes) != Certificates::none;
    }
  if (open)
    fmt::print("A bracket is still open: --nodes {} or more, or a larger --gap, closes it further.\n",
               10 * o.nodes.value_or(Request().nodes));
  if (!uncertified) return;
  if (certifiable)
    fmt::print("For an upper bound, proved: --evidence sample,search,certify.\n");
  else
    fmt::print("No upper bound here: there are certificates for {}.{}\n", condition.certified_for,
               starts ? fmt::format(" --starts {} searches harder.", 10 * starts) : "");
}

/// Sets the points of `results` to the one instance asked for, or to the layers of --network; returns what draws it.
Ensembles set_instance(const Condition& condition, const Options& o, Results& results) {
  std::string option;
  results.matrices = read_given(condition.given, o, option, results.weights_spec);
  const auto refuse = [&](const std::string& name, bool present) {
    if (present) throw InputError(fmt::format("--{}: has no place beside --{}", name, option));
  };
  Ensembles ensembles;
  if (o.ensemble) ensembles.weights = ensemble_named(*o.ensemble);
  if (o.measurements) ensembles.measurements = ensemble_named(*o.measurements);
  const std::int64_t draws = o.draws.value_or(1);
  require_between("draws", draws, 1, max_draws);
  const std::vector<std::optional<Measurement>> unmeasured(static_cast<std::size_t>(draws));
  const bool by_layer = condition.by_layer && results.matrices.contains(layer_name(0));
  if (by_layer) {
    for (const Symbol& size : condition.sizes) refuse(size.name, !o.sizes.at(size.name).empty());
    if (results.matrices.contains(condition.given[0].matrix)) refuse(condition.given[0].option, true);
    results.sizes.push_back({layer_size, "layer of the network, from the input on"});
    for (std::size_t i = 0; results.matrices.contains(layer_name(i)); ++i) {
      Sizes sizes = condition.sizes_of({{condition.given[0].matrix, results.matrices[layer_name(i)]}});
      sizes[layer_size] = {static_cast<std::int64_t>(i + 1)};
      results.points.push_back({sizes, unmeasured});
    }
  } else {
    const Sizes given_sizes = results.matrices.empty() ? Sizes{} : condition.sizes_of(results.matrices);
    results.points = {{sizes_of(condition.sizes, condition.given, o, given_sizes, option), unmeasured}};
  }
  bool drawn = false, measurements_drawn = condition.measures;
  if (!by_layer) {
    check_instance(condition, ensembles, results.points[0].sizes, results.matrices);
    const auto shapes = condition.shapes(results.points[0].sizes, ensembles);
    for (const Shape& shape : shapes) drawn = drawn || !results.matrices.contains(shape.name);
    measurements_drawn = measurements_drawn && !results.matrices.contains(shapes.back().name);
  }
  if (!drawn) {
    refuse("ensemble", o.ensemble.has_value());
    refuse("draws", o.draws.has_value());
  }
  if (drawn) results.ensemble = name(ensembles.weights);
  if (measurements_drawn) results.measurements = name(ensembles.measurements);
  return ensembles;
}

/// The matrices given that belong to a point: of a network measured layer by layer, one.
Matrices given_at(const Condition& condition, const Results& results, const Record& point) {
  const auto layer = point.sizes.find(layer_size);
  if (layer == point.sizes.end()) return results.matrices;
  return {{condition.given[0].matrix, results.matrices.at(layer_name(static_cast<std::size_t>(layer->second[0] - 1)))}};
}

Alpha alpha_at(const Condition& condition, const Options& o, const Results& results, const Record& point,
               const Ensembles& ensembles) {
  if (!o.alpha.empty()) return parse_alpha(o.alpha);
  if (point.sizes.contains(layer_size)) return {std::nullopt, true};  // trained layers follow no ensemble
  return {results.ensemble.empty() ? 1.0 : condition.alpha(point.sizes, ensembles), false};
}

void measure_draws(const Condition& condition, const Options& o, const Request& asked, const Ensembles& ensembles,
                   Results& results) {
  ProgressLine line;
  std::string under_way;
  bool saved = false;
  for (Record& point : results.points) {
    const Request request = request_at(asked, o, condition, point.sizes);
    const Alpha alpha = alpha_at(condition, o, results, point, ensembles);
    for (std::size_t draw = 0; draw < point.draws.size(); ++draw) {
      const Stream stream = draw_stream(results.seed, condition, point.sizes, draw);
      const auto progress = [&](const std::string& stage, double fraction) {
        std::string what = point.draws.size() > 1 ? fmt::format("draw {}, {}", draw, stage) : stage;
        if (results.points.size() > 1) what = fmt::format("{} {}, {}", layer_size, point.sizes.at(layer_size)[0], what);
        if (what != std::exchange(under_way, what)) line.start();
        line.update(what, fraction);
      };
      const Matrices matrices =
          instance(condition, ensembles, point.sizes, given_at(condition, results, point), stream);
      try {
        point.draws[draw] = measure(condition, matrices, alpha, request, stream, progress);
      } catch (const DefinedNowhere& nowhere) {
        if (results.points.size() * point.draws.size() == 1) throw;
        line.clear();
        fmt::print(stderr, "theoremeter: draw {} left out: {}\n", draw, nowhere.what());
      }
      if (!o.output.empty()) save(results, o.output, std::exchange(saved, true) || o.overwrite);
    }
  }
}

/// Puts the draws that the output file already holds into `results`. False when there is no such file.
bool resume(const Experiment& experiment, const std::string& path, Results& results) {
  if (access(path.c_str(), F_OK) != 0) return false;
  const Results before = read(path);
  const auto same_shape = [](const Record& a, const Record& b) {
    return a.sizes == b.sizes && a.draws.size() == b.draws.size();
  };
  if (before.experiment != experiment.text ||
      !std::equal(before.points.begin(), before.points.end(), results.points.begin(), results.points.end(), same_shape))
    throw InputError(fmt::format("{}: holds another experiment; --resume needs the same text", path));
  results.points = before.points;
  return true;
}

/// {"points": [...]}
void print_points(const Results& results) {
  auto all = nlohmann::ordered_json::array();
  for (const Record& point : results.points) all.push_back(to_json(results, point));
  fmt::print("{}\n", nlohmann::ordered_json{{"points", all}}.dump(2));
}

/// Of one instance its object; of the layers of a network, all.
void print_json(const Results& results) {
  if (results.points.size() > 1 || results.points[0].sizes.contains(layer_size))
    print_points(results);
  else
    fmt::print("{}\n", to_json(results, results.points[0]).dump(2));
}

}  // namespace

int measure_verb(const Condition& condition, const Options& o) {
  Results results;
  results.condition = condition.name;
  results.factor = condition.factor;
  results.sizes = condition.sizes;
  results.witness = condition.arguments;
  results.gap = o.gap;
  results.grid = o.grid.empty() ? "default" : o.grid;
  if (o.seed < 0) throw InputError(fmt::format("--seed {}: must not be negative", o.seed));
  results.seed = static_cast<std::uint64_t>(o.seed);
  results.provenance = this_program();
  const Ensembles ensembles = set_instance(condition, o, results);
  const Request request = request_of(o);
  for (const Record& point : results.points) request_at(request, o, condition, point.sizes);
  if (!o.alpha.empty() && parse_alpha(o.alpha).fit && !condition.fits_alpha)
    throw InputError(fmt::format("--alpha fit: not for {}, give a number", condition.name));
  check_output_of(o, o.overwrite);

  measure_draws(condition, o, request, ensembles, results);
  if (o.json) {
    print_json(results);
    return 0;
  }
  fmt::print("{}", table(results, Detail::draws));
  print_details(results);
  print_hints(condition, o, results);
  return 0;
}

int run_verb(const Options& o) {
  if (o.resume && o.output.empty()) throw InputError("--resume: needs --output, the file to resume");
  const int threads = thread_count(o);
  if (describes_landscapes(o.experiment)) return run_landscapes(o);
  if (describes_surface(o.experiment)) return run_surface(o);
  const Experiment experiment = read_experiment(o.experiment);
  if (o.dry_run) {
    const std::size_t points = experiment.points.size(), draws = static_cast<std::size_t>(experiment.draws);
    fmt::print("points: {}, draws of each: {}, measurements of {}: {}\n", points, draws, experiment.condition->name,
               points * draws);
    return 0;
  }
  Results results = results_of(experiment);
  bool replace = o.resume && resume(experiment, o.output, results);
  replace = replace || o.overwrite;
  check_output_of(o, replace);
  if (o.output.empty()) fmt::print(stderr, "no --output: only the table will be kept\n");
  run(experiment, threads, results, [&](const Results& r) {
    if (o.output.empty()) return;
    save(r, o.output, replace);
    replace = true;
  });
  if (!experiment.title.empty()) fmt::print("{}\n\n", experiment.title);
  fmt::print("{}", table(results, Detail::points));
  return 0;
}

int show_verb(const Options& o) {
  if (holds_landscapes(o.file)) return show_landscapes(o);
  if (holds_surface(o.file)) return show_surface(o);
  const Results results = read(o.file);
  if (o.json)
    print_points(results);
  else
    fmt::print("{}", table(results, o.each_draw ? Detail::draws : Detail::points));
  return 0;
}

int verify_verb(const Options& o) {
  if (holds_landscapes(o.file)) return verify_landscapes(o);
  if (holds_surface(o.file)) return verify_surface(o);
  const Results results = read(o.file);
  const Condition& condition = condition_named(results.condition);
  std::size_t measured = 0;
  Ensembles ensembles;
  if (!results.ensemble.empty()) ensembles.weights = ensemble_named(results.ensemble);
  if (!results.measurements.empty()) ensembles.measurements = ensemble_named(results.measurements);
  const auto failures = verify(results, [&](std::size_t point, std::size_t draw) {
    ++measured;
    const Record& record = results.points[point];
    const Stream stream = draw_stream(results.seed, condition, record.sizes, draw);
    const Matrices given = given_at(condition, results, record);
    check_instance(condition, ensembles, record.sizes, given);
    return condition.naive(instance(condition, ensembles, record.sizes, given, stream), record.draws[draw]->alpha);
  });
  for (const Failure& f : failures) fmt::print("point {}, draw {}: {}\n", f.point, f.draw, f.what);
  if (!failures.empty()) {
    fmt::print(stderr, "theoremeter: {}: {} checks failed\n", o.file, failures.size());
    return 1;
  }
  fmt::print("{}: {} draws verified: every witness recomputed from its definition, at least <= at most\n", o.file,
             measured);
  return 0;
}

}  // namespace theoremeter
