#include "estimators/census.hpp"

#include "estimators/cells.hpp"
#include "theory/error.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

namespace theoremeter {
namespace {

using Eigen::Matrix2d;
using Eigen::Vector2d;
using std::numbers::pi;

Vector2d turned(const Vector2d& p) { return {-p(1), p(0)}; }
double cross(const Vector2d& p, const Vector2d& q) { return p(0) * q(1) - p(1) * q(0); }
double angle(const Vector2d& p) { return std::atan2(p(1), p(0)); }

double width(const Cell& cell) {
  if (cell.span != Span::arc) return cell.span == Span::circle ? 2 * pi : pi;
  return std::atan2(cross(cell.from.p, cell.to.p), cell.from.p.dot(cell.to.p));
}

/// From the signs of the derivatives to both sides.
bool stationary(int counterclockwise, int clockwise) { return counterclockwise * clockwise >= 0; }
StationaryKind kind_of(int counterclockwise, int clockwise) {
  const int sum = counterclockwise + clockwise;
  return sum == 0 ? StationaryKind::minimum : sum > 0 ? StationaryKind::kink_minimum : StationaryKind::kink_saddle;
}

class Counting {
 public:
  Counting(const Recovery& f, double rho, Cells cells) : f_(f), rho_(rho), cells_(std::move(cells.cells)) {
    census_.cells = static_cast<std::int64_t>(cells_.size());
    census_.integer_signs = cells.integer_signs;
    for (std::size_t j = 0; j < cells_.size(); ++j) {
      if (cells_[j].span != Span::circle) on_ray(cells_[j > 0 ? j - 1 : cells_.size() - 1], cells_[j]);
      inside(cells_[j], j > 0 && cells_[j - 1].rank == 0);
    }
    join_ends();
    at_zero();
  }

  Census result() && { return std::move(census_); }

 private:
  StationaryPoint point(const Vector2d& x, StationaryKind kind) const {
    StationaryPoint result;
    result.x = x;
    result.kind = kind;
    result.objective = objective(f_, x);
    result.distance_x0 = (x - f_.x0).norm() / f_.x0.norm();
    result.distance_minus_rho_x0 = (x + rho_ * f_.x0).norm() / f_.x0.norm();
    return result;
  }

  // The ray on which `left` ends and `right` begins; counterclockwise comes `right`.
  void on_ray(const Cell& left, const Cell& right) {
    const int counterclockwise = right.from.turning, clockwise = -left.to.turning;
    const Vector2d &p = right.from.p, t = turned(p);
    if (!stationary(counterclockwise, clockwise)) return;
    const StationaryKind kind = kind_of(counterclockwise, clockwise);
    if (right.from.a == 0) {
      if (left.rank > 0 && right.rank > 0) flat(kind, angle(p), angle(p), Vector2d::Zero(), f_.b.squaredNorm() / 2);
      return;
    }
    if (right.from.b <= 0) return;
    const double r = p.dot(right.c) / p.dot(right.M * p);
    StationaryPoint found = point(r * p, kind);
    found.counterclockwise = counterclockwise * std::abs(t.dot(r * right.M * p - right.c));
    found.clockwise = clockwise * std::abs(t.dot(r * left.M * p - left.c));
    found.isolated = left.rank == 2 && right.rank == 2;
    census_.points.push_back(found);
  }

  void inside(const Cell& cell, bool joins) {
    if (cell.rank == 0) return cone(cell, joins);
    if (cell.rank == 1) return line(cell);
    // The solution of Mx = c lies counterclockwise from the first ray iff f falls turning from it, and so on.
    if (cell.span == Span::circle ? cell.middle == 0 : cell.from.turning >= 0 || cell.to.turning <= 0) return;
    census_.points.push_back(point(cell.M.inverse() * cell.c, StationaryKind::minimum));
  }

  void flat(StationaryKind kind, double from, double to, const Vector2d& normal, double objective) {
    census_.flat.push_back({kind, from, to, normal, objective});
  }

  // f is constant. Cones that touch are one.
  void cone(const Cell& cell, bool joins) {
    if (joins)
      census_.flat.back().to += width(cell);
    else
      flat(StationaryKind::minimum, angle(cell.from.p), angle(cell.from.p) + width(cell), Vector2d::Zero(),
           f_.b.squaredNorm() / 2);
  }

