// The verb `fit`: laws, transitions and data collapse, fitted to the draws of a results file.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace theoremeter {

struct FitOptions {
  std::string file, y, x, by, compare, range, model = "power";
  double level = 0.95;
  bool json = false;
};

/// Prints what was fitted, as a table or as JSON; returns 0. Throws InputError for what cannot be fitted.
int fit_verb(const FitOptions& options);

/// Adds the verb; its exit code goes to `status`.
void add_fit(CLI::App& app, int& status);

}  // namespace theoremeter
