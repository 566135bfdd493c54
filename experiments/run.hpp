// An experiment: a sweep over sizes and draws, from a TOML file.
#pragma once

#include "experiments/studies/conditions.hpp"

#include <map>
#include <string>
#include <vector>

namespace theoremeter {

/// One point of the sweep, with what is asked there.
struct SweepPoint {
  Sizes sizes;
  Request request;
  Alpha alpha;
};

struct Experiment {
  std::string text;  // the file, whole
  std::string title;
  const Condition* condition = nullptr;
  Ensembles ensembles;
  std::uint64_t seed = 1;
  std::int64_t draws = 1;
  std::vector<SweepPoint> points;
};

/// Reads an experiment. Throws InputError in one line for a missing file, a syntax error, an unknown key (suggesting
/// the nearest), a wrong type or a value out of range. Keys, of the experiment: title, condition, ensemble,
/// measurements, seed, draws, gap; of each [[sweep]]: a list of values for each size (k = [2, 3]; a list of lists where
/// the size is one, as widths) or for the ratio of two (n_over_k = [5, 10]), evidence, samples, starts, nodes, grid,
/// alpha. Without evidence: sample and search, and certify where the condition does by default.
Experiment read_experiment(const std::string& path);

/// Measures what `results` lacks, calling `save` after each draw.
void run(const Experiment& experiment, int threads, Results& results, const std::function<void(const Results&)>& save);

/// The empty results of an experiment: every draw still to be measured.
Results results_of(const Experiment& experiment);

}  // namespace theoremeter
