#include "estimators/difference_climb.hpp"

#include "estimators/decompositions.hpp"
#include "estimators/kinks.hpp"
#include "theory/angle.hpp"
#include "theory/operators.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace theoremeter {
namespace {

using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double longest = 0.1;           // a line reaches so far, or a part of it
constexpr double along = 0.5;             // share of lines through x or y along the kinks next to it
constexpr double beside = 1e-9;           // an event: where both its sides are tried, so that
constexpr double next_to = 100 * beside;  // kinks nearer are those that x and y lie next to

VectorXd unit_normal(Index k, Stream& stream) {
  return VectorXd::NullaryExpr(k, [&] { return stream.normal(); }).normalized();
}

// The part of d along the sphere at x and, where they leave anything, these hyperplanes: of unit length, or 0.
VectorXd along_all(const VectorXd& d, const VectorXd& x, const MatrixXd& normals) {
  MatrixXd across = x;
  if (normals.cols() + 1 < x.size()) {
    across.conservativeResize(Eigen::NoChange, 1 + normals.cols());
    across.rightCols(normals.cols()) = normals;
  }
  const MatrixXd Q = qr_of(across).Q;
  VectorXd u = d;
  for (int again = 0; again < 2; ++again) u -= Q * (Q.transpose() * u);
  const double length = u.norm();
  return length > 1e-9 * d.norm() ? VectorXd(u / length) : VectorXd::Zero(x.size());
}

double sign_of(double z) { return z > 0 ? 1 : z < 0 ? -1 : 0; }

}  // namespace

// x + t d as it passes through the layers and A, from some t on, piece by piece: every pre-activation is value + t
// slope on a piece. Where a neuron switches, what follows changes by (t - end) times the change of the slopes.
class DifferenceClimber::Line {
 public:
  Line(const std::vector<MatrixXd>& layers, const VectorXd& x, const VectorXd& d, double from)
      : layers_(layers), value_{x}, slope_{d}, start_(from) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      value_.push_back(layers[i] * value_[i]);
      slope_.push_back(layers[i] * slope_[i]);
      raw_value_.push_back(value_.back());
      raw_slope_.push_back(slope_.back());
      if (i + 1 == layers.size()) break;
      for (Index j = 0; j < value_.back().size(); ++j) {
        const double z = value_.back()(j) + from * slope_.back()(j);
        if (z > 0 || (z == 0 && slope_.back()(j) > 0)) continue;
        value_.back()(j) = slope_.back()(j) = 0;
      }
      on_.push_back((value_.back().array() != 0 || slope_.back().array() != 0).cast<double>());
    }
    find_end();
  }

  double start() const { return start_; }
  double end() const { return end_; }  // of this piece
  const VectorXd& G() const { return value_[layers_.size() - 1]; }
  const VectorXd& slope_of_G() const { return slope_[layers_.size() - 1]; }
  const VectorXd& AG() const { return value_.back(); }
  const VectorXd& slope_of_AG() const { return slope_.back(); }

  /// To the next piece.
  void advance() {
    const std::size_t last = layers_.size() - 1;
    auto& on = on_[layer_];
    on(neuron_) = 1 - on(neuron_);
    const double change = on(neuron_) > 0 ? raw_slope_[layer_](neuron_) : -raw_slope_[layer_](neuron_);
    value_[layer_ + 1](neuron_) = on(neuron_) * raw_value_[layer_](neuron_);
    slope_[layer_ + 1](neuron_) = on(neuron_) * raw_slope_[layer_](neuron_);
    VectorXd slopes = layers_[layer_ + 1].col(neuron_) * change;
    for (std::size_t i = layer_ + 1;; ++i) {
      raw_slope_[i] += slopes;
      raw_value_[i] -= end_ * slopes;
      if (i == last) break;
      slopes.array() *= on_[i];
      slope_[i + 1] += slopes;
      value_[i + 1] -= end_ * slopes;
      slopes = layers_[i + 1] * slopes;
    }
    value_.back() = raw_value_.back();
    slope_.back() = raw_slope_.back();
    start_ = end_;
    find_end();
  }

 private:
  void find_end() {
    end_ = infinity;
    for (std::size_t i = 0; i < on_.size(); ++i)
      for (Index j = 0; j < on_[i].size(); ++j) {
        const double slope = raw_slope_[i](j);
        if (!(on_[i](j) > 0 ? slope < 0 : slope > 0)) continue;
        const double t = std::max(start_, -raw_value_[i](j) / slope);
        if (t >= end_) continue;
        end_ = t;
        layer_ = i;
        neuron_ = j;
      }
  }

  const std::vector<MatrixXd>& layers_;
  std::vector<VectorXd> value_, slope_;          // x, the outputs of the layers, A G
  std::vector<VectorXd> raw_value_, raw_slope_;  // pre-activations, A G
  std::vector<Eigen::ArrayXd> on_;
  double start_, end_ = infinity;
  std::size_t layer_ = 0;  // of the neuron that ends the piece
  Index neuron_ = 0;
};

