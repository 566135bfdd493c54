// The command line. Results to stdout, progress and messages to stderr; exit 0 on success, 2 on wrong use or bad input,
// 1 on failure, 75 when stopped with everything finished kept.
#include "experiments/completion.hpp"
#include "experiments/cores.hpp"
#include "experiments/fit.hpp"
#include "experiments/interruption.hpp"
#include "experiments/options.hpp"
#include "experiments/progress_line.hpp"
#include "experiments/rho.hpp"
#include "experiments/studies/studies.hpp"
#include "experiments/theorems.hpp"
#include "experiments/usage.hpp"
#include "experiments/verbs.hpp"
#include "results/provenance.hpp"
#include "results/table.hpp"
#include "theory/error.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <system_error>
#include <utility>

namespace theoremeter {
namespace {

constexpr const char* examples = R"(Examples:
  theoremeter measure wdc --n 200 --k 3             Gaussian W, as in the theorem
  theoremeter measure wdc --weights W.npy --json    a layer of your own
  theoremeter run sweep.toml --output sweep.h5      a sweep over sizes and draws
  theoremeter show sweep.h5
  theoremeter landscape phase-retrieval --widths 2,20,60 --m 100 --census

Results go to stdout, progress and messages to stderr.
Exit code: 0 success, 2 wrong use or bad input, 1 failure, 75 stopped before the end (--resume).)";

constexpr const char* experiment_notes = R"~(The experiment is a TOML file:
  title = "..."                        printed above the table
  statement = "hv-lemma-8"             what it is about, or a list: theoremeter theorems
  condition = "wdc"                    the study; or problem = "inversion", surface = "...", ...
  weights = "W.npy"                    matrices given, beside the experiment
  draws = 1                            independent draws at each point
  ensemble = "gaussian"                any parameter of the study, for all sweeps
  [[sweep]]                            one or more: all combinations of what it lists
  k = [2, 3]                           a value or a list of them, of any parameter
  n_over_k = [5, 10]                   or n itself, or an expression: n = "ceil(4*k*log(k))"
  [full]                               in place of what is above, with --full: draws, parameters,
  draws = 100                          and [[full.sweep]] of its own
The parameters are the options of `theoremeter measure wdc` and the like, with _ for -.)~";

void add_output(CLI::App& verb, Options& o, const char* meaning) {
  verb.add_option("--output", o.output, meaning)->type_name("F.h5")->check(not_empty());
  verb.add_flag("--overwrite", o.overwrite, "replace an existing results file");
  verb.add_flag("--resume", o.resume, "keep the draws that --output already holds, measure the others");
}

void add_threads(CLI::App& verb, Options& o) {
  const std::string meaning = fmt::format("threads (default: {}, all there are; no result depends on it)", o.threads);
  verb.add_option("--threads", o.threads, meaning)->type_name("T")->transform(whole_number());
}

bool any_parameter(const std::string&) { return true; }

/// The study as one of its words has it: the parameters and inputs that are of use there.
Study worded(const Study& study, const std::string& choice) {
  Study s = as_asked(study, any_parameter);
  s.name = choice;
  s.statement = study.word->statement(choice);
  std::vector<AnyParameter> parameters;
  for (const AnyParameter& p : *s.parameters)
    if (study.word->concerns(choice, p.name)) parameters.push_back(p);
  s.parameters = std::make_shared<const std::vector<AnyParameter>>(std::move(parameters));
  std::erase_if(s.inputs, [&](const Input& input) { return !study.word->concerns(choice, input.option); });
  return s;
}

/// measure wdc, landscape inversion, recover dpr, ...: `shown` is what the page says, `study` what is measured.
void add_study(CLI::App& of, const Study& shown, const Study& study, Options& o, int& status) {
  CLI::App* verb = of.add_subcommand(shown.name, shown.statement);
  add_parameters(*verb, as_asked(shown, any_parameter), o);
  if (study.random)
    verb->add_option("--draws", o.draws, "independent draws (default 1)")
        ->type_name("N")
        ->transform(whole_number())
        ->group(seed.group);
  add_threads(*verb, o);
  add_output(*verb, o, "keep the results, with witnesses, in this HDF5 file");
  verb->add_flag("--json", o.json, "print one JSON object, in full precision, instead of the table");
  verb->set_help_flag("-h,--help", "print this page");  // again: now below the others
  if (!study.notes.empty()) verb->footer(study.notes);
  verb->callback([&o, &status, &study] { status = measure_verb(study, o); });
}

