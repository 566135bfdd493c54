#include "estimators/wdc.hpp"

#include "estimators/instances.hpp"

namespace theoremeter {

THEOREMETER_ESTIMATORS(template, Wdc);

}  // namespace theoremeter
