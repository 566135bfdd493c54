// Little work for each estimator, on two threads: compiled and run under the sanitizers only.
#include "estimators/census.hpp"
#include "estimators/ensembles.hpp"
#include "estimators/instances.hpp"
#include "estimators/landscape.hpp"
#include "estimators/rrcp_certify.hpp"
#include "estimators/stream.hpp"

#include <doctest/doctest.h>
#include <cmath>

using namespace theoremeter;

namespace {

constexpr int threads = 2;

Wdc wdc(Eigen::Index n, Eigen::Index k) {
  Stream stream = Stream(1).at({std::uint64_t(k)});
  return Wdc(Rows::NullaryExpr(n, k, [&] { return stream.normal() / std::sqrt(double(n)); }));
}

// Progress is told by one thread at a time: an unguarded counter shows if it is not.
struct Told {
  int times = 0;
  void operator()(double) { ++times; }
};

}  // namespace

TEST_CASE("sample, search and certify bracket the constant, in every dimension of a certificate and beyond") {
  for (const Eigen::Index k : {1, 2, 3, 4, 7}) {
    CAPTURE(k);
    const Wdc d = wdc(4 * k + 1, k);
    Told told;
    const Progress progress = std::ref(told);
    const Sampled sampled = sample(d, 1500, std::nullopt, Stream(2), threads, progress);
    const Searched searched = search(d, 64, Stream(3), threads, progress);
    CHECK(sampled.count >= 1);
    CHECK(sampled.quantiles.back() <= sampled.witness.value);
    CHECK(searched.witness.value >= 0.9 * sampled.witness.value);
    CHECK(told.times > 0);
    if (k > certify_dimensions) continue;
    Witness incumbent = searched.witness;
    const Certified certified = certify(d, incumbent, 0.1, 30'000, threads, progress);
    CHECK(std::max(sampled.witness.value, incumbent.value) <= certified.at_most);
  }
}

TEST_CASE("sample: two different grids, and several blocks of tuples") {
  const Wdc d = wdc(5, 2);
  const Eigen::MatrixXd few = make_grid(GridKind::circle, 2, 6, Stream(4)).points,
                        many = make_grid(GridKind::random, 2, 1100, Stream(5)).points;
  CHECK(sample(d, {few, many}, threads).count == 6 * 1100);
}

namespace {

Rows gaussian(Eigen::Index n, Eigen::Index k, std::uint64_t seed) {
  return draw(Ensemble::gaussian, n, k, Stream(seed));
}

}  // namespace

TEST_CASE("joint-WDC on circles, four spheres") {
  const JointWdc d(gaussian(12, 2, 6), gaussian(12, 2, 7));
  const Sampled sampled = sample(d, 500, std::nullopt, Stream(8), threads);
  const Searched searched = search(d, 16, Stream(9), threads);
  Witness incumbent = searched.witness;
  CHECK(sampled.witness.value <= certify(d, incumbent, 0.3, 20'000, threads, {}).at_most);
}

TEST_CASE("RRCP: arguments prepared, pieces enumerated") {
  const Rrcp d(Network({gaussian(3, 2, 10), gaussian(5, 3, 11)}), gaussian(8, 5, 12));
  const Sampled sampled = sample(d, 200, std::nullopt, Stream(13), threads);
  const Searched searched = search(d, 2, Stream(14), threads);
  Witness incumbent = searched.witness;
  const auto certified = certify(d, incumbent, 0.5, 2'000, threads);
  REQUIRE(certified.has_value());
  CHECK(std::max(sampled.witness.value, incumbent.value) <= certified->at_most);
}

TEST_CASE("landscape and census of one instance") {
  const Recovery f =
      phase_retrieval(Network({gaussian(6, 2, 15), gaussian(9, 6, 16)}), gaussian(8, 9, 17), Eigen::Vector2d(1, 0));
  LandscapeOptions options;
  options.directions = 300;
  options.starts = options.descents = 2;
  options.steps = 20;
  options.threads = threads;
  CHECK(measure_landscape(f, Problem::phase_retrieval, options, Stream(18)).population_error.value > 0);
  CHECK(census(f, 0.7).cells > 0);
}
