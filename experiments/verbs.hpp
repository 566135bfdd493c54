// What each verb of the command line does. Results to stdout, progress and messages to stderr.
#pragma once

#include "experiments/conditions.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace theoremeter {

/// The options of all verbs as given; what is empty was not given.
struct Options {
  std::map<std::string, std::string> sizes;
  std::map<std::string, std::string> given;  // --weights FILE and the like, by option
  bool transpose = false;                    // of these, but A: stored inputs x neurons
  std::optional<std::string> ensemble, measurements;
  std::optional<std::int64_t> draws, samples, starts, nodes, directions, descents, condition_starts;
  std::string network, evidence, grid, alpha, output, file, experiment;
  std::int64_t seed = 1, threads = 1;
  double gap = Request().gap, noise = 0;
  std::optional<double> radius;
  bool census = false, json = false, overwrite = false, resume = false, dry_run = false, each_draw = false;
};

/// Each returns the exit code: 0, or 1 when `verify` finds something wrong. Throws InputError for bad input.
int measure_verb(const Condition& condition, const Options& options);
int run_verb(const Options& options);
int show_verb(const Options& options);
int verify_verb(const Options& options);

}  // namespace theoremeter
