// Upper bounds for the RRCP and the RRIC of networks on the plane, on pairs of sets of arcs (sign_arcs.hpp).
//
// With the signs that are the same all over the two sets, the others in [-1, 1], and G(x), G(y) within angles r, r' of
// g, g', let
//   N = sum_fixed s_i a_i a_i' - Phi_{g,g'},   X = Y + sum_free a_i a_i' + (4/pi)(r + r') I,   -Y <= N <= Y,
// as Phi turns by at most 4/pi a radian (theory/angle.hpp). Then -X <= A_x'A_y - Phi <= X, so that
//   |<(A_x'A_y - Phi) u, v>| <= (u'Xu v'Xv)^{1/2} <= max u'Xu over unit differences u.
// u'Xu is convex: it is largest at the vertices of a cover of all differences (difference_cover.hpp). Y is |N| at
// first, then the majorant of N (majorant.hpp) for a mean of uu' that leans to the u at which u'Xu was largest. Where x
// and y are in one arc each, <Nu, v> itself is bounded by its largest value at pairs of vertices, z, z', namely those
// whose (z'Xz z''Xz')^{1/2} is above what must be proved. Of the cover's subspaces eigenvalues take the place of
// vertices. V is an orthonormal basis of the span of all differences.
//
// Rounding. `slack` is added to the diagonal of X, and to |<Nu, v>| as to the turn of Phi. It is twice the sum of
//   - what <(A_x'A_y - Phi) u, v> changes by where u and v move by e, as unit differences are within e of V times the
// hulls of the cover, its columns lost less than `rank_threshold` and 16 n (r + 1) u to the r columns of V:
// 2 |A|e|AV| + |A|^2 e^2, and 2 e + e^2 for Phi, twice, as |u| may be 1 + e; and what u'Xu changes by, 4 e (1 + e)|X|;
//   - the rounding of N, of its spectral decomposition (|N| of the computed one bounds its N either way, so that its
// residual counts), of Y - N and Y + N, by whose least eigenvalues Y is lifted, and of eigenvalues: products of
// matrices with m, n and r columns, all below 64 (m + n + 16) u
// (|AV|_F^2 + r^{1/2}|A|_F|AV|_F + 32 r);
//   - the rounding of E'XE and of sums of four by four of its entries, 16 (r + 4) r^{1/2} u (sum |c_k|)^2 |X|.
// That is for |X| <= 2 |AV|^2 + 16, as |N| gives; where a majorant is larger, it is as many times more for X.
// As vertices are not shorter than unit vectors, slack counts in full there, and with (p + s)(q + s) >= ((pq)^{1/2} +
// s)^2 in the product of two bounds.
#pragma once

#include "estimators/difference_cover.hpp"
#include "estimators/rrcp.hpp"
#include "estimators/sign_arcs.hpp"

#include <Eigen/Core>
#include <cstddef>
#include <memory>
#include <vector>

namespace theoremeter {

/// Refers to `arcs` and `cover`.
class RrcpProver {
 public:
  /// A unit difference: a vertex of a family, or sum_k u_k e_k in a subspace.
  struct Difference {
    const DifferenceCover::Family* family = nullptr;
    DifferenceCover::Vertex vertex{};
    const DifferenceCover::Subspace* subspace = nullptr;
    Eigen::VectorXd u = {};
  };

  /// Unit differences u, v.
  struct Pair {
    double value = 0;  // f = |<(A_x'A_y - Phi) u, v>|, in units of 4^e
    Difference a = {}, c = {};
  };

  /// A mean of uu' over unit differences: `whole` of that over all families and subspaces, and the rest at single ones.
  struct Spread {
    struct Atom {
      Difference at;
      double weight;
    };
    double whole = 1;
    std::vector<Atom> atoms = {};
  };

  struct Node {
    int x, y;                                   // sets of arcs
    double bound;                               // of f on the node
    Pair best = {};                             // where x and y are known: the largest f found
    std::shared_ptr<const Spread> spread = {};  // for which the majorant is made; none: |N|
    bool operator<(const Node& other) const { return bound < other.bound; }
  };

  RrcpProver(const SignArcTree& arcs, const DifferenceCover& cover, const Rrcp& rrcp);

  Node root() const { return {arcs_.root(), arcs_.root(), trivial_}; }

  /// The bound, not above the one that the node comes with, in full only where it is above `goal`; points above
  /// goal/(1 + gap) raise it, unless gap is -1.
  void bound(Node& node, double goal, double gap) const;

  bool splittable(const Node& node) const { return splittable_arcs(node.x) || splittable_arcs(node.y); }

  /// Unordered in (x, y), as f is. Empty where the node cannot be split.
  std::vector<Node> children(const Node& node) const;

 private:
  using Table = Eigen::MatrixXd;  // a form on the columns of the cover
  using Family = DifferenceCover::Family;
  using Subspace = DifferenceCover::Subspace;
  using Vertex = DifferenceCover::Vertex;

  // Of a family or a subspace: an upper bound for u'Xu.
  struct Alive {
    const Family* family;
    const Subspace* subspace;
    double bound;
  };
  // Where u'Xu is largest.
  struct Looked {
    double bound = 0, attained = 0;        // u'Xu is at most, and at least
    std::vector<Difference> largest = {};  // unit differences apart from each other
  };
  struct Seen {
    double attained;
    const Family* family;
    const Vertex* vertex;
    const Subspace* subspace;
  };

  Eigen::MatrixXd middle(const SignArcs& x, const SignArcs& y, const Eigen::ArrayXd& s) const;
  Table table(const Eigen::MatrixXd& X) const;
  void add_moments();
  Eigen::VectorXd vector(const Difference& d) const;
  Eigen::MatrixXd second_moment(const Spread& spread) const;
  void reweigh(Spread& spread, const Eigen::MatrixXd& X) const;
  Looked look(const Table& T, double goal, std::size_t every) const;
  static double largest(const Eigen::Matrix4d& b, const std::vector<Vertex>& vertices, Seen& best);
  static double largest(const Table& T, const Family& family, double goal);
  static double largest(const Table& T, const Subspace& subspace);
  std::vector<Difference> apart(const Table& T, std::vector<Seen> seen) const;
  std::vector<Alive> above(const Table& T, double goal) const;
  std::vector<Alive> turning(std::vector<Alive> alive, const Eigen::MatrixXd& N, double turn, double goal) const;
  double pairs(const Table& T, const std::vector<Alive>& alive, double turn, double goal, double gap, Pair& best) const;
  double between(const Table& T, const Alive& a, const Alive& c, double turn, double goal, Pair& best,
                 double& work) const;
  double between(const Table& T, const Subspace& a, const Family& c, double turn, Pair& best) const;
  double between(const Table& T, const Subspace& a, const Subspace& c, double turn, Pair& best) const;
  bool splittable_arcs(int i) const { return arcs_[i].left >= 0; }
  double looseness(int i) const;

  const SignArcTree& arcs_;
  const DifferenceCover& cover_;
  double unit_;                // bounds are computed in these
  Eigen::MatrixXd V_, E_, B_;  // V: an orthonormal basis of the span of all differences; E = V'columns, B = A V
  Eigen::MatrixXd moment_;     // the mean of uu' over differences
  double slack_, most_;        // what rounding may change where |X| <= most
  double trivial_;             // f is at most
};

}  // namespace theoremeter
