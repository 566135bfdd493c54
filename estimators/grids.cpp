#include "estimators/grids.hpp"

#include "estimators/ensembles.hpp"
#include "theory/angle.hpp"
#include "theory/error.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <boost/random/sobol.hpp>
#include <cmath>
#include <numbers>
#include <utility>

namespace theoremeter {
namespace {

using std::numbers::pi;

void require_count(int k, std::int64_t count) {
  if (count > max_entries / k) {
    throw InputError(fmt::format("a grid of at least {} points in R^{} is too large: at most 2^28 = {} coordinates",
                                 count, k, max_entries));
  }
}

// ---- circle: N points 2 pi/N apart, and the middle of a gap is pi/N from both its ends.

Grid circle_grid(std::int64_t count) {
  Grid grid{Eigen::MatrixXd(2, count), pi / static_cast<double>(count)};
  for (std::int64_t i = 0; i < count; ++i) {
    const double phi = 2 * pi * static_cast<double>(i) / static_cast<double>(count);
    grid.points.col(i) << std::cos(phi), std::sin(phi);
  }
  return grid;
}

// ---- fibonacci: heights z_i = 1 - (2i+1)/N, longitudes 2 pi i/tau with tau the golden ratio.

// A proven covering radius. Let a vector have height 1 - (2s+1)/N, s real, and i be the integer nearest to s. Take any
// F_m consecutive points, F_m a Fibonacci number. The circle is cut by F_m consecutive multiples of 1/tau into gaps of
// at most tau^{2-m} turns (three-gap theorem), so one of those points is within pi tau^{2-m} of the vector in
// longitude; in colatitude theta it is no further than the ends of the window. The haversine formula, sin^2(d/2) =
// sin^2(dtheta/2) + sin(theta) sin(theta') sin^2(dphi/2), then bounds the distance d. The least over m of the bounds
// for windows centred at i, and the largest of those over i, is the radius: 3.65/sqrt(N), about half as much again as
// the true one.
double fibonacci_radius(std::int64_t count) {
  const double n = static_cast<double>(count);
  const auto colatitude = [n](double s) { return std::acos(std::clamp(1 - (2 * s + 1) / n, -1.0, 1.0)); };
  const auto largest_sine = [](double lo, double hi) {
    return lo <= pi / 2 && pi / 2 <= hi ? 1.0 : std::max(std::sin(lo), std::sin(hi));
  };
  double radius = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const double s = static_cast<double>(i), lo = colatitude(s - 0.5), hi = colatitude(s + 0.5);
    double least = 1;  // of the bounds on sin^2(d/2)
    double half_gap = pi;
    for (std::int64_t window = 1, next = 2; window <= count && least > radius; next += std::exchange(window, next)) {
      const std::int64_t first = std::clamp<std::int64_t>(i - window / 2, 0, count - window);
      const double from = colatitude(static_cast<double>(first)),
                   to = colatitude(static_cast<double>(first + window - 1));
      const double rise = std::sin(std::max(hi - from, to - lo) / 2), turn = std::sin(half_gap / 2);
      least = std::min(least, rise * rise + largest_sine(lo, hi) * largest_sine(from, to) * turn * turn);
      half_gap /= std::numbers::phi;
    }
    radius = std::max(radius, least);
  }
  return 2 * std::asin(std::sqrt(radius));
}

Grid fibonacci(std::int64_t count) {
  Grid grid{Eigen::MatrixXd(3, count), fibonacci_radius(count)};
  for (std::int64_t i = 0; i < count; ++i) {
    const long double turns = static_cast<long double>(i) * (std::numbers::phi_v<long double> - 1);
    const double phi = 2 * pi * static_cast<double>(turns - std::floor(turns));
    const double z = 1 - static_cast<double>(2 * i + 1) / static_cast<double>(count);
    const double r = std::sqrt((1 - z) * (1 + z));
    grid.points.col(i) << r * std::cos(phi), r * std::sin(phi), z;
  }
  return grid;
}

// ---- cubed sphere: on the face x_a = +-1 the other coordinates are tangents of angles in [-pi/4, pi/4], cut into m
// equal parts.

double tangent(double part, std::int64_t m) { return std::tan(pi / 4 * (2 * part / static_cast<double>(m) - 1)); }

// The largest angle between the centre (1, c) of a cell and its points. The vectors within an angle r < pi/2 of the
// centre form a convex cone, so the cell lies in it as soon as its corners do.
double cell_radius(const std::vector<std::int64_t>& cell, std::int64_t m) {
  const auto sides = static_cast<Eigen::Index>(cell.size());
  const auto from = [&](Eigen::Index b) { return static_cast<double>(cell[static_cast<std::size_t>(b)]); };
  Eigen::VectorXd centre = Eigen::VectorXd::Ones(sides + 1), corner = centre;
  for (Eigen::Index b = 0; b < sides; ++b) centre(b + 1) = tangent(from(b) + 0.5, m);
  double radius = 0;
  for (std::uint64_t corners = 0; corners < std::uint64_t{1} << sides; ++corners) {
    for (Eigen::Index b = 0; b < sides; ++b)
      corner(b + 1) = tangent(from(b) + static_cast<double>(corners >> b & 1), m);
    radius = std::max(radius, angle(centre, corner));
  }
  return radius;
}

// Up to reflections and exchanges of coordinates a cell is a nondecreasing list of positions in the upper half: the
// covering radius is the largest radius of these.
double cubed_sphere_radius(int k, std::int64_t m) {
  if (m == 1) return std::acos(1 / std::sqrt(static_cast<double>(k)));  // the corners of a face are all alike
  std::vector<std::int64_t> cell(static_cast<std::size_t>(k) - 1, m / 2);
  double radius = 0;
  while (true) {
    radius = std::max(radius, cell_radius(cell, m));
    auto last = std::find_if(cell.rbegin(), cell.rend(), [m](std::int64_t c) { return c < m - 1; });
    if (last == cell.rend()) return radius;
    std::fill(cell.rbegin(), std::next(last), *last + 1);
  }
}

Grid cubed_sphere(int k, std::int64_t at_least) {
  const auto points = [k](std::int64_t m) {  // 2k m^{k-1}, or one more than anyone may have
    std::int64_t count = 2 * std::int64_t{k};
    for (int b = 1; b < k && count <= max_entries; ++b) count *= m;
    return count;
  };
  std::int64_t m = 1;
  while (points(m) < at_least) ++m;
  require_count(k, points(m));
  Grid grid{Eigen::MatrixXd(k, points(m)), cubed_sphere_radius(k, m)};
  const std::int64_t faces = 2 * std::int64_t{k};
  for (std::int64_t i = 0; i < points(m); ++i) {
    const std::int64_t face = i % faces;
    std::int64_t cell = i / faces;
    auto x = grid.points.col(i);
    for (Eigen::Index b = 0; b < k; ++b) {
      if (b == face / 2) {
        x(b) = face % 2 == 0 ? 1 : -1;
        continue;
      }
      x(b) = tangent(static_cast<double>(cell % m) + 0.5, m);
      cell /= m;
    }
    x.normalize();
  }
  return grid;
}

// ---- random, and sobol: a Sobol point shifted modulo 1 (Cranley and Patterson) is uniform in the cube, its normal
// quantiles are N(0, I), hence its direction is uniform on the sphere; together the points fill it more evenly than
// independent ones. No covering radius is known.

Grid random_points(int k, std::int64_t count, Stream stream) {
  Grid grid{Eigen::MatrixXd(k, count), std::nullopt};
  for (std::int64_t i = 0; i < count; ++i) {
    for (Eigen::Index b = 0; b < k; ++b) grid.points(b, i) = stream.normal();
    grid.points.col(i).normalize();
  }
  return grid;
}

Grid sobol(int k, std::int64_t count, Stream stream) {
  Grid grid{Eigen::MatrixXd(k, count), std::nullopt};
  std::vector<std::uint64_t> shift(static_cast<std::size_t>(k));
  for (std::uint64_t& s : shift) s = stream();
  boost::random::sobol next(static_cast<std::size_t>(k));  // 64-bit integers: adding modulo 2^64 is the shift modulo 1
  for (std::int64_t i = 0; i < count; ++i) {
    for (Eigen::Index b = 0; b < k; ++b) {
      grid.points(b, i) = normal_quantile(unit_uniform(next() + shift[static_cast<std::size_t>(b)]));
    }
    grid.points.col(i).normalize();
  }
  return grid;
}

void require_dimension(GridKind kind, int k, int lowest, int highest) {
  if (k >= lowest && k <= highest) return;
  const std::string range = lowest == highest ? fmt::format("k = {}", lowest) : fmt::format("k <= {}", highest);
  throw InputError(fmt::format("grid {}: k = {} does not fit, it needs {}", name(kind), k, range));
}

}  // namespace

