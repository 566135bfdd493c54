// The exact ascent of the search for the RRCP and the RRIC: along lines through x, y and (x1, x2), of
//   sign u'(A_{G(x)}' A_{G(y)} - Phi_{G(x),G(y)}) u,   u along G(x1) - G(x2).
// On a line G is piecewise affine. Neurons that switch, and signs of A G(x), are events on it; between two of them what
// is to be maximised is known in closed form.
#pragma once

#include "estimators/difference_anneal.hpp"
#include "estimators/rrcp.hpp"
#include "estimators/stream.hpp"

#include <Eigen/Core>
#include <cstdint>
#include <vector>

namespace theoremeter {

/// A point on its way up; x and y are empty for the RRIC.
struct DifferenceClimb {
  Eigen::VectorXd x, y, x1, x2;
  double sign = 1;
  double value = 0;  // with its sign, in units of 4^e
};

class DifferenceClimber {
 public:
  explicit DifferenceClimber(const Rrcp& rrcp, const DifferenceAnnealer& annealer);

  DifferenceClimb start(const DifferenceColumns& c, Eigen::Index column) const;

  /// Climbs along lines of random smoothed gradients and random directions until so many in a row gain
  /// less than `least`, relatively. Returns the lines searched.
  std::int64_t climb(DifferenceClimb& at, int failures, double least, Stream& stream) const;

 private:
  class Line;
  struct Fixed;

  double value(const DifferenceClimb& at) const;
  void along_direction(DifferenceClimb& at, bool first, const Eigen::VectorXd& d, double reach) const;
  void along_pair(DifferenceClimb& at, const Eigen::VectorXd& d1, const Eigen::VectorXd& d2, double reach) const;

  const Rrcp& rrcp_;
  const DifferenceAnnealer& annealer_;
  std::vector<Eigen::MatrixXd> layers_;  // by columns; with A the last one
};

}  // namespace theoremeter