DifferenceClimber::DifferenceClimber(const Rrcp& rrcp, const DifferenceAnnealer& annealer)
    : rrcp_(rrcp), annealer_(annealer) {
  for (const Rows& W : rrcp.network().layers) layers_.emplace_back(W);
  layers_.emplace_back(rrcp.measurements());
}

DifferenceClimb DifferenceClimber::start(const DifferenceColumns& c, Index j) const {
  DifferenceClimb at;
  if (c.x.cols() > 0) {
    at.x = c.x.col(j).cast<double>();
    at.y = c.y.col(j).cast<double>();
  }
  const VectorXd a = c.a.col(j).cast<double>(), hw = std::exp(c.log_h(j)) * c.w.col(j).cast<double>();
  at.x1 = a + hw;
  at.x2 = a - hw;
  at.sign = c.sign(j);
  at.value = value(at);
  return at;
}

namespace {

// G(x) and A G(x) divided by its length.
struct Image {
  VectorXd G, AG;
  Image(const std::vector<MatrixXd>& layers, const VectorXd& x) : G(x) {
    for (std::size_t i = 0; i + 1 < layers.size(); ++i) G = (layers[i] * G).cwiseMax(0.0);
    if (const double length = G.norm(); length > 0) G /= length;
    AG = layers.back() * G;
  }
};

VectorXd difference_of(const std::vector<MatrixXd>& layers, const VectorXd& x1, const VectorXd& x2) {
  VectorXd p = x1, q = x2, difference = x1 - x2;
  for (std::size_t i = 0; i + 1 < layers.size(); ++i) {
    p = layers[i] * p;
    q = layers[i] * q;
    difference = layers[i] * difference;
    for (Index j = 0; j < p.size(); ++j)
      if (!(p(j) > 0 && q(j) > 0)) difference(j) = std::max(p(j), 0.0) - std::max(q(j), 0.0);
    p = p.cwiseMax(0.0);
    q = q.cwiseMax(0.0);
  }
  return difference;
}

}  // namespace

// -infinity where it is not defined.
double DifferenceClimber::value(const DifferenceClimb& at) const {
  VectorXd u = difference_of(layers_, at.x1, at.x2);
  const double length = u.norm();
  if (!(length > 0)) return -infinity;
  u /= length;
  const Eigen::ArrayXd squares = (layers_.back() * u).array().square();
  const double unit = std::ldexp(1.0, -2 * rrcp_.exponent());
  if (at.x.size() == 0) return at.sign * (squares.sum() - unit);
  const Image x(layers_, at.x), y(layers_, at.y);
  if (x.G.isZero(0) || y.G.isZero(0)) return -infinity;
  return at.sign * ((x.AG.array().sign() * y.AG.array().sign() * squares).sum() - unit * Phi(x.G, y.G).form(u));
}

