// Putting a complete file in place, or nothing.
#pragma once

#include <string>
#include <vector>

namespace theoremeter {

/// Throws InputError unless `path` is new or a regular file, in a directory in which files can be made.
void check_replaceable(const std::string& path);

/// Writes bytes to a new file beside `path`, flushes it to the disk and renames it to `path`. Without `overwrite`, a
/// file that has appeared at `path` meanwhile is left alone. On failure the new file is removed; throws
/// std::runtime_error in one line.
void replace_file(const std::string& path, const std::vector<char>& bytes, bool overwrite);

/// The file itself: symbolic links followed.
std::string resolved(const std::string& path);

/// Makes it durable that a file was made, renamed or removed; where the file system cannot, nothing is lost but time.
void flush_directory(const std::string& path);

}  // namespace theoremeter
