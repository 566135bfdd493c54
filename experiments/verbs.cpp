#include "experiments/verbs.hpp"

#include "experiments/interruption.hpp"
#include "experiments/progress_line.hpp"
#include "experiments/run.hpp"
#include "results/file.hpp"
#include "results/json.hpp"
#include "results/table.hpp"
#include "results/verify.hpp"
#include "results/weights.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace theoremeter {
namespace {

constexpr std::int64_t max_threads = 1024;

void require_between(const char* name, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value < least) throw InputError(fmt::format("--{} {}: must be at least {}", name, value, least));
  if (value > most) throw InputError(fmt::format("--{} {}: must be at most {}", name, value, most));
}

void require_positive(const char* name, std::int64_t value) {
  require_between(name, value, 1, std::numeric_limits<std::int64_t>::max());
}

int thread_count(const Options& o) {
  require_between("threads", o.threads, 1, max_threads);
  return static_cast<int>(o.threads);
}

void check_output_of(const Options& o, bool overwrite) {
  if (!o.output.empty()) uninterrupted([&] { check_output(o.output, overwrite); });
}

void save(const Results& results, const std::string& path, bool overwrite) {
  uninterrupted([&] { write(results, path, overwrite); }, path);
}

Request request_of(const Options& o, const Condition& condition, std::int64_t k) {
  Request r;
  r.certify = k <= certified_by_default;
  if (!o.evidence.empty()) set_evidence(r, o.evidence);
  if (r.certify && k > condition.certified_to)
    throw InputError(
        fmt::format("--evidence certify: certificates reach k = {}, and here k = {}", condition.certified_to, k));
  if (o.samples) require_positive("samples", *o.samples);
  if (o.starts) require_positive("starts", *o.starts);
  if (o.nodes) require_positive("nodes", *o.nodes);
  r.samples = o.samples;
  r.starts = o.starts;
  r.nodes = o.nodes.value_or(r.nodes);
  if (!(o.gap >= 1e-6 && o.gap <= 1e6)) throw InputError(fmt::format("--gap {}: must be between 1e-6 and 1e6", o.gap));
  r.gap = o.gap;
  if (!o.grid.empty()) {
    r.grid = grid_named(o.grid);
    make_grid(*r.grid, static_cast<int>(k), 1, Stream(0));  // refuses a grid that does not fit k
  }
  r.threads = thread_count(o);
  return r;
}

/// "(0.6, -0.8)", six digits: to look at; --json and --output keep them all.
std::string to_text(const Eigen::VectorXd& x) { return fmt::format("({:.6g})", fmt::join(x.begin(), x.end(), ", ")); }

/// What the table has no room for: alpha where it is not 1, and the witness of a single draw in a low dimension.
void print_details(const Results& results) {
  constexpr Eigen::Index shown = 6;
  const auto& draws = results.points[0].draws;
  const auto by_alpha = [](const auto& a, const auto& b) { return a->alpha < b->alpha; };
  const auto [least, most] = std::minmax_element(draws.begin(), draws.end(), by_alpha);
  const double a = (*least)->alpha, b = (*most)->alpha;
  if (a != 1 || b != 1) fmt::print("alpha = {:.6g}{}\n", a, a == b ? "" : fmt::format(" .. {:.6g}", b));
  const Point& witness = draws[0]->witness.point;
  if (draws.size() > 1 || witness[0].size() > shown) return;
  for (std::size_t i = 0; i < witness.size(); ++i)
    fmt::print("{} {} = {}\n", i == 0 ? "attained at" : "           ", results.witness[i].name, to_text(witness[i]));
  fmt::print("            to six digits; all of them: --json\n");
}

void print_hints(const Condition& condition, const Request& r, std::int64_t k, const Results& results) {
  bool open = false;
  std::int64_t starts = 0;
  for (const auto& draw : results.points[0].draws) {
    open = open || (draw->certified && !draw->certified->closed);
    if (draw->searched) starts = draw->searched->starts;
  }
  if (open)
    fmt::print("A bracket is still open: --nodes {} or more, or a larger --gap, closes it further.\n", 10 * r.nodes);
  if (r.certify) return;
  if (k <= condition.certified_to)
    fmt::print("For an upper bound, proved: --evidence sample,search,certify.\n");
  else
    fmt::print("No upper bound at k = {} (certificates reach k = {}).{}\n", k, condition.certified_to,
               starts ? fmt::format(" --starts {} searches harder.", 10 * starts) : "");
}

