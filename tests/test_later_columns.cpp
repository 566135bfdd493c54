// Files of an earlier minor version, read with the columns that came later.
#include "experiments/declarations.hpp"
#include "experiments/studies/studies.hpp"
#include "results/later_columns.hpp"
#include "tests/results_files.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <optional>

namespace theoremeter::test_later_columns {

using namespace testing;

namespace {

struct Proof {
  double at_most = 0, nodes = 0;
  std::int64_t count = 0;
};
struct Item {
  double value = 0, error = 0;
  std::vector<double> at = {};
};
struct Finding {
  double at_least = 0, agreement = 0;
  bool sure = false;
  std::string word = {};
  std::optional<Proof> bounded = {}, certified = {};
  std::vector<Item> items = {};
};

Columns<Finding> first_columns() {
  return Columns<Finding>()
      .value("at_least", &Finding::at_least, Says::at_least, "a")
      .optional("certified", "", &Finding::certified, "c",
                Columns<Proof>()
                    .value("at_most", &Proof::at_most, Says::at_most, "m")
                    .value("nodes", &Proof::nodes, Says::count, "n"))
      .list_of("item", &Finding::items, "i", Columns<Item>().value("value", &Item::value, Says::exact, "v"));
}

/// A bound stands under a flag of its own now, and there are numbers, a flag, a text and a vector more.
Columns<Finding> later_columns() {
  return Columns<Finding>()
      .value("agreement", &Finding::agreement, Says::statistic, "g")
      .value("at_least", &Finding::at_least, Says::at_least, "a")
      .value("sure", &Finding::sure, Says::statistic, "s")
      .value("word", &Finding::word, Says::statistic, "w")
      .optional("bounded", "", &Finding::bounded, "b",
                Columns<Proof>()
                    .value("at_most", &Proof::at_most, Says::at_most, "m")
                    .value("count", &Proof::count, Says::count, "c"))
      .optional("certified", "", &Finding::certified, "c",
                Columns<Proof>().value("nodes", &Proof::nodes, Says::count, "n"))
      .list_of("item", &Finding::items, "i",
               Columns<Item>()
                   .value("value", &Item::value, Says::exact, "v")
                   .value("error", &Item::error, Says::at_most, "e")
                   .vector("at", &Item::at, {"coordinate"}, Says::witness, "x"));
}

DataSet first(const Columns<Finding>& columns) {
  Description about;
  about.key = "toy", about.study = "kept";
  about.parameters = std::make_shared<const std::vector<AnyParameter>>();
  about.points = {Setting(about.parameters)};
  about.draws = 4;
  about.schema = columns.schema();
  about.runs.resize(2);
  DataSet data(std::move(about));
  Finding proved, seen;
  proved.at_least = 1, proved.certified = Proof{2, 300}, proved.items = {{4}, {5}};
  seen.at_least = 3;
  data.add({0, 0}, State::measured, columns.row(proved), 0);
  data.add({0, 1}, State::measured, columns.row(seen), 1);
  data.add({0, 3}, State::undefined, empty_row(columns.schema()), 1);
  return data;
}

std::vector<Declared> declared(const Columns<Finding>& columns) {
  return {{"toy", "kept", std::make_shared<const std::vector<AnyParameter>>(), columns.schema()}};
}

std::string unpacked(const Scratch& scratch, const std::string& name) {
  const fs::path packed = fs::path(__FILE__).parent_path() / "data/2.0" / (name + ".h5.gz");
  const std::string path = scratch / (name + ".h5");
  REQUIRE(std::system(fmt::format("gzip -dc '{}' > '{}'", packed.string(), path).c_str()) == 0);
  return path;
}

}  // namespace

TEST_CASE("later columns: what was kept stays, what came later is NaN, 0 or none, a flag that under which it stood") {
  const Columns<Finding> columns = later_columns();
  const DataSet now = with_later_columns(first(first_columns()), declared(columns));
  CHECK(now.about().schema == columns.schema());
  CHECK(now.size() == 3);
  CHECK(now.state({0, 2}) == State::open);
  CHECK(now.state({0, 3}) == State::undefined);
  CHECK(now.run({0, 1}) == 1);
  const Finding proved = columns.draw(now.row({0, 0})), seen = columns.draw(now.row({0, 1}));
  CHECK(proved.at_least == 1);
  CHECK(std::isnan(proved.agreement));
  CHECK(!proved.sure);
  CHECK(proved.word.empty());
  REQUIRE(proved.bounded);
  CHECK(proved.bounded->at_most == 2);
  CHECK(proved.bounded->count == 0);
  REQUIRE(proved.certified);
  CHECK(proved.certified->nodes == 300);
  REQUIRE(proved.items.size() == 2);
  CHECK(proved.items[1].value == 5);
  CHECK(std::isnan(proved.items[1].error));
  CHECK(proved.items[1].at.empty());
  CHECK(seen.at_least == 3);
  CHECK(!seen.bounded);
  CHECK(!seen.certified);
}

TEST_CASE("later columns: as it is where nothing is declared, or not all that is stored") {
  const Columns<Finding> was = first_columns(), now = later_columns();
  CHECK(with_later_columns(first(was), {}).about().schema == was.schema());
  CHECK(with_later_columns(first(was), declared(was)).about().schema == was.schema());
  CHECK(with_later_columns(first(now), declared(was)).about().schema == now.schema());
}

TEST_CASE("later columns: of the declarations of a study the first that holds all that is stored") {
  const Columns<Finding> was = first_columns(), now = later_columns();
  const auto smaller = Columns<Finding>().value("at_least", &Finding::at_least, Says::at_least, "a");
  std::vector<Declared> all = declared(smaller);
  for (const Declared& d : declared(now)) all.push_back(d);
  CHECK(with_later_columns(first(was), all).about().schema == now.schema());
  CHECK(with_later_columns(first(smaller), all).about().schema == smaller.schema());
}

TEST_CASE("files of format 2.0: read with the columns of 2.1, verified, and written as 2.1") {
  const Scratch scratch;
  for (const std::string name : {"wdc", "rrcp"}) {
    CAPTURE(name);
    const std::string path = unpacked(scratch, name);
    const DataSet data = read(path, declarations);
    const Study& study = study_named("condition", name);
    REQUIRE(data.about().schema == study.schema);
    const auto cell = [&](const Row& row, const std::string& column) { return row[study.schema.position(column)]; };
    for (Key key{0, 0}; key.draw < data.draws(0); ++key.draw) {
      const Row row = data.row(key);
      const bool certified = name == "wdc";
      CHECK(cell(row, "bounded").wholes() == std::vector<std::int64_t>{certified});
      CHECK(cell(row, "at_most").size() == std::size_t{certified});
      CHECK(cell(row, "proof").wholes() == std::vector<std::int64_t>(std::size_t{certified}, 0));  // by exhaustion
      CHECK(std::isnan(cell(row, "agreement").reals().at(0)));
      const Setting at = data.about().points[0];
      for (const std::string& what : study.verify(at, draw_stream(at, key.draw), row, {})) FAIL_CHECK(what);
    }
    write(data, path, true);
    const DataSet again = read(path, {});  // needs no declaration any more
    CHECK(again.about().schema == study.schema);
    CHECK(digest(again) == digest(data));
  }
}

TEST_CASE("recoveries of format 2.0, whose parameters have gained one: read with the columns of 2.1, and verified") {
  const Scratch scratch;
  for (const std::string name : {"recovery", "sparse"}) {
    CAPTURE(name);
    const DataSet data = read(unpacked(scratch, name), declarations);
    const Study& study = study_named("study", "recovery");
    REQUIRE(data.about().schema == study.schema);
    CHECK(!data.about().points[0].has("image"));
    REQUIRE(data.draws(0) > 0);
    for (Key key{0, 0}; key.draw < data.draws(0); ++key.draw) {
      const Setting at = data.about().points[0];
      for (const bool again : {false, true})
        for (const std::string& what : study.verify(at, draw_stream(at, key.draw), data.row(key), {again, false}))
          FAIL_CHECK(what);
    }
  }
}

}  // namespace theoremeter::test_later_columns
