#include "estimators/census_sphere.hpp"

#include "estimators/rationals.hpp"
#include "estimators/spherical_cells.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

namespace theoremeter {
namespace {

using Eigen::Vector3d;
using SpaceRational = SpaceVector<Rational>;

SpaceRational rationals(const SpaceInteger& p) { return {Rational(p.x), Rational(p.y), Rational(p.z)}; }
SpaceRational rationals(const Eigen::VectorXd& x) { return {rational(x(0)), rational(x(1)), rational(x(2))}; }
Vector3d doubles(const SpaceRational& p) { return {rounded(p.x), rounded(p.y), rounded(p.z)}; }
bool vanishes(const SpaceRational& p) { return p.x == 0 && p.y == 0 && p.z == 0; }
bool vanishes(const SpaceInteger& p) { return p.x == 0 && p.y == 0 && p.z == 0; }

Integer largest_entry(const SpaceInteger& p) {
  return std::max({Integer(abs(p.x)), Integer(abs(p.y)), Integer(abs(p.z))});
}
/// value/sqrt(square).
double over_root(const Rational& value, const Rational& square) {
  const double magnitude = rounded_root(value * value / square);
  return value < 0 ? -magnitude : magnitude;
}

/// Multiples of about the same length: their sum lies well inside the cone that they span.
std::vector<SpaceInteger> of_one_length(std::vector<SpaceInteger> all) {
  const auto bits = [](const SpaceInteger& p) { return msb(largest_entry(p)); };
  auto most = bits(all[0]);
  for (const SpaceInteger& p : all) most = std::max(most, bits(p));
  for (SpaceInteger& p : all) p = Integer(Integer(1) << (most - bits(p))) * p;
  return all;
}
SpaceInteger sum_of(const std::vector<SpaceInteger>& all) {
  return std::accumulate(all.begin(), all.end(), SpaceInteger(), [](const auto& p, const auto& q) { return p + q; });
}

/// Are all of these positive? Nothing where one of them is not known and none known not to be.
std::optional<bool> all_positive(std::initializer_list<std::optional<int>> signs) {
  bool known = true;
  for (const std::optional<int>& s : signs) {
    if (s && *s <= 0) return false;
    known = known && s.has_value();
  }
  return known ? std::optional<bool>(true) : std::nullopt;
}

/// An open face of the arrangement of cones.
enum class Face { ray, wedge, cell };

/// Where f is stationary in a face.
struct FoundSet {
  Face face;
  std::size_t index;  // of the vertex, edge or cell
  SpaceRational x;    // the point, or one of a flat set's; in units of integers: see in_x()
  std::int64_t flat;  // the dimension; 0: a point
  StationaryKind kind = StationaryKind::minimum;
  double largest = 0, least = 0;  // D_u f across the face, over unit u
};

class SphericalCounting {
 public:
  SphericalCounting(const Recovery& f, double rho, const Progress& progress)
      : f_(f), all_(f, progress), x0_(rationals(f.x0)), x0_squared_(dot(x0_, x0_)), rho_(rational(rho)) {
    find_incidences();
    for (const SphericalCell& cell : all_.cells()) rounded_.push_back(all_.rounded(cell));
    exact_.resize(rounded_.size());
    for (std::size_t j = 0; j < all_.cells().size(); ++j) see_cell(j);
    for (std::size_t e = 0; e < all_.edges().size(); ++e) see_edge(e);
    for (std::size_t v = 0; v < all_.vertices().size(); ++v) see_vertex(v);
    list();
    at_zero();
    count_cells();
  }

  Census result() && { return std::move(census_); }

 private:
  /// Where a cell touches a vertex: the edge that leaves it there, and the one that arrives.
  struct Corner {
    std::size_t cell;
    HalfEdge out, in;
  };

