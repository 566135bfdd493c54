#include "estimators/grids.hpp"
#include "tests/statistics.hpp"
#include "theory/error.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

namespace test_grids {

using namespace theoremeter;
using namespace theoremeter::testing;

namespace {

using std::numbers::pi;

// The largest angle, over random unit vectors and their negatives, to the nearest grid point: at most the covering
// radius.
double farthest(const Grid& grid, int vectors, Stream stream) {
  double least = 1;
  for (int i = 0; i < vectors; ++i) {
    const Eigen::VectorXd x =
        Eigen::VectorXd::NullaryExpr(grid.points.rows(), [&] { return stream.normal(); }).normalized();
    const Eigen::VectorXd cosines = grid.points.transpose() * x;
    least = std::min({least, cosines.maxCoeff(), -cosines.minCoeff()});
  }
  return std::acos(least);
}

void require_unit_columns(const Grid& grid) {
  REQUIRE(grid.points.allFinite());
  REQUIRE((grid.points.colwise().norm().array() - 1).abs().maxCoeff() < 1e-14);
}

}  // namespace

TEST_CASE("circle: equispaced, and the covering radius is exact") {
  for (const int count : {1, 2, 3, 10, 1000}) {
    const Grid grid = make_grid(GridKind::circle, 2, count, Stream(1));
    require_unit_columns(grid);
    REQUIRE(grid.points.cols() == count);
    CHECK(*grid.covering_radius == pi / count);
    const double found = farthest(grid, 2000, Stream(2));
    CHECK(found <= *grid.covering_radius + 1e-12);
    CHECK(found > 0.98 * *grid.covering_radius);
  }
}

TEST_CASE("fibonacci: no vector is farther than the covering radius, which is within a factor 2.2 of the truth") {
  for (const int count : {1, 2, 3, 5, 8, 13, 50, 100, 377, 1000}) {
    CAPTURE(count);
    const Grid grid = make_grid(GridKind::fibonacci, 3, count, Stream(1));
    require_unit_columns(grid);
    REQUIRE(grid.points.cols() == count);
    double found = farthest(grid, 5000, Stream(3));
    for (const double side : {1.0, -1.0}) {  // the poles are where a spiral could leave a hole
      found = std::max(found, std::acos((side * grid.points.row(2)).maxCoeff()));
    }
    CHECK(found <= *grid.covering_radius + 1e-12);
    CHECK(*grid.covering_radius < 2.2 * found);
    CHECK(*grid.covering_radius < 4.5 / std::sqrt(count));
  }
  CHECK(*make_grid(GridKind::fibonacci, 3, 10000, Stream(1)).covering_radius == doctest::Approx(0.0365).epsilon(1e-3));
  // The twin: a radius a third smaller would be exceeded.
  const Grid grid = make_grid(GridKind::fibonacci, 3, 100, Stream(1));
  CHECK(farthest(grid, 5000, Stream(3)) > *grid.covering_radius * 2 / 3);
}

TEST_CASE("fibonacci: F_m multiples of 1/tau leave no gap above tau^{2-m}, as its covering radius supposes") {
  const double tau = std::numbers::phi;
  std::size_t before = 1, count = 1;  // F_1, F_2
  for (int m = 2; m <= 20; ++m) {
    std::vector<double> turns;
    for (std::size_t i = 0; i < count; ++i) turns.push_back(std::fmod(static_cast<double>(i) / tau, 1));
    std::sort(turns.begin(), turns.end());
    turns.push_back(turns.front() + 1);
    double largest = 0;
    for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, turns[i + 1] - turns[i]);
    CHECK(largest == doctest::Approx(std::pow(tau, 2 - m)).epsilon(1e-12));
    before = std::exchange(count, count + before);
  }
}

TEST_CASE("cubed sphere: 2k m^{k-1} different points, and no vector is farther than the covering radius") {
  for (const int k : {2, 3, 4, 5, 7}) {
    for (const std::int64_t m : {1, 2, 3}) {
      std::int64_t count = 2 * k;
      for (int b = 1; b < k; ++b) count *= m;
      CAPTURE(k);
      CAPTURE(m);
      const Grid grid = make_grid(GridKind::cubed_sphere, k, count, Stream(1));
      require_unit_columns(grid);
      REQUIRE(grid.points.cols() == count);
      if (count < 4000) {
        Eigen::MatrixXd cosines = grid.points.transpose() * grid.points;
        cosines.diagonal().setConstant(-1);
        CHECK(cosines.maxCoeff() < 1 - 1e-3);
      }
      const double found = farthest(grid, k < 7 ? 3000 : 300, Stream(4));
      CHECK(found <= *grid.covering_radius + 1e-12);
      if (k <= 3) CHECK(found > 0.85 * *grid.covering_radius);
    }
  }
  // On the circle the cells are arcs, and their radius is known; a face's corners are at acos(1/sqrt(k)) from its
  // centre.
  CHECK(*make_grid(GridKind::cubed_sphere, 2, 400, Stream(1)).covering_radius ==
        doctest::Approx(pi / 400).epsilon(1e-12));
  // For k = 5, m = 3 the largest cell is the middle one, not the one at the cube's corner.
  CHECK(*make_grid(GridKind::cubed_sphere, 5, 810, Stream(1)).covering_radius ==
        doctest::Approx(std::acos(1 / std::sqrt(1 + 4 * std::pow(std::tan(pi / 12), 2)))).epsilon(1e-12));
  CHECK(*make_grid(GridKind::cubed_sphere, 100, 5, Stream(1)).covering_radius == doctest::Approx(std::acos(0.1)));
}

