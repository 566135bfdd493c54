// Putting a complete file in place, or nothing.
#pragma once

#include <string>
#include <vector>

namespace theoremeter {

/// Throws InputError unless `path` is new or a regular file, in a directory in which files can be made.
void check_replaceable(const std::string& path);

/// A new file beside `path`, which takes its place when it is complete, or is removed. Symbolic links are followed, to
/// a target that does not exist yet too; what killed processes left beside is removed. Throws std::runtime_error in
/// one line; nothing was changed then.
class Replacement {
 public:
  explicit Replacement(const std::string& path);
  ~Replacement();
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;

  const std::string& part() const { return part_; }  // the file to write: empty, there

  /// Flushes it to the disk and renames it; mode and owner of a file replaced are kept. Without `overwrite`, a file
  /// that has appeared at `path` meanwhile is left alone.
  void commit(bool overwrite);
  [[noreturn]] void fail(int error) const;

 private:
  std::string path_, target_, part_;
  int descriptor_ = -1;  // locked: this process lives
};

/// The same for bytes at hand.
void replace_file(const std::string& path, const std::vector<char>& bytes, bool overwrite);

/// What symbolic links lead to, there or not; the folder without links.
std::string resolved(const std::string& path);

std::string host();

/// Makes it durable that a file was made, renamed or removed; where the file system cannot, nothing is lost but time.
void flush_directory(const std::string& path);

}  // namespace theoremeter
