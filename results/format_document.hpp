// What a results file of a study holds, as a document: made from its declarations.
#pragma once

#include "results/schema.hpp"
#include "results/setting.hpp"

#include <string>

namespace theoremeter {

/// A Markdown table of the coordinates along `point`, and one of the variables: name, type, dimensions, direction,
/// meaning.
std::string format_document(const std::string& title, const Parameters& parameters, const Schema& schema);

}  // namespace theoremeter
