// Units: a deviation is measured as a copy of about size 1, scaled by powers of two, so that no square over- or
// underflows harmfully whatever the scale of its matrices. Scaling by a power of two is exact.
#pragma once

#include "theory/types.hpp"

#include <concepts>
#include <optional>
#include <string>

namespace theoremeter {

/// f of the deviation a copy stands for is `unit`, a power of two, times f of the copy, at the same points.
template <class D>
struct InUnits {
  D deviation;
  double unit = 1;
};

/// d as it is measured. A model that does not say how is of about size 1 itself.
template <class D>
InUnits<D> in_units(const D& d) {
  if constexpr (requires {
                  { d.in_units() } -> std::same_as<InUnits<D>>;
                })
    return d.in_units();
  else
    return {d, 1};
}

/// The exponent e of 2^e <= max |entry| < 2^(e+1); of zeros `exponent_of_zero`.
int largest_exponent(const Rows& W);
inline constexpr int exponent_of_zero = -100000;  // below that of every double

/// What is of this size in a copy whose unit is 4^half_exponent; where that is nothing, no more than rounding.
double relative_to_unit(double size, int half_exponent);

/// W 2^exponent. Entries that become subnormal are rounded.
Rows times_power_of_two(const Rows& W, int exponent);

/// Rows with the directions of W's, exactly, of lengths at which products and squares neither over- nor underflow: rows
/// more than 2^100 below the largest are raised to that. Empty where `scaled`, W 2^exponent, has all that. Throws
/// InputError where a row holds numbers so far apart that there is no such length; name: W's.
std::optional<Rows> safe_directions(const Rows& W, int exponent, const Rows& scaled, const std::string& name);

/// 4^half_exponent as the unit of a copy whose S and E are at most `size` in norm. Throws InputError where doubles
/// cannot hold that; matrices: what the copy is made of, for the message.
double unit_of(int half_exponent, double size, const std::string& matrices);

}  // namespace theoremeter