  // Geometry.
  void find_incidences() {
    left_.resize(all_.edges().size());
    right_.resize(all_.edges().size());
    corners_.resize(all_.vertices().size());
    for (std::size_t j = 0; j < all_.cells().size(); ++j) {
      const std::vector<HalfEdge>& boundary = all_.cells()[j].boundary;
      HalfEdge in = boundary.back();
      for (const HalfEdge& h : boundary) {
        (h.reversed ? right_ : left_)[h.edge] = j;
        corners_[all_.start(h)].push_back({j, h, in});
        in = h;
      }
    }
  }
  const ExactDirection& vertex(std::size_t v) const { return all_.vertices()[v]; }
  const ExactDirection& end(const HalfEdge& h) const { return vertex(all_.start({h.edge, !h.reversed})); }
  SpaceBall rounded_inward(const HalfEdge& h) const {
    const SpaceBall& n = all_.edges()[h.edge].normal.rounded;
    return h.reversed ? -n : n;
  }
  SpaceInteger inward(const HalfEdge& h) const {
    const SpaceInteger& n = all_.edges()[h.edge].normal.exact;
    return h.reversed ? -n : n;
  }
  const SpaceQuadratic<Integer>& exact(std::size_t cell) {
    if (!exact_[cell]) exact_[cell] = all_.exact(all_.cells()[cell]);
    return *exact_[cell];
  }

  // Units: x, f and gradients are these times what integers say.
  Rational in_x() const { return power_of_two(long{all_.target().exponent} - all_.row_exponent()); }
  Rational in_f() const { return power_of_two(2L * all_.target().exponent); }
  Rational in_gradient() const { return power_of_two(long{all_.target().exponent} + all_.row_exponent()); }

  SpaceRational gradient(std::size_t cell, const SpaceRational& x) {
    const SpaceQuadratic<Integer>& q = exact(cell);
    const SpaceForm<Rational> M{rationals(q.M.row1), rationals(q.M.row2), rationals(q.M.row3)};
    return M.times(x) - rationals(q.c);
  }

  /// s > 0 with s u about as long as x0.
  Rational to_length_of_x0(const SpaceInteger& u) const {
    const Integer largest = largest_entry(u);
    const double norm = doubles(Rational(Rational(1) / largest) * rationals(u)).norm();
    return rational(f_.x0.norm() / norm) / in_x() / largest;
  }
  SpaceRational as_long_as_x0(const SpaceInteger& u) const { return to_length_of_x0(u) * rationals(u); }

  void add(FoundSet found) { found_.push_back(std::move(found)); }

  // Cells.
  void see_cell(std::size_t j) {
    const SpaceQuadratic<Ball>& q = rounded_[j];
    if (sign(q.M.determinant()) == 1) {
      const SpaceBall y = q.M.adjugate_times(q.c);
      for (const HalfEdge& h : all_.cells()[j].boundary) {
        const std::optional<int> side = sign(dot(rounded_inward(h), y));
        if (side && *side <= 0) return;
      }
    }
    const SpaceQuadratic<Integer>& exactly = exact(j);
    const Integer determinant = exactly.M.determinant();
    if (determinant > 0) return point_in_cell(j, exactly, determinant);
    const SpaceForm<Integer>& M = exactly.M;
    for (const SpaceInteger& v : {cross(M.row1, M.row2), cross(M.row2, M.row3), cross(M.row3, M.row1)})
      if (!vanishes(v)) return line_in_cell(j, exactly, v);
    if (M.trace() > 0) return vanishes(exactly.c) ? null_plane_in_cell(j, M) : plane_in_cell(j, exactly);
    add({Face::cell, j, as_long_as_x0(sum_of(corners_of(j))), 3});
  }

  std::vector<SpaceInteger> corners_of(std::size_t j) const {
    std::vector<SpaceInteger> all;
    for (const HalfEdge& h : all_.cells()[j].boundary) all.push_back(vertex(all_.start(h)).exact);
    return of_one_length(std::move(all));
  }

  void point_in_cell(std::size_t j, const SpaceQuadratic<Integer>& q, const Integer& determinant) {
    const SpaceInteger y = q.M.adjugate_times(q.c);
    for (const HalfEdge& h : all_.cells()[j].boundary)
      if (dot(inward(h), y) <= 0) return;
    add({Face::cell, j, Rational(Rational(1) / determinant) * rationals(y), 0});
  }

