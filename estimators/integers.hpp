// Doubles as exact integers times a common power of two: what the sign of a polynomial in them needs.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <bit>
#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <cstdint>
#include <limits>

namespace theoremeter {

using Integer = boost::multiprecision::number<boost::multiprecision::cpp_int_backend<>, boost::multiprecision::et_off>;

/// A finite double is mantissa 2^exponent with an odd mantissa; 0 is 0 times any power.
struct OddMantissa {
  std::int64_t mantissa;
  int exponent;

  explicit OddMantissa(double x) {
    mantissa = static_cast<std::int64_t>(std::ldexp(std::frexp(x, &exponent), 53));
    exponent -= 53;
    if (mantissa == 0) return;
    const int zeros = std::countr_zero(static_cast<std::uint64_t>(mantissa));
    mantissa >>= zeros;  // exact, of either sign
    exponent += zeros;
  }
};

/// The largest e for which every entry is an integer times 2^e; 0 if all are 0.
template <class Derived>
int common_exponent(const Eigen::MatrixBase<Derived>& X) {
  int least = std::numeric_limits<int>::max();
  for (Eigen::Index j = 0; j < X.cols(); ++j)
    for (Eigen::Index i = 0; i < X.rows(); ++i)
      if (X(i, j) != 0) least = std::min(least, OddMantissa(X(i, j)).exponent);
  return least == std::numeric_limits<int>::max() ? 0 : least;
}

/// x / 2^exponent, exponent a common exponent of a matrix with the entry x.
inline Integer integer(double x, int exponent) {
  const OddMantissa odd(x);
  return odd.mantissa == 0 ? Integer(0) : Integer(odd.mantissa) << (odd.exponent - exponent);
}

}  // namespace theoremeter
