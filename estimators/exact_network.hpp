// What a network of doubles does to a point of doubles, as in real numbers: which neurons are on, the signs of
// measurements of G(x), whether a difference G(x1) - G(x2) is 0, the range of a linear piece.
//
// Everything is computed in double first, with a bound for its error [Higham, Accuracy and Stability, (3.5)]: sums of n
// rounded products are off by at most some n u sum |w_j z_j|, whatever their order, and by what errors of the z_j bring
// along. Where the bound does not decide, integers do: doubles are integers times powers of two, positive common
// factors change no sign, and without them weights like +-1/sqrt(n) are +-1.
#pragma once

#include "estimators/integers.hpp"
#include "theory/network.hpp"
#include "theory/types.hpp"

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace theoremeter {

/// A positive number, odd * 2^exponent, that every entry of a matrix is an integer multiple of; the largest one.
struct Unit {
  std::int64_t odd = 1;
  int exponent = 0;

  explicit Unit(const Rows& X);
  explicit Unit(const Eigen::VectorXd& x);

  /// x in this unit; x an entry.
  Integer quotient(double x) const {
    const OddMantissa m(x);
    return m.mantissa == 0 ? Integer(0) : Integer(m.mantissa / odd) << (m.exponent - exponent);
  }

 private:
  void take(double x);
};

/// <row, z> in units of `unit`, the row's; z in units of its own.
Integer exact_dot(const Rows& W, Eigen::Index row, const Unit& unit, const std::vector<Integer>& z);

/// The double next to an integer times scale 2^exponent; finite, and never 0 unless the integer is.
double rounded(const Integer& x, double scale = 1, int exponent = 0);

/// 2^-e W has its largest entry in [1/2, 1), or somewhat above where the smallest digits would be lost then; 0 for W =
/// 0. Throws InputError, calling it `name`, where its entries are too far apart for that.
int scaling_exponent(const Rows& W, const std::string& name);
Rows scaled(const Rows& W, int exponent);  // 2^-exponent W

class ExactNetwork {
 public:
  /// Layers are scaled by powers of two, as above, which changes no sign; A is not. Throws InputError as above.
  ExactNetwork(const Network& G, const Rows& A);

  const Network& network() const { return G_; }
  const Rows& measurements() const { return A_; }

  /// A point on its way through the network.
  struct Pass {
    Eigen::VectorXd x;
    std::vector<Eigen::VectorXd> pre;    // W_i z_{i-1}, i = 1, ..., d, and A G(x) where it was asked for: signs exact
    std::vector<Eigen::VectorXd> error;  // of each entry, at most
    Eigen::VectorXd G;                   // G(x), off by at most `accuracy` |G(x)|; 0 exactly where G(x) is
    Eigen::VectorXd measured;            // A G(x); empty unless asked for
  };
  Pass pass(const Eigen::VectorXd& x, bool measured) const;

  /// G(x1) - G(x2), likewise.
  struct Difference {
    Pass first, second;
    Eigen::VectorXd value;
  };
  Difference difference(const Eigen::VectorXd& x1, const Eigen::VectorXd& x2) const;

  /// U: an orthonormal basis of the range of Lambda, the piece that a point lies in, off by at most `accuracy`; U =
  /// Lambda V. Directions in which Lambda is less than 1e-14 of its largest entry, which no x1 - x2 of doubles has,
  /// are left out, and so are others than the first 12 where they are not certain in double: U's range is never too
  /// large.
  struct Range {
    Eigen::MatrixXd U, V;
  };
  Range range(const Pass& a) const;

  /// W_i Lambda_{i-1} (i = d: A Lambda_d) at some neurons, Lambda that of a point with these pre-activations; each
  /// entry right to some 1e-15 of itself, 0 where it is 0.
  Eigen::MatrixXd rows(std::size_t i, const std::vector<Eigen::Index>& neurons,
                       const std::vector<Eigen::VectorXd>& pre) const;

  static constexpr double accuracy = 1e-8;  // a bound for the worst case; errors are some 1e-14

 private:
  class Images;  // of a point, in integers

  const Rows& matrix(std::size_t i) const { return i < G_.layers.size() ? G_.layers[i] : A_; }
  Range exact_range(const Pass& a) const;

  Network G_;
  Rows A_;
  std::vector<Rows> sizes_;  // |W_i|, then |A|
  std::vector<Unit> units_;  // likewise
};

}  // namespace theoremeter