  // M of rank 2, Mv = 0. c lies in its range, so the solution of (M + vv')y = c has v'y = 0 and My = c: the line y + t
  // v, as far as it lies in the cell.
  void line_in_cell(std::size_t j, const SpaceQuadratic<Integer>& q, const SpaceInteger& v) {
    SpaceForm<Integer> regular = q.M;
    regular.add_square(v);
    const SpaceRational y = Rational(Rational(1) / regular.determinant()) * rationals(regular.adjugate_times(q.c));
    const SpaceRational w = as_long_as_x0(v);
    std::optional<Rational> from, to;
    for (const HalfEdge& h : all_.cells()[j].boundary) {
      const SpaceRational n = rationals(inward(h));
      const Rational at_y = dot(n, y), along = dot(n, w);
      if (along == 0 && at_y <= 0) return;
      if (along == 0) continue;
      const Rational zero = -at_y / along;
      if (along > 0 && (!from || zero > *from)) from = zero;
      if (along < 0 && (!to || zero < *to)) to = zero;
    }
    if (from && to && *from >= *to) return;
    const Rational t = from && to ? Rational((*from + *to) / 2) : from ? Rational(*from + 1) : Rational(*to - 1);
    add({Face::cell, j, y + t * w, 1});
  }

  // M of rank 1, c a multiple of its rows: Mx = c where c'x = |c|^2/tr M.
  void plane_in_cell(std::size_t j, const SpaceQuadratic<Integer>& q) {
    SpaceInteger positive, other;
    for (const SpaceInteger& v : corners_of(j)) {
      SpaceInteger& sum = dot(q.c, v) > 0 ? positive : other;
      sum = sum + v;
    }
    const Rational rises = dot(q.c, positive), falls = dot(q.c, other);
    if (rises == 0) return;
    const Rational share = rises + falls > 0 ? Rational(1) : Rational(rises / (-2 * falls));
    const SpaceRational u = rationals(positive) + share * rationals(other);
    const Rational level = Rational(dot(q.c, q.c)) / q.M.trace();
    add({Face::cell, j, Rational(level / (rises + share * falls)) * u, 2});
  }

  // c = 0, and M of rank 1 and a multiple of hh': the plane h'x = 0 through the cell.
  void null_plane_in_cell(std::size_t j, const SpaceForm<Integer>& M) {
    const SpaceInteger h = !vanishes(M.row1) ? M.row1 : !vanishes(M.row2) ? M.row2 : M.row3;
    SpaceInteger positive, negative, on;
    for (const SpaceInteger& v : corners_of(j)) {
      const int side = sign(dot(h, v));
      SpaceInteger& sum = side > 0 ? positive : side < 0 ? negative : on;
      sum = sum + v;
    }
    const Integer up = dot(h, positive), down = dot(h, negative);
    if (up == 0 || down == 0) return;
    add({Face::cell, j, as_long_as_x0(Integer(-down) * positive + up * negative + Integer(up - down) * on), 2});
  }

  // Edges.
  void see_edge(std::size_t e) {
    if (!ruled_out(e)) see_edge_exactly(e);
  }

  bool ruled_out(std::size_t e) const {
    const SphericalEdge& edge = all_.edges()[e];
    const SpaceBall &a = vertex(edge.from).rounded, &b = vertex(edge.to).rounded, &n = edge.normal.rounded;
    const SpaceQuadratic<Ball>&left = rounded_[left_[e]], &right = rounded_[right_[e]];
    const SpaceBall Ma = left.M.times(a), Mb = left.M.times(b);
    const Ball aa = dot(a, Ma), ab = dot(a, Mb), bb = dot(b, Mb), ca = dot(a, left.c), cb = dot(b, left.c);
    const Ball determinant = aa * bb - ab * ab, s = bb * ca - ab * cb, t = aa * cb - ab * ca;
    if (sign(determinant) != 1) return false;
    const std::optional<bool> inside = all_positive({sign(s), sign(t)});
    if (!inside || !*inside) return inside.has_value();
    const SpaceBall x = s * a + t * b;  // times the determinant
    const std::optional<int> to_left = sign(dot(n, left.M.times(x) - determinant * left.c)),
                             to_right = sign(-dot(n, right.M.times(x) - determinant * right.c));
    return to_left && to_right && *to_left * *to_right < 0;
  }

