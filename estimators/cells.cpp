#include "estimators/cells.hpp"

#include "estimators/target.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>
#include <optional>
#include <utility>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::Vector2d;
using Eigen::VectorXd;
using Plane = Eigen::Matrix<double, Eigen::Dynamic, 2>;  // one row a linear function on the plane

constexpr double unit = 0x1p-53;
constexpr double slack = 1.01;  // on every bound: for its own rounding, and for products of errors
/// No error is thought smaller, so that products of up to four are far above what underflow does. 0: it is exact.
constexpr double underflow = 0x1p-200;

int sign(double value) { return value > 0 ? 1 : value < 0 ? -1 : 0; }
int sign(const Integer& value) { return value.sign(); }

/// A bounding ray, and its direction in doubles.
struct Ray : BoundingRow {
  Vector2d p = Vector2d::Zero();
  double error = 0;  // |p - exact p| <= error
};

struct Arc {
  Span span;
  Ray from, to;
};

/// One layer, or at last the measurements: on the current cell of the levels below, its pre-activations are H x.
struct Level {
  const Rows* W = nullptr;  // H = W Lambda, Lambda from the level below; none: H = Lambda
  VectorXd norm;            // of the rows of W
  int exponent = 0;         // of W
  Plane H;
  VectorXd error;                                            // |row - exact row| <= error
  std::vector<std::optional<PlaneVector<Integer>>> integer;  // rows of H, up to a common power of two
  std::vector<signed char> sign;                             // of H x on the current cell
};

class Walk {
 public:
  Walk(const Recovery& f, const Progress& progress) : f_(f), progress_(progress), target_(target(f)) {
    for (const Rows& W : f.G.layers) add_level(&W);
    add_level(f.A.size() > 0 ? &f.A : nullptr);
    result_.b_is_exact = target_.exact;
    descend(0, {Span::circle, {}, {}});
  }

  Cells take_result() { return std::move(result_); }

  ExactCell exact(const PatternCell& cell) {
    auto on = cell.on.begin();
    for (Level& level : levels_) {
      level.integer.clear();
      for (signed char& sign : level.sign) sign = *on++ ? 1 : -1;
    }
    integer_quadratic_.reset();
    const PlaneQuadratic<Integer>& q = integer_quadratic();
    Integer squares = 0;
    const auto& [integer_b, b_exponent] = integer_target();
    for (const Integer& b : integer_b) squares += b * b;
    const Rational in_M = power_of_two(2L * row_exponent()), in_c = power_of_two(long{row_exponent()} + b_exponent);
    ExactCell exact{{in_M * q.m11, in_M * q.m12, in_M * q.m22, in_c * q.c1, in_c * q.c2},
                    power_of_two(2L * b_exponent) * squares,
                    {},
                    {}};
    if (cell.span == Span::circle) return exact;
    const auto direction = [&](const BoundingRow& row) {
      const PlaneVector<Integer> p = integer_ray(row);
      return PlaneVector<Rational>{p.x, p.y};
    };
    exact.from = direction(cell.from.row);
    exact.to = direction(cell.to.row);
    return exact;
  }

 private:
  void add_level(const Rows* W) {
    Level& level = levels_.emplace_back();
    if (W == nullptr) return;
    level.W = W;
    level.norm = W->rowwise().stableNorm();
    level.exponent = common_exponent(*W);
  }

  // Computed inner products err by at most gamma |v||w|, whatever the order of their sums.
  static double gamma(Index terms) { return slack * unit * static_cast<double>(terms + 1); }

  // H on the cell that the levels below are in.
  void enter(std::size_t l) {
    Level& level = levels_[l];
    Plane Lambda = Plane::Identity(2, 2);
    VectorXd error = VectorXd::Zero(2);
    if (l > 0) {
      const Level& below = levels_[l - 1];
      Lambda = below.H;
      error = below.error;
      for (Index j = 0; j < Lambda.rows(); ++j) {
        if (below.sign[std::size_t(j)] > 0) continue;
        Lambda.row(j).setZero();
        error(j) = 0;
      }
    }
    level.integer.clear();
    if (level.W == nullptr) {
      level.H = std::move(Lambda);
      level.error = std::move(error);
    } else {
      level.H.resize(level.W->rows(), 2);  // column by column: a product of matrices would repack W
      for (const Index j : {0, 1}) level.H.col(j).noalias() = *level.W * Lambda.col(j);
      const double relative = slack * (error.norm() + gamma(Lambda.rows()) * Lambda.norm());
      level.error = (relative * level.norm).cwiseMax(underflow);
      if (l > 0 && error.isZero(0)) level.error.setZero();  // all are off
      level.error = (level.norm.array() == 0).select(0, level.error);
    }
    level.sign.assign(std::size_t(level.H.rows()), 1);
  }

