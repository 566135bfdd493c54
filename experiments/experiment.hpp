// An experiment: a study with its sweep, from a TOML file or from the options of a verb.
#pragma once

#include "experiments/studies/study.hpp"
#include "results/data_set.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace theoremeter {

/// An experiment may have two: a small one, and [full] for a cluster.
enum class Size { small, full };

struct Experiment {
  std::string text;  // the file, whole; or the command line
  std::string title;
  const Study* study = nullptr;
  std::uint64_t draws = 1;
  std::vector<Setting> points;            // checked
  std::shared_ptr<const Matrices> given;  // by their names in the file
  std::string given_spec;                 // the files they are from
  Sources sources;                        // of each
  std::vector<std::string> remarks;       // on how they were read
  std::vector<std::string> statements;    // ids
  std::vector<MeasuredConstant> measured;
};

/// Reads an experiment of any study. Throws InputError in one line, at FILE:LINE: a missing file, a syntax error, an
/// unknown study or key (with the nearest), a wrong type, a value out of range, and what any point would refuse when
/// its turn comes.
///
/// Keys: title, draws, statement (an id, or a list of them) and measured (tables, below), the study's key (condition =
/// "wdc"), its inputs (weights = "W.npy", relative to the file); and
/// every parameter of the study, at the top as the value for all sweeps or in a [[sweep]]: a value or a list of them,
/// of which all combinations are points. Whole numbers may be ratios (n_over_k = [5, 10]) or expressions of the other
/// numbers (n = "ceil(4*k*log(k))").
///
/// measured = [{column = "at_least", constant = "wdc"}]: this column is a number of that constant of the statements
/// named (of those that have it; of one alone with statement = "ID"), times factor where that is given.
///
/// [full]: draws, parameters and [[full.sweep]] that, in the full size, replace what stands outside of it.
Experiment read_experiment(const std::string& path, Size size = Size::small);

/// One point, or one a layer, from the texts given to options by name.
Experiment of_options(const Study& study, const std::map<std::string, std::string>& options, std::uint64_t draws);

/// What its data set says of itself before anything is measured.
Description description(const Experiment& e);

}  // namespace theoremeter
