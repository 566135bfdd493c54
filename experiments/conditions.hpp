// The conditions that can be measured, as the command line, the runner and the results know them.
#pragma once

#include "estimators/ensembles.hpp"
#include "estimators/measurement.hpp"
#include "experiments/request.hpp"
#include "results/results.hpp"
#include "results/verify.hpp"

#include <map>
#include <string>
#include <vector>

namespace theoremeter {

struct Condition {
  std::string name;
  std::string statement;          // one line, for --help
  std::vector<Symbol> sizes;      // first the rows, then the columns of `matrix`
  std::vector<Symbol> arguments;  // one a sphere: the witness's
  std::string matrix;
  std::int64_t certified_to = 0;  // largest number of columns with a certificate
  std::function<Measurement(const Rows&, const Alpha&, const Request&, const Stream&, const StageProgress&)> measure;
  std::function<NaiveDeviation(Rows, double alpha)> naive;

  std::vector<std::string> size_names() const;
};

const std::vector<Condition>& conditions();

/// Throws InputError, suggesting the nearest name.
const Condition& condition_named(const std::string& name);

/// The stream of a draw: a function of the seed, the sizes and the draw, so that a draw of a sweep is replayed by
/// `measure` with the same sizes.
Stream draw_stream(std::uint64_t seed, const Condition& condition, const std::map<std::string, std::int64_t>& sizes,
                   std::uint64_t draw);

/// The matrix of a draw.
Rows draw_matrix(const Condition& condition, Ensemble ensemble, const std::map<std::string, std::int64_t>& sizes,
                 const Stream& draw);

}  // namespace theoremeter
