// Powers of two taken out of a problem. G is positively homogeneous in x and in every layer, A G(x) in A too, so
//   f(x; 2^{e_1} W_1, ..., 2^{e_A} A, 2^s x0, 2^{L+s} b) = 2^{2(L+s)} f(2^{-s} x; W_1, ..., A, x0, b),   L = sum e_i +
//   e_A.
// and f(h, m) of blind demodulation likewise, in both networks.
// Multiplying by a power of two is exact: what is found out about the problem with all sizes about 1, where nothing
// overflows or underflows, is known of the problem itself.
#pragma once

#include "theory/problems.hpp"

#include <cstdint>

namespace theoremeter {

/// f as it is above, without powers of two: every layer's and A's rows have the mean square length n/n_i that those of
/// entries N(0, 1/n_i) have, up to a factor 2 in length, and 1/2 <= |x0| < 2. A layer or x0 that is 0 stays.
struct Normalised {
  Recovery f;
  int layers = 0;    // L
  int solution = 0;  // s

  double in_x() const;         // 2^s
  double in_f() const;         // 2^{2(L+s)}
  double in_gradient() const;  // 2^{2L+s}
  double in_hessian() const;   // 2^{2L}: of the gradient over |x0|, and of f over |x0|^2
};

/// Throws InputError where f, its gradient or its Hessian is beyond the range of doubles, or where the entries of one
/// matrix are.
Normalised normalised(const Recovery& f);

struct NormalisedDemodulation {
  Demodulation f;
  int layers = 0;    // of both networks together
  int solution = 0;  // of h0 and m0 together

  double in_f() const;        // 2^{2(L+s)}
  double in_hessian() const;  // 2^{2L}: of f over (|h0||m0|)^2, and of the gradients of rays.hpp
};

/// Likewise.
NormalisedDemodulation normalised(const Demodulation& f);

/// W = 2^e of the normalised W, likewise for a vector of length about 1. 0 where there is nothing but zeros.
int power_in(const Rows& W);
int power_in(const Eigen::VectorXd& x);

/// A G(x) (A empty: G(x)) by normalised layers. Throws InputError where the result is beyond the range of doubles.
Eigen::VectorXd measurements(const Network& G, const Rows& A, const Eigen::VectorXd& x);

}  // namespace theoremeter
