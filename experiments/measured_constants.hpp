// What data sets say of the constants of a statement.
#pragma once

#include "results/data_set.hpp"
#include "theory/statements.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace theoremeter {

/// A column over the draws of a point, times its factor.
struct OverDraws {
  std::string column;
  Says says = Says::statistic;
  std::size_t draws = 0;  // that have a value
  double median = 0, least = 0, most = 0;
};

/// A constant at one point of a sweep.
struct MeasuredAt {
  std::string file, constant;
  std::string sizes;  // "n=200 k=3"
  std::vector<OverDraws> columns;
  std::optional<double> stated;        // the paper's number for it
  std::optional<double> allowed;       // by the statement's hypothesis
  double depth = 0;                    // at this depth, where the point says none; 0: it does
  std::size_t draws = 0;               // measured at this point
  std::size_t holds = 0, refuted = 0;  // draws in which "constant <= allowed" is proved, is refuted
};

/// Of all points of a file that the statement concerns. Layers that a point does not say: `said`'s, else the fewest
/// that the statement is about, which allow the most.
std::vector<MeasuredAt> measured_of(const Statement& statement, const std::string& file, const DataSet& data,
                                    const At& said);

}  // namespace theoremeter
