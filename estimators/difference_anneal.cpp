#include "estimators/difference_anneal.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

namespace theoremeter {
namespace {

using Eigen::ArrayXf, Eigen::Index, Eigen::MatrixXf, Eigen::VectorXf;

constexpr float tiny = 1e-30f;  // no length is divided by less

VectorXf unit_float(Index k, Stream& stream) {
  return VectorXf::NullaryExpr(k, [&] { return static_cast<float>(stream.normal()); }).normalized();
}

// relu, smoothed: p (1 + p/s)/2 with s = sqrt(p^2 + t^2), and its derivative (1 + (p/s)(1 + t^2/s^2))/2.
struct SmoothRelu {
  ArrayXf s, value, slope;
  template <class P>
  SmoothRelu(const P& p, float t) : s((p.square() + t * t).sqrt().max(tiny)) {
    const ArrayXf ratio = p / s;
    value = 0.5f * p * (1 + ratio);
    slope = 0.5f * (1 + ratio * (1 + (t / s).square()));
  }
};

}  // namespace

DifferenceColumns::DifferenceColumns(Index k, Index directions, Index count)
    : x(k, directions > 0 ? count : 0), y(x), a(k, count), w(k, count), log_h(count), sign(count), temperature(count) {
  warmest.setConstant(count, std::numeric_limits<float>::infinity());
}

void DifferenceColumns::keep(const std::vector<Index>& columns) {
  for (MatrixXf* p : {&x, &y, &a, &w})
    if (p->cols() > 0) *p = (*p)(Eigen::all, columns).eval();
  for (ArrayXf* p : {&log_h, &sign, &temperature, &warmest}) *p = (*p)(columns).eval();
}

// Columns side by side: x, y (where there are any), the midpoint, the difference. `rows` as they enter a layer; slopes
// of a layer's neurons: that of x, of y, the mean of both ends of the difference, and the difference of theirs.
struct DifferenceAnnealer::Work {
  std::vector<MatrixXf> slopes;
  MatrixXf z;         // forward: as it leaves a layer; backward: the gradient there
  MatrixXf out;       // G(x)/|G(x)|, G(y)/|G(y)|, u
  ArrayXf length;     // of each before it was divided
  MatrixXf measured;  // A times `out`; then the gradient there
};

DifferenceAnnealer::DifferenceAnnealer(const Rrcp& rrcp) : isometry_(rrcp.property() == Rrcp::Property::isometry) {
  const auto add = [&](const Rows& W, double typical) {
    const MatrixXf forward = W.cast<float>();
    layers_.push_back({forward, forward.transpose(), std::max(tiny, static_cast<float>(typical))});
  };
  Stream stream(0);
  constexpr Index points = 50;
  MatrixXf z(rrcp.network().input, points);
  for (Index j = 0; j < points; ++j) z.col(j) = unit_float(z.rows(), stream);
  for (const Rows& W : rrcp.network().layers) {
    z = W.cast<float>() * z;
    add(W, z.colwise().norm().mean() / std::sqrt(static_cast<double>(z.rows())));
    z = z.cwiseMax(0.0f);
  }
  // A has rows of length 1 or less, about; G(x), of length 1, a typical measurement of 1/sqrt(n_d).
  const Rows& A = rrcp.measurements();
  const int e = std::max(0, std::ilogb(A.norm() / std::sqrt(static_cast<double>(A.rows())) + 1e-300));
  const Rows scaled = std::ldexp(1.0, -e) * A;
  add(scaled, scaled.norm() / std::sqrt(static_cast<double>(A.size())));
  expectation_ = static_cast<float>(std::ldexp(1.0, -2 * (e + rrcp.exponent())));
}

void DifferenceAnnealer::forward(const DifferenceColumns& c, const ArrayXf& tau, Work& work) const {
  const Index n = c.size(), d = isometry_ ? 0 : 2 * n;
  work.z.resize(c.a.rows(), d + 2 * n);
  if (!isometry_) work.z.leftCols(n) = c.x, work.z.middleCols(n, n) = c.y;
  work.z.middleCols(d, n) = c.a;
  work.z.rightCols(n) = c.w * (2 * c.log_h.exp()).matrix().asDiagonal();
  work.slopes.resize(layers_.size() - 1);
  for (std::size_t i = 0; i + 1 < layers_.size(); ++i) {
    work.z = layers_[i].forward * work.z;
    MatrixXf& slope = work.slopes[i];
    slope.resize(work.z.rows(), work.z.cols());
    for (Index j = 0; j < d; ++j) {
      const SmoothRelu f(work.z.col(j).array(), tau(j % n) * layers_[i].typical);
      work.z.col(j) = f.value;
      slope.col(j) = f.slope;
    }
    for (Index j = 0; j < n; ++j) {
      auto middle = work.z.col(d + j).array(), difference = work.z.col(d + n + j).array();
      const float t = 3 * std::min(tau(j), c.warmest(j)) * layers_[i].typical;
      const SmoothRelu p(middle + 0.5f * difference, t), q(middle - 0.5f * difference, t);
      // (p^2/s_p - q^2/s_q)/(p - q), without cancellation
      difference *= 0.5f * (1 + 2 * middle / (p.s + q.s) * (1 + (t / p.s) * (t / q.s)));
      middle = 0.5f * (p.value + q.value);
      slope.col(d + j) = 0.5f * (p.slope + q.slope);
      slope.col(d + n + j) = p.slope - q.slope;
    }
  }
  work.out.resize(work.z.rows(), d + n);
  work.out.leftCols(d) = work.z.leftCols(d);
  work.out.rightCols(n) = work.z.rightCols(n);
  work.length = work.out.colwise().norm().transpose().array().max(tiny);
  work.out = (work.out * work.length.inverse().matrix().asDiagonal()).eval();
}

// The values, work.measured the gradients in A out, work.z those of -Phi in `out`.
ArrayXf DifferenceAnnealer::measure(const DifferenceColumns& c, const ArrayXf& tau, Work& work) const {
  const Index n = c.size(), d = isometry_ ? 0 : 2 * n;
  work.measured.noalias() = layers_.back().forward * work.out;
  work.z.setZero(work.out.rows(), d + n);
  ArrayXf value(n);
  for (Index j = 0; j < n; ++j) {
    auto Au = work.measured.col(d + j).array();
    const ArrayXf squares = Au.square();
    if (isometry_) {
      value(j) = c.sign(j) * (squares.sum() - expectation_);
      Au *= 2 * c.sign(j);
      continue;
    }
    auto Ax = work.measured.col(j).array(), Ay = work.measured.col(n + j).array();
    const float t = std::max(tiny, tau(j) * layers_.back().typical);
    const ArrayXf rx = (Ax.square() + t * t).rsqrt(), ry = (Ay.square() + t * t).rsqrt();
    const ArrayXf sx = Ax * rx, sy = Ay * ry;
    value(j) = (sx * sy * squares).sum();
    Ax = c.sign(j) * t * t * rx.cube() * sy * squares;
    Ay = c.sign(j) * t * t * ry.cube() * sx * squares;
    Au *= 2 * c.sign(j) * sx * sy;

    // u'Phi u = (pi - 2 theta)/pi + 2/(pi sin) (2 u_x u_y - cos (u_x^2 + u_y^2)), u_x = <u, G(x)>, and its gradient
    const auto X = work.out.col(j), Y = work.out.col(n + j), u = work.out.col(d + j);
    constexpr float pi = std::numbers::pi_v<float>;
    const float cosine = std::clamp(X.dot(Y), -1 + 5e-6f, 1 - 5e-6f), sine = std::sqrt(1 - cosine * cosine);
    const float ux = u.dot(X), uy = u.dot(Y), q = ux * ux + uy * uy, r = 2 * ux * uy - cosine * q;
    const float phi = (pi - 2 * std::acos(cosine) + 2 * r / sine) / pi;
    value(j) = c.sign(j) * (value(j) - expectation_ * phi);
    const float by_cosine = 2 / pi * ((1 - q) / sine + r * cosine / (sine * sine * sine));
    const float f = 4 / (pi * sine), unit = -c.sign(j) * expectation_;
    work.z.col(j) = unit * (by_cosine * Y + f * (uy - cosine * ux) * u);
    work.z.col(n + j) = unit * (by_cosine * X + f * (ux - cosine * uy) * u);
    work.z.col(d + j) = unit * f * ((uy - cosine * ux) * X + (ux - cosine * uy) * Y);
  }
  return value;
}

// work.z: from the gradients that `measure` left to those in x, y, the midpoint and the difference as they enter.
void DifferenceAnnealer::backward(const DifferenceColumns& c, Work& work) const {
  const Index n = c.size(), d = isometry_ ? 0 : 2 * n;
  work.z.noalias() += layers_.back().transposed * work.measured;
  MatrixXf g(work.z.rows(), d + 2 * n);
  g.middleCols(d, n).setZero();
  for (Index j = 0; j < d + n; ++j) {
    const auto out = work.out.col(j);
    g.col(j < d ? j : j + n) = (work.z.col(j) - out.dot(work.z.col(j)) * out) / work.length(j);
  }
  for (std::size_t i = layers_.size() - 1; i-- > 0;) {
    const MatrixXf& slope = work.slopes[i];
    g.leftCols(d).array() *= slope.leftCols(d).array();
    for (Index j = 0; j < n; ++j) {
      auto middle = g.col(d + j).array(), difference = g.col(d + n + j).array();
      const auto mean = slope.col(d + j).array(), change = slope.col(d + n + j).array();
      const ArrayXf before = middle;
      middle = before * mean + difference * change;
      difference = difference * mean + 0.25f * before * change;
    }
    g = layers_[i].transposed * g;
  }
  work.z = std::move(g);
}

ArrayXf DifferenceAnnealer::rise(const DifferenceColumns& c, const ArrayXf& tau, Work& work, bool with_slopes) const {
  forward(c, tau, work);
  const ArrayXf value = measure(c, tau, work);
  if (with_slopes) backward(c, work);
  return value;
}

ArrayXf DifferenceAnnealer::values(const DifferenceColumns& c, float temperature) const {
  Work work;
  return rise(c, ArrayXf::Constant(c.size(), temperature), work, false);
}

DifferenceColumns DifferenceAnnealer::slopes(const DifferenceColumns& c, float temperature) const {
  Work work;
  rise(c, ArrayXf::Constant(c.size(), temperature), work, true);
  const Index n = c.size(), d = isometry_ ? 0 : 2 * n;
  DifferenceColumns g(c.a.rows(), isometry_ ? 0 : 2, n);
  if (!isometry_) g.x = work.z.leftCols(n), g.y = work.z.middleCols(n, n);
  g.a = 0.5f * work.z.middleCols(d, n) + work.z.rightCols(n);
  g.w = 0.5f * work.z.middleCols(d, n) - work.z.rightCols(n);
  return g;
}

namespace {

// Momentum on the sphere, along the gradient's direction alone.
template <class P, class G, class V>
void ascend_on_sphere(P p, G g, V v, float rate) {
  g -= g.dot(p) * p;
  v = 0.7f * v + g / std::max(tiny, g.norm());
  p = (p + rate * v).normalized();
}

std::vector<Index> better_half(const ArrayXf& value) {
  std::vector<Index> order(static_cast<std::size_t>(value.size()));
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(), [&](Index i, Index j) { return value(i) > value(j); });
  order.resize((order.size() + 1) / 2);
  std::sort(order.begin(), order.end());
  return order;
}

}  // namespace

