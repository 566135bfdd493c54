// The manners of the command line: how help is laid out, what an argument must look like, what a mistake is told.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>

namespace theoremeter {

/// Arguments that CLI11 alone would take silently: an empty text (an unset shell variable), an integer out of range.
CLI::Validator not_empty();
/// To be given to transform(): numbers are decimal, 010 is 10.
CLI::Validator whole_number();
/// To be given to check(), beside whole_number().
CLI::Validator no_less_than(std::int64_t least);
CLI::Validator number();

/// Names and widths of the help pages; inherited by the verbs added afterwards.
void lay_out_help(CLI::App& app);

/// A wrong command line in one line: what is wrong, the nearest right word, and where the help is.
std::string usage_error(const CLI::App& app, const CLI::ParseError& error);

}  // namespace theoremeter