TEST_CASE("cubed sphere: the symmetric shortcut misses no cell") {
  // Every point's nearest vectors, corners included, by brute force over a fine grid of each face.
  for (const std::int64_t m : {2, 3, 4, 5}) {
    const Grid grid = make_grid(GridKind::cubed_sphere, 3, 6 * m * m, Stream(1));
    double largest_cell = 0;
    for (std::int64_t a = 0; a < m; ++a) {
      for (std::int64_t b = 0; b < m; ++b) {
        const auto at = [m](double i, double j) {
          return Eigen::Vector3d(1, std::tan(pi / 2 * i / double(m) - pi / 4),
                                 std::tan(pi / 2 * j / double(m) - pi / 4))
              .normalized();
        };
        const Eigen::Vector3d centre = at(double(a) + 0.5, double(b) + 0.5);
        for (int i = 0; i <= 20; ++i) {
          for (int j = 0; j <= 20; ++j) {
            const double c = centre.dot(at(double(a) + i / 20.0, double(b) + j / 20.0));
            largest_cell = std::max(largest_cell, std::acos(std::min(c, 1.0)));
          }
        }
      }
    }
    CHECK(*grid.covering_radius == doctest::Approx(largest_cell).epsilon(1e-12));
  }
}

TEST_CASE("sobol and random: each point is uniform on the sphere over the streams") {
  for (const GridKind kind : {GridKind::sobol, GridKind::random}) {
    CAPTURE(name(kind));
    Moments first, square, product;
    for (std::uint64_t s = 0; s < 20000; ++s) {
      const Grid grid = make_grid(kind, 3, 2, Stream(5).at({s}));
      const Eigen::VectorXd x = grid.points.col(1);
      first.add(x(0));
      square.add(x(1) * x(1));
      product.add(x(1) * x(2));
    }
    require_mean(first, 0);
    require_mean(square, 1.0 / 3);
    require_mean(product, 0);
    require_mean_rejected(square, 0.35);  // the twin
  }
}

TEST_CASE("sobol: fills the sphere more evenly than random points, in any dimension of its table") {
  for (const int k : {2, 4, 10}) {
    double sobol_imbalance = 0, random_imbalance = 0;
    for (std::uint64_t s = 0; s < 10; ++s) {
      const Grid even = make_grid(GridKind::sobol, k, 1024, Stream(6).at({s}));
      require_unit_columns(even);
      REQUIRE(even.points.cols() == 1024);
      CHECK_FALSE(even.covering_radius.has_value());
      sobol_imbalance += even.points.rowwise().mean().squaredNorm();
      random_imbalance += make_grid(GridKind::random, k, 1024, Stream(6).at({s})).points.rowwise().mean().squaredNorm();
    }
    CHECK(sobol_imbalance < 0.2 * random_imbalance);
  }
  require_unit_columns(make_grid(GridKind::sobol, sobol_dimensions, 3, Stream(7)));
}

TEST_CASE("grids: a function of kind, size and stream; names; defaults; k = 1") {
  for (const GridKind kind :
       {GridKind::circle, GridKind::fibonacci, GridKind::cubed_sphere, GridKind::sobol, GridKind::random}) {
    CHECK(grid_named(name(kind)) == kind);
    const Grid line = make_grid(kind, 1, 50, Stream(8));
    CHECK(line.points == Eigen::MatrixXd{{1, -1}});
    CHECK(*line.covering_radius == 0);
  }
  for (const GridKind kind : {GridKind::sobol, GridKind::random}) {
    CHECK(make_grid(kind, 4, 9, Stream(8)).points == make_grid(kind, 4, 9, Stream(8)).points);
    CHECK(make_grid(kind, 4, 9, Stream(8)).points != make_grid(kind, 4, 9, Stream(9)).points);
  }
  CHECK(default_grid(2) == GridKind::circle);
  CHECK(default_grid(3) == GridKind::fibonacci);
  CHECK(default_grid(4) == GridKind::sobol);
  CHECK(default_grid(sobol_dimensions + 1) == GridKind::random);
}

TEST_CASE("grids: wrong use is told in one line") {
  const auto attempt = [](GridKind kind, int k, std::int64_t count) {
    return make_grid(kind, k, count, Stream(1)).points.size();
  };
  CHECK_THROWS_WITH_AS(attempt(GridKind::circle, 3, 10), "grid circle: k = 3 does not fit, it needs k = 2", InputError);
  CHECK_THROWS_WITH_AS(attempt(GridKind::fibonacci, 2, 10), "grid fibonacci: k = 2 does not fit, it needs k = 3",
                       InputError);
  CHECK_THROWS_WITH_AS(attempt(GridKind::sobol, 5000, 10), "grid sobol: k = 5000 does not fit, it needs k <= 3667",
                       InputError);
  CHECK_THROWS_AS(attempt(GridKind::random, 0, 10), InputError);
  CHECK_THROWS_AS(attempt(GridKind::random, 2, 0), InputError);
  CHECK_THROWS_AS(attempt(GridKind::random, 2, INT64_MAX), InputError);
  CHECK_THROWS_AS(attempt(GridKind::cubed_sphere, 40, 100), InputError);  // two cells a side: 80 * 2^39 points
  CHECK_THROWS_AS(grid_named("sobel"), InputError);
}

}  // namespace test_grids