  // M = B'B, B of rows that are multiples of one h, and c another: Mx = c where c'x = |c|^2/tr M.
  void line(const Cell& cell) {
    const double trace = cell.M.trace(), half = f_.b.squaredNorm() / 2;
    const bool ends = cell.span != Span::circle;
    if (cell.middle == 0 && (!ends || (cell.from.b == 0 && cell.to.b == 0))) return null_rays(cell);
    double from = angle(cell.c) - pi / 2, to = from + pi;                        // where c'x > 0
    if (ends && cell.from.b <= 0 && cell.to.b <= 0 && cell.middle <= 0) return;  // nowhere in the cell
    if (ends && cell.from.b >= 0) from = angle(cell.from.p);
    if (ends) to = cell.to.b >= 0 ? onward(from, cell.to.p) : onward(from, turned(cell.c));
    flat(StationaryKind::minimum, from, to, cell.c * trace / cell.c.squaredNorm(),
         half - cell.c.squaredNorm() / trace / 2);
  }

  // The angle of p, counterclockwise from `from`.
  static double onward(double from, const Vector2d& p) {
    const double turn = (angle(p) - from) / (2 * pi);
    return from + 2 * pi * (turn - std::floor(turn));
  }

  // c = 0: f is least, and constant, on the null space of M.
  void null_rays(const Cell& cell) {
    if (!cell.null_inside) return;
    const Vector2d h = cell.M.col(cell.M(0, 0) >= cell.M(1, 1) ? 0 : 1);
    for (const Vector2d& p : {turned(h), Vector2d(-turned(h))}) {
      const bool within = cell.span == Span::circle || (cross(cell.from.p, p) > 0 && cross(p, cell.to.p) > 0);
      if (within) flat(StationaryKind::minimum, angle(p), angle(p), Vector2d::Zero(), f_.b.squaredNorm() / 2);
    }
  }

  // The last cone and the first may touch, too.
  void join_ends() {
    if (census_.flat.size() < 2 || cells_.front().rank > 0 || cells_.back().rank > 0) return;
    FlatSet &first = census_.flat.front(), &last = census_.flat.back();
    first.to = last.to + (first.to - first.from);
    first.from = last.from;
    census_.flat.pop_back();
  }

  // On a cone b(p) = p'c is least at an end, or at -c/|c|.
  void at_zero() {
    census_.objective_at_zero = f_.b.squaredNorm() / 2;
    census_.descent_at_zero = std::numeric_limits<double>::infinity();
    bool rises = false, falls = false, level = false;  // f, somewhere
    const auto see = [&](int b) { (b > 0 ? falls : b < 0 ? rises : level) = true; };
    for (const Cell& cell : cells_) {
      if (cell.span != Span::arc) see(cell.middle);
      if (cell.span == Span::circle) see(-cell.middle);
      if (cell.span != Span::circle) {
        see(cell.from.b);
        lower(cell.from.p.dot(cell.c), cell.from.p);
      }
      const double norm = cell.c.norm();
      const Vector2d p = norm > 0 ? Vector2d(-cell.c / norm) : Vector2d(1, 0);
      const bool within = cell.span == Span::circle || (cross(cell.from.p, p) > 0 && cross(p, cell.to.p) > 0);
      if (within) lower(-norm, p);
    }
    census_.zero = !falls           ? StationaryKind::kink_minimum
                   : rises || level ? StationaryKind::kink_saddle
                                    : StationaryKind::maximum;
    if (!rises) census_.descent_at_zero = std::max(census_.descent_at_zero, 0.0);
  }

  void lower(double b, const Vector2d& p) {
    if (b >= census_.descent_at_zero) return;
    census_.descent_at_zero = b;
    census_.zero_witness = p;
  }

  const Recovery& f_;
  double rho_;
  std::vector<Cell> cells_;
  Census census_;
};

}  // namespace

const std::string& name(StationaryKind kind) { return stationary_kind_names.at(static_cast<std::size_t>(kind)); }

Census census(const Recovery& f, double rho, const Progress& progress) {
  Cells all = cells(f, progress);
  if (f.x0.isZero(0)) throw InputError("x0 is zero; distances are relative to |x0|, which must be positive");
  return Counting(f, rho, std::move(all)).result();
}

}  // namespace theoremeter