  void see_edge_exactly(std::size_t e) {
    const SphericalEdge& edge = all_.edges()[e];
    const std::vector<SpaceInteger> ends = of_one_length({vertex(edge.from).exact, vertex(edge.to).exact});
    std::optional<FoundSet> found = in_wedge(e, ends[0], ends[1]);
    if (!found) return;
    const SpaceRational n = rationals(edge.normal.exact);
    const Rational to_left = dot(n, gradient(left_[e], found->x)), to_right = -dot(n, gradient(right_[e], found->x));
    const int sum = to_left.sign() + to_right.sign();
    if (to_left.sign() * to_right.sign() < 0) return;
    found->kind = sum == 0  ? StationaryKind::minimum
                  : sum > 0 ? StationaryKind::kink_minimum
                            : StationaryKind::kink_saddle;
    const Rational scale = in_gradient(), square = dot(n, n);
    found->largest = over_root(scale * std::max(to_left, to_right), square);
    found->least = over_root(scale * std::min(to_left, to_right), square);
    add(std::move(*found));
  }

  // Where f restricted to it is stationary at x = s a + t b, s, t > 0.
  std::optional<FoundSet> in_wedge(std::size_t e, const SpaceInteger& a, const SpaceInteger& b) {
    const SpaceQuadratic<Integer>& q = exact(left_[e]);
    const SpaceInteger Ma = q.M.times(a), Mb = q.M.times(b);
    const Integer aa = dot(a, Ma), ab = dot(a, Mb), bb = dot(b, Mb), ca = dot(a, q.c), cb = dot(b, q.c);
    const Integer determinant = aa * bb - ab * ab;
    if (determinant > 0) {
      const Integer s = bb * ca - ab * cb, t = aa * cb - ab * ca;
      if (s <= 0 || t <= 0) return std::nullopt;
      return FoundSet{Face::wedge, e, Rational(Rational(1) / determinant) * rationals(s * a + t * b), 0};
    }
    if (aa == 0 && bb == 0) return FoundSet{Face::wedge, e, as_long_as_x0(a + b), 2};
    return aa > 0 ? line_in_wedge(e, a, b, aa, ab, ca) : line_in_wedge(e, b, a, bb, ab, cb);
  }

  // s p + t q = r, p > 0: the points s a + t b with s, t > 0.
  std::optional<FoundSet> line_in_wedge(std::size_t e, const SpaceInteger& a, const SpaceInteger& b, const Integer& p,
                                        const Integer& q, const Integer& r) const {
    if (r <= 0 && q >= 0) return std::nullopt;
    const SpaceRational u = rationals(a), v = rationals(b);
    const auto half_over = [&](const Integer& d) { return Rational(Rational(r) / (2 * d)); };
    if (r > 0 && q > 0) return FoundSet{Face::wedge, e, half_over(p) * u + half_over(q) * v, 1};
    const Rational free = to_length_of_x0(r > 0 ? b : a);
    const Rational s = r > 0 ? Rational((r - q * free) / p) : free, t = r > 0 ? free : Rational((r - p * free) / q);
    return FoundSet{Face::wedge, e, s * u + t * v, 1};
  }

  // Vertices.
  void see_vertex(std::size_t v) {
    if (!ruled_out_ray(v)) see_vertex_exactly(v);
  }

