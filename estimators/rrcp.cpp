#include "estimators/rrcp.hpp"

#include "estimators/decompositions.hpp"
#include "estimators/prepared_sample.hpp"
#include "theory/error.hpp"
#include "theory/operators.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

namespace theoremeter {
namespace {

// Witnesses whose every neuron and measurement is at least this far from 0, relative to its terms, stay where they are.
// Others may lose this part of their value to get there.
constexpr double clearance = 1e-9, dear = 1e-6;

// Where z > 0, as 1 and 0.
Eigen::VectorXd gate(const Eigen::VectorXd& z) {
  return z.unaryExpr([](double t) { return t > 0 ? 1.0 : 0.0; });
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

namespace {

// e, 0 unless A is huge. The constant is at most |A|^2 + 1.
int units_of(const Rows& A, const Network& G) {
  if (A.rows() < 1) throw InputError("A: has no row, must have at least 1");
  if (A.cols() != G.output())
    throw InputError(
        fmt::format("A: has {} columns, must have as many as the network has outputs, {}", A.cols(), G.output()));
  if (const double norm = A.stableNorm(); !(norm < 0x1p510))
    throw InputError(fmt::format("A: has norm {:.3g}, must be below 3.3e153: its square must be a double", norm));
  const int exponent = scaling_exponent(A, "A");
  return exponent > 64 ? exponent : 0;
}

}  // namespace

Rrcp::Rrcp(const Network& G, const Rows& A, Form form, Property property)
    : exponent_(units_of(A, G)), exact_(G, scaled(A, exponent_)), form_(form), property_(property) {
  for (const Rows& W : network().layers) row_norms_.emplace_back(W.rowwise().stableNorm());
  row_norms_.emplace_back(measurements().rowwise().stableNorm());
}

Rrcp Rrcp::in(Form form) const {
  Rrcp other = *this;
  other.form_ = form;
  return other;
}

Rrcp::State Rrcp::prepare(int s, const Eigen::VectorXd& p) const {
  assert(p.size() == dimension(s));
  return s < directions() ? direction(p) : form_ == Form::tangent ? piece(p) : difference(p);
}

Rrcp::State Rrcp::direction(const Eigen::VectorXd& x) const {
  ExactNetwork::Pass pass = exact_.pass(x, true);
  State state{.p = x, .pre = std::move(pass.pre)};
  state.length = pass.G.stableNorm();
  state.defined = state.length > 0;
  if (!state.defined) return state;
  state.G = pass.G / state.length;
  state.AG = pass.measured / state.length;
  state.sign = pass.measured.array().sign();
  return state;
}

Rrcp::State Rrcp::piece(const Eigen::VectorXd& a) const {
  ExactNetwork::Pass pass = exact_.pass(a, false);
  ExactNetwork::Range range = exact_.range(pass);
  State state{.p = a, .pre = std::move(pass.pre), .defined = range.U.cols() > 0 && range.V.allFinite()};
  if (!state.defined) return state;
  state.U = std::move(range.U);
  state.V = std::move(range.V);
  state.B = measurements() * state.U;
  return state;
}

Rrcp::State Rrcp::difference(const Eigen::VectorXd& pair) const {
  ExactNetwork::Difference delta = exact_.difference(half(pair, 0), half(pair, 1));
  State state{.p = pair, .pre = std::move(delta.first.pre), .second = std::move(delta.second.pre)};
  state.length = delta.value.stableNorm();
  state.defined = state.length > 0;
  if (!state.defined) return state;
  state.U = delta.value / state.length;
  state.B = measurements() * state.U;
  return state;
}

Eigen::ArrayXd Rrcp::signs(const States<Rrcp>& states) const {
  if (property_ == Property::isometry) return Eigen::ArrayXd::Ones(measurements().rows());
  return states[0]->sign * states[1]->sign;
}

PlaneOperator Rrcp::expectation(const States<Rrcp>& states) const {
  const Eigen::VectorXd none = Eigen::VectorXd::Zero(network().output());
  PlaneOperator E =
      property_ == Property::isometry ? PlaneOperator{1, 0, 0, none, none} : Phi(states[0]->G, states[1]->G);
  const double unit = std::ldexp(1.0, -2 * exponent_);
  E.identity *= unit;
  E.plus *= unit;
  E.minus *= unit;
  return E;
}

// U_c' (A_{G(x)}' A_{G(y)} - Phi_{G(x),G(y)}) U_a.
Eigen::MatrixXd Rrcp::matrix(const States<Rrcp>& states) const {
  const State &a = this->a(states), &c = this->c(states);
  const PlaneOperator phi = expectation(states);
  const Eigen::VectorXd as = a.U.transpose() * phi.sum, cs = c.U.transpose() * phi.sum;
  const Eigen::VectorXd ad = a.U.transpose() * phi.difference, cd = c.U.transpose() * phi.difference;
  const Eigen::MatrixXd DB = signs(states).matrix().asDiagonal() * a.B;
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
  if (F.rows() == 1 || F.cols() == 1) return std::ldexp(F.norm(), 2 * exponent_);
  const Eigen::MatrixXd square = F.transpose() * F;
  const double largest = symmetric_eigenvalues(square).tail<1>()(0);
  return std::ldexp(std::sqrt(std::max(0.0, largest)), 2 * exponent_);
}

// value = v'F u = <(A_x'A_y - Phi) U_a u, U_c v>.
struct Rrcp::Top {
  double value;
  Eigen::VectorXd u, v;
};

Rrcp::Top Rrcp::top(const States<Rrcp>& states) const {
  const Eigen::MatrixXd F = matrix(states), square = F.transpose() * F;
  Top top{0, symmetric_eigen(square).vectors.rightCols<1>(), {}};
  top.v = F * top.u;
  top.value = top.v.norm();
  top.v = top.value > 0 ? Eigen::VectorXd(top.v / top.value) : Eigen::VectorXd::Unit(F.rows(), 0);
  return top;
}

Switches Rrcp::switches(int s, const States<Rrcp>& states) const {
  if (s < directions()) return direction_switches(s, states);
  return form_ == Form::tangent ? piece_switches(s, states) : difference_switches(s, states);
}

// f = sum_i sgn(a_i G(x)) sgn(a_i G(y)) (B_a u)_i (B_c v)_i - (U_c v)' Phi (U_a u), the switches being a_i G(x).
Switches Rrcp::direction_switches(int s, const States<Rrcp>& states) const {
  const State &x = *states[static_cast<std::size_t>(s)], &y = *states[static_cast<std::size_t>(1 - s)];
  const State &a = this->a(states), &c = this->c(states);
  const Top t = top(states);
  Switches result;
  result.z = unit_scale(x.AG) * x.AG;
  result.gain = 2 * y.sign * (a.B * t.u).array() * (c.B * t.v).array();
  result.smooth = pull_back(network(), x.pre,
                            std::ldexp(-1 / x.length, -2 * exponent_) * phi_gradient(x.G, y.G, a.U * t.u, c.U * t.v));
  return result;
}

// q - f u for the argument s, u its unit vector in R^{n_d} and q = (A_x'A_y - Phi) times the other's: the gradient of f
// in u, tangential.
Eigen::VectorXd Rrcp::residual(int s, const States<Rrcp>& states, const Top& t) const {
  const bool first = s == directions();
  const State &own = this->own(s, states), &other = first ? c(states) : a(states);
  const Eigen::VectorXd &mine = first ? t.u : t.v, &theirs = first ? t.v : t.u;
  Eigen::VectorXd q = measurements().transpose() * (signs(states) * (other.B * theirs).array()).matrix();
  q -= expectation(states).apply(other.U * theirs);
  return q - t.value * (own.U * mine);
}

// f depends on the piece of a by the neurons that are on: with Lambda d the singular vector and r_i the change of the
// pre-activation i along d, switching neuron i on adds r_i to its output, worth r_i times the gradient of f there.
Switches Rrcp::piece_switches(int s, const States<Rrcp>& states) const {
  const State& a = own(s, states);
  const Top t = top(states);
  const std::vector<Eigen::VectorXd> r = tangents(network(), a.pre, a.V * (s == directions() ? t.u : t.v));
  Eigen::VectorXd back = residual(s, states, t);
  Eigen::Index neurons = 0;
  for (const Eigen::VectorXd& z : a.pre) neurons += z.size();
  Switches result{Eigen::ArrayXd(neurons), Eigen::ArrayXd(neurons), Eigen::VectorXd::Zero(a.p.size())};
  for (std::size_t i = a.pre.size(); i-- > 0;) {
    neurons -= a.pre[i].size();
    result.z.segment(neurons, a.pre[i].size()) = unit_scale(a.pre[i]) * a.pre[i].array();
    result.gain.segment(neurons, a.pre[i].size()) = r[i].array() * back.array();
    back = network().layers[i].transpose() * back.cwiseProduct(gate(a.pre[i]));
  }
  return result;
}

Switches Rrcp::difference_switches(int s, const States<Rrcp>& states) const {
  const State& pair = own(s, states);
  const Top t = top(states);
  const double sign = s == directions() ? t.u(0) : t.v(0);  // the unit vector is U or -U
  const Eigen::VectorXd h = sign / pair.length * residual(s, states, t);
  return {{}, {}, joined(pull_back(network(), pair.pre, h), -pull_back(network(), pair.second, h))};
}

Eigen::VectorXd Rrcp::pull(int s, const State& state, const Eigen::ArrayXd& weights) const {
  if (s < directions())
    return pull_back(network(), state.pre,
                     measurements().transpose() * (unit_scale(state.AG) / state.length * weights).matrix());
  if (form_ == Form::differences) return Eigen::VectorXd::Zero(state.p.size());
  Eigen::ArrayXd scaled = weights;
  Eigen::Index from = 0;
  for (const Eigen::VectorXd& z : state.pre) {
    scaled.segment(from, z.size()) *= unit_scale(z);
    from += z.size();
  }
  return pull_back(network(), state.pre, Eigen::VectorXd::Zero(network().output()), scaled);
}

// ---- Witnesses.

namespace {

// The larger, or, where they are the same but for what moving is worth, the one further from its walls.
Witness better(Witness first, Witness second) {
  if (first.point.empty() || second.point.empty()) return first.point.empty() ? std::move(second) : std::move(first);
  const bool alike = std::abs(first.value - second.value) <= dear * std::max(first.value, second.value);
  const double gain = alike ? std::min(second.margin, clearance) - std::min(first.margin, clearance) : 0;
  return gain > 0 || (gain == 0 && second.value > first.value) ? std::move(second) : std::move(first);
}

}  // namespace

// A point of x's cell (of the neurons, and of A's rows where measured) at most `reach` |x| away and off its walls: on
// the way to the cell's analytic centre, the maximum of sum log |h_i.p| - N/2 |p|^2, N walls h_i.
Eigen::VectorXd Rrcp::interior(const Eigen::VectorXd& x, bool measured, double reach) const {
  const double length = x.norm();
  if (length == 0) return x;
  const Eigen::VectorXd from = x / length;
  std::vector<Eigen::RowVectorXd> walls;
  const ExactNetwork::Pass pass = exact_.pass(x, measured);  // of x itself: from may be on another side
  double size = 1;
  Eigen::MatrixXd Lambda = Eigen::MatrixXd::Identity(x.size(), x.size());
  const auto add = [&](const Rows& W, const Eigen::VectorXd& z, const Eigen::VectorXd& norms) {
    Lambda = (W * Lambda).eval();
    for (Eigen::Index i = 0; i < z.size(); ++i)
      if (z(i) != 0) walls.emplace_back(Lambda.row(i) * ((z(i) > 0 ? 1 : -1) / (norms(i) * size)));
    size = z.cwiseMax(0.0).stableNorm() / length;
  };
  for (std::size_t i = 0; i < pass.pre.size(); ++i) {
    add(network().layers[i], pass.pre[i], row_norms_[i]);
    Lambda = gate(pass.pre[i]).asDiagonal() * Lambda;
  }
  if (measured) add(measurements(), pass.measured, row_norms_.back());
  if (walls.empty()) return x;

  Eigen::MatrixXd H(static_cast<Eigen::Index>(walls.size()), x.size());
  for (std::size_t i = 0; i < walls.size(); ++i) H.row(static_cast<Eigen::Index>(i)) = walls[i];
  const double N = static_cast<double>(H.rows());
  Eigen::VectorXd p = from;
  const Eigen::VectorXd given = (1e-14 - (H * p).array()).cwiseMax(0.0);  // where rounding would put p on a wall
  for (int step = 0; step < 60; ++step) {  // damped Newton steps, which do not leave the cell but for `given`
    const Eigen::VectorXd inverse = (H * p + given).cwiseInverse();
    if (!inverse.allFinite() || inverse.minCoeff() <= 0) return x;
    const Eigen::VectorXd gradient = H.transpose() * inverse - N * p;
    Eigen::MatrixXd hessian = H.transpose() * inverse.cwiseAbs2().asDiagonal() * H;
    hessian.diagonal().array() += N;
    const Eigen::VectorXd newton = solve_definite(hessian, gradient);
    p += newton / (1 + std::sqrt(std::max(0.0, gradient.dot(newton))));
  }
  p.normalize();
  const double far = (p - from).norm();
  return length * (from + std::min(1.0, far > 0 ? reach / far : 0.0) * (p - from)).normalized();
}

// (a + t d, a - t d), as one unit vector, t half of what reaches the first wall of a's piece, at most 1.
Eigen::VectorXd Rrcp::pair_in_piece(const State& a, const Eigen::VectorXd& along) const {
  const Eigen::VectorXd d = along.stableNormalized();
  const std::vector<Eigen::VectorXd> r = tangents(network(), a.pre, d);
  double t = 2;
  for (std::size_t i = 0; i < r.size(); ++i)
    for (Eigen::Index j = 0; j < r[i].size(); ++j)
      if (r[i](j) != 0) t = std::min(t, std::abs(a.pre[i](j) / r[i](j)));
  return joined(a.p + t / 2 * d, a.p - t / 2 * d).normalized();
}

double Rrcp::margin(const Eigen::VectorXd& x, bool measured) const {
  const ExactNetwork::Pass pass = exact_.pass(x, measured);
  double least = std::numeric_limits<double>::infinity(), size = x.stableNorm();
  const auto see = [&](const Eigen::VectorXd& z, const Eigen::VectorXd& norms) {
    for (Eigen::Index i = 0; i < z.size() && size > 0; ++i)
      if (norms(i) > 0) least = std::min(least, std::abs(z(i)) / (norms(i) * size));
    size = z.cwiseMax(0.0).stableNorm();
  };
  for (std::size_t i = 0; i < pass.pre.size(); ++i) see(pass.pre[i], row_norms_[i]);
  if (measured) see(pass.measured, row_norms_.back());
  return least;
}

// The quotient itself, at these very doubles.
Witness Rrcp::attained(const States<Rrcp>& directions, const Eigen::VectorXd& first,
                       const Eigen::VectorXd& second) const {
  const State u = difference(first), v = difference(second);
  States<Rrcp> states = directions;
  states.insert(states.end(), {&u, &v});
  Witness w;
  w.margin = std::numeric_limits<double>::infinity();
  w.form = form_ == Form::tangent ? "tangent" : "differences";
  for (const State* state : states)
    if (!state->defined) return {};
  const double f = std::ldexp(matrix(states)(0), 2 * exponent_);
  w.value = std::abs(f);
  w.side = f >= 0 ? Side::plus : Side::minus;
  for (const State* x : directions) w.point.push_back(x->p);
  for (const State* pair : {&u, &v})
    for (const int which : {0, 1}) w.point.push_back(half(pair->p, which));
  for (std::size_t i = 0; i < w.point.size(); ++i)
    w.margin = std::min(w.margin, margin(w.point[i], i < directions.size()));
  return w;
}

bool Rrcp::clear(const Eigen::VectorXd& x, bool measured) const { return margin(x, measured) >= clearance; }

// The piece of a, at a point away from its walls where there is one.
Rrcp::State Rrcp::inside(const State& a) const {
  State moved = piece(interior(a.p, false, 1));
  for (std::size_t i = 0; i < a.pre.size(); ++i)
    if (gate(moved.pre[i]) != gate(a.pre[i])) return a;
  return moved;
}

Witness Rrcp::witness(const States<Rrcp>& states) const {
  Witness best;
  for (const double reach : {1e-7, 1e-6, 1e-5})
    if (best.point.empty() || best.margin < clearance) best = better(std::move(best), witness(states, reach));
  return best;
}

// As it is, or moved so far.
Witness Rrcp::witness(const States<Rrcp>& states, double reach) const {
  std::vector<State> moved;
  States<Rrcp> stay(states.begin(), states.begin() + directions()), leave;
  for (const State* x : stay) moved.push_back(clear(x->p, true) ? *x : direction(interior(x->p, true, reach)));
  for (const State& x : moved) leave.push_back(&x);

  if (form_ == Form::tangent) {
    const State a = inside(this->a(states)), c = inside(this->c(states));
    const auto at = [&](States<Rrcp> all) {
      for (const State* x : all)
        if (!x->defined) return Witness{};
      const States<Rrcp> directions = all;
      all.insert(all.end(), {&a, &c});
      for (const State* x : all)
        if (!x->defined) return Witness{};
      const Top t = top(all);
      return attained(directions, pair_in_piece(a, a.V * t.u), pair_in_piece(c, c.V * t.v));
    };
    return better(at(leave), at(stay));
  }
  std::vector<Eigen::VectorXd> pairs;
  for (const State* state : {&a(states), &c(states)}) {
    const Eigen::VectorXd p = half(state->p, 0), q = half(state->p, 1);
    const double shift = reach * (p - q).norm();
    const auto away = [&](const Eigen::VectorXd& x) { return clear(x, false) ? x : interior(x, false, shift); };
    pairs.push_back(joined(away(p), away(q)).normalized());
  }
  return better(attained(leave, pairs[0], pairs[1]), attained(stay, a(states).p, c(states).p));
}

// ---- Estimators.

namespace {

// Multiplications in a value of prepared arguments, at some 5e9 a second.
double value_cost(const Rrcp& rrcp) {
  const auto k = static_cast<double>(rrcp.network().input);
  const auto rows = static_cast<double>(rrcp.measurements().rows() + rrcp.network().output());
  return rows * k * k + 20 * k * k * k + 1000;
}

}  // namespace

std::int64_t default_samples(const Rrcp& rrcp) {
  return static_cast<std::int64_t>(std::clamp(3.5e9 / value_cost(rrcp), 256.0, 200'000.0));
}

Sampled sample(const Rrcp& rrcp, std::int64_t count, std::optional<GridKind> kind, const Stream& stream, int threads,
               const Progress& progress) {
  return sample<Rrcp>(rrcp, count, kind, stream, threads, progress);
}

}  // namespace theoremeter
