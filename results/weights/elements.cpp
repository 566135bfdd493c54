#include "results/weights/elements.hpp"

#include "results/weights/bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace theoremeter::weights {
namespace {

template <class T>
T raw(const char* bytes, bool swap) {
  char copy[sizeof(T)];
  std::memcpy(copy, bytes, sizeof(T));
  if (swap) std::reverse(copy, copy + sizeof(T));
  T value;
  std::memcpy(&value, copy, sizeof(T));
  return value;
}

template <class T>
double decode(const char* bytes, bool swap) {
  return static_cast<double>(raw<T>(bytes, swap));
}

/// IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits.
double decode_half(const char* bytes, bool swap) {
  const auto bits = raw<std::uint16_t>(bytes, swap);
  const int exponent = (bits >> 10) & 31, fraction = bits & 1023;
  double magnitude = std::ldexp(exponent == 0 ? fraction : fraction + 1024, std::max(exponent, 1) - 25);
  if (exponent == 31)
    magnitude = fraction == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  return (bits >> 15) != 0 ? -magnitude : magnitude;
}

/// The upper half of a float32.
double decode_bfloat(const char* bytes, bool swap) {
  return static_cast<double>(std::bit_cast<float>(std::uint32_t{raw<std::uint16_t>(bytes, swap)} << 16));
}

using Decode = double (*)(const char*, bool);

Decode decoder(const Element& e) {
  switch (e.type) {
    case Element::Type::real:
      return e.width == 8 ? decode<double> : e.width == 4 ? decode<float> : e.width == 2 ? decode_half : nullptr;
    case Element::Type::bfloat:
      return e.width == 2 ? decode_bfloat : nullptr;
    case Element::Type::integer:
      return e.width == 8   ? decode<std::int64_t>
             : e.width == 4 ? decode<std::int32_t>
             : e.width == 2 ? decode<std::int16_t>
             : e.width == 1 ? decode<std::int8_t>
                            : nullptr;
    case Element::Type::natural:
      return e.width == 8   ? decode<std::uint64_t>
             : e.width == 4 ? decode<std::uint32_t>
             : e.width == 2 ? decode<std::uint16_t>
             : e.width == 1 ? decode<std::uint8_t>
                            : nullptr;
  }
  return nullptr;
}

}  // namespace

bool readable(const Element& e) { return decoder(e) != nullptr; }

void check_length(std::uint64_t held, const std::vector<std::uint64_t>& shape, const Element& e) {
  double expected = e.width;  // exact below 2^53, and no file is larger
  for (const std::uint64_t size : shape) expected *= static_cast<double>(size);
  if (static_cast<double>(held) != expected)
    throw Refusal(fmt::format("{}, {} bytes of data where the header says {:.0f}",
                              static_cast<double>(held) < expected ? "truncated" : "too long", held, expected));
}

Rows matrix_of(const std::vector<char>& bytes, const Element& e, std::int64_t n, std::int64_t k, bool columns_first) {
  check_length(bytes.size(), {static_cast<std::uint64_t>(n), static_cast<std::uint64_t>(k)}, e);
  const Decode element = decoder(e);
  const bool swap = e.big_endian != (std::endian::native == std::endian::big);
  Rows W(n, k);
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index j = 0; j < k; ++j)
      W(i, j) = element(bytes.data() + std::int64_t{e.width} * (columns_first ? i + n * j : i * k + j), swap);
  return W;
}

}  // namespace theoremeter::weights