  // Along the ray f is least at b/a p. No combination of gradients vanishes where all have a positive product with one
  // vector: the bisector of two of them, if any.
  bool ruled_out_ray(std::size_t v) const {
    const SpaceBall& p = vertex(v).rounded;
    const SpaceQuadratic<Ball>& any = rounded_[corners_[v][0].cell];
    const Ball a = dot(p, any.M.times(p)), b = dot(p, any.c);
    if (sign(a) != 1) return false;
    const std::optional<int> falls = sign(b);
    if (!falls || *falls < 0) return falls.has_value();
    std::vector<SpaceBall> g;
    std::vector<Vector3d> unit;
    for (const Corner& c : corners_[v]) {
      const SpaceQuadratic<Ball>& q = rounded_[c.cell];
      g.push_back(b * q.M.times(p) - a * q.c);
      unit.push_back(Vector3d(static_cast<double>(g.back().x.value), static_cast<double>(g.back().y.value),
                              static_cast<double>(g.back().z.value))
                         .stableNormalized());
    }
    for (std::size_t i = 0; i < g.size(); ++i)
      for (std::size_t j = 0; j <= i; ++j) {
        const Vector3d bisector = unit[i] + unit[j];
        const SpaceBall u{bisector(0), bisector(1), bisector(2)};
        if (std::all_of(g.begin(), g.end(), [&](const SpaceBall& other) { return sign(dot(u, other)) == 1; }))
          return true;
      }
    return false;
  }

  void see_vertex_exactly(std::size_t v) {
    const SpaceInteger& p = vertex(v).exact;
    const SpaceQuadratic<Integer>& any = exact(corners_[v][0].cell);
    const Integer a = dot(p, any.M.times(p)), b = dot(p, any.c);
    if (a > 0 && b <= 0) return;
    std::vector<SpaceInteger> g;  // positive multiples
    for (const Corner& c : corners_[v]) {
      const SpaceQuadratic<Integer>& q = exact(c.cell);
      g.push_back(a > 0 ? b * q.M.times(p) - a * q.c : -q.c);
    }
    FoundSet found{Face::ray, v, a > 0 ? Rational(Rational(b) / a) * rationals(p) : as_long_as_x0(p), a > 0 ? 0 : 1};
    const bool level = std::all_of(g.begin(), g.end(), [](const SpaceInteger& h) { return vanishes(h); });
    bool falls = false;
    for (std::size_t i = 0; i < g.size(); ++i) falls = falls || dot(end(corners_[v][i].out).exact, g[i]) < 0;
    if (falls && !hull_holds_zero(p, g)) return;
    found.kind = level ? StationaryKind::minimum : falls ? StationaryKind::kink_saddle : StationaryKind::kink_minimum;
    if (!level) find_slopes(found, v, g, a > 0 ? Rational(in_gradient() / a) : in_gradient());
    add(std::move(found));
  }

  // Vectors orthogonal to p: 0 is none of their combinations iff they lie in an open half plane, counterclockwise from
  // one of them.
  static bool hull_holds_zero(const SpaceInteger& p, const std::vector<SpaceInteger>& g) {
    if (std::any_of(g.begin(), g.end(), [](const SpaceInteger& h) { return vanishes(h); })) return true;
    return std::none_of(g.begin(), g.end(), [&](const SpaceInteger& first) {
      return std::all_of(g.begin(), g.end(), [&](const SpaceInteger& h) {
        const int turn = sign(dot(p, cross(first, h)));
        return turn > 0 || (turn == 0 && dot(first, h) > 0);
      });
    });
  }

  // The largest and least D_u f over unit u orthogonal to p: along an edge, or along +-g where that lies in its cell.
  void find_slopes(FoundSet& found, std::size_t v, const std::vector<SpaceInteger>& g, const Rational& scale) const {
    found.largest = -std::numeric_limits<double>::infinity();
    found.least = -found.largest;
    const auto see = [&](double slope) {
      found.largest = std::max(found.largest, slope);
      found.least = std::min(found.least, slope);
    };
    const SpaceInteger& p = vertex(v).exact;
    for (std::size_t i = 0; i < g.size(); ++i) {
      const Corner& c = corners_[v][i];
      const SpaceInteger& q = end(c.out).exact;
      const Integer pp = dot(p, p), pq = dot(p, q);
      see(over_root(scale * Rational(dot(q, g[i])), Rational(dot(q, q)) - Rational(pq * pq, pp)));
      const int out = sign(dot(inward(c.out), g[i])), in = sign(dot(inward(c.in), g[i]));
      if (out * in <= 0) continue;
      const Integer square = dot(g[i], g[i]);
      see(out * over_root(scale * Rational(square), Rational(square)));
    }
  }

