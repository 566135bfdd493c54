#include "results/align.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace theoremeter {
namespace {

/// direction: -1 down, 1 up, 0 to nearest.
std::string four_digits(double value, int direction) {
  if (value == 0 || !std::isfinite(value)) return fmt::format("{}", value);
  std::string text = fmt::format("{:.3e}", value);  // correctly rounded, d.ddde[+-]dd
  const double shown = std::strtod(text.c_str(), nullptr);
  int exponent = std::stoi(text.substr(text.find('e') + 1));
  long mantissa = std::lround(std::strtod(text.substr(0, text.find('e')).c_str(), nullptr) * 1000);
  if (direction < 0 && shown > value) --mantissa;
  if (direction > 0 && shown < value) ++mantissa;
  if (std::abs(mantissa) == 10000) mantissa /= 10, ++exponent;
  if (std::abs(mantissa) == 999) mantissa = mantissa * 10 + (mantissa > 0 ? 9 : -9), --exponent;
  const std::string scientific = fmt::format("{:.3f}e{}", static_cast<double>(mantissa) / 1000, exponent);
  if (exponent < -4 || exponent > 5) return scientific;
  return fmt::format("{:.{}f}", std::strtod(scientific.c_str(), nullptr), std::max(0, 3 - exponent));
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

std::string rounded_down(double value) { return four_digits(value, -1); }
std::string rounded_up(double value) { return four_digits(value, 1); }
std::string rounded(double value) { return four_digits(value, 0); }

std::string latex_escaped(const std::string& text) {
  std::string all;
  for (const char c : text) {
    if (c == '~' || c == '^')
      all += fmt::format("\\{}{{}}", c);
    else if (c == '\\')
      all += "\\textbackslash{}";
    else
      all += std::string("_{}#%&$").find(c) != std::string::npos ? fmt::format("\\{}", c) : std::string(1, c);
  }
  return all;
}

std::string latex_number(const std::string& number) {
  const std::size_t e = number.find('e');
  if (e == std::string::npos) return number;
  return fmt::format("{} \\times 10^{{{}}}", number.substr(0, e), std::stoi(number.substr(e + 1)));
}

}  // namespace theoremeter
