// One question alone: is the supremum at most epsilon? One proof at epsilon itself, which costs less than a bracket
// does, and ends as soon as it meets a point that refutes it.
#pragma once

#include "estimators/joint_wdc.hpp"
#include "estimators/measurement.hpp"
#include "estimators/phaseless.hpp"
#include "estimators/progress.hpp"
#include "estimators/wdc.hpp"

#include <cstdint>

namespace theoremeter {

/// Is sup f <= epsilon? It is when at_most comes out so; it is not when `incumbent`, replaced by a point that the proof
/// meets, is above. Neither: `nodes` were not enough, or 0, and at_most is what any S and E have. Dimensions as
/// certify. Bitwise the same for any number of threads.
Certified decide(const Wdc& d, Witness& incumbent, double epsilon, std::int64_t nodes, int threads,
                 const Progress& progress);
Certified decide(const Phaseless& d, Witness& incumbent, double epsilon, std::int64_t nodes, int threads,
                 const Progress& progress);
Certified decide(const JointWdc& d, Witness& incumbent, double epsilon, std::int64_t nodes, int threads,
                 const Progress& progress);

}  // namespace theoremeter
