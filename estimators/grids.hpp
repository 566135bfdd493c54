// Finite sets of unit vectors that fill a sphere.
#pragma once

#include "estimators/stream.hpp"

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace theoremeter {

enum class GridKind {
  circle,        // k = 2: equispaced
  fibonacci,     // k = 3: the golden spiral
  cubed_sphere,  // any k: the 2k faces of the cube cut into m^{k-1} equiangular cells each
  sobol,         // any k up to sobol_dimensions: Sobol points, randomly shifted, through the normal quantile
  random         // any k: uniform
};
inline const std::vector<std::string> grid_names{"circle", "fibonacci", "cubed-sphere", "sobol", "random"};

const std::string& name(GridKind kind);
/// Throws InputError, suggesting the nearest name.
GridKind grid_named(const std::string& name);

struct Grid {
  Eigen::MatrixXd points;                 // k x N, unit columns
  std::optional<double> covering_radius;  // proven (up to rounding): every unit vector is within this angle of a column
};

/// The largest k for which there are Sobol points.
inline constexpr int sobol_dimensions = 3667;

/// circle for k = 2, fibonacci for 3, sobol as far as it goes, random beyond.
GridKind default_grid(int k);

/// At least `at_least` points on the sphere in R^k: exactly that many but for the cubed sphere, and for k = 1, whose
/// sphere is {+1, -1} whatever the kind. The stream is used by sobol and random only. Throws InputError unless k >= 1
/// fits the kind, at_least >= 1, and k N <= max_entries.
Grid make_grid(GridKind kind, int k, std::int64_t at_least, Stream stream);

}  // namespace theoremeter
