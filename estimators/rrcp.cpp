#include "estimators/rrcp.hpp"

#include "estimators/prepared_sample.hpp"
#include "estimators/prepared_search.hpp"
#include "theory/error.hpp"
#include "theory/operators.hpp"

#include <fmt/format.h>
#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

namespace theoremeter {
namespace {

// Below this part of the largest, a pivot of Lambda counts as 0; and below this part of |W||delta| an image W delta:
// some 50 units of rounding, which sums of hundreds of terms do not exceed. Directions just above it are real, and as
// good as any other, for the quotient is homogeneous.
constexpr double negligible = 1e-14;

// Where z > 0, as 1 and 0.
Eigen::VectorXd gate(const Eigen::VectorXd& z) {
  return z.unaryExpr([](double t) { return t > 0 ? 1.0 : 0.0; });
}

std::vector<Eigen::VectorXd> preactivations(const Network& G, const Eigen::VectorXd& x) {
  std::vector<Eigen::VectorXd> pre;
  Eigen::VectorXd z = x;
  for (const Rows& W : G.layers) {
    pre.emplace_back(W * z);
    z = pre.back().cwiseMax(0.0);
  }
  return pre;
}

// Lambda' g, Lambda the piece with these pre-activations; where `weights` has as many entries as there are neurons, the
// gradient of sum weights_i pre_i is added, neurons numbered layer by layer.
Eigen::VectorXd pull_back(const Network& G, const std::vector<Eigen::VectorXd>& pre, Eigen::VectorXd g,
                          const Eigen::ArrayXd& weights = {}) {
  Eigen::Index left = weights.size();
  for (std::size_t i = pre.size(); i-- > 0;) {
    g = g.cwiseProduct(gate(pre[i]));
    if (left > 0) g += weights.segment(left -= pre[i].size(), pre[i].size()).matrix();
    g = G.layers[i].transpose() * g;
  }
  return g;
}

// W_i t_{i-1}, t the tangent Lambda d as it passes through the layers.
std::vector<Eigen::VectorXd> tangents(const Network& G, const std::vector<Eigen::VectorXd>& pre, Eigen::VectorXd t) {
  std::vector<Eigen::VectorXd> r;
  for (std::size_t i = 0; i < pre.size(); ++i) {
    r.emplace_back(G.layers[i] * t);
    t = r.back().cwiseProduct(gate(pre[i]));
  }
  return r;
}

// 1 / the root mean square.
double unit_scale(const Eigen::VectorXd& z) {
  const double norm = z.norm();
  return norm > 0 ? std::sqrt(static_cast<double>(z.size())) / norm : 0;
}

Eigen::VectorXd half(const Eigen::VectorXd& pair, int which) {
  return which == 0 ? pair.head(pair.size() / 2) : pair.tail(pair.size() / 2);
}

Eigen::VectorXd joined(const Eigen::VectorXd& p, const Eigen::VectorXd& q) {
  Eigen::VectorXd pair(p.size() + q.size());
  pair << p, q;
  return pair;
}

// The gradient of v'Phi_{z,w}u in z, for unit z, w: by polarisation, and Phi = 4 Q - I.
Eigen::VectorXd phi_gradient(const Eigen::VectorXd& z, const Eigen::VectorXd& w, const Eigen::VectorXd& u,
                             const Eigen::VectorXd& v) {
  Eigen::VectorXd gz = Eigen::VectorXd::Zero(z.size()), gw = gz;
  Q_form_gradient(z, w, u + v, 1, gz, gw);
  Q_form_gradient(z, w, u - v, -1, gz, gw);
  return gz;
}

}  // namespace

Rrcp::Rrcp(Network G, Rows A, Form form) : G_(std::move(G)), A_(std::move(A)), form_(form) {
  if (A_.rows() < 1) throw InputError("A: has no row, must have at least 1");
  if (A_.cols() != G_.output())
    throw InputError(
        fmt::format("A: has {} columns, must have as many as the network has outputs, {}", A_.cols(), G_.output()));
  for (const Rows& W : G_.layers) row_norms_.emplace_back(W.rowwise().norm());
  row_norms_.emplace_back(A_.rowwise().norm());
}

Rrcp::State Rrcp::prepare(int s, const Eigen::VectorXd& p) const {
  assert(p.size() == dimension(s));
  return s < 2 ? direction(p) : form_ == Form::tangent ? piece(p) : difference(p);
}

Rrcp::State Rrcp::direction(const Eigen::VectorXd& x) const {
  State state{.p = x, .pre = preactivations(G_, x)};
  state.G = state.pre.empty() ? x : Eigen::VectorXd(state.pre.back().cwiseMax(0.0));
  state.length = state.G.norm();
  state.defined = state.length > 0;
  if (!state.defined) return state;
  state.G /= state.length;
  state.AG = A_ * state.G;
  state.sign = state.AG.sign();
  return state;
}

Rrcp::State Rrcp::piece(const Eigen::VectorXd& a) const {
  State state{.p = a, .pre = preactivations(G_, a)};
  const Eigen::MatrixXd Lambda = linear_piece(G_, a);
  Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(Lambda);
  qr.setThreshold(negligible);
  const Eigen::Index rank = qr.rank();
  state.defined = rank > 0;
  if (!state.defined) return state;
  state.U = qr.householderQ() * Eigen::MatrixXd::Identity(Lambda.rows(), rank);
  Eigen::MatrixXd inverse = Eigen::MatrixXd::Zero(a.size(), rank);  // of R, padded
  inverse.topRows(rank) = qr.matrixR()
                              .topLeftCorner(rank, rank)
                              .triangularView<Eigen::Upper>()
                              .solve(Eigen::MatrixXd::Identity(rank, rank));
  state.V = qr.colsPermutation() * inverse;
  state.B = A_ * state.U;
  return state;
}

// G(x1) - G(x2) without cancellation: the difference is passed through the layers beside both points.
Rrcp::State Rrcp::difference(const Eigen::VectorXd& pair) const {
  State state{.p = pair, .pre = preactivations(G_, half(pair, 0)), .second = preactivations(G_, half(pair, 1))};
  Eigen::VectorXd delta = half(pair, 0) - half(pair, 1);
  for (std::size_t i = 0; i < state.pre.size(); ++i) {
    const double enters = row_norms_[i].norm() * delta.norm();
    delta = G_.layers[i] * delta;
    for (Eigen::Index j = 0; j < delta.size(); ++j) {
      const double p = state.pre[i](j), q = state.second[i](j);
      if (p <= 0 || q <= 0) delta(j) = std::max(p, 0.0) - std::max(q, 0.0);
    }
    if (delta.norm() <= negligible * enters) delta.setZero();
  }
  state.length = delta.norm();
  state.defined = state.length > 0;
  if (!state.defined) return state;
  state.U = delta / state.length;
  state.B = A_ * state.U;
  return state;
}

// U_c' (A_{G(x)}' A_{G(y)} - Phi_{G(x),G(y)}) U_a.
Eigen::MatrixXd Rrcp::matrix(const States<Rrcp>& states) const {
  const auto [x, y, a, c] = std::tie(*states[0], *states[1], *states[2], *states[3]);
  const PlaneOperator phi = Phi(x.G, y.G);
  const Eigen::VectorXd as = a.U.transpose() * phi.sum, cs = c.U.transpose() * phi.sum;
  const Eigen::VectorXd ad = a.U.transpose() * phi.difference, cd = c.U.transpose() * phi.difference;
  const Eigen::MatrixXd DB = (x.sign * y.sign).matrix().asDiagonal() * a.B;
  Eigen::MatrixXd F = c.B.transpose() * DB;
  F.noalias() -= phi.identity * (c.U.transpose() * a.U);
  F.noalias() -= phi.plus * cs * as.transpose();
  F.noalias() += phi.minus * cd * ad.transpose();
  return F;
}

double Rrcp::value(const States<Rrcp>& states) const {
  for (const State* s : states)
    if (!s->defined) return std::numeric_limits<double>::quiet_NaN();
  const Eigen::MatrixXd F = matrix(states);
  if (F.rows() == 1 || F.cols() == 1) return F.norm();
  const Eigen::MatrixXd square = F.transpose() * F;
  return std::sqrt(
      Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(square, Eigen::EigenvaluesOnly).eigenvalues().tail<1>()(0));
}

// value = v'F u = <(A_x'A_y - Phi) U_a u, U_c v>.
struct Rrcp::Top {
  double value;
  Eigen::VectorXd u, v;
};

Rrcp::Top Rrcp::top(const States<Rrcp>& states) const {
  const Eigen::MatrixXd F = matrix(states), square = F.transpose() * F;
  Top top{0, Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(square).eigenvectors().rightCols<1>(), {}};
  top.v = F * top.u;
  top.value = top.v.norm();
  top.v = top.value > 0 ? Eigen::VectorXd(top.v / top.value) : Eigen::VectorXd::Unit(F.rows(), 0);
  return top;
}

Switches Rrcp::switches(int s, const States<Rrcp>& states) const {
  if (s < 2) return direction_switches(s, states);
  return form_ == Form::tangent ? piece_switches(s, states) : difference_switches(s, states);
}

// f = sum_i sgn(a_i G(x)) sgn(a_i G(y)) (B_a u)_i (B_c v)_i - (U_c v)' Phi (U_a u), the switches being a_i G(x).
Switches Rrcp::direction_switches(int s, const States<Rrcp>& states) const {
  const State &x = *states[static_cast<std::size_t>(s)], &y = *states[static_cast<std::size_t>(1 - s)];
  const State &a = *states[2], &c = *states[3];
  const Top t = top(states);
  Switches result;
  result.z = unit_scale(x.AG) * x.AG;
  result.gain = 2 * y.sign * (a.B * t.u).array() * (c.B * t.v).array();
  result.smooth = pull_back(G_, x.pre, phi_gradient(x.G, y.G, a.U * t.u, c.U * t.v) / -x.length);
  return result;
}

// q - f u for the argument s, u its unit vector in R^{n_d} and q = (A_x'A_y - Phi) times the other's: the gradient of f
// in u, tangential.
Eigen::VectorXd Rrcp::residual(int s, const States<Rrcp>& states, const Top& t) const {
  const State &x = *states[0], &y = *states[1];
  const State &own = *states[static_cast<std::size_t>(s)], &other = *states[static_cast<std::size_t>(5 - s)];
  const Eigen::VectorXd &mine = s == 2 ? t.u : t.v, &theirs = s == 2 ? t.v : t.u;
  Eigen::VectorXd q = A_.transpose() * (x.sign * y.sign * (other.B * theirs).array()).matrix();
  q -= Phi(x.G, y.G).apply(other.U * theirs);
  return q - t.value * (own.U * mine);
}

// f depends on the piece of a by the neurons that are on: with Lambda d the singular vector and r_i the change of the
// pre-activation i along d, switching neuron i on adds r_i to its output, worth r_i times the gradient of f there.
Switches Rrcp::piece_switches(int s, const States<Rrcp>& states) const {
  const State& a = *states[static_cast<std::size_t>(s)];
  const Top t = top(states);
  const std::vector<Eigen::VectorXd> r = tangents(G_, a.pre, a.V * (s == 2 ? t.u : t.v));
  Eigen::VectorXd back = residual(s, states, t);
  Eigen::Index neurons = 0;
  for (const Eigen::VectorXd& z : a.pre) neurons += z.size();
  Switches result{Eigen::ArrayXd(neurons), Eigen::ArrayXd(neurons), Eigen::VectorXd::Zero(a.p.size())};
  for (std::size_t i = a.pre.size(); i-- > 0;) {
    neurons -= a.pre[i].size();
    result.z.segment(neurons, a.pre[i].size()) = unit_scale(a.pre[i]) * a.pre[i].array();
    result.gain.segment(neurons, a.pre[i].size()) = r[i].array() * back.array();
    back = G_.layers[i].transpose() * back.cwiseProduct(gate(a.pre[i]));
  }
  return result;
}

Switches Rrcp::difference_switches(int s, const States<Rrcp>& states) const {
  const State& pair = *states[static_cast<std::size_t>(s)];
  const Top t = top(states);
  const double sign = s == 2 ? t.u(0) : t.v(0);  // the unit vector is U or -U
  const Eigen::VectorXd h = sign / pair.length * residual(s, states, t);
  return {{}, {}, joined(pull_back(G_, pair.pre, h), -pull_back(G_, pair.second, h))};
}

Eigen::VectorXd Rrcp::pull(int s, const State& state, const Eigen::ArrayXd& weights) const {
  if (s < 2) return pull_back(G_, state.pre, A_.transpose() * (unit_scale(state.AG) / state.length * weights).matrix());
  if (form_ == Form::differences) return Eigen::VectorXd::Zero(state.p.size());
  Eigen::ArrayXd scaled = weights;
  Eigen::Index from = 0;
  for (const Eigen::VectorXd& z : state.pre) {
    scaled.segment(from, z.size()) *= unit_scale(z);
    from += z.size();
  }
  return pull_back(G_, state.pre, Eigen::VectorXd::Zero(G_.output()), scaled);
}

// ---- Witnesses.

// A point of x's cell (of the neurons, and of A's rows where measured) at most `reach` |x| away and off its walls: on
// the way to the cell's analytic centre, the maximum of sum log |h_i.p| - N/2 |p|^2, N walls h_i.
Eigen::VectorXd Rrcp::interior(const Eigen::VectorXd& x, bool measured, double reach) const {
  const double length = x.norm();
  if (length == 0) return x;
  const Eigen::VectorXd from = x / length;
  std::vector<Eigen::RowVectorXd> walls;
  Eigen::VectorXd z = from;
  Eigen::MatrixXd Lambda = Eigen::MatrixXd::Identity(x.size(), x.size());
  const auto add = [&](const Rows& W, const Eigen::VectorXd& norms) {
    const double size = z.norm();
    z = W * z;
    Lambda = (W * Lambda).eval();
    for (Eigen::Index i = 0; i < z.size(); ++i)
      if (std::abs(z(i)) > 0) walls.emplace_back(Lambda.row(i) * ((z(i) > 0 ? 1 : -1) / (norms(i) * size)));
  };
  for (std::size_t i = 0; i < G_.layers.size(); ++i) {
    add(G_.layers[i], row_norms_[i]);
    Lambda = gate(z).asDiagonal() * Lambda;
    z = z.cwiseMax(0.0);
  }
  if (measured) add(A_, row_norms_.back());
  if (walls.empty()) return x;

  Eigen::MatrixXd H(static_cast<Eigen::Index>(walls.size()), x.size());
  for (std::size_t i = 0; i < walls.size(); ++i) H.row(static_cast<Eigen::Index>(i)) = walls[i];
  const double N = static_cast<double>(H.rows());
  Eigen::VectorXd p = from;
  for (int step = 0; step < 30; ++step) {  // damped Newton steps, which never leave the cell
    const Eigen::VectorXd inverse = (H * p).cwiseInverse();
    if (!inverse.allFinite() || inverse.minCoeff() <= 0) return x;
    const Eigen::VectorXd gradient = H.transpose() * inverse - N * p;
    Eigen::MatrixXd hessian = H.transpose() * inverse.cwiseAbs2().asDiagonal() * H;
    hessian.diagonal().array() += N;
    const Eigen::VectorXd newton = hessian.llt().solve(gradient);
    p += newton / (1 + std::sqrt(std::max(0.0, gradient.dot(newton))));
  }
  p.normalize();
  const double far = (p - from).norm();
  return length * (from + std::min(1.0, far > 0 ? reach / far : 0.0) * (p - from)).normalized();
}

// (a + t d, a - t d), as one unit vector, t half of what reaches the first wall of a's piece, at most 1.
Eigen::VectorXd Rrcp::pair_in_piece(const State& a, const Eigen::VectorXd& along) const {
  const Eigen::VectorXd d = along.normalized();
  const std::vector<Eigen::VectorXd> r = tangents(G_, a.pre, d);
  double t = 2;
  for (std::size_t i = 0; i < r.size(); ++i)
    for (Eigen::Index j = 0; j < r[i].size(); ++j)
      if (r[i](j) != 0) t = std::min(t, std::abs(a.pre[i](j) / r[i](j)));
  return joined(a.p + t / 2 * d, a.p - t / 2 * d).normalized();
}

double Rrcp::margin(const Eigen::VectorXd& x, bool measured) const {
  double least = std::numeric_limits<double>::infinity();
  Eigen::VectorXd z = x;
  const auto see = [&](const Rows& W, const Eigen::VectorXd& norms) {
    const double size = z.norm();
    if (size == 0) return;
    z = W * z;
    for (Eigen::Index i = 0; i < z.size(); ++i)
      if (norms(i) > 0) least = std::min(least, std::abs(z(i)) / (norms(i) * size));
  };
  for (std::size_t i = 0; i < G_.layers.size(); ++i) {
    see(G_.layers[i], row_norms_[i]);
    z = z.cwiseMax(0.0);
  }
  if (measured) see(A_, row_norms_.back());
  return least;
}

// The quotient itself, at these very doubles.
Witness Rrcp::attained(const Point& point, const std::string& form) const {
  Witness w{.point = point, .form = form};
  const State x = direction(point[0]), y = direction(point[1]);
  const State u = difference(joined(point[2], point[3])), v = difference(joined(point[4], point[5]));
  if (!x.defined || !y.defined || !u.defined || !v.defined) return {};
  const double f = matrix({&x, &y, &u, &v})(0);
  w.value = std::abs(f);
  w.side = f >= 0 ? Side::plus : Side::minus;
  w.margin = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < point.size(); ++i) w.margin = std::min(w.margin, margin(point[i], i < 2));
  return w;
}

