// The exact ascent of the search, from vertex to vertex of the hyperplanes' arrangement.
//
// With u and all spheres but one fixed, u'(S - E)u is a sum of jumps, one a row, less a smooth term. Where a row's <h,
// x> is 0 both of its sides are a step away, and the rows of a vertex (dim - 1 of them, independent) can take their
// better sides all at once. So the supremum over a cell is found by sliding along its walls, and the cells around by
// walking along the edges that leave a vertex, on which all of the walls but one stay.
#pragma once

#include "estimators/decompositions.hpp"
#include "estimators/deviation.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

namespace theoremeter {

/// A point on its way up: value = u'(S - E)(p)u, times sign, is what climbs.
struct Climb {
  Point p;
  Eigen::VectorXd u;
  double sign = 1;  // +1: S - E, -1: E - S
  double value = 0;
  std::vector<std::vector<Eigen::Index>> walls = {};  // by sphere, the rows that p_s is beside
};

template <Deviation D>
class Climber {
 public:
  /// Edges are searched as far as an angle whose tangent is `reach`.
  Climber(const D& d, double reach) : d_(d), reach_(reach) {
    unit_ = d.rows().squaredNorm() / static_cast<double>(d.rows().cols());
    Point first;
    for (int s = 0; s < d.spheres(); ++s) {
      const Rows& H = d.hyperplanes(s);
      factors_.push_back({d.factor(s, 1), d.factor(s, -1), grows(d, s)});
      if (factors_.back().linear) unit_ *= H.norm() / std::sqrt(static_cast<double>(H.size()));
      first.emplace_back(Eigen::VectorXd::Unit(H.cols(), 0));
    }
    unit_ += d.expectation(first).dense().norm();
  }

  /// Climbs a to where no edge of p_s, for any s, and no other u is better by more than `least` (relative to the size
  /// of S and E). Returns the lines searched.
  std::int64_t climb(Climb& a, double least) const {
    std::int64_t lines = 0;
    a.walls.resize(a.p.size());
    rise(a);
    ascend(a, least, lines);
    for (std::size_t s = 0; s < a.p.size() && d_.symmetric(); s += 2) {
      if (factors_[s].linear || (a.p[s] - a.p[s + 1]).norm() >= 0.5) continue;
      Climb b = a;  // p_s = p_{s+1} may be a ridge, which neither can follow alone
      b.p[s] = b.p[s + 1] = (a.p[s] + a.p[s + 1]).normalized();
      b.walls.assign(a.p.size(), {});
      move(b, {s, s + 1}, lines);
      rise(b);
      ascend(b, least, lines);
      if (b.value > a.value) a = std::move(b);
    }
    return lines;
  }

  /// a.p on its walls (step = 0), or off them by `step` times |h| at most.
  Point off_walls(Climb a, double step) const {
    for (std::size_t s = 0; s < a.p.size(); ++s) {
      if (factors_[s].linear || a.walls[s].empty()) continue;
      Slice v = slice(a, {s});
      if (v.walls.empty()) continue;
      open_edges(v);
      a.p[s] = beside(v, s, step);
    }
    return a.p;
  }

 private:
  static constexpr double tiny = 1e-13;

  struct Factor {
    double plus, minus;  // phi(1), phi(-1)
    bool linear;         // phi(z) = |z| phi(z/|z|), else phi(z) = phi(z/|z|)
  };

  // u'(S - E)u as a function of x = p_s alone (or of x = p_s = p_{s+1}), over the rows that matter.
  struct Slice {
    std::vector<std::size_t> spheres;
    std::vector<Eigen::Index> row;
    Eigen::MatrixXd H;            // their h
    Eigen::VectorXd length;       // |h|
    Eigen::VectorXd weight;       // a row's term is this times the factor of x
    Eigen::VectorXd plus, minus;  // their terms on either side
    Eigen::VectorXd beside;       // the better term within reach of a point with <h, x> = 0
    Eigen::VectorXd x, z;         // z = H x, and exactly 0 where it is that but for rounding
    std::vector<Eigen::Index> walls;
    Eigen::MatrixXd edges, T;  // walls' edges: <h_wall, edge> = 1, orthogonal to the other walls and to x; T = H edges
  };

