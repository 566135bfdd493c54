#include "results/atomic.hpp"

#include "theory/error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

namespace theoremeter {

namespace fs = std::filesystem;

std::string resolved(const std::string& path) {
  constexpr int most_links = 40;
  std::error_code error;
  fs::path at = fs::absolute(path);
  for (int i = 0; i < most_links && fs::is_symlink(fs::symlink_status(at, error)); ++i)
    at = at.parent_path() / fs::read_symlink(at, error);
  const fs::path folder = fs::weakly_canonical(at.parent_path(), error);
  return ((error ? at.parent_path() : folder) / at.filename()).string();
}

std::string host() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

void flush_directory(const std::string& path) {
  const int directory = open(fs::path(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;
  fsync(directory);
  close(directory);
}

namespace {

/// FILE.HOST.PID.I.part
std::string part_name(const std::string& target, int i) {
  return fmt::format("{}.{}.{}.{}.part", target, host(), getpid(), i);
}

/// The process that made this part of `target`, if it was one of this machine.
std::optional<pid_t> maker_of(const std::string& part, const std::string& target) {
  const std::string prefix = fs::path(target).filename().string() + "." + host() + ".";
  long pid = 0;
  int i = 0, end = 0;
  if (!part.starts_with(prefix)) return {};
  const std::string rest = part.substr(prefix.size());
  if (std::sscanf(rest.c_str(), "%ld.%d.part%n", &pid, &i, &end) != 2 || end != static_cast<int>(rest.size()))
    return {};
  return static_cast<pid_t>(pid);
}

/// Parts whose process is gone: of a process of that number none is seen here, and nobody holds its lock.
void remove_left_over(const std::string& target) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(fs::path(target).parent_path(), error)) {
    const auto maker = maker_of(entry.path().filename().string(), target);
    if (!maker || kill(*maker, 0) == 0 || errno != ESRCH) continue;
    const int descriptor = open(entry.path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) continue;
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) unlink(entry.path().c_str());
    close(descriptor);
  }
}

/// A new file beside the target, and its descriptor; -1 and errno.
int make_part(const std::string& target, std::string& name) {
  for (int i = 0; i < 1000; ++i) {
    name = part_name(target, i);
    const int descriptor = open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0 || errno != EEXIST) return descriptor;
  }
  return -1;
}

void keep_mode_and_owner(int descriptor, const std::string& target) {
  struct stat old {};
  if (stat(target.c_str(), &old) != 0) return;
  if (fchown(descriptor, old.st_uid, old.st_gid) != 0 && fchown(descriptor, static_cast<uid_t>(-1), old.st_gid) != 0)
    fchown(descriptor, static_cast<uid_t>(-1), getgid());  // another's file, in a folder of ours: it becomes ours
  fchmod(descriptor, old.st_mode & 07777);
}

}  // namespace

void check_replaceable(const std::string& path) {
  if (path.empty()) throw InputError("output: the file name is empty");
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) throw InputError(fmt::format("output {}: a directory; a file name is expected", path));
  if (fs::exists(status) && !fs::is_regular_file(status))
    throw InputError(fmt::format("output {}: not a regular file", path));
  const std::string target = resolved(path);
  const fs::path directory = fs::path(target).parent_path();
  if (!fs::is_directory(directory, error))
    throw InputError(fmt::format("output {}: no directory {}", path, directory.string()));
  std::string name;
  const int probe = make_part(target, name);
  if (probe < 0) throw InputError(fmt::format("output {}: no file can be made there: {}", path, std::strerror(errno)));
  close(probe);
  unlink(name.c_str());
}

Replacement::Replacement(const std::string& path) : path_(path), target_(resolved(path)) {
  remove_left_over(target_);
  descriptor_ = make_part(target_, part_);
  if (descriptor_ < 0) {
    const int error = errno;
    part_.clear();
    fail(error);
  }
  flock(descriptor_, LOCK_EX | LOCK_NB);  // where there are no locks, the process's number tells
}

Replacement::~Replacement() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!part_.empty()) unlink(part_.c_str());
}

void Replacement::fail(int error) const {
  throw std::runtime_error(fmt::format("cannot write {}: {}; nothing was changed", path_, std::strerror(error)));
}

void Replacement::commit(bool overwrite) {
  keep_mode_and_owner(descriptor_, target_);
  if (fsync(descriptor_) != 0) fail(errno);  // a delayed write may fail as late as here, or below
  if (close(std::exchange(descriptor_, -1)) != 0) fail(errno);
  int status = renameat2(AT_FDCWD, part_.c_str(), AT_FDCWD, target_.c_str(), overwrite ? 0 : RENAME_NOREPLACE);
  if (status != 0 && errno == EINVAL) {  // a file system without the flag: a second name, which must be new
    status = overwrite ? rename(part_.c_str(), target_.c_str()) : link(part_.c_str(), target_.c_str());
    if (status == 0 && !overwrite) unlink(part_.c_str());
  }
  if (status != 0) fail(errno);
  part_.clear();
  flush_directory(target_);
}

void replace_file(const std::string& path, const std::vector<char>& bytes, bool overwrite) {
  Replacement replacement(path);
  const int descriptor = open(replacement.part().c_str(), O_WRONLY | O_CLOEXEC);
  int error = descriptor < 0 ? errno : 0;
  for (std::size_t done = 0; error == 0 && done < bytes.size();) {
    const ssize_t written = ::write(descriptor, bytes.data() + done, bytes.size() - done);
    if (written >= 0) done += static_cast<std::size_t>(written);
    if (written < 0 && errno != EINTR) error = errno;
  }
  if (descriptor >= 0 && close(descriptor) != 0 && error == 0) error = errno;
  if (error != 0) replacement.fail(error);
  replacement.commit(overwrite);
}

}  // namespace theoremeter
