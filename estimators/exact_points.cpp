#include "estimators/exact_points.hpp"

#include "estimators/evaluate.hpp"

#include <algorithm>
#include <cmath>

namespace theoremeter {
namespace {

using boost::multiprecision::abs, boost::multiprecision::gcd, boost::multiprecision::msb;
using Long = Eigen::Matrix<long double, Eigen::Dynamic, 1>;

unsigned bits(const Integer& z) { return z == 0 ? 0 : static_cast<unsigned>(msb(Integer(abs(z)))) + 1; }

bool has_signs(const Eigen::VectorXd& x, const Rows& H, const std::vector<WantedSign>& signs) {
  return std::all_of(signs.begin(), signs.end(), [&](const WantedSign& wanted) {
    const double z = exact_sign_dot(H.row(wanted.row).data(), x.data(), x.size());
    return (z > 0) - (z < 0) == wanted.sign;
  });
}

// z over the greatest common divisor, times a factor of so few bits that no product is rounded: x lies exactly on every
// hyperplane that z lies on.
std::optional<Eigen::VectorXd> exact_multiple(const std::vector<Integer>& z) {
  constexpr unsigned factor_bits = 41;  // its relative error, 2^-41, is that of the length
  Integer divisor = 0;
  for (const Integer& entry : z) divisor = gcd(divisor, entry);
  if (divisor == 0) return std::nullopt;
  Eigen::VectorXd x(static_cast<Eigen::Index>(z.size()));
  for (std::size_t j = 0; j < z.size(); ++j) {
    const Integer reduced = z[j] / divisor;
    if (bits(reduced) > 53 - factor_bits) return std::nullopt;
    x(static_cast<Eigen::Index>(j)) = reduced.convert_to<double>();
  }
  int exponent = 0;
  const double fraction = std::frexp(1 / x.norm(), &exponent);
  return std::ldexp(std::round(std::ldexp(fraction, factor_bits)), exponent - int{factor_bits}) * x;
}

}  // namespace

std::optional<Eigen::VectorXd> point_with_signs(const std::vector<Integer>& direction, const Rows& H,
                                                const std::vector<WantedSign>& signs) {
  if (auto x = exact_multiple(direction); x && has_signs(*x, H, signs)) return x;
  if (std::any_of(signs.begin(), signs.end(), [](const WantedSign& wanted) { return wanted.sign == 0; }))
    return std::nullopt;
  unsigned most = 0;
  for (const Integer& entry : direction) most = std::max(most, bits(entry));
  Long unit(static_cast<Eigen::Index>(direction.size()));
  for (std::size_t j = 0; j < direction.size(); ++j)
    unit(static_cast<Eigen::Index>(j)) =
        Integer(most > 100 ? direction[j] >> (most - 100) : direction[j]).convert_to<long double>();
  if (unit.squaredNorm() == 0) return std::nullopt;
  unit /= unit.norm();
  constexpr int lengths = 4000;
  for (int j = 0; j < lengths; ++j) {
    const long double length = 1 + (j % 2 ? -1 : 1) * j * 0x1.1p-52L;
    const Eigen::VectorXd x = (length * unit).cast<double>();
    if (has_signs(x, H, signs)) return x;
  }
  return std::nullopt;
}

}  // namespace theoremeter
