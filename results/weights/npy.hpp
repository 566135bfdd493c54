// NumPy's .npy, alone or as a member of an .npz.
#pragma once

#include "results/weights/elements.hpp"

#include <optional>
#include <string>
#include <vector>

namespace theoremeter::weights {

inline constexpr char npy_magic[] = "\x93NUMPY";
inline constexpr std::uint64_t npy_most_header = 12 + (1u << 20);  // a longer one is damaged

struct NpyHeader {
  std::optional<Element> element;  // nothing when the type is none that is read
  std::string descr;               // "<f8"
  bool columns_first = false;
  std::vector<std::uint64_t> shape;
  std::uint64_t data = 0;  // where it begins
};

/// Of format 1, 2 or 3, by NumPy or another writer: either quote, `40L`, no byte order. `bytes` may go on behind it.
NpyHeader parse_npy_header(const std::vector<char>& bytes);

/// "type '<c16': float64, ... is expected"
std::string wrong_type(const std::string& type);

}  // namespace theoremeter::weights
