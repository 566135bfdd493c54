// The surface of a population objective on a grid of the plane, with its critical points: [HLV Fig. 1], [HJ Fig. 1].
#pragma once

#include "experiments/studies/study.hpp"
#include "theory/problems.hpp"

#include <Eigen/Core>
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

/// objective(j, i) = f(x_i, y_j), scaled as theory/population.hpp does. One network: the point (x, y) of R^2, x0 = (1,
/// 0). Blind demodulation: h = x and m = y are numbers, h0 = m0 = 1.
struct Surface {
  std::vector<double> x, y;
  Eigen::MatrixXd objective;
  std::vector<CriticalPoint> critical;
};

/// One for each recovery problem.
Study surface_study(Problem problem);

/// Every value is recomputed in long double from the angle recurrence alone; at every critical point away from the axes
/// of homogeneity central differences must vanish.
Complaints complaints_of(Problem problem, int depth, int depth2, const Surface& surface);

}  // namespace theoremeter
