// The verb `theorems`: what each lemma and theorem needs at given sizes, and what was measured of it.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace theoremeter {

struct TheoremsOptions {
  std::vector<std::string> files;
  std::map<std::string, std::int64_t> whole;  // d, s, k, m, n, p, l: what was said
  std::map<std::string, double> real;         // alpha, eps, noise, sigma
  std::string widths, widths2, statement, format = "text";
  bool json = false;
};

/// Prints the statements; returns 0. Throws InputError for bad input.
int theorems_verb(const TheoremsOptions& options);

/// Adds the verb; its exit code goes to `status`.
void add_theorems(CLI::App& app, int& status);

}  // namespace theoremeter
