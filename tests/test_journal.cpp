// The journal: what was appended comes back, whatever was torn, damaged or full.
#include "results/journal.hpp"
#include "tests/folder.hpp"
#include "tests/toy.hpp"
#include "theory/error.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace theoremeter::test_journal {
namespace {

namespace fs = std::filesystem;
using testing::Folder;

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void spill(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

const auto columns = toy::columns();
const Provenance run{"1", "c", "g", "f", "l", "h", "2026-02-02T00:00:00Z"};

std::string row(std::size_t point, std::uint64_t draw) {
  return encode(columns.row(toy::numbered(point, draw)), columns.schema());
}

/// A journal of `count` draws, two points in turn; the position of each record's end.
std::vector<std::uint64_t> write_journal(const std::string& path, std::uint64_t count) {
  Journal journal(path, toy::description(2, 1000), run);
  std::vector<std::uint64_t> ends{journal.bytes()};
  for (std::uint64_t i = 0; i < count; ++i) {
    journal.append({i % 2, i / 2}, State::measured, row(i % 2, i / 2));
    ends.push_back(journal.bytes());
  }
  return ends;
}

struct Taken {
  DataSet data{toy::description(2, 1000)};
  std::string remark;
};
Taken take(const std::string& path) {
  Taken taken;
  take_up(path, taken.data, taken.remark);
  return taken;
}

TEST_CASE("what was appended comes back, with its run") {
  const Folder folder;
  const std::string path = folder / "f.journal";
  {
    Journal journal(path, toy::description(2, 10), run);
    journal.append({1, 7}, State::measured, encode(columns.row(toy::difficult()), columns.schema()));
    journal.append({0, 9}, State::undefined, encode(empty_row(columns.schema()), columns.schema()));
    journal.flush();
    CHECK_THROWS_AS(Journal(path, toy::description(2, 10), run), std::runtime_error);  // never written over
  }
  const Taken taken = take(path);
  CHECK(taken.remark.empty());
  CHECK(taken.data.size() == 2);
  CHECK(taken.data.bytes({1, 7}) == encode(columns.row(toy::difficult()), columns.schema()));
  CHECK(taken.data.state({0, 9}) == State::undefined);
  REQUIRE(taken.data.about().runs.size() == 2);
  CHECK(taken.data.about().runs[taken.data.run({1, 7})] == run);

  DataSet twice = take(path).data;  // a crash between consolidation and removal
  std::string remark;
  take_up(path, twice, remark);
  CHECK(digest(twice) == digest(taken.data));
  CHECK(twice.about().runs.size() == 2);
}

TEST_CASE("cut at every byte, a journal keeps what was whole") {
  const Folder folder;
  const std::string path = folder / "f.journal";
  const std::vector<std::uint64_t> ends = write_journal(path, 5);
  const std::string bytes = slurp(path);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    spill(path, bytes.substr(0, length));
    const Taken taken = take(path);
    const auto whole = std::upper_bound(ends.begin(), ends.end(), length) - ends.begin();
    CHECK(taken.data.size() == static_cast<std::size_t>(std::max<std::ptrdiff_t>(whole - 1, 0)));
    const bool at_a_border = std::find(ends.begin(), ends.end(), length) != ends.end() ||
                             2 * length == ends[0];  // one of the two headers is enough
    CHECK(taken.remark.empty() == at_a_border);
  }
}

TEST_CASE("a bit flipped in any byte is noticed, and costs the record that it is in at most") {
  const Folder folder;
  const std::string path = folder / "f.journal";
  const std::vector<std::uint64_t> ends = write_journal(path, 4);
  const std::string bytes = slurp(path);
  for (std::size_t byte = 0; byte < bytes.size(); ++byte) {
    std::string flipped = bytes;
    flipped[byte] ^= static_cast<char>(1 << byte % 8);
    spill(path, flipped);
    const Taken taken = take(path);
    CHECK_FALSE(taken.remark.empty());
    CHECK(taken.data.size() == (byte < ends[0] ? 4 : 3));
    for (std::uint64_t i = 0; i < 4; ++i)
      if (taken.data.state({i % 2, i / 2}) == State::measured)
        CHECK(taken.data.bytes({i % 2, i / 2}) == row(i % 2, i / 2));
  }
}

TEST_CASE("journals of other data are refused") {
  const Folder folder;
  const std::string path = folder / "f.journal";
  write_journal(path, 3);
  const auto refused = [&](const Description& about) {
    DataSet data(about);
    std::string remark;
    CHECK_THROWS_AS(take_up(path, data, remark), InputError);
  };
  Description other = toy::description(2, 1000);
  other.study = "letters";
  refused(other);
  refused(toy::description(1, 1000));
  other = toy::description(2, 1000);
  std::swap(other.points[0], other.points[1]);
  refused(other);

  DataSet more(toy::description(5, 2000));  // the experiment has grown since
  std::string remark;
  take_up(path, more, remark);
  CHECK(more.size() == 3);

  const std::string bytes = slurp(path);
  spill(path, "something else altogether");
  refused(toy::description(2, 1000));
  spill(path, bytes.substr(0, 100) + bytes.substr(bytes.size() - 400));  // neither header is whole
  refused(toy::description(2, 1000));
  {
    fs::remove(path);
    Journal journal(path, toy::description(2, 1000), run);
    journal.append({0, 0}, State::measured, row(0, 0));
    journal.append({0, 0}, State::measured, row(0, 1));
  }
  refused(toy::description(2, 1000));
}

TEST_CASE("a full disk: what was appended is kept, and the torn record taken back") {
  const Folder folder;
  const std::string whole = folder / "whole.journal";
  const std::vector<std::uint64_t> ends = write_journal(whole, 5);
  for (std::uint64_t limit = 0; limit < ends.back(); limit += 7) {
    const std::string path = folder / "f.journal";
    const pid_t child = fork();
    if (child == 0) {
      std::signal(SIGXFSZ, SIG_IGN);
      const rlimit size{limit, limit};
      setrlimit(RLIMIT_FSIZE, &size);
      try {
        write_journal(path, 5);
      } catch (const std::runtime_error&) {
        _exit(1);
      }
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 1));
    const std::uint64_t kept = *(std::upper_bound(ends.begin(), ends.end(), limit) - (limit < ends[0] ? 0 : 1));
    if (limit < ends[0])
      CHECK_FALSE(fs::exists(path));
    else
      CHECK(fs::file_size(path) == kept);
    fs::remove(path);
  }
}

