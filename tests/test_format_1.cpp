// Results files of format 1.1, read as data sets: against the numbers that stand in the files.
#include "results/data_file.hpp"
#include "results/hdf5.hpp"
#include "tests/results_files.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

namespace theoremeter::test_format_1 {

using namespace testing;

namespace {

std::string unpacked(const Scratch& scratch, const std::string& name) {
  const fs::path packed = fs::path(__FILE__).parent_path() / "data/1.1" / (name + ".h5.gz");
  const std::string path = scratch / (name + ".h5");
  REQUIRE(std::system(fmt::format("gzip -dc '{}' > '{}'", packed.string(), path).c_str()) == 0);
  return path;
}

Column column(const std::string& name, Type type, const std::string& list = "", const std::string& where = "",
              std::vector<std::string> axes = {}, std::vector<std::string> names = {}) {
  Column c{name, "", type};
  c.list = list, c.where = where, c.axes = std::move(axes), c.names = std::move(names);
  return c;
}

Parameters parameters() {
  const auto size = [](const char* name, Value example) {
    AnyParameter p{name, "", std::move(example), false, true};
    p.scope = Scope::size;
    return p;
  };
  AnyParameter ensemble{"ensemble", "", std::string("gaussian")};
  ensemble.choices = {"gaussian", "rademacher"};
  return std::make_shared<const std::vector<AnyParameter>>(
      std::vector<AnyParameter>{size("n", std::int64_t{1}),
                                size("k", std::int64_t{1}),
                                size("m", std::int64_t{1}),
                                size("widths", Widths{1}),
                                ensemble,
                                {"seed", "", std::int64_t{7}},
                                {"gap", "", 0.5},
                                {"noise", "", 0.5},
                                {"starts", "", std::int64_t{1}, false}});
}

std::vector<Declared> declared() {
  const Schema condition{{column("at_least", Type::real), column("side", Type::flag, "", "", {}, {"plus", "minus"}),
                          column("form", Type::text), column("witness_x", Type::real, "", "", {"x_coordinate"}),
                          column("certified", Type::flag), column("at_most", Type::real, "", "certified"),
                          column("closed", Type::flag, "", "certified"),
                          column("evaluations_certify", Type::whole, "", "certified"),
                          column("kind", Type::flag, "", "", {}, {"at least", "bracket", "exact"}),
                          column("sampled", Type::flag), column("sampled_max", Type::real, "", "sampled"),
                          column("sampled_quantile", Type::real, "", "sampled", {"quantile"}),
                          column("evaluations_sample", Type::whole, "", "sampled")}};
  const Schema landscape{
      {column("network_count", Type::whole), column("network_rho", Type::real, "network"), column("merged", Type::flag),
       column("census", Type::flag), column("census_point_count", Type::whole, "", "census"),
       column("census_point_kind", Type::flag, "census_point", "", {}, {"minimum", "kink minimum", "kink saddle"}),
       column("census_point_objective", Type::real, "census_point"), column("epsilon_count", Type::whole),
       column("epsilon_condition", Type::text, "epsilon"), column("epsilon_argument_count", Type::whole, "epsilon"),
       column("epsilon_argument_value", Type::real, "epsilon_argument", "", {"epsilon_coordinate"}),
       column("K", Type::real)}};
  const Schema surface{{column("objective", Type::real, "", "", {"y", "x"}), column("critical_count", Type::whole),
                        column("critical_x", Type::real, "critical"), column("critical_kind", Type::text, "critical")}};
  return {{"condition", "wdc", parameters(), condition},
          {"condition", "rrcp", parameters(), condition},
          {"problem", "phase-retrieval", parameters(), landscape},
          {"surface", "phase-retrieval", parameters(), surface}};
}

const Cell& cell(const DataSet& data, const Row& row, const std::string& name) {
  return row[data.about().schema.position(name)];
}

void survives_conversion(const Scratch& scratch, const DataSet& data) {
  write(data, scratch / "2.h5", true);
  CHECK(digest(read(scratch / "2.h5", {})) == digest(data));
}

}  // namespace

TEST_CASE("format 1.1: a condition, measured with and without a certificate") {
  const Scratch scratch;
  const std::string path = unpacked(scratch, "wdc");
  const DataSet data = read(path, declared);
  const Description& about = data.about();
  REQUIRE(about.points.size() == 3);
  CHECK(about.points[1].at("n") == Value(std::int64_t{20}));
  CHECK(about.points[2].at("k") == Value(std::int64_t{3}));
  CHECK(about.points[0].at("gap") == Value(0.1));
  CHECK(about.points[0].at("seed") == Value(std::int64_t{1}));
  CHECK(about.points[0].at("ensemble") == Value(std::string("gaussian")));
  CHECK(about.points[0].at("starts") == Value());
  CHECK(about.draws == 3);
  CHECK(about.runs.at(0).version == "0.2.0");
  CHECK(about.experiment.find("A small WDC sweep") != std::string::npos);

  const hdf5::Handle file = hdf5::open_file(path);
  const auto at_least = hdf5::read_dataset<double>(file, "at_least", {3, 3});
  const auto at_most = hdf5::read_dataset<double>(file, "at_most", {3, 3});
  const auto nodes = hdf5::read_dataset<std::int64_t>(file, "evaluations_certify", {3, 3});
  const auto kinds = hdf5::read_dataset<std::string>(file, "kind", {3, 3});
  const auto sides = hdf5::read_dataset<std::string>(file, "side", {3, 3});
  for (std::size_t i = 0; i < 9; ++i) {
    const Row row = data.row({i / 3, i % 3});
    const auto get = [&](const char* name) -> const Cell& { return cell(data, row, name); };
    CHECK(get("at_least").reals() == std::vector{at_least[i]});
    const bool certified = i < 6;  // the last point was searched only
    CHECK(get("certified").wholes()[0] == certified);
    CHECK(get("at_most").reals() == (certified ? std::vector{at_most[i]} : std::vector<double>()));
    CHECK(get("evaluations_certify").wholes() == (certified ? std::vector{nodes[i]} : std::vector<std::int64_t>()));
    CHECK(about.schema.columns[about.schema.position("kind")].names[std::size_t(get("kind").wholes()[0])] == kinds[i]);
    CHECK(get("side").wholes()[0] == (sides[i] == "minus"));
    if (certified) CHECK(get("closed").wholes()[0] == (kinds[i] == "exact"));
    CHECK(get("sampled").wholes()[0] == certified);
    CHECK(get("sampled_quantile").size() == (certified ? 7 : 0));
    CHECK(get("witness_x").lengths == std::vector{certified ? 2u : 3u});
    double norm = 0;
    for (const double x : get("witness_x").reals()) norm += x * x;
    CHECK(norm == doctest::Approx(1));
  }
  survives_conversion(scratch, data);
}

TEST_CASE("format 1.1: what was not measured is open; matrices given come along") {
  const Scratch scratch;
  const DataSet undefined = read(unpacked(scratch, "rrcp-undefined"), declared);
  for (const std::uint64_t d : {0, 1, 4}) CHECK(undefined.state({0, d}) == State::open);
  for (const std::uint64_t d : {2, 3, 5}) CHECK(undefined.state({0, d}) == State::measured);
  CHECK(undefined.about().points[0].at("widths") == Value(Widths{1, 1, 1}));
  const DataSet given = read(unpacked(scratch, "given"), declared);
  CHECK(given.about().given_spec == "W.npy");
  REQUIRE(given.about().given);
  CHECK(given.about().given->begin()->second.rows() == 12);
  CHECK(given.about().points[0].at("ensemble") == Value());
  survives_conversion(scratch, given);
}

TEST_CASE("format 1.1: lists, padded there") {
  const Scratch scratch;
  const std::string path = unpacked(scratch, "census");
  const DataSet data = read(path, declared);
  const hdf5::Handle file = hdf5::open_file(path);
  const hdf5::Shape grid{data.about().points.size(), data.about().draws};
  const hsize_t longest = hdf5::length_of(file, "census_point"), epsilons = hdf5::length_of(file, "epsilon"),
                arguments = hdf5::length_of(file, "epsilon_argument"), k = hdf5::length_of(file, "epsilon_coordinate");
  const auto counts = hdf5::read_dataset<std::int64_t>(file, "census_point_count", grid);
  const auto f = hdf5::read_dataset<double>(file, "census_point_objective", {grid[0], grid[1], longest});
  const auto values =
      hdf5::read_dataset<double>(file, "epsilon_argument_value", {grid[0], grid[1], epsilons, arguments, k});
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const Row row = data.row({i / grid[1], i % grid[1]});
    const auto from = f.begin() + static_cast<std::ptrdiff_t>(i * longest);
    CHECK(cell(data, row, "census_point_objective").reals() == std::vector<double>(from, from + counts[i]));
    std::vector<double> numbers;  // all that is no padding
    for (std::size_t j = 0; j < epsilons * arguments * k; ++j)
      if (const double x = values[i * epsilons * arguments * k + j]; !std::isnan(x)) numbers.push_back(x);
    CHECK(cell(data, row, "epsilon_argument_value").reals() == numbers);
    CHECK(cell(data, row, "network_rho").size() == 1);
    CHECK(cell(data, row, "epsilon_condition").texts().at(0) == "wdc");
  }
  CHECK(data.about().points[0].at("noise") == Value(0.01));
  survives_conversion(scratch, data);
}

TEST_CASE("format 1.1: a surface is one draw; a study not declared is refused") {
  const Scratch scratch;
  const DataSet data = read(unpacked(scratch, "surface"), declared);
  const Row row = data.row({0, 0});
  CHECK(cell(data, row, "objective").lengths == std::vector<std::uint32_t>{11, 11});
  const std::int64_t critical = cell(data, row, "critical_count").wholes().at(0);
  CHECK(critical > 2);
  CHECK(cell(data, row, "critical_x").size() == static_cast<std::size_t>(critical));
  survives_conversion(scratch, data);
  const std::string blind = unpacked(scratch, "blind");
  fails([&] { read(blind, declared); }, "of no study that this program has");
}

}  // namespace theoremeter::test_format_1