/// The matrix of --weights, or nothing when draws of the sizes given are to be measured. Sets the one point of
/// `results`.
std::optional<Rows> set_instance(const Condition& condition, const Options& o, Results& results) {
  const std::string rows = condition.sizes[0].name, columns = condition.sizes[1].name;
  std::map<std::string, std::int64_t> sizes;
  std::optional<Rows> given;
  if (o.weights.empty()) {
    for (const Symbol& size : condition.sizes) {
      const auto value = o.sizes.at(size.name);
      if (!value) throw InputError(fmt::format("--{} is missing: give the sizes, or --weights FILE", size.name));
      require_positive(size.name.c_str(), *value);
      sizes[size.name] = *value;
    }
    check_sizes(sizes[rows], sizes[columns], condition.matrix);
    results.ensemble = name(ensemble_named(o.ensemble.value_or("gaussian")));
  } else {
    const auto refuse = [](const std::string& option, bool present) {
      if (present) throw InputError(fmt::format("--{}: has no place beside --weights", option));
    };
    for (const Symbol& size : condition.sizes) refuse(size.name, o.sizes.at(size.name).has_value());
    refuse("ensemble", o.ensemble.has_value());
    refuse("draws", o.draws.has_value());
    given = read_weights(o.weights);
    sizes = {{rows, given->rows()}, {columns, given->cols()}};
    results.weights_spec = o.weights;
    results.matrices[condition.matrix] = *given;
  }
  const std::int64_t draws = o.draws.value_or(1);
  require_between("draws", draws, 1, max_draws);
  results.points = {{sizes, std::vector<std::optional<Measurement>>(static_cast<std::size_t>(draws))}};
  return given;
}

void measure_draws(const Condition& condition, const Options& o, const Request& request, const Alpha& alpha,
                   const std::optional<Rows>& given, Results& results) {
  ProgressLine line;
  std::string under_way;
  const auto& sizes = results.points[0].sizes;
  auto& draws = results.points[0].draws;
  for (std::size_t draw = 0; draw < draws.size(); ++draw) {
    const Stream stream = draw_stream(results.seed, condition, sizes, draw);
    const auto progress = [&](const std::string& stage, double fraction) {
      const std::string what = draws.size() > 1 ? fmt::format("draw {}, {}", draw, stage) : stage;
      if (what != std::exchange(under_way, what)) line.start();
      line.update(what, fraction);
    };
    const Rows W = given ? *given : draw_matrix(condition, ensemble_named(results.ensemble), sizes, stream);
    draws[draw] = condition.measure(W, alpha, request, stream, progress);
    if (!o.output.empty()) save(results, o.output, o.overwrite || draw > 0);
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

}  // namespace

int measure_verb(const Condition& condition, const Options& o) {
  Results results;
  results.condition = condition.name;
  results.sizes = condition.sizes;
  results.witness = condition.arguments;
  results.gap = o.gap;
  results.grid = o.grid.empty() ? "default" : o.grid;
  if (o.seed < 0) throw InputError(fmt::format("--seed {}: must not be negative", o.seed));
  results.seed = static_cast<std::uint64_t>(o.seed);
  results.provenance = this_program();
  const std::optional<Rows> given = set_instance(condition, o, results);
  const std::int64_t k = results.points[0].sizes.at(condition.sizes[1].name);
  const Request request = request_of(o, condition, k);
  Alpha alpha{given ? 1.0 : ensemble_alpha(ensemble_named(results.ensemble), k), false};
  if (!o.alpha.empty()) alpha = parse_alpha(o.alpha);
  check_output_of(o, o.overwrite);

  measure_draws(condition, o, request, alpha, given, results);
  if (o.json) {
    fmt::print("{}\n", to_json(results, results.points[0]).dump(2));
    return 0;
  }
  fmt::print("{}", table(results, Detail::draws));
  print_details(results);
  print_hints(condition, request, k, results);
  return 0;
}

int run_verb(const Options& o) {
  if (o.resume && o.output.empty()) throw InputError("--resume: needs --output, the file to resume");
  const int threads = thread_count(o);
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
  const Results results = read(o.file);
  if (!o.json) {
    fmt::print("{}", table(results, o.each_draw ? Detail::draws : Detail::points));
    return 0;
  }
  auto all = nlohmann::ordered_json::array();
  for (const Record& point : results.points) all.push_back(to_json(results, point));
  fmt::print("{}\n", nlohmann::ordered_json{{"points", all}}.dump(2));
  return 0;
}

int verify_verb(const Options& o) {
  const Results results = read(o.file);
  const Condition& condition = condition_named(results.condition);
  std::size_t measured = 0;
  const auto failures = verify(results, [&](std::size_t point, std::size_t draw) {
    ++measured;
    const Record& record = results.points[point];
    const double alpha = record.draws[draw]->alpha;
    if (const auto given = results.matrices.find(condition.matrix); given != results.matrices.end())
      return condition.naive(given->second, alpha);
    const Stream stream = draw_stream(results.seed, condition, record.sizes, draw);
    return condition.naive(draw_matrix(condition, ensemble_named(results.ensemble), record.sizes, stream), alpha);
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
