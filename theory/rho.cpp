#include "theory/rho.hpp"

#include "theory/angle.hpp"

#include <boost/math/constants/constants.hpp>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>

namespace theoremeter {
namespace {

using std::numbers::pi;

bool phaseless(Problem problem) { return problem == Problem::phase_retrieval || problem == Problem::amplitude_flow; }

/// arcsin x for x in [0, 1/2]: sum of x^{2n+1} (2n-1)!!/((2n)!! (2n+1)).
template <class Real>
Real arcsine(const Real& x) {
  const Real square = x * x, negligible = x * std::numeric_limits<Real>::epsilon() / 4;
  Real term = x, sum = x;
  for (unsigned n = 1; term > negligible; ++n) {
    term *= square;
    term *= (2 * n - 1) * (2 * n - 1);
    term /= 2 * n * (2 * n + 1);
    sum += term;
  }
  return sum;
}

/// check_d, d = 1, 2, ..., with its versine 1 - cos and its sine. From one layer to the next the versine falls by
/// (sin t - t cos t)/pi, and the angle by the small one whose sine is sin t cos t' - sin t' cos t: no library function
/// but a square root, and a series that is the shorter the larger d.
template <class Real>
class Iterates {
 public:
  void next() {
    const Real cosine = 1 - versine_, fall = (sine_ - angle_ * cosine) * inv_pi_;
    const Real next_versine = versine_ - fall, next_sine = sqrt(next_versine * (2 - next_versine));
    angle_ -= arcsine(Real(sine_ * (1 - next_versine) - next_sine * cosine));
    versine_ = next_versine;
    sine_ = next_sine;
    ++depth_;
  }
  int depth() const { return depth_; }

  RhoRow row(Problem problem, int digits) const {
    Real gap = versine_;
    if (phaseless(problem)) gap -= 2 * inv_pi_ * (sine_ - angle_ * (1 - versine_));
    const Real rho = abs(Real(1 - gap));  // 1 - 1 comes out as -0
    const Real asymptote = 9 * pi_ * pi_ / 2 / depth_ / depth_;
    const auto text = [&](const Real& value) { return value.str(digits, std::ios_base::fmtflags(0)); };
    return {depth_, text(angle_), text(rho), text(gap), text(asymptote), static_cast<double>(gap / asymptote)};
  }

 private:
  Real pi_ = boost::math::constants::pi<Real>(), inv_pi_ = 1 / pi_;
  Real angle_ = pi_ / 2, versine_ = 1, sine_ = 1;
  int depth_ = 1;
};

// In n digits, after d layers, check_d and 1 - rho_d are right to some n - 4 log10 d + 3 digits: an error e of the
// angle enters the versine, itself of order 1/d^2, as e/pi in each layer.
constexpr unsigned guard = 30;

template <unsigned Digits>
void walk(Problem problem, int first, int last, int digits, const std::function<void(const RhoRow&)>& row) {
  using namespace boost::multiprecision;
  Iterates<number<cpp_bin_float<Digits + guard>, et_off>> check;
  while (check.depth() < first) check.next();
  row(check.row(problem, digits));
  while (check.depth() < last) {
    check.next();
    row(check.row(problem, digits));
  }
}

}  // namespace

double rho(Problem problem, int d) {
  if (d == 1 && !phaseless(problem)) return 0;  // check_1 = pi/2 is no double
  const double T = g_iterates(pi, d).back();
  return phaseless(problem) ? 2 / pi * std::sin(T) + (1 - 2 * T / pi) * std::cos(T) : std::cos(T);
}

// sin T - T cos T = 2 pi kappa(pi - T).
double one_minus_rho(Problem problem, int d) {
  const double T = g_iterates(pi, d).back(), versine = 2 * std::sin(T / 2) * std::sin(T / 2);
  return phaseless(problem) ? versine - 4 * kappa_of_supplement(T) : versine;
}

double rho_by_sum(Problem problem, int d) {
  assert(d >= 1);
  const std::vector<double> check = g_iterates(pi, d);
  double S = 0;
  for (std::size_t i = 1; i < static_cast<std::size_t>(d); ++i) S = S * (pi - check[i]) / pi + std::sin(check[i]) / pi;
  const double T = check.back();
  return phaseless(problem) ? 2 / pi * std::sin(T) + (pi - 2 * T) / pi * S : S;
}

void for_each_rho(Problem problem, int first, int last, int digits, const std::function<void(const RhoRow&)>& row) {
  assert(1 <= first && first <= last && last <= max_rho_depth && digits >= 1);
  if (digits <= 17) return walk<17>(problem, first, last, digits, row);
  if (digits <= 50) return walk<50>(problem, first, last, digits, row);
  if (digits <= 100) return walk<100>(problem, first, last, digits, row);
  if (digits <= 250) return walk<250>(problem, first, last, digits, row);
  if (digits <= 500) return walk<500>(problem, first, last, digits, row);
  static_assert(max_rho_digits == 1000);
  assert(digits <= max_rho_digits);
  return walk<1000>(problem, first, last, digits, row);
}

}  // namespace theoremeter
