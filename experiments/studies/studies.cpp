#include "experiments/studies/studies.hpp"

#include "experiments/studies/condition_study.hpp"
#include "experiments/studies/landscape_study.hpp"
#include "experiments/studies/recovery_study.hpp"
#include "experiments/studies/surface.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace theoremeter {

const std::vector<Study>& studies() {
  static const std::vector<Study> all = [] {
    std::vector<Study> list;
    for (const Condition& condition : conditions()) list.push_back(study_of(condition));
    for (const LandscapeProblem& problem : landscape_problems()) list.push_back(landscape_study(problem));
    for (const LandscapeProblem& problem : landscape_problems())
      if (problem.has_census) list.push_back(census_study(problem));
    for (std::size_t i = 0; i < problem_names.size(); ++i) list.push_back(surface_study(static_cast<Problem>(i)));
    list.push_back(recovery_study());
    return list;
  }();
  return all;
}

const Study& study_named(const std::string& key, const std::string& name) {
  std::vector<std::string> names;
  std::vector<const Study*> of_key;
  for (const Study& s : studies())
    if (s.key == key) of_key.push_back(&s), names.push_back(s.name);
  return *of_key.at(position(key, name, names));
}

const Study& as_said(const Study& study, const IsSaid& is_said) {
  static const std::vector<std::pair<std::string, Study>> all = [] {
    std::vector<std::pair<std::string, Study>> list;
    for (const Condition& condition : conditions()) list.emplace_back(decide_name, deciding_study(condition));
    list.emplace_back(momentum_name, recovery_study_with_momentum());
    return list;
  }();
  const auto other = std::find_if(all.begin(), all.end(), [&](const auto& s) {
    return s.second.key == study.key && s.second.name == study.name && is_said(s.first);
  });
  return other == all.end() ? study : other->second;
}

const Study& study_stored(const std::string& key, const std::string& name, const Parameters& parameters) {
  return as_said(study_named(key, name), [&](const std::string& parameter) {
    return std::any_of(parameters->begin(), parameters->end(),
                       [&](const AnyParameter& p) { return p.name == parameter; });
  });
}

}  // namespace theoremeter
