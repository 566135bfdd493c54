// rho_d: besides x0 and 0, the population gradient vanishes at -rho_d x0 [HV; HLV Thm II.1; HJ Thm 2].
//
// With check_0 = pi, check_i = g(check_{i-1}) (theory/angle.hpp), the papers write
//   inversion, compressed sensing, each network of blind demodulation:
//     rho_d = S,   S = sum_{i=0}^{d-1} (sin check_i/pi) prod_{j=i+1}^{d-1} (pi - check_j)/pi,
//   phase retrieval:   rho_d = (2/pi) sin T + ((pi - 2T)/pi) S,   T = check_d.
// Closed form: S = cos check_d. For S_{d+1} = S_d (pi - check_d)/pi + sin(check_d)/pi is what cos g says of cos
// check_d, and S_1 = 0 = cos check_1.
//
// Asymptote. cos g(t) = cos t + (sin t - t cos t)/pi gives g(t) = t - t^2/(3 pi) - t^3/(18 pi^2) + O(t^4), that is
// 1/g(t) = 1/t + 1/(3 pi) + t/(6 pi^2) + O(t^2); summed, with t ~ 3 pi/i in the last term,
//   1/check_d = (d + (3/2) ln d + O(1))/(3 pi).
// So 1 - rho_d = 1 - cos check_d ~ (9 pi^2/(2 d^2)) (1 - 3 ln(d)/d). In phase retrieval
//   1 - rho_d = (1 - cos T) - (2/pi)(sin T - T cos T) = (T^2/2)(1 - 4T/(3 pi) + O(T^2)):
// the constant 9 pi^2/2 is the same, and the correction is 1 - (3 ln(d) + 4)/d. The papers' bounds are
// pi/(i+1) <= check_i <= 3 pi/(i+3).
#pragma once

#include "theory/problems.hpp"

#include <functional>
#include <string>

namespace theoremeter {

/// rho_d in closed form, d >= 0; of either network in blind demodulation. Amplitude flow has d = 0 and rho = 1: -x0 is
/// a solution too.
double rho(Problem problem, int d);

/// 1 - rho_d to full relative accuracy, d >= 0.
double one_minus_rho(Problem problem, int d);

/// rho_d by the papers' sum, in O(d) as S_{d+1} = S_d (pi - check_d)/pi + sin(check_d)/pi; d >= 1. Errors grow to some
/// 1e-16 d.
double rho_by_sum(Problem problem, int d);

/// Decimal numbers of as many significant digits as were asked for (trailing zeros are left out).
struct RhoRow {
  int depth;
  std::string angle;                          // check_d
  std::string rho, one_minus_rho, asymptote;  // asymptote: 9 pi^2/(2 d^2)
  double ratio;                               // (1 - rho_d)/asymptote
};

inline constexpr int max_rho_depth = 1000000;
inline constexpr int max_rho_digits = 1000;

/// Calls `row` for d = first, ..., last. 1 <= first <= last <= max_rho_depth, 1 <= digits <= max_rho_digits. All digits
/// are right, but for the rounding of the last. Takes `last` steps of some 5 us each at 17 digits, 8 us at 50, 1 ms at
/// 1000.
void for_each_rho(Problem problem, int first, int last, int digits, const std::function<void(const RhoRow&)>& row);

}  // namespace theoremeter
