// The tasks of an array job: each measures a share into a file of its own, BASE.I-of-N.h5.
#pragma once

#include "results/data_file.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace theoremeter {

/// Tasks 0 to N - 1.
struct Tasks {
  std::string base;
  std::uint64_t of = 1;
  auto operator<=>(const Tasks&) const = default;

  std::string file(const std::string& index) const;  // of a task
  std::string name() const { return file("*"); }     // of all
};

/// The tasks of which this file is one.
std::optional<Tasks> tasks_of(const std::string& file);

/// How far the tasks are together, and by index: each is done, or running, or failed (begun, but nobody goes on with
/// it), or missing (not begun).
struct Standing {
  std::optional<Tally> tally;  // of all that is there
  std::set<std::uint64_t> done, running, failed, missing;
  std::vector<std::string> errors;  // of files that cannot be read: failed
};
Standing standing_of(const Tasks& tasks, const Declarations& declared);

/// "3,17,40-44", as sbatch --array wants it.
std::string array_specification(const std::set<std::uint64_t>& indices);

}  // namespace theoremeter
