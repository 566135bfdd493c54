// The columns of a study's table.
#pragma once

#include <optional>
#include <string>

namespace theoremeter {

/// range: "a .. b" over draws, rounded to stay true (an at least down, an at most up) and signed by its direction.
/// Several draws of a flag by name: the names that occur. share: of the draws in which the flag is set.
/// probability: of a flag named refuted, proved, undecided, the share proved .. not refuted; its interval counts what
/// is undecided as refuted below and as proved above.
enum class Statistic { range, median, mean, quantile, count, share, probability };

struct Summary {
  std::string heading, column;
  Statistic how = Statistic::range;
  double level = 0.5;                 // of a quantile
  bool percent = false;               // 100 times the value, with a % sign
  std::optional<double> unless = {};  // the column is left out where every value is this
  std::string legend = {};            // a line below the table where the column is shown
  std::string with = {};              // left out where this column is
  bool interval = false;              // of a share, median, quantile or mean: with its confidence interval
};

}  // namespace theoremeter
