// Results files of the formats 1.0 and 1.1, read as data sets.
#pragma once

#include "results/data_file.hpp"
#include "results/hdf5.hpp"

#include <memory>
#include <vector>

namespace theoremeter {

/// Throws hdf5::Error where the file is damaged, or of a study that is not declared.
DataSet read_format_1(hid_t file, const std::vector<Declared>& declared);

/// The group `matrices`, which is the same in all formats; null where there is none.
std::shared_ptr<const Matrices> given_matrices(hid_t file);

}  // namespace theoremeter