// On a piece G(x) = g + t s. Signs switch where a row of A G(x) passes 0; Phi depends on t through <G(x), u>, <G(x),
// G(y)> and |G(x)|, all of them known. Of each interval between two events the middle is tried and both ends, just
// inside: where x comes to lie next to a kink, a later line goes along it.
void DifferenceClimber::along_direction(DifferenceClimb& at, bool first, const VectorXd& d, double reach) const {
  VectorXd& x = first ? at.x : at.y;
  const Image y(layers_, first ? at.y : at.x);
  const VectorXd u = difference_of(layers_, at.x1, at.x2).normalized();
  const Eigen::ArrayXd weight = y.AG.array().sign() * (layers_.back() * u).array().square();
  const double unit = std::ldexp(1.0, -2 * rrcp_.exponent()), uy = u.dot(y.G);
  Line line(layers_, x, d, -reach);
  double best = at.value, best_t = 0, sum = 0;
  for (Index i = 0; i < weight.size(); ++i) sum += weight(i) * sign_of(line.AG()(i) - reach * line.slope_of_AG()(i));
  struct Event {
    double t, jump;
  };
  std::vector<Event> events;
  for (Index pieces = 0; line.start() < reach && pieces < 10'000; ++pieces) {
    const double end = std::min(line.end(), reach);
    const VectorXd &g = line.G(), &s = line.slope_of_G();
    const double gg = g.squaredNorm(), gs = g.dot(s), ss = s.squaredNorm();
    const double gu = g.dot(u), su = s.dot(u), gy = g.dot(y.G), sy = s.dot(y.G);
    const auto phi = [&](double t) {
      const double length = std::sqrt(gg + t * (2 * gs + t * ss));
      if (!(length > 0)) return infinity;
      const double cosine = std::clamp((gy + t * sy) / length, -1.0, 1.0), ux = (gu + t * su) / length;
      const double sine = std::sqrt(std::max(1e-14, 1 - cosine * cosine)), theta = std::atan2(sine, cosine);
      const double plane = 2 * ux * uy - cosine * (ux * ux + uy * uy);
      return (std::numbers::pi - 2 * theta + 2 * plane / sine) / std::numbers::pi;
    };
    events.clear();
    for (Index i = 0; i < weight.size(); ++i) {
      const double slope = line.slope_of_AG()(i), t = -line.AG()(i) / slope;
      if (t > line.start() && t <= end) events.push_back({t, slope > 0 ? 2 * weight(i) : -2 * weight(i)});
    }
    std::sort(events.begin(), events.end(), [](const Event& p, const Event& q) { return p.t < q.t; });
    events.push_back({end, 0});
    double from = line.start();
    for (const Event& e : events) {
      if (at.sign * sum + unit > best)  // |Phi| <= 1
        for (const double inside = std::min(beside, (e.t - from) / 4);
             const double t : {from + inside, (from + e.t) / 2, e.t - inside})
          if (const double f = at.sign * (sum - unit * phi(t)); f > best) best = f, best_t = t;
      sum += e.jump;
      from = e.t;
    }
    if (line.end() >= reach) break;
    line.advance();
  }
  if (best_t == 0) return;
  DifferenceClimb moved = at;
  (first ? moved.x : moved.y) = (x + best_t * d).normalized();
  moved.value = value(moved);
  if (moved.value > at.value) at = std::move(moved);
}

