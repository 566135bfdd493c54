// Results files: what is written is read, bit for bit; what is damaged, foreign or full is called that, and nothing is
// lost.
#include "results/atomic.hpp"
#include "results/data_file.hpp"
#include "results/hdf5.hpp"
#include "results/journal.hpp"
#include "tests/results_files.hpp"
#include "tests/toy.hpp"
#include "theory/error.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <random>

namespace theoremeter::test_data_file {

using namespace testing;

namespace {

std::vector<Declared> nothing() { return {}; }

Row difficult() { return toy::columns().row(toy::difficult()); }
Row numbered(std::size_t point, std::uint64_t draw) { return toy::columns().row(toy::numbered(point, draw)); }

/// Two points: all that is difficult, an undefined draw, open ones, two runs, a matrix given.
DataSet toys() {
  Description about = toy::description(2, 5);
  about.experiment = "title = \"Toys\"\nn = [1, 2]\n";
  about.runs.push_back({"1", "other", "", "", "", "", "2026-01-02T00:00:00Z"});
  about.given_spec = "W.npy";
  about.statements = {"hv-lemma-8", "floor-wdc"};
  about.measured = {{"hv-lemma-8", "wdc", "real", 0.1}, {"floor-wdc", "wdc", "real", 31}};
  about.given = std::make_shared<const Matrices>(Matrices{{"W_1", Rows::Constant(2, 3, -0.0)}});
  DataSet data(about);
  toy::Toy optional = toy::numbered(0, 3);
  optional.maybe = toy::Part{-1, {0.5, -0.0, 0.25, 1, 2}};
  optional.text = "-", optional.whole = -1;
  data.add({0, 0}, State::measured, difficult(), 0);
  data.add({0, 1}, State::measured, toy::columns().row(optional), 1);
  data.add({0, 3}, State::undefined, empty_row(about.schema), 1);
  data.add({1, 2}, State::measured, numbered(1, 2), 1);
  return data;
}

void check_equal(const DataSet& a, const DataSet& b) {
  const Description &x = a.about(), &y = b.about();
  CHECK(x.identity() == y.identity());
  CHECK(x.schema == y.schema);
  CHECK(*x.parameters == *y.parameters);
  CHECK(x.runs == y.runs);
  CHECK(x.title == y.title);
  CHECK(x.statements == y.statements);
  CHECK(x.measured == y.measured);
  CHECK(x.experiment == y.experiment);
  CHECK(x.given_spec == y.given_spec);
  CHECK(x.draws == y.draws);
  REQUIRE(x.points.size() == y.points.size());
  CHECK(a.size() == b.size());
  for (std::size_t p = 0; p < x.points.size(); ++p) {
    CHECK(x.points[p].text() == y.points[p].text());
    REQUIRE(a.draws(p) == b.draws(p));
    for (std::uint64_t d = 0; d < a.draws(p); ++d) {
      REQUIRE(a.state({p, d}) == b.state({p, d}));
      if (a.state({p, d}) == State::open) continue;
      REQUIRE(a.bytes({p, d}) == b.bytes({p, d}));  // seconds too
      REQUIRE(a.run({p, d}) == b.run({p, d}));
    }
  }
}

bool equal(const DataSet& a, const DataSet& b) {
  if (digest(a) != digest(b) || a.about().runs != b.about().runs || a.about().title != b.about().title) return false;
  for (std::size_t p = 0; p < a.about().points.size(); ++p)
    for (std::uint64_t d = 0; d < a.draws(p); ++d)
      if (a.state({p, d}) != State::open && (a.bytes({p, d}) != b.bytes({p, d}) || a.run({p, d}) != b.run({p, d})))
        return false;
  return a.about().experiment == b.about().experiment;
}

/// Draws `numbered`, of which every fifth is open.
DataSet many(std::size_t points, std::uint64_t draws) {
  DataSet data(toy::description(points, draws));
  for (std::size_t p = 0; p < points; ++p)
    for (std::uint64_t d = 0; d < draws; ++d)
      if ((p + d) % 5 != 4) data.add({p, d}, State::measured, numbered(p, d), 0);
  return data;
}

}  // namespace

TEST_CASE("a data set comes back from its file bit for bit") {
  const Scratch scratch;
  const std::string path = scratch / "t.h5";
  write(toys(), path, false);
  check_equal(toys(), read(path, nothing));
  CHECK(scratch.files() == 1);
  const DataSet none(toy::description(3, 2));  // nothing measured yet
  write(none, path, true);
  check_equal(none, read(path, nothing));
  CHECK(message([&] { write(DataSet(toy::description(0, 2)), path, true); }) ==
        "results without a point or without a draw");
}

TEST_CASE("files are written and read in blocks, of parts of a point or of whole points") {
  const Scratch scratch;
  const std::string path = scratch / "t.h5";
  for (const auto& [points, draws] : {std::pair{2u, 9000u}, std::pair{700u, 25u}, std::pair{1u, 1u}}) {
    const DataSet data = many(points, draws);
    write(data, path, true);
    check_equal(data, read(path, nothing));
  }
}

TEST_CASE("parameters of every type, and none of each, come back") {
  const Scratch scratch;
  Description about = toy::description(1, 1);
  const std::vector<AnyParameter> all{{"n", "whole", std::int64_t{1}},       {"noise", "real", 0.5},
                                      {"census", "yes or no", true},         {"grid", "text", std::string("circle")},
                                      {"widths", "list", Widths{1, 2}},      {"real", "as a column is called", 1.0},
                                      {"gap", "none by default", 0.1, false}};
  about.parameters = std::make_shared<const std::vector<AnyParameter>>(all);
  about.points = {Setting(about.parameters), Setting(about.parameters), Setting(about.parameters)};
  about.points[1].set("n", std::int64_t{-1}), about.points[1].set("noise", -0.0), about.points[1].set("census", false);
  about.points[1].set("grid", std::string("-")), about.points[1].set("widths", Widths{7});
  for (const AnyParameter& p : all) about.points[2].set(p.name, Value());
  write(DataSet(about), scratch / "t.h5", false);
  const DataSet back = read(scratch / "t.h5", nothing);
  for (std::size_t p = 0; p < 3; ++p)
    for (const AnyParameter& q : all) CHECK(back.about().points[p].at(q.name) == about.points[p].at(q.name));
}

TEST_CASE("a share of many draws is a small file: its axis has the draws that it holds") {
  const Scratch scratch;
  DataSet share(toy::description(2, 100000));
  for (std::uint64_t d = 7; d < 100000; d += 1000) share.add({d / 1000 % 2, d}, State::measured, numbered(0, d), 0);
  write(share, scratch / "share.h5", false);
  check_equal(share, read(scratch / "share.h5", nothing));
  CHECK(fs::file_size(scratch / "share.h5") < 300000);
  const Tally t = tally(scratch / "share.h5", nothing);
  CHECK(t.states.at(1).at(1007) == State::measured);
  CHECK(t.states.at(0).at(1007) == State::open);
  CHECK(t.about.draws == 100000);
}

TEST_CASE("a flipped byte of a file is noticed, or changes nothing") {
  const Scratch scratch;
  const std::string path = scratch / "t.h5", bad = scratch / "bad.h5";
  write(toys(), path, false);
  const DataSet good = read(path, nothing);
  const std::string bytes = load(path);
  std::mt19937_64 random(1);
  int noticed = 0;
  for (int i = 0; i < 400; ++i) {
    std::string changed = bytes;
    const std::size_t at = random() % bytes.size();
    changed[at] ^= static_cast<char>(1 << random() % 8);
    save(bad, changed);
    bool same = true;
    std::string said;
    try {
      same = equal(read(bad, nothing), good);
    } catch (const InputError& error) {
      said = error.what();
    }
    CHECK(same);
    if (said.empty()) continue;
    ++noticed;
    CHECK(said.starts_with(bad));
    CHECK(said.find('\n') == std::string::npos);
  }
  CHECK(noticed > 390);  // all but flips in the seal's own mark
}

TEST_CASE("a number changed behind the checksum's back is noticed by the digest") {
  const Scratch scratch;
  const std::string path = scratch / "t.h5";
  write(many(1, 4), path, false);
  {
    const hdf5::Handle file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose, "cannot open");
    hdf5::write_slab<double>(hdf5::open_dataset(file, "real"), {0, 1}, {1, 1}, {7.0});
  }
  fails([&] { read(path, nothing); }, "its values are not those that its digest was made of");
}

