// Data sets: what is added comes back, what contradicts is refused, and the digest sees content alone.
#include "results/data_set.hpp"
#include "tests/toy.hpp"
#include "theory/error.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <random>

namespace theoremeter::test_data_set {
namespace {

const auto columns = toy::columns();

/// Every draw of every point in an order that the seed shuffles; one in ten is not defined.
DataSet filled(std::size_t points, std::uint64_t draws, unsigned seed = 0) {
  DataSet data(toy::description(points, draws));
  std::vector<Key> keys;
  for (std::uint64_t d = 0; d < draws; ++d)
    for (std::size_t p = 0; p < points; ++p) keys.push_back({p, d});
  if (seed != 0) std::shuffle(keys.begin(), keys.end(), std::mt19937(seed));
  for (const Key key : keys) {
    if ((key.draw + key.point) % 10 == 9)
      data.add(key, State::undefined, empty_row(columns.schema()), 0);
    else
      data.add(key, State::measured, columns.row(toy::numbered(key.point, key.draw)), 0);
  }
  return data;
}

TEST_CASE("what is added comes back, and what is not there is open") {
  DataSet data = filled(3, 20);
  CHECK(data.size() == 60);
  CHECK(columns.draw(data.row({2, 13})).real == toy::numbered(2, 13).real);
  CHECK(data.state({0, 9}) == State::undefined);
  CHECK(data.state({0, 20}) == State::open);
  CHECK(data.count(0, State::undefined) == 2);
  CHECK(data.count(0, State::measured) == 18);
  CHECK(data.count(0, State::open) == 0);
  data.about().draws = 25;
  CHECK(data.count(0, State::open) == 5);
  data.add({1, 30}, State::measured, columns.row(toy::numbered(1, 30)), 0);
  CHECK(data.draws(1) == 31);
  CHECK(data.count(1, State::open) == 10);
}

TEST_CASE("points are found by their setting") {
  DataSet data(toy::description(3, 1));
  CHECK(data.point_of(toy::setting(2)) == 1);
  CHECK(data.find_point(toy::setting(3, 7)) == std::nullopt);
  CHECK(data.point_of(toy::setting(3, 7)) == 3);  // another seed is another point
  CHECK(data.find_point(toy::setting(3, 7)) == 3);
  CHECK(data.draws(3) == 0);
  Description twice = toy::description(2, 1);
  twice.points.push_back(toy::setting(1));
  CHECK_THROWS_AS(DataSet{twice}, InputError);
}

TEST_CASE("a draw added again must be the same, but for its seconds") {
  DataSet data = filled(2, 20);
  const std::string before = digest(data);
  toy::Toy t = toy::numbered(1, 3);
  t.seconds = 77;
  data.add({1, 3}, State::measured, columns.row(t), 0);
  CHECK(data.size() == 40);
  CHECK(columns.draw(data.row({1, 3})).seconds == 0.25);  // the first stays
  CHECK(digest(data) == before);

  t.real = std::nextafter(t.real, 2.0);
  CHECK_THROWS_WITH_AS(data.add({1, 3}, State::measured, columns.row(t), 0),
                       "n = 2, budget = 100, seed = 1, draw 3: two results that contradict each other: real is 1.25 in "
                       "one and 1.2500000000000002 in the other",
                       InputError);
  CHECK_THROWS_AS(data.add({1, 3}, State::undefined, empty_row(columns.schema()), 0), InputError);
}

TEST_CASE("the digest is that of the content, whatever the order") {
  const std::string expected = digest(filled(3, 50));
  CHECK(expected.size() == 32);
  for (unsigned seed = 1; seed < 5; ++seed) CHECK(digest(filled(3, 50, seed)) == expected);

  Description backwards = toy::description(3, 999);  // other points first, and one that nothing was measured at
  backwards.title = "Another";
  backwards.runs.clear();
  backwards.points = {toy::setting(8), toy::setting(3), toy::setting(2), toy::setting(1)};
  DataSet data(backwards);
  const DataSet source = filled(3, 50);
  for (std::size_t p = 0; p < 3; ++p)
    for (std::uint64_t d = 0; d < 50; ++d)
      data.add({data.point_of(source.about().points[p]), d}, source.state({p, d}), source.bytes({p, d}), 1);
  CHECK(digest(data) == expected);
}

TEST_CASE("the digest sees every bit of every value but seconds, and every draw, state and setting") {
  const auto of = [](const std::string& bytes, State state, Key key, const Description& about) {
    DataSet data(about);
    data.add(key, state, bytes, 0);
    return digest(data);
  };
  const Description about = toy::description(2, 2);
  const toy::Toy t = toy::difficult();
  const std::string bytes = encode(columns.row(t), columns.schema());
  const std::string expected = of(bytes, State::measured, {0, 0}, about);

  // The seconds are the last column: its one value the last eight bytes, its count the byte before.
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] ^= static_cast<char>(1 << bit % 8);
    std::string seen;
    try {
      decode(flipped, columns.schema());
      seen = of(flipped, State::measured, {0, 0}, about);
    } catch (const WrongRow&) {
      continue;  // a count: no row any more
    }
    CHECK((seen == expected) == (bit >= 8 * (bytes.size() - 8)));
  }
  CHECK(of(bytes, State::undefined, {0, 0}, about) != expected);
  CHECK(of(bytes, State::measured, {0, 1}, about) != expected);
  CHECK(of(bytes, State::measured, {1, 0}, about) != expected);
  Description other = about;
  other.study = "letters";
  CHECK(of(bytes, State::measured, {0, 0}, other) != expected);
  other = about;
  other.given = std::make_shared<const Matrices>(Matrices{{"W", Rows::Identity(2, 2)}});
  CHECK(of(bytes, State::measured, {0, 0}, other) != expected);
}

TEST_CASE("the identity is that of study, schema and matrices, not of points, draws or title") {
  const std::string expected = toy::description(2, 2).identity();
  Description other = toy::description(5, 7);
  other.title = other.experiment = "another";
  CHECK(other.identity() == expected);
  other.schema.columns[0].meaning = "said better";
  CHECK(other.identity() == expected);
  other.schema.columns[0].type = Type::whole;
  CHECK(other.identity() != expected);
}

TEST_CASE("a hundred thousand rows are digested in well under a second") {
  const DataSet data = filled(10, 10000);
  const auto start = std::chrono::steady_clock::now();
  digest(data);
  CHECK(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() < 2);  // 0.1 s, alone
}

}  // namespace
}  // namespace theoremeter::test_data_set
