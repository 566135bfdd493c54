// One data set of several files.
#pragma once

#include "results/data_file.hpp"

#include <string>
#include <vector>

namespace theoremeter {

/// One data set of all these files: shares, repeated runs, other seeds or points of the same study. Throws InputError,
/// naming both files, where they contradict each other. What journals lost goes to `remarks`.
DataSet merged(const std::vector<std::string>& paths, const Declarations& declared,
               std::vector<std::string>* remarks = nullptr);

/// The draws that a data set lacks, a line a point; "": none.
std::string gaps(const DataSet& data);

}  // namespace theoremeter
