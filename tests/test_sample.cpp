#include "estimators/evaluate.hpp"
#include "estimators/extreme_eigenvalues.hpp"
#include "estimators/instances.hpp"
#include "estimators/outer_sums.hpp"
#include "estimators/statistics.hpp"
#include "tests/linear_algebra.hpp"
#include "theory/conditions.hpp"
#include "theory/error.hpp"

#include <doctest/doctest.h>
#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <random>
#include <vector>

namespace test_sample {

using namespace theoremeter;
using namespace theoremeter::testing;

namespace {

using Index = Eigen::Index;
constexpr double epsilon = std::numeric_limits<double>::epsilon();

Rows gaussian(Index n, Index k, Stream stream) {
  return Rows::NullaryExpr(n, k, [&] { return stream.normal() / std::sqrt(static_cast<double>(n)); });
}

Eigen::MatrixXd unit_columns(Index k, Index count, Stream stream) {
  Eigen::MatrixXd points = Eigen::MatrixXd::NullaryExpr(k, count, [&] { return stream.normal(); });
  points.colwise().normalize();
  return points;
}

// Eight matrices through SymmetricEight.
Extremes extremes(const std::array<Eigen::MatrixXd, 8>& A) {
  SymmetricEight batch(A[0].rows());
  for (Index c = 0; c < batch.k(); ++c)
    for (Index r = c; r < batch.k(); ++r)
      for (std::size_t l = 0; l < 8; ++l) batch.column(c)[r - c][static_cast<Index>(l)] = A[l](r, c);
  return batch.extreme_eigenvalues();
}

// || A - B || in units of the error allowed, 8 sqrt(k) eps ||A||.
double relative_error(const Eigen::MatrixXd& A, double smallest, double largest) {
  const Eigen::VectorXd exact = eigenvalues(A);
  const double norm = exact.cwiseAbs().maxCoeff(),
               error = std::max(std::abs(smallest - exact(0)), std::abs(largest - exact(exact.size() - 1)));
  if (error == 0) return 0;
  return error / norm / (8 * std::sqrt(static_cast<double>(A.rows())) * epsilon);
}

// Matrices that are hard on eigenvalue solvers, of norm about 1.
Eigen::MatrixXd nasty(int kind, Index k, Stream stream) {
  Eigen::MatrixXd G = Eigen::MatrixXd::NullaryExpr(k, k, [&] { return stream.normal(); });
  const Eigen::MatrixXd V = orthogonal_of(G);
  Eigen::VectorXd d = Eigen::VectorXd::NullaryExpr(k, [&] { return stream.uniform() - 0.5; });
  switch (kind) {
    case 0:
      return (G + G.transpose()) / std::sqrt(8.0 * static_cast<double>(k));
    case 1:
      d.setConstant(-0.3);
      break;  // one eigenvalue
    case 2:
      d.head((k + 1) / 2).setConstant(0.7);
      break;  // half the spectrum in one place
    case 3:
      d = (d.array() * 1e-14 + 1).matrix();
      break;  // a cluster
    case 4:
      d.setZero(), d(0) = 1;
      break;  // rank one
    case 5:
      d = Eigen::VectorXd::LinSpaced(k, 0, -16).unaryExpr([](double e) { return std::pow(10, e); });
      break;  // graded
    case 6:
      return d.asDiagonal();
    case 7:
      return V.col(0) * V.col(0).transpose() -
             V.col(k - 1) * V.col(k - 1).transpose();  // both ends alike (0 for k = 1)
    case 8: {                                          // decoupled blocks
      G = (G + G.transpose()) / std::sqrt(8.0 * static_cast<double>(k));
      G.topRightCorner(k / 2, k - k / 2).setZero();
      G.bottomLeftCorner(k - k / 2, k / 2).setZero();
      return G;
    }
    default:
      return Eigen::MatrixXd::Constant(k, k, 1 / static_cast<double>(k));
  }
  Eigen::MatrixXd A = V * d.asDiagonal() * V.transpose();
  return (A + A.transpose()) / 2;
}
constexpr int nasty_kinds = 10;

}  // namespace

TEST_CASE("extreme eigenvalues: against Eigen's solver, sizes 1 to 130, nasty spectra, extreme scales") {
  double worst = 0;
  for (const Index k : {1, 2, 3, 4, 5, 6, 7, 8, 13, 20, 50, 100, 130})
    for (int first = 0; first < nasty_kinds; ++first) {
      std::array<Eigen::MatrixXd, 8> A;
      for (int l = 0; l < 8; ++l) {
        const double scale = std::array{1.0, 1e-290, 1e290, 1e-160, 3e150, 1e-5, 1e8, 1.0}[static_cast<std::size_t>(l)];
        A[static_cast<std::size_t>(l)] =
            scale * nasty((first + l) % nasty_kinds, k,
                          Stream(7).at({static_cast<std::uint64_t>(k), static_cast<std::uint64_t>(8 * first + l)}));
      }
      const Extremes e = extremes(A);
      for (Index l = 0; l < 8; ++l) {
        CAPTURE(k);
        CAPTURE((first + l) % nasty_kinds);
        CAPTURE(l);
        const double error = relative_error(A[static_cast<std::size_t>(l)], e.smallest[l], e.largest[l]);
        CHECK(error < 1);
        worst = std::max(worst, error);
      }
    }
  MESSAGE("largest error: ", worst, " of the bound");
}

TEST_CASE("extreme eigenvalues: the bound is tight enough to notice 1e-12 (twin)") {
  std::array<Eigen::MatrixXd, 8> A;
  for (std::size_t l = 0; l < 8; ++l) A[l] = nasty(0, 20, Stream(l));
  const Extremes e = extremes(A);
  for (Index l = 0; l < 8; ++l) {
    const Eigen::MatrixXd off = A[static_cast<std::size_t>(l)] + 1e-12 * Eigen::MatrixXd::Identity(20, 20);
    CHECK(relative_error(off, e.smallest[l], e.largest[l]) > 1);
  }
}

TEST_CASE("extreme eigenvalues: second differences, in closed form 2 - 2 cos(pi j/(k+1))") {
  for (const Index k : {1, 2, 10, 300}) {
    Eigen::MatrixXd T = 2 * Eigen::MatrixXd::Identity(k, k);
    T.diagonal(1).setConstant(-1);
    T.diagonal(-1).setConstant(-1);
    std::array<Eigen::MatrixXd, 8> A;
    A.fill(T);
    const Extremes e = extremes(A);
    const double half = std::numbers::pi / 2 / static_cast<double>(k + 1),
                 bound = 8 * std::sqrt(static_cast<double>(k)) * epsilon * 4;
    CHECK(std::abs(e.smallest[3] - 4 * std::pow(std::sin(half), 2)) < bound);
    CHECK(std::abs(e.largest[3] - 4 * std::pow(std::cos(half), 2)) < bound);
  }
}

TEST_CASE("extreme eigenvalues: diagonal and zero matrices exactly, and no lane minds the others") {
  for (const Index k : {1, 2, 9, 40}) {
    std::array<Eigen::MatrixXd, 8> A, B;
    for (std::size_t l = 0; l < 8; ++l) A[l] = nasty(static_cast<int>(l), k, Stream(11).at({l}));
    A[2].setZero();
    A[6] = nasty(6, k, Stream(12));
    B.fill(A[0]);
    B[7] = A[2];
    B[1] = A[6];
    B[3] = A[7];
    const Extremes a = extremes(A), b = extremes(B);
    CHECK(a.smallest[2] == 0);
    CHECK(a.largest[2] == 0);
    CHECK(a.smallest[6] == A[6].diagonal().minCoeff());
    CHECK(a.largest[6] == A[6].diagonal().maxCoeff());
    CHECK(a.smallest[0] == b.smallest[5]);
    CHECK(a.largest[0] == b.largest[5]);
    CHECK(a.smallest[7] == b.smallest[3]);
    CHECK(a.largest[6] == b.largest[1]);
  }
}

TEST_CASE("outer sums: against the plain loop, for steps, signs, signs with a zero, and relus") {
  int two_valued = 0;
  for (const Index k : {1, 3, 5, 8, 12, 33})
    for (const Index n : {1, 4, 31, 70})
      for (int kind = 0; kind < 4; ++kind) {
        Stream s = Stream(3).at(
            {static_cast<std::uint64_t>(k), static_cast<std::uint64_t>(n), static_cast<std::uint64_t>(kind)});
        const Rows R = gaussian(n, k, s.at({1}));
        Rows C = gaussian(n, 13, s.at({2}));
        if (kind < 3) C = (C.array() > 0).select(Rows::Ones(n, 13), Rows::Constant(n, 13, kind == 0 ? 0 : -1));
        if (kind == 2) C(0, 5) = 0;
        const Coefficients c(C);
        two_valued += c.two_valued;
        std::vector<Index> rows;
        std::vector<double> scale;
        for (Index i = 0; i < n; ++i)
          if (s.uniform() < 0.7) {
            rows.push_back(i);
            scale.push_back(s.normal());
          }
        const OuterSums outer(R);
        PackedSums out;
        outer(rows, scale, c, 2, 12, out);
        for (const Index j : {0, 4, 9}) {
          SymmetricEight batch(k);
          out.load(j, batch);
          Eigen::MatrixXd plain = Eigen::MatrixXd::Zero(k, k);
          for (std::size_t a = 0; a < rows.size(); ++a)
            plain += scale[a] * C(rows[a], 2 + j) * R.row(rows[a]).transpose() * R.row(rows[a]);
          for (Index q = 0; q < k; ++q)
            for (Index r = q; r < k; ++r)
              CHECK(batch.column(q)[r - q][0] == doctest::Approx(plain(r, q)).scale(1).epsilon(1e-13));
        }
      }
  CHECK(two_valued >= 2 * 6 * 4);  // both ways are taken
}

TEST_CASE("mean; quantiles: linear between order statistics; largest: first of equals first; for 1 to 3 threads") {
  std::mt19937_64 random(5);
  const std::vector<double> levels{0, 0.01, 0.25, 0.5, 0.5, 0.99, 1};
  // Many equal values; all equal; all but one in one place; so close that the step between buckets overflows; normal.
  const std::vector<std::function<double(std::size_t)>> kinds{
      [&](std::size_t) { return static_cast<double>(random() % 50); }, [](std::size_t) { return 0.25; },
      [](std::size_t i) { return i == 0 ? 1e9 : 1 + 1e-12 * static_cast<double>(i % 97); },
      [](std::size_t i) { return i % 3 == 0 ? 0 : 1e-310; },
      [&](std::size_t) { return std::normal_distribution()(random); }};
  for (const auto& kind : kinds)
    for (const std::size_t n : {1, 2, 3, 10, 1001, 300007}) {
      std::vector<double> values(n), sorted;
      for (std::size_t i = 0; i < n; ++i) values[i] = kind(i);
      sorted = values;
      std::sort(sorted.begin(), sorted.end());
      long double sum = 0;
      for (const double v : values) sum += v;
      CHECK(mean(values, 1) == doctest::Approx(double(sum) / static_cast<double>(n)).epsilon(1e-13));
      const std::vector<std::int64_t> top = largest(values, 7, 1);
      CHECK(top.size() == std::min<std::size_t>(n, 7));
      for (std::size_t i = 0; i < top.size(); ++i) {
        const double v = values[static_cast<std::size_t>(top[i])];
        CHECK(v == sorted[n - 1 - i]);
        if (i > 0 && v == values[static_cast<std::size_t>(top[i - 1])]) CHECK(top[i] > top[i - 1]);
      }
      const std::vector<double> q = quantiles(values, levels, 1);
      for (std::size_t l = 0; l < levels.size(); ++l) {
        const double x = levels[l] * static_cast<double>(n - 1);
        const auto i = static_cast<std::size_t>(x);
        const double above = sorted[std::min(i + 1, n - 1)];
        CHECK(q[l] == sorted[i] + (x - static_cast<double>(i)) * (above - sorted[i]));
      }
      for (const int threads : {2, 3}) {
        CHECK(mean(values, threads) == mean(values, 1));
        CHECK(quantiles(values, levels, threads) == q);
        CHECK(largest(values, 7, threads) == top);
      }
    }
}

namespace {

// Phaseless concentration, for tests only: c_i = sgn(<a_i,z>) sgn(<a_i,w>), E = Phi.
struct Signs {
  Rows A;
  int spheres() const { return 2; }
  bool symmetric() const { return true; }
  const Rows& hyperplanes(int) const { return A; }
  const Rows& rows() const { return A; }
  double factor(int, double z) const { return z > 0 ? 1 : z < 0 ? -1 : 0; }
  template <class Real, class Temperature>
  SmoothFactor<Real> smooth_factor(int, const Real& z, Temperature) const {
    return {z, z};
  }
  PlaneOperator expectation(const Point& p) const { return Phi(p[0], p[1]); }
  double expectation_form(const Point&, const Eigen::VectorXd&, Point&) const { return 0; }
};

// Four spheres in two dimensions each, steps on the first two and relus on the others, for tests only.
struct Joint {
  Rows B, C;
  int spheres() const { return 4; }
  bool symmetric() const { return true; }
  const Rows& hyperplanes(int s) const { return s < 2 ? B : C; }
  const Rows& rows() const { return B; }
  double factor(int s, double z) const { return s < 2 ? (z > 0 ? 1 : 0) : std::max(z, 0.0); }
  template <class Real, class Temperature>
  SmoothFactor<Real> smooth_factor(int, const Real& z, Temperature) const {
    return {z, z};
  }
  PlaneOperator expectation(const Point& p) const { return Q(p[0], p[1], p[2].dot(Q(p[2], p[3]).apply(p[3]))); }
  double expectation_form(const Point&, const Eigen::VectorXd&, Point&) const { return 0; }
};

// Two spheres of different dimensions.
struct Lopsided {
  Rows B, C;
  int spheres() const { return 2; }
  bool symmetric() const { return false; }
  const Rows& hyperplanes(int s) const { return s == 0 ? B : C; }
  const Rows& rows() const { return B; }
  double factor(int s, double z) const { return s == 0 ? std::max(z, 0.0) : (z > 0 ? 1 : 0); }
  template <class Real, class Temperature>
  SmoothFactor<Real> smooth_factor(int, const Real& z, Temperature) const {
    return {z, z};
  }
  PlaneOperator expectation(const Point& p) const { return Q(p[0], p[0], 0.3); }
  double expectation_form(const Point&, const Eigen::VectorXd&, Point&) const { return 0; }
};

static_assert(Deviation<Signs> && Deviation<Joint> && Deviation<Lopsided>);

// f(p) by plain loops.
template <Deviation D>
double plain_value(const D& d, const Point& p) {
  Eigen::MatrixXd S = Eigen::MatrixXd::Zero(d.rows().cols(), d.rows().cols());
  for (Index i = 0; i < d.rows().rows(); ++i) {
    double c = 1;
    for (int s = 0; s < d.spheres(); ++s) c *= d.factor(s, d.hyperplanes(s).row(i).dot(p[static_cast<std::size_t>(s)]));
    S += c * d.rows().row(i).transpose() * d.rows().row(i);
  }
  S -= d.expectation(p).dense();
  return spectral_norm(S);
}

struct Plain {
  std::vector<double> values;
  std::vector<double> diagonal;
};

// Compares statistics with those of the values listed; false where any is off by more than rounding.
bool agrees(const Sampled& sampled, Plain plain, double tolerance = 1e-12) {
  std::sort(plain.values.begin(), plain.values.end());
  const std::size_t n = plain.values.size();
  double mean = 0;
  for (const double v : plain.values) mean += v / static_cast<double>(n);
  const auto near = [&](double a, double b) { return std::abs(a - b) <= tolerance * (1 + std::abs(b)); };
  bool same = sampled.count == static_cast<std::int64_t>(n) && near(sampled.witness.value, plain.values.back()) &&
              near(sampled.mean, mean) && sampled.diagonal.has_value() == !plain.diagonal.empty() &&
              sampled.quantiles.size() == quantile_levels.size();
  if (same && !plain.diagonal.empty())
    same = near(sampled.diagonal->value, *std::max_element(plain.diagonal.begin(), plain.diagonal.end()));
  for (std::size_t q = 0; same && q < quantile_levels.size(); ++q) {
    const double x = quantile_levels[q] * static_cast<double>(n - 1);
    const auto i = static_cast<std::size_t>(x);
    const double above = plain.values[std::min(i + 1, n - 1)];
    same = near(sampled.quantiles[q], plain.values[i] + (x - static_cast<double>(i)) * (above - plain.values[i]));
  }
  return same;
}

Plain plain_wdc(const Rows& W, double alpha, const Eigen::MatrixXd& grid) {
  Plain plain;
  for (Index i = 0; i < grid.cols(); ++i) {
    plain.diagonal.push_back(static_cast<double>(wdc_deviation(W, alpha, grid.col(i), grid.col(i))));
    for (Index j = i + 1; j < grid.cols(); ++j)
      plain.values.push_back(static_cast<double>(wdc_deviation(W, alpha, grid.col(i), grid.col(j))));
  }
  return plain;
}

}  // namespace

TEST_CASE("sample: the WDC on small instances, against its definition") {
  for (const Index k : {1, 2, 3, 5})
    for (const Index n : {1, 2, 7, 45}) {
      Rows W = gaussian(n, k, Stream(1).at({static_cast<std::uint64_t>(k), static_cast<std::uint64_t>(n)}));
      if (n == 7) W.row(3).setZero(), W.row(5) = W.row(1), W.row(6) = -W.row(2);
      const Eigen::MatrixXd grid = k == 1 ? Eigen::MatrixXd(Eigen::RowVector2d(1, -1)) : unit_columns(k, 11, Stream(2));
      CAPTURE(k);
      CAPTURE(n);
      const Sampled sampled = sample(Wdc(W), {grid}, 1);
      CHECK(agrees(sampled, plain_wdc(W, 1, grid)));
      CHECK_FALSE(agrees(sampled, plain_wdc(W, 1.001, grid)));  // the twin
      CHECK(evaluate(Wdc(W), sampled.witness.point).value == sampled.witness.value);
    }
}

TEST_CASE("sample: integer rows and points on their hyperplanes, where signs are exactly 0") {
  Rows W(6, 2);
  W << 1, 0, 0, 1, 4, -3, -3, 4, 1, -1, 2, 0;
  Eigen::MatrixXd grid(2, 9);
  grid << 1, 0, -1, 0, 0.6, 0.8, -0.6, -0.8, 1, 0, 1, 0, -1, 0.8, 0.6, -0.8, -0.6, 0;  // repeats the first
  CHECK(agrees(sample(Wdc(W), {grid}, 2), plain_wdc(W, 1, grid)));
  CHECK(agrees(sample(Wdc(-W), {grid}, 2), plain_wdc(-W, 1, grid)));
}

TEST_CASE("sample: the norm is rotation invariant, so the statistics are") {
  const Rows W = gaussian(60, 4, Stream(3));
  const Eigen::MatrixXd grid = unit_columns(4, 40, Stream(4));
  const Eigen::MatrixXd U = orthogonal_of(unit_columns(4, 4, Stream(5)));
  const Sampled a = sample(Wdc(W), {grid}, 1), b = sample(Wdc(W * U.transpose()), {U * grid}, 1),
                off = sample(Wdc(W * U.transpose()), {grid}, 1);
  CHECK(std::abs(a.witness.value - b.witness.value) < 1e-13);
  CHECK(std::abs(a.diagonal->value - b.diagonal->value) < 1e-13);
  CHECK(std::abs(a.mean - b.mean) < 1e-13);
  CHECK(std::abs(a.mean - off.mean) > 1e-6);  // the twin: rotating only W changes them
  for (std::size_t q = 0; q < quantile_levels.size(); ++q) CHECK(std::abs(a.quantiles[q] - b.quantiles[q]) < 1e-13);
}

TEST_CASE("sample: bitwise the same for 1, 2 and 3 threads, over several blocks of tuples") {
  const Rows W = gaussian(9, 2, Stream(6));
  std::vector<double> fractions;
  const Sampled one =
      sample(Wdc(W), 900'000, GridKind::random, Stream(7), 1, [&](double done) { fractions.push_back(done); });
  for (const int threads : {2, 3}) {
    const Sampled more = sample(Wdc(W), 900'000, GridKind::random, Stream(7), threads);
    CHECK(more.witness.value == one.witness.value);
    CHECK(more.witness.point == one.witness.point);
    CHECK(more.diagonal->value == one.diagonal->value);
    CHECK(more.mean == one.mean);
    CHECK(more.quantiles == one.quantiles);
  }
  CHECK(sample(Wdc(W), 900'000, GridKind::random, Stream(8), 1).mean != one.mean);
  CHECK(one.count >= 900'000);
  CHECK(one.count < 903'000);
  CHECK(fractions.size() > 1);
  CHECK(std::is_sorted(fractions.begin(), fractions.end()));
  CHECK(fractions.back() == 1);
}

TEST_CASE("sample: signs (phaseless concentration)") {
  const Signs d{gaussian(33, 4, Stream(9))};
  const Eigen::MatrixXd grid = unit_columns(4, 17, Stream(10));
  Plain plain;
  for (Index i = 0; i < grid.cols(); ++i) {
    plain.diagonal.push_back(plain_value(d, {grid.col(i), grid.col(i)}));
    for (Index j = i + 1; j < grid.cols(); ++j) plain.values.push_back(plain_value(d, {grid.col(i), grid.col(j)}));
  }
  CHECK(agrees(sample(d, {grid}, 2), plain));
}

TEST_CASE("sample: four spheres of two dimensions, steps and relus") {
  const Joint d{gaussian(30, 3, Stream(11)), gaussian(30, 2, Stream(12))};
  const SphereGrids grids{unit_columns(3, 7, Stream(13)), unit_columns(3, 10, Stream(14)),
                          unit_columns(2, 10, Stream(15)), unit_columns(2, 10, Stream(16))};
  Plain plain;
  for (Index i = 0; i < 7; ++i) {
    plain.diagonal.push_back(plain_value(d, {grids[0].col(i), grids[0].col(i), grids[2].col(i), grids[3].col(i)}));
    for (Index j = 0; j < 10; ++j)
      plain.values.push_back(plain_value(d, {grids[0].col(i), grids[1].col(j), grids[2].col(j), grids[3].col(j)}));
  }
  CHECK(agrees(sample(d, grids, 2), plain));
  const Sampled made = sample(d, 1000, std::nullopt, Stream(17), 2);
  CHECK(made.count >= 1000);
  CHECK(made.witness.value == doctest::Approx(plain_value(d, made.witness.point)));
  CHECK(made.diagonal->point[0] == made.diagonal->point[1]);
}

TEST_CASE("sample: two spheres that are not alike") {
  const Lopsided d{gaussian(30, 3, Stream(18)), gaussian(30, 2, Stream(19))};
  const SphereGrids grids{unit_columns(3, 9, Stream(20)), unit_columns(2, 6, Stream(21))};
  Plain plain;
  for (Index i = 0; i < 9; ++i)
    for (Index j = 0; j < 6; ++j) plain.values.push_back(plain_value(d, {grids[0].col(i), grids[1].col(j)}));
  const Sampled sampled = sample(d, grids, 1);
  CHECK(agrees(sampled, plain));
  plain.values[20] += 1e-3;
  CHECK_FALSE(agrees(sampled, plain));  // the twin
}

TEST_CASE("sample: counts that cannot be are refused by name") {
  const Wdc d(gaussian(5, 2, Stream(22)));
  CHECK_THROWS_AS(sample(d, 0, std::nullopt, Stream(1), 1), InputError);
  CHECK_THROWS_AS(sample(d, max_samples + 1, std::nullopt, Stream(1), 1), InputError);
  CHECK_THROWS_AS(sample(d, {Eigen::MatrixXd::Ones(2, 1)}, 1), InputError);
  CHECK_THROWS_AS(sample(d, 100, GridKind::fibonacci, Stream(1), 1), InputError);
  CHECK_NOTHROW(sample(d, 1, std::nullopt, Stream(1), 1));
}

}  // namespace test_sample
