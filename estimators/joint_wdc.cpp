#include "estimators/joint_wdc.hpp"

#include "estimators/instances.hpp"

namespace theoremeter {

THEOREMETER_ESTIMATORS(template, JointWdc);

}  // namespace theoremeter
