// Draws over two threads: compiled and run under the sanitizers only.
#include "experiments/runner.hpp"
#include "tests/toy.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <mutex>

namespace theoremeter {

TEST_CASE("draws over two threads are those of one") {
  Study study;
  study.parameters = toy::parameters();
  study.schema = toy::columns().schema();
  study.measure = [](const Setting&, const Stream& stream, const Effort& effort) {
    effort.progress("toy", 0.5);
    return toy::columns().row(toy::numbered(0, Stream(stream)() % 1000));
  };
  Experiment e;
  e.study = &study;
  e.draws = 50;
  e.points = toy::description(3, 50).points;
  const auto all = [&](int threads) {
    DataSet data(toy::description(3, 50));
    std::mutex alone;
    const std::unique_ptr<Queue> queue = queue_of(e, data, threads);
    run(e, *queue, threads, [&](Key key, State state, std::string_view row) {
      const std::lock_guard one(alone);
      data.add(key, state, row, 0);
    });
    return digest(data);
  };
  CHECK(all(2) == all(1));
  std::atomic<int> sum = 0;
  for_each_draw(100, 2, [&](std::size_t i) { sum += static_cast<int>(i); });
  CHECK(sum == 4950);
}

}  // namespace theoremeter
