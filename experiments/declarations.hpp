// What is stored, and which study it is of.
#pragma once

#include "experiments/studies/study.hpp"
#include "results/data_file.hpp"

#include <vector>

namespace theoremeter {

/// Of all studies: what older files need to be read.
std::vector<Declared> declarations();

/// The study that a data set is of.
const Study& study_of(const Description& about);

}  // namespace theoremeter
