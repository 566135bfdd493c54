// Complete enumeration in dimensions 1 and 2: a second, independent way to an upper bound.
//
// On the circle 2n rays cut the directions into arcs on which no row changes sign. For every pair of arcs S is one
// fixed 2 x 2 matrix, and with x, y at angles a, b the two eigenvalues of S - E are
//   mean +- | D - (scale sin theta / 2 pi) (cos(a+b), sin(a+b)) |,  mean = tr S/2 - scale (pi - theta)/(2 pi) - shift,
// D = ((S11 - S22)/2, S12), because M is the reflection about the bisector of x and y. f moves by at most scale/pi a
// radian in a and in b, so every pair of arcs is settled by its midpoint, or split.
#pragma once

#include "estimators/evaluate.hpp"
#include "estimators/hyperplanes.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <vector>

namespace theoremeter {

/// sup f lies in [at_least, at_most].
struct Enumerated {
  double at_least = 0;
  double at_most = 0;
  double a = 0, b = 0;  // circle: the angles of x and y where at_least was seen
  std::int64_t nodes = 0;
};

/// k = 1: x, y = +-1, four points. Entries of S carry an error of at most (n + 4) u sum |r|^2.
template <SignDeviation D>
Enumerated enumerate_line(const D& d, Witness& incumbent) {
  Enumerated result;
  for (double x : {1.0, -1.0})
    for (double y : {1.0, -1.0}) {
      const Witness w = evaluate(d, Point{Eigen::VectorXd::Constant(1, x), Eigen::VectorXd::Constant(1, y)});
      if (w.value > incumbent.value || incumbent.point.empty()) incumbent = w;
      result.at_least = std::max(result.at_least, w.value);
      ++result.nodes;
    }
  const double total = d.rows().squaredNorm() + d.q_scale() + std::abs(d.q_shift());
  result.at_most = result.at_least + 2.3e-16 * (double(d.rows().rows()) + 8) * total;
  return result;
}

namespace circle {

/// A ray from the origin, exactly: the direction (a, b) as doubles.
struct Ray {
  double a, b;
};

/// The sign of the determinant |p q|, exact: products are compared as sums of two doubles.
inline int turn(const Ray& p, const Ray& q) {
  const double u = p.a * q.b, v = p.b * q.a;
  if (u != v) return u > v ? 1 : -1;
  const double ue = std::fma(p.a, q.b, -u), ve = std::fma(p.b, q.a, -v);
  return ue > ve ? 1 : ue < ve ? -1 : 0;
}

/// Counterclockwise from the positive first axis, exact.
inline bool before(const Ray& p, const Ray& q) {
  const auto lower = [](const Ray& r) { return r.b < 0 || (r.b == 0 && r.a < 0); };
  if (lower(p) != lower(q)) return lower(q);
  return turn(p, q) > 0;
}

/// An arc (or a single ray: half_width about 0) and the sign of every hyperplane on it.
struct Arc {
  double angle;
  double half_width;
  std::vector<signed char> sign;
  std::vector<std::size_t> changed;  // hyperplanes whose sign differs from the previous arc's
};

/// All arcs, for these rows of H (not zero), and a ray of its own for every one on which differs(i) for a hyperplane i.
template <class Differs>
std::vector<Arc> arcs(const Rows& H, const std::vector<Eigen::Index>& rows, const Differs& differs_on) {
  struct Event {
    Ray ray;
    std::int32_t hyperplane;  // -1: an axis, there only to keep arcs short
    signed char sign;         // from here on
  };
  std::vector<Event> events{{{1, 0}, -1, 0}, {{0, 1}, -1, 0}, {{-1, 0}, -1, 0}, {{0, -1}, -1, 0}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto h = H.row(rows[i]);
    events.push_back({{h(1), -h(0)}, std::int32_t(i), 1});
    events.push_back({{-h(1), h(0)}, std::int32_t(i), -1});
  }
  std::stable_sort(events.begin(), events.end(), [](const Event& p, const Event& q) { return before(p.ray, q.ray); });

  std::vector<signed char> sign(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {  // just before the first axis: <h, (1, -0)>
    const auto h = H.row(rows[i]);
    sign[i] = h(0) != 0 ? (h(0) > 0 ? 1 : -1) : (h(1) < 0 ? 1 : -1);
  }
  std::vector<Arc> result;
  const double slack = 1e-14;  // of the angles computed below
  for (std::size_t e = 0; e < events.size();) {
    std::size_t next = e;
    const double from = std::atan2(events[e].ray.b, events[e].ray.a);
    std::vector<signed char> on = sign;
    bool differs = false;
    for (; next < events.size() && !before(events[e].ray, events[next].ray); ++next) {
      if (const auto i = events[next].hyperplane; i >= 0) {
        on[std::size_t(i)] = 0;
        sign[std::size_t(i)] = events[next].sign;
        differs = differs || differs_on(std::size_t(i));
      }
    }
    if (differs) result.push_back({from, slack, on, {}});
    const Ray to = next < events.size() ? events[next].ray : Ray{1, 0};
    double width = std::atan2(to.b, to.a) - from;
    if (width < -1) width += 2 * std::numbers::pi;  // from pi on; between rays all but equal it may be just below 0
    width = std::max(width, 0.0);
    result.push_back({from + width / 2, width / 2 + slack, sign, {}});
    e = next;
  }
  for (std::size_t j = 1; j < result.size(); ++j)
    for (std::size_t h = 0; h < sign.size(); ++h)
      if (result[j].sign[h] != result[j - 1].sign[h]) result[j].changed.push_back(h);
  return result;
}

}  // namespace circle

/// k = 2: sup f to the relative gap given (> 0) by exhaustion over all pairs of arcs. At most `nodes` pairs are
/// bounded, parts of split ones included; nodes >= pairs(). Where they run out the bounds reached count.
template <SignDeviation D>
class CircleEnumeration {
 public:
  CircleEnumeration(const D& d, double gap, std::int64_t nodes = std::numeric_limits<std::int64_t>::max())
      : d_(d), gap_(gap), nodes_(nodes), hyperplanes_(distinct_hyperplanes(d.hyperplanes(0))) {
    std::vector<Eigen::Index> rows;
    for (const Hyperplane& h : hyperplanes_) rows.push_back(h.row);
    // No two of them share a ray. Where lying on one is lying on its negative side, that neighbour stands for the ray.
    arcs_ = circle::arcs(d.hyperplanes(0), rows,
                         [&](std::size_t i) { return !zero_counts_as_negative(d, hyperplanes_[i]); });
    rounding_ = 1e-13 * (d.rows().squaredNorm() + d.q_scale() + std::abs(d.q_shift())) *
                (1 + double(hyperplanes_.size()) / 100);
  }

