#include "experiments/experiment.hpp"
#include "experiments/options.hpp"
#include "experiments/progress_line.hpp"
#include "experiments/scripts.hpp"
#include "experiments/shell_word.hpp"
#include "experiments/tasks.hpp"
#include "experiments/verbs.hpp"
#include "results/atomic.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <vector>

namespace theoremeter {
namespace {

namespace fs = std::filesystem;

/// Slurm's times: minutes, minutes:seconds, hours:minutes:seconds, days-hours, days-hours:minutes, ...; in seconds.
long seconds_of(const std::string& time) {
  static const std::regex pattern(R"((?:(\d{1,4})-)?(\d{1,6})(?::(\d{1,2}))?(?::(\d{1,2}))?)");
  std::smatch parts;
  if (!std::regex_match(time, parts, pattern))
    throw InputError(
        fmt::format("--time {}: must be MINUTES, HOURS:MINUTES:SECONDS or DAYS-HOURS[:MINUTES[:SECONDS]]", time));
  const auto part = [&](std::size_t i) { return parts[i].matched ? std::atol(parts[i].str().c_str()) : 0L; };
  if (parts[1].matched || parts[4].matched) return part(1) * 86400 + part(2) * 3600 + part(3) * 60 + part(4);
  return part(2) * 60 + part(3);
}

void check_word(const std::string& option, const std::string& text, const char* form, const char* right) {
  if (!text.empty() && !std::regex_match(text, std::regex(form)))
    throw InputError(fmt::format("--{} {}: must be {}", option, text, right));
}

void check_range(const char* option, std::int64_t n, std::int64_t most) {
  if (n < 1 || n > most) throw InputError(fmt::format("--{} {}: must be 1 to {}", option, n, most));
}

/// Whether it is an array of tasks, not one MPI job.
bool is_array(const Options& o) {
  if ((o.array > 0) == (o.ranks > 0)) throw InputError("--array N or --mpi N: one of them is needed");
  return o.array > 0;
}

void check_batch(const Options& o, const Experiment& e) {
  if (!o.output.ends_with(".h5")) throw InputError(fmt::format("--output {}: must end in .h5", o.output));
  const auto draws = static_cast<std::int64_t>(e.points.size() * e.draws);
  if (is_array(o)) check_range("array", o.array, std::min<std::int64_t>(draws, 1'000'000));
  if (!is_array(o)) check_range("mpi", o.ranks, 1'000'000);
  check_range("cpus", o.cpus, 1024);
  if (!o.time.empty()) check_range("time", seconds_of(o.time), 366 * 86400);
  check_word("mem", o.mem, R"(\d+[KMGT]?)", "a number, with K, M, G or T");
  check_word("partition", o.partition, R"([^\s'"]+)", "a name");
  for (const std::string& line : o.sbatch)
    check_word("sbatch", line, R"(--?[a-zA-Z][^\n]*)", "an option of sbatch, as --sbatch=--account=NAME");
}

std::string program_path() {
  std::error_code error;
  const fs::path path = fs::read_symlink("/proc/self/exe", error);
  return error ? "theoremeter" : path.string();
}

/// "F" of F.h5.
std::string base_of(const Options& o) { return o.output.substr(0, o.output.size() - 3); }

/// What the script asks Slurm for.
std::vector<std::string> directives(const Options& o) {
  const std::string name = fs::path(base_of(o)).filename();
  std::vector<std::string> lines{"--job-name=" + shell_word(name), "--chdir=" + shell_word(fs::current_path())};
  if (is_array(o)) lines.push_back(fmt::format("--array=0-{}", o.array - 1));
  lines.push_back("--output=" + shell_word(base_of(o) + (is_array(o) ? ".%a.log" : ".log")));
  lines.push_back(fmt::format("--ntasks={}", is_array(o) ? 1 : o.ranks));
  lines.push_back(fmt::format("--cpus-per-task={}", o.cpus));
  if (!o.time.empty()) lines.push_back("--time=" + o.time);
  if (!o.mem.empty()) lines.push_back("--mem=" + o.mem);
  if (!o.partition.empty()) lines.push_back("--partition=" + o.partition);
  lines.insert(lines.end(), o.sbatch.begin(), o.sbatch.end());
  lines.insert(lines.end(), {"--open-mode=append", "--requeue"});
  const long ahead = o.time.empty() ? 60 : std::clamp(seconds_of(o.time) / 6, 10L, 120L);
  lines.push_back(fmt::format("--signal=USR1@{}", ahead));
  return lines;
}

std::string batch_script(const Options& o) {
  const std::string experiment = shell_word(fs::exists(o.file) ? fs::path(o.file).string() : found_experiment(o.file));
  const std::string index = "$SLURM_ARRAY_TASK_ID";
  std::string text =
      fmt::format("#!/bin/bash\n# {}: {}.\n", experiment,
                  is_array(o) ? fmt::format("task I measures share I of {}, whatever the others do", o.array)
                              : fmt::format("one job of {} ranks", o.ranks));
  text +=
      "# Submitted again, or requeued, it goes on where it stopped; when all is measured it does nothing.\n"
      "# Before its time is over it is told by a signal, keeps what is finished, and puts itself into the queue "
      "again.\n";
  for (const std::string& line : directives(o)) text += "#SBATCH " + line + "\n";
  text += "\nexport OMP_NUM_THREADS=\"$SLURM_CPUS_PER_TASK\"\n";
  text += fmt::format("srun {}--cpus-per-task=\"$SLURM_CPUS_PER_TASK\" {} \\\n  run {} {}",
                      is_array(o) ? "" : "--mpi=pmix --kill-on-bad-exit=1 ", shell_word(program_path()), experiment,
                      o.full ? "--full " : "");
  if (is_array(o)) {
    const Tasks tasks{base_of(o), static_cast<std::uint64_t>(o.array)};
    text += fmt::format("--share \"{}/{}\" --output {}", index, o.array,
                        shell_word(base_of(o)) + fmt::format(".\"{}\"-of-{}.h5", index, o.array));
  } else {
    text += "--output " + shell_word(o.output);
  }
  text += " --resume\nstatus=$?\n";
  text += fmt::format("if [ $status = 75 ]; then scontrol requeue \"{}\"; fi  # stopped before the end, nothing lost\n",
                      is_array(o) ? "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" : "$SLURM_JOB_ID");
  return text + "exit $status\n";
}

/// What the dependent job does: joins what there is, and fails where something is missing.
std::string merging(const Options& o) {
  const std::string parts =
      is_array(o) ? shell_word(base_of(o)) + fmt::format(".*-of-{}.h5", o.array) : shell_word(o.output);
  const std::string name = shell_word(program_path());
  return fmt::format("{} merge {} --output {} --overwrite --complete || {{ {} status {}; exit 1; }}", name, parts,
                     shell_word(o.output), name, parts);
}

}  // namespace

int slurm_verb(const Options& o) {
  check_batch(o, experiment_named(o));
  const std::string file = base_of(o) + ".slurm", text = batch_script(o);
  check_replaceable(file);
  if (fs::exists(file) && !o.overwrite)
    throw InputError(fmt::format("{}: exists, perhaps with changes of yours; --overwrite replaces it", file));
  replace_file(file, {text.begin(), text.end()}, o.overwrite);
  say(fmt::format("theoremeter: {} is written; to submit it, and what joins and checks the results afterwards:\n",
                  file));
  std::vector<std::string> options{"--job-name=" + shell_word(fs::path(base_of(o)).filename().string() + ".merge"),
                                   "--output=" + shell_word(base_of(o) + ".merge.log"), "--open-mode=append"};
  if (!o.partition.empty()) options.push_back("--partition=" + o.partition);
  for (const std::string& line : o.sbatch) options.push_back(shell_word(line));
  fmt::print("job=$(sbatch --parsable {})\nsbatch --dependency=afterany:\"$job\" {} --wrap={}\n", shell_word(file),
             fmt::join(options, " "), shell_word(merging(o)));
  return 0;
}

}  // namespace theoremeter