const std::string& name(GridKind kind) { return grid_names.at(static_cast<std::size_t>(kind)); }

GridKind grid_named(const std::string& name) { return static_cast<GridKind>(position("grid", name, grid_names)); }

GridKind default_grid(int k) {
  if (k == 2) return GridKind::circle;
  if (k == 3) return GridKind::fibonacci;
  return k <= sobol_dimensions ? GridKind::sobol : GridKind::random;
}

Grid make_grid(GridKind kind, int k, std::int64_t at_least, Stream stream) {
  if (k < 1) throw InputError(fmt::format("k = {}: the dimension must be at least 1", k));
  if (at_least < 1) throw InputError(fmt::format("a grid of {} points: at least 1 is needed", at_least));
  require_count(k, at_least);
  if (k == 1) return {Eigen::MatrixXd{{1, -1}}, 0.0};
  switch (kind) {
    case GridKind::circle:
      require_dimension(kind, k, 2, 2);
      return circle_grid(at_least);
    case GridKind::fibonacci:
      require_dimension(kind, k, 3, 3);
      return fibonacci(at_least);
    case GridKind::cubed_sphere:
      return cubed_sphere(k, at_least);
    case GridKind::sobol:
      require_dimension(kind, k, 2, sobol_dimensions);
      return sobol(k, at_least, stream);
    case GridKind::random:
      return random_points(k, at_least, stream);
  }
  throw InputError("unknown grid");
}

}  // namespace theoremeter