TEST_CASE("the journals beside a file") {
  const Folder folder;
  for (const char* name : {"f.h5", "f.h5.journal", "f.h5.journal.0", "f.h5.journal.12", "f.h5.journal.",
                           "f.h5.journal.x", "g.h5.journal", "f.h5.lock"})
    spill(folder / name, "");
  CHECK(journals_of(folder / "f.h5") ==
        std::vector{folder / "f.h5.journal", folder / "f.h5.journal.0", folder / "f.h5.journal.12"});
  fs::create_symlink("f.h5", folder / "link.h5");
  CHECK(journals_of(folder / "link.h5").size() == 3);
  CHECK(journals_of(folder / "none/f.h5").empty());
}

TEST_CASE("a hundred thousand draws are appended in a second, and read back in another") {
  const Folder folder;
  const std::string path = folder / "f.journal";
  const std::string bytes = row(0, 3);
  const auto seconds_since = [](auto start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  auto start = std::chrono::steady_clock::now();
  {
    Journal journal(path, toy::description(1, 100000), run);
    for (std::uint64_t draw = 0; draw < 100000; ++draw) journal.append({0, draw}, State::measured, bytes);
  }
  CHECK(seconds_since(start) < 3);  // 0.25 s, alone
  start = std::chrono::steady_clock::now();
  DataSet data(toy::description(1, 100000));
  std::string remark;
  take_up(path, data, remark);
  CHECK(data.size() == 100000);
  CHECK(seconds_since(start) < 2);  // 0.1 s, alone
}

}  // namespace
}  // namespace theoremeter::test_journal
