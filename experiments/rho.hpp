// The verb `rho`: where the spurious point -rho_d x0 is.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>

namespace theoremeter {

struct RhoOptions {
  std::string depth;    // "D" or "A..B"
  std::string problem;  // empty: both kinds
  std::int64_t digits = 17;
  bool json = false;
};

/// Prints rho_d for each depth, as a table or as JSON; returns 0. Throws InputError for bad input.
int rho_verb(const RhoOptions& options);

/// Adds the verb; its exit code goes to `status`.
void add_rho(CLI::App& app, int& status);

}  // namespace theoremeter
