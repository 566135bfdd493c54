#include "experiments/shell_word.hpp"

namespace theoremeter {

std::string shell_word(std::string text) {
  if (!text.empty() && text.find_first_of(" \t\n'\"\\$&|;<>()*?[]{}~#`!") == std::string::npos) return text;
  for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 4) text.replace(at, 1, "'\\''");
  return "'" + text + "'";
}

}  // namespace theoremeter