  // The lists.
  void list() {
    const std::vector<bool> isolated = find_flat_sets();
    for (std::size_t i = 0; i < found_.size(); ++i) {
      if (found_[i].flat > 0 || (!isolated[i] && inside_a_pattern(found_[i]))) continue;
      census_.points.push_back(point(found_[i]));
      census_.points.back().isolated = isolated[i];
    }
  }

  Rational objective(const FoundSet& found) {
    const std::size_t cell = found.face == Face::cell    ? found.index
                             : found.face == Face::wedge ? left_[found.index]
                                                         : corners_[found.index][0].cell;
    return in_f() * (Rational(b_squared()) - dot(rationals(exact(cell).c), found.x)) / 2;
  }
  Integer b_squared() const {
    Integer sum = 0;
    for (const Integer& b : all_.target().b) sum += b * b;
    return sum;
  }

  StationaryPoint point(const FoundSet& found) {
    StationaryPoint p;
    const SpaceRational x = in_x() * found.x, to_x0 = x - x0_, to_other = x + rho_ * x0_;
    const Vector3d rounded_x = doubles(x);
    p.x = rounded_x.head<2>();
    p.x3 = rounded_x(2);
    p.kind = found.kind;
    p.objective = rounded(objective(found));
    p.distance_x0 = rounded_root(dot(to_x0, to_x0) / x0_squared_);
    p.distance_minus_rho_x0 = rounded_root(dot(to_other, to_other) / x0_squared_);
    p.counterclockwise = found.largest;
    p.clockwise = found.least;
    return p;
  }

  /// Does the flat set in a face that this one bounds go on up to x? f restricted to that face is stationary there.
  bool reaches(const FoundSet& larger, const SpaceRational& x) {
    if (larger.face == Face::cell) return vanishes(gradient(larger.index, x));
    const SphericalEdge& edge = all_.edges()[larger.index];
    const SpaceRational g = gradient(left_[larger.index], x);
    return dot(g, rationals(vertex(edge.from).exact)) == 0 && dot(g, rationals(vertex(edge.to).exact)) == 0;
  }

  /// The numbers of sets found in faces that this one bounds.
  std::vector<std::size_t> larger_ones(const FoundSet& found, const std::vector<std::optional<std::size_t>>& in_edge,
                                       const std::vector<std::optional<std::size_t>>& in_cell) const {
    std::vector<std::size_t> all;
    const auto see = [&](const std::optional<std::size_t>& number) {
      if (number && found_[*number].flat > 0) all.push_back(*number);
    };
    if (found.face == Face::wedge) {
      see(in_cell[left_[found.index]]);
      see(in_cell[right_[found.index]]);
    }
    if (found.face == Face::ray)
      for (const Corner& c : corners_[found.index]) {
        see(in_edge[c.out.edge]);
        see(in_cell[c.cell]);
      }
    return all;
  }

  /// Does the face only part what the first planes cut?
  bool inside_a_pattern(const FoundSet& found) const {
    if (found.face == Face::cell) return true;
    if (found.face == Face::wedge) return same_pattern(left_[found.index], right_[found.index]);
    const std::vector<Corner>& corners = corners_[found.index];
    return std::all_of(corners.begin(), corners.end(),
                       [&](const Corner& c) { return same_pattern(c.cell, corners[0].cell); });
  }
  bool same_pattern(std::size_t i, std::size_t j) const {
    return all_.pattern(all_.cells()[i]) == all_.pattern(all_.cells()[j]);
  }

