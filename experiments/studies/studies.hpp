// The studies there are.
#pragma once

#include "experiments/studies/study.hpp"
#include "results/data_set.hpp"

#include <functional>
#include <string>
#include <vector>

namespace theoremeter {

const std::vector<Study>& studies();

/// Throws InputError, suggesting the nearest name: study_named("condition", "wdc").
const Study& study_named(const std::string& key, const std::string& name);

/// Studies once more, each with a parameter that must be asked for and what it adds to a draw. Files of those who do
/// not ask are as they would be without it.
const std::vector<Study>& larger_studies();

/// The larger one, where its parameter is asked for.
const Study& as_asked(const Study& study, const std::function<bool(const std::string& parameter)>& asked);

/// The study that a data set is of.
const Study& study_of(const Description& about);

}  // namespace theoremeter
