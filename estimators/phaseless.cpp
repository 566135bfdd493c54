#include "estimators/phaseless.hpp"

#include "estimators/instances.hpp"

namespace theoremeter {

THEOREMETER_ESTIMATORS(template, Phaseless);

}  // namespace theoremeter