// On a piece the difference is p + t q, and the quotient one of two quadratics in t: it is continuous, and largest at
// an end or where a quadratic vanishes.
void DifferenceClimber::along_pair(DifferenceClimb& at, const VectorXd& d1, const VectorXd& d2, double reach) const {
  const double unit = std::ldexp(1.0, -2 * rrcp_.exponent());
  Eigen::ArrayXd signs = Eigen::ArrayXd::Ones(layers_.back().rows());
  PlaneOperator phi{1, 0, 0, VectorXd::Zero(layers_.back().cols()), VectorXd::Zero(layers_.back().cols())};
  if (at.x.size() > 0) {
    const Image x(layers_, at.x), y(layers_, at.y);
    signs = x.AG.array().sign() * y.AG.array().sign();
    phi = Phi(x.G, y.G);
  }
  const auto form = [&](const VectorXd& Ap, const VectorXd& Aq, const VectorXd& p, const VectorXd& q) {
    return (signs * Ap.array() * Aq.array()).sum() -
           unit * (phi.identity * p.dot(q) + phi.plus * phi.sum.dot(p) * phi.sum.dot(q) -
                   phi.minus * phi.difference.dot(p) * phi.difference.dot(q));
  };
  Line one(layers_, at.x1, d1, -reach), two(layers_, at.x2, d2, -reach);
  double best = at.value, best_t = 0;
  for (Index pieces = 0; pieces < 10'000; ++pieces) {
    const double start = std::max(one.start(), two.start()), end = std::min({one.end(), two.end(), reach});
    const VectorXd p = one.G() - two.G(), q = one.slope_of_G() - two.slope_of_G();
    const VectorXd Ap = one.AG() - two.AG(), Aq = one.slope_of_AG() - two.slope_of_AG();
    const double n0 = form(Ap, Ap, p, p), n1 = form(Ap, Aq, p, q), n2 = form(Aq, Aq, q, q);
    const double m0 = p.squaredNorm(), m1 = p.dot(q), m2 = q.squaredNorm();
    const auto offer = [&](double t) {
      if (!(t >= start && t <= end)) return;
      const double below = m0 + t * (2 * m1 + t * m2);
      if (!(below > 1e-20 * (m0 + t * t * m2))) return;  // cancelled
      if (const double f = at.sign * (n0 + t * (2 * n1 + t * n2)) / below; f > best) best = f, best_t = t;
    };
    // (n1 + n2 t)(m0 + m1 t) - (n0 + n1 t)(m1 + m2 t), half the derivative's numerator
    const double a = n2 * m1 - n1 * m2, b = n2 * m0 - n0 * m2, c = n1 * m0 - n0 * m1;
    const double root = std::sqrt(std::max(0.0, b * b - 4 * a * c)), s = -0.5 * (b + (b >= 0 ? root : -root));
    offer(s / a);
    offer(c / s);
    offer(end - 1e-7 * (end - start));  // not on the wall itself, where another rounding has another pattern
    if (end >= reach) break;
    (one.end() <= two.end() ? one : two).advance();
  }
  if (best_t == 0) return;
  DifferenceClimb moved = at;
  moved.x1 += best_t * d1;
  moved.x2 += best_t * d2;
  const double size = std::sqrt((moved.x1.squaredNorm() + moved.x2.squaredNorm()) / 2);
  moved.x1 /= size;
  moved.x2 /= size;
  moved.value = value(moved);
  if (moved.value > at.value) at = std::move(moved);
}

std::int64_t DifferenceClimber::climb(DifferenceClimb& at, int failures, double least, Stream& stream) const {
  const bool isometry = at.x.size() == 0;
  const Index k = at.x1.size();
  std::int64_t lines = 0;
  DifferenceColumns c(k, isometry ? 0 : 2, 1);
  for (int failed = 0; failed < failures; ++lines) {
    const double before = at.value, reach = longest * std::pow(10, -2 * stream.uniform()), kind = stream.uniform();
    DifferenceColumns d = c;
    const bool gradient = stream.uniform() < 0.6;
    if (gradient) {
      if (!isometry) c.x = at.x.cast<float>(), c.y = at.y.cast<float>();
      const VectorXd middle = (at.x1 + at.x2) / 2, half = (at.x1 - at.x2) / 2;
      const double size = middle.norm(), h = half.norm() / size;  // a, of length 1, and h w
      c.a = (middle / size).cast<float>();
      c.w = half.normalized().cast<float>();
      c.log_h(0) = static_cast<float>(std::log(h));
      c.sign(0) = static_cast<float>(at.sign);
      d = annealer_.slopes(c, static_cast<float>(reach));
    }
    const auto direction = [&](const Eigen::MatrixXf& slope) {
      const VectorXd g = gradient ? VectorXd(slope.col(0).cast<double>()) : unit_normal(k, stream);
      const double norm = g.norm();
      return norm > 0 && std::isfinite(norm) ? VectorXd(g / norm) : unit_normal(k, stream);
    };
    if (!isometry && kind < 0.5) {
      const bool first = kind < 0.25;
      const VectorXd& x = first ? at.x : at.y;
      MatrixXd kinks(k, 0);
      if (stream.uniform() < along)
        kinks = all_but_few(kinks_near(rrcp_.network(), rrcp_.measurements(), x, next_to), stream);
      const VectorXd u = along_all(direction(first ? d.x : d.y), x, kinks);
      if (!u.isZero(0)) along_direction(at, first, u, reach);
    } else {
      VectorXd d1 = direction(d.a), d2 = direction(d.w);
      const double which = stream.uniform();
      if (which < 0.25) d1.setZero();
      if (which >= 0.25 && which < 0.5) d2.setZero();
      if (which >= 0.5 && which < 0.75) d2 = which < 0.625 ? d1 : -d1;
      along_pair(at, d1, d2, reach);
    }
    failed = at.value > before + least * std::abs(before) ? 0 : failed + 1;
  }
  return lines;
}

}  // namespace theoremeter