  void descend(std::size_t l, const Arc& arc) {
    enter(l);
    const bool last = l + 1 == levels_.size();
    if (last && !f_.phaseless) return leaf(arc);
    if (arc.span != Span::circle) return cut(l, arc);
    const auto rows = levels_[l].H.rows();
    for (Index i = 0; i < rows; ++i) {
      const Ray ray = ray_of(l, i, 1), opposite = ray_of(l, i, -1);
      if (sign_across(l, i, ray) == 0) continue;
      cut(l, {Span::half_circle, ray, opposite});
      cut(l, {Span::half_circle, opposite, ray});
      return;
    }
    levels_[l].sign.assign(std::size_t(rows), 0);
    go_on(l, arc);
  }

  void go_on(std::size_t l, const Arc& arc) {
    if (l == 0 && progress_) progress_(part_before(arc.from));
    if (l + 1 == levels_.size())
      leaf(arc);
    else
      descend(l + 1, arc);
  }

  // The part of the circle between its first ray and this one.
  double part_before(const Ray& ray) const {
    if (result_.cells.empty()) return 0;
    const Vector2d &p = result_.cells[0].from.p, &q = ray.p;
    const double angle = std::atan2(p(0) * q(1) - p(1) * q(0), p.dot(q)) / (2 * std::numbers::pi);
    return angle < 0 ? angle + 1 : angle;
  }

  // Each row's sign at both ends tells whether it changes sign inside.
  void cut(std::size_t l, const Arc& arc) {
    Level& level = levels_[l];
    std::vector<Ray> rays;
    for (Index i = 0; i < level.H.rows(); ++i) {
      const int first = sign_at(l, i, arc.from), last = sign_at(l, i, arc.to);
      if (first * last < 0) rays.push_back(ray_of(l, i, last));
      const int on = first != 0 ? first : last != 0 ? last : sign_across(l, i, arc.from);
      level.sign[std::size_t(i)] = static_cast<signed char>(on);
    }
    // q lies counterclockwise from p iff its row has not changed yet at p
    const auto before = [&](const Ray& p, const Ray& q) { return q.sign * sign_at(l, q.row, p) < 0; };
    std::sort(rays.begin(), rays.end(), before);
    Ray from = arc.from;
    for (std::size_t next = 0; next < rays.size();) {
      const Ray ray = rays[next];
      go_on(l, {Span::arc, from, ray});
      for (; next < rays.size() && !before(ray, rays[next]); ++next)
        level.sign[std::size_t(rays[next].row)] = static_cast<signed char>(rays[next].sign);
      from = ray;
    }
    go_on(l, {rays.empty() ? arc.span : Span::arc, from, arc.to});
  }

  // | h/|h| - g/|g| | <= 2 |h - g|/|h|. Bounds below are of first order in this error; 2 makes each exceed any value.
  Ray ray_of(std::size_t l, Index row, int sign) const {
    const Vector2d h = levels_[l].H.row(row);
    const double norm = h.stableNorm(), error = 2 * slack * levels_[l].error(row) / norm + 4 * unit;
    if (norm == 0) return {{l, row, sign}, {1, 0}, 2};
    return {{l, row, sign}, sign / norm * Vector2d(h(1), -h(0)), error < 1e-3 ? error : 2};
  }

  int sign_at(std::size_t l, Index row, const Ray& ray) {
    if (ray.level == l && ray.row == row) return 0;
    return sign_of_row(l, row, ray, ray.p, [](const PlaneVector<Integer>& p) { return p; });
  }
  int sign_across(std::size_t l, Index row, const Ray& ray) {
    return sign_of_row(l, row, ray, {-ray.p(1), ray.p(0)}, [](const PlaneVector<Integer>& p) { return turned(p); });
  }

  // The sign of h'p, or of h'turned(p).
  template <class Exact>
  int sign_of_row(std::size_t l, Index row, const Ray& ray, const Vector2d& p, const Exact& exact) {
    const Vector2d h = levels_[l].H.row(row);
    const double error = levels_[l].error(row);
    return decide(h.dot(p), slack * (error + h.norm() * (ray.error + 4 * unit)), [&] {
      const PlaneVector<Integer> q = exact(integer_ray(ray)), &g = integer_row(l, row);
      return sign(Integer(g.x * q.x + g.y * q.y));
    });
  }

