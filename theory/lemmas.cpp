#include "theory/lemmas.hpp"

#include "theory/angle.hpp"
#include "theory/operators.hpp"
#include "theory/population.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace theoremeter {
namespace {

using Eigen::VectorXd;

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

/// sup over r > 0 of |r u - w|/max(r, 1): convex in r up to 1 and in 1/r beyond, so attained at 0, 1 or infinity.
double largest_on_ray(const VectorXd& u, const VectorXd& w) {
  return std::max({w.stableNorm(), u.stableNorm(), (u - w).stableNorm()});
}

}  // namespace

double angle_deviation(const Rows& W, const VectorXd& x, const VectorXd& y) {
  const VectorXd Wx = (W * x).cwiseMax(0.0), Wy = (W * y).cwiseMax(0.0);
  if (Wx.isZero(0) || Wy.isZero(0)) return nothing;
  return std::abs(angle(Wx, Wy) - g(angle(x, y)));
}

// The population gradient of inversion is x - 2^d h_{x,y}, of which h does not depend on |x|.
double network_deviation(const Network& G, const VectorXd& x, const VectorXd& y) {
  const VectorXd unit = x.normalized();
  const VectorXd limit = unit - population_gradient(Problem::inversion, G.depth(), unit, y);
  const VectorXd found = linear_piece(G, x).transpose() * forward(G, y);
  return (std::ldexp(1, G.depth()) * found - limit).stableNorm() / y.stableNorm();
}

GradientParts gradient_parts(const Recovery& f, const VectorXd& p) {
  const double scale = std::ldexp(1, f.G.depth()), length = f.x0.stableNorm();
  const VectorXd x = length * p.normalized();
  const VectorXd z = forward(f.G, x), w = forward(f.G, f.x0);
  if (z.isZero(0) || w.isZero(0)) return {nothing, nothing};
  const VectorXd Az = f.A * z, seen = (f.A * w).cwiseAbs();
  const VectorXd signed_back = f.A.transpose() * (Az.cwiseSign().cwiseProduct(seen));
  const VectorXd expected = Phi(z.normalized(), w.normalized()).apply(w);
  const Eigen::MatrixXd back = linear_piece(f.G, x).transpose() * (scale / length);
  const VectorXd limit = x - population_gradient(Problem::phase_retrieval, f.G.depth(), x, f.x0);
  return {largest_on_ray(back * (f.A.transpose() * Az - z), back * (signed_back - expected)),
          largest_on_ray(back * z - x / length, back * expected - limit / length)};
}

}  // namespace theoremeter
