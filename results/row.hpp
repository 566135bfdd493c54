// A row: the values of one draw, in the order of a schema's columns; and its bytes, which journal, digest and equality
// share.
#pragma once

#include "results/schema.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace theoremeter {

/// The values of one column in one draw, items one after another; none: there is none. Flags are whole numbers here.
struct Cell {
  std::variant<std::vector<double>, std::vector<std::int64_t>, std::vector<std::string>> values;
  std::vector<std::uint32_t> lengths = {};  // where the column has axes: an extent an axis and item

  const std::vector<double>& reals() const { return std::get<0>(values); }
  const std::vector<std::int64_t>& wholes() const { return std::get<1>(values); }
  const std::vector<std::string>& texts() const { return std::get<2>(values); }
  std::size_t size() const {
    return std::visit([](const auto& v) { return v.size(); }, values);
  }
};
using Row = std::vector<Cell>;

/// A row that was made, or read, with another schema than the one it is used with; or bytes that are no row.
class WrongRow : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The bytes of a row: of each cell the number of lengths (where there are axes), the lengths, the number of values,
/// the values; numbers little-endian, counts as LEB128.
std::string encode(const Row& row, const Schema& schema);

/// The inverse. Throws WrongRow for bytes that no row of this schema has.
Row decode(std::string_view bytes, const Schema& schema);

/// Whether decode would succeed.
bool is_row(std::string_view bytes, const Schema& schema);

/// One cell of an encoded row, without decoding the others.
Cell decode_cell(std::string_view bytes, const Schema& schema, std::size_t column);

/// The encoded row without its seconds: what equal draws have in common, bit for bit.
std::string reproducible(std::string_view bytes, const Schema& schema);

/// A row of this schema in which there is nothing: that of a draw whose value is not defined.
Row empty_row(const Schema& schema);

}  // namespace theoremeter
