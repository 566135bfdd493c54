// The file of landscapes: HDF5 with dimension scales, described in docs/landscape_format.md.
#pragma once

#include "experiments/studies/landscape_results.hpp"

#include <string>

namespace theoremeter {

/// Does the file hold landscapes? Throws InputError as `read` does for one that is no results file at all.
bool holds_landscapes(const std::string& path);

/// As check_output, write and read of results/file.hpp.
void check_landscape_output(const std::string& path, bool overwrite);
void write(const LandscapeResults& results, const std::string& path, bool overwrite);
LandscapeResults read_landscapes(const std::string& path);

}  // namespace theoremeter