Witness Rrcp::witness(const States<Rrcp>& states) const {
  constexpr double reach = 1e-7;  // what leaving the walls may cost: Phi turns by less than that
  const Eigen::VectorXd x = interior(states[0]->p, true, reach), y = interior(states[1]->p, true, reach);
  Eigen::VectorXd pairs[2];
  if (form_ == Form::tangent) {
    const State sx = direction(x), sy = direction(y);
    const State a = piece(interior(states[2]->p, false, 1)), c = piece(interior(states[3]->p, false, 1));
    if (!sx.defined || !sy.defined || !a.defined || !c.defined) return {};
    const Top t = top({&sx, &sy, &a, &c});
    pairs[0] = pair_in_piece(a, a.V * t.u);
    pairs[1] = pair_in_piece(c, c.V * t.v);
  } else {
    for (std::size_t i = 0; i < 2; ++i) {
      const Eigen::VectorXd p = half(states[2 + i]->p, 0), q = half(states[2 + i]->p, 1);
      const double shift = reach * (p - q).norm();
      pairs[i] = joined(interior(p, false, shift), interior(q, false, shift)).normalized();
    }
  }
  return attained({x, y, half(pairs[0], 0), half(pairs[0], 1), half(pairs[1], 0), half(pairs[1], 1)},
                  form_ == Form::tangent ? "tangent" : "differences");
}

