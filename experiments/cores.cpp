#include "experiments/cores.hpp"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace theoremeter {
namespace {

namespace fs = std::filesystem;

/// The cores that "QUOTA PERIOD" pays for, rounded up; 0: no quota ("max", -1), or nothing is said.
int cores_of(const fs::path& quota_file, const fs::path& period_file) {
  double quota = 0, period = 0;
  std::ifstream in(quota_file);
  in >> quota;
  if (period_file.empty())
    in >> period;
  else
    std::ifstream(period_file) >> period;
  return quota > 0 && period > 0 ? static_cast<int>(std::ceil(quota / period)) : 0;
}

}  // namespace

int cores_of_quota(const std::string& root) {
  std::ifstream groups(root + "/proc/self/cgroup");
  int least = 0;
  const auto take = [&](int cores) {
    if (cores > 0) least = least == 0 ? cores : std::min(least, cores);
  };
  for (std::string line; std::getline(groups, line);) {  // "0::/GROUP", or "3:cpu,cpuacct:/GROUP"
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool unified = controllers.empty();
    if (!unified && ("," + controllers + ",").find(",cpu,") == std::string::npos) continue;
    const fs::path base = root + (unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu");
    for (fs::path group = fs::path(line.substr(second + 1)).relative_path();; group = group.parent_path()) {
      const fs::path folder = base / group;  // a group has no more than those that it is in
      if (unified) take(cores_of(folder / "cpu.max", {}));
      if (!unified) take(cores_of(folder / "cpu.cfs_quota_us", folder / "cpu.cfs_period_us"));
      if (group.empty()) break;
    }
  }
  return least;
}

int usable_cores(const std::string& root) {
  const int cores = omp_get_max_threads();  // which respects the cpu set
  const int quota = cores_of_quota(root);
  const char* said = std::getenv("OMP_NUM_THREADS");
  return quota > 0 && (said == nullptr || *said == '\0') ? std::min(cores, quota) : cores;
}

}  // namespace theoremeter