  // Flat sets that touch in a flat set without a saddle, or inside one pattern, are one; those on the boundary of
  // another are not listed. Returns which sets are on no boundary.
  std::vector<bool> find_flat_sets() {
    std::vector<std::optional<std::size_t>> in_edge(all_.edges().size()), in_cell(all_.cells().size());
    for (std::size_t i = 0; i < found_.size(); ++i) {
      if (found_[i].face == Face::wedge) in_edge[found_[i].index] = i;
      if (found_[i].face == Face::cell) in_cell[found_[i].index] = i;
    }
    std::vector<std::size_t> root(found_.size());
    std::iota(root.begin(), root.end(), std::size_t{0});
    const auto find = [&](std::size_t i) {
      while (root[i] != i) i = root[i] = root[root[i]];
      return i;
    };
    std::vector<bool> listed(found_.size()), isolated(found_.size());
    for (std::size_t i = 0; i < found_.size(); ++i) {
      bool on_boundary = false;
      for (const std::size_t larger : larger_ones(found_[i], in_edge, in_cell)) {
        if (!reaches(found_[larger], found_[i].x)) continue;
        on_boundary = true;
        const bool joins =
            found_[i].flat > 0 ? found_[i].kind != StationaryKind::kink_saddle : inside_a_pattern(found_[i]);
        if (joins) root[find(i)] = find(larger);
      }
      isolated[i] = !on_boundary;
      listed[i] = found_[i].flat > 0 && !on_boundary;
    }
    // Of those that are one, the first of the largest dimension.
    std::vector<std::optional<std::size_t>> best(found_.size());
    for (std::size_t i = 0; i < found_.size(); ++i) {
      if (!listed[i]) continue;
      std::optional<std::size_t>& of = best[find(i)];
      if (!of || found_[i].flat > found_[*of].flat) of = i;
    }
    for (std::size_t i = 0; i < found_.size(); ++i)
      if (listed[i] && best[find(i)] == i) census_.flat.push_back(flat_set(found_[i]));
    return isolated;
  }

  FlatSet flat_set(const FoundSet& found) {
    FlatSet flat;
    flat.kind = found.kind;
    flat.dimension = found.flat;
    flat.objective = rounded(objective(found));
    const Vector3d x = doubles(in_x() * found.x);
    flat.x = x.head<2>();
    flat.x3 = x(2);
    return flat;
  }

  // A pattern that the first planes cut is one cell.
  void count_cells() {
    std::set<std::vector<signed char>> patterns;
    for (const SphericalCell& cell : all_.cells()) patterns.insert(all_.pattern(cell));
    census_.cells = static_cast<std::int64_t>(patterns.size());
    census_.integer_signs = all_.integer_signs();
  }

  // At 0: b(p) = p'c = -D_p f(0), linear on each cell's cone.
  void at_zero() {
    census_.objective_at_zero = rounded(Rational(in_f() * b_squared() / 2));
    bool rises = false, falls = false, level = false;
    for (std::size_t v = 0; v < corners_.size(); ++v) {
      const std::size_t cell = corners_[v][0].cell;
      const std::optional<int> known = sign(dot(vertex(v).rounded, rounded_[cell].c));
      const int b = known ? *known : sign(dot(vertex(v).exact, exact(cell).c));
      (b > 0 ? falls : b < 0 ? rises : level) = true;
    }
    census_.zero = !falls           ? StationaryKind::kink_minimum
                   : rises || level ? StationaryKind::kink_saddle
                                    : StationaryKind::maximum;
    find_descent_at_zero();
  }

  /// Where b(p)/|p| may be least: at a vertex, or along an edge or in a cell where -c projected onto its span lies in
  /// it.
  struct Steepest {
    Face face;
    std::size_t index;
    Ball value;
    std::optional<bool> inside;
  };

  template <class Vector>
  static std::optional<bool> holds_minus(const Vector& c, const Vector& a, const Vector& b, const Vector& n) {
    return all_positive({sign(-dot(c, cross(n, a))), sign(-dot(c, cross(b, n)))});
  }

