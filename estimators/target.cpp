#include "estimators/target.hpp"

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

constexpr double roundoff = 0x1p-53, bound_slack = 1.01;

double summation_error(Index terms) { return bound_slack * roundoff * static_cast<double>(terms + 1); }

std::vector<Integer> integers_of(const VectorXd& values, int exponent) {
  std::vector<Integer> z;
  for (const double value : values) z.push_back(integer(value, exponent));
  return z;
}

std::vector<Integer> product(const Rows& W, int exponent, const std::vector<Integer>& z) {
  std::vector<Integer> result(static_cast<std::size_t>(W.rows()));
  for (Index i = 0; i < W.rows(); ++i)
    for (Index j = 0; j < W.cols(); ++j)
      if (z[static_cast<std::size_t>(j)] != 0)
        result[static_cast<std::size_t>(i)] += integer(W(i, j), exponent) * z[static_cast<std::size_t>(j)];
  return result;
}

}  // namespace

// x0 through the network, with a bound for rounding, entry by entry: relu does not increase distances.
Target target(const Recovery& f) {
  VectorXd z = f.x0, error = VectorXd::Zero(z.size());
  const auto apply = [&](const Rows& W) {
    error = (bound_slack * W.cwiseAbs() * (error + summation_error(z.size()) * z.cwiseAbs())).eval();
    z = (W * z).eval();
  };
  for (const Rows& W : f.G.layers) {
    apply(W);
    z = z.cwiseMax(0.0);
  }
  if (f.A.size() > 0) apply(f.A);
  if (f.phaseless) z = z.cwiseAbs();
  Target result;
  result.exact = ((z - f.b).cwiseAbs().array() <= 2 * error.array()).all();
  if (result.exact) result.error = 3 * error.norm();
  return result;
}

IntegerTarget integers(const Recovery& f, const Target& target) {
  if (!target.exact) return {integers_of(f.b, common_exponent(f.b)), common_exponent(f.b)};
  IntegerTarget result{integers_of(f.x0, common_exponent(f.x0)), common_exponent(f.x0)};
  const auto apply = [&](const Rows& W) {
    const int exponent = common_exponent(W);
    result.b = product(W, exponent, result.b);
    result.exponent += exponent;
  };
  for (const Rows& W : f.G.layers) {
    apply(W);
    for (Integer& value : result.b)
      if (value < 0) value = 0;
  }
  if (f.A.size() > 0) apply(f.A);
  if (f.phaseless)
    for (Integer& value : result.b) value = abs(value);
  return result;
}

}  // namespace theoremeter
