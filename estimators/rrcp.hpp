// The Range Restricted Concentration Property [HLV Def. II.4]: the constant of A (m x n_d) for G is the supremum of
//   |<(A_{G(x)}' A_{G(y)} - Phi_{G(x),G(y)}) (G(x1) - G(x2)), G(x3) - G(x4)>| / (|G(x1) - G(x2)| |G(x3) - G(x4)|)
// over x, y with G(x), G(y) != 0 and x1, ..., x4 with neither difference 0; A_z = diag(sgn(Az)) A, sgn(0) = 0. The
// paper calls it 31 eps.
//
// It is searched in two forms, both attained and both <= the supremum:
//   tangent      x1, x2 in one linear piece of G, that of a, and x3, x4 in that of c: their differences fill the ranges
//                of Lambda_a and Lambda_c, so with U orthonormal bases of these || U_a' (A_{G(x)}'A_{G(y)} - Phi) U_c
//                || is attained. Arguments x, y, a, c in R^k.
//   differences  the quotient itself. Arguments x, y in R^k and (x1, x2), (x3, x4) in R^{2k}: it is homogeneous in each
//                pair.
// As U_a' A'DA U_c = (A U_a)' D (A U_c), a value costs O((m + n_d) k^2).
//
// The Range Restricted Isometry Condition [HV Def. 3] is the same without signs: A'A - I for A_{G(x)}'A_{G(y)} - Phi,
// and no x and y.
//
// Signs, and what is 0, are those of real numbers (exact_network.hpp). The constant does not depend on positive factors
// of layers, which are scaled. So is A where it is huge: f is 4^e |<(A'DA - 4^-e Phi) u, v>|, A in units of 2^e.
#pragma once

#include "estimators/exact_network.hpp"
#include "estimators/grids.hpp"
#include "estimators/measurement.hpp"
#include "estimators/prepared.hpp"
#include "estimators/progress.hpp"
#include "estimators/stream.hpp"
#include "theory/network.hpp"
#include "theory/operators.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace theoremeter {

class Rrcp {
 public:
  enum class Form { tangent, differences };
  enum class Property { concentration, isometry };  // RRCP, RRIC

  /// Throws InputError unless A has n_d columns and a row, |A|^2 is a double and layers can be scaled.
  Rrcp(const Network& G, const Rows& A, Form form = Form::tangent, Property property = Property::concentration);
  Rrcp in(Form form) const;

  /// x and y (of the RRCP) are prepared as directions of G, the others as subspaces: the range of a piece, or the line
  /// of a difference.
  struct State {
    Eigen::VectorXd p;
    std::vector<Eigen::VectorXd> pre = {};     // W_i z_{i-1}, i = 1, ..., d, at p, or at x1 where p = (x1, x2)
    std::vector<Eigen::VectorXd> second = {};  // the same at x2
    bool defined = false;
    double length = 0;               // |G(p)|, or |G(x1) - G(x2)|
    Eigen::VectorXd G = {};          // G(p)/|G(p)|
    Eigen::ArrayXd AG = {};          // A G
    Eigen::ArrayXd sign = {};        // sgn(A G)
    Eigen::MatrixXd U = {}, B = {};  // an orthonormal basis, n_d x rank, and A U
    Eigen::MatrixXd V = {};          // tangent: U = Lambda V
  };

  int spheres() const { return directions() + 2; }
  Eigen::Index dimension(int s) const {
    return s >= directions() && form_ == Form::differences ? 2 * network().input : network().input;
  }
  State prepare(int s, const Eigen::VectorXd& p) const;
  double value(const States<Rrcp>& states) const;
  Switches switches(int s, const States<Rrcp>& states) const;
  Eigen::VectorXd pull(int s, const State& state, const Eigen::ArrayXd& weights) const;
  /// The point is {x, y, x1, x2, x3, x4}, or {x1, x2, x3, x4}: x, y of unit length, so are (x1, x2) and (x3, x4).
  /// margin: the least, over all and over x, y's measurements, of |<w, z>| / (|w||z|), w a row of a layer (of A) and z
  /// what it is applied to. Points nearer to a wall are moved off it where that costs next to nothing. No point where
  /// doubles do not attain what real numbers do.
  Witness witness(const States<Rrcp>& states) const;

  /// As they were scaled: f = 4^e times what these make of it with 4^-e Phi for Phi. Switches are in units of 4^e.
  const Network& network() const { return exact_.network(); }
  const Rows& measurements() const { return exact_.measurements(); }
  int exponent() const { return exponent_; }  // e
  const ExactNetwork& exact() const { return exact_; }
  Form form() const { return form_; }
  Property property() const { return property_; }

 private:
  struct Top;  // the top singular vectors

  int directions() const { return property_ == Property::concentration ? 2 : 0; }
  const State& own(int s, const States<Rrcp>& states) const { return *states[static_cast<std::size_t>(s)]; }
  const State& a(const States<Rrcp>& states) const { return own(directions(), states); }
  const State& c(const States<Rrcp>& states) const { return own(directions() + 1, states); }
  Eigen::ArrayXd signs(const States<Rrcp>& states) const;       // of A G(x) times those of A G(y)
  PlaneOperator expectation(const States<Rrcp>& states) const;  // 4^-e Phi, or 4^-e I

  State direction(const Eigen::VectorXd& x) const;
  State piece(const Eigen::VectorXd& a) const;
  State difference(const Eigen::VectorXd& pair) const;
  Eigen::MatrixXd matrix(const States<Rrcp>& states) const;
  Top top(const States<Rrcp>& states) const;
  Eigen::VectorXd residual(int s, const States<Rrcp>& states, const Top& top) const;
  Switches direction_switches(int s, const States<Rrcp>& states) const;
  Switches piece_switches(int s, const States<Rrcp>& states) const;
  Switches difference_switches(int s, const States<Rrcp>& states) const;
  Eigen::VectorXd interior(const Eigen::VectorXd& x, bool measured, double reach) const;
  State inside(const State& a) const;
  Eigen::VectorXd pair_in_piece(const State& a, const Eigen::VectorXd& along) const;
  double margin(const Eigen::VectorXd& x, bool measured) const;
  bool clear(const Eigen::VectorXd& x, bool measured) const;
  Witness witness(const States<Rrcp>& states, double reach) const;
  Witness attained(const States<Rrcp>& directions, const Eigen::VectorXd& u, const Eigen::VectorXd& v) const;

  int exponent_;
  ExactNetwork exact_;
  Form form_;
  Property property_;
  std::vector<Eigen::VectorXd> row_norms_;  // of the layers, then of A
};

static_assert(PreparedDeviation<Rrcp>);

/// About a second of samples, and up to some 25 of searching, on one thread.
std::int64_t default_samples(const Rrcp& rrcp);
std::int64_t default_starts(const Rrcp& rrcp);

/// As for any prepared deviation, compiled once.
Sampled sample(const Rrcp& rrcp, std::int64_t count, std::optional<GridKind> kind, const Stream& stream, int threads,
               const Progress& progress = {});
/// The largest deviation found: at least. In the differences form, of differences alone. Where f was defined nowhere,
/// the witness has no point. Bitwise the same for any number of threads. Throws InputError unless starts >= 1 and
/// threads >= 1.
Searched search(const Rrcp& rrcp, std::int64_t starts, const Stream& stream, int threads,
                const Progress& progress = {});

}  // namespace theoremeter
