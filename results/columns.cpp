#include "results/columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace theoremeter {
namespace {

std::string rounded(double value, double (*round)(double)) {
  constexpr int digits = 4;
  if (value == 0 || !std::isfinite(value)) return fmt::format("{}", value);
  const int decimals = digits - 1 - static_cast<int>(std::floor(std::log10(std::abs(value))));
  const double scale = std::pow(10.0, decimals);
  return fmt::format("{:.{}g}", round(value * scale) / scale, digits);
}

}  // namespace

std::string align(const std::vector<Line>& lines) {
  std::vector<std::size_t> widths(lines[0].size());
  for (const Line& line : lines)
    for (std::size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], line[c].size());
  std::string text;
  for (const Line& line : lines) {
    for (std::size_t c = 0; c < line.size(); ++c) text += fmt::format("{}{:>{}}", c ? "  " : "", line[c], widths[c]);
    text += '\n';
    if (&line != &lines[0]) continue;
    for (std::size_t c = 0; c < widths.size(); ++c) text += fmt::format("{}{:->{}}", c ? "  " : "", "", widths[c]);
    text += '\n';
  }
  return text;
}

std::string rounded_down(double value) { return rounded(value, std::floor); }
std::string rounded_up(double value) { return rounded(value, std::ceil); }

}  // namespace theoremeter
