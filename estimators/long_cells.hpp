// A cell's quadratic in long doubles, with bounds for all errors: enough for nearly every stationary point, at the cost
// of one pass through the network. Where it is not, exact() of estimators/cells.hpp is.
#pragma once

#include "estimators/cells.hpp"

#include <Eigen/Core>

namespace theoremeter {

using Real = long double;

/// A number, and a bound for its error.
struct Enclosed {
  Real value, error;
};

struct LongCell {
  PlaneQuadratic<Real> q;
  Real M_norm, M_error, c_norm, c_error;     // in norm; the norms are bounds too
  PlaneVector<Real> from{}, to{};            // of unit length; the circle has none
  Real from_error = 0, to_error = 0;         // in norm
  Eigen::Matrix<Real, Eigen::Dynamic, 2> B;  // f = 1/2 |Bx - b|^2 with b's signs those of the cell
  Eigen::Matrix<Real, Eigen::Dynamic, 1> b;
  Real B_norm, B_error, b_norm, b_error;

  /// f at x.
  Enclosed objective(const PlaneVector<Real>& x) const;
};

class LongCells {
 public:
  /// Keeps a reference to f. `b_is_exact` as Cells has it.
  LongCells(const Recovery& f, bool b_is_exact);

  LongCell operator()(const PatternCell& cell) const;
  /// Does x0 lie in the open cell? No where rounding leaves that open.
  bool holds_x0(const PatternCell& cell) const { return !on_at_x0_.empty() && cell.on == on_at_x0_; }
  const Enclosed& b_squared() const { return b_squared_; }

 private:
  using Vector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;
  void measure_x0(bool b_is_exact);

  const Recovery& f_;
  std::vector<const Rows*> levels_;  // the layers, then A; no A: nullptr
  std::vector<Vector> norms_;        // of their rows
  Vector b_;
  Real b_error_ = 0;
  Enclosed b_squared_{};
  std::vector<bool> on_at_x0_;  // empty where rounding leaves it open
};

}  // namespace theoremeter
