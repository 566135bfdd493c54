// Rows: typed structs to bytes and back, bit for bit; and bytes that are no row.
#include "results/columns.hpp"
#include "tests/toy.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <random>

namespace theoremeter::test_rows {
namespace {

std::uint64_t bits(double x) { return std::bit_cast<std::uint64_t>(x); }

TEST_CASE("a row with every type comes back bit for bit") {
  const auto columns = toy::columns();
  const toy::Toy before = toy::difficult();
  const std::string bytes = encode(columns.row(before), columns.schema());
  const toy::Toy after = columns.draw(decode(bytes, columns.schema()));
  CHECK(bits(after.real) == bits(-0.0));
  CHECK(after.whole == before.whole);
  CHECK(after.yes);
  CHECK(after.colour == toy::Colour::blue);
  CHECK(after.text == before.text);
  CHECK(after.vector == before.vector);
  CHECK(after.matrix == before.matrix);
  CHECK(bits(after.part.error) == 0x7ff800000000beef);
  CHECK(after.part.at.empty());
  CHECK_FALSE(after.maybe);
  CHECK(after.items == before.items);
  CHECK(after.seconds == before.seconds);

  toy::Toy other;
  other.maybe = toy::Part{2, {3, 4}};
  CHECK(columns.draw(decode(encode(columns.row(other), columns.schema()), columns.schema())).maybe == other.maybe);
}

TEST_CASE("a cell is read without the others") {
  const auto columns = toy::columns();
  const Schema& schema = columns.schema();
  const Row row = columns.row(toy::difficult());
  const std::string bytes = encode(row, schema);
  for (std::size_t i = 0; i < schema.columns.size(); ++i) {
    const Schema alone{{schema.columns[i]}};
    CHECK(encode({decode_cell(bytes, schema, i)}, alone) == encode({row[i]}, alone));
  }
}

TEST_CASE("only seconds are left out of what is reproducible") {
  const auto columns = toy::columns();
  const auto kept = [&](const toy::Toy& t) {
    return reproducible(encode(columns.row(t), columns.schema()), columns.schema());
  };
  toy::Toy slower = toy::difficult();
  slower.seconds = 99;
  CHECK(kept(slower) == kept(toy::difficult()));
  toy::Toy other = toy::difficult();
  other.real = 0.0;
  CHECK(kept(other) != kept(toy::difficult()));
  other = toy::difficult();
  other.items[2].parts[0].at[0] = std::nextafter(3.0, 4.0);
  CHECK(kept(other) != kept(toy::difficult()));
}

TEST_CASE("rows of another schema are refused") {
  const auto columns = toy::columns();
  const Row row = columns.row(toy::difficult());
  Schema shorter = columns.schema();
  shorter.columns.pop_back();
  CHECK_THROWS_AS(encode(row, shorter), WrongRow);
  CHECK_THROWS_AS(decode(encode(row, columns.schema()), shorter), WrongRow);
  CHECK_THROWS_AS(columns.draw(Row(3)), WrongRow);
  CHECK_THROWS_AS(columns.draw(empty_row(columns.schema())), WrongRow);
}

TEST_CASE("bytes that are no row are refused, without a crash or a wild allocation") {
  const auto columns = toy::columns();
  const Schema& schema = columns.schema();
  const std::string sound = encode(columns.row(toy::difficult()), schema);
  for (std::size_t length = 0; length < sound.size(); ++length)
    CHECK_THROWS_AS(decode(std::string_view(sound).substr(0, length), schema), WrongRow);
  CHECK_THROWS_AS(decode(sound + '\0', schema), WrongRow);

  std::mt19937 random(1);
  const auto harmless = [&](const std::string& bytes) {
    try {
      columns.draw(decode(bytes, schema));
    } catch (const WrongRow&) {
    }
  };
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = sound;
    if (i % 2 == 0) {
      bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
    } else {
      bytes.resize(random() % 200);
      for (char& c : bytes) c = static_cast<char>(random() % 4 == 0 ? random() : random() % 3);
    }
    harmless(bytes);
  }
}

}  // namespace
}  // namespace theoremeter::test_rows