TEST_CASE("draws beyond those of the experiment are no draws, however large a number stands there") {
  const Scratch scratch;
  const std::string path = scratch / "t.h5";
  for (const std::int64_t number : {std::int64_t{4}, std::int64_t{1} << 36, std::int64_t{1} << 62}) {
    write(many(1, 4), path, true);
    {
      const hdf5::Handle file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose, "cannot open");
      hdf5::write_slab<std::int64_t>(hdf5::open_dataset(file, "draw"), {3}, {1}, {number});
    }
    fails([&] { read(path, nothing); }, "damaged: dataset draw goes beyond the draws of the experiment");
    fails([&] { tally(path, nothing); }, "damaged: dataset draw goes beyond the draws of the experiment");
  }
}

TEST_CASE("truncated, foreign, newer and missing files are called that") {
  const Scratch scratch;
  const std::string path = scratch / "t.h5", bad = scratch / "bad.h5";
  write(toys(), path, false);
  const std::string bytes = load(path);
  for (std::size_t i = 1; i < 20; ++i) {
    save(bad, bytes.substr(0, bytes.size() * i / 20));
    fails([&] { read(bad, nothing); }, bad + ": ");
  }
  fails([&] { read(scratch / "none.h5", nothing); }, "none.h5: no such file");
  fails([&] { read(scratch.path.string(), nothing); }, "not a regular file");
  save(bad, "a text");
  fails([&] { read(bad, nothing); }, "not an HDF5 file");
  hdf5::write_attribute(hdf5::create_file(bad), "title", std::string("mine"));
  fails([&] { read(bad, nothing); }, "not a theoremeter results file");
  fails([&] { check_output(bad, true); }, "will not overwrite what is no results file");
  fails([&] { check_output(path, false); }, "exists; --resume goes on with it, --overwrite");
  check_output(path, true);
  const auto version = [&](std::int64_t major, std::int64_t minor) {
    save(bad, bytes);
    const hdf5::Handle file(H5Fopen(bad.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose, "cannot open");
    H5Adelete(file, "format_version");
    hdf5::write_attribute(file, "format_version", std::vector{major, minor});
    hdf5::write_dataset<double>(file, "news", {1}, {1.0});
  };
  version(3, 0);
  fails([&] { read(bad, nothing); }, "written by a newer theoremeter: format 3.0, this one reads up to 2.x");
  version(2, 7);
  check_equal(toys(), read(bad, nothing));
}

TEST_CASE("a full disk changes nothing, wherever it is met") {
  const Scratch scratch;
  const std::string path = scratch / "t.h5";
  const DataSet data = many(2, 2000);
  write(toys(), path, false);
  const std::string before = load(path);
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);  // then write() fails as on a full disk
  std::vector<std::string> said;
  for (const rlim_t limit : {0u, 100u, 5000u, 40000u, 100000u}) {
    const rlimit small{limit, old.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    said.push_back(message([&] { write(data, path, true); }));
    setrlimit(RLIMIT_FSIZE, &old);
  }
  std::signal(SIGXFSZ, handler);
  for (const std::string& text : said)
    CHECK(text == fmt::format("cannot write {}: File too large; nothing was changed", path));
  CHECK(load(path) == before);
  CHECK(scratch.files() == 1);
  write(data, path, true);  // and without the limit it succeeds
  check_equal(data, read(path, nothing));
}

TEST_CASE("a folder that cannot be written to is refused") {
  const Scratch scratch;
  fails([&] { check_output(scratch / "none/t.h5", false); }, "no directory");
  fails([&] { write(toys(), scratch / "none/t.h5", false); }, "No such file or directory; nothing was changed");
  if (geteuid() == 0) return;  // who may write everywhere
  fs::permissions(scratch.path, fs::perms::owner_read | fs::perms::owner_exec);
  fails([&] { check_output(scratch / "t.h5", false); }, "no file can be made there: Permission denied");
  fails([&] { write(toys(), scratch / "t.h5", false); }, "Permission denied; nothing was changed");
  fs::permissions(scratch.path, fs::perms::owner_all);
}

TEST_CASE("links are followed, to what does not exist yet too; a file replaced keeps its mode") {
  const Scratch scratch;
  fs::create_directory(scratch.path / "data");
  fs::create_symlink("data/t.h5", scratch.path / "link.h5");
  write(toys(), scratch / "link.h5", false);
  CHECK(fs::is_symlink(scratch.path / "link.h5"));
  CHECK(fs::is_regular_file(fs::symlink_status(scratch.path / "data/t.h5")));
  fs::permissions(scratch.path / "data/t.h5", fs::perms(0640));
  write(toys(), scratch / "link.h5", true);
  CHECK(fs::status(scratch.path / "data/t.h5").permissions() == fs::perms(0640));
  CHECK(fs::is_symlink(scratch.path / "link.h5"));
  CHECK(message([&] { write(toys(), scratch / "link.h5", false); }).ends_with("File exists; nothing was changed"));
}

TEST_CASE("what killed processes left beside is removed, what living ones write is not") {
  const Scratch scratch;
  const std::string path = scratch / "t.h5";
  const auto part_of = [&](const std::function<void(const std::string&)>& end) {
    int pipe_ends[2];
    REQUIRE(pipe(pipe_ends) == 0);
    const pid_t child = fork();
    if (child == 0) {
      Replacement replacement(path);
      const std::string part = replacement.part();
      if (::write(pipe_ends[1], part.data(), part.size()) < 0) _exit(1);
      pause();
    }
    char name[4096] = {};
    REQUIRE(::read(pipe_ends[0], name, sizeof name - 1) > 0);
    close(pipe_ends[0]), close(pipe_ends[1]);
    end(name);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    return std::string(name);
  };
  const std::string dead = part_of([&](const std::string& living) {
    write(toys(), path, false);
    CHECK(fs::exists(living));
  });
  CHECK(fs::exists(dead));
  save(path + ".another-host.1.0.part", "");
  write(toys(), path, true);
  CHECK(!fs::exists(dead));
  CHECK(fs::exists(path + ".another-host.1.0.part"));
}

TEST_CASE("a program that holds the file open does not disturb writing") {
  const Scratch scratch;
  const std::string path = scratch / "t.h5";
  write(toys(), path, false);
  {
    const hdf5::Handle held(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose, "cannot open");
    write(many(1, 3), path, true);
  }
  check_equal(many(1, 3), read(path, nothing));
}

TEST_CASE("journals beside are read with the file, and counted") {
  const Scratch scratch;
  const std::string path = scratch / "t.h5";
  DataSet data = many(2, 10);
  write(data, path, false);
  CHECK(tally(path, nothing).states[0][4] == State::open);
  {
    Journal journal(path + ".journal", data.about(), data.about().runs[0]);
    journal.append({0, 4}, State::measured, encode(numbered(0, 4), data.about().schema));
    journal.append({0, 0}, State::measured, data.bytes({0, 0}));  // of a run killed between renaming and removing
  }
  data.add({0, 4}, State::measured, numbered(0, 4), 0);
  const DataSet back = read(path, nothing);
  CHECK(digest(back) == digest(data));
  const Tally t = tally(path, nothing);
  CHECK(t.states[0][4] == State::measured);
  CHECK(t.states[1][3] == State::open);
}

TEST_CASE("a tally has the states and the time spent, without the values") {
  const Scratch scratch;
  const std::string path = scratch / "t.h5";
  const DataSet data = toys();
  write(data, path, false);
  const Tally t = tally(path, nothing);
  for (std::size_t p = 0; p < 2; ++p)
    for (std::uint64_t d = 0; d < 5; ++d) CHECK(t.states[p][d] == data.state({p, d}));
  CHECK(t.seconds == std::vector<double>{12.75, 0.25});
}

}  // namespace theoremeter::test_data_file
