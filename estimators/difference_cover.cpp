// Rounding. Columns are known to their errors: those of the rows of Lambda, in the 1-norm, so that rows are off by
// 2^{1/2} times that, and of the rays; e = G/|G| is off by at most 2 |G' - G|/|G|. A vertex sum_k c_k e_k is off from
// that of the cone, halved again and again without rounding, by sum |c_k| times the error of columns and 3 u a halving,
// of which there are `most_halvings` in a row at most: within a cone the c_k have one sign each, so that sums of them
// lose nothing. The geometry of a family is that of R, E = QR; Householder's reflections are off by some 16 n u a
// column. Distances of hulls are taken less by the error of their vertices, so that rho is right for the true cone, and
// the hull of the computed rho w_i is off by rho times that error.
#include "estimators/difference_cover.hpp"

#include "estimators/decompositions.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>

namespace theoremeter {
namespace {

constexpr double unit_roundoff = std::numeric_limits<double>::epsilon();
constexpr double most_error = 1e-6;        // of a vertex
constexpr double most_cancellation = 512;  // sum |c_k| of a vertex
constexpr double most_chord = 0.02;        // as an angle
constexpr int most_halvings = 48, most_renewals = 8;
constexpr std::size_t most_points = std::size_t{1} << 18, most_columns = std::size_t{1} << 12, most_subspaces = 256;
constexpr std::int64_t most_vertices = std::int64_t{1} << 23;

Eigen::Vector2d ray_at(double angle) { return {std::cos(angle), std::sin(angle)}; }

Eigen::Vector4d joined(const Eigen::Vector2d& x1, const Eigen::Vector2d& x2) { return {x1(0), x1(1), x2(0), x2(1)}; }

// How far x is from the ends of the sector, negative outside.
double depth(const Sector& sector, const Eigen::Vector2d& x) {
  const Eigen::Vector2d from = ray_at(sector.from), to = ray_at(sector.to);
  return std::min(from(0) * x(1) - from(1) * x(0), x(0) * to(1) - x(1) * to(0));
}

}  // namespace

// Cones of unit vectors of R^4, coordinates in an orthonormal basis of the family's span, cut in halves.
class DifferenceCover::Cutter {
 public:
  Cutter(const Eigen::MatrixXd& R, const Eigen::Vector4d& error, double coarse, double fine,
         const std::vector<Chord>& chords)
      : R_(R), error_(error), tolerance_{coarse, fine}, chords_(chords) {}

  int add(const Eigen::Vector4d& c) {
    Point p{c, R_ * c, {0, 0}, 0, nullptr};
    const double length = p.w.norm();
    p.c /= length;
    p.w /= length;
    p.error = error_.dot(p.c.cwiseAbs());
    points_.push_back(p);
    return static_cast<int>(points_.size()) - 1;
  }

  // False where a vertex is not known, or too many are needed.
  bool cut(const std::vector<int>& cone, int halvings = 0, bool coarse_done = false) {
    const double rho = reach(cone);
    const auto cover = [&](std::size_t level) {
      for (const int i : cone) scale(i, level) = std::max(scale(i, level), rho);
    };
    if (!coarse_done && rho * rho <= 1 + tolerance_[0]) coarse_done = true, cover(0);
    if (rho * rho <= 1 + tolerance_[1]) {
      cover(1);
      for (const int i : cone) off_ = std::max(off_, 2 * rho * point(i).error);
      return true;
    }
    const auto [i, j] = widest(cone);
    const int middle = halvings < most_halvings ? halfway(cone[i], cone[j]) : -1;
    if (middle < 0) return false;
    std::vector<int> one = cone, other = cone;
    one[i] = middle, other[j] = middle;
    if (!point(middle).chord && point(middle).c.lpNorm<1>() <= most_cancellation)
      return cut(one, halvings + 1, coarse_done) && cut(other, halvings + 1, coarse_done);
    left_.push_back(std::move(one)), left_.push_back(std::move(other));
    return true;
  }

