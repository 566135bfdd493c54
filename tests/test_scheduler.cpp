// Who measures what, without MPI: the scheduler driven by a model of draw costs; a rank's queue; the cores of a rank.
#include "experiments/cores.hpp"
#include "experiments/rank_queue.hpp"
#include "experiments/scheduler.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <queue>
#include <random>
#include <set>
#include <thread>
#include <vector>

namespace theoremeter::test_scheduler {
namespace {

/// A machine of ranks with so many threads each. A rank asks when a thread has nothing to do; the answer takes
/// `latency` seconds and rank 0 `service` seconds of one core, one letter after another.
struct SimulatedMachine {
  std::size_t ranks = 1000;
  std::uint64_t threads = 1;
  double latency = 0.002, service = 20e-6;
};

struct SimulatedRun {
  double idle = 0;            // share of all cores' time
  double busy = 0;            // of rank 0: the share of its time that letters take
  double letters = 0;         // a draw
  std::vector<int> measured;  // by place: how often
};

/// Draws at point p take cost(p) times a factor of mean 1 that varies from draw to draw.
SimulatedRun simulated(const SimulatedMachine& m, std::size_t points, std::uint64_t draws,
                       const std::function<double(std::size_t)>& cost) {
  Scheduler scheduler(std::vector<bool>(points * draws, true), std::vector<Advance>(points), m.ranks * m.threads);
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> factor(0.5, 1.5);
  struct Event {
    double time;
    std::size_t rank;
    std::uint64_t threads;  // that have nothing to do then
    bool operator>(const Event& o) const { return time > o.time; }
  };
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events;
  for (std::size_t r = 0; r < m.ranks; ++r) events.push({0, r, m.threads});
  SimulatedRun run;
  run.measured.resize(points * draws);
  std::vector<std::vector<std::pair<std::size_t, double>>> reports(m.ranks);
  double free_at = 0, work = 0, end = 0, letters = 0;
  while (!events.empty()) {
    const Event e = events.top();
    events.pop();
    end = std::max(end, e.time);
    for (const auto& [point, seconds] : reports[e.rank]) scheduler.finished(point, 1, seconds);
    reports[e.rank].clear();
    free_at = std::max(free_at, e.time) + m.service;
    const Scheduler::Batch batch = scheduler.next(m.threads, e.threads);
    ++letters;
    if (batch.places.empty()) continue;
    // The threads of the rank take the places in turn; all of them ask again when the first has nothing to do.
    std::vector<double> free(batch.together ? 1 : m.threads, free_at + m.latency);
    for (const std::uint64_t place : batch.places) {
      ++run.measured[place];
      const double seconds = cost(place % points) * factor(random);
      const auto first = std::min_element(free.begin(), free.end());
      *first += seconds / (batch.together ? static_cast<double>(m.threads) : 1);
      work += seconds;
      reports[e.rank].emplace_back(place % points, seconds);
    }
    events.push({*std::max_element(free.begin(), free.end()), e.rank, m.threads});
  }
  run.idle = 1 - work / (end * static_cast<double>(m.ranks * m.threads));
  run.busy = letters * m.service / end;
  run.letters = letters / static_cast<double>(points * draws);
  return run;
}

double log_spaced(std::size_t p, std::size_t points, double least, double most) {
  return least * std::pow(most / least, static_cast<double>(p) / static_cast<double>(points - 1));
}

TEST_CASE("a thousand ranks are idle for less than 2 % of their time, with draws that differ by three decades") {
  constexpr std::size_t points = 100;
  for (const double least : {0.01, 0.1, 1.0}) {
    const SimulatedRun rising =
        simulated({}, points, 400, [&](std::size_t p) { return log_spaced(p, points, least, 1000 * least); });
    const SimulatedRun mixed = simulated(
        {}, points, 400, [&](std::size_t p) { return log_spaced(p * 37 % points, points, least, 1000 * least); });
    for (const SimulatedRun& run : {rising, mixed}) {
      MESSAGE("draws of ", least, " to ", 1000 * least, " s: idle ", 100 * run.idle, " %, rank 0 busy with letters ",
              100 * run.busy, " %, letters a draw ", run.letters);
      CHECK(run.idle < 0.02);
      CHECK(run.busy < 0.1);
      CHECK(std::all_of(run.measured.begin(), run.measured.end(), [](int n) { return n == 1; }));
    }
  }
}

TEST_CASE("a hundred ranks with draws of a millisecond, and each point with one draw") {
  const SimulatedMachine hundred{100};
  const SimulatedRun quick = simulated(hundred, 10, 200'000, [](std::size_t) { return 0.001; });
  MESSAGE("1 ms: idle ", 100 * quick.idle, " %, letters a draw ", quick.letters);
  CHECK(quick.idle < 0.05);
  CHECK(quick.letters < 0.01);
  const SimulatedRun single = simulated(hundred, 200'000, 1, [](std::size_t) { return 0.01; });
  MESSAGE("10 ms, a draw a point: idle ", 100 * single.idle, " %, letters a draw ", single.letters);
  CHECK(single.idle < 0.05);
  CHECK(std::all_of(single.measured.begin(), single.measured.end(), [](int n) { return n == 1; }));
}

TEST_CASE("the time a request takes the scheduler does not depend on how many points there are") {
  double least = 1e9, most = 0;
  for (const std::size_t points : {100, 100'000}) {
    constexpr int requests = 20'000;
    Scheduler s(std::vector<bool>(points * (1'000'000 / points), true), std::vector<Advance>(points), 1000);
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < requests; ++i)
      for (const std::uint64_t place : s.next(1, 1).places)
        s.finished(place % points, 1, 1 + static_cast<double>(place % 7));
    const std::chrono::duration<double, std::micro> each = (std::chrono::steady_clock::now() - start) / requests;
    MESSAGE(points, " points: a request and its report take the scheduler ", each.count(), " us");
    least = std::min(least, each.count());
    most = std::max(most, each.count());
  }
  CHECK(most < 100 * least);  // 1,000 if each point were looked at
}

TEST_CASE("longest first, unknown points before; a batch grows with what is known of its point") {
  std::vector<Advance> known(3);
  known[0] = {0, 10, 10};   // 1 s a draw
  known[1] = {0, 10, 0.1};  // 10 ms
  Scheduler s(std::vector<bool>(300, true), known, 2);
  CHECK(s.left() == 300);
  CHECK(s.next(1, 1).places == Places{2});  // of the point that is unknown
  s.finished(2, 1, 1e-4);
  CHECK(s.next(1, 1).places == Places{0});  // the longest: one fills the second that a thread gets at a time
  for (int i = 0; i < 99; ++i) CHECK(s.next(1, 1).places.size() == 1);
  const Places longer = s.next(1, 1).places;
  CHECK(longer.size() > 10);   // of 10 ms
  CHECK(longer.size() <= 20);  // twice as many as are known
  CHECK(longer.front() == 1);
  while (s.left() > 99) s.next(1, 1);
  CHECK(s.next(1, 1).places == Places{5, 8});  // of 0.1 ms, but one alone was measured
}

TEST_CASE("the last draws are for all threads of a rank together") {
  Scheduler s(std::vector<bool>(10, true), {{0, 1, 100}}, 8);
  const Scheduler::Batch first = s.next(4, 4);
  CHECK(first.places.size() == 4);
  CHECK(!first.together);
  const Scheduler::Batch second = s.next(4, 4);
  CHECK(second.together);
  CHECK(second.places.size() == 1);
  Scheduler single(std::vector<bool>(10, true), {{0, 1, 100}}, 100);
  CHECK(!single.next(1, 1).together);  // a rank of one thread does the same either way
}

TEST_CASE("threads of a rank get what is delivered, once each, and then the last ones together") {
  RankQueue queue(1, 3);
  std::set<std::uint64_t> seen;
  std::mutex alone;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      for (Places p = queue.next(2); !p.empty(); p = queue.next(2))
        for (const std::uint64_t place : p) {
          queue.finished(0, 0.5);
          const std::lock_guard one(alone);
          CHECK(seen.insert(place).second);
        }
    });
  std::uint64_t next = 0;
  for (int delivered = 0; delivered < 4;) {
    if (const auto idle = queue.request()) {
      CHECK(*idle <= 3);
      CHECK(!queue.request());  // one at a time
      Scheduler::Batch batch;
      for (int i = 0; i < 5; ++i) batch.places.push_back(next++);
      batch.together = ++delivered == 4;
      if (batch.together) batch.places.resize(1);
      queue.deliver(batch);
    }
    queue.wait(std::chrono::milliseconds(1));
  }
  for (std::thread& t : threads) t.join();
  std::uint64_t measured = 0;
  for (const auto& [point, a] : queue.reports()) measured += a.finished;
  CHECK(measured == seen.size());
  for (Places p = queue.last(); !p.empty(); p = queue.last()) {
    CHECK(p.size() == 1);
    CHECK(seen.insert(p.front()).second);
    if (queue.request()) queue.deliver({});
    std::thread([&] {
      for (int i = 0; i < 1000 && !queue.request(); ++i) queue.wait(std::chrono::milliseconds(1));
      queue.deliver({});
    }).detach();
  }
  CHECK(seen.size() == 16);
}

TEST_CASE("the quota of a cgroup bounds the cores: the least on the way up, rounded up") {
  namespace fs = std::filesystem;
  std::string name = (fs::temp_directory_path() / "cores.XXXXXX").string();
  const std::string root = mkdtemp(name.data());
  const auto put = [&](const std::string& file, const std::string& text) {
    fs::create_directories(fs::path(root + file).parent_path());
    std::ofstream(root + file) << text;
  };
  CHECK(cores_of_quota(root) == 0);
  put("/proc/self/cgroup", "0::/job/step\n");
  put("/sys/fs/cgroup/job/step/cpu.max", "max 100000\n");
  CHECK(cores_of_quota(root) == 0);
  put("/sys/fs/cgroup/job/cpu.max", "150000 100000\n");
  CHECK(cores_of_quota(root) == 2);
  put("/proc/self/cgroup", "5:memory:/m\n4:cpu,cpuacct:/job\n0::/\n");
  put("/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "-1\n");
  put("/sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n");
  CHECK(cores_of_quota(root) == 0);
  put("/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "400000\n");
  CHECK(cores_of_quota(root) == 4);
  fs::remove_all(root);
}

}  // namespace
}  // namespace theoremeter::test_scheduler
