#include "results/weights/array_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

namespace theoremeter::weights {

std::string size_fault(std::int64_t n, std::int64_t k) {
  if (n < 1 || k < 1) return fmt::format("{} x {}; both sizes must be at least 1", n, k);
  const double bytes = 8.0 * static_cast<double>(n) * static_cast<double>(k);
  const double memory = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (bytes <= memory / 2) return "";
  return fmt::format("{} x {} takes {:.1f} GiB; at most half of this machine's {:.1f} GiB is allowed", n, k,
                     bytes * 0x1p-30, memory * 0x1p-30);
}

std::string to_string(const std::vector<std::uint64_t>& shape) { return fmt::format("({})", fmt::join(shape, ", ")); }

std::pair<std::int64_t, std::int64_t> matrix_size(const std::vector<std::uint64_t>& shape) {
  const auto n = static_cast<std::int64_t>(shape.at(0)), k = static_cast<std::int64_t>(shape.at(1));
  if (const std::string fault = size_fault(n, k); !fault.empty()) throw Refusal(fault);
  return {n, k};
}

}  // namespace theoremeter::weights
