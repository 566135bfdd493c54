// A data set as a table: for people, for papers, for other programs. Labels, units, signs and legends are decided here
// alone.
#pragma once

#include "results/data_set.hpp"
#include "results/summary.hpp"

#include <string>
#include <vector>

namespace theoremeter {

enum class TableFormat { text, csv, latex, markdown };
inline const std::vector<std::string> table_format_names{"text", "csv", "latex", "markdown"};

struct TableOptions {
  TableFormat format = TableFormat::text;
  bool each_draw = false;             // a line a draw instead of one a point
  std::vector<std::string> group_by;  // parameters; empty: a line a point
  double confidence = 0.95;           // of intervals
  std::size_t width = 100;            // of text: columns that do not fit go to a second block
};

/// Throws InputError for a column or parameter that there is not.
std::string table(const DataSet& data, const std::string& title, const std::vector<Summary>& summaries,
                  const TableOptions& options);

/// "median", "mean", "range", "quantile=0.9", "count", "share" of a column, as a summary of it.
Summary summary_of(const Schema& schema, const std::string& column, const std::string& statistic);

}  // namespace theoremeter
