// Which program measured something, and where.
#pragma once

#include <string>

namespace theoremeter {

struct Provenance {
  std::string version;
  std::string commit;
  std::string compiler;
  std::string flags;
  std::string libraries;
  std::string host_cpu;
  std::string date;  // UTC, ISO 8601

  bool operator==(const Provenance&) const = default;
};

/// This build on this machine, now.
Provenance this_program();

}  // namespace theoremeter
