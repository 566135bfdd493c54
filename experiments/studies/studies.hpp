// The studies there are.
#pragma once

#include "experiments/studies/study.hpp"

#include <string>
#include <vector>

namespace theoremeter {

const std::vector<Study>& studies();

/// Throws InputError, suggesting the nearest name: study_named("condition", "wdc").
const Study& study_named(const std::string& key, const std::string& name);

}  // namespace theoremeter
