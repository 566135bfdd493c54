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

const std::vector<Study>& larger_studies() {
  static const std::vector<Study> all = [] {
    std::vector<Study> list;
    for (const Condition& condition : conditions()) list.push_back(deciding_study(condition));
    for (const LandscapeProblem& problem : landscape_problems())
      if (has_lemmas(problem)) list.push_back(lemma_study(problem));
    list.push_back(recovery_study_with_momentum());
    return list;
  }();
  return all;
}

const Study& as_asked(const Study& study, const std::function<bool(const std::string& parameter)>& asked) {
  for (const Study& larger : larger_studies())
    if (larger.key == study.key && larger.name == study.name && asked(larger.added)) return larger;
  return study;
}

const Study& study_of(const Description& about) {
  const std::vector<AnyParameter>& all = *about.parameters;
  return as_asked(study_named(about.key, about.study), [&](const std::string& name) {
    return std::any_of(all.begin(), all.end(), [&](const AnyParameter& p) { return p.name == name; });
  });
}

}  // namespace theoremeter
