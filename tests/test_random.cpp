#include "estimators/ensembles.hpp"
#include "estimators/stream.hpp"
#include "tests/statistics.hpp"
#include "theory/error.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <array>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cmath>
#include <random>
#include <set>

namespace test_random {

using namespace theoremeter;
using namespace theoremeter::testing;

namespace {

double normal_cdf(double z) { return std::erfc(-z / std::numbers::sqrt2) / 2; }

// p-value of "these counts are those of equally likely cells".
double p_of_even(const std::vector<std::int64_t>& counts) {
  double total = 0, chi2 = 0;
  for (const std::int64_t c : counts) total += static_cast<double>(c);
  const double expected = total / static_cast<double>(counts.size());
  for (const std::int64_t c : counts) chi2 += std::pow(static_cast<double>(c) - expected, 2) / expected;
  return boost::math::cdf(complement(boost::math::chi_squared(static_cast<double>(counts.size() - 1)), chi2));
}

const std::vector<Ensemble> all_ensembles{Ensemble::gaussian,    Ensemble::truncated_gaussian,
                                          Ensemble::rademacher,  Ensemble::uniform,
                                          Ensemble::orthonormal, Ensemble::randomised_orthonormal};

}  // namespace

static_assert(std::uniform_random_bit_generator<Stream>);

TEST_CASE("stream: Philox4x64-10, by Random123's known answer for key 0 and counter 0") {
  Stream stream(0);
  for (const std::uint64_t word :
       {0x16554d9eca36314cu, 0xdb20fe9d672d0fdcu, 0xd7e772cee186176bu, 0x7e68b68aec7ba23bu}) {
    CHECK(stream() == word);
  }
}

TEST_CASE("stream: a child depends on its coordinates alone, and different coordinates never share a stream") {
  Stream parent(7);
  const Stream fresh = parent.at({3, 1, 4});
  for (int i = 0; i < 13; ++i) parent();
  Stream a = fresh, b = parent.at({3, 1, 4});
  for (int i = 0; i < 100; ++i) REQUIRE(a() == b());

  std::set<std::uint64_t> first;
  std::size_t streams = 0;
  const auto open = [&](Stream s) { first.insert(s()), ++streams; };
  const Stream root(7);
  open(root);
  open(root.at({}));
  for (std::uint64_t i = 0; i < 60; ++i) {
    open(Stream(100 + i));
    open(root.at({i}));
    for (std::uint64_t j = 0; j < 60; ++j) {
      open(root.at({i, j}));
      open(root.at({i}).at({j}));
      open(root.at({i, j, 0}));
      open(root.at({i << 32, j << 32}));
    }
  }
  CHECK(first.size() == streams - 1);  // root.at({0, 0}) is opened twice
}

TEST_CASE("stream: uniform and normal have their distributions, within streams and across neighbouring ones") {
  std::vector<double> uniforms, normals, across;
  Stream stream(31);
  for (std::uint64_t i = 0; i < 100000; ++i) {
    uniforms.push_back(stream.uniform());
    normals.push_back(stream.normal());
    across.push_back(Stream(31).at({i, 1}).normal());
  }
  CHECK(p_of_kolmogorov(uniforms, [](double u) { return u; }) > false_alarm);
  CHECK(p_of_kolmogorov(normals, normal_cdf) > false_alarm);
  CHECK(p_of_kolmogorov(across, normal_cdf) > false_alarm);
  // The twins: 3 % too wide, or shifted by 8 standard errors.
  CHECK(p_of_kolmogorov(normals, [](double z) { return normal_cdf(z / 1.03); }) < false_alarm);
  CHECK(p_of_kolmogorov(normals, [](double z) { return normal_cdf(z + 8 / std::sqrt(1e5)); }) < false_alarm);

  Moments mean, square, fourth, lagged, sibling;
  for (std::size_t i = 0; i + 1 < normals.size(); ++i) {
    mean.add(normals[i]);
    square.add(normals[i] * normals[i]);
    fourth.add(std::pow(normals[i], 4));
    lagged.add(normals[i] * normals[i + 1]);
    sibling.add(across[i] * across[i + 1]);
  }
  require_mean(mean, 0);
  require_mean(square, 1);
  require_mean(fourth, 3);
  require_mean(lagged, 0);
  require_mean(sibling, 0);
  require_mean_rejected(square, 1.04);
}

TEST_CASE("stream: the joint bits of sibling streams are even") {
  std::vector<std::int64_t> low(256), high(256), fixed(256);
  const Stream root(32);
  for (std::uint64_t i = 0; i < 50000; ++i) {
    Stream a = root.at({i, 0}), b = root.at({i, 1});
    const std::uint64_t u = a(), v = b();
    ++low[(u & 15) << 4 | (v & 15)];
    ++high[u >> 60 << 4 | v >> 60];
    ++fixed[u >> 60 << 4 | u >> 60];
  }
  CHECK(p_of_even(low) > false_alarm);
  CHECK(p_of_even(high) > false_alarm);
  CHECK(p_of_even(fixed) < false_alarm);  // the twin: a stream is not independent of itself
}

TEST_CASE("unit_uniform and normal_quantile: ends, symmetry, and 50 digits") {
  using Real = boost::multiprecision::cpp_bin_float_50;
  CHECK(unit_uniform(0) == 0x1p-53);
  CHECK(unit_uniform(~std::uint64_t{0}) == 1 - 0x1p-53);
  CHECK(normal_quantile(0.5) == 0);
  Stream stream(33);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t bits = stream() >> (i % 64);  // small u as well
    const double u = unit_uniform(bits), z = normal_quantile(u);
    CHECK(unit_uniform(~bits) == 1 - u);
    CHECK(normal_quantile(1 - u) == -z);
    // Newton's step from z in 50 digits gives the exact quantile's distance.
    const Real big = z, cdf = erfc(-big / sqrt(Real(2))) / 2;
    const Real density = exp(-big * big / 2) / sqrt(boost::math::constants::two_pi<Real>());
    CHECK(std::abs(static_cast<double>((cdf - u) / density)) <= 1e-15 * std::max(std::abs(z), 1e-3));
  }
}

