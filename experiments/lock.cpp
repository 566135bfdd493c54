#include "experiments/lock.hpp"

#include "results/atomic.hpp"
#include "theory/error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

namespace theoremeter {
namespace {

namespace fs = std::filesystem;

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream content;
  content << in.rdbuf();
  return content.str();
}

/// "HOST/BOOT/PIDS": where a process number means the same process.
std::string machine() {
  std::string boot = content_of("/proc/sys/kernel/random/boot_id");
  while (!boot.empty() && boot.back() == '\n') boot.pop_back();
  std::error_code error;
  return fmt::format("{}/{}/{}", host(), boot, fs::read_symlink("/proc/self/ns/pid", error).string());
}

/// When a process began, in ticks since the machine did; "": there is none.
std::string start_of(const std::string& process) {
  const std::string stat = content_of(fmt::format("/proc/{}/stat", process));
  const std::size_t name_end = stat.rfind(')');  // the name may hold anything
  if (name_end == std::string::npos) return "";
  std::istringstream fields(stat.substr(name_end + 1));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  return field;
}

/// "MACHINE PROCESS START", of the first three words of a lock.
std::string owner_in(const std::string& content) {
  std::istringstream words(content);
  std::string where, process, start;
  words >> where >> process >> start;
  return fmt::format("{} {} {}", where, process, start);
}

std::string line(const std::string& owner, std::uint64_t counter) { return fmt::format("{} {:020}\n", owner, counter); }

/// Of these locks, those whose writers live.
std::vector<bool> living(const std::vector<std::string>& paths) {
  std::vector<bool> alive(paths.size());
  std::vector<std::string> contents;
  std::vector<std::size_t> elsewhere;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    contents.push_back(content_of(paths[i]));
    std::istringstream words(contents[i]);
    std::string where, process, start;
    words >> where >> process >> start;
    if (where == machine())
      alive[i] = !start.empty() && start_of(process) == start;
    else if (!contents[i].empty())
      elsewhere.push_back(i);
  }
  for (int beat = 0; beat < 60 && !elsewhere.empty(); ++beat) {  // six beats
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    std::erase_if(elsewhere, [&](std::size_t i) {
      alive[i] = content_of(paths[i]) != contents[i];
      return alive[i];
    });
  }
  return alive;
}

std::string description(const std::string& content) {
  std::istringstream words(content);
  std::string where, process;
  words >> where >> process;
  return process.empty() ? "" : fmt::format(", process {} on {}", process, where.substr(0, where.find('/')));
}

}  // namespace

Lock::Lock(const std::string& output)
    : path_(resolved(output) + ".lock"),
      owner_(fmt::format("{} {} {}", machine(), getpid(), start_of(std::to_string(getpid())))) {
  for (int i = 0; !try_to_take(); ++i) {
    const std::string content = content_of(path_);
    if (!fs::exists(path_)) continue;  // released meanwhile
    if (i > 10 || living({path_})[0])
      throw InputError(fmt::format("output {}: another run is writing it{} ({})", output, description(content), path_));
    // Of two that find it stale, one moves it away; the other must not move away what the first made then.
    const std::string aside = path_ + ".stale";
    if (std::rename(path_.c_str(), aside.c_str()) != 0) continue;
    if (content_of(aside) != content) [[maybe_unused]]
      const int status = link(aside.c_str(), path_.c_str());
    unlink(aside.c_str());
  }
  unlink((path_ + ".stale").c_str());  // of one killed just then
  held_ = true;
  heart_.emplace([this] { advance(); });
}

bool Lock::try_to_take() {
  const int descriptor = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    if (errno == EEXIST) return false;
    throw InputError(fmt::format("output: no file can be made there: {}: {}", path_, std::strerror(errno)));
  }
  const std::string content = line(owner_, counter_);
  const ssize_t written = ::write(descriptor, content.data(), content.size());
  const int error = written < 0 ? errno : ENOSPC;
  close(descriptor);
  if (written == static_cast<ssize_t>(content.size())) return true;
  unlink(path_.c_str());
  throw std::runtime_error(fmt::format("cannot write {}: {}", path_, std::strerror(error)));
}

std::vector<bool> being_written(const std::vector<std::string>& outputs) {
  std::vector<std::string> locks;
  for (const std::string& output : outputs) locks.push_back(resolved(output) + ".lock");
  return living(locks);
}

bool Lock::owned() {
  advance();
  return !lost_;
}

void Lock::advance() {
  const std::lock_guard alone(mutex_);
  if (!held_) return;
  const std::string now = content_of(path_);
  if (now.empty()) return;  // cannot be read at this moment, or was removed by hand
  if (owner_in(now) != owner_) {
    lost_ = true;
    return;
  }
  const std::string content = line(owner_, ++counter_);
  const int descriptor = open(path_.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  [[maybe_unused]] const ssize_t written = pwrite(descriptor, content.data(), content.size(), 0);
  close(descriptor);  // which is when a network file system sends it
}

void Lock::release() {
  const std::lock_guard alone(mutex_);
  if (held_ && owner_in(content_of(path_)) == owner_) unlink(path_.c_str());
  held_ = false;
}

}  // namespace theoremeter
