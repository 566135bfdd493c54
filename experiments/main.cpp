// The command line. Results to stdout, progress and messages to stderr; exit 0 on success, 2 on wrong use or bad input, 1 on failure.
#include "experiments/conditions.hpp"
#include "experiments/progress_line.hpp"
#include "experiments/run.hpp"
#include "results/file.hpp"
#include "results/json.hpp"
#include "results/table.hpp"
#include "results/verify.hpp"
#include "results/weights.hpp"
#include "theory/error.hpp"
#include "theory/suggest.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <omp.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>

namespace theoremeter {
namespace {

// ---- interruption: files are complete at every moment, so stopping is safe as soon as no file is being written.

std::atomic<bool> writing{false}, interrupted{false};
std::string saved_to;  // where finished draws are

void stop() {
  const std::string line = "\ntheoremeter: interrupted; " + (saved_to.empty() ? "nothing was written\n" : "finished draws are in " + saved_to + "\n");
  [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, line.data(), line.size());
  _exit(1);
}

void on_signal(int) {
  interrupted = true;
  if (!writing) stop();
}

void save_uninterrupted(const Results& results, const std::string& path, bool overwrite) {
  writing = true;
  write(results, path, overwrite);
  saved_to = path;
  writing = false;
  if (interrupted) stop();
}

// ---- options shared by the verbs

struct Options {
  std::map<std::string, std::int64_t> sizes;
  std::string weights, ensemble = "gaussian", evidence, grid, alpha, output, file, experiment;
  std::int64_t draws = 1, seed = 1, samples = 0, starts = 0, nodes = 0;
  int threads = 0;
  double gap = 0.01;
  bool json = false, overwrite = false, resume = false, dry_run = false, each_draw = false;
};

void require_positive(const char* name, std::int64_t value) {
  if (value < 1) throw InputError(fmt::format("--{} {}: must be at least 1", name, value));
}

int thread_count(const Options& o) {
  if (o.threads < 0) throw InputError(fmt::format("--threads {}: must be at least 1", o.threads));
  return o.threads ? o.threads : omp_get_max_threads();
}

Request request_of(const Options& o, const CLI::App& verb, std::int64_t k) {
  Request r;
  r.certify = k <= 4;
  if (!o.evidence.empty()) set_evidence(r, o.evidence);
  if (r.certify && k > certify_dimensions)
    throw InputError(fmt::format("--evidence certify: certificates reach k = {}, and here k = {}", certify_dimensions, k));
  if (verb.count("--samples")) require_positive("samples", o.samples), r.samples = o.samples;
  if (verb.count("--starts")) require_positive("starts", o.starts), r.starts = o.starts;
  if (verb.count("--nodes")) require_positive("nodes", o.nodes), r.nodes = o.nodes;
  if (!(o.gap >= 1e-6 && o.gap <= 1e6)) throw InputError(fmt::format("--gap {}: must be between 1e-6 and 1e6", o.gap));
  r.gap = o.gap;
  if (!o.grid.empty()) {
    r.grid = grid_named(o.grid);
    make_grid(*r.grid, static_cast<int>(k), 1, Stream(0));  // refuses a grid that does not fit k
  }
  r.threads = thread_count(o);
  return r;
}

// ---- measure

void hints(const Request& r, std::int64_t k, const Results& results) {
  bool open = false;
  for (const Record& point : results.points)
    for (const auto& draw : point.draws) open = open || (draw && draw->certified && !draw->certified->closed);
  if (open) fmt::print("A bracket is still open: --nodes {} or more, or a larger --gap, closes it further.\n", 10 * r.nodes);
  if (!r.certify && k <= certify_dimensions) fmt::print("For an upper bound, proved: --evidence sample,search,certify.\n");
  if (!r.certify && k > certify_dimensions)
    fmt::print("No upper bound at k = {} (certificates reach k = {}); --starts {} searches harder.\n", k, certify_dimensions,
               10 * r.starts.value_or(default_starts(results.points[0].sizes.at("n"), k)));
}

int measure_verb(const Condition& condition, const Options& o, const CLI::App& verb) {
  Results results;
  results.condition = condition.name;
  results.sizes = condition.sizes;
  results.witness = condition.arguments;
  results.gap = o.gap;
  results.grid = o.grid.empty() ? "default" : o.grid;
  if (o.seed < 0) throw InputError(fmt::format("--seed {}: must not be negative", o.seed));
  results.seed = static_cast<std::uint64_t>(o.seed);
  require_positive("draws", o.draws);
  const auto& [rows, columns] = std::pair(condition.sizes[0].name, condition.sizes[1].name);
  auto sizes = o.sizes;
  std::optional<Rows> given;
  Ensemble ensemble = ensemble_named(o.ensemble);
  if (!o.weights.empty()) {
    if (verb.count("--" + rows) || verb.count("--" + columns) || verb.count("--ensemble") || verb.count("--draws"))
      throw InputError("--weights: the matrix is given, so --" + rows + ", --" + columns + ", --ensemble and --draws have no place");
    given = read_weights(o.weights);
    sizes = {{rows, given->rows()}, {columns, given->cols()}};
    results.weights_spec = o.weights;
    results.matrices[condition.matrix] = *given;
  } else {
    for (const auto& size : condition.sizes) {
      if (!verb.count("--" + size.name)) throw InputError("--" + size.name + " is missing: give the sizes, or --weights FILE");
      require_positive(size.name.c_str(), sizes[size.name]);
    }
    check_sizes(sizes[rows], sizes[columns], condition.matrix);
    results.ensemble = name(ensemble);
  }
  const Request request = request_of(o, verb, sizes[columns]);
  Alpha alpha{given ? 1.0 : ensemble_alpha(ensemble, sizes[columns]), false};
  if (!o.alpha.empty()) alpha = parse_alpha(o.alpha);
  if (!o.output.empty()) check_output(o.output, o.overwrite);
  results.provenance = this_program();
  results.points = {{sizes, std::vector<std::optional<Measurement>>(static_cast<std::size_t>(o.draws))}};

  ProgressLine line;
  for (std::size_t draw = 0; draw < results.points[0].draws.size(); ++draw) {
    const Stream stream = draw_stream(results.seed, condition, sizes, draw);
    results.points[0].draws[draw] = condition.measure(
        given ? *given : draw_matrix(condition, ensemble, sizes, stream), alpha, request, stream,
        [&](const std::string& stage, double fraction) { line.update(o.draws > 1 ? fmt::format("draw {}, {}", draw, stage) : stage, fraction); });
    if (!o.output.empty()) save_uninterrupted(results, o.output, o.overwrite || draw > 0);
  }
  line.clear();
  if (o.json) {
    fmt::print("{}\n", to_json(results, results.points[0]).dump(2));
    return 0;
  }
  fmt::print("{}", table(results, Detail::draws));
  hints(request, sizes[columns], results);
  return 0;
}

// ---- run, show, verify

int run_verb(const Options& o) {
  const Experiment experiment = read_experiment(o.experiment);
  if (o.dry_run) {
    fmt::print("{} points, {} draws each: {} measurements of {}\n", experiment.points.size(), experiment.draws,
               experiment.points.size() * static_cast<std::size_t>(experiment.draws), experiment.condition->name);
    return 0;
  }
  Results results = results_of(experiment);
  bool overwrite = o.overwrite;
  if (!o.output.empty() && o.resume && access(o.output.c_str(), F_OK) == 0) {
    Results before = read(o.output);
    if (before.experiment != experiment.text) throw InputError(o.output + ": holds another experiment; --resume needs the same text");
    results.points = before.points;
    overwrite = true;
  }
  if (!o.output.empty()) check_output(o.output, overwrite);
  run(experiment, thread_count(o), results, [&](const Results& r) {
    if (o.output.empty()) return;
    save_uninterrupted(r, o.output, overwrite);
    overwrite = true;
  });
  if (!o.output.empty() && !overwrite) save_uninterrupted(results, o.output, false);
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
    if (const auto given = results.matrices.find(condition.matrix); given != results.matrices.end()) return condition.naive(given->second, alpha);
    const Stream stream = draw_stream(results.seed, condition, record.sizes, draw);
    return condition.naive(draw_matrix(condition, ensemble_named(results.ensemble), record.sizes, stream), alpha);
  });
  for (const Failure& f : failures) fmt::print("point {}, draw {}: {}\n", f.point, f.draw, f.what);
  if (!failures.empty()) {
    fmt::print(stderr, "theoremeter: {}: {} checks failed\n", o.file, failures.size());
    return 1;
  }
  fmt::print("{}: {} draws verified: every witness recomputed from its definition, at least <= at most\n", o.file, measured);
  return 0;
}

