#include "estimators/evaluate.hpp"

#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>

namespace theoremeter {
namespace {

// The exact product of two doubles, mantissa * 2^exponent.
struct Term {
  boost::multiprecision::cpp_int mantissa;
  int exponent;
};

Term product(double a, double b) {
  int ea = 0, eb = 0;
  const double ma = std::ldexp(std::frexp(a, &ea), 53), mb = std::ldexp(std::frexp(b, &eb), 53);  // integers
  return {boost::multiprecision::cpp_int(ma) * boost::multiprecision::cpp_int(mb), ea + eb - 106};
}

// sum_i h_i p_i over the integers, in units of the smallest exponent that occurs; rounded at the end, but never to the
// wrong sign.
double exact_dot(const double* h, const double* p, Eigen::Index k) {
  std::vector<Term> terms;
  int unit = std::numeric_limits<int>::max();
  for (Eigen::Index i = 0; i < k; ++i) {
    if (h[i] == 0 || p[i] == 0) continue;
    terms.push_back(product(h[i], p[i]));
    unit = std::min(unit, terms.back().exponent);
  }
  boost::multiprecision::cpp_int sum = 0;
  for (const Term& t : terms) sum += t.mantissa << (t.exponent - unit);
  if (sum == 0) return 0;
  const double size = std::ldexp(std::abs(sum.convert_to<double>()), unit);
  return sum.sign() * std::clamp(size, std::numeric_limits<double>::denorm_min(), std::numeric_limits<double>::max());
}

}  // namespace

// However the k rounded products are added up, the sum is off by at most gamma_k sum |h_i p_i| with gamma_k = k u/(1 -
// k u), u = 2^-53, plus half a denormal a product where products underflow. Twice (k+2) u, applied to the computed sum
// of moduli, covers that and its own rounding.
double exact_sign_dot(const double* h, const double* p, Eigen::Index k) {
  const Eigen::Map<const Eigen::ArrayXd> a(h, k), b(p, k);
  const double dot = (a * b).sum(), size = (a * b).abs().sum();
  const double bound = static_cast<double>(k + 2) * (0x1p-52 * size + std::numeric_limits<double>::denorm_min());
  return std::abs(dot) > bound ? dot : exact_dot(h, p, k);
}

}  // namespace theoremeter