TEST_CASE("ensembles: E[ww'] = alpha I/n, every entry") {
  for (const Ensemble ensemble : all_ensembles) {
    CAPTURE(name(ensemble));
    const Eigen::Index n = 8, k = ensemble == Ensemble::randomised_orthonormal ? 3 : 2;  // at 2 all its |w_j| are equal
    Moments diagonal, off_diagonal, entry;
    for (std::uint64_t d = 0; d < 20000; ++d) {
      const Rows W = draw(ensemble, n, k, Stream(41).at({d}));
      const Eigen::VectorXd w =
          W.row(static_cast<Eigen::Index>(d) % n);  // one row a draw: those of an orthonormal W depend on each other
      diagonal.add(static_cast<double>(n) * w(0) * w(0));
      off_diagonal.add(static_cast<double>(n) * w(0) * w(1));
      entry.add(W(0, 0));  // biased if the QR's signs were left as they come
    }
    const double alpha = ensemble_alpha(ensemble, k);
    if (ensemble == Ensemble::rademacher) {
      CHECK(diagonal.mean() == doctest::Approx(1).epsilon(1e-12));
    } else {
      require_mean(diagonal, alpha);
      require_mean_rejected(diagonal, 2 * alpha);  // the twin: variance 1/n where 2/n is meant
    }
    require_mean(off_diagonal, 0);
    require_mean(entry, 0);
  }
}

TEST_CASE("ensembles: each has the entries it says") {
  const Eigen::Index n = 200, k = 5;
  const double scale = 1 / std::sqrt(static_cast<double>(n));
  const Stream stream(42);
  const auto entries = [](const Rows& W) { return std::vector<double>(W.data(), W.data() + W.size()); };
  CHECK(p_of_kolmogorov(entries(draw(Ensemble::gaussian, n, k, stream)),
                        [&](double w) { return normal_cdf(w / scale); }) > false_alarm);
  const double end = std::sqrt(3.0) * scale;
  CHECK(p_of_kolmogorov(entries(draw(Ensemble::uniform, n, k, stream)),
                        [&](double w) { return std::clamp((w / end + 1) / 2, 0.0, 1.0); }) > false_alarm);
  CHECK(p_of_kolmogorov(entries(draw(Ensemble::rademacher, n, k, stream)),  // the twin
                        [&](double w) { return normal_cdf(w / scale); }) < false_alarm);
  const Rows wide = draw(Ensemble::uniform, n, 500, stream);
  CHECK(wide.cwiseAbs().maxCoeff() < end);
  CHECK(wide.cwiseAbs().maxCoeff() > 0.999 * end);
  CHECK((draw(Ensemble::rademacher, n, k, stream).cwiseAbs().array() == scale).all());
  for (const Eigen::Index rows : {5, 6, 200, 1000}) {
    const Rows W = draw(Ensemble::orthonormal, rows, k, stream);
    CHECK((W.transpose() * W - Eigen::MatrixXd::Identity(k, k)).norm() < 1e-14);
  }
}