/// The verbs that ask a question of one instance, each with its studies.
void add_studies(CLI::App& app, std::map<std::pair<const Study*, std::string>, Options>& options, std::int64_t threads,
                 int& status) {
  std::map<std::string, CLI::App*> verbs;
  for (const Study& study : studies()) {
    CLI::App*& verb = verbs[study.verb];
    if (!verb) {
      verb = app.add_subcommand(study.verb, study.question);
      verb->require_subcommand(1);
    }
    if (!study.word) {
      Options& o = options[{&study, ""}];
      o.threads = threads;
      add_study(*verb, study, study, o, status);
      continue;
    }
    for (const AnyParameter& p : *study.parameters)
      for (const std::string& choice : p.name == study.word->parameter ? p.choices : std::vector<std::string>()) {
        Options& o = options[{&study, choice}];
        o.threads = threads;
        o.study[p.name] = choice;
        add_study(*verb, worded(study, choice), study, o, status);
      }
  }
}

CLI::App* add_file_verb(CLI::App& app, const char* name, const char* meaning, Options& o) {
  CLI::App* verb = app.add_subcommand(name, meaning);
  verb->add_option("F.h5", o.file, "results file")->required()->option_text(" ");
  return verb;
}

CLI::App* add_files_verb(CLI::App& app, const char* name, const char* meaning, Options& o, const char* what) {
  CLI::App* verb = app.add_subcommand(name, meaning);
  verb->add_option(what, o.files, "results files")->required()->option_text(" ");
  return verb;
}

void add_draw(CLI::App& verb, Options& o) {
  const auto add = [&](const char* name, std::int64_t& to, const char* meaning, const char* type) {
    verb.add_option(name, to, meaning)->type_name(type)->transform(whole_number())->check(no_less_than(0));
  };
  add("--point", o.point, "a point of the sweep, from 0 on", "P");
  add("--draw", o.draw, "a draw of it, from 0 on", "D");
}

void add_full(CLI::App& verb, Options& o) {
  verb.add_flag("--full", o.full, "the experiment's full size: what its table [full] says");
}

void add_run(CLI::App& app, Options& o, int& status) {
  CLI::App* run = app.add_subcommand("run", "Measure a sweep over parameters and draws");
  run->add_option("EXPERIMENT.toml", o.file, "the sweep, described below; or the name of one that came along")
      ->required()
      ->option_text(" ");
  add_output(*run, o, "keep every draw in this HDF5 file as soon as it is finished");
  run->add_option("--share", o.share, "of N disjoint parts of the draws, the I-th alone, from 0 on")->type_name("I/N");
  add_threads(*run, o);
  add_full(*run, o);
  run->add_flag("--dry-run", o.dry_run, "check the experiment and estimate what it takes");
  run->footer(std::string(experiment_notes) +
              "\nUnder mpirun -n R: by R ranks together, each on --threads threads (default: its cores).");
  run->callback([&, run] {
    o.threads_said = run->count("--threads") > 0;
    status = run_verb(o);
  });
}

