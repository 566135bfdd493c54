// The exact end of the searches over directions: moves along lines, over all their pieces.
//
// On a piece a and c are smooth, and what is searched for jumps from piece to piece: it is least at corners, where
// several kinks meet, on one side of each. So lines are drawn through a direction p, at random and most of them along
// the kinks next to which p lies, all but a few of these: both ends of every piece along a line are tried, and the
// best place in between where the aim knows one.
#pragma once

#include "estimators/direction_aims.hpp"
#include "estimators/rays.hpp"
#include "estimators/stream.hpp"

#include <Eigen/Core>
#include <cstdint>
#include <vector>

namespace theoremeter {

class DirectionWalk {
 public:
  /// From a column, unit p or unit p on top of unit q.
  DirectionWalk(const Rays& rays, const DirectionAim& aim, Eigen::VectorXd start, Stream stream);

  /// Along lines until so many in a row gain nothing.
  void run(std::int64_t failures);

  /// Along lines in the aim's own direction as long as that gains something.
  void follow_aim();

  const Eigen::VectorXd& at() const { return p_; }
  std::int64_t evaluations() const { return evaluations_; }

 private:
  double gap();
  bool gained(double before) const;
  Eigen::VectorXd along_kinks();
  Eigen::VectorXd tangent(Eigen::VectorXd u) const;
  void search_line(const Eigen::VectorXd& u, double reach);
  void step_exactly(const Eigen::VectorXd& step);
  std::vector<double> move_to_best(Eigen::MatrixXd& columns);

  const Rays& rays_;
  const DirectionAim& aim_;
  Eigen::VectorXd p_;
  Stream stream_;
  RayNumbers number_;
  double score_;
  std::int64_t evaluations_ = 0;
  RayWorkspace work_;
};

}  // namespace theoremeter
