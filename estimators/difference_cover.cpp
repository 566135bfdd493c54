#include "estimators/difference_cover.hpp"

#include "estimators/decompositions.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace theoremeter {
namespace {

constexpr double unit_roundoff = std::numeric_limits<double>::epsilon();
constexpr double most_error = 1e-6;        // of a vertex
constexpr double most_cancellation = 1e5;  // sum |c_k| of a vertex
constexpr std::int64_t most_vertices = std::int64_t{1} << 24;

Eigen::Vector2d ray_at(double angle) { return {std::cos(angle), std::sin(angle)}; }

// How far x is from the ends of the sector, negative outside.
double depth(const Sector& sector, const Eigen::Vector2d& x) {
  const Eigen::Vector2d from = ray_at(sector.from), to = ray_at(sector.to);
  return std::min(from(0) * x(1) - from(1) * x(0), x(0) * to(1) - x(1) * to(0));
}

}  // namespace

// Cones of unit vectors of R^4, coordinates in an orthonormal basis of the family's span, cut in halves.
class DifferenceCover::Cutter {
 public:
  Cutter(const Eigen::MatrixXd& R, double error, double coarse, double fine)
      : R_(R), error_(error), tolerance_{coarse, fine} {}

  int add(const Eigen::Vector4d& c) {
    Point p{c, R_ * c, {0, 0}, 0};
    const double length = p.w.norm();
    p.c /= length;
    p.w /= length;
    p.error = (error_ + 16 * unit_roundoff) * p.c.lpNorm<1>();
    points_.push_back(p);
    return static_cast<int>(points_.size()) - 1;
  }

  // False where a vertex is not known, or too many are needed.
  bool cut(const std::vector<int>& cone, bool coarse_done = false) {
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
    const int middle = halfway(cone[i], cone[j]);
    if (middle < 0) return false;
    std::vector<int> one = cone, other = cone;
    one[i] = middle, other[j] = middle;
    return cut(one, coarse_done) && cut(other, coarse_done);
  }

  double off() const { return off_; }
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
    return distance > 0 ? 1 / distance : std::numeric_limits<double>::infinity();
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
    const int middle = add(point(i).c + point(j).c);
    const Point& p = point(middle);
    const bool fine = p.error <= most_error && p.c.lpNorm<1>() <= most_cancellation;  // false for NaN
    return at->second = fine && static_cast<std::int64_t>(points_.size()) < most_vertices ? middle : -1;
  }

  Eigen::Matrix4d R_;
  double error_;
  std::array<double, 2> tolerance_;
  std::vector<Point> points_;
  std::map<std::pair<int, int>, int> middles_;
  double off_ = 0;
};

DifferenceCover::DifferenceCover(const std::vector<Sector>& sectors, double coarse, double fine)
    : sectors_(sectors), coarse_(coarse), fine_(fine) {
  find_rays();
  const int n = static_cast<int>(sectors_.size());
  for (int s = 0; s < n; ++s) add_piece(s);
  for (int s = 0; s < n && known_; ++s)
    for (int t = s + 1; t < n && known_; ++t) add_pair(s, t);
  columns_.conservativeResize(Eigen::NoChange, count_);
}

int DifferenceCover::add_column(const Eigen::VectorXd& e, double error) {
  if (count_ == columns_.cols()) columns_.conservativeResize(e.size(), std::max(64, 2 * count_));
  columns_.col(count_) = e;
  errors_.push_back(error);
  return count_++;
}

// As G is continuous, G is the same at the rays where sectors meet, and of one direction on a whole sector of rank 1.
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
    if (sectors_[s].U.cols() == 1) join(2 * s, 2 * s + 1);
    if (sectors_[s].U.cols() > 0 && sectors_[next].U.cols() > 0) join(2 * s + 1, 2 * next);
  }
  rays_.resize(n);
  for (std::size_t c = 0; c < 2 * n; ++c) {
    Eigen::VectorXd best;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t e = 0; e < 2 * n; ++e) {
      const Sector& sector = sectors_[e / 2];
      if (same[e] != c || sector.U.cols() == 0) continue;
      Eigen::Vector2d x = ray_at(sector.U.cols() == 1 ? (sector.from + sector.to) / 2
                                 : e % 2 == 0         ? sector.from
                                                      : sector.to);
      const Eigen::VectorXd G = sector.Lambda * x;
      const double length = G.stableNorm(), rounding = 8 * static_cast<double>(G.size()) * unit_roundoff;
      const double error = sector.U.cols() == 1 ? sector.range_error
                                                : 2 * sector.Lambda.stableNorm() *
                                                      (sector.row_error + sector.ray_error + rounding) / length;
      if (error < least) least = error, best = G / length;
      rays_[e / 2][e % 2].x = x / length;
    }
    if (best.size() == 0) continue;
    const int column = add_column(best, least);
    for (std::size_t e = 0; e < 2 * n; ++e)
      if (same[e] == c) rays_[e / 2][e % 2].column = column;
  }
}

