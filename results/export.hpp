// Matrices that leave the program, so that others can check.
#pragma once

#include "results/setting.hpp"

#include <string>
#include <vector>

namespace theoremeter {

/// Writes each matrix as NAME.npy (float64, C order) into the folder `path`, which is made; or as dataset NAME of a new
/// HDF5 file where `path` ends with .h5. Returns the files. Throws InputError where one is there already.
std::vector<std::string> write_matrices(const Matrices& matrices, const std::string& path);

}  // namespace theoremeter