  // Cones that have not been cut: the columns cancel in them.
  const std::vector<std::vector<int>>& left() const { return left_; }
  double off() const { return off_; }
  const Eigen::Vector4d& coefficients(int i) const { return point(i).c; }
  double error(int i) const { return point(i).error; }
  const Chord* chord(int i) const { return point(i).chord; }
  std::vector<Vertex> vertices(std::size_t level) const {
    std::vector<Vertex> all;
    for (const Point& p : points_) {
      const double s = p.scale[level];
      if (s > 0) all.push_back({{s * p.c(0), s * p.c(1), s * p.c(2), s * p.c(3)}, s});
    }
    return all;
  }

 private:
  struct Point {
    Eigen::Vector4d c, w;  // w = R c, a unit vector
    std::array<double, 2> scale;
    double error;
    const Chord* chord;  // where it is one
  };

  const Point& point(int i) const { return points_[static_cast<std::size_t>(i)]; }
  double& scale(int i, std::size_t level) { return points_[static_cast<std::size_t>(i)].scale[level]; }

  // rho: 1 / a lower bound for the distance of the hull from 0, <h, w>/|h| of some h that is about the nearest point.
  double reach(const std::vector<int>& cone) const {
    Eigen::Vector4d h = Eigen::Vector4d::Zero();
    double error = 8 * unit_roundoff, least = 0;
    for (const int i : cone) {
      h += point(i).w / static_cast<double>(cone.size());
      error = std::max(error, 2 * point(i).error);
    }
    for (int step = 0; step < 12; ++step) {
      const auto nearest = std::min_element(cone.begin(), cone.end(),
                                            [&](int i, int j) { return h.dot(point(i).w) < h.dot(point(j).w); });
      const Eigen::Vector4d& w = point(*nearest).w;
      least = h.dot(w);
      if (least >= (1 - 1e-3 * tolerance_[1]) * h.squaredNorm() || step == 11) break;
      h += std::clamp(h.dot(h - w) / (h - w).squaredNorm(), 0.0, 1.0) * (w - h);
    }
    const double distance = h.norm() > 0 ? least / h.norm() - error : 0;
    return distance > 0 ? std::max(1.0, 1 / distance) : std::numeric_limits<double>::infinity();
  }

  std::pair<std::size_t, std::size_t> widest(const std::vector<int>& cone) const {
    std::pair<std::size_t, std::size_t> best{0, 1};
    double least = 2;
    for (std::size_t i = 0; i < cone.size(); ++i)
      for (std::size_t j = i + 1; j < cone.size(); ++j)
        if (const double cosine = point(cone[i]).w.dot(point(cone[j]).w); cosine < least) least = cosine, best = {i, j};
    return best;
  }

  int halfway(int i, int j) {
    const auto [at, is_new] = middles_.try_emplace(std::minmax(i, j), -1);
    if (!is_new) return at->second;
    const Eigen::Vector4d sum = point(i).c + point(j).c;
    const auto chord = std::find_if(chords_.begin(), chords_.end(), [&](const Chord& a) {
      return point(i).c.dot(a.c) > 0 && point(j).c.dot(a.c) > 0 && sum.cwiseSign() == a.c.cwiseSign();
    });
    const int middle = add(chord == chords_.end() ? sum : chord->c);
    if (chord != chords_.end()) points_.back().chord = &*chord, points_.back().error = chord->error;
    const bool known = point(middle).error <= most_error;  // false for NaN
    return at->second = known && points_.size() < most_points ? middle : -1;
  }