// ---- parsing

void add_measure(CLI::App& app, Options& o, int& status) {
  CLI::App* verb = app.add_subcommand("measure", "Measure a condition's constant: at least (witnesses) and at most (proof)");
  verb->require_subcommand(1);
  for (const Condition& condition : conditions()) {
    CLI::App* c = verb->add_subcommand(condition.name, condition.statement);
    for (const Symbol& size : condition.sizes) c->add_option("--" + size.name, o.sizes[size.name], size.meaning)->type_name("N");
    c->add_option("--weights", o.weights, "the matrix itself: a .npy or HDF5 file, rows are neurons")->type_name("FILE[:DATASET]");
    c->add_option("--ensemble", o.ensemble, fmt::format("what the rows are drawn from: {} (default gaussian)", fmt::join(ensemble_names, ", ")))->type_name("NAME");
    c->add_option("--alpha", o.alpha, "multiple of the expectation, or fit (default: the ensemble's; 1 for --weights)")->type_name("A|fit");
    c->add_option("--draws", o.draws, "independent draws (default 1)")->type_name("N");
    c->add_option("--seed", o.seed, "seed of every random stream (default 1)")->type_name("S");
    c->add_option("--evidence", o.evidence, "sample,search,certify (default: all for k <= 4, else sample,search)")->type_name("LIST");
    c->add_option("--samples", o.samples, "pairs of grid points (default: about a second's worth)")->type_name("N");
    c->add_option("--grid", o.grid, fmt::format("grid on the sphere: {} (default: by dimension)", fmt::join(grid_names, ", ")))->type_name("NAME");
    c->add_option("--starts", o.starts, "starts of the search (default: a few seconds' worth)")->type_name("N");
    c->add_option("--gap", o.gap, "relative gap at which a certificate is complete (default 0.01)")->type_name("G");
    c->add_option("--nodes", o.nodes, "pairs of cones a certificate may bound (default 100000000)")->type_name("N");
    c->add_option("--threads", o.threads, "threads (default: all; no result depends on it)")->type_name("T");
    c->add_option("--output", o.output, "write the results to this HDF5 file")->type_name("F.h5");
    c->add_flag("--overwrite", o.overwrite, "replace an existing results file");
    c->add_flag("--json", o.json, "print one JSON object");
    c->callback([&o, &status, &condition, c] { status = measure_verb(condition, o, *c); });
  }
}