  void ascend(Climb& a, double least, std::int64_t& lines) const {
    for (int round = 0; round < 40; ++round) {
      const double before = a.value;
      for (std::size_t s = 0; s < a.p.size(); ++s) {
        if (factors_[s].linear)
          slide(a, s);
        else
          move(a, {s}, lines);
        rise(a);
      }
      if (!(a.value > before + least * unit_)) break;
    }
  }

  double phi(std::size_t s, double z) const { return d_.factor(static_cast<int>(s), z); }

  // w_i = sign (r_i.u)^2 prod_s phi_s over the spheres not left out.
  Eigen::VectorXd weights(const Climb& a, const std::vector<std::size_t>& left_out) const {
    Eigen::VectorXd w = a.sign * (d_.rows() * a.u).array().square();
    for (std::size_t s = 0; s < a.p.size(); ++s) {
      if (std::find(left_out.begin(), left_out.end(), s) != left_out.end()) continue;
      const Eigen::VectorXd z = d_.hyperplanes(static_cast<int>(s)) * a.p[s];
      for (Eigen::Index i = 0; i < w.size(); ++i) w(i) *= phi(s, z(i));
    }
    return w;
  }

  // u <- the leading eigenvector of sign (S - E)(p), or nearly: Krylov space of u when k is large.
  void rise(Climb& a) const {
    const Rows& R = d_.rows();
    const Eigen::Index k = R.cols(), krylov = 16;
    Eigen::VectorXd c = Eigen::VectorXd::Constant(R.rows(), a.sign);
    for (std::size_t s = 0; s < a.p.size(); ++s) {
      const Eigen::VectorXd z = d_.hyperplanes(static_cast<int>(s)) * a.p[s];
      for (Eigen::Index i = 0; i < c.size(); ++i) c(i) *= phi(s, z(i));
    }
    Rows active(R.rows(), k);
    Eigen::VectorXd coefficient(R.rows());
    Eigen::Index m = 0;
    for (Eigen::Index i = 0; i < c.size(); ++i)
      if (c(i) != 0) {
        active.row(m) = R.row(i);
        coefficient(m++) = c(i);
      }
    const Eigen::MatrixXd scaled = coefficient.head(m).asDiagonal() * active.topRows(m);
    Eigen::MatrixXd F = -a.sign * d_.expectation(a.p).dense();
    F.noalias() += active.topRows(m).transpose() * scaled;
    Eigen::MatrixXd V;
    if (k > 2 * krylov) {
      V.resize(k, krylov);
      V.col(0) = a.u.normalized();
      for (Eigen::Index j = 1; j < krylov; ++j) {
        Eigen::VectorXd w = F * V.col(j - 1);
        for (int twice = 0; twice < 2; ++twice) w -= V.leftCols(j) * (V.leftCols(j).transpose() * w).eval();
        V.col(j) = w.normalized();
      }
      F = V.transpose() * (F * V).eval();
    }
    const SymmetricEigen eigen = symmetric_eigen(F);
    a.value = eigen.values(F.rows() - 1);
    a.u = eigen.vectors.col(F.rows() - 1);
    if (k > 2 * krylov) a.u = (V * a.u).normalized();
  }

  // Moves p_s, for all s of `spheres` together, to the best vertex it can walk to, and a step off its walls.
  void move(Climb& a, const std::vector<std::size_t>& spheres, std::int64_t& lines) const {
    Slice v = slice(a, spheres);
    int released = 0;
    do {
      settle(a, v);
      walk(a, v, lines);
    } while (++released <= 8 && release(a, v));
    for (const std::size_t s : spheres) {
      a.p[s] = beside(v, s, 1e-8);
      a.walls[s].clear();
      for (const Eigen::Index i : v.walls) a.walls[s].push_back(v.row[static_cast<std::size_t>(i)]);
    }
  }