  std::vector<Steepest> steepest() const {
    std::vector<Steepest> all;
    for (std::size_t v = 0; v < corners_.size(); ++v) {
      const SpaceBall &p = vertex(v).rounded, &c = rounded_[corners_[v][0].cell].c;
      all.push_back({Face::ray, v, dot(p, c) / sqrt(dot(p, p)), true});
    }
    for (std::size_t e = 0; e < left_.size(); ++e) {
      const SphericalEdge& edge = all_.edges()[e];
      const SpaceBall &n = edge.normal.rounded, &c = rounded_[left_[e]].c, across = cross(c, n);
      const std::optional<bool> inside = holds_minus(c, vertex(edge.from).rounded, vertex(edge.to).rounded, n);
      if (inside != false) all.push_back({Face::wedge, e, -sqrt(dot(across, across) / dot(n, n)), inside});
    }
    for (std::size_t j = 0; j < rounded_.size(); ++j) {
      const SpaceBall& c = rounded_[j].c;
      std::optional<bool> inside = true;
      for (const HalfEdge& h : all_.cells()[j].boundary) {
        const std::optional<bool> here = all_positive({sign(-dot(c, rounded_inward(h)))});
        if (inside == true || here == false) inside = here;
      }
      if (inside != false) all.push_back({Face::cell, j, -sqrt(dot(c, c)), inside});
    }
    return all;
  }

  bool lies_inside(const Steepest& s) {
    if (s.face == Face::ray) return true;
    if (s.face == Face::wedge) {
      const SphericalEdge& edge = all_.edges()[s.index];
      return *holds_minus(exact(left_[s.index]).c, vertex(edge.from).exact, vertex(edge.to).exact, edge.normal.exact);
    }
    const std::vector<HalfEdge>& boundary = all_.cells()[s.index].boundary;
    return std::all_of(boundary.begin(), boundary.end(),
                       [&](const HalfEdge& h) { return dot(exact(s.index).c, inward(h)) < 0; });
  }

  void find_descent_at_zero() {
    std::vector<Steepest> all = steepest();
    long double at_most = std::numeric_limits<long double>::infinity();
    for (const Steepest& s : all)
      if (s.inside == true) at_most = std::min(at_most, s.value.value + s.value.error);
    std::erase_if(all, [&](const Steepest& s) { return s.value.value - s.value.error > at_most; });
    census_.descent_at_zero = std::numeric_limits<double>::infinity();
    for (const Steepest& s : all)
      if (s.inside == true || lies_inside(s)) take(s);
  }

  // The value, and the direction where it is attained; from rationals.
  void take(const Steepest& s) {
    SpaceInteger p;
    std::size_t cell = s.index;
    if (s.face == Face::ray) {
      p = vertex(s.index).exact;
      cell = corners_[s.index][0].cell;
    } else if (s.face == Face::wedge) {
      const SpaceInteger& n = all_.edges()[s.index].normal.exact;
      cell = left_[s.index];
      p = cross(cross(exact(cell).c, n), n);  // -|n|^2 times the projection of c
    } else {
      p = -exact(cell).c;
    }
    const double value = over_root(in_gradient() * Rational(dot(p, exact(cell).c)), Rational(dot(p, p)));
    if (!(value < census_.descent_at_zero)) return;
    census_.descent_at_zero = value;
    const Vector3d unit =
        doubles(Rational(Rational(1) / std::max(largest_entry(p), Integer(1))) * rationals(p)).normalized();
    census_.zero_witness = unit.head<2>();
    census_.zero_witness3 = unit(2);
  }

  const Recovery& f_;
  SphericalCells all_;
  SpaceRational x0_;
  Rational x0_squared_, rho_;
  std::vector<std::size_t> left_, right_;     // of each edge, the cells
  std::vector<std::vector<Corner>> corners_;  // of each vertex
  std::vector<SpaceQuadratic<Ball>> rounded_;
  std::vector<std::optional<SpaceQuadratic<Integer>>> exact_;
  std::vector<FoundSet> found_;
  Census census_;
};

}  // namespace

Census census_on_sphere(const Recovery& f, double rho, const Progress& progress) {
  return SphericalCounting(f, rho, progress).result();
}

}  // namespace theoremeter