// The range of Lambda.
void DifferenceCover::add_piece(int s) {
  const Sector& sector = sectors_[static_cast<std::size_t>(s)];
  if (sector.U.cols() == 0 || (s > 0 && sector.Lambda == sectors_[static_cast<std::size_t>(s) - 1].Lambda)) return;
  Family family;
  family.piece = s;
  family.ranges = true;
  const Eigen::Vector2d middle = ray_at((sector.from + sector.to) / 2);
  family.meeting = {middle / depth(sector, middle), middle / depth(sector, middle)};
  if (sector.U.cols() == 1) {
    family.column[0] = rays_[static_cast<std::size_t>(s)][0].column;
    family.first[0] = rays_[static_cast<std::size_t>(s)][0].x / 2;
    family.second[0] = -family.first[0];
    known_ = known_ && cut(std::move(family), {{Eigen::Vector4d::Unit(0)}});
    return;
  }
  for (Eigen::Index k = 0; k < 2; ++k) {
    family.column[static_cast<std::size_t>(k)] = add_column(sector.U.col(k), sector.range_error);
    family.first[static_cast<std::size_t>(k)] = shortest_least_squares(sector.Lambda, sector.U.col(k)) / 2;
    family.second[static_cast<std::size_t>(k)] = -family.first[static_cast<std::size_t>(k)];
  }
  const Eigen::Vector4d a = Eigen::Vector4d::Unit(0), b = Eigen::Vector4d::Unit(1);
  known_ = known_ && cut(std::move(family), {{a, b}, {b, -a}});
}

// The cone C_s - C_t.
void DifferenceCover::add_pair(int s, int t) {
  const auto own = static_cast<std::size_t>(s), other = static_cast<std::size_t>(t);
  const Eigen::Index rank_s = sectors_[own].U.cols(), rank_t = sectors_[other].U.cols();
  if (rank_s == 0 || rank_t == 0 || sectors_[own].Lambda == sectors_[other].Lambda) return;
  std::vector<Ray> S(rays_[own].begin(), rays_[own].begin() + rank_s);
  std::vector<Ray> T(rays_[other].begin(), rays_[other].begin() + rank_t);
  Family family;
  std::size_t used = 0;
  std::vector<Eigen::Vector4d> edges, shared;
  const auto next = [&](int column) {
    family.column[used] = column;
    return Eigen::Vector4d(Eigen::Vector4d::Unit(static_cast<Eigen::Index>(used)));
  };
  for (const Ray& a : S) {
    const auto same = std::find_if(T.begin(), T.end(), [&](const Ray& b) { return b.column == a.column; });
    family.first[used] = a.x;
    const Eigen::Vector4d e = next(a.column);
    if (same != T.end()) {
      family.second[used] = same->x;
      shared.push_back(e);
      T.erase(same);
    } else {
      edges.push_back(e);
    }
    ++used;
  }
  const bool within = T.empty() || edges.empty();  // the range of one of them
  if (within && !shared.empty()) return;
  for (const Ray& b : T) {
    family.second[used] = b.x;
    edges.push_back(-next(b.column));
    ++used;
  }
  std::vector<std::vector<Eigen::Vector4d>> cones{edges};
  if (!shared.empty()) {
    cones.push_back(edges);
    cones[0].push_back(shared[0]);
    cones[1].push_back(-shared[0]);
  }
  if (!cut(std::move(family), cones)) add_sum(s, t);
}