  Eigen::Matrix4d R_;
  Eigen::Vector4d error_;  // of the columns
  std::array<double, 2> tolerance_;
  const std::vector<Chord>& chords_;
  std::vector<Point> points_;
  std::map<std::pair<int, int>, int> middles_;
  std::vector<std::vector<int>> left_;
  double off_ = 0;
};

DifferenceCover::DifferenceCover(const std::vector<Sector>& sectors, double coarse, double fine, int threads)
    : sectors_(sectors), coarse_(coarse), fine_(fine) {
  const std::size_t n = sectors.size();
  for (const Sector& sector : sectors_) {
    on_.emplace_back();
    for (Eigen::Index i = 0; i < sector.Lambda.rows(); ++i)
      if ((sector.Lambda.row(i).array() != 0).any()) on_.back().push_back(i);
  }
  find_rays();
  Unknown unknown;
  for (std::size_t s = 0; s < n; ++s) {
    std::vector<Part> parts(n);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (std::size_t t = s; t < n; ++t) parts[t] = s == t ? piece(s) : pair(s, t);
    for (std::size_t t = s; t < n; ++t) {
      const bool fits = vertices_ + parts[t].vertices <= most_vertices &&
                        all_columns_.size() + parts[t].columns.size() <= most_columns;
      if (parts[t].known && fits)
        add(std::move(parts[t]));
      else
        unknown[either(s, t)].emplace_back(s, t);
    }
  }
  if (unknown.size() > most_subspaces) {
    RowSet all;
    for (std::size_t s = 0; s < n; ++s) all.insert(all.end(), on_[s].begin(), on_[s].end());
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    unknown = {{all, {unknown.begin()->second.front()}}};
  }
  add_subspaces(unknown);
  columns_.resize(sectors_[0].Lambda.rows(), static_cast<Eigen::Index>(all_columns_.size()));
  for (std::size_t k = 0; k < all_columns_.size(); ++k) columns_.col(static_cast<Eigen::Index>(k)) = all_columns_[k];
}

DifferenceCover::RowSet DifferenceCover::either(std::size_t s, std::size_t t) const {
  RowSet rows;
  std::set_union(on_[s].begin(), on_[s].end(), on_[t].begin(), on_[t].end(), std::back_inserter(rows));
  return rows;
}

// Is G of the same direction on both, which are of rank 1? Here for certain.
bool DifferenceCover::one_line(std::size_t s, std::size_t t) const {
  if (rank(s) != 1 || rank(t) != 1) return false;
  return s == t || (sectors_[s].line >= 0 && sectors_[s].line == sectors_[t].line);
}

// As G is continuous, G is the same at the rays where sectors meet. A piece of rank 2 does not vanish there; where both
// are of rank 1, G may be 0 there and of another direction on either side.
void DifferenceCover::find_rays() {
  const std::size_t n = sectors_.size();
  std::vector<std::size_t> same(2 * n);  // 2 s, 2 s + 1: the ends of sector s
  std::iota(same.begin(), same.end(), std::size_t{0});
  const auto join = [&](std::size_t a, std::size_t b) {
    const std::size_t from = same[a], to = same[b];
    std::replace(same.begin(), same.end(), from, to);
  };
  for (std::size_t s = 0; s < n; ++s) {
    const std::size_t next = (s + 1) % n;
    if (std::min(rank(s), rank(next)) > 0 && std::max(rank(s), rank(next)) == 2) join(2 * s + 1, 2 * next);
    if (one_line(s, s)) join(2 * s, 2 * s + 1);
    for (std::size_t t = s + 1; t < n; ++t)
      if (one_line(s, t)) join(2 * s, 2 * t);
  }
  rays_.resize(n);
  for (std::size_t c = 0; c < 2 * n; ++c) {
    Eigen::VectorXd best;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t e = 0; e < 2 * n; ++e) {
      const Sector& sector = sectors_[e / 2];
      if (same[e] != c || rank(e / 2) == 0) continue;
      const bool line = rank(e / 2) == 1;
      const Eigen::Vector2d x = ray_at(line ? (sector.from + sector.to) / 2 : e % 2 == 0 ? sector.from : sector.to);
      const Eigen::VectorXd G = sector.Lambda * x;
      const double length = G.stableNorm(), rounding = 16 * unit_roundoff;
      const double error =
          line ? sector.range_error
               : 4 * sector.Lambda.stableNorm() * (sector.row_error + sector.ray_error + rounding) / length;
      if (error < least) least = error, best = G / length;
      rays_[e / 2][e % 2].x = x / length;
    }
    if (best.size() == 0) continue;
    for (std::size_t e = 0; e < 2 * n; ++e)
      if (same[e] == c) rays_[e / 2][e % 2].column = static_cast<int>(all_columns_.size());
    all_columns_.push_back(std::move(best));
    ray_errors_.push_back(least);
  }
}

int DifferenceCover::add_column(Part& part, const Eigen::VectorXd& e, double error) const {
  part.columns.push_back(e);
  part.errors.push_back(error);
  return static_cast<int>(ray_errors_.size() + part.columns.size()) - 1;
}

