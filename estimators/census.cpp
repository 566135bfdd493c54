#include "estimators/census.hpp"

#include "estimators/cells.hpp"
#include "estimators/census_sphere.hpp"
#include "estimators/long_cells.hpp"
#include "theory/error.hpp"
#include "theory/homogeneity.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <utility>

namespace theoremeter {
namespace {

using Eigen::Vector2d;
using std::numbers::pi;
using theoremeter::rounded;
using Direction = PlaneVector<Rational>;

/// Numbers whose relative error is not known to be less come from exact rationals.
constexpr double accuracy = 8e-10;

bool accurate(Real value, Real error) { return error <= accuracy * std::abs(value); }  // no NaN is

Vector2d rounded(const Direction& p) { return {rounded(p.x), rounded(p.y)}; }
Rational square(const Direction& p) { return dot(p, p); }
/// value/|p|.
double over_length(const Rational& value, const Direction& p) {
  const double magnitude = rounded_root(value * value / square(p));
  return value < 0 ? -magnitude : magnitude;
}
/// p over the larger of its entries: what is rounded is neither too large nor too small.
Vector2d shape(const Direction& p) {
  const Rational x = abs(p.x), y = abs(p.y);
  return rounded(Rational(1 / (x > y ? x : y)) * p);
}
double angle(const Direction& p) {
  const Vector2d d = shape(p);
  return std::atan2(d(1), d(0));
}
/// From p counterclockwise to q, less than 2 pi: however near, to full relative accuracy.
double angle(const Direction& p, const Direction& q) {
  const Vector2d d = shape({dot(p, q), cross(p, q)});
  const double turn = std::atan2(d(1), d(0));
  return turn < 0 ? turn + 2 * pi : turn;
}

/// From the signs of the derivatives to both sides.
bool stationary(int counterclockwise, int clockwise) { return counterclockwise * clockwise >= 0; }
StationaryKind kind_of(int counterclockwise, int clockwise) {
  const int sum = counterclockwise + clockwise;
  return sum == 0 ? StationaryKind::minimum : sum > 0 ? StationaryKind::kink_minimum : StationaryKind::kink_saddle;
}

class Counting {
 public:
  Counting(const Recovery& f, double rho, Cells cells)
      : f_(f),
        rho_(rho),
        all_(std::move(cells)),
        cells_(all_.cells),
        long_cells_(f, all_.b_is_exact),
        x0_{rational(f.x0(0)), rational(f.x0(1))},
        x0_squared_(square(x0_)),
        exact_rho_(rational(rho)) {
    census_.cells = static_cast<std::int64_t>(cells_.size());
    census_.integer_signs = all_.integer_signs;
    half_b_squared_ = find_half_b_squared();
    for (std::size_t j = 0; j < cells_.size(); ++j) {
      if (cells_[j].span != Span::circle) on_ray(cells_[j > 0 ? j - 1 : cells_.size() - 1], cells_[j]);
      inside(cells_[j]);
    }
    constant_cones();
    at_zero();
  }

  Census result() && { return std::move(census_); }

 private:
  double find_half_b_squared() {
    const Enclosed& long_one = long_cells_.b_squared();
    if (accurate(long_one.value, long_one.error)) return static_cast<double>(long_one.value / 2);
    return rounded(Rational(all_.exact(cells_[0]).b_squared / 2));
  }

