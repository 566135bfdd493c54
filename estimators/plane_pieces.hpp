// The pieces of G on the plane: sectors of rays on which it is linear.
//
// Differences fill the range of a piece with full weight, however small Lambda is along a part of it. So what a piece
// is must be known, or nothing is proved from it:
//   Rows: errors of the rows of Lambda, relative to each row, are carried through the layers; rows not known to
// `row_accuracy` then, because their terms cancel, are computed exactly, and so is whether a row is 0.
//   Breakpoints: no two are closer than `resolution`, unless their rows are proportional, by exact products.
//   Ranges: the rank is 1 only where one row is left, all are proportional by exact products, or the rank was 1 a layer
// before. Otherwise it is 2, and the second pivot must be large enough for the basis to be known to `range_accuracy`:
// |R_11| above some 1e-6 to 1e-3 |R_00|, the more the larger the network.
#pragma once

#include "estimators/exact_network.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

namespace theoremeter {

/// M = W Lambda, W layer i of the network or A, Lambda the layers before where they have these signs. With the rows of
/// Lambda known to `error`, relative to each, row j of M is known to error(j): 0 where it is 0. Rows whose terms cancel
/// are computed exactly.
struct RowsOnPiece {
  Eigen::MatrixXd M;
  Eigen::ArrayXd error;

  RowsOnPiece(const ExactNetwork& N, std::size_t layer, const Eigen::MatrixXd& Lambda, double error_before,
              const std::vector<Eigen::VectorXd>& signs);
  bool zero(Eigen::Index i) const { return error(i) == 0; }
  bool known(Eigen::Index i) const;

 private:
  RowsOnPiece(const Rows& W, const Eigen::MatrixXd& Lambda, double error_before);
};

struct PlanePiece {
  double from, to;            // angles
  Eigen::MatrixXd Lambda, U;  // U: an orthonormal basis of the range
  double error;               // of each row of Lambda, relative
  double range_error;         // of unit vectors of U's range, at most range_accuracy
  int line;                   // of rank 1: the first piece on which G's direction is the same for certain; or -1
  std::vector<Eigen::VectorXd> signs;  // of the neurons, layer by layer

  double middle() const { return (from + to) / 2; }
};

class PlanePieces {
 public:
  static constexpr double resolution = 1e-9;
  static constexpr double row_accuracy = 1e-10;
  static constexpr double range_accuracy = 1e-9;

  /// Of a network with k = 2.
  explicit PlanePieces(const ExactNetwork& N);

  bool known() const { return known_; }  // as is said above
  bool vanish() const {                  // G = 0 everywhere
    return std::all_of(pieces_.begin(), pieces_.end(), [](const PlanePiece& p) { return p.U.cols() == 0; });
  }
  double ray_error() const { return ray_error_; }  // of the angles at which pieces end, at most 2 row_accuracy
  const std::vector<PlanePiece>& all() const { return pieces_; }

 private:
  // What G's direction is on a piece of rank 1: rows of a layer that are on, proportional in the columns of what comes
  // before that is not 0; no columns: in all, or one row. The layers behind follow from it.
  struct Line {
    std::size_t layer;
    std::vector<Eigen::Index> rows, columns;
    bool operator==(const Line&) const = default;
  };
  struct Part;

  void cut(std::size_t layer, double from, double to, const Part& part);
  static Part gated(std::size_t layer, const Rows& W, const RowsOnPiece& rows, const std::vector<Eigen::Index>& columns,
                    const Part& part, double middle);
  void add(double from, double to, const Part& part);

  const ExactNetwork& N_;
  const Network& G_;
  std::vector<PlanePiece> pieces_;
  std::vector<std::optional<Line>> lines_;  // of pieces
  double ray_error_ = 16 * std::numeric_limits<double>::epsilon();
  bool known_ = true;
};

inline bool RowsOnPiece::known(Eigen::Index i) const { return error(i) <= PlanePieces::row_accuracy; }

Eigen::Vector2d on_circle(double angle);

/// The angles in [from, from + 2 pi) at which <h, .> vanishes.
std::array<double, 2> zeros_on_circle(const Eigen::RowVector2d& h, double from);

std::vector<Eigen::Index> nonzero_rows(const Eigen::MatrixXd& Lambda);

/// Are rows i and j of W proportional in these columns? Exact: never where underflow might say so.
bool proportional(const Rows& W, Eigen::Index i, Eigen::Index j, const std::vector<Eigen::Index>& columns);

}  // namespace theoremeter
