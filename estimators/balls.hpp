// Numbers known up to an error: long doubles with a bound that every operation carries along. A sign that the bound
// leaves open is left open.
#pragma once

#include "estimators/integers.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace theoremeter {

/// |number - value| <= error.
struct Ball {
  long double value = 0, error = 0;

  Ball() = default;
  Ball(double exact) : value(exact) {}  // NOLINT(google-explicit-constructor): a double is one
  Ball(long double v, long double e) : value(v), error(e) {}

  bool is_zero() const { return value == 0 && error == 0; }
};

namespace ball_detail {

/// The bound itself is rounded, in sums of up to four terms.
constexpr long double roundoff = 0x1p-64L, slack = 1 + 0x1p-58L;
constexpr long double underflow = std::numeric_limits<long double>::denorm_min();

}  // namespace ball_detail

inline Ball operator-(const Ball& a) { return {-a.value, a.error}; }
inline Ball operator+(const Ball& a, const Ball& b) {
  if (a.is_zero()) return b;
  if (b.is_zero()) return a;
  const long double sum = a.value + b.value;
  return {sum, ball_detail::slack * (a.error + b.error + ball_detail::roundoff * std::abs(sum))};
}
inline Ball operator-(const Ball& a, const Ball& b) { return a + -b; }
inline Ball operator*(const Ball& a, const Ball& b) {
  if (a.is_zero() || b.is_zero()) return {};
  const long double product = a.value * b.value;
  const long double carried = std::abs(a.value) * b.error + a.error * (std::abs(b.value) + b.error);
  return {product,
          ball_detail::slack * (carried + ball_detail::roundoff * std::abs(product)) + 4 * ball_detail::underflow};
}
inline Ball& operator+=(Ball& a, const Ball& b) { return a = a + b; }

/// Infinitely uncertain where the divisor may be 0.
inline Ball operator/(const Ball& a, const Ball& b) {
  const long double least = std::abs(b.value) - b.error, quotient = a.value / b.value;
  if (!(least > 0)) return {0, std::numeric_limits<long double>::infinity()};
  const long double carried = (a.error + std::abs(quotient) * b.error) / least;
  return {quotient,
          ball_detail::slack * (carried + 2 * ball_detail::roundoff * std::abs(quotient)) + 4 * ball_detail::underflow};
}

/// Of a number that is not negative.
inline Ball sqrt(const Ball& a) {
  if (a.is_zero()) return {};
  const long double root = std::sqrt(std::max(a.value, 0.0L));
  const long double carried = root > 0 ? std::min(a.error / root, std::sqrt(a.error)) : std::sqrt(a.error);
  return {root, ball_detail::slack * (carried + 2 * ball_detail::roundoff * root)};
}

/// Of the number, where the bound decides it.
inline std::optional<int> sign(const Ball& a) {
  if (a.value > a.error) return 1;
  if (a.value < -a.error) return -1;
  return a.is_zero() ? std::optional<int>(0) : std::nullopt;
}
inline int sign(const Integer& x) { return x.sign(); }

/// x 2^-exponent.
inline Ball ball(const Integer& x, long exponent) {
  if (x == 0) return {};
  const Integer size = abs(x);
  const long surplus = std::max(0L, static_cast<long>(msb(size)) - 63);
  const Integer top = size >> static_cast<unsigned long>(surplus);
  const long double value =
      std::ldexp(static_cast<long double>(top.convert_to<std::uint64_t>()), static_cast<int>(surplus - exponent));
  const long double error = (top << static_cast<unsigned long>(surplus)) == size ? 0 : 0x1p-63L * value;
  return {x < 0 ? -value : value, error};
}

}  // namespace theoremeter