  /// Nothing where the distances, or an entry of x, are not accurate.
  std::optional<StationaryPoint> point(const PlaneVector<Real>& x, Real error, StationaryKind kind) const {
    StationaryPoint result;
    result.kind = kind;
    result.x << static_cast<double>(x.x), static_cast<double>(x.y);
    const Real a = f_.x0(0), b = f_.x0(1), length = std::hypot(a, b), rho = rho_;
    const Real to_x0 = std::hypot(x.x - a, x.y - b), to_minus_rho_x0 = std::hypot(x.x + rho * a, x.y + rho * b);
    for (const Real number : {x.x, x.y, to_x0, to_minus_rho_x0})
      if (!accurate(number, error)) return std::nullopt;
    result.distance_x0 = static_cast<double>(to_x0 / length);
    result.distance_minus_rho_x0 = static_cast<double>(to_minus_rho_x0 / length);
    return result;
  }
  StationaryPoint point(const Direction& x, StationaryKind kind) const {
    StationaryPoint result;
    result.kind = kind;
    result.x = rounded(x);
    result.distance_x0 = rounded_root(square(x - x0_) / x0_squared_);
    result.distance_minus_rho_x0 = rounded_root(square(x + exact_rho_ * x0_) / x0_squared_);
    return result;
  }

  // The ray on which `left` ends and `right` begins; counterclockwise comes `right`.
  void on_ray(const PatternCell& left, const PatternCell& right) {
    const int counterclockwise = right.from.turning, clockwise = -left.to.turning;
    if (!stationary(counterclockwise, clockwise)) return;
    const StationaryKind kind = kind_of(counterclockwise, clockwise);
    if (right.from.a == 0) {
      if (left.rank > 0 && right.rank > 0) all_along(kind, all_.exact(right).from);
      return;
    }
    if (right.from.b <= 0) return;
    std::optional<StationaryPoint> found = kink(left, right, kind);
    if (!found) found = exact_kink(left, right, kind);
    found->isolated = left.rank == 2 && right.rank == 2;
    census_.points.push_back(*found);
  }

  // x = r p, r = b/a; f = |b|^2/2 - b r/2.
  std::optional<StationaryPoint> kink(const PatternCell& left, const PatternCell& right, StationaryKind kind) const {
    const LongCell before = long_cells_(left), after = long_cells_(right);
    const PlaneVector<Real>& p = after.from;
    const Real a = form(after.q, p, p), b = linear(after.q, p), r = b / a, turn = after.from_error;
    const Real a_error = after.M_error + 2.1L * turn * after.M_norm,
               b_error = after.c_error + 1.1L * turn * after.c_norm;
    if (!(turn < 1e-3L) || !accurate(a, a_error) || !accurate(b, b_error)) return std::nullopt;
    const Real r_error = 1.1L * r * (a_error / a + b_error / b), x_error = r_error + 1.1L * r * turn;
    std::optional<StationaryPoint> found = point(r * p, x_error, kind);
    if (!found) return std::nullopt;
    const PlaneVector<Real> x = r * p, t = turned(p);
    // The derivative's sign is known.
    const auto derivative = [&](const LongCell& cell, int sign, double& result) {
      if (sign == 0) return true;
      const Real value = dot(t, cell.q.gradient(x));
      const Real size = cell.M_norm * r + cell.c_norm;
      const Real error = 1.1L * (cell.M_error * r + cell.c_error + cell.M_norm * x_error + (turn + 0x1p-60L) * size);
      result = sign * static_cast<double>(std::abs(value));
      return accurate(value, error);
    };
    if (!derivative(after, right.from.turning, found->counterclockwise) ||
        !derivative(before, -left.to.turning, found->clockwise))
      return std::nullopt;
    // Along the ray f is least at x, and across it f has these derivatives.
    const Enclosed objective = after.objective(x);
    const Real slope = std::abs(found->counterclockwise);
    const Real moved = 1.1L * (slope * r * turn + after.M_norm * x_error * x_error);
    found->objective = static_cast<double>(objective.value);
    if (!accurate(objective.value, objective.error + moved)) return std::nullopt;
    return found;
  }

  StationaryPoint exact_kink(const PatternCell& left, const PatternCell& right, StationaryKind kind) const {
    const ExactCell after = all_.exact(right);
    const Direction& p = after.from;
    const Rational b = linear(after.q, p), r = b / form(after.q, p, p);
    const Direction x = r * p, t = turned(p);
    StationaryPoint found = point(x, kind);
    found.objective = rounded(Rational((after.b_squared - b * r) / 2));
    if (right.from.turning != 0) found.counterclockwise = over_length(dot(t, after.q.gradient(x)), t);
    if (left.to.turning != 0) found.clockwise = over_length(-dot(t, all_.exact(left).q.gradient(x)), t);
    return found;
  }

