#include "estimators/units.hpp"

#include "theory/error.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace theoremeter {
namespace {

using Index = Eigen::Index;

constexpr int least_exponent = -100;  // of a row's direction, where the largest row's is 0

int exponent_of(double largest) { return largest > 0 ? std::ilogb(largest) : exponent_of_zero; }

template <class Row>
bool times_exactly(const Row& row, int exponent) {
  for (const double w : row)
    if (std::ldexp(std::ldexp(w, exponent), -exponent) != w) return false;
  return true;
}

}  // namespace

int largest_exponent(const Rows& W) { return exponent_of(W.size() > 0 ? W.cwiseAbs().maxCoeff() : 0); }

double relative_to_unit(double size, int half_exponent) {
  return std::max(std::ldexp(size, -2 * half_exponent), 0x1p-1000);
}

Rows times_power_of_two(const Rows& W, int exponent) {
  if (std::abs(exponent) < 1000) return W * std::ldexp(1.0, exponent);
  return W.unaryExpr([exponent](double w) { return std::ldexp(w, exponent); });
}

std::optional<Rows> safe_directions(const Rows& W, int exponent, const Rows& scaled, const std::string& name) {
  bool safe = true;
  std::vector<int> own(static_cast<std::size_t>(W.rows()));  // exponents
  for (Index i = 0; i < W.rows(); ++i) {
    const int e = own[static_cast<std::size_t>(i)] = exponent_of(W.row(i).cwiseAbs().maxCoeff());
    safe = safe && (e == exponent_of_zero || e + exponent >= least_exponent);
  }
  constexpr double normal = std::numeric_limits<double>::min();  // what is below may have been rounded
  if (safe && (scaled.array().abs() >= normal || W.array() == 0).all()) return std::nullopt;
  const int top = largest_exponent(W);
  constexpr int headroom = 100;  // so that subnormal entries beside ordinary ones stay what they are
  Rows H = W;
  for (Index i = 0; i < W.rows(); ++i) {
    const int e = own[static_cast<std::size_t>(i)];
    if (e == exponent_of_zero) continue;
    const int raise = std::max(e - top, least_exponent) - e + headroom;
    if (!times_exactly(W.row(i), raise))
      throw InputError(
          fmt::format("{}, row {}: the entries, up to {:.1e} in size, are too far apart for exact signs; set "
                      "those below {:.1e} to 0",
                      name, i + 1, W.row(i).cwiseAbs().maxCoeff(), std::ldexp(1.0, -1022 - raise)));
    for (double& w : H.row(i)) w = std::ldexp(w, raise);
  }
  return H;
}

double unit_of(int half_exponent, double size, const std::string& matrices) {
  // Means and quantiles may be thousands of times smaller than the norms; all must be normal numbers.
  constexpr int least = -1008, most = 1020;
  const int exponent = 2 * half_exponent + (size > 0 ? std::ilogb(size) : 0);
  if (exponent < least || exponent > most)
    throw InputError(
        fmt::format("{}: the deviation is about 1e{:+.0f}, which doubles cannot hold (1e-300 to 1e+300 they "
                    "can); divide the matrices by a power of 10",
                    matrices, exponent * 0.30103));
  return std::ldexp(1.0, 2 * half_exponent);
}

}  // namespace theoremeter
