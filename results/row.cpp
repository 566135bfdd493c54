#include "results/row.hpp"

#include "theory/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>

namespace theoremeter {
namespace {

static_assert(std::endian::native == std::endian::little, "bytes are written as they stand in memory");

void put_count(std::string& to, std::uint64_t n) {
  for (; n >= 0x80; n >>= 7) to.push_back(static_cast<char>(n | 0x80));
  to.push_back(static_cast<char>(n));
}

/// What is left of the bytes; every step checks that there is enough.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : left_(bytes) {}

  std::uint64_t count() {
    std::uint64_t n = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      n |= std::uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return n;
    }
    throw WrongRow("a count of more than 64 bits");
  }
  std::string_view take(std::uint64_t n) {
    if (n > left_.size()) throw WrongRow("a row that is cut off");
    const std::string_view taken = left_.substr(0, n);
    left_.remove_prefix(n);
    return taken;
  }
  /// n items of this many bytes each: checked before anything is allocated.
  std::string_view take(std::uint64_t n, std::uint64_t size) {
    if (n > left_.size() / size) throw WrongRow("a row that is cut off");
    return take(n * size);
  }
  std::size_t left() const { return left_.size(); }
  const char* position() const { return left_.data(); }

 private:
  std::string_view left_;
};

template <class T>
void put_numbers(std::string& to, const std::vector<T>& values) {
  const std::size_t at = to.size();
  to.resize(at + values.size() * sizeof(T));
  if (!values.empty()) std::memcpy(to.data() + at, values.data(), values.size() * sizeof(T));
}

template <class T>
std::vector<T> take_numbers(Bytes& from, std::uint64_t n) {
  std::vector<T> values;
  const std::string_view bytes = from.take(n, sizeof(T));
  values.resize(n);
  if (n > 0) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

void put_cell(std::string& to, const Cell& cell, const Column& column) {
  if (!column.axes.empty()) {
    put_count(to, cell.lengths.size());
    put_numbers(to, cell.lengths);
  }
  put_count(to, cell.size());
  switch (column.type) {
    case Type::real:
      return put_numbers(to, cell.reals());
    case Type::whole:
      return put_numbers(to, cell.wholes());
    case Type::flag:
      for (const std::int64_t flag : cell.wholes()) to.push_back(static_cast<char>(flag));
      return;
    case Type::text:
      for (const std::string& text : cell.texts()) {
        put_count(to, text.size());
        to += text;
      }
  }
}

Cell take_cell(Bytes& from, const Column& column) {
  Cell cell;
  if (!column.axes.empty()) cell.lengths = take_numbers<std::uint32_t>(from, from.count());
  const std::uint64_t n = from.count();
  switch (column.type) {
    case Type::real:
      cell.values = take_numbers<double>(from, n);
      break;
    case Type::whole:
      cell.values = take_numbers<std::int64_t>(from, n);
      break;
    case Type::flag: {
      const auto flags = take_numbers<std::int8_t>(from, n);
      cell.values = std::vector<std::int64_t>(flags.begin(), flags.end());
      break;
    }
    case Type::text: {
      std::vector<std::string> texts;
      for (std::uint64_t i = 0; i < n; ++i) texts.emplace_back(from.take(from.count()));
      cell.values = std::move(texts);
    }
  }
  return cell;
}

void skip_cell(Bytes& from, const Column& column) {
  if (!column.axes.empty()) from.take(from.count(), sizeof(std::uint32_t));
  const std::uint64_t n = from.count();
  if (column.type == Type::text)
    for (std::uint64_t i = 0; i < n; ++i) from.take(from.count());
  else
    from.take(n, column.type == Type::flag ? 1 : 8);
}

}  // namespace

std::size_t Schema::position(const std::string& name) const {
  std::vector<std::string> names(columns.size());
  std::transform(columns.begin(), columns.end(), names.begin(), [](const Column& c) { return c.name; });
  return theoremeter::position("column", name, names);
}

std::string encode(const Row& row, const Schema& schema) {
  if (row.size() != schema.columns.size()) throw WrongRow("a row of another schema");
  std::string bytes;
  for (std::size_t i = 0; i < row.size(); ++i) put_cell(bytes, row[i], schema.columns[i]);
  return bytes;
}

Row decode(std::string_view bytes, const Schema& schema) {
  Bytes from(bytes);
  Row row;
  row.reserve(schema.columns.size());
  for (const Column& column : schema.columns) row.push_back(take_cell(from, column));
  if (from.left() != 0) throw WrongRow("a row with more than its columns");
  return row;
}

bool is_row(std::string_view bytes, const Schema& schema) try {
  Bytes from(bytes);
  for (const Column& column : schema.columns) skip_cell(from, column);
  return from.left() == 0;
} catch (const WrongRow&) {
  return false;
}

Cell decode_cell(std::string_view bytes, const Schema& schema, std::size_t column) {
  Bytes from(bytes);
  for (std::size_t i = 0; i < column; ++i) skip_cell(from, schema.columns[i]);
  return take_cell(from, schema.columns[column]);
}

std::string reproducible(std::string_view bytes, const Schema& schema) {
  Bytes from(bytes);
  std::string kept;
  kept.reserve(bytes.size());
  for (const Column& column : schema.columns) {
    const char* const begin = from.position();
    skip_cell(from, column);
    if (column.reproducible()) kept.append(begin, static_cast<std::size_t>(from.position() - begin));
  }
  return kept;
}

Row empty_row(const Schema& schema) {
  Row row(schema.columns.size());
  for (std::size_t i = 0; i < row.size(); ++i) {
    const Type type = schema.columns[i].type;
    if (type == Type::text) row[i].values = std::vector<std::string>();
    if (type == Type::whole || type == Type::flag) row[i].values = std::vector<std::int64_t>();
  }
  return row;
}

}  // namespace theoremeter
