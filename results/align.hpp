// Tables as text.
#pragma once

#include <string>
#include <vector>

namespace theoremeter {

using Line = std::vector<std::string>;

/// Right-aligned columns two spaces apart; the first line, the heading, is underlined.
std::string align(const std::vector<Line>& lines);

/// Four significant digits: rounded down, up, to nearest; so that an "at least" or an "at most" stays true.
std::string rounded_down(double value);
std::string rounded_up(double value);
std::string rounded(double value);

}  // namespace theoremeter
