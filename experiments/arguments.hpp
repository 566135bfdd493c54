// What the options of several verbs have in common: numbers in range, matrices given, sizes.
#pragma once

#include "experiments/studies/conditions.hpp"
#include "experiments/verbs.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace theoremeter {

/// Each throws InputError, naming the option.
void require_between(const char* name, std::int64_t value, std::int64_t least, std::int64_t most);
void require_positive(const char* name, std::int64_t value);
int thread_count(const Options& o);

/// The matrices given on the command line, by the paper's names; `option` becomes the option that gave the first, and
/// `spec` the files.
Matrices read_given(const std::vector<Given>& all, const Options& o, std::string& option, std::string& spec);

/// `given`, the sizes that matrices given by `option` determine, and the others from their options.
Sizes sizes_of(const std::vector<Symbol>& symbols, const std::vector<Given>& all, const Options& o, const Sizes& given,
               const std::string& option);

}  // namespace theoremeter
