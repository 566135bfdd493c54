// What each verb of the command line does. Results to stdout, progress and messages to stderr.
#pragma once

#include "experiments/experiment.hpp"
#include "experiments/options.hpp"
#include "results/data_set.hpp"

namespace theoremeter {

/// Each returns the exit code: 0, or 1 when something is found wrong. Throws InputError for bad input.
int measure_verb(const Study& study, const Options& options);  // measure, landscape, ...: one point, or one a layer
int run_verb(const Options& options);
int show_verb(const Options& options);
int verify_verb(const Options& options);
int status_verb(const Options& options);
int merge_verb(const Options& options);
int digest_verb(const Options& options);
int table_verb(const Options& options);
int export_verb(const Options& options);
int plot_verb(const Options& options);
int report_verb(const Options&);
int format_verb(const Options& options);
int slurm_verb(const Options& options);

/// The experiment of run and slurm, in the size asked for.
Experiment experiment_named(const Options& options);

/// The data set of a results file; what its journals lost is said.
DataSet read_with_remarks(const std::string& path);

}  // namespace theoremeter
