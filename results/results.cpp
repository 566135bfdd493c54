#include "results/results.hpp"

#include "results/hdf5.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/version.hpp>

#include <charconv>
#include <chrono>
#include <fstream>
#include <limits>

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

std::string to_text(const std::vector<std::int64_t>& size) { return fmt::format("{}", fmt::join(size, ",")); }

std::optional<std::vector<std::int64_t>> whole_numbers(const std::string& text) {
  std::vector<std::int64_t> numbers;
  const char *at = text.data(), *const end = at + text.size();
  while (true) {
    const auto [next, error] = std::from_chars(at, end, numbers.emplace_back());
    if (error != std::errc()) return std::nullopt;
    if (next == end) return numbers;
    if (*next != ',') return std::nullopt;
    at = next + 1;
  }
}

Kind kind(const Measurement& m) {
  if (!m.certified) return Kind::at_least;
  return m.certified->closed ? Kind::exact : Kind::bracket;
}

const char* to_string(Kind kind) {
  if (kind == Kind::exact) return "exact";
  return kind == Kind::bracket ? "bracket" : "at least";
}

const char* to_string(Side side) { return side == Side::plus ? "plus" : "minus"; }

double relative_gap(const Measurement& m) {
  if (!m.certified) return std::numeric_limits<double>::quiet_NaN();
  if (m.certified->at_most == m.witness.value) return 0;  // both may be 0
  return (m.certified->at_most - m.witness.value) / m.witness.value;
}

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
