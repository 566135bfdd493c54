// How long work reports how far it is.
#pragma once

#include <functional>

namespace theoremeter {

/// Called with the fraction done, in [0, 1], by one thread at a time; may be empty.
using Progress = std::function<void(double)>;

}  // namespace theoremeter