// ---- Estimators.

namespace {

// Multiplications in a value of prepared arguments; in preparing a direction. A piece costs k times the latter. Both at
// some 5e9 a second.
double value_cost(const Rrcp& rrcp) {
  const auto k = static_cast<double>(rrcp.network().input);
  const auto rows = static_cast<double>(rrcp.measurements().rows() + rrcp.network().output());
  return rows * k * k + 20 * k * k * k + 1000;
}

double direction_cost(const Rrcp& rrcp) {
  auto cost = static_cast<double>(rrcp.measurements().size());
  for (const Rows& W : rrcp.network().layers) cost += static_cast<double>(W.size());
  return cost + 1000;
}

}  // namespace

std::int64_t default_samples(const Rrcp& rrcp) {
  return static_cast<std::int64_t>(std::clamp(3.5e9 / value_cost(rrcp), 256.0, 200'000.0));
}

std::int64_t default_starts(const Rrcp& rrcp) {
  const double steps = 1.25 * PreparedSearchPlan().steps, k = static_cast<double>(rrcp.network().input);
  const double starts = 3.4e10 / (steps * (value_cost(rrcp) + (k / 2 + 1) * direction_cost(rrcp)));
  return static_cast<std::int64_t>(std::clamp(starts, 16.0, 1024.0)) / 8 * 8;
}

Sampled sample(const Rrcp& rrcp, std::int64_t count, std::optional<GridKind> kind, const Stream& stream, int threads,
               const Progress& progress) {
  return sample<Rrcp>(rrcp, count, kind, stream, threads, progress);
}

Searched search(const Rrcp& rrcp, std::int64_t starts, const Stream& stream, int threads, const Progress& progress) {
  if (starts < 1) throw InputError(fmt::format("starts = {}: a search needs at least 1", starts));
  if (threads < 1) throw InputError(fmt::format("threads = {}: a search needs at least 1", threads));
  const std::int64_t last = rrcp.form() == Rrcp::Form::tangent ? (starts + 3) / 4 : 0;  // go on in differences
  Searched found;
  std::vector<Witness> best = PreparedSearch<Rrcp>(rrcp).run(starts, stream.at({0}), threads, progress, {}, found);
  if (best.empty()) return found;
  found.witness = best[0];
  if (last == 0) return found;
  const Rrcp differences(rrcp.network(), rrcp.measurements(), Rrcp::Form::differences);
  std::vector<Point> seeds;
  for (const Witness& w : best)
    if (!w.point.empty())
      seeds.push_back({w.point[0], w.point[1], joined(w.point[2], w.point[3]), joined(w.point[4], w.point[5])});
  PreparedSearchPlan plan;
  plan.fresh = 0;
  Searched further;
  best = PreparedSearch<Rrcp>(differences, plan).run(last, stream.at({1}), threads, {}, seeds, further);
  if (!best.empty() && best[0].value > found.witness.value) found.witness = best[0];
  found.starts += further.starts;
  found.evaluations += further.evaluations;
  found.undefined += further.undefined;
  return found;
}

}  // namespace theoremeter
