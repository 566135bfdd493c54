#include "experiments/declarations.hpp"

#include "experiments/studies/studies.hpp"

#include <algorithm>

namespace theoremeter {

std::vector<Declared> declarations() {
  std::vector<Declared> all;
  for (const std::vector<Study>* list : {&studies(), &larger_studies()})
    for (const Study& s : *list) all.push_back({s.key, s.name, s.parameters, s.schema, s.complete});
  return all;
}

const Study& study_of(const Description& about) {
  const std::vector<AnyParameter>& all = *about.parameters;
  return as_asked(study_named(about.key, about.study), [&](const std::string& name) {
    return std::any_of(all.begin(), all.end(), [&](const AnyParameter& p) { return p.name == name; });
  });
}

}  // namespace theoremeter
