// A run from its beginning to its end: what is measured is kept, whatever happens.
#pragma once

#include "experiments/experiment.hpp"
#include "experiments/queue.hpp"
#include "experiments/ranks.hpp"

#include <string>

namespace theoremeter {

struct Keep {
  std::string output;  // "": in memory alone
  bool overwrite = false, resume = false;
  Share share = {};
  int threads = 1;
};

/// Measures all draws of the experiment that `output` lacks, and returns the data set. At any moment `output` is a
/// sound results file, and it and the journal beside it hold every draw that was finished. Throws InputError before
/// anything is changed: where no output can be made, another run writes it, or what it holds contradicts the
/// experiment, the difference named.
DataSet measure_all(const Experiment& e, const Keep& keep);

/// The same by all ranks of a job; called by rank 0, while the others `follow`.
DataSet measure_all(const Experiment& e, const Keep& keep, Post& post, Crew crew);

}  // namespace theoremeter
