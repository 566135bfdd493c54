// Weight matrices from files: .npy, .npz, .safetensors, HDF5 with the marks of Keras, MATLAB and netCDF, .keras.
#pragma once

#include "results/setting.hpp"
#include "theory/types.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace theoremeter {

struct ReadMatrix {
  Rows W;
  Source source;
};

struct Reading {
  std::vector<ReadMatrix> matrices;
  std::vector<std::string> remarks;  // what was done, and what looks odd: a line each
};

/// How a matrix that is given is meant.
struct Meaning {
  bool transpose = false;  // stored inputs x neurons, where the file does not say so itself
  bool neurons = true;     // rows are neurons: fewer of them than inputs are worth a remark
};

/// W, n x k, rows are neurons, from spec = FILE or FILE:DATASET. The format is told by the content; numbers are
/// float16, bfloat16, float32, float64 or integers, of rank 2. DATASET is needed where a file holds several
/// floating-point matrices. Kernels of Keras and arrays of MATLAB, Octave and Julia are turned round. Throws InputError
/// on anything else, and on NaN, infinity, integers beyond 2^53, what was never written, fill values, and sizes that
/// check_sizes refuses: every message says what would be read.
Reading read_weights(const std::string& spec, const Meaning& meaning = {});

/// The layers W_1, ..., W_d of a network, from spec = FILE[:GROUP], all of whose matrices are layers, in the order that
/// sort_layers finds; or FILE:FIRST,SECOND,..., in this order; or several of these, as in A.npy,B.npy. Throws
/// InputError as read_weights does, for layers that do not fit together, for biases, and for anything that is no dense
/// layer.
Reading read_network(const std::string& spec, const Meaning& meaning = {});

/// Throws InputError unless n, k >= 1 and n x k doubles fit in half of this machine's memory. `what` names the matrix.
void check_sizes(std::int64_t n, std::int64_t k, const std::string& what);

}  // namespace theoremeter
