// The command line. Results to stdout, progress and messages to stderr; exit 0 on success, 2 on wrong use or bad input,
// 1 on failure.
#include "experiments/conditions.hpp"
#include "experiments/interruption.hpp"
#include "experiments/landscape.hpp"
#include "experiments/rho.hpp"
#include "experiments/run.hpp"
#include "experiments/usage.hpp"
#include "experiments/verbs.hpp"
#include "experiments/words.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <omp.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <csignal>
#include <string>

namespace theoremeter {
namespace {

constexpr const char* examples = R"(Examples:
  theoremeter measure wdc --n 200 --k 3             Gaussian W, as in the theorem
  theoremeter measure wdc --weights W.npy --json    a layer of your own
  theoremeter run sweep.toml --output sweep.h5      a sweep over sizes and draws
  theoremeter show sweep.h5
  theoremeter landscape phase-retrieval --widths 2,20,60 --m 100 --census

Results go to stdout, progress and messages to stderr.
Exit code: 0 success, 2 wrong use or bad input, 1 failure.)";

constexpr const char* experiment_keys = R"(The experiment:
  title = "..."                        printed above the table
  condition = "wdc"                    or phaseless, joint-wdc, rrcp
  ensemble = "gaussian"                the default, as are the next four
  measurements = "gaussian"            of rrcp: what draws A
  seed = 1
  draws = 1                            independent draws at each point
  gap = 0.01
  [[sweep]]                            one or more: all combinations of its sizes
  k = [2, 3]                           a number or a list
  n_over_k = [5, 10]                   or n itself; likewise m_over_n, l_over_p, ...
  evidence = "sample,search,certify"   this, samples, starts, nodes, grid and alpha
                                       are as in measure, with the same defaults
Of landscapes: problem = "inversion" or another in place of condition, noise in place of gap, and of
a sweep its sizes (widths = [[2, 20, 60], [2, 50]], m = [100]), directions, starts, solutions,
descents, condition_starts, grid, radius, census = true.
Of a population surface: surface = "phase-retrieval" or another, depth, depth2, points, extent.)";

void add_output(CLI::App& verb, Options& o, const char* when) {
  const std::string meaning = fmt::format("keep the results, with witnesses, in this HDF5 file{}", when);
  verb.add_option("--output", o.output, meaning)->type_name("F.h5")->check(not_empty());
  verb.add_flag("--overwrite", o.overwrite, "replace an existing results file");
}

void add_threads(CLI::App& verb, Options& o) {
  const std::string meaning = fmt::format("threads (default: {}, all there are; no result depends on it)", o.threads);
  verb.add_option("--threads", o.threads, meaning)->type_name("T")->check(whole_number());
}

void add_condition(CLI::App& measure, const Condition& condition, Options& o, int& status) {
  CLI::App* verb = measure.add_subcommand(condition.name, condition.statement)->group("Conditions");
  std::string group;
  const auto text = [&](const char* name, auto& value, const std::string& meaning, const char* type) {
    verb->add_option(name, value, meaning)->type_name(type)->check(not_empty())->group(group);
  };
  const auto count = [&](const std::string& name, auto& value, const std::string& meaning) {
    verb->add_option(name, value, meaning)->type_name("N")->check(whole_number())->group(group);
  };
  group = "The instance, drawn or given";
  for (const Symbol& size : condition.sizes)
    verb->add_option("--" + size.name, o.sizes[size.name], size.meaning)
        ->type_name(size.list ? "N,N,..." : "N")
        ->check(size.list ? whole_number_list() : whole_number())
        ->group(group);
  text("--ensemble", o.ensemble,
       fmt::format("what draws the rows{}: {} (default gaussian)", condition.measures ? " of the layers" : "",
                   fmt::join(ensemble_names, ", ")),
       "NAME");
  if (condition.measures) text("--measurements", o.measurements, "what draws the rows of A (default gaussian)", "NAME");
  count("--draws", o.draws, "independent draws (default 1)");
  count("--seed", o.seed, fmt::format("seed of every random stream (default {})", o.seed));
  for (const Given& given : condition.given)
    text(("--" + given.option).c_str(), o.given[given.option], given.meaning,
         given.matrix.empty() ? "FILE[,FILE...]" : "FILE[:DATASET]");
  if (condition.has_alpha)
    text("--alpha", o.alpha,
         fmt::format("multiple of the expectation{} (default: the ensemble's own; 1 for given matrices{})",
                     condition.fits_alpha ? ", or fit: the one that makes constant / alpha least" : "",
                     condition.by_layer ? ", fit for --network" : ""),
         condition.fits_alpha ? "A|fit" : "A");
  group = "The evidence";
  text("--evidence", o.evidence,
       fmt::format("any of sample,search,certify (default: sample,search{}; there are certificates for {})",
                   condition.measures ? "" : ", and certify where it is quick", condition.certified_for),
       "LIST");
  count("--samples", o.samples, fmt::format("points sampled (default: {})", default_samples_text(condition)));
  text("--grid", o.grid,
       fmt::format("what is sampled on: {} (default: circle for k = 2, fibonacci for k = 3, sobol beyond)",
                   fmt::join(grid_names, ", ")),
       "NAME");
  count("--starts", o.starts, fmt::format("starts of the search (default: {})", default_starts_text(condition)));
  verb->add_option("--gap", o.gap, fmt::format("relative gap at which a certificate is complete (default {})", o.gap))
      ->type_name("G")
      ->check(number())
      ->group(group);
  count("--nodes", o.nodes,
        fmt::format("products of cones or arcs a certificate may bound (default {})", Request().nodes));
  add_threads(*verb, o);
  add_output(*verb, o, "");
  verb->add_flag("--json", o.json, "print one JSON object, in full precision, instead of the table");
  verb->set_help_flag("-h,--help", "print this page");  // again: now below the others
  verb->callback([&o, &status, &condition] { status = measure_verb(condition, o); });
}