  void inside(const PatternCell& cell) {
    if (cell.rank == 0) return;
    if (cell.rank == 1) return line(cell);
    // The solution of Mx = c lies counterclockwise from the first ray iff f falls turning from it, and so on.
    if (cell.span == Span::circle ? cell.middle == 0 : cell.from.turning >= 0 || cell.to.turning <= 0) return;
    if (all_.b_is_exact && long_cells_.holds_x0(cell)) return census_.points.push_back(at_x0());
    const std::optional<StationaryPoint> found = minimum(cell);
    census_.points.push_back(found ? *found : exact_minimum(cell));
  }

  StationaryPoint at_x0() const {
    StationaryPoint found;
    found.x = f_.x0;
    found.kind = StationaryKind::minimum;
    found.objective = found.distance_x0 = 0;
    found.distance_minus_rho_x0 = 1 + rho_;
    return found;
  }

  std::optional<StationaryPoint> minimum(const PatternCell& cell) const {
    const LongCell here = long_cells_(cell);
    const Real determinant = here.q.determinant(), trace = here.q.m11 + here.q.m22;
    const Real least = determinant / trace - 4 * here.M_error - 0x1p-58L * here.M_norm;  // eigenvalue of M, at least
    if (!(least > 0)) return std::nullopt;
    const PlaneVector<Real> x = (1 / determinant) * here.q.adjugate_times_c(), left = here.q.gradient(x);
    const Real length = std::hypot(x.x, x.y), size = here.M_norm * length + here.c_norm;
    const Real error =
        1.1L * (std::hypot(left.x, left.y) + here.M_error * length + here.c_error + 0x1p-58L * size) / least;
    std::optional<StationaryPoint> found = point(x, error, StationaryKind::minimum);
    if (!found) return std::nullopt;
    const Enclosed objective = here.objective(x);
    found->objective = static_cast<double>(objective.value);
    if (!accurate(objective.value, objective.error + here.M_norm * error * error)) return std::nullopt;
    return found;
  }

  StationaryPoint exact_minimum(const PatternCell& cell) const {
    const ExactCell here = all_.exact(cell);
    const Direction x = Rational(1 / here.q.determinant()) * here.q.adjugate_times_c();
    StationaryPoint found = point(x, StationaryKind::minimum);
    found.objective = rounded(Rational((here.b_squared - linear(here.q, x)) / 2));
    return found;
  }

  // On this ray f is constant.
  void all_along(StationaryKind kind, const Direction& p) {
    const Vector2d d = shape(p).normalized();
    census_.flat.push_back({kind, angle(p), angle(p), Vector2d::Zero(), half_b_squared_, f_.x0.norm() * d});
  }

  // M = B'B, B of rows that are multiples of one h, and c another: Mx = c where c'x = |c|^2/tr M.
  void line(const PatternCell& cell) {
    const bool ends = cell.span != Span::circle;
    if (cell.middle == 0 && (!ends || (cell.from.b == 0 && cell.to.b == 0))) return null_rays(cell);
    if (ends && cell.from.b <= 0 && cell.to.b <= 0 && cell.middle <= 0) return;  // c'x > 0 nowhere in the cell
    const ExactCell here = all_.exact(cell);
    const Direction c = here.q.c();
    const Rational trace = here.q.m11 + here.q.m22, c_squared = square(c);
    const Direction from = ends && cell.from.b >= 0 ? here.from : Rational(-1) * turned(c);
    const Direction to = ends && cell.to.b >= 0 ? here.to : turned(c);
    // A point between: x = s u, u between, c'u s = |c|^2/tr M.
    const Direction u = between(from, to, c);
    const Direction x = Rational(c_squared / (trace * dot(c, u))) * u;
    const double first = angle(from);
    census_.flat.push_back({StationaryKind::minimum, first, first + angle(from, to),
                            rounded(Rational(trace / c_squared) * c),
                            rounded(Rational((here.b_squared - c_squared / trace) / 2)), rounded(x)});
  }

