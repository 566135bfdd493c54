#include "estimators/rays.hpp"

#include "theory/error.hpp"

#include <fmt/format.h>
#include <cassert>
#include <cmath>
#include <utility>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// The outputs of the layers, one column a direction; what goes back through a layer is masked by its output.
std::vector<MatrixXd> forward_all(const Network& G, const MatrixXd& P) {
  std::vector<MatrixXd> Z{P};
  Z.reserve(G.layers.size() + 1);
  for (const Rows& W : G.layers) {
    MatrixXd next(W.rows(), P.cols());
    next.noalias() = W * Z.back();
    Z.push_back(next.cwiseMax(0.0));
  }
  return Z;
}

/// Lambda_p' of two right-hand sides a direction: U = [first | second], each as wide as P.
MatrixXd pull_back_all(const Network& G, const std::vector<MatrixXd>& Z, MatrixXd U) {
  for (std::size_t i = G.layers.size(); i > 0; --i) {
    const Index columns = Z[i].cols();
    for (Index j = 0; j < 2 * columns; ++j)
      U.col(j) = (Z[i].col(j % columns).array() > 0).select(U.col(j).array(), 0.0).matrix();
    MatrixXd next(G.layers[i - 1].cols(), U.cols());
    next.noalias() = G.layers[i - 1].transpose() * U;
    U = std::move(next);
  }
  return U;
}

MatrixXd side_by_side(const MatrixXd& left, const MatrixXd& right) {
  MatrixXd both(left.rows(), left.cols() + right.cols());
  both << left, right;
  return both;
}

/// sgn(y) b, 0 where y = 0.
double with_sign(double y, double b) { return y > 0 ? b : y < 0 ? -b : 0; }

VectorXd unit(const VectorXd& x, const char* what) {
  if (!(x.norm() > 0))
    throw InputError(fmt::format("{} = 0: lengths are measured in units of it, it must not be 0", what));
  return x / x.norm();
}

}  // namespace

Index Rays::dimension() const {
  Index sum = 0;
  for (const Index k : parts()) sum += k;
  return sum;
}

Point Rays::point(const VectorXd& column) const {
  Point split;
  Index from = 0;
  for (const Index k : parts()) {
    split.push_back(column.segment(from, k).normalized());
    from += k;
  }
  return split;
}

RecoveryRays::RecoveryRays(const Recovery& f, Problem problem)
    : f_(f), problem_(problem), length_(f.x0.norm()), scale_(std::ldexp(1.0, f.G.depth())), x0_(unit(f.x0, "x0")) {
  if (problem == Problem::blind_demodulation)
    throw InputError("blind-demodulation: has two networks, this problem one");
}

VectorXd RecoveryRays::population(const VectorXd& p) const {
  return p - population_gradient(problem_, f_.G.depth(), p, x0_);
}

void RecoveryRays::evaluate(const MatrixXd& P, RayNumbers* out) const {
  const Index columns = P.cols();
  const std::vector<MatrixXd> Z = forward_all(f_.G, P);
  MatrixXd Y = Z.back();
  if (f_.A.size() > 0) {
    Y.resize(f_.A.rows(), columns);
    Y.noalias() = f_.A * Z.back();
  }
  const MatrixXd b = f_.b.replicate(1, columns) / length_;
  MatrixXd U = side_by_side(Y, f_.phaseless ? MatrixXd(Y.binaryExpr(b, &with_sign)) : b);
  if (f_.A.size() > 0) U = (f_.A.transpose() * U).eval();
  U = scale_ * pull_back_all(f_.G, Z, std::move(U));
  for (Index j = 0; j < columns; ++j) {
    const VectorXd p = P.col(j), c = U.col(columns + j);
    out[j].factors = 1;
    out[j].factor[0] = ray_factor(p, U.col(j), c, population(p), x0_);
    out[j].b = p.dot(c);
  }
}

Rays::Vectors RecoveryRays::at(const Point& direction) const {
  const Ray ray = along_ray(f_, direction[0]);
  const double in_units = scale_ / length_;
  return {direction, {scale_ * ray.Mp}, {in_units * ray.cp}, {population(direction[0])}, in_units * ray.b};
}

DemodulationRays::DemodulationRays(const Demodulation& f, double alpha)
    : f_(f),
      length_(f.h0.norm() * f.m0.norm()),
      scale_(std::ldexp(static_cast<double>(f.b.size()), f.G1.depth() + f.G2.depth()) / alpha),
      h0_(unit(f.h0, "h0")),
      m0_(unit(f.m0, "m0")) {
  if (!(alpha > 0)) throw InputError(fmt::format("alpha = {}: must be positive", alpha));
}

std::pair<VectorXd, VectorXd> DemodulationRays::population(const VectorXd& p, const VectorXd& q) const {
  const auto [h, m] = population_gradient(f_.G1.depth(), f_.G2.depth(), p, q, h0_, m0_);
  return {p - h, q - m};
}

void DemodulationRays::evaluate(const MatrixXd& P, RayNumbers* out) const {
  const Index columns = P.cols();
  const MatrixXd p = P.topRows(f_.G1.input), q = P.bottomRows(f_.G2.input);
  const std::vector<MatrixXd> Z1 = forward_all(f_.G1, p), Z2 = forward_all(f_.G2, q);
  const MatrixXd &w = Z1.back(), &x = Z2.back();
  const MatrixXd y = w.cwiseProduct(x), b = f_.b.replicate(1, columns) / length_;
  const MatrixXd U1 = scale_ * pull_back_all(f_.G1, Z1, side_by_side(y.cwiseProduct(x), b.cwiseProduct(x)));
  const MatrixXd U2 = scale_ * pull_back_all(f_.G2, Z2, side_by_side(y.cwiseProduct(w), b.cwiseProduct(w)));
  for (Index j = 0; j < columns; ++j) {
    const VectorXd p_j = p.col(j), q_j = q.col(j), c = U1.col(columns + j);
    const auto [H1, H2] = population(p_j, q_j);
    out[j].factors = 2;
    out[j].factor[0] = ray_factor(p_j, U1.col(j), c, H1, h0_);
    out[j].factor[1] = ray_factor(q_j, U2.col(j), U2.col(columns + j), H2, m0_);
    out[j].b = p_j.dot(c);
  }
}

Rays::Vectors DemodulationRays::at(const Point& direction) const {
  const BilinearRay ray = along_rays(f_, direction[0], direction[1]);
  const auto [H1, H2] = population(direction[0], direction[1]);
  const double in_units = scale_ / length_;
  return {direction,
          {scale_ * ray.Mp, scale_ * ray.Mq},
          {in_units * ray.cp, in_units * ray.cq},
          {H1, H2},
          in_units * ray.b};
}

}  // namespace theoremeter
