// Arcs of the circle of x on which G is linear and no sign of A G(x) changes; sets of neighbours form a binary tree.
//
// On a ray between two arcs, where signs are 0, A_{G(x)} is the mean of its neighbours', hence no worse than they. A
// row of A that is 0 on a piece has the sign 0 there; rows whose sign changes within PlanePieces::resolution of
// another's change have a free sign there.
#pragma once

#include "estimators/plane_pieces.hpp"
#include "estimators/rrcp.hpp"

#include <Eigen/Core>
#include <cstddef>
#include <limits>
#include <vector>

namespace theoremeter {

/// The directions G(x)/|G(x)| of the set are within `radius` of g. Without signs (RRIC) there is one set: Phi_{g,g} =
/// I, and all signs are 1.
struct SignArcs {
  Eigen::VectorXd g;
  double radius = 0;
  Eigen::ArrayXd sign;        // of A G(x); NaN where it is not the same everywhere
  double at = 0;              // the angle of an x: of one arc, G(x)/|G(x)| = g; of more, one between
  int left = -1, right = -1;  // children
};

class SignArcTree {
 public:
  /// `pieces` are known and do not all vanish. No direction of an arc is further than `widest` from its middle's.
  SignArcTree(const std::vector<PlanePiece>& pieces, const Rrcp& rrcp, double widest);

  int root() const { return root_; }
  const Eigen::ArrayXd& norms() const { return norms_; }  // |a_i|
  const SignArcs& operator[](int i) const { return nodes_[static_cast<std::size_t>(i)]; }

 private:
  struct Event {
    double angle;
    Eigen::Index row;  // whose sign changes; -1: the end of a piece
  };

  std::vector<Event> events(const Rrcp& rrcp);
  void add_arcs(const std::vector<Event>& events);
  void add_arc(double a, double b);
  void add_sliver(const std::vector<Event>& events, std::size_t from, std::size_t to);
  int join(int from, int to);
  std::size_t at(double angle) const;
  Eigen::ArrayXd signs(std::size_t p, const Eigen::VectorXd& g) const;

  const std::vector<PlanePiece>& pieces_;
  const Rows& A_;
  Eigen::ArrayXd norms_;
  double widest_;
  // For each piece and row of A: 0 where a_i G(x) is 0, 1 where its sign is known between its changes, NaN elsewhere.
  std::vector<Eigen::ArrayXd> told_;
  std::vector<SignArcs> nodes_;  // the leaves first
  int root_ = -1;
};

}  // namespace theoremeter