  // A direction p in the open arc from `from` to `to`, which is at most a half circle, with c'p > 0 on it.
  static Direction between(const Direction& from, const Direction& to, const Direction& c) {
    if (cross(from, to) <= 0) return c;
    const auto of_length_1 = [](const Direction& p) { return rational(1 / rounded_root(square(p))) * p; };
    return of_length_1(from) + of_length_1(to);
  }

  // c = 0: f is least, and constant, on the null space of M.
  void null_rays(const PatternCell& cell) {
    if (!cell.null_inside) return;
    const ExactCell here = all_.exact(cell);
    const Direction h =
        here.q.m11 >= here.q.m22 ? Direction{here.q.m11, here.q.m12} : Direction{here.q.m12, here.q.m22};
    for (const Direction& p : {turned(h), Rational(-1) * turned(h)})
      if (cell.span == Span::circle || (cross(here.from, p) > 0 && cross(p, here.to) > 0))
        all_along(StationaryKind::minimum, p);
  }

  // The cones where f is constant. Those that touch are one, the last and the first too.
  void constant_cones() {
    const std::size_t count = cells_.size();
    std::size_t first = 0;  // a cell that is none, if there is one
    while (first < count && cells_[first].rank == 0) ++first;
    if (first == count) return constant(-pi, 2 * pi);
    for (std::size_t j = 1; j < count; ++j) {
      const PatternCell& begin = cells_[(first + j) % count];
      if (begin.rank > 0) continue;
      while (cells_[(first + j + 1) % count].rank == 0) ++j;
      const Direction from = all_.exact(begin).from, to = all_.exact(cells_[(first + j) % count]).to;
      constant(angle(from), angle(from, to));
    }
  }

  void constant(double from, double width) {
    const double middle = from + width / 2;
    const Vector2d x = f_.x0.norm() * Vector2d(std::cos(middle), std::sin(middle));
    census_.flat.push_back(
        {StationaryKind::minimum, from, from + width, Vector2d::Zero(), half_b_squared_, x, none, 2});
  }

  void at_zero() {
    census_.objective_at_zero = half_b_squared_;
    bool rises = false, falls = false, level = false;  // f, somewhere
    const auto see = [&](int b) { (b > 0 ? falls : b < 0 ? rises : level) = true; };
    for (const PatternCell& cell : cells_) {
      if (cell.span != Span::arc) see(cell.middle);
      if (cell.span == Span::circle) see(-cell.middle);
      if (cell.span != Span::circle) see(cell.from.b);
    }
    census_.zero = !falls           ? StationaryKind::kink_minimum
                   : rises || level ? StationaryKind::kink_saddle
                                    : StationaryKind::maximum;
    find_descent_at_zero();
    if (!rises) census_.descent_at_zero = std::max(census_.descent_at_zero, 0.0);
  }

  /// b(p) = p'c where it may be least: on a ray, or inside a cell at -c/|c|.
  struct Candidate {
    const PatternCell* cell;
    bool on_ray;
    double value, error;
    Vector2d p;
  };

  std::vector<Candidate> candidates() const {
    std::vector<Candidate> all;
    for (const PatternCell& cell : cells_) {
      if (cell.span != Span::circle) {
        const CellEnd& end = cell.from;
        all.push_back({&cell, true, end.b == 0 ? 0 : end.descent, end.b == 0 ? 0 : end.descent_error, end.p});
      }
      const double norm = cell.c.norm();
      const Vector2d p = norm > 0 ? Vector2d(-cell.c / norm) : Vector2d(1, 0);
      if (cell.span == Span::circle || may_hold(cell, p, norm)) all.push_back({&cell, false, -norm, cell.c_error, p});
    }
    return all;
  }

