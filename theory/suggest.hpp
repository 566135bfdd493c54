// Names and their misspellings, for messages.
#pragma once

#include <string>
#include <vector>

namespace theoremeter {

/// The candidate at the least edit distance from word, when that is at most a third of word's length (at least 1); else
/// "". Case is ignored; ties go to the first.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

/// The position of name among names. Throws InputError, naming the nearest and listing them all: `ensemble "gausian" is
/// unknown; ...`.
std::size_t position(const std::string& what, const std::string& name, const std::vector<std::string>& names);

}  // namespace theoremeter