// A step up along work.z, the gradients.
void DifferenceAnnealer::ascend(DifferenceColumns& c, DifferenceColumns& velocity, Work& work) const {
  const Index n = c.size(), d = isometry_ ? 0 : 2 * n;
  for (Index j = 0; j < n; ++j) {
    const float rate_xy = std::min(1.0f, c.temperature(j)), rate = std::min(rate_xy, c.warmest(j));
    const float h = std::exp(c.log_h(j));
    auto ga = work.z.col(d + j), gw = work.z.col(d + n + j);
    gw *= 2 * h;
    const float slope = gw.dot(c.w.col(j)) / std::max(tiny, ga.norm() + gw.norm());
    velocity.log_h(j) = 0.7f * velocity.log_h(j) + std::clamp(3 * slope, -1.0f, 1.0f);
    c.log_h(j) = std::clamp(c.log_h(j) + rate * velocity.log_h(j), least_log_h, most_log_h);
    if (!isometry_) {
      ascend_on_sphere(c.x.col(j), work.z.col(j), velocity.x.col(j), rate_xy);
      ascend_on_sphere(c.y.col(j), work.z.col(n + j), velocity.y.col(j), rate_xy);
    }
    ascend_on_sphere(c.a.col(j), ga, velocity.a.col(j), rate);
    ascend_on_sphere(c.w.col(j), gw, velocity.w.col(j), rate);
  }
}

std::int64_t DifferenceAnnealer::run(DifferenceColumns& c, int steps) const {
  Work work;
  DifferenceColumns velocity(c.a.rows(), isometry_ ? 0 : 2, c.size());
  for (MatrixXf* p : {&velocity.x, &velocity.y, &velocity.a, &velocity.w}) p->setZero();
  for (ArrayXf* p : {&velocity.log_h, &velocity.sign, &velocity.temperature}) p->setZero();
  ArrayXf cooling = (coldest / c.temperature).pow(1.0f / static_cast<float>(steps - 1));
  std::int64_t evaluations = 0;
  for (int step = 0; step < steps; ++step) {
    if (!isometry_ && (step == 2 * steps / 5 || step == 7 * steps / 10)) {
      evaluations += c.size();
      const std::vector<Index> better = better_half(rise(c, c.temperature, work, false));
      c.keep(better);
      velocity.keep(better);
      cooling = cooling(better).eval();
    }
    evaluations += c.size();
    rise(c, c.temperature, work, true);
    ascend(c, velocity, work);
    c.temperature *= cooling;
  }
  return evaluations;
}

}  // namespace theoremeter
