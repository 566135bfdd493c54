// In which order the matrices of a file are the layers of a network.
#pragma once

#include "results/weights/array_file.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace theoremeter::weights {

/// An array taken for a layer: neurons x inputs as it will be read.
struct Layer {
  const Array* array;
  std::size_t index;  // in the file
  std::int64_t neurons, inputs;
};

/// Sorts the layers, from the input on: as the file says (order of creation, lists of names), otherwise by the numbers
/// in their names, otherwise in the only order in which their sizes fit and that does not look transposed. Returns how,
/// where it is not by the numbers, for a remark. Throws Refusal when it cannot be known.
std::string sort_layers(std::vector<Layer>& layers);

/// Does each take what the one before gives?
bool fit_together(const std::vector<Layer>& layers);

}  // namespace theoremeter::weights
