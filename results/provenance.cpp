#include "results/provenance.hpp"

#include <hdf5.h>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <Eigen/Core>
#include <boost/version.hpp>

#include <chrono>
#include <fstream>

// The build defines these; a bare compilation does without.
#ifndef THEOREMETER_VERSION
#define THEOREMETER_VERSION "unknown"
#endif
#ifndef THEOREMETER_COMMIT
#define THEOREMETER_COMMIT "unknown"
#endif
#ifndef THEOREMETER_FLAGS
#define THEOREMETER_FLAGS "unknown"
#endif

namespace theoremeter {
namespace {

#ifdef __clang__
constexpr char compiler[] = __VERSION__;  // begins with its name
#else
constexpr char compiler[] = "GCC " __VERSION__;
#endif

std::string libraries() {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return fmt::format("Eigen {}.{}.{}, Boost {}.{}, HDF5 {}.{}.{}", EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION,
                     EIGEN_MINOR_VERSION, BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, major, minor, release);
}

std::string host_cpu() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);)
    if (const std::size_t colon = line.find(": "); line.starts_with("model name") && colon != std::string::npos)
      return line.substr(colon + 2);
  return "unknown";
}

}  // namespace

Provenance this_program() {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return {THEOREMETER_VERSION,
          THEOREMETER_COMMIT,
          compiler,
          THEOREMETER_FLAGS,
          libraries(),
          host_cpu(),
          fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now))};
}

}  // namespace theoremeter
