// The surface of a population objective on a grid of the plane, with its critical points: [HLV Fig. 1], [HJ Fig. 1].
#pragma once

#include "results/results.hpp"
#include "theory/problems.hpp"

#include <string>
#include <vector>

namespace theoremeter {

/// A critical point, or one of a curve of them.
struct CriticalPoint {
  double x = 0, y = 0;
  std::string name;  // "x0", "-rho x0", "0"; "(h0, m0)", ...: the same along a curve
  std::string kind;  // "global minimum", "local minimum", "critical, no minimum", "local maximum"
  double objective = 0;
};

/// objective[j * x.size() + i] = f(x_i, y_j), scaled as theory/population.hpp does. One network: the point (x, y) of
/// R^2, x0 = (1, 0). Blind demodulation: h = x and m = y are numbers, h0 = m0 = 1.
struct Surface {
  Problem problem = Problem::inversion;
  int depth = 0;   // d
  int depth2 = 0;  // s, of blind demodulation's second network
  std::vector<double> x, y, objective;
  std::vector<CriticalPoint> critical;
  std::string experiment;
  Provenance provenance;
};

/// Is `path` a file of ours that holds a surface? Throws InputError for one that is missing, foreign or damaged.
bool holds_surface(const std::string& path);

/// As `write` and `read` of results/file.hpp.
void check_surface_output(const std::string& path, bool overwrite);
void write_surface(const Surface& surface, const std::string& path, bool overwrite);
Surface read_surface(const std::string& path);

/// What is wrong, one line each: every value is recomputed in long double from the angle recurrence alone, and at every
/// critical point away from the axes of homogeneity central differences must vanish.
std::vector<std::string> verify(const Surface& surface);

/// A few lines about it for people.
std::string table(const Surface& surface);

}  // namespace theoremeter
