// Experiments on landscapes: a sweep over sizes and draws, from a TOML file.
#pragma once

#include "experiments/landscapes.hpp"
#include "experiments/verbs.hpp"

#include <string>
#include <vector>

namespace theoremeter {

struct LandscapeSweepPoint {
  LandscapeSetting setting;
  LandscapeRequest request;
};

struct LandscapeExperiment {
  std::string text;  // the file, whole
  std::string title;
  Problem problem = Problem::inversion;
  Ensembles ensembles;
  double noise = 0;
  std::uint64_t seed = 1;
  std::int64_t draws = 1;
  std::vector<LandscapeSweepPoint> points;
};

/// Does the experiment have a `problem` instead of a `condition`? Throws InputError for a missing file and syntax
/// errors.
bool describes_landscapes(const std::string& path);

/// Reads an experiment as read_experiment does. Keys, of the experiment: title, problem, ensemble, measurements, noise,
/// seed, draws; of each [[sweep]]: its sizes (widths = [[2, 20, 60]], m = [100]), directions, starts, solutions,
/// descents, condition_starts, grid, radius, census.
LandscapeExperiment read_landscape_experiment(const std::string& path);

/// `run` of such an experiment.
int run_landscapes(const Options& options);

}  // namespace theoremeter
