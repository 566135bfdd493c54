#include "results/atomic.hpp"

#include "theory/error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

namespace theoremeter {
namespace {

namespace fs = std::filesystem;

/// A new file beside `path`, removed again unless it was renamed.
class Beside {
 public:
  explicit Beside(const std::string& path) {
    for (int i = 0; i < 1000 && descriptor_ < 0; ++i) {
      name_ = fmt::format("{}.{}.part", path, i);
      descriptor_ = open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (descriptor_ < 0 && errno != EEXIST) break;
    }
    if (descriptor_ < 0) {
      error_ = errno;
      name_.clear();
    }
  }
  Beside(const Beside&) = delete;
  Beside& operator=(const Beside&) = delete;
  ~Beside() {
    if (descriptor_ >= 0) close(descriptor_);
    if (!name_.empty()) unlink(name_.c_str());
  }

  /// The first error met, 0 for none. Errors stop what follows.
  int error() const { return error_; }

  void write_all(const std::vector<char>& bytes) {
    for (std::size_t done = 0; error_ == 0 && done < bytes.size();) {
      const ssize_t written = ::write(descriptor_, bytes.data() + done, bytes.size() - done);
      if (written >= 0) done += static_cast<std::size_t>(written);
      if (written < 0 && errno != EINTR) error_ = errno;
    }
  }

  /// A delayed write may fail as late as here.
  void flush() {
    if (error_ == 0 && fsync(descriptor_) != 0) error_ = errno;
    if (descriptor_ >= 0 && close(std::exchange(descriptor_, -1)) != 0 && error_ == 0) error_ = errno;
  }

  void rename_to(const std::string& path, bool overwrite) {
    if (error_ != 0) return;
    int status = renameat2(AT_FDCWD, name_.c_str(), AT_FDCWD, path.c_str(), overwrite ? 0 : RENAME_NOREPLACE);
    if (status != 0 && errno == EINVAL) status = rename(name_.c_str(), path.c_str());  // a file system without the flag
    if (status != 0) error_ = errno;
    if (status == 0) name_.clear();
  }

 private:
  std::string name_;
  int descriptor_ = -1;
  int error_ = 0;
};

}  // namespace

std::string resolved(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(fs::absolute(path), error);
  return error ? fs::absolute(path).string() : real.string();
}

void flush_directory(const std::string& path) {
  const int directory = open(fs::path(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;
  fsync(directory);
  close(directory);
}

void check_replaceable(const std::string& path) {
  if (path.empty()) throw InputError("output: the file name is empty");
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) throw InputError(fmt::format("output {}: a directory; a file name is expected", path));
  if (fs::exists(status) && !fs::is_regular_file(status))
    throw InputError(fmt::format("output {}: not a regular file", path));
  const fs::path directory = fs::path(resolved(path)).parent_path();
  if (!fs::is_directory(directory, error))
    throw InputError(fmt::format("output {}: no directory {}", path, directory.string()));
  if (const Beside probe(resolved(path)); probe.error() != 0)
    throw InputError(fmt::format("output {}: no file can be made there: {}", path, std::strerror(probe.error())));
}

void replace_file(const std::string& path, const std::vector<char>& bytes, bool overwrite) {
  const std::string final_path = resolved(path);
  Beside beside(final_path);
  beside.write_all(bytes);
  beside.flush();
  beside.rename_to(final_path, overwrite);
  if (beside.error() != 0)
    throw std::runtime_error(
        fmt::format("cannot write {}: {}; nothing was changed", path, std::strerror(beside.error())));
  flush_directory(final_path);
}

}  // namespace theoremeter
