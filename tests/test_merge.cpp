// Merging: shares, repeated runs and other seeds become one data set; what contradicts is refused, both files named.
#include "results/journal.hpp"
#include "results/merge.hpp"
#include "tests/folder.hpp"
#include "tests/toy.hpp"
#include "theory/error.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>

namespace theoremeter::test_merge {
namespace {

namespace fs = std::filesystem;
using testing::Folder;

const auto columns = toy::columns();
const Declarations none = [] { return std::vector<Declared>(); };

/// The draws of these points that are `index` modulo `of`.
DataSet share(std::size_t points, std::uint64_t draws, std::uint64_t index, std::uint64_t of) {
  DataSet data(toy::description(points, draws));
  for (std::size_t p = 0; p < points; ++p)
    for (std::uint64_t d = index; d < draws; d += of)
      data.add({p, d}, State::measured, columns.row(toy::numbered(p, d)), 0);
  return data;
}

TEST_CASE("shares merge to what one run would have given, in any order, overlapping, with their journals") {
  const Folder folder;
  const std::string expected = digest(share(2, 20, 0, 1));
  std::vector<std::string> paths;
  for (std::uint64_t i = 0; i < 4; ++i) {
    paths.push_back(folder / ("f" + std::to_string(i) + ".h5"));
    write(share(2, 20, i, 4), paths.back(), false);
  }
  CHECK(digest(merged(paths, none)) == expected);
  CHECK(gaps(merged(paths, none)).empty());
  std::reverse(paths.begin(), paths.end());
  paths.push_back(paths[0]);
  CHECK(digest(merged(paths, none)) == expected);
  paths = {folder / "f0.h5", folder / "f2.h5", folder / "f3.h5"};
  CHECK(gaps(merged(paths, none)) ==
        "n = 1, budget = 100, seed = 1: 5 draws missing: 1, 5, 9, 13, 17\n"
        "n = 2, budget = 100, seed = 1: 5 draws missing: 1, 5, 9, 13, 17\n");
  {
    Journal journal(paths[0] + ".journal", toy::description(2, 20), {"1", "", "", "", "", "", "later"});
    for (const std::uint64_t draw : {1, 5, 9, 13, 17})
      for (std::size_t p = 0; p < 2; ++p)
        journal.append({p, draw}, State::measured, encode(columns.row(toy::numbered(p, draw)), columns.schema()));
  }
  CHECK(digest(merged(paths, none)) == expected);
}

TEST_CASE("other seeds and points are added") {
  const Folder folder;
  DataSet other(toy::description(0, 5));
  other.add({other.point_of(toy::setting(1, 2)), 0}, State::measured, columns.row(toy::numbered(7, 7)), 0);
  write(share(1, 5, 0, 1), folder / "a.h5", false);
  write(other, folder / "b.h5", false);
  const DataSet all = merged({folder / "a.h5", folder / "b.h5"}, none);
  CHECK(all.size() == 6);
  CHECK(all.about().points.size() == 2);
  CHECK(gaps(all) == "n = 1, budget = 100, seed = 2: 4 draws missing: 1-4\n");
}

TEST_CASE("files that contradict each other are both named") {
  const Folder folder;
  DataSet other = share(2, 5, 1, 2);
  toy::Toy t = toy::numbered(1, 2);
  t.items[0].parts[0].error = 1e-300;
  other.add({1, 2}, State::measured, columns.row(t), 0);
  write(share(2, 5, 1, 2), folder / "a.h5", false);
  write(share(2, 5, 0, 2), folder / "b.h5", false);
  write(other, folder / "c.h5", false);
  CHECK_THROWS_WITH_AS(merged({folder / "a.h5", folder / "b.h5", folder / "c.h5"}, none),
                       doctest::Contains(("b.h5 and " + (folder / "c.h5") + " contradict each other: n = 2").c_str()),
                       InputError);
  Description letters = toy::description(1, 1);
  letters.study = "letters";
  write(DataSet(letters), folder / "d.h5", false);
  CHECK_THROWS_WITH_AS(merged({folder / "a.h5", folder / "d.h5"}, none), doctest::Contains("d.h5 are no parts of one"),
                       InputError);
}

}  // namespace
}  // namespace theoremeter::test_merge
