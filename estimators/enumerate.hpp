// Complete enumeration in dimensions 1 and 2: a second, independent way to an upper bound.
//
// On the circle 2n rays cut the directions into arcs on which no row changes sign. For every pair of arcs S is one
// fixed 2 x 2 matrix, and with x, y at angles a, b the two eigenvalues of S - E are
//   mean +- | D - (scale sin theta / 2 pi) (cos(a+b), sin(a+b)) |,  mean = tr S/2 - scale (pi - theta)/(2 pi) - shift,
// D = ((S11 - S22)/2, S12), because M is the reflection about the bisector of x and y. f moves by at most scale/pi a
// radian in a and in b, so every pair of arcs is settled by its midpoint, or split.
#pragma once

#include "estimators/evaluate.hpp"
#include "estimators/exact_points.hpp"
#include "estimators/hyperplanes.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

namespace theoremeter {

/// sup f lies in [at_least, at_most].
struct Enumerated {
  double at_least = 0;
  double at_most = 0;
  double a = 0, b = 0;             // circle: the angles of x and y where at_least was seen
  std::size_t of_a = 0, of_b = 0;  // and their arcs
  std::int64_t nodes = 0;
};

/// |S - E| at a point whose spheres all are {1, -1}, exact but for the last rounding, to nearest: entries of p are +-1,
/// where factors are doubles and E is computed exactly.
template <Deviation D>
double exact_on_line(const D& d, const Point& p) {
  std::vector<std::pair<Integer, int>> terms;  // mantissa, exponent
  const auto add = [&terms](std::initializer_list<double> product) {
    std::pair<Integer, int> term{1, 0};
    for (const double factor : product) {
      const OddMantissa odd(factor);
      term.first *= odd.mantissa;
      term.second += odd.exponent;
    }
    if (term.first != 0) terms.push_back(std::move(term));
  };
  for (Eigen::Index i = 0; i < d.rows().rows(); ++i) {
    std::array<double, 4> c{1, 1, 1, 1};
    for (int s = 0; s < d.spheres(); ++s)
      c[std::size_t(s)] = d.factor(s, d.hyperplanes(s)(i, 0) * p[std::size_t(s)](0));
    add({d.rows()(i, 0), d.rows()(i, 0), c[0], c[1], c[2], c[3]});
  }
  add({-d.expectation(p).dense()(0, 0)});
  int unit = std::numeric_limits<int>::max();
  for (const auto& term : terms) unit = std::min(unit, term.second);
  Integer sum = 0;
  for (const auto& [mantissa, exponent] : terms) sum += mantissa << (exponent - unit);
  if (sum == 0) return 0;
  // 200 bits are enough to round; cpp_int's own conversion truncates or rounds, which one ulp covers.
  const int excess = std::max(0, static_cast<int>(boost::multiprecision::msb(boost::multiprecision::abs(sum))) - 200);
  return std::ldexp(Integer(boost::multiprecision::abs(sum) >> excess).convert_to<double>(), unit + excess);
}

/// All spheres {1, -1}: every point, exactly. The incumbent becomes the best of them; at_most is 0 where all of f is.
template <Deviation D>
Enumerated enumerate_line(const D& d, Witness& incumbent) {
  Enumerated result;
  Witness best;
  for (int signs = 0; signs < 1 << d.spheres(); ++signs) {
    Point p;
    for (int s = 0; s < d.spheres(); ++s) p.push_back(Eigen::VectorXd::Constant(1, signs >> s & 1 ? -1 : 1));
    Witness w = evaluate(d, p);
    w.value = exact_on_line(d, p);
    if (best.point.empty() || w.value > best.value) best = std::move(w);
    ++result.nodes;
  }
  result.at_least = best.value;
  result.at_most = best.value == 0 ? 0 : std::nextafter(best.value, std::numeric_limits<double>::infinity());
  if (incumbent.point.empty() || best.value >= incumbent.value) incumbent = std::move(best);
  return result;
}

namespace circle {

/// A ray from the origin, exactly: the direction (a, b) as doubles.
struct Ray {
  double a, b;
};

/// The sign of the determinant |p q|, exact.
inline int turn(const Ray& p, const Ray& q) { return compare_products(p.a, q.b, p.b, q.a); }

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
  Ray from, to;                      // the same for a single ray
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
    if (differs) result.push_back({from, slack, on, {}, events[e].ray, events[e].ray});
    const Ray to = next < events.size() ? events[next].ray : Ray{1, 0};
    double width = std::atan2(to.b, to.a) - from;
    if (width < -1) width += 2 * std::numbers::pi;  // from pi on; between rays all but equal it may be just below 0
    width = std::max(width, 0.0);
    result.push_back({from + width / 2, width / 2 + slack, sign, {}, events[e].ray, to});
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
      : d_(d), gap_(gap), nodes_(nodes), hyperplanes_(distinct_hyperplanes(d.hyperplanes(0), d.rows())) {
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

  /// Settles the pairs to 1 %, then more finely, until `gap` is reached: so a smaller gap never proves less.
  Enumerated run() {
    assert(nodes_ >= pairs());
    result_.nodes = pairs();
    each_pair([this](const Box& box) { see(box); });
    result_.at_most = std::numeric_limits<double>::infinity();
    for (target_ = 1e-2; nodes_ - result_.nodes >= pairs() || target_ == 1e-2; target_ *= target_ > 1e-3 ? 0.1 : 1e-3) {
      if (target_ < 1e-2) result_.nodes += pairs();
      unsettled_ = 0;
      each_pair([this](const Box& box) { settle(box); });
      result_.at_most = std::min(result_.at_most, std::max(result_.at_least * (1 + target_), unsettled_) + rounding_);
      if (target_ <= gap_ || unsettled_ > 0) break;
    }
    return result_;
  }

  /// A point where at_least is attained, if doubles can be on its arcs; otherwise as near as they come.
  Point witness() const { return {point(result_.a, arcs_[result_.of_a]), point(result_.b, arcs_[result_.of_b])}; }

 private:
  Eigen::VectorXd point(double angle, const circle::Arc& arc) const {
    const Rows& H = d_.hyperplanes(0);
    const Eigen::VectorXd near = Eigen::Vector2d(std::cos(angle), std::sin(angle));
    std::vector<WantedSign> signs;
    bool met = true;
    for (std::size_t h = 0; h < hyperplanes_.size(); ++h) {
      signs.push_back({hyperplanes_[h].row, arc.sign[h]});
      const double z = exact_sign_dot(H.row(signs[h].row).data(), near.data(), 2);
      met = met && (z > 0) - (z < 0) == arc.sign[h];
    }
    if (met) return near;
    // Between its rays: their sum, at lengths that differ by less than a factor of two.
    std::vector<Integer> direction(2);
    for (const circle::Ray& ray : {arc.from, arc.to}) {
      const Eigen::Vector2d p = Eigen::Vector2d(ray.a, ray.b) * std::ldexp(1.0, -std::ilogb(std::hypot(ray.a, ray.b)));
      for (std::size_t j = 0; j < 2; ++j)
        if (const OddMantissa odd(p(Eigen::Index(j))); odd.exponent >= -2000 && odd.mantissa != 0)
          direction[j] += Integer(odd.mantissa) << (odd.exponent + 2000);
    }
    return point_with_signs(direction, H, signs).value_or(near);
  }

  struct Box {
    std::array<double, 3> S;  // S11, S12, S22
    double a, b, half_a, half_b;
    std::size_t of_a, of_b;  // the arcs
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
      result_.of_a = box.of_a;
      result_.of_b = box.of_b;
    }
    return f;
  }

  void settle(const Box& box) {
    const double at_centre = see(box);
    const double at_most = at_centre + d_.q_scale() / std::numbers::pi * (box.half_a + box.half_b);
    if (at_most <= result_.at_least * (1 + target_) + rounding_ / 2) return;
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
      Box box{{0, 0, 0}, arcs_[i].angle, 0, arcs_[i].half_width, 0, i, 0};
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
        box.of_b = j;
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
  double target_ = 1e-2;  // the relative gap now settled to
  double unsettled_ = 0;  // largest bound of a box that there was no budget to split
  std::vector<Hyperplane> hyperplanes_;
  std::vector<circle::Arc> arcs_;
  double rounding_;
  Enumerated result_;
};

}  // namespace theoremeter
