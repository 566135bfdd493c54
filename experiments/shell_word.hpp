// A text as one word of a shell's command line.
#pragma once

#include <string>

namespace theoremeter {

/// Quoted where it must be.
std::string shell_word(std::string text);

}  // namespace theoremeter
