// Parameters that several studies share.
#pragma once

#include "experiments/studies/conditions.hpp"
#include "experiments/studies/sizes.hpp"
#include "experiments/studies/study.hpp"

#include <set>
#include <string>

namespace theoremeter {

inline constexpr const char *instance_group = "The instance, drawn or given", *evidence_group = "The evidence";

extern const Parameter<std::string> ensemble, measurement_matrix;  // what draws the rows, and those of A

AnyParameter size_parameter(const Symbol& size);

/// A count that may be left to its default: `note` says what that is.
AnyParameter budget(const char* name, const char* meaning, double least, double most, const char* note);

/// The sizes of a setting, by their symbols.
Sizes sizes_of(const std::vector<Symbol>& symbols, const Setting& at);

Ensembles ensembles_of(const Setting& at);

/// Sets what given matrices determine; what was said and has no place beside them is refused. `shapes`, asked when all
/// sizes are known: the matrices of an instance; what is drawn of them decides which ensembles there are.
void adopt(Setting& at, const Sizes& determined, const Matrices& given, const std::set<std::string>& said,
           const std::function<std::vector<Shape>(const Setting&)>& shapes);

}  // namespace theoremeter
