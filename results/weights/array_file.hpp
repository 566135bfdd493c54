// Files of named arrays, whatever their format.
#pragma once

#include "results/weights/bytes.hpp"
#include "results/weights/zip.hpp"
#include "theory/types.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace theoremeter::weights {

enum class Numbers { real, integer, none };

/// A name on the way to an array, and when it was made among its neighbours: -1 when the file does not say.
struct Step {
  std::string name;
  std::int64_t position = -1;
};

struct Array {
  std::string name;  // in the file; "" where there is only one, without a name
  std::vector<Step> path;
  std::vector<std::uint64_t> shape;  // as its author sees it
  Numbers numbers = Numbers::none;
  bool kernel = false;     // the file says: inputs x neurons, as Keras has it
  bool set_aside = false;  // no part of the network: the state of an optimizer, a coordinate; read only when named
  std::string obstacle;    // why it cannot be read; "" when it can
  std::string no_layer;    // why it is no layer, where the file says so
  std::string done;        // how it is read other than as it stands: "MATLAB's order"
};

class ArrayFile {
 public:
  virtual ~ArrayFile() = default;
  const std::vector<Array>& arrays() const { return arrays_; }
  /// The matrix arrays()[i], of rank 2 and of numbers. Throws Refusal when it is not whole.
  virtual Rows read(std::size_t i) = 0;

 protected:
  std::vector<Array> arrays_;
};

/// Tells the format by the content. Throws Refusal for formats that are not read, saying what would be.
std::unique_ptr<ArrayFile> open_arrays(const std::string& path);

/// Each throws Refusal when the bytes are not of its format.
std::unique_ptr<ArrayFile> open_npy(Bytes bytes);
std::unique_ptr<ArrayFile> open_safetensors(Bytes bytes);
std::unique_ptr<ArrayFile> open_npz(Zip zip);
std::unique_ptr<ArrayFile> open_hdf5(const std::string& path);
std::unique_ptr<ArrayFile> open_hdf5_image(const std::vector<char>& image);

/// Why no n x k doubles can be held: an empty matrix, or more than half of this machine's memory; "" when they can.
std::string size_fault(std::int64_t n, std::int64_t k);

/// Sizes as the program counts them; throws Refusal for empty matrices and those beyond this machine's memory.
std::pair<std::int64_t, std::int64_t> matrix_size(const std::vector<std::uint64_t>& shape);

/// "(3, 4)"
std::string to_string(const std::vector<std::uint64_t>& shape);

}  // namespace theoremeter::weights
