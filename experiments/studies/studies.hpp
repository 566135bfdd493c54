// The studies there are.
#pragma once

#include "experiments/studies/study.hpp"

#include <functional>
#include <string>
#include <vector>

namespace theoremeter {

const std::vector<Study>& studies();

/// Throws InputError, suggesting the nearest name: study_named("condition", "wdc").
const Study& study_named(const std::string& key, const std::string& name);

/// The parameter with which a condition's constant is compared.
inline const std::string decide_name = "decide";

/// That of recoveries by steps that go on in the direction of those before.
inline const std::string momentum_name = "momentum";

/// The study with the parameter that it has only for those who say it, and what that adds to a draw: `decide` of a
/// condition, `momentum` of recoveries. Files of those who do not say it are as they would be without it.
using IsSaid = std::function<bool(const std::string& parameter)>;
const Study& as_said(const Study& study, const IsSaid& is_said);

/// The study of a file with these parameters.
const Study& study_stored(const std::string& key, const std::string& name, const Parameters& parameters);

}  // namespace theoremeter