  /// Pairs of arcs, up to exchange where f is symmetric.
  std::int64_t pairs() const {
    const std::int64_t n = std::ssize(arcs_);
    return d_.symmetric() ? n * (n + 1) / 2 : n * n;
  }

  Enumerated run() {
    assert(nodes_ >= pairs());
    result_.nodes = pairs();
    each_pair([this](const Box& box) { see(box); });
    each_pair([this](const Box& box) { settle(box); });
    result_.at_most = std::max(result_.at_least * (1 + gap_), unsettled_) + rounding_;
    return result_;
  }

 private:
  struct Box {
    std::array<double, 3> S;  // S11, S12, S22
    double a, b, half_a, half_b;
  };

  double value(const Box& box) const {
    using std::numbers::pi;
    double theta = std::abs(box.a - box.b);
    if (theta > pi) theta = std::abs(2 * pi - theta);
    const auto [s11, s12, s22] = box.S;
    const double m = d_.q_scale() * std::sin(theta) / (2 * pi);
    const double mean = (s11 + s22) / 2 - d_.q_scale() * (pi - theta) / (2 * pi) - d_.q_shift();
    return std::abs(mean) +
           std::hypot((s11 - s22) / 2 - m * std::cos(box.a + box.b), s12 - m * std::sin(box.a + box.b));
  }

  double see(const Box& box) {
    const double f = value(box);
    if (f > result_.at_least) {
      result_.at_least = f;
      result_.a = box.a;
      result_.b = box.b;
    }
    return f;
  }

  void settle(const Box& box) {
    const double at_centre = see(box);
    const double at_most = at_centre + d_.q_scale() / std::numbers::pi * (box.half_a + box.half_b);
    if (at_most <= result_.at_least * (1 + gap_) + rounding_ / 2) return;
    if (nodes_ - result_.nodes < 2) {
      unsettled_ = std::max(unsettled_, at_most);
      return;
    }
    result_.nodes += 2;
    Box low = box, high = box;
    const bool first = box.half_a >= box.half_b;
    double Box::*centre = first ? &Box::a : &Box::b;
    double Box::*half = first ? &Box::half_a : &Box::half_b;
    low.*half = high.*half = box.*half / 2;
    low.*centre -= low.*half;
    high.*centre += high.*half;
    settle(low);
    settle(high);
  }

  // S for all pairs of arcs: from scratch for the first, then only what changes from one arc to the next.
  template <class Visit>
  void each_pair(const Visit& visit) const {
    for (std::size_t i = 0; i < arcs_.size(); ++i) {
      Box box{{0, 0, 0}, arcs_[i].angle, 0, arcs_[i].half_width, 0};
      const std::size_t first = d_.symmetric() ? i : 0;
      for (std::size_t h = 0; h < hyperplanes_.size(); ++h)
        add(box.S, h, coefficient(d_, hyperplanes_[h], arcs_[i].sign[h], arcs_[first].sign[h]));
      for (std::size_t j = first; j < arcs_.size(); ++j) {
        if (j > first)
          for (std::size_t h : arcs_[j].changed)
            add(box.S, h,
                coefficient(d_, hyperplanes_[h], arcs_[i].sign[h], arcs_[j].sign[h]) -
                    coefficient(d_, hyperplanes_[h], arcs_[i].sign[h], arcs_[j - 1].sign[h]));
        box.b = arcs_[j].angle;
        box.half_b = arcs_[j].half_width;
        visit(box);
      }
    }
  }

  void add(std::array<double, 3>& S, std::size_t h, double change) const {
    if (change == 0) return;
    const auto r = d_.rows().row(hyperplanes_[h].row);
    S[0] += change * r(0) * r(0);
    S[1] += change * r(0) * r(1);
    S[2] += change * r(1) * r(1);
  }

  const D& d_;
  double gap_;
  std::int64_t nodes_;
  double unsettled_ = 0;  // largest bound of a box that there was no budget to split
  std::vector<Hyperplane> hyperplanes_;
  std::vector<circle::Arc> arcs_;
  double rounding_;
  Enumerated result_;
};

}  // namespace theoremeter