  // v.x, off each wall by `step` |h| or less, to the side of p_s on which that row's term is best; no other hyperplane
  // is crossed.
  Eigen::VectorXd beside(const Slice& v, std::size_t s, double step) const {
    const auto q = static_cast<Eigen::Index>(v.walls.size());
    if (q == 0) return v.x;
    const std::size_t bit =
        static_cast<std::size_t>(std::find(v.spheres.begin(), v.spheres.end(), s) - v.spheres.begin());
    Eigen::VectorXd off(q);
    for (Eigen::Index e = 0; e < q; ++e) {
      const Eigen::Index wall = v.walls[static_cast<std::size_t>(e)];
      int sides = 0;
      while (v.weight(wall) * term(v.spheres, sides) < v.beside(wall)) ++sides;
      off(e) = sides >> bit & 1 ? v.length(wall) : -v.length(wall);
    }
    const Eigen::VectorXd most = v.T.cwiseAbs() * off.cwiseAbs();
    for (Eigen::Index i = 0; i < most.size(); ++i)
      if (v.z(i) != 0) step = std::min(step, 0.5 * std::abs(v.z(i)) / most(i));
    return (v.x + step * (v.edges * off)).normalized();
  }

  // A sphere whose factor is linear in z has no jumps: steepest ascent.
  void slide(Climb& a, std::size_t s) const {
    const Rows& H = d_.hyperplanes(static_cast<int>(s));
    const Eigen::VectorXd w = weights(a, {s});
    Slice v;
    v.spheres = {s};
    v.x = a.p[s];
    for (Eigen::Index step = 0; step < 4 * H.cols(); ++step) {
      const Eigen::VectorXd z = H * v.x;
      Eigen::VectorXd g = smooth_gradient(a, v);
      for (Eigen::Index i = 0; i < z.size(); ++i)
        if (z(i) != 0) g += w(i) * phi(s, z(i)) / z(i) * H.row(i).transpose();
      g -= g.dot(v.x) * v.x;
      if (!(g.norm() > 1e-12 * unit_)) break;
      g.normalize();
      const Eigen::VectorXd dz = H * g;
      const auto at = [&](double t) {
        double sum = 0;
        for (Eigen::Index i = 0; i < z.size(); ++i) sum += w(i) * phi(s, z(i) + t * dz(i));
        const double norm = std::sqrt(1 + t * t);
        return sum / norm + smooth(a, v, (v.x + t * g) / norm);
      };
      double end = 1;
      while (end > 1e-8 && at(end / 2) > at(end)) end /= 2;
      const double t = golden(at, end, 1e-3);  // the next step mends the rest
      if (!(at(t) > at(0) + 1e-13 * unit_)) break;
      v.x = (v.x + t * g).normalized();
    }
    a.p[s] = v.x;
  }

  Slice slice(const Climb& a, const std::vector<std::size_t>& spheres) const {
    const Rows& H = d_.hyperplanes(static_cast<int>(spheres[0]));
    const Eigen::VectorXd w = weights(a, spheres);
    Slice v;
    v.spheres = spheres;
    std::vector<Eigen::Index> place(static_cast<std::size_t>(H.rows()), -1);
    for (Eigen::Index i = 0; i < H.rows(); ++i)
      if (w(i) != 0 && H.row(i).squaredNorm() > 0) {
        place[static_cast<std::size_t>(i)] = static_cast<Eigen::Index>(v.row.size());
        v.row.push_back(i);
      }
    const auto m = static_cast<Eigen::Index>(v.row.size());
    v.H.resize(m, H.cols());
    v.weight.resize(m);
    v.plus.resize(m);
    v.minus.resize(m);
    v.beside.resize(m);
    double plus = 1, minus = 1;
    for (const std::size_t s : spheres) {
      plus *= factors_[s].plus;
      minus *= factors_[s].minus;
    }
    for (Eigen::Index j = 0; j < m; ++j) {
      const Eigen::Index i = v.row[static_cast<std::size_t>(j)];
      v.H.row(j) = H.row(i);
      v.weight(j) = w(i);
      v.plus(j) = w(i) * plus;
      v.minus(j) = w(i) * minus;
      v.beside(j) = -1e300;
      for (int sides = 0; sides < 1 << spheres.size(); ++sides)
        v.beside(j) = std::max(v.beside(j), w(i) * term(spheres, sides));
    }
    v.length = v.H.rowwise().norm();
    v.x = a.p[spheres[0]];
    if (spheres.size() == 1)
      for (const Eigen::Index i : a.walls[spheres[0]])
        if (place[static_cast<std::size_t>(i)] >= 0) v.walls.push_back(place[static_cast<std::size_t>(i)]);
    return v;
  }

