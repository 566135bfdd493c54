// The options of a verb, made from what a study declares.
#pragma once

#include "experiments/studies/study.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace theoremeter {

/// What was said on the command line; what is empty was not.
struct Options {
  std::map<std::string, std::string> study;  // a text for each parameter and input that was said
  std::map<std::string, bool> flags;         // of the study's yes/no parameters
  std::string file, output, format = "text", columns, group_by, statistic, share, time, mem, partition;
  std::vector<std::string> files, sbatch;
  std::optional<double> interval;
  std::int64_t draws = 1, threads = 1, sample = 0, point = -1, draw = -1, array = 0, ranks = 0, cpus = 1;
  bool json = false, overwrite = false, resume = false, dry_run = false, full = false, each_draw = false, again = false,
       threads_said = false, complete = false;
};

/// --n, --ensemble, ..., --weights: each parameter and input of the study, with its help; what is said goes to
/// `o.study`.
void add_parameters(CLI::App& verb, const Study& study, Options& o);

}  // namespace theoremeter
