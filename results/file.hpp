// The results file: HDF5 with dimension scales, described in docs/results_format.md.
#pragma once

#include "results/results.hpp"

#include <string>

namespace theoremeter {

/// Throws InputError unless `write` can put a file at `path`: an existing file needs `overwrite` and must be a sound
/// results file of ours; the directory must exist and be writable. To be called before a long measurement, too.
void check_condition_output(const std::string& path, bool overwrite);

/// Writes beside `path`, flushes, and renames: at every moment `path` is the old file or the new one, complete. On any
/// failure nothing is left behind; throws InputError (check_output) or std::runtime_error (a full disk, ...), in one
/// line.
void write(const Results& results, const std::string& path, bool overwrite);

/// What `write` was given, bit for bit. Throws InputError with the reason for a file that is missing, foreign,
/// truncated, damaged or of a newer major version.
Results read(const std::string& path);

}  // namespace theoremeter
