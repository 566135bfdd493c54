#include "experiments/declarations.hpp"

#include "experiments/studies/studies.hpp"

namespace theoremeter {

std::vector<Declared> declarations() {
  std::vector<Declared> all;
  for (const std::vector<Study>* list : {&studies(), &larger_studies()})
    for (const Study& s : *list) all.push_back({s.key, s.name, s.parameters, s.schema, s.complete});
  return all;
}

}  // namespace theoremeter
