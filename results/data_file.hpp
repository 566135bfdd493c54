// Results files, format 2.3 (HDF5), with the journals beside them; and the formats 1.x, which are read.
#pragma once

#include "results/data_set.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace theoremeter {

inline constexpr std::int64_t format_major = 2, format_minor = 3;

/// What a study's older files need to be read: its schema and parameters, by root attribute; see format_1.cpp.
struct Declared {
  std::string key, study;
  Parameters parameters;
  Schema schema;
  /// The row with what follows from the rest computed anew. Throws InputError for one that no longer means anything.
  std::function<Row(const Setting&, const Row&)> complete = {};
};
using Declarations = std::function<std::vector<Declared>()>;

/// The data set of a file of format 2.x or 1.x, and of the journals beside it. A file of 1.x needs the study's
/// declaration; one of an earlier 2.x gets the columns that came later from it (later_columns.hpp). Throws InputError,
/// naming the file, when it is missing, foreign, damaged, locked or unreadable, each called that. What a journal lost
/// goes to `remarks`.
DataSet read(const std::string& path, const Declarations& declared, std::vector<std::string>* remarks = nullptr);

/// How far a results file and its journals are, without their values: fast at any size.
struct Tally {
  Description about;
  std::vector<std::vector<State>> states;  // by point and draw
  std::vector<double> seconds;             // spent at each point, as the columns of kind "seconds" say
};
Tally tally(const std::string& path, const Declarations& declared);

/// Writes to a new file beside `path`, flushes it to the disk and renames it to `path`; mode and owner of a file
/// replaced are kept, symbolic links followed. Without `overwrite`, a file that has appeared at `path` meanwhile is
/// left alone. Throws std::runtime_error in one line; nothing was changed then.
void write(const DataSet& data, const std::string& path, bool overwrite);

/// Throws InputError unless a results file can be put at `path`: an existing one needs `overwrite`, and must be a
/// results file.
void check_output(const std::string& path, bool overwrite);

}  // namespace theoremeter
