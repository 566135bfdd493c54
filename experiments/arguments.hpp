// What the options of several verbs have in common: numbers in range, matrices given, sizes.
#pragma once

#include "experiments/conditions.hpp"
#include "experiments/verbs.hpp"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace theoremeter {

/// Each throws InputError, naming the option.
void require_between(const char* name, std::int64_t value, std::int64_t least, std::int64_t most);
void require_positive(const char* name, std::int64_t value);
int thread_count(const Options& o);

/// The matrices given on the command line, by the paper's names, and where they were read; what is worth saying of that
/// is said.
struct GivenMatrices {
  Matrices matrices;
  std::map<std::string, Source> sources;
  std::string option;  // that gave the first; "" when none is given
  std::string spec;    // the files
};
inline constexpr const char* network_type = "FILE[:LAYER,...][,FILE...]";
void add_transpose(CLI::App& verb, Options& o, const std::string& group);
GivenMatrices read_given(const std::vector<Given>& all, const Options& o);

/// Throws InputError when --output exists and is neither resumed nor replaced.
void require_resumed_or_replaced(const Options& o);

/// `given`, the sizes that matrices given by `option` determine, and the others from their options.
Sizes sizes_of(const std::vector<Symbol>& symbols, const std::vector<Given>& all, const Options& o, const Sizes& given,
               const std::string& option);

}  // namespace theoremeter