// The sum of the ranges: where C_s - C_t holds a line, or nearly one.
void DifferenceCover::add_sum(int s, int t) {
  const Sector &one = sectors_[static_cast<std::size_t>(s)], &other = sectors_[static_cast<std::size_t>(t)];
  const Eigen::MatrixXd &U = one.U, &V = other.U;
  Eigen::MatrixXd both(U.rows(), U.cols() + V.cols());
  both << U, V;
  const PivotedQr qr(both);
  const Eigen::Index rank = qr.rank(1e-12);
  const double smallest = std::abs(qr.R()(rank - 1, rank - 1));
  const double error = 4 * (one.range_error + other.range_error + 64 * unit_roundoff) / smallest;
  known_ = known_ && error <= most_error / 8;
  if (!known_) return;
  const Eigen::MatrixXd Q = qr.Q(rank);
  Family family;
  family.ranges = true;
  Eigen::MatrixXd both_maps(one.Lambda.rows(), 4);
  both_maps << one.Lambda, -other.Lambda;
  for (Eigen::Index k = 0; k < rank; ++k) {
    family.column[static_cast<std::size_t>(k)] = add_column(Q.col(k), error);
    const Eigen::Vector4d x = shortest_least_squares(both_maps, Q.col(k));
    family.first[static_cast<std::size_t>(k)] = x.head<2>();
    family.second[static_cast<std::size_t>(k)] = x.tail<2>();
  }
  const Eigen::Vector4d kernel = symmetric_eigen(both_maps.transpose() * both_maps).vectors.col(0);
  for (const double sign : {1.0, -1.0}) {
    const Eigen::Vector2d x1 = sign * kernel.head<2>(), x2 = sign * kernel.tail<2>();
    const double inside = std::min(depth(one, x1), depth(other, x2));
    if (inside > 1e-6) family.meeting = {x1 / inside, x2 / inside};
  }
  std::vector<std::vector<Eigen::Vector4d>> orthants;
  for (int signs = 0; signs < 1 << (rank - 1); ++signs) {
    std::vector<Eigen::Vector4d> cone;
    for (Eigen::Index k = 0; k < rank; ++k)
      cone.push_back((k > 0 && (signs >> (k - 1) & 1) ? -1.0 : 1.0) * Eigen::Vector4d::Unit(k));
    orthants.push_back(std::move(cone));
  }
  known_ = cut(std::move(family), orthants);
}

bool DifferenceCover::cut(Family family, const std::vector<std::vector<Eigen::Vector4d>>& cones) {
  Eigen::Index used = 0;
  double error = 0;
  while (used < 4 && family.column[static_cast<std::size_t>(used)] >= 0) ++used;
  Eigen::MatrixXd E(columns_.rows(), used);
  for (Eigen::Index k = 0; k < used; ++k) {
    const int column = family.column[static_cast<std::size_t>(k)];
    E.col(k) = columns_.col(column);
    error = std::max(error, errors_[static_cast<std::size_t>(column)]);
  }
  Eigen::MatrixXd R = Eigen::MatrixXd::Zero(4, 4);
  if (E.rows() >= used)
    R.topLeftCorner(used, used) = qr_of(E).R.triangularView<Eigen::Upper>();
  else
    R.topLeftCorner(E.rows(), used) = E;
  Cutter cutter(R, error, coarse_, fine_);
  for (const auto& cone : cones) {
    std::vector<int> points;
    for (const Eigen::Vector4d& c : cone) points.push_back(cutter.add(c));
    if (!cutter.cut(points)) return false;
  }
  family.coarse = cutter.vertices(0);
  family.fine = cutter.vertices(1);
  vertices_ += static_cast<std::int64_t>(family.coarse.size() + family.fine.size());
  if (vertices_ > most_vertices) known_ = false;
  off_ = std::max(off_, cutter.off());
  for (const Vertex& v : family.fine)
    largest_ = std::max(largest_, std::abs(v.c[0]) + std::abs(v.c[1]) + std::abs(v.c[2]) + std::abs(v.c[3]));
  families_.push_back(std::move(family));
  return true;
}

std::pair<Eigen::Vector2d, Eigen::Vector2d> DifferenceCover::attained(const Family& family,
                                                                      const Vertex& vertex) const {
  Eigen::Vector2d x1 = Eigen::Vector2d::Zero(), x2 = x1;
  for (std::size_t k = 0; k < 4; ++k) {
    if (family.ranges || vertex.c[k] > 0) x1 += vertex.c[k] * family.first[k];
    if (family.ranges || vertex.c[k] < 0) x2 += (family.ranges ? 1 : -1) * vertex.c[k] * family.second[k];
  }
  if (!family.ranges) return {x1, x2};
  if (family.meeting[0].isZero()) return {family.meeting[0], family.meeting[1]};
  const double far = 2 * std::max(x1.norm(), x2.norm());
  return {far * family.meeting[0] + x1, far * family.meeting[1] + x2};
}

}  // namespace theoremeter
