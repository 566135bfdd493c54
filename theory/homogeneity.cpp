#include "theory/homogeneity.hpp"

#include "theory/error.hpp"

#include <fmt/format.h>
#include <cmath>
#include <string>
#include <tuple>
#include <utility>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

/// Numbers from 2^least to 2^most, and their squares, are doubles with room on both sides.
constexpr int least = -502, most = 506;

/// X/2^power, exact. Rows differ by less than the range of doubles, or it would not be.
template <class Matrix>
Matrix without(const Matrix& X, int power, const std::string& what) {
  if (power == 0 || !X.allFinite()) return X;
  const auto times = [](int e) { return [e](double x) { return std::ldexp(x, e); }; };
  Matrix scaled = X.unaryExpr(times(-power));
  if (scaled.unaryExpr(times(power)) != X)
    throw InputError(fmt::format("{}: its entries differ by more than the range of doubles, 2^1000", what));
  return scaled;
}

/// `degree`: 2 for squares.
void require_range(const char* what, int power, int degree = 1) {
  if (power >= degree * least && power <= degree * most) return;
  throw InputError(
      fmt::format("{} is of size 2^{}; doubles hold such problems from 2^{} to 2^{} only: scale the layers", what,
                  power, degree * least, degree * most));
}

/// The power of two nearest to the root of the mean square of `count` entries that lie around 1.
template <class Matrix>
int power_of(const Matrix& X, double count) {
  const double largest = X.size() > 0 ? X.cwiseAbs().maxCoeff() : 0;
  if (!(largest > 0) || !std::isfinite(largest)) return 0;
  const int first = std::ilogb(largest);
  const double norm = (X.unaryExpr([first](double x) { return std::ldexp(x, -first); })).norm();
  return first + static_cast<int>(std::lround(std::log2(norm / std::sqrt(count))));
}

/// The network without powers of two, and their sum.
std::pair<Network, int> normalised(const Network& G, const char* layer) {
  std::pair<Network, int> result{Network::identity(G.input), 0};
  for (std::size_t i = 0; i < G.layers.size(); ++i) {
    const int power = power_in(G.layers[i]);
    result.first.layers.push_back(without(G.layers[i], power, fmt::format("{} {}", layer, i + 1)));
    result.second += power;
  }
  return result;
}

}  // namespace

int power_in(const Rows& W) { return power_of(W, static_cast<double>(W.cols())); }
int power_in(const VectorXd& x) { return power_of(x, 1); }

double Normalised::in_x() const { return std::ldexp(1.0, solution); }
double Normalised::in_f() const { return std::ldexp(1.0, 2 * (layers + solution)); }
double Normalised::in_gradient() const { return std::ldexp(1.0, 2 * layers + solution); }
double Normalised::in_hessian() const { return std::ldexp(1.0, 2 * layers); }

double NormalisedDemodulation::in_f() const { return std::ldexp(1.0, 2 * (layers + solution)); }
double NormalisedDemodulation::in_hessian() const { return std::ldexp(1.0, 2 * layers); }

Normalised normalised(const Recovery& f) {
  Normalised result{{f.phaseless, {}, {}, {}, {}}, 0, power_in(f.x0)};
  Recovery& g = result.f;
  std::tie(g.G, result.layers) = normalised(f.G, "layer");
  const int power = power_in(f.A);
  g.A = without(f.A, power, "A");
  result.layers += power;
  require_range("x0", result.solution);
  require_range("the product of the layers", result.layers);
  require_range("f", 2 * (result.layers + result.solution), 2);
  require_range("the gradient of f", 2 * result.layers + result.solution, 2);
  if (!f.b.isZero(0) && f.b.allFinite())
    require_range("b over A G(x0)", power_in(f.b) - result.layers - result.solution);
  g.x0 = without(f.x0, result.solution, "x0");
  g.b = without(f.b, result.layers + result.solution, "b");
  return result;
}

NormalisedDemodulation normalised(const Demodulation& f) {
  const int of_h = power_in(f.h0), of_m = power_in(f.m0);
  NormalisedDemodulation result{{}, 0, of_h + of_m};
  Demodulation& g = result.f;
  int second = 0;
  std::tie(g.G1, result.layers) = normalised(f.G1, "layer");
  std::tie(g.G2, second) = normalised(f.G2, "the second network's layer");
  result.layers += second;
  require_range("h0", of_h);
  require_range("m0", of_m);
  require_range("the product of both networks' layers", result.layers);
  require_range("f", 2 * (result.layers + result.solution), 2);
  require_range("the gradient of f", 2 * (result.layers + result.solution) - of_h, 2);
  require_range("the gradient of f", 2 * (result.layers + result.solution) - of_m, 2);
  if (!f.b.isZero(0) && f.b.allFinite())
    require_range("b over G1(h0) o G2(m0)", power_in(f.b) - result.layers - result.solution);
  g.h0 = without(f.h0, of_h, "h0");
  g.m0 = without(f.m0, of_m, "m0");
  g.b = without(f.b, result.layers + result.solution, "b");
  return result;
}

VectorXd measurements(const Network& G, const Rows& A, const VectorXd& x) {
  int power = power_in(x);
  VectorXd z = without(x, power, "x");
  const auto apply = [&](const Rows& W, const std::string& what) {
    const int e = power_in(W);
    z = e == 0 ? VectorXd(W * z) : VectorXd(without(W, e, what) * z);
    power += e;
  };
  for (std::size_t i = 0; i < G.layers.size(); ++i) {
    apply(G.layers[i], fmt::format("layer {}", i + 1));
    z = z.cwiseMax(0.0);
  }
  if (A.size() > 0) apply(A, "A");
  if (!z.isZero(0)) require_range(A.size() > 0 ? "A G(x0)" : "G(x0)", power_in(z) + power);
  return z.unaryExpr([power](double value) { return std::ldexp(value, power); });
}

}  // namespace theoremeter
