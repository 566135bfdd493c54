// What shells and `man` know of the program: made from the verbs and options as they are declared.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace theoremeter {

/// A script for bash: verbs, options, and files after them.
std::string bash_completion(const CLI::App& app);

/// One for zsh, which can run that of bash.
std::string zsh_completion(const CLI::App& app);

/// A page in man(7) macros: every verb with its options.
std::string man_page(const CLI::App& app, const std::string& version);

}  // namespace theoremeter
