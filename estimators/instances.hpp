// The estimators of the conditions that are sums over rows, compiled once, in wdc.cpp, phaseless.cpp and joint_wdc.cpp.
// Including this spares a source minutes of compiling them anew.
#pragma once

#include "estimators/certify.hpp"
#include "estimators/joint_wdc.hpp"
#include "estimators/phaseless.hpp"
#include "estimators/sample.hpp"
#include "estimators/search.hpp"
#include "estimators/wdc.hpp"

#include <cstdint>
#include <optional>
#include <vector>

/// With `linkage` = extern template: declared; with template: defined.
#define THEOREMETER_ESTIMATORS(linkage, D)                                                                     \
  linkage Sampled sample(const D&, const SphereGrids&, int, const Progress&, std::vector<double>*);            \
  linkage Sampled sample(const D&, std::int64_t, std::optional<GridKind>, const Stream&, int, const Progress&, \
                         std::vector<double>*);                                                                \
  linkage Searched search(const D&, std::int64_t, const Stream&, int, const Progress&);                        \
  linkage Certified certify(const D&, Witness&, double, std::int64_t, int, const Progress&)

namespace theoremeter {

THEOREMETER_ESTIMATORS(extern template, Wdc);
THEOREMETER_ESTIMATORS(extern template, Phaseless);
THEOREMETER_ESTIMATORS(extern template, JointWdc);

}  // namespace theoremeter
