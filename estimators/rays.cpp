#include "estimators/rays.hpp"

#include "estimators/decompositions.hpp"
#include "estimators/kinks.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

using Passes = RayWorkspace::Passes;

/// G(P), one column a direction; what goes back through a layer is masked by its output.
const MatrixXd& forward(const Network& G, const MatrixXd& P, Passes& passes) {
  passes.outputs.resize(G.layers.size() + 1);
  passes.outputs[0] = P;
  for (std::size_t i = 0; i < G.layers.size(); ++i) {
    MatrixXd& Z = passes.outputs[i + 1];
    Z.resize(G.layers[i].rows(), P.cols());
    Z.noalias() = G.layers[i] * passes.outputs[i];
    Z = Z.cwiseMax(0.0);
  }
  return passes.outputs.back();
}

/// Where to put the right-hand sides for `backward`, two a direction: [first | second], each as wide as P.
MatrixXd& right_hand_sides(Passes& passes) {
  passes.backward.resize(passes.outputs.size());
  MatrixXd& U = passes.backward.back();
  U.resize(passes.outputs.back().rows(), 2 * passes.outputs.back().cols());
  return U;
}

/// Lambda_p' of these.
const MatrixXd& backward(const Network& G, Passes& passes) {
  for (std::size_t i = G.layers.size(); i > 0; --i) {
    const MatrixXd& Z = passes.outputs[i];
    MatrixXd &U = passes.backward[i], &next = passes.backward[i - 1];
    for (Index j = 0; j < U.cols(); ++j)
      U.col(j) = (Z.col(j % Z.cols()).array() > 0).select(U.col(j).array(), 0.0).matrix();
    next.resize(G.layers[i - 1].cols(), U.cols());
    next.noalias() = G.layers[i - 1].transpose() * U;
  }
  return passes.backward[0];
}

/// sgn(y) b, 0 where y = 0.
double with_sign(double y, double b) { return y > 0 ? b : y < 0 ? -b : 0; }

Index rows_of(const Network& G) {
  Index sum = 0;
  for (const Rows& W : G.layers) sum += W.rows();
  return sum;
}

