// Running: whatever the threads, shares, kills and full disks, the same data set, and nothing finished is lost.
#include "experiments/interruption.hpp"
#include "experiments/keep.hpp"
#include "experiments/lock.hpp"
#include "experiments/progress_line.hpp"
#include "experiments/runner.hpp"
#include "results/atomic.hpp"
#include "results/data_file.hpp"
#include "results/journal.hpp"
#include "results/merge.hpp"
#include "tests/folder.hpp"
#include "tests/toy.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <omp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <thread>

namespace theoremeter::test_runner {
namespace {

namespace fs = std::filesystem;
using testing::Folder;

void spin(std::chrono::microseconds time) {
  const auto start = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - start < time) {
  }
}

using Measure = std::function<void(const Setting&, std::uint64_t draw, const Effort&)>;

/// The study of toys, each of which `also` does something; one draw in ten is undefined.
Study study(const Measure& also = [](const Setting&, std::uint64_t, const Effort&) {}) {
  Study s;
  s.key = "toy";
  s.name = "numbers";
  s.parameters = toy::parameters();
  s.schema = toy::columns().schema();
  const auto columns = std::make_shared<const Columns<toy::Toy>>(toy::columns());
  s.measure = [also, columns](const Setting& at, const Stream& stream, const Effort& effort) {
    const auto n = static_cast<std::size_t>(std::get<std::int64_t>(at.at("n")));
    const std::uint64_t draw = Stream(stream)() % 1000;  // some number of this draw
    also(at, draw, effort);
    if ((n + draw) % 10 == 0) throw Undefined("one in ten");
    return columns->row(toy::numbered(n, draw));
  };
  return s;
}

Experiment experiment(const Study& s, std::size_t points, std::uint64_t draws) {
  Experiment e;
  e.study = &s;
  e.title = "Toys";
  e.draws = draws;
  e.points = toy::description(points, draws).points;
  return e;
}

DataSet read(const std::string& path) {
  return theoremeter::read(path, [] { return std::vector<Declared>(); });
}

/// In a process of its own, and there in a thread of its own: OpenMP's threads do not outlive a fork.
pid_t in_child(const std::function<void()>& work) {
  const pid_t child = fork();
  if (child != 0) return child;
  std::signal(SIGXFSZ, SIG_IGN);
  const int nowhere = open("/dev/null", O_WRONLY);
  dup2(nowhere, STDERR_FILENO);
  sigset_t signals;  // for the thread that ends on interruption
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  int code = 0;
  std::thread([&] {
    try {
      work();
    } catch (const std::exception&) {
      code = 1;
    }
  }).join();
  _exit(code);
}

int exit_code(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST_CASE("shares are disjoint, complete, of equal size, and spread over the points") {
  for (const std::uint64_t points : {1, 2, 4, 7})
    for (const std::uint64_t of : {1, 2, 3, 4, 10}) {
      const std::uint64_t places = points * 100;
      std::vector<std::vector<int>> per_point(of, std::vector<int>(points));
      for (std::uint64_t place = 0; place < places; ++place) {
        int owners = 0;
        for (std::uint64_t i = 0; i < of; ++i)
          if (Share{i, of}.has(place)) {
            ++owners;
            ++per_point[i][place % points];
          }
        CHECK(owners == 1);
      }
      for (const auto& share : per_point) {
        int all = 0;
        for (const int count : share) {
          all += count;
          CHECK(count >= 100 / static_cast<int>(of) / 4);
        }
        CHECK(std::abs(all - static_cast<int>(places / of)) <= 1);
      }
    }
}

TEST_CASE("a queue hands out what is open, each draw once, draw 0 of all points first") {
  const Study s = study();
  const Experiment e = experiment(s, 3, 10);
  DataSet done(description(e));
  done.add({1, 0}, State::measured, empty_row(s.schema), 0);
  done.add({2, 9}, State::undefined, empty_row(s.schema), 0);
  const auto queue = queue_of(e, done, 4);
  CHECK(queue->advance()[0].wanted == 10);
  CHECK(queue->advance()[1].wanted == 9);
  Places all;
  for (Places p = queue->next(1); !p.empty(); p = queue->next(2 * p.size())) all.insert(all.end(), p.begin(), p.end());
  CHECK(all.size() == 25);  // then fewer than four are left
  for (Places p = queue->last(); !p.empty(); p = queue->last()) {
    CHECK(p.size() == 1);
    all.push_back(p.front());
  }
  Places expected(30);
  for (std::uint64_t i = 0; i < 30; ++i) expected[i] = i;
  expected.erase(expected.begin() + 29);
  expected.erase(expected.begin() + 1);
  CHECK(all == expected);
}

TEST_CASE("the data set is the same for any number of threads, and in shares") {
  const Study s = study();
  const Experiment e = experiment(s, 3, 101);
  const auto of = [&](int threads, Share share = {}) { return measure_all(e, {"", false, false, share, threads}); };
  const DataSet all = of(1);
  CHECK(all.size() == 303);
  CHECK(all.count(0, State::undefined) > 0);
  CHECK(digest(of(2)) == digest(all));
  CHECK(digest(of(3)) == digest(all));
  DataSet together(description(e));
  for (std::uint64_t i = 0; i < 4; ++i) {
    const DataSet part = of(2, {i, 4});
    for (std::size_t p = 0; p < 3; ++p)
      for (std::uint64_t d = 0; d < part.draws(p); ++d)
        if (part.state({p, d}) != State::open) together.add({p, d}, part.state({p, d}), part.bytes({p, d}), 0);
  }
  CHECK(digest(together) == digest(all));
}

TEST_CASE("a draw a thread, then all threads on each, and never a team within a team") {
  std::atomic<int> alone = 0, together = 0, nested = 0;
  const Study s = study([&](const Setting&, std::uint64_t, const Effort& effort) {
    ++(effort.threads == 1 ? alone : together);
    if (effort.threads > 1 && omp_in_parallel() != 0) ++nested;
  });
  measure_all(experiment(s, 1, 11), {"", false, false, {}, 4});
  CHECK(alone == 8);
  CHECK(together == 3);
  CHECK(nested == 0);
}

TEST_CASE("the first exception by place is thrown, when the draws under way are finished") {
  std::atomic<int> finished = 0;
  const Study s = study([&](const Setting& at, std::uint64_t, const Effort&) {
    const auto n = std::get<std::int64_t>(at.at("n"));
    if (n == 5) spin(std::chrono::milliseconds(20));
    if (n >= 5) throw std::runtime_error(std::to_string(n));
    ++finished;
  });
  for (const int threads : {1, 2, 3}) {
    finished = 0;
    CHECK_THROWS_WITH(measure_all(experiment(s, 40, 1), {"", false, false, {}, threads}), "5");
    if (threads == 1) CHECK(finished == 4);
  }
  CHECK_THROWS_WITH(for_each_draw(9, 2,
                                  [](std::size_t i) {
                                    if (i > 3) throw std::runtime_error("4");
                                  }),
                    "4");
}

TEST_CASE("with an output: kept, resumed, grown; what contradicts is refused, and named") {
  const Folder folder;
  const std::string path = folder / "f.h5";
  std::atomic<int> measured = 0;
  const Study s = study([&](const Setting&, std::uint64_t, const Effort&) { ++measured; });
  const Experiment e = experiment(s, 3, 20);
  const std::string expected = digest(measure_all(e, {"", false, false, {}, 2}));

  CHECK(digest(measure_all(e, {path, false, false, {}, 2})) == expected);
  CHECK(digest(read(path)) == expected);
  CHECK(folder.files() == std::set<std::string>{"f.h5"});
  CHECK_THROWS_AS(measure_all(e, {path, false, false, {}, 2}), InputError);  // it exists

  measured = 0;
  const auto written = fs::last_write_time(path);
  CHECK(digest(measure_all(e, {path, false, true, {}, 2})) == expected);
  CHECK(measured == 0);
  CHECK(fs::last_write_time(path) == written);  // nothing to do: nothing done

  const Experiment more = experiment(s, 5, 30);
  CHECK(digest(measure_all(more, {path, false, true, {}, 2})) == digest(measure_all(more, {"", false, false, {}, 2})));
  CHECK(measured == 150 + 150 - 60);
  CHECK(read(path).about().runs.size() == 2);

  const auto refused = [&](const Experiment& other, const std::string& why) {
    CHECK_THROWS_WITH_AS(measure_all(other, {path, false, true, {}, 2}), doctest::Contains(why.c_str()), InputError);
    CHECK(folder.files() == std::set<std::string>{"f.h5"});
  };
  Experiment other = experiment(s, 5, 30);
  for (Setting& at : other.points) at.set("budget", std::int64_t{256});
  refused(other, "f.h5: was measured at n = 1, with budget = 100 where the experiment has budget = 256");
  refused(experiment(s, 4, 30), "holds a point n = 5, which the experiment has not");
  refused(experiment(s, 5, 29), "holds 30 draws at n = 1, the experiment asks for 29");
  Study letters = study();
  letters.name = "letters";
  refused(experiment(letters, 5, 30), "holds toy = \"numbers\", the experiment is toy = \"letters\"");
}

TEST_CASE("killed at any moment, and resumed: nothing finished is lost, and the digest is that of one run") {
  struct Shared {
    std::atomic<int> measured;
  };
  auto* const shared =
      static_cast<Shared*>(mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  const Folder folder;
  const std::string path = folder / "f.h5";
  const Study s = study([&](const Setting&, std::uint64_t, const Effort&) {
    spin(std::chrono::microseconds(100));
    ++shared->measured;
  });
  const Experiment e = experiment(s, 4, 500);
  const std::string expected = digest(measure_all(e, {"", false, false, {}, 2}));
  std::mt19937 random(3);
  int kills = 0;
  for (int round = 0; kills < 160; ++round) {
    shared->measured = 0;
    int killed_here = 0;
    fs::remove(path);
    std::size_t before = 0;
    unsigned longest = 30000;
    for (bool complete = false; !complete;) {
      const pid_t child = in_child([&] { measure_all(e, {path, false, true, {}, 2}); });
      std::this_thread::sleep_for(std::chrono::microseconds(random() % longest));
      if (killed_here < 25) kill(child, SIGKILL);
      longest += longest / 8;  // however slow the machine is, the run gets somewhere
      complete = exit_code(child) == 0;
      killed_here += !complete;
      if (!fs::exists(path)) continue;
      const std::size_t now = read(path).size();  // sound whenever it exists
      CHECK(now >= before);
      before = now;
    }
    kills += killed_here;
    CHECK(digest(read(path)) == expected);
    CHECK(shared->measured <= 2000 + 2 * killed_here);  // a draw a thread at most was under way
    for (const std::string& name : folder.files()) CHECK(name == "f.h5");
  }
  munmap(shared, sizeof(Shared));
}

TEST_CASE("a merge killed at any moment: the file is the whole one or none, and the shares are as they were") {
  const Folder folder;
  const Study s = study();
  const Experiment e = experiment(s, 4, 500);
  const std::string all = folder / "all.h5", expected = digest(measure_all(e, {"", false, false, {}, 2}));
  std::vector<std::string> shares;
  for (std::uint64_t i = 0; i < 4; ++i) {
    shares.push_back(folder / fmt::format("{}-of-4.h5", i));
    measure_all(e, {shares.back(), false, false, Share{i, 4}, 2});
  }
  const auto files = folder.files();
  const auto merge = [&] { write(merged(shares, [] { return std::vector<Declared>(); }), all, true); };
  const auto start = std::chrono::steady_clock::now();
  merge();
  const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
  fs::remove(all);
  std::mt19937 random(4);
  int kills = 0;
  for (int attempt = 0; kills < 40 && attempt < 400; ++attempt) {
    const pid_t child = in_child(merge);
    std::this_thread::sleep_for(whole * (random() % 100) / 100);
    kill(child, SIGKILL);
    kills += exit_code(child) != 0;
    if (fs::exists(all)) CHECK(digest(read(all)) == expected);
    if (random() % 2 == 0) fs::remove(all);
  }
  CHECK(kills == 40);
  merge();
  CHECK(digest(read(all)) == expected);
  fs::remove(all);
  CHECK(folder.files() == files);  // nothing left over
}

TEST_CASE("a disk that is full at any stage: what was finished is kept, and the run goes on when there is room") {
  const Study s = study();
  const Experiment e = experiment(s, 2, 200);
  const std::string expected = digest(measure_all(e, {"", false, false, {}, 2}));
  for (const rlim_t limit : {0, 20, 500, 3000, 10000, 15000, 20000, 30000, 50000, 100000, 200000}) {
    const Folder folder;
    const std::string path = folder / "f.h5";
    const int code = exit_code(in_child([&] {
      const rlimit size{limit, limit};
      setrlimit(RLIMIT_FSIZE, &size);
      measure_all(e, {path, false, false, {}, 2});
    }));
    CHECK((code == 0 || code == 1));
    if (fs::exists(path)) read(path);
    CHECK(digest(measure_all(e, {path, false, true, {}, 2})) == expected);
    CHECK(folder.files() == std::set<std::string>{"f.h5"});
  }
}

TEST_CASE("interrupted: finished draws are kept, exit 75, and resuming gives the same") {
  const Folder folder;
  const std::string path = folder / "f.h5";
  const Study s = study([](const Setting&, std::uint64_t, const Effort&) { spin(std::chrono::milliseconds(1)); });
  const Experiment e = experiment(s, 2, 100);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) {
    const pid_t child = in_child([&] {
      const int log = open((folder / "log").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
      dup2(log, STDERR_FILENO);
      end_on_interruption();
      measure_all(e, {path, false, true, {}, 2});
    });
    while (!fs::exists(path + ".journal")) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    kill(child, signal);
    CHECK(exit_code(child) == 75);
    std::ifstream log(folder / "log");
    const std::string said(std::istreambuf_iterator<char>(log), {});
    CHECK(said.find("interrupted; finished draws are in " + path + "; to go on: ") != std::string::npos);
    CHECK(said.ends_with(" --resume\n"));
    CHECK(folder.files() == std::set<std::string>{"f.h5", "log"});
  }
  CHECK(digest(measure_all(e, {path, false, true, {}, 2})) == digest(measure_all(e, {"", false, false, {}, 2})));
}

TEST_CASE("one run at a time on one output; what is left of a dead one is no hindrance") {
  const Folder folder;
  const std::string path = folder / "f.h5";
  const Study s = study();
  {
    const Lock lock(path);
    CHECK_THROWS_WITH_AS(measure_all(experiment(s, 1, 1), {path, false, false, {}, 1}),
                         doctest::Contains("another run is writing it, process"), InputError);
    fs::last_write_time(lock.path(), fs::file_time_type::clock::now() - std::chrono::hours(24 * 365 * 30));
    CHECK_THROWS_AS(Lock{path}, InputError);  // whatever a clock says
    CHECK(folder.files() == std::set<std::string>{"f.h5.lock"});
  }
  CHECK(folder.files().empty());

  // A process of this machine that was killed.
  const pid_t child = in_child([&] {
    const Lock lock(path);
    std::raise(SIGKILL);
  });
  CHECK(exit_code(child) == -SIGKILL);
  CHECK(fs::exists(path + ".lock"));
  CHECK_NOTHROW(Lock{path});
}

TEST_CASE("a lock from another machine holds while its counter moves, and no longer") {
  const Folder folder;
  const std::string path = folder / "f.h5", lock = path + ".lock";
  const auto elsewhere = [&](int counter) { std::ofstream(lock) << "far/away/1 17 4711 " << counter << "\n"; };
  std::atomic<bool> dead = false;
  elsewhere(0);
  std::thread other([&] {
    for (int counter = 1; !dead; ++counter) {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      elsewhere(counter);
    }
  });
  CHECK_THROWS_WITH_AS(Lock{path}, doctest::Contains("process 17 on far"), InputError);
  dead = true;
  other.join();
  fs::last_write_time(lock, fs::file_time_type::clock::now() + std::chrono::hours(24 * 365));
  CHECK_NOTHROW(Lock{path});  // after some seconds
  CHECK(folder.files().empty());
}

TEST_CASE("a run whose lock was taken over says so, and stops") {
  const Folder folder;
  const std::string path = folder / "f.h5";
  const Study s = study([&](const Setting&, std::uint64_t, const Effort&) {
    std::ofstream(path + ".lock") << "far/away/1 17 4711 1\n";
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  });
  CHECK_THROWS_WITH(measure_all(experiment(s, 1, 5), {path, false, false, {}, 1}),
                    doctest::Contains("another run goes on with it"));
  CHECK(fs::exists(path + ".lock"));  // the other's
}

TEST_CASE("a closed or full stderr ends nothing") {
  const auto says = [](int descriptor) {
    const pid_t child = fork();
    if (child == 0) {
      std::signal(SIGPIPE, SIG_DFL);
      dup2(descriptor, STDERR_FILENO);
      if (descriptor < 0) close(STDERR_FILENO);
      say("something\n");
      _exit(0);
    }
    return exit_code(child);
  };
  CHECK(says(-1) == 0);
  const int full = open("/dev/full", O_WRONLY);
  CHECK(says(full) == 0);
  close(full);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  close(ends[0]);
  CHECK(says(ends[1]) == 0);
  close(ends[1]);
}

}  // namespace
}  // namespace theoremeter::test_runner