// The range of Lambda.
DifferenceCover::Part DifferenceCover::piece(std::size_t s) const {
  const Sector& sector = sectors_[s];
  Part part;
  if (rank(s) == 0) return part;
  Family family;
  family.piece = static_cast<int>(s);
  const Eigen::Vector2d middle = ray_at((sector.from + sector.to) / 2);
  family.inside = middle / depth(sector, middle);
  const Eigen::Vector4d a = Eigen::Vector4d::Unit(0), b = Eigen::Vector4d::Unit(1);
  for (std::size_t k = 0; k < rank(s); ++k) {
    const auto u = sector.U.col(static_cast<Eigen::Index>(k));
    family.column[k] = add_column(part, u, sector.range_error);
    const Eigen::Vector2d x = shortest_least_squares(sector.Lambda, u) / 2;
    family.plus[k] = joined(x, -x);
    family.minus[k] = -family.plus[k];
  }
  part.known = cut(part, std::move(family), rank(s) == 1 ? std::vector<Cone>{{a}} : std::vector<Cone>{{a, b}, {b, -a}});
  return part;
}

// The cone C_s - C_t.
DifferenceCover::Part DifferenceCover::pair(std::size_t s, std::size_t t) const {
  Part part;
  if (rank(s) == 0 || rank(t) == 0 || sectors_[s].Lambda == sectors_[t].Lambda) return part;  // in the range of one
  if (either(s, t).size() == std::max(rank(s), rank(t))) return part;
  const std::vector<Ray> S(rays_[s].begin(), rays_[s].begin() + sectors_[s].U.cols());
  std::vector<Ray> T(rays_[t].begin(), rays_[t].begin() + sectors_[t].U.cols());
  const Eigen::Vector2d nothing = Eigen::Vector2d::Zero();
  Family family;
  std::size_t used = 0;
  Cone edges, shared;
  for (const Ray& a : S) {
    const auto same = std::find_if(T.begin(), T.end(), [&](const Ray& b) { return b.column == a.column; });
    const Eigen::Vector4d e = Eigen::Vector4d::Unit(static_cast<Eigen::Index>(used));
    family.column[used] = a.column;
    family.plus[used] = joined(a.x, nothing);
    if (same == T.end()) {
      edges.push_back(e);
    } else {
      family.minus[used] = joined(nothing, same->x);
      shared.push_back(e);
      T.erase(same);
    }
    ++used;
  }
  if (!shared.empty() && (T.empty() || edges.empty())) return part;  // in the range of one
  for (const Ray& b : T) {
    family.column[used] = b.column;
    family.minus[used] = joined(nothing, b.x);
    edges.emplace_back(-Eigen::Vector4d::Unit(static_cast<Eigen::Index>(used++)));
  }
  std::vector<Cone> cones{edges};
  if (!shared.empty()) {
    cones.push_back(edges);
    cones[0].push_back(shared[0]);
    cones[1].emplace_back(-shared[0]);
  }
  Cone either_way = edges;
  for (const Eigen::Vector4d& h : shared) either_way.push_back(h), either_way.emplace_back(-h);
  part.known = cut(part, family, cones, chords(family, either_way));
  if (!part.known) part.families.clear(), part.columns.clear();
  return part;
}

// Short ones, between edges of the family.
std::vector<DifferenceCover::Chord> DifferenceCover::chords(const Family& family, const Cone& edges) const {
  std::vector<Chord> all;
  for (const Eigen::Vector4d& one : edges)
    for (const Eigen::Vector4d& other : edges) {
      Eigen::Index k, l;
      if (one.maxCoeff(&k) <= 0 || other.minCoeff(&l) >= 0 || k == l) continue;
      const int first = family.column[static_cast<std::size_t>(k)], second = family.column[static_cast<std::size_t>(l)];
      for (std::size_t s = 0; s < sectors_.size(); ++s) {
        const Sector& sector = sectors_[s];
        const Ray &from = rays_[s][0], &to = rays_[s][1];
        const bool up = to.column == first && from.column == second, down = from.column == first && to.column == second;
        if (rank(s) < 2 || !(up || down) || sector.to - sector.from > most_chord) continue;
        const double middle = (sector.from + sector.to) / 2, sign = up ? 1 : -1;
        const Eigen::VectorXd along = sector.Lambda * Eigen::Vector2d(-std::sin(middle), std::cos(middle));
        const double length = along.stableNorm();
        all.push_back(
            {one / (up ? to : from).x.norm() + other / (up ? from : to).x.norm(), sign * along / length,
             4 * sector.Lambda.stableNorm() * (sector.row_error + sector.ray_error + 16 * unit_roundoff) / length});
      }
    }
  return all;
}

