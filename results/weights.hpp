// Weight matrices from files: .npy and HDF5.
#pragma once

#include "theory/types.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace theoremeter {

/// W, n x k, rows are neurons, from spec = FILE or FILE:DATASET. FILE is NumPy's .npy (format 1, 2 or 3; C or Fortran
/// order) or HDF5, told apart by content; float32, float64 or an integer type of either byte order; of rank 2. DATASET
/// is needed when an HDF5 file holds several floating-point matrices. Throws InputError on anything else, and on NaN,
/// infinity, integers beyond 2^53, and sizes that check_sizes refuses.
Rows read_weights(const std::string& spec);

/// The layers W_1, ..., W_d of a network, from spec = FILE[:GROUP] of HDF5, all of whose datasets (below GROUP) are the
/// layers in natural order of their names (W_2 before W_10), or A.npy,B.npy,..., one file a layer. Throws InputError as
/// read_weights does, for layers that do not fit together, and for biases: a dataset of rank 1.
std::vector<Rows> read_network(const std::string& spec);

/// Throws InputError unless n, k >= 1 and n x k doubles fit in half of this machine's memory. `what` names the matrix.
void check_sizes(std::int64_t n, std::int64_t k, const std::string& what);

}  // namespace theoremeter
