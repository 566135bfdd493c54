// Sentences about a condition that the command line prints: what attains its constant, what a search is worth.
#pragma once

#include "experiments/studies/conditions.hpp"

#include <string>

namespace theoremeter {

/// What a witness's form means, in a few words; "" for a condition with one expression.
std::string form_meaning(const std::string& form);

/// The default numbers of samples and of starts as formulas in the sizes: what default_samples and default_starts of
/// measure.hpp and rrcp.hpp give.
std::string default_samples_text(const Condition& condition);
std::string default_starts_text(const Condition& condition);

}  // namespace theoremeter