void add_files(CLI::App& app, Options& o, int& status) {
  CLI::App* run = app.add_subcommand("run", "Run an experiment: a sweep over sizes and draws from a TOML file");
  run->add_option("experiment", o.experiment, "the experiment")->required()->type_name("EXPERIMENT.toml");
  run->add_option("--output", o.output, "write the results to this HDF5 file, after every draw")->type_name("F.h5");
  run->add_option("--threads", o.threads, "threads (default: all; no result depends on it)")->type_name("T");
  run->add_flag("--resume", o.resume, "keep the draws that --output already holds");
  run->add_flag("--overwrite", o.overwrite, "replace an existing results file");
  run->add_flag("--dry-run", o.dry_run, "check the experiment and say how much there is to measure");
  run->callback([&] { status = run_verb(o); });

  CLI::App* show = app.add_subcommand("show", "Print a results file as a table");
  show->add_option("file", o.file, "results file")->required()->type_name("F.h5");
  show->add_flag("--draws", o.each_draw, "a line a draw instead of a line a point");
  show->add_flag("--json", o.json, "print one JSON object");
  show->callback([&] { status = show_verb(o); });

  CLI::App* check = app.add_subcommand("verify", "Recompute every stored witness, independently of the code that found it");
  check->add_option("file", o.file, "results file")->required()->type_name("F.h5");
  check->callback([&] { status = verify_verb(o); });
}

// The verb that the words on the command line reach.
const CLI::App* innermost(const CLI::App* app) {
  for (const CLI::App* parsed : app->get_subcommands()) return innermost(parsed);
  return app;
}

std::string usage_error(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  const CLI::App* verb = innermost(&app);
  std::vector<std::string> known;
  for (const CLI::Option* option : verb->get_options())
    if (!option->get_lnames().empty()) known.push_back("--" + option->get_lnames().front());
  for (const CLI::App* sub : verb->get_subcommands({})) known.push_back(sub->get_name());
  if (dynamic_cast<const CLI::ExtrasError*>(&error) || dynamic_cast<const CLI::RequiredError*>(&error))
    for (int i = 1; i < argc; ++i) {
      const std::string word(argv[i]), option = word.substr(0, word.find('='));
      bool is_verb = false;
      for (const CLI::App* a = verb; a; a = a->get_parent()) is_verb = is_verb || a->get_name() == word;
      if (is_verb || std::find(known.begin(), known.end(), option) != known.end()) continue;
      if (option.rfind("--", 0) != 0 && verb->get_subcommands({}).empty()) continue;
      const std::string near = nearest(option, known);
      return fmt::format("{}: unknown{}; see {} --help", option, near.empty() ? "" : fmt::format(" (did you mean {}?)", near),
                         verb->get_parent() ? "theoremeter " + verb->get_name() : "theoremeter");
    }
  std::string line = error.what();
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

int main_checked(int argc, char** argv) {
  CLI::App app{"theoremeter measures the constants in recovery theorems for ReLU generative priors.\n"
               "Every number says what it is: at least (a witness attains it) or at most (proved)."};
  app.name("theoremeter");
  app.require_subcommand(1);
  app.set_version_flag("--version", "theoremeter " + this_program().version);
  Options options;
  int status = 0;
  add_measure(app, options, status);
  add_files(app, options, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& done) {
    return app.exit(done);
  } catch (const CLI::ParseError& error) {
    throw InputError(usage_error(app, error, argc, argv));
  }
  return status;
}

}  // namespace
}  // namespace theoremeter

int main(int argc, char** argv) {
  std::signal(SIGINT, theoremeter::on_signal);
  std::signal(SIGTERM, theoremeter::on_signal);
  const auto fail = [](const std::string& what, int code) {
    fmt::print(stderr, "theoremeter: {}\n", what);
    return code;
  };
  try {
    const int status = theoremeter::main_checked(argc, argv);
    if (std::fflush(stdout) != 0) return fail("cannot write to standard output", 1);
    return status;
  } catch (const theoremeter::InputError& error) {
    return fail(error.what(), 2);
  } catch (const std::bad_alloc&) {
    return fail("out of memory", 1);
  } catch (const std::exception& error) {
    return fail(error.what(), 1);
  }
}
