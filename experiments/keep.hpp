#pragma once
#include "experiments/experiment.hpp"
#include "experiments/queue.hpp"
namespace theoremeter {
struct Keep {
  std::string output;
  bool overwrite = false, resume = false;
  Share share = {};
  int threads = 1;
};
DataSet measure_all(const Experiment& e, const Keep& keep);
}  // namespace theoremeter