void add_file_verbs(CLI::App& app, Options& o, int& status) {
  CLI::App* show = add_file_verb(app, "show", "Print a results file as a table, or all of one draw", o);
  show->add_flag("--draws", o.each_draw, "a line for each draw instead of one for each point");
  add_draw(*show, o);
  show->add_flag("--json", o.json, "print JSON: an object a point, each as from measure --json; or the draw's");
  show->callback([&] { status = show_verb(o); });

  CLI::App* status_of =
      add_files_verb(app, "status", "How far runs are: draws done, missing, time spent and left", o, "PATH");
  status_of->add_flag("--json", o.json, "print one JSON array");
  status_of->footer("Takes results files, their journals, and folders of them.");
  status_of->callback([&] { status = status_verb(o); });

  CLI::App* check = add_files_verb(app, "verify", "Recompute what results files say from the definitions", o, "F.h5");
  check->add_option("--sample", o.sample, "only N draws, spread evenly")
      ->type_name("N")
      ->transform(whole_number())
      ->check(no_less_than(1));
  check->add_flag("--again,--certificates", o.again, "draw samples and prove certificates again too");
  add_threads(*check, o);
  check->footer(
      "Draws the matrices anew, evaluates every stored witness from the definition alone, and checks\n"
      "that all else follows from it. Exit code 1 when anything disagrees.");
  check->callback([&] { status = verify_verb(o); });

  CLI::App* merge = add_files_verb(app, "merge", "Join shares, repeated runs and older files into one", o, "F.h5");
  merge->add_option("--output", o.output, "the file to make")->type_name("G.h5")->check(not_empty())->required();
  merge->add_flag("--overwrite", o.overwrite, "replace an existing results file");
  merge->add_flag("--complete", o.complete, "exit code 1 when draws are missing");
  merge->callback([&] { status = merge_verb(o); });

  CLI::App* digest = add_files_verb(app, "digest", "Print a digest of the content: equal for equal results", o, "F.h5");
  digest->callback([&] { status = digest_verb(o); });

  CLI::App* table = add_file_verb(app, "table", "Print a table: for people, papers, other programs", o);
  table->add_option("--format", o.format, fmt::format("{} (default text)", fmt::join(table_format_names, ", ")))
      ->type_name("NAME");
  table->add_option("--columns", o.columns, "columns of the file (default: the study's)")->type_name("NAME,...");
  table->add_option("--group-by", o.group_by, "parameters: a line for each of their values (default: a line a point)")
      ->type_name("NAME,...");
  table
      ->add_option("--statistic", o.statistic,
                   "median, mean, range, quantile=Q, count or share over draws (default range)")
      ->type_name("NAME");
  table
      ->add_option("--interval", o.interval,
                   "with confidence intervals, as 0.95: of medians, means, quantiles, shares (share's default: 0.95)")
      ->type_name("P")
      ->check(number());
  table->add_flag("--draws", o.each_draw, "a line for each draw");
  table->callback([&] { status = table_verb(o); });

  CLI::App* plot = add_file_verb(app, "plot", "Draw the study's figure, or one column against a parameter", o);
  for (const auto& [name, meaning] : {std::pair{"x", "parameter, or ratio of two, as n_over_k"},
                                      {"y", "columns"},
                                      {"panels", "parameter"},
                                      {"log", "x, y or xy"}})
    plot->add_option(std::string("--") + name, o.study[name], meaning)->type_name("NAME");
  plot->add_option("--output", o.output, "PREFIX.pdf and PREFIX.png are made (default: beside the file)")
      ->type_name("PREFIX");
  add_draw(*plot, o);
  plot->footer("A draw with a census (a file of one, or --point, --draw): its objective and stationary points.");
  plot->callback([&] { status = plot_verb(o); });

  CLI::App* report =
      add_files_verb(app, "report", "Make one page of results files: tables, figures, witnesses", o, "F.h5");
  report->add_option("--output", o.output, "the page: HTML that needs nothing else")
      ->type_name("F.html")
      ->check(not_empty())
      ->required();
  report->callback([&] { status = report_verb(o); });

  CLI::App* exported = add_file_verb(app, "export", "Write the matrices of a draw", o);
  add_draw(*exported, o);
  exported->add_option("--output", o.output, "a folder of .npy files, or an .h5 file")
      ->type_name("PATH")
      ->check(not_empty())
      ->required();
  exported->callback([&] { status = export_verb(o); });
}

