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

namespace theoremeter {

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

const char* to_string(Kind kind) {
  if (kind == Kind::exact) return "exact";
  return kind == Kind::bracket ? "bracket" : "at least";
}

const char* to_string(Side side) { return side == Side::plus ? "plus" : "minus"; }

}  // namespace theoremeter
