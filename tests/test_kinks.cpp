// Kinks against the signs themselves, the derivatives between them against differences.
#include "estimators/kinks.hpp"
#include "estimators/rays.hpp"
#include "tests/instances.hpp"
#include "theory/problems.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>

namespace theoremeter::test_kinks {

using namespace testing;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

/// All neurons before their ReLU, and A G(p).
VectorXd neurons(const Network& G, const Rows& A, const VectorXd& p) {
  VectorXd all(0), z = p;
  const auto take = [&](const VectorXd& y) {
    all.conservativeResize(all.size() + y.size());
    all.tail(y.size()) = y;
  };
  for (const Rows& W : G.layers) {
    const VectorXd y = W * z;
    take(y);
    z = y.cwiseMax(0.0);
  }
  if (A.size() > 0) take(A * z);
  return all;
}

/// How many signs differ.
Index differences(const VectorXd& y, const VectorXd& z) {
  return ((y.array() > 0) != (z.array() > 0)).cast<Index>().sum();
}

VectorXd random_vector(Index k, Stream& stream) {
  return VectorXd::NullaryExpr(k, [&] { return stream.normal(); });
}

}  // namespace

TEST_CASE("kinks: on a line no sign changes between them, and one at each") {
  std::size_t all = 0;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    Stream stream(seed);
    const Index k = 2 + static_cast<Index>(seed % 4);
    const Network G({gaussian(12, k, stream), gaussian(20, 12, stream), gaussian(15, 20, stream)});
    const Rows A = seed % 2 == 0 ? gaussian(10, 15, stream) : Rows();
    const VectorXd p = random_vector(k, stream), u = random_vector(k, stream);
    const std::vector<double> kinks = kinks_along(G, A, p, u, 2);
    CHECK(std::is_sorted(kinks.begin(), kinks.end()));
    CHECK(kinks.front() == -2);
    CHECK(kinks.back() == 2);
    all += kinks.size() - 2;
    const auto at = [&](double t) { return neurons(G, A, p + t * u); };
    for (std::size_t i = 0; i + 1 < kinks.size(); ++i) {
      const double from = kinks[i], width = kinks[i + 1] - from;
      if (width < 1e-9) continue;
      const VectorXd middle = at(from + 0.5 * width);
      // A neuron of which all inputs are off is 0 all along: neither side counts.
      for (const double share : {1e-3, 0.2, 0.8, 1 - 1e-3}) CHECK(differences(at(from + share * width), middle) == 0);
      if (i + 2 < kinks.size() && kinks[i + 2] - kinks[i + 1] > 1e-9)
        CHECK(differences(middle, at((kinks[i + 1] + kinks[i + 2]) / 2)) >= 1);
    }
  }
  CHECK(all > 200);
}

TEST_CASE("kinks: near a point on one, its normal alone") {
  int seen = 0;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    Stream stream(100 + seed);
    const Index k = 4;
    const Network G({gaussian(12, k, stream), gaussian(20, 12, stream)});
    const Rows A = gaussian(10, 20, stream);
    const VectorXd p = random_vector(k, stream).normalized(), u = random_vector(k, stream).normalized();
    const std::vector<double> kinks = kinks_along(G, A, p, u, 1);
    for (std::size_t i = 1; i + 1 < kinks.size(); ++i) {
      const VectorXd x = p + kinks[i] * u;
      const MatrixXd normals = kinks_near(G, A, x, 1e-9);
      if (normals.cols() != 1) continue;  // another is as near
      ++seen;
      const VectorXd normal = normals.col(0);
      CHECK(normal.norm() == doctest::Approx(1));
      CHECK(std::abs(normal.dot(x)) < 1e-9);
      constexpr double h = 1e-7;
      CHECK(differences(neurons(G, A, x + h * normal), neurons(G, A, x - h * normal)) >= 1);
      VectorXd across = random_vector(k, stream);
      across -= across.dot(normal) * normal;
      // Along it nothing changes, a little on either side.
      for (const double side : {1e-9, -1e-9})
        CHECK(differences(neurons(G, A, x + side * normal + h * across),
                          neurons(G, A, x + side * normal - h * across)) == 0);
    }
  }
  CHECK(seen > 100);
}

namespace {

/// a and c at p + t e_j, a column each j.
void check_slopes(const Rays& rays, const VectorXd& p) {
  constexpr double h = 1e-6;
  const Index k = p.size();
  const Rays::Slopes slopes = rays.slopes(p);
  RayVectors above, below;
  RayWorkspace work;
  rays.vectors(p.replicate(1, k) + h * MatrixXd::Identity(k, k), above, work);
  rays.vectors(p.replicate(1, k) - h * MatrixXd::Identity(k, k), below, work);
  CHECK(((above.a - below.a) / (2 * h) - slopes.a).norm() < 1e-6 * slopes.a.norm());
  CHECK(((above.c - below.c) / (2 * h) - slopes.c).norm() < 1e-6 * (slopes.c.norm() + 1e-3));
}

}  // namespace

TEST_CASE("kinks: derivatives of a and c between them, against differences") {
  int seen = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Stream stream(200 + seed);
    const Network G({gaussian(10, 3, stream), gaussian(15, 10, stream)});
    const VectorXd x0 = random_vector(3, stream), p = random_vector(3, stream).normalized();
    const RecoveryRays inverted(inversion(G, x0), Problem::inversion);
    if (inverted.kinks_near(p, 1e-4).cols() > 0) continue;
    check_slopes(inverted, p);
    const RecoveryRays measured(phase_retrieval(G, gaussian(12, 15, stream), x0), Problem::phase_retrieval);
    if (measured.kinks_near(p, 1e-4).cols() == 0) check_slopes(measured, p);
    const Network G1({gaussian(12, 3, stream)}), G2({gaussian(12, 2, stream)});
    const DemodulationRays both(blind_demodulation(G1, G2, x0, random_vector(2, stream)), 1);
    VectorXd pq(5);
    pq << p, random_vector(2, stream).normalized();
    if (both.kinks_near(pq, 1e-4).cols() > 0) continue;
    check_slopes(both, pq);
    ++seen;
  }
  CHECK(seen > 5);
}

TEST_CASE("kinks: all but up to two, every choice as often as another, within 5 sigma") {
  const MatrixXd normals = MatrixXd::Identity(4, 4);
  std::vector<int> left(3), of(4);
  constexpr int times = 6000;
  for (std::uint64_t i = 0; i < times; ++i) {
    Stream stream(300 + i);
    const MatrixXd kept = all_but_few(normals, stream);
    REQUIRE(kept.cols() >= 2);
    ++left[static_cast<std::size_t>(4 - kept.cols())];
    const VectorXd counts = kept.rowwise().sum();  // each at most once
    CHECK(((counts.array() == 0) || (counts.array() == 1)).all());
    for (std::size_t j = 0; j < 4; ++j) of[j] += counts(static_cast<Index>(j)) == 1;
  }
  for (const int n : left) CHECK(std::abs(n - times / 3.0) < 5 * std::sqrt(times * 2 / 9.0));
  for (const int n : of) CHECK(std::abs(n - times * 0.75) < 5 * std::sqrt(times * 3 / 16.0));
  Stream stream(1);
  CHECK(all_but_few(MatrixXd(4, 0), stream).cols() == 0);
}

}  // namespace theoremeter::test_kinks