  // prod phi over the spheres, each on the side its bit says.
  double term(const std::vector<std::size_t>& spheres, int sides) const {
    double c = 1;
    for (std::size_t j = 0; j < spheres.size(); ++j)
      c *= sides >> j & 1 ? factors_[spheres[j]].plus : factors_[spheres[j]].minus;
    return c;
  }

  // -sign u'E u at x, and its gradient on the sphere.
  double smooth(const Climb& a, const Slice& v, const Eigen::VectorXd& x) const {
    Point p = a.p;
    for (const std::size_t s : v.spheres) p[s] = x;
    return -a.sign * d_.expectation(p).form(a.u);
  }
  Eigen::VectorXd smooth_gradient(const Climb& a, const Slice& v) const {
    Point p = a.p, g;
    for (const std::size_t s : v.spheres) p[s] = v.x;
    for (const Eigen::VectorXd& q : p) g.emplace_back(Eigen::VectorXd::Zero(q.size()));
    d_.expectation_form(p, a.u, g);
    Eigen::VectorXd sum = Eigen::VectorXd::Zero(v.x.size());
    for (const std::size_t s : v.spheres) sum -= a.sign * g[s];
    return sum - sum.dot(v.x) * v.x;
  }

  // z = H x, with the rows that x lies on told apart from those it is near.
  static void place(Slice& v) {
    v.z.noalias() = v.H * v.x;
    clean(v);
  }
  static void clean(Slice& v) {
    for (Eigen::Index i = 0; i < v.z.size(); ++i)
      if (std::abs(v.z(i)) <= tiny * v.length(i)) v.z(i) = 0;
    for (const Eigen::Index i : v.walls) v.z(i) = 0;
  }

  // Within the closed cell: up the smooth term, along the walls met, until a vertex or a stationary point.
  void settle(const Climb& a, Slice& v) const {
    const Eigen::Index k = v.x.size();
    Eigen::MatrixXd normal(k, k);  // orthonormal, spanning the walls' h
    Eigen::Index q = 0;
    const auto add = [&](Eigen::Index i) {
      Eigen::VectorXd h = v.H.row(i).transpose();
      for (int twice = 0; twice < 2; ++twice) h -= normal.leftCols(q) * (normal.leftCols(q).transpose() * h).eval();
      if (h.norm() < 1e-9 * v.length(i)) return false;
      normal.col(q++) = h.normalized();
      return true;
    };
    const auto within = [&](Eigen::VectorXd& y) {
      for (int twice = 0; twice < 2; ++twice) y -= normal.leftCols(q) * (normal.leftCols(q).transpose() * y).eval();
    };
    std::vector<Eigen::Index> independent;
    for (const Eigen::Index i : v.walls)
      if (q < k - 1 && add(i)) independent.push_back(i);
    v.walls = std::move(independent);
    within(v.x);
    v.x.normalize();
    place(v);
    for (Eigen::Index step = 0; step < 4 * k && q < k - 1; ++step) {
      Eigen::VectorXd g = smooth_gradient(a, v);
      within(g);
      if (g.norm() < 1e-10 * unit_) {  // flat or stationary: any direction tells
        g = Eigen::VectorXd::LinSpaced(k, 1, 2);
        within(g);
      }
      g -= g.dot(v.x) * v.x;
      if (!(g.norm() > 1e-12 * std::min(1.0, unit_))) break;
      g.normalize();
      const Eigen::VectorXd dz = v.H * g;
      double wall_at = 1;
      Eigen::Index wall = -1;
      for (Eigen::Index i = 0; i < dz.size(); ++i)
        if (v.z(i) * dz(i) < 0 && -v.z(i) / dz(i) < wall_at) {
          wall_at = -v.z(i) / dz(i);
          wall = i;
        }
      const auto at = [&](double t) { return smooth(a, v, (v.x + t * g) / std::sqrt(1 + t * t)); };
      const double here = at(0);
      double t = wall_at;
      if (wall < 0 || at(t) < std::max(at(0.999 * t), here)) t = golden(at, wall_at);
      const bool met = wall >= 0 && t >= wall_at;
      if (at(t) < here - 1e-14 * unit_ || (!met && at(t) < here + 1e-13 * unit_)) break;
      v.x += t * g;
      if (met && add(wall)) v.walls.push_back(wall);
      within(v.x);
      v.x.normalize();
      place(v);
    }
  }

