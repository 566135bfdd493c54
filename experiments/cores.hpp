// How many threads are worth while.
#pragma once

#include <string>

namespace theoremeter {

/// OMP_NUM_THREADS; else the cores that this process may use: its cpu set, and no more than the quota of its cgroups
/// (version 2 or 1) pays for. `root`: where /proc and /sys are.
int usable_cores(const std::string& root = "");

/// The quota alone; 0: there is none.
int cores_of_quota(const std::string& root = "");

}  // namespace theoremeter