void add_slurm(CLI::App& app, Options& o, int& status) {
  CLI::App* verb = app.add_subcommand("slurm", "Write a batch script for Slurm, print the commands that submit it");
  verb->add_option("EXPERIMENT.toml", o.file, "the sweep, as for run")->required()->option_text(" ");
  add_full(*verb, o);
  verb->add_option("--output", o.output, "the results file at the end; beside it: F.slurm, logs, a file a task")
      ->type_name("F.h5")
      ->check(not_empty())
      ->required();
  const auto count = [&](const char* name, std::int64_t& to, const char* meaning) {
    verb->add_option(name, to, meaning)->type_name("N")->transform(whole_number());
  };
  count("--array", o.array, "so many tasks, each with a share of the draws of its own");
  count("--mpi", o.ranks, "or one job of so many ranks, which hand out draws as they go");
  count("--cpus", o.cpus, "cores, and threads, of each task or rank (default 1)");
  verb->add_option("--time", o.time, "the longest that a task may take at a time: 2:00:00")->type_name("TIME");
  verb->add_option("--mem", o.mem, "memory of a node: 4G")->type_name("SIZE");
  verb->add_option("--partition", o.partition, "where")->type_name("NAME");
  verb->add_option("--sbatch", o.sbatch, "another line: --sbatch=--account=NAME")
      ->type_name("OPTION")
      ->allow_extra_args(false);
  verb->add_flag("--overwrite", o.overwrite, "replace an existing script");
  verb->footer(
      "Prints two commands, for sh: one submits the script, the other a job that joins the results\n"
      "when it has ended, and fails where draws are missing. theoremeter status says of which tasks.");
  verb->callback([&] { status = slurm_verb(o); });
}

void add_format(CLI::App& app, Options& o, int& status) {
  CLI::App* verb = app.add_subcommand("format", "Print what a results file holds, as a document (Markdown)");
  verb->add_option("STUDY", o.files, "wdc, landscape, ... (default: all)")->option_text(" ");
  verb->callback([&] { status = format_verb(o); });
}

/// Not for people: the build asks for these and installs them.
void add_completion(CLI::App& app, std::string& kind) {
  app.add_subcommand("completion", "Print a completion script, for bash or zsh, or the man page")
      ->add_option("KIND", kind, "bash, zsh or man")
      ->required()
      ->option_text(" ");
}

void print_completion(const CLI::App& app, const std::string& kind) {
  const std::size_t which = position("completion", kind, {"bash", "zsh", "man"});
  fmt::print("{}", which == 0   ? bash_completion(app)
                   : which == 1 ? zsh_completion(app)
                                : man_page(app, this_program().version));
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
  options.threads = usable_cores();
  std::map<std::pair<const Study*, std::string>, Options> of_studies;
  int status = 0;
  add_studies(app, of_studies, options.threads, status);
  add_run(app, options, status);
  add_slurm(app, options, status);
  add_file_verbs(app, options, status);
  add_fit(app, status);
  add_format(app, options, status);
  add_rho(app, status);
  add_theorems(app, status);
  std::string completion;
  add_completion(app, completion);
  app.footer(examples);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& done) {
    return app.exit(done);
  } catch (const CLI::ParseError& error) {
    throw InputError(usage_error(app, error));
  }
  if (!completion.empty()) print_completion(app, completion);
  return status;
}

/// A closed stream must not be replaced by the next file that is opened; what is written to stdout then fails, as it
/// should, and what is written to stderr is lost.
void keep_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(stream, F_GETFD) < 0) open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY);
}

int fail(std::string what, int code) {
  std::replace(what.begin(), what.end(), '\n', ' ');
  say(fmt::format("theoremeter: {}\n", what));
  return code;
}

/// The reader of a pipe that has enough ends the program as it ends any other.
int fail_to_write(int error) {
  if (error == EPIPE) {
    std::signal(SIGPIPE, SIG_DFL);
    std::raise(SIGPIPE);
  }
  return fail(fmt::format("cannot write to standard output: {}", std::strerror(error)), 1);
}

/// The exit code of the command, whose failures are told.
int command(int argc, char** argv) {
  try {
    const int status = main_checked(argc, argv);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) return fail_to_write(errno);
    return status;
  } catch (const InputError& error) {
    return fail(error.what(), 2);
  } catch (const std::system_error& error) {
    if (std::ferror(stdout) != 0) return fail_to_write(error.code().value());
    return fail(error.what(), 1);
  } catch (const std::bad_alloc&) {
    return fail("out of memory", 1);
  } catch (const std::exception& error) {
    return fail(error.what(), 1);
  }
}

}  // namespace
}  // namespace theoremeter

int main(int argc, char** argv) {
  using namespace theoremeter;
  keep_standard_streams();
  std::signal(SIGPIPE, SIG_IGN);  // stderr may be a pipe that nobody reads
  std::signal(SIGXFSZ, SIG_IGN);  // a file size limit is then an error of write, as a full disk is
  end_on_interruption();
  const int status = command(argc, argv);
  done_with_interruption();
  return status;
}