  // p lies in the cell, up to the error of c. The ends hold what is just outside.
  static bool may_hold(const PatternCell& cell, const Vector2d& p, double norm) {
    const auto left_of = [&](const Vector2d& from, const Vector2d& to) {
      return from(0) * to(1) - from(1) * to(0) > (cell.c_error < 1e-7 * norm ? 0 : -2);
    };
    return left_of(cell.from.p, p) && left_of(p, cell.to.p);
  }

  void find_descent_at_zero() {
    const std::vector<Candidate> all = candidates();
    const auto by_value = [](const Candidate& a, const Candidate& b) { return a.value < b.value; };
    const Candidate& least = *std::min_element(all.begin(), all.end(), by_value);
    census_.descent_at_zero = least.value;
    census_.zero_witness = least.p;
    double at_most = std::numeric_limits<double>::infinity();
    for (const Candidate& c : all)  // of those that certainly lie where they are taken
      if (c.on_ray || c.cell->span == Span::circle) at_most = std::min(at_most, c.value + c.error);
    const auto contends = [&](const Candidate& c) { return c.value - c.error <= at_most; };
    if (std::all_of(all.begin(), all.end(),
                    [&](const Candidate& c) { return !contends(c) || c.error <= accuracy * std::abs(least.value); }))
      return;
    census_.descent_at_zero = std::numeric_limits<double>::infinity();
    for (const Candidate& c : all)
      if (contends(c)) exact_descent(c);
  }

  void exact_descent(const Candidate& candidate) {
    const ExactCell here = all_.exact(*candidate.cell);
    const Direction p = candidate.on_ray ? here.from : Rational(-1) * here.q.c();
    if (square(p) == 0) {
      if (census_.descent_at_zero > 0) census_.descent_at_zero = 0, census_.zero_witness = candidate.p;
      return;
    }
    const bool within =
        candidate.on_ray || candidate.cell->span == Span::circle || (cross(here.from, p) > 0 && cross(p, here.to) > 0);
    const double b = over_length(linear(here.q, p), p);
    if (!within || b >= census_.descent_at_zero) return;
    census_.descent_at_zero = b;
    census_.zero_witness = shape(p).normalized();
  }

  const Recovery& f_;
  double rho_;
  Cells all_;
  const std::vector<PatternCell>& cells_;
  LongCells long_cells_;
  Direction x0_;
  Rational x0_squared_, exact_rho_;
  double half_b_squared_ = 0;
  Census census_;
};

/// What was found of the normalised problem, in the units of the problem itself.
void scale(Census& census, const Normalised& n) {
  for (StationaryPoint& p : census.points) {
    p.x *= n.in_x();
    p.x3 *= n.in_x();
    p.objective *= n.in_f();
    p.counterclockwise *= n.in_gradient();
    p.clockwise *= n.in_gradient();
  }
  for (FlatSet& f : census.flat) {
    f.normal /= n.in_x();
    f.objective *= n.in_f();
    f.x *= n.in_x();
    f.x3 *= n.in_x();
  }
  census.objective_at_zero *= n.in_f();
  census.descent_at_zero *= n.in_gradient();
}

}  // namespace

const std::string& name(StationaryKind kind) { return stationary_kind_names.at(static_cast<std::size_t>(kind)); }

Census census(const Recovery& f, double rho, const Progress& progress) {
  check_finite(f);
  if (f.k() != 2 && f.k() != 3)
    throw InputError(fmt::format("k is {}; stationary points are listed for k = 2 and 3 only", f.k()));
  if (f.x0.isZero(0)) throw InputError("x0 is zero; distances are relative to |x0|, which must be positive");
  const Normalised n = normalised(f);
  Census result = f.k() == 2 ? Counting(n.f, rho, cells(n.f, progress)).result() : census_on_sphere(n.f, rho, progress);
  scale(result, n);
  return result;
}

}  // namespace theoremeter