  // Where `at` is largest on [0, end], to `least` end, if it has one hump there.
  template <class Function>
  static double golden(const Function& at, double end, double least = 1e-9) {
    const double r = 0.6180339887498949;
    double lo = 0, hi = end, c = hi - r * (hi - lo), e = lo + r * (hi - lo), at_c = at(c), at_e = at(e);
    while (hi - lo > least * end) {
      if (at_c > at_e) {
        hi = std::exchange(e, c);
        at_e = at_c;
        at_c = at(c = hi - r * (hi - lo));
      } else {
        lo = std::exchange(c, e);
        at_c = at_e;
        at_e = at(e = lo + r * (hi - lo));
      }
    }
    return (lo + hi) / 2;
  }

  // The edges that leave the walls' common point, and where they cross the other hyperplanes.
  static void open_edges(Slice& v) {
    const auto q = static_cast<Eigen::Index>(v.walls.size());
    const Eigen::Index k = v.x.size();
    Eigen::MatrixXd A(k, q);
    for (Eigen::Index e = 0; e < q; ++e) A.col(e) = v.H.row(v.walls[static_cast<std::size_t>(e)]).transpose();
    const auto [orthonormal, R] = qr_of(A);
    const Eigen::MatrixXd inverse = R.template triangularView<Eigen::Upper>().solve(Eigen::MatrixXd::Identity(q, q));
    v.edges = orthonormal * inverse.transpose();
    v.x -= orthonormal * (orthonormal.transpose() * v.x).eval();
    v.x.normalize();
    v.T.noalias() = v.H * v.edges;
    place(v);
  }

  struct Crossing {
    double t;
    Eigen::Index row;
  };

  // From vertex to better vertex, one wall exchanged at a time, until no edge leads higher.
  void walk(const Climb& a, Slice& v, std::int64_t& lines) const {
    const auto q = static_cast<Eigen::Index>(v.walls.size());
    if (q == 0) return;
    open_edges(v);
    Eigen::VectorXd g = smooth_gradient(a, v);
    double here = terms(v, v.z) + smooth(a, v, v.x);
    std::vector<Crossing> crossings;
    int pivots = 0;
    for (Eigen::Index e = 0, failed = 0; failed < q; e = (e + 1) % q, ++failed, ++lines) {
      const Crossing best = best_crossing(v, e, g.dot(v.edges.col(e)), crossings);
      if (best.row < 0) continue;
      const Eigen::VectorXd x = v.x + best.t * v.edges.col(e), z = v.z + best.t * v.T.col(e);
      const double there = terms(v, z) + smooth(a, v, x.normalized());
      if (!(there > here + 1e-10 * unit_)) continue;
      exchange(v, e, best.row, x, z);
      if (++pivots % 64 == 0) open_edges(v);
      g = smooth_gradient(a, v);
      here = there;
      failed = -1;
    }
  }

  // The sum of the rows' terms, each at its better where z is 0. (Rows that depend on one another cannot all have
  // that.)
  static double terms(const Slice& v, const Eigen::VectorXd& z) {
    double sum = 0;
    for (Eigen::Index i = 0; i < z.size(); ++i)
      sum += std::abs(z(i)) <= tiny * v.length(i) ? v.beside(i) : z(i) > 0 ? v.plus(i) : v.minus(i);
    return sum;
  }

