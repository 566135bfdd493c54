// The numbers of an array as files store them, made into doubles.
#pragma once

#include "theory/types.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace theoremeter::weights {

struct Element {
  enum class Type { real, bfloat, integer, natural } type;  // IEEE, bfloat16, signed, unsigned
  unsigned width;                                           // bytes
  bool big_endian = false;
};

/// Can it be read: float16, float32, float64, bfloat16, integers of 1, 2, 4 and 8 bytes?
bool readable(const Element& e);

/// The n k elements as a matrix; `columns_first` is Fortran's order. There must be exactly so many bytes, which
/// throws Refusal otherwise.
Rows matrix_of(const std::vector<char>& bytes, const Element& e, std::int64_t n, std::int64_t k, bool columns_first);

/// Throws Refusal unless `held` bytes are what this shape takes; products that overflow are no reason to wrap.
void check_length(std::uint64_t held, const std::vector<std::uint64_t>& shape, const Element& e);

}  // namespace theoremeter::weights
