// Reads a data set from an HDF5 file, format 2.x.
#pragma once

#include "results/data_file.hpp"

#include <hdf5.h>

namespace theoremeter {

/// All of it. Throws hdf5::Error where the file is not what was written.
DataSet read_file(hid_t file);

/// Its states and seconds alone.
Tally tally_file(hid_t file);

}  // namespace theoremeter