  // Lets go of the wall away from which, to its better side, the smooth term climbs most. (Where a crossing was within
  // reach the walk has taken it, so this is for large cells.)
  bool release(const Climb& a, Slice& v) const {
    const Eigen::VectorXd g = smooth_gradient(a, v);
    Eigen::Index loosest = -1;
    double most = 1e-9 * unit_, side = 0;
    for (std::size_t e = 0; e < v.walls.size(); ++e) {
      const Eigen::Index i = v.walls[e];
      const auto edge = v.edges.col(static_cast<Eigen::Index>(e));
      const double slope = g.dot(edge) / edge.norm();
      if (std::abs(slope) > most && (slope > 0 ? v.plus(i) : v.minus(i)) >= v.beside(i)) {
        most = std::abs(slope);
        side = slope > 0 ? 1 : -1;
        loosest = static_cast<Eigen::Index>(e);
      }
    }
    if (loosest < 0) return false;
    v.x = (v.x + 1e-9 * side * v.edges.col(loosest).normalized()).normalized();
    v.walls.erase(v.walls.begin() + loosest);
    return true;
  }

  // The crossing of edge e with the largest sum of jumps plus slope t; row < 0 if none is above 0.
  Crossing best_crossing(const Slice& v, Eigen::Index e, double slope, std::vector<Crossing>& crossings) const {
    const double* T = v.T.col(e).data();
    const double edge = v.edges.col(e).norm(), end = reach_ / edge;
    double sum[2] = {0, 0};  // of the jumps so far: t < 0, t > 0
    crossings.clear();
    for (Eigen::Index i = 0; i < v.z.size(); ++i) {
      if (!(std::abs(v.z(i)) < end * std::abs(T[i]))) continue;
      if (v.z(i) != 0) {
        crossings.push_back({-v.z(i) / T[i], i});
      } else if (std::abs(T[i]) > 1e-9 * v.length(i) * edge) {  // the edge's wall, and what depends on it
        sum[T[i] < 0] += v.plus(i) - v.beside(i);
        sum[T[i] > 0] += v.minus(i) - v.beside(i);
      }
    }
    std::sort(crossings.begin(), crossings.end(),
              [](const Crossing& c, const Crossing& o) { return std::abs(c.t) < std::abs(o.t); });
    double most = 1e-10 * unit_;
    Crossing best{0, -1};
    for (const Crossing& c : crossings) {
      double& jumps = sum[c.t > 0];
      double now = v.minus(c.row), then = v.plus(c.row);
      if (v.z(c.row) > 0) std::swap(now, then);
      if (const double gain = jumps + v.beside(c.row) - now + slope * c.t; gain > most) {
        most = gain;
        best = c;
      }
      jumps += then - now;
    }
    return best;
  }

  // At x, up to length, edge e's wall gives way to row i: a simplex pivot.
  static void exchange(Slice& v, Eigen::Index e, Eigen::Index i, const Eigen::VectorXd& x, const Eigen::VectorXd& z) {
    const double norm = x.norm(), pivot = v.T(i, e);
    v.x = x / norm;
    v.z = z / norm;
    v.walls[static_cast<std::size_t>(e)] = i;
    clean(v);
    v.edges.col(e) /= pivot;
    v.T.col(e) /= pivot;
    const Eigen::RowVectorXd across = v.T.row(i);
    for (Eigen::Index o = 0; o < v.edges.cols(); ++o) {
      if (o != e) {
        v.edges.col(o) -= across(o) * v.edges.col(e);
        v.T.col(o) -= across(o) * v.T.col(e);
      }
    }
    for (Eigen::Index o = 0; o < v.edges.cols(); ++o) {
      const double along = v.x.dot(v.edges.col(o));
      v.edges.col(o) -= along * v.x;
      v.T.col(o) -= along * v.z;
    }
  }

  const D& d_;
  double reach_;
  double unit_;  // the size of S and E
  std::vector<Factor> factors_;
};

}  // namespace theoremeter