VectorXd unit_vector(const VectorXd& x, const char* what) {
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

void Rays::evaluate(const MatrixXd& P, RayNumbers* out, RayWorkspace& work) const {
  RayVectors& at = work.vectors;
  vectors(P, at, work);
  const std::vector<Index> sizes = parts();
  const std::vector<VectorXd> x0 = solution();
  for (Index j = 0; j < P.cols(); ++j) {
    out[j].factors = static_cast<int>(sizes.size());
    Index from = 0;
    for (std::size_t i = 0; i < sizes.size(); from += sizes[i++])
      out[j].factor[i] =
          ray_factor(P.col(j).segment(from, sizes[i]), at.a.col(j).segment(from, sizes[i]),
                     at.c.col(j).segment(from, sizes[i]), at.H.col(j).segment(from, sizes[i]), x0[i], unit());
    out[j].b = P.col(j).head(sizes[0]).dot(at.c.col(j).head(sizes[0]));
  }
}

RadialExtremum Rays::error(const Vectors& at, std::size_t i) const {
  return population_error(at.p[i], at.a[i], at.c[i], at.H[i], unit());
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

MatrixXd Rays::across(const VectorXd& p, const MatrixXd& normals) const {
  const std::vector<Index> sizes = parts();
  const auto spheres = static_cast<Index>(sizes.size());
  if (spheres + normals.cols() >= p.size()) return MatrixXd::Identity(p.size(), p.size());
  MatrixXd all = MatrixXd::Zero(p.size(), spheres + normals.cols());
  Index from = 0, column = 0;
  for (const Index size : sizes) {
    all.col(column++).segment(from, size) = p.segment(from, size);
    from += size;
  }
  all.rightCols(normals.cols()) = normals;
  return qr_of(all).Q;
}

RecoveryRays::RecoveryRays(const Recovery& f, Problem problem)
    : normalised_(normalised(f)),
      problem_(problem),
      length_(f_.x0.norm()),
      scale_(std::ldexp(1.0, f.G.depth())),
      unit_(normalised_.in_hessian()),
      x0_(unit_vector(f_.x0, "x0")) {
  const bool modulus = problem == Problem::phase_retrieval || problem == Problem::amplitude_flow;
  if (problem == Problem::blind_demodulation || modulus != f.phaseless)
    throw InputError(fmt::format("{}: this instance is not of that kind", name(problem)));
}

VectorXd RecoveryRays::population(const VectorXd& p) const {
  return p - population_gradient(problem_, f_.G.depth(), p, x0_);
}

void RecoveryRays::vectors(const MatrixXd& P, RayVectors& out, RayWorkspace& work) const {
  const Index N = P.cols();
  const bool measured = f_.A.size() > 0;
  const MatrixXd& Z = forward(f_.G, P, work.first);
  work.measured.resize(measured ? f_.A.rows() : 0, N);
  if (measured) work.measured.noalias() = f_.A * Z;
  const MatrixXd& Y = measured ? work.measured : Z;

  MatrixXd &U = right_hand_sides(work.first), &YS = measured ? work.both : U;
  YS.resize(Y.rows(), 2 * N);
  YS.leftCols(N) = Y;
  const VectorXd b = f_.b / length_;
  for (Index j = 0; j < N; ++j) {
    if (f_.phaseless)
      YS.col(N + j) = Y.col(j).binaryExpr(b, &with_sign);
    else
      YS.col(N + j) = b;
  }
  if (measured) U.noalias() = f_.A.transpose() * YS;
  const MatrixXd& back = backward(f_.G, work.first);
  out.a = scale_ * back.leftCols(N);
  out.c = scale_ * back.rightCols(N);
  out.identity = P;
  out.H.resize(P.rows(), N);
  for (Index j = 0; j < N; ++j) out.H.col(j) = population(P.col(j));
}

const Rows& RecoveryRays::signed_measurements() const {
  static const Rows none;
  return f_.phaseless ? f_.A : none;
}

Index RecoveryRays::neurons() const { return rows_of(f_.G) + signed_measurements().rows(); }

std::vector<double> RecoveryRays::kinks_along(const VectorXd& p, const VectorXd& u, double reach) const {
  return theoremeter::kinks_along(f_.G, signed_measurements(), p, u, reach);
}

MatrixXd RecoveryRays::kinks_near(const VectorXd& p, double near) const {
  return theoremeter::kinks_near(f_.G, signed_measurements(), p, near);
}

// a = 2^d (A Lambda)'(A Lambda) p, and c is constant.
Rays::Slopes RecoveryRays::slopes(const VectorXd& p) const {
  MatrixXd piece = linear_piece(f_.G, p);
  if (f_.A.size() > 0) piece = f_.A * piece;
  return {scale_ * piece.transpose() * piece, MatrixXd::Zero(p.size(), p.size())};
}

Rays::Vectors RecoveryRays::at(const Point& direction) const {
  const Ray ray = along_ray(f_, direction[0]);
  const double in_units = scale_ / length_;
  return {direction, {scale_ * ray.Mp}, {in_units * ray.cp}, {population(direction[0])}, in_units * ray.b};
}

DemodulationRays::DemodulationRays(const Demodulation& f, double alpha)
    : normalised_(normalised(f)),
      length_(f_.h0.norm() * f_.m0.norm()),
      scale_(std::ldexp(static_cast<double>(f.b.size()), f.G1.depth() + f.G2.depth()) / alpha),
      unit_(normalised_.in_hessian()),
      h0_(unit_vector(f_.h0, "h0")),
      m0_(unit_vector(f_.m0, "m0")) {
  if (!(alpha > 0)) throw InputError(fmt::format("alpha = {}: must be positive", alpha));
}

std::pair<VectorXd, VectorXd> DemodulationRays::population(const VectorXd& p, const VectorXd& q) const {
  const auto [h, m] = population_gradient(f_.G1.depth(), f_.G2.depth(), p, q, h0_, m0_);
  return {q.squaredNorm() * p - h, p.squaredNorm() * q - m};
}

void DemodulationRays::vectors(const MatrixXd& P, RayVectors& out, RayWorkspace& work) const {
  const Index N = P.cols();
  const MatrixXd& w = forward(f_.G1, P.topRows(f_.G1.input), work.first);
  const MatrixXd& x = forward(f_.G2, P.bottomRows(f_.G2.input), work.second);
  const VectorXd b = f_.b / length_;
  MatrixXd &U1 = right_hand_sides(work.first), &U2 = right_hand_sides(work.second);
  for (Index j = 0; j < N; ++j) {
    U1.col(j) = w.col(j).cwiseProduct(x.col(j).cwiseAbs2());
    U2.col(j) = x.col(j).cwiseProduct(w.col(j).cwiseAbs2());
    U1.col(N + j) = b.cwiseProduct(x.col(j));
    U2.col(N + j) = b.cwiseProduct(w.col(j));
  }
  const MatrixXd &back1 = backward(f_.G1, work.first), &back2 = backward(f_.G2, work.second);
  const Index n = f_.G1.input, p = f_.G2.input;
  for (MatrixXd* X : {&out.a, &out.c, &out.identity, &out.H}) X->resize(n + p, N);
  out.a << scale_ * back1.leftCols(N), scale_ * back2.leftCols(N);
  out.c << scale_ * back1.rightCols(N), scale_ * back2.rightCols(N);
  for (Index j = 0; j < N; ++j) {
    const VectorXd h = P.col(j).head(n), m = P.col(j).tail(p);
    const auto [H1, H2] = population(h, m);
    out.identity.col(j) << m.squaredNorm() * h, h.squaredNorm() * m;
    out.H.col(j) << H1, H2;
  }
}

Index DemodulationRays::neurons() const { return rows_of(f_.G1) + rows_of(f_.G2); }

std::vector<double> DemodulationRays::kinks_along(const VectorXd& p, const VectorXd& u, double reach) const {
  const Index n = f_.G1.input, m = f_.G2.input;
  std::vector<double> all = theoremeter::kinks_along(f_.G1, {}, p.head(n), u.head(n), reach);
  const std::vector<double> second = theoremeter::kinks_along(f_.G2, {}, p.tail(m), u.tail(m), reach);
  all.insert(all.end(), second.begin() + 1, second.end() - 1);
  std::sort(all.begin(), all.end());
  return all;
}

MatrixXd DemodulationRays::kinks_near(const VectorXd& p, double near) const {
  const Index n = f_.G1.input, m = f_.G2.input;
  const MatrixXd first = theoremeter::kinks_near(f_.G1, {}, p.head(n), near),
                 second = theoremeter::kinks_near(f_.G2, {}, p.tail(m), near);
  MatrixXd all = MatrixXd::Zero(n + m, first.cols() + second.cols());
  all.topLeftCorner(n, first.cols()) = first;
  all.bottomRightCorner(m, second.cols()) = second;
  return all;
}

// With w = L h and x = M m: a = (L'(w o x^2), M'(x o w^2)) and c = (L'(b o x), M'(b o w)), in units of the scale.
Rays::Slopes DemodulationRays::slopes(const VectorXd& p) const {
  const Index n = f_.G1.input, m = f_.G2.input;
  const MatrixXd L = linear_piece(f_.G1, p.head(n)), M = linear_piece(f_.G2, p.tail(m));
  const VectorXd w = L * p.head(n), x = M * p.tail(m), b = f_.b / length_;
  Slopes all{MatrixXd::Zero(n + m, n + m), MatrixXd::Zero(n + m, n + m)};
  all.a.topLeftCorner(n, n) = scale_ * L.transpose() * x.cwiseAbs2().asDiagonal() * L;
  all.a.topRightCorner(n, m) = 2 * scale_ * L.transpose() * w.cwiseProduct(x).asDiagonal() * M;
  all.a.bottomRightCorner(m, m) = scale_ * M.transpose() * w.cwiseAbs2().asDiagonal() * M;
  all.c.topRightCorner(n, m) = scale_ * L.transpose() * b.asDiagonal() * M;
  for (MatrixXd* J : {&all.a, &all.c}) J->bottomLeftCorner(m, n) = J->topRightCorner(n, m).transpose();
  return all;
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
