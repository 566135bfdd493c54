// Tables as text, and what LaTeX makes of it.
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

/// Text that LaTeX prints as it is.
std::string latex_escaped(const std::string& text);
/// "3.268e9" in a formula: 3.268 \times 10^{9}.
std::string latex_number(const std::string& number);

}  // namespace theoremeter