  // The sign of a number within `bound` of this value.
  template <class Exact>
  int decide(double value, double bound, const Exact& exact) {
    if (std::abs(value) > bound) return sign(value);
    if (bound == 0) return 0;  // made of zeros only
    ++result_.integer_signs;
    return exact();
  }

  // A row of H; of the levels below only the rows that are on count.
  const PlaneVector<Integer>& integer_row(std::size_t l, Index row) {
    Level& level = levels_[l];
    level.integer.resize(std::size_t(level.H.rows()));
    auto& known = level.integer[std::size_t(row)];
    if (known) return *known;
    known.emplace();
    const auto add = [&](Index j, const Integer& x, const Integer& y) {
      const Integer w = level.W != nullptr ? integer((*level.W)(row, j), level.exponent) : Integer(row == j ? 1 : 0);
      if (w == 0) return;
      known->x += w * x;
      known->y += w * y;
    };
    if (l == 0) {
      add(0, 1, 0);
      add(1, 0, 1);
    } else {
      for (Index j = 0; j < levels_[l - 1].H.rows(); ++j) {
        if (levels_[l - 1].sign[std::size_t(j)] <= 0) continue;
        const PlaneVector<Integer>& below = integer_row(l - 1, j);
        add(j, below.x, below.y);
      }
    }
    return *known;
  }

  PlaneVector<Integer> integer_ray(const BoundingRow& ray) {
    const PlaneVector<Integer>& h = integer_row(ray.level, ray.row);
    return ray.sign > 0 ? PlaneVector<Integer>{h.y, -h.x} : PlaneVector<Integer>{-h.y, h.x};
  }

  const IntegerTarget& integer_target() {
    if (!integer_target_) integer_target_ = integers(f_, target_);
    return *integer_target_;
  }

  // The rows of the last level are integers times two to this.
  int row_exponent() const {
    int sum = 0;
    for (const Level& level : levels_) sum += level.exponent;
    return sum;
  }

  // M up to one power of two, c up to another.
  const PlaneQuadratic<Integer>& integer_quadratic() {
    if (integer_quadratic_) return *integer_quadratic_;
    const Level& level = levels_.back();
    PlaneQuadratic<Integer> q{};
    for (Index i = 0; i < level.H.rows(); ++i) {
      const PlaneVector<Integer>& h = integer_row(levels_.size() - 1, i);
      q.m11 += h.x * h.x;
      q.m12 += h.x * h.y;
      q.m22 += h.y * h.y;
      const Integer b = level.sign[std::size_t(i)] * integer_target().b[std::size_t(i)];
      q.c1 += b * h.x;
      q.c2 += b * h.y;
    }
    return *(integer_quadratic_ = std::move(q));
  }

  // M and c in doubles, with bounds for their norms and errors.
  struct Rounded : PlaneQuadratic<double> {
    double M_norm, M_error, c_norm, c_error;
  };
  Rounded rounded_quadratic() const {
    const Level& level = levels_.back();
    VectorXd b = f_.b;
    for (Index i = 0; i < b.size(); ++i) b(i) *= level.sign[std::size_t(i)];
    const Eigen::Matrix2d M = level.H.transpose() * level.H;
    const Vector2d c = level.H.transpose() * b;
    Rounded q;
    static_cast<PlaneQuadratic<double>&>(q) = {M(0, 0), M(0, 1), M(1, 1), c(0), c(1)};
    const double B = level.H.norm(), error = level.error.norm();
    q.M_error = slack * (2 * B * error + error * error + gamma(level.H.rows()) * B * B);
    q.c_error = slack * (error * b.norm() + (B + error) * target_.error + gamma(level.H.rows()) * B * b.norm());
    q.M_norm = M.norm() + q.M_error;
    q.c_norm = c.norm() + q.c_error;
    return q;
  }

