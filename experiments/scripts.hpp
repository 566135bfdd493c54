// Files that belong to the program: experiments and scripts, beside the sources or installed.
#pragma once

#include <string>

namespace theoremeter {

/// The experiment of this name: as a path, or else among those that came with the program. Throws InputError.
std::string found_experiment(const std::string& name);

/// The script results/NAME, or its installed copy. Throws InputError.
std::string found_script(const std::string& name);

}  // namespace theoremeter
