// Exact rationals, and the doubles nearest to them.
#pragma once

#include "estimators/integers.hpp"

#include <cmath>
#include <cstdint>

namespace theoremeter {

using Rational =
    boost::multiprecision::number<boost::multiprecision::cpp_rational_backend, boost::multiprecision::et_off>;

/// 2^exponent.
inline Rational power_of_two(long exponent) {
  const Integer power = Integer(1) << static_cast<unsigned long>(std::abs(exponent));
  return exponent >= 0 ? Rational(power) : Rational(Integer(1), power);
}

/// A finite double is one.
inline Rational rational(double x) {
  const OddMantissa odd(x);
  return odd.mantissa == 0 ? Rational(0) : Rational(Integer(odd.mantissa)) * power_of_two(odd.exponent);
}

namespace rational_detail {

/// |x| = (q + something less than 1) 2^exponent, q of 62 to 64 bits; the exponent is even.
struct Leading {
  std::uint64_t q;
  long exponent;
};
inline Leading leading(const Rational& x) {
  using boost::multiprecision::msb;
  const Integer n = abs(numerator(x)), d = denominator(x);
  long shift = 62 - static_cast<long>(msb(n)) + static_cast<long>(msb(d));
  if (shift % 2 != 0) ++shift;
  const Integer q = shift >= 0 ? Integer((n << static_cast<unsigned long>(shift)) / d)
                               : Integer(n / (d << static_cast<unsigned long>(-shift)));
  return {static_cast<std::uint64_t>(q), -shift};
}

}  // namespace rational_detail

/// x, with a relative error below 2^-52; 0 and infinity where it is beyond the doubles.
inline double rounded(const Rational& x) {
  if (x == 0) return 0;
  const auto [q, exponent] = rational_detail::leading(x);
  const double magnitude = std::ldexp(static_cast<double>(q), static_cast<int>(exponent));
  return x > 0 ? magnitude : -magnitude;
}

/// The root of x >= 0, likewise.
inline double rounded_root(const Rational& x) {
  if (x == 0) return 0;
  const auto [q, exponent] = rational_detail::leading(x);
  return static_cast<double>(std::ldexp(std::sqrt(static_cast<long double>(q)), static_cast<int>(exponent / 2)));
}

}  // namespace theoremeter