/// A verb that takes one file.
CLI::App* add_file_verb(CLI::App& app, const char* name, const char* meaning, std::string& file, const char* kind,
                        const char* file_meaning) {
  CLI::App* verb = app.add_subcommand(name, meaning);
  verb->add_option(kind, file, file_meaning)->required()->option_text(" ");
  return verb;
}

void add_verbs(CLI::App& app, Options& o, int& status) {
  CLI::App* measure = app.add_subcommand("measure", "Measure a constant: at least (witnesses) and at most (proof)");
  measure->require_subcommand(1);
  for (const Condition& condition : conditions()) add_condition(*measure, condition, o, status);

  CLI::App* run = add_file_verb(app, "run", "Measure a sweep over sizes and draws", o.experiment, "EXPERIMENT.toml",
                                "the sweep, described below");
  add_output(*run, o, ", after every draw");
  run->add_flag("--resume", o.resume, "keep the draws that --output already holds, measure the others");
  add_threads(*run, o);
  run->add_flag("--dry-run", o.dry_run, "check the experiment and say how much there is to measure");
  run->footer(experiment_keys);
  run->callback([&] { status = run_verb(o); });

  CLI::App* show = add_file_verb(app, "show", "Print a results file as a table", o.file, "F.h5", "results file");
  show->add_flag("--draws", o.each_draw, "a line for each draw instead of one for each point");
  show->add_flag("--json", o.json, "print one JSON object {\"points\": [...]}, each as from measure --json");
  show->callback([&] { status = show_verb(o); });

  CLI::App* check =
      add_file_verb(app, "verify", "Recompute every witness of a results file", o.file, "F.h5", "results file");
  check->footer(
      "Draws the matrices anew, evaluates every stored witness from the definition alone, and checks\n"
      "at least <= at most; likewise the witnesses and stationary points of landscapes, and every value of\n"
      "a surface. Exit code 1 when anything disagrees.");
  check->callback([&] { status = verify_verb(o); });

  add_rho(app, status);
  add_landscape(app, status);
}

int main_checked(int argc, char** argv) {
  CLI::App app{
      "theoremeter measures the constants in recovery theorems for ReLU generative priors.\n"
      "Every number says what it is: at least (a witness attains it) or at most (proved)."};
  app.name("theoremeter");
  lay_out_help(app);
  app.set_version_flag("--version", "theoremeter " + this_program().version)->description("print the version");
  app.require_subcommand(1);
  Options options;
  options.threads = omp_get_max_threads();
  int status = 0;
  add_verbs(app, options, status);
  app.footer(examples);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& done) {
    return app.exit(done);
  } catch (const CLI::ParseError& error) {
    throw InputError(usage_error(app, error));
  }
  return status;
}

int fail(std::string what, int code) {
  std::replace(what.begin(), what.end(), '\n', ' ');
  fmt::print(stderr, "theoremeter: {}\n", what);
  return code;
}

}  // namespace
}  // namespace theoremeter

int main(int argc, char** argv) {
  using namespace theoremeter;
  std::signal(SIGXFSZ, SIG_IGN);  // a file size limit is then an error of write, as a full disk is
  end_on_interruption();
  try {
    const int status = main_checked(argc, argv);
    if (std::fflush(stdout) != 0) return fail("cannot write to standard output", 1);
    return status;
  } catch (const InputError& error) {
    return fail(error.what(), 2);
  } catch (const std::bad_alloc&) {
    return fail("out of memory", 1);
  } catch (const std::exception& error) {
    return fail(error.what(), 1);
  }
}