TEST_CASE("ensembles: truncation zeroes exactly the rows beyond 3 sqrt(k/n)") {
  const Eigen::Index n = 100000, k = 1;
  const Rows G = draw(Ensemble::gaussian, n, k, Stream(43)), T = draw(Ensemble::truncated_gaussian, n, k, Stream(43));
  const double longest = 3 * std::sqrt(static_cast<double>(k) / static_cast<double>(n));
  std::int64_t cut = 0;
  for (Eigen::Index i = 0; i < n; ++i) {
    const bool beyond = G.row(i).norm() > longest;
    cut += beyond;
    REQUIRE(T.row(i) == (beyond ? Eigen::RowVectorXd(Eigen::RowVectorXd::Zero(k)) : Eigen::RowVectorXd(G.row(i))));
  }
  CHECK(cut > 200);  // 270 expected
  CHECK(cut < 350);
}

TEST_CASE("ensembles: a draw is a function of its stream") {
  for (const Ensemble ensemble : all_ensembles) {
    CHECK(draw(ensemble, 7, 3, Stream(44)) == draw(ensemble, 7, 3, Stream(44)));
    CHECK(draw(ensemble, 7, 3, Stream(44)) != draw(ensemble, 7, 3, Stream(45)));
    CHECK(ensemble_named(name(ensemble)) == ensemble);
  }
}

TEST_CASE("ensembles: randomised-orthonormal rows come from whole orthonormal blocks, none twice") {
  const Eigen::Index k = 6;
  for (const Eigen::Index n : {6, 18}) {  // every row of the stack: W'W = I exactly, in any order of the rows
    const Rows W = draw(Ensemble::randomised_orthonormal, n, k, Stream(46));
    CHECK((W.transpose() * W - Eigen::MatrixXd::Identity(k, k)).norm() < 1e-14);
  }
  const Rows W = draw(Ensemble::randomised_orthonormal, 4, 64, Stream(47));  // part of one block: orthogonal rows
  CHECK((W * W.transpose() - 16 * Eigen::MatrixXd::Identity(4, 4)).norm() < 1e-13);
  const Rows G = draw(Ensemble::gaussian, 4, 64, Stream(47));  // the twin
  CHECK((G * G.transpose() - 16 * Eigen::MatrixXd::Identity(4, 4)).norm() > 1);
}

TEST_CASE("ensembles: wrong use is told in one line") {
  const auto attempt = [](Ensemble e, std::int64_t n, std::int64_t k) { return draw(e, n, k, Stream(1)).size(); };
  CHECK_THROWS_WITH_AS(attempt(Ensemble::gaussian, 0, 3), "n = 0: the number of rows must be at least 1", InputError);
  CHECK_THROWS_WITH_AS(attempt(Ensemble::gaussian, 3, -1), "k = -1: the number of columns must be at least 1",
                       InputError);
  CHECK_THROWS_WITH_AS(attempt(Ensemble::gaussian, 1 << 20, 1 << 20),
                       "n = 1048576, k = 1048576: n k must be at most 2^28 = 268435456 (2 GiB of doubles)", InputError);
  CHECK_THROWS_AS(attempt(Ensemble::gaussian, INT64_MAX, INT64_MAX), InputError);
  CHECK_THROWS_WITH_AS(attempt(Ensemble::orthonormal, 3, 5), "n = 3, k = 5: the orthonormal ensemble needs n >= k",
                       InputError);
  CHECK_THROWS_WITH_AS(
      ensemble_named("truncated-gausian"),
      "ensemble \"truncated-gausian\" is unknown; did you mean \"truncated-gaussian\"? one of gaussian, "
      "truncated-gaussian, rademacher, uniform, orthonormal, randomised-orthonormal is needed",
      InputError);
}

}  // namespace test_random