  CellEnd end(const Rounded& q, const Ray& ray) {
    const PlaneVector<double> p{ray.p(0), ray.p(1)};
    const double turn = ray.error + 4 * unit;
    const double a_bound = slack * (q.M_error + 2 * turn * q.M_norm);
    const double c_bound = slack * (q.c_error + turn * q.c_norm);
    const double turning_bound =
        slack * (2 * (q.M_error * q.c_norm + q.M_norm * q.c_error) + 6 * turn * q.M_norm * q.c_norm);
    CellEnd result;
    result.p = ray.p;
    result.a = decide(form(q, p, p), a_bound, [&] {
      const PlaneVector<Integer> P = integer_ray(ray);
      return sign(form(integer_quadratic(), P, P));
    });
    result.row = ray;
    result.descent = linear(q, p);
    result.descent_error = c_bound;
    result.b = decide(result.descent, c_bound, [&] { return sign(linear(integer_quadratic(), integer_ray(ray))); });
    if (result.a > 0)
      result.turning = decide(theoremeter::turning<double>(q, p), turning_bound,
                              [&] { return sign(theoremeter::turning(integer_quadratic(), integer_ray(ray))); });
    else
      result.turning = -decide(linear(q, turned(p)), c_bound,
                               [&] { return sign(linear(integer_quadratic(), turned(integer_ray(ray)))); });
    return result;
  }

  int rank(const Rounded& q) {
    const double bound = slack * (2 * q.M_norm * q.M_error + 8 * unit * q.M_norm * q.M_norm);
    const int determinant = decide(q.m11 * q.m22 - q.m12 * q.m12, bound, [&] {
      const PlaneQuadratic<Integer>& M = integer_quadratic();
      return sign(Integer(M.m11 * M.m22 - M.m12 * M.m12));
    });
    if (determinant > 0) return 2;
    return decide(q.m11 + q.m22, 2 * slack * q.M_error, [&] {
      const PlaneQuadratic<Integer>& M = integer_quadratic();
      return sign(Integer(M.m11 + M.m22));
    });
  }

  void leaf(const Arc& arc) {
    integer_quadratic_.reset();
    const Rounded q = rounded_quadratic();
    PatternCell cell;
    cell.span = arc.span;
    cell.c << q.c1, q.c2;
    cell.c_error = q.c_error;
    for (const Level& level : levels_)
      for (const signed char sign : level.sign) cell.on.push_back(sign > 0);
    if (arc.span != Span::circle) {
      cell.from = end(q, arc.from);
      cell.to = end(q, arc.to);
    }
    if (arc.span != Span::arc) cell.middle = middle(q, arc);
    // c lies in the range of M; were M of rank 1, f would not turn where a > 0. So most cells are known to have rank 2.
    const bool turns = (cell.from.a > 0 && cell.from.turning != 0) || (cell.to.a > 0 && cell.to.turning != 0);
    if (!turns) cell.rank = rank(q);
    // M = |B|^2 hh'/|h|^2: its null space lies between rays that h sees from opposite sides
    if (cell.rank == 1)
      cell.null_inside =
          arc.span == Span::circle || sign(form(integer_quadratic(), integer_ray(arc.from), integer_ray(arc.to))) < 0;
    result_.cells.push_back(std::move(cell));
  }

  int middle(const Rounded& q, const Arc& arc) {
    if (arc.span == Span::circle)
      return decide(std::hypot(q.c1, q.c2), slack * q.c_error,
                    [&] { return integer_quadratic().c1 == 0 && integer_quadratic().c2 == 0 ? 0 : 1; });
    const PlaneVector<double> p = turned(PlaneVector<double>{arc.from.p(0), arc.from.p(1)});
    return decide(linear(q, p), slack * (q.c_error + (arc.from.error + 4 * unit) * q.c_norm),
                  [&] { return sign(linear(integer_quadratic(), turned(integer_ray(arc.from)))); });
  }

  const Recovery& f_;
  const Progress& progress_;
  std::vector<Level> levels_;
  Target target_;
  std::optional<IntegerTarget> integer_target_;
  std::optional<PlaneQuadratic<Integer>> integer_quadratic_;
  Cells result_;
};

bool finite(const Recovery& f) {
  return std::all_of(f.G.layers.begin(), f.G.layers.end(), [](const Rows& W) { return W.allFinite(); }) &&
         f.A.allFinite() && f.x0.allFinite() && f.b.allFinite();
}

}  // namespace

void check_finite(const Recovery& f) {
  if (!finite(f)) throw InputError("the problem holds a number that is not finite; its cells need finite ones");
}

Cells cells(const Recovery& f, const Progress& progress) {
  if (f.k() != 2)
    throw InputError(fmt::format("k is {}; the cells are listed in the plane only: the network needs k = 2", f.k()));
  check_finite(f);
  const auto walk = std::make_shared<Walk>(f, progress);
  Cells result = walk->take_result();
  result.exact = [walk](const PatternCell& cell) { return walk->exact(cell); };
  if (progress) progress(1);
  return result;
}

}  // namespace theoremeter
