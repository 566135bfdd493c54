// The columns of a recovery.
#pragma once

#include "experiments/studies/recovery_results.hpp"
#include "results/columns.hpp"

namespace theoremeter {

Columns<MeasuredRecovery> recovery_columns();

}  // namespace theoremeter
