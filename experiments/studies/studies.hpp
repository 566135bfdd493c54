// The studies there are.
#pragma once

#include "experiments/studies/study.hpp"
#include "results/data_set.hpp"

#include <string>
#include <vector>

namespace theoremeter {

const std::vector<Study>& studies();

/// Throws InputError, suggesting the nearest name: study_named("condition", "wdc").
const Study& study_named(const std::string& key, const std::string& name);

/// The parameter with which a condition's constant is compared.
inline const std::string decide_name = "decide";

/// If `asked`, and for a condition: the same study with that parameter, and what it adds to a draw. Files of those who
/// do not ask are as they would be without it.
const Study& deciding_if(bool asked, const Study& study);

/// The study that a data set is of.
const Study& study_of(const Description& about);

}  // namespace theoremeter
