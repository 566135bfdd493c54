// Files of an earlier minor version of the format: it only added columns since.
#pragma once

#include "results/data_file.hpp"

namespace theoremeter {

/// With the columns that the study has gained since the data set was written. A number that was not kept is NaN, or 0;
/// a flag is the one under which its values stood then. A data set of a study that is not declared, or with columns
/// that are not among those declared, stays as it is.
DataSet with_later_columns(DataSet data, const std::vector<Declared>& declared);

}  // namespace theoremeter
