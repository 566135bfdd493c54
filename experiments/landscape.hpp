// The verb `landscape`, and what other verbs do with landscape files.
#pragma once

#include "experiments/studies/landscapes.hpp"
#include "experiments/verbs.hpp"

#include <CLI/CLI.hpp>

#include <functional>

namespace theoremeter {

/// Measures the landscapes of one instance, or of several draws; returns the exit code. Throws InputError for bad
/// input.
int landscape_verb(const LandscapeProblem& problem, const Options& options);

/// Adds the verb; its exit code goes to `status`.
void add_landscape(CLI::App& app, int& status);

/// `show` and `verify` of a landscape file.
int show_landscapes(const Options& options);
int verify_landscapes(const Options& options);

}  // namespace theoremeter