// Covers the cones. Where columns cancel, the edges of what is left become columns themselves.
bool DifferenceCover::cut(Part& part, Family family, const std::vector<Cone>& cones, const std::vector<Chord>& chords,
                          int renewals) const {
  Eigen::Index used = 0;
  Eigen::Vector4d error = Eigen::Vector4d::Zero();
  while (used < 4 && family.column[static_cast<std::size_t>(used)] >= 0) ++used;
  Eigen::MatrixXd E(sectors_[0].Lambda.rows(), used);
  for (Eigen::Index k = 0; k < used; ++k) {
    const auto column = static_cast<std::size_t>(family.column[static_cast<std::size_t>(k)]);
    const bool ray = column < ray_errors_.size();
    E.col(k) = ray ? all_columns_[column] : part.columns[column - ray_errors_.size()];
    error(k) = (ray ? ray_errors_[column] : part.errors[column - ray_errors_.size()]) +
               (16 * static_cast<double>(E.rows()) + 4 * most_halvings) * unit_roundoff;
  }
  Eigen::MatrixXd R = Eigen::MatrixXd::Zero(4, 4);
  if (E.rows() >= used)
    R.topLeftCorner(used, used) = qr_of(E).R.triangularView<Eigen::Upper>();
  else
    R.topLeftCorner(E.rows(), used) = E;
  Cutter cutter(R, error, coarse_, fine_, chords);
  for (const Cone& cone : cones) {
    std::vector<int> points;
    for (const Eigen::Vector4d& c : cone) points.push_back(cutter.add(c));
    if (!cutter.cut(points)) return false;
  }
  family.coarse = cutter.vertices(0);
  family.fine = cutter.vertices(1);
  part.off = std::max(part.off, cutter.off());
  part.vertices += static_cast<std::int64_t>(family.coarse.size() + family.fine.size());
  for (const std::vector<Vertex>* vertices : {&family.coarse, &family.fine})
    for (const Vertex& v : *vertices)
      part.largest = std::max(part.largest, std::abs(v.c[0]) + std::abs(v.c[1]) + std::abs(v.c[2]) + std::abs(v.c[3]));

  if (!cutter.left().empty() && renewals == most_renewals) return false;
  std::map<int, int> renewed;  // point, column
  for (const std::vector<int>& cone : cutter.left()) {
    Family narrow;
    Cone units;
    for (std::size_t k = 0; k < cone.size(); ++k) {
      const Eigen::Vector4d& c = cutter.coefficients(cone[k]);
      const Eigen::Vector4d e = Eigen::Vector4d::Unit(static_cast<Eigen::Index>(k));
      Eigen::Index own;
      if (c.cwiseAbs().maxCoeff(&own) == c.lpNorm<1>()) {  // a column, or its negative
        const auto from = static_cast<std::size_t>(own);
        narrow.column[k] = family.column[from];
        narrow.plus[k] = family.plus[from];
        narrow.minus[k] = family.minus[from];
        units.emplace_back(c(own) > 0 ? e : Eigen::Vector4d(-e));
        continue;
      }
      const auto [at, is_new] = renewed.try_emplace(cone[k], -1);
      if (const Chord* chord = cutter.chord(cone[k]); is_new)
        at->second = add_column(part, chord ? chord->e : Eigen::VectorXd((E * c.head(used)).normalized()),
                                1.01 * cutter.error(cone[k]));
      narrow.column[k] = at->second;
      narrow.plus[k] = attained(family, {{c(0), c(1), c(2), c(3)}, 1});
      units.push_back(e);
    }
    if (part.columns.size() > most_columns || !cut(part, std::move(narrow), {units}, {}, renewals + 1)) return false;
  }
  if (!family.fine.empty()) part.families.push_back(std::move(family));
  return true;
}

