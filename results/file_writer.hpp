// Writes a data set to an HDF5 file, format 2.x.
#pragma once

#include "results/data_set.hpp"

#include <hdf5.h>

namespace theoremeter {

/// All of it. Throws InputError for results without a point or a draw, hdf5::Error where the file cannot take them.
void write_file(const DataSet& data, hid_t file);

}  // namespace theoremeter
