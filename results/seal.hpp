// A checksum of a whole results file, behind its end: what HDF5 does not notice, or crashes at, when bytes were changed
// on a disk or on the way. HDF5 ignores what stands behind the end of its file, and cuts it off when a program opens
// the file for writing: a file changed on purpose has no seal.
#pragma once

#include <string>

namespace theoremeter {

/// Appends the seal. False, with errno, where it could not be written.
bool seal(const std::string& path);

/// Whether the file bears a seal that its bytes do not fit. A file without a seal, or that cannot be read, has none.
bool seal_is_broken(const std::string& path);

}  // namespace theoremeter
