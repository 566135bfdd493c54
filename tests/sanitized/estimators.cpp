// Little work for each estimator, on two threads: compiled and run under the sanitizers only.
#include "estimators/certify.hpp"
#include "estimators/sample.hpp"
#include "estimators/search.hpp"
#include "estimators/stream.hpp"
#include "estimators/wdc.hpp"

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
