// What files of format 1.x need to be read: the declarations of all studies.
#pragma once

#include "results/data_file.hpp"

#include <vector>

namespace theoremeter {

std::vector<Declared> declarations();

}  // namespace theoremeter
