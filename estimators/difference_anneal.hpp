// The annealed ascent of the search for the RRCP and the RRIC: many columns (x, y, a, w, h) climb at once
//   sign u'(A_{G(x)}' A_{G(y)} - Phi_{G(x),G(y)}) u,   u along G(a + h w) - G(a - h w),
// signs and neurons smoothed at a temperature that falls. a + h w and a - h w are close together but in different
// pieces: a neuron between them has an effective gate anywhere in [0, 1]. Where the same difference stands on both
// sides the quotient is nearly always largest.
#pragma once

#include "estimators/rrcp.hpp"
#include "estimators/stream.hpp"

#include <Eigen/Core>
#include <cstdint>
#include <vector>

namespace theoremeter {

/// A batch of starts, one a column: all of unit length; x and y without columns for the RRIC.
struct DifferenceColumns {
  Eigen::MatrixXf x, y, a, w;
  Eigen::ArrayXf log_h;
  Eigen::ArrayXf sign;         // +1, -1
  Eigen::ArrayXf temperature;  // of the next step, in units of typical pre-activations and measurements
  Eigen::ArrayXf warmest;      // the difference (a, w, h) is annealed no warmer than that; by default as x and y are

  DifferenceColumns(Eigen::Index k, Eigen::Index directions, Eigen::Index count);
  Eigen::Index size() const { return a.cols(); }
  /// Those columns alone, in this order.
  void keep(const std::vector<Eigen::Index>& columns);
};

/// Float32. The midpoint and the difference of a + h w and a - h w pass through the layers, not the two: nothing
/// cancels, however small h is. A step costs two products with every layer and with A.
class DifferenceAnnealer {
 public:
  explicit DifferenceAnnealer(const Rrcp& rrcp);

  /// Anneals c to `coldest`, geometrically, in so many steps (at least 2). For the RRCP twice on the way the half of
  /// the columns that stands lower is given up, so that few are left: what is low by then seldom ends as the best of
  /// its batch, when all began at one temperature. Returns how many values were taken.
  std::int64_t run(DifferenceColumns& c, int steps) const;
  static constexpr float coldest = 0.003f;

  /// The deviation of each column times its sign, in units of its own; by default nothing is smoothed.
  Eigen::ArrayXf values(const DifferenceColumns& c, float temperature = 1e-12f) const;

  /// Their gradients at a temperature, in x, y, a + h w and a - h w (in place of a and w), as columns.
  DifferenceColumns slopes(const DifferenceColumns& c, float temperature) const;

  static constexpr float least_log_h = -6, most_log_h = 1.1f;

 private:
  struct Layer {
    Eigen::MatrixXf forward, transposed;
    float typical;  // pre-activation
  };
  struct Work;

  Eigen::ArrayXf rise(const DifferenceColumns& c, const Eigen::ArrayXf& tau, Work& work, bool with_slopes) const;
  void forward(const DifferenceColumns& c, const Eigen::ArrayXf& tau, Work& work) const;
  Eigen::ArrayXf measure(const DifferenceColumns& c, const Eigen::ArrayXf& tau, Work& work) const;
  void backward(const DifferenceColumns& c, Work& work) const;
  void ascend(DifferenceColumns& c, DifferenceColumns& velocity, Work& work) const;

  std::vector<Layer> layers_;  // with A the last one
  float expectation_;          // what Phi is multiplied by, as A is scaled
  bool isometry_;
};

}  // namespace theoremeter