void DifferenceCover::add(Part&& part) {
  const int shift = static_cast<int>(all_columns_.size() - ray_errors_.size());
  for (Eigen::VectorXd& e : part.columns) all_columns_.push_back(std::move(e));
  for (Family& family : part.families) {
    for (int& column : family.column)
      if (column >= static_cast<int>(ray_errors_.size())) column += shift;
    families_.push_back(std::move(family));
  }
  off_ = std::max(off_, part.off);
  largest_ = std::max(largest_, part.largest);
  vertices_ += part.vertices;
}

// Where they meet inside: then all vectors of three coordinates are differences.
Eigen::Vector4d DifferenceCover::meeting(std::size_t s, std::size_t t) const {
  Eigen::MatrixXd both(sectors_[s].Lambda.rows(), 4);
  both << sectors_[s].Lambda, -sectors_[t].Lambda;
  const Eigen::Vector4d kernel = symmetric_eigen(both.transpose() * both).vectors.col(0);
  for (const double sign : {1.0, -1.0}) {
    const Eigen::Vector4d x = sign * kernel;
    const double inside = std::min(depth(sectors_[s], x.head<2>()), depth(sectors_[t], x.tail<2>()));
    if (inside > 1e-6 && (both * x).norm() < 1e-9 * both.norm()) return x / inside;
  }
  return Eigen::Vector4d::Zero();
}

// Those that are in no other.
void DifferenceCover::add_subspaces(const Unknown& all) {
  std::map<Eigen::Index, int> column;
  for (const auto& [rows, pairs] : all) {
    const bool within = std::any_of(all.begin(), all.end(), [&rows = rows](const auto& other) {
      return rows != other.first && std::includes(other.first.begin(), other.first.end(), rows.begin(), rows.end());
    });
    if (within) continue;
    Subspace subspace{{}, pairs.front(), Eigen::Vector4d::Zero()};
    for (const Eigen::Index i : rows) {
      const auto [at, is_new] = column.try_emplace(i, static_cast<int>(all_columns_.size()));
      if (is_new) all_columns_.emplace_back(Eigen::VectorXd::Unit(sectors_[0].Lambda.rows(), i));
      subspace.column.push_back(at->second);
    }
    for (std::size_t p = 0; p < pairs.size() && rows.size() <= 3 && subspace.meeting.isZero(); ++p) {
      subspace.pieces = pairs[p];
      subspace.meeting = meeting(pairs[p].first, pairs[p].second);
    }
    largest_ = std::max(largest_, std::sqrt(static_cast<double>(rows.size())));
    subspaces_.push_back(std::move(subspace));
  }
}

Eigen::Vector4d DifferenceCover::attained(const Family& family, const Vertex& vertex) {
  Eigen::Vector4d x = Eigen::Vector4d::Zero();
  for (std::size_t k = 0; k < 4; ++k) x += std::abs(vertex.c[k]) * (vertex.c[k] > 0 ? family.plus[k] : family.minus[k]);
  const double far = 2 * std::max(x.head<2>().norm(), x.tail<2>().norm());
  return x + far * joined(family.inside, family.inside);
}

Eigen::Vector4d DifferenceCover::attained(const Subspace& subspace, const Eigen::VectorXd& c) const {
  const auto& [s, t] = subspace.pieces;
  Eigen::MatrixXd both(columns_.rows(), 4);
  both << sectors_[s].Lambda, -sectors_[t].Lambda;
  Eigen::VectorXd u = Eigen::VectorXd::Zero(columns_.rows());
  for (std::size_t k = 0; k < subspace.column.size(); ++k)
    u += c(static_cast<Eigen::Index>(k)) * columns_.col(subspace.column[k]);
  const Eigen::Vector4d x = shortest_least_squares(both, u);
  return x + 2 * std::max(x.head<2>().norm(), x.tail<2>().norm()) * subspace.meeting;
}

}  // namespace theoremeter
