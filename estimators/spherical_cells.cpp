#include "estimators/spherical_cells.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace theoremeter {
namespace {

using Eigen::Index;

constexpr signed char unseen = 2;

bool is_zero(const SpaceInteger& p) { return p.x == 0 && p.y == 0 && p.z == 0; }

/// Three independent vectors with a positive determinant, the first of these as far as they go.
std::array<SpaceInteger, 3> basis(std::vector<SpaceInteger> candidates) {
  for (const SpaceInteger& e : {SpaceInteger{1, 0, 0}, SpaceInteger{0, 1, 0}, SpaceInteger{0, 0, 1}})
    candidates.push_back(e);
  std::vector<SpaceInteger> found;
  for (const SpaceInteger& p : candidates) {
    const bool independent = found.empty()       ? !is_zero(p)
                             : found.size() == 1 ? !is_zero(cross(found[0], p))
                                                 : dot(cross(found[0], found[1]), p) != 0;
    if (independent) found.push_back(p);
    if (found.size() == 3) break;
  }
  if (dot(cross(found[0], found[1]), found[2]) < 0) found[2] = -found[2];
  return {found[0], found[1], found[2]};
}

}  // namespace

ExactDirection::ExactDirection(SpaceInteger p) : exact(std::move(p)) {
  const Integer largest = std::max({Integer(abs(exact.x)), Integer(abs(exact.y)), Integer(abs(exact.z))});
  const long exponent = static_cast<long>(msb(largest)) + 1;
  rounded = {ball(exact.x, exponent), ball(exact.y, exponent), ball(exact.z, exponent)};
}

SphericalCells::SphericalCells(const Recovery& f, const Progress& progress)
    : f_(f), target_(integers(f, theoremeter::target(f))) {
  Index width = 3;
  for (const Rows& W : f.G.layers) {
    add_level(&W, width);
    width = W.rows();
  }
  add_level(f.A.size() > 0 ? &f.A : nullptr, width);
  for (const Integer& b : target_.b) b_.push_back(ball(b, -target_.exponent));
  pieces_.push_back(piece(0, 0, {}));
  start();
  for (std::size_t l = 0; l < levels_.size(); ++l) {
    if (l > 0) enter(l);
    if (l + 1 < levels_.size() || f.phaseless) cut_by_level(l, progress);
  }
  if (progress) progress(1);
}

void SphericalCells::add_level(const Rows* W, Index columns) {
  Level& level = levels_.emplace_back();
  level.W = W;
  level.rows = W != nullptr ? W->rows() : columns;
  if (W == nullptr) return;
  level.exponent = common_exponent(*W);
  for (Index i = 0; i < W->rows(); ++i)
    for (Index j = 0; j < W->cols(); ++j) level.integer.push_back(integer((*W)(i, j), level.exponent));
}

int SphericalCells::row_exponent() const {
  int sum = 0;
  for (const Level& level : levels_) sum += level.exponent;
  return sum;
}

// Rows of W Lambda: those of the level below that are on, and W.
SphericalCells::Piece SphericalCells::piece(std::size_t l, std::size_t below, std::vector<signed char> sign) const {
  const Level& level = levels_[l];
  Piece result;
  result.level = l;
  result.below = below;
  result.sign = std::move(sign);
  std::vector<std::pair<Index, SpaceBall>> on;
  if (l == 0)
    on = {{0, {1.0, 0.0, 0.0}}, {1, {0.0, 1.0, 0.0}}, {2, {0.0, 0.0, 1.0}}};
  else
    for (std::size_t j = 0; j < result.sign.size(); ++j)
      if (result.sign[j] > 0) on.emplace_back(static_cast<Index>(j), pieces_[below].rows[j]);
  result.rows.resize(static_cast<std::size_t>(level.rows));
  result.exact.resize(result.rows.size());
  if (level.W == nullptr)
    for (const auto& [j, row] : on) result.rows[static_cast<std::size_t>(j)] = row;
  else
    for (Index i = 0; i < level.rows; ++i)
      for (const auto& [j, row] : on) {
        SpaceBall& sum = result.rows[static_cast<std::size_t>(i)];
        sum = sum + Ball((*level.W)(i, j)) * row;
      }
  if (l + 1 == levels_.size())
    for (const SpaceBall& row : result.rows) result.form.add_square(row);
  return result;
}

const SpaceInteger& SphericalCells::exact_row(const Piece& piece, std::size_t row) const {
  std::optional<SpaceInteger>& known = piece.exact[row];
  if (known) return *known;
  const Level& level = levels_[piece.level];
  const std::size_t columns = piece.level == 0 ? 3 : piece.sign.size();
  SpaceInteger sum;
  for (std::size_t j = 0; j < columns; ++j) {
    if (piece.level > 0 && piece.sign[j] <= 0) continue;
    const Integer w = level.W != nullptr ? level.integer[row * columns + j] : Integer(row == j ? 1 : 0);
    if (w == 0) continue;
    sum = sum + w * (piece.level == 0 ? SpaceInteger{j == 0 ? 1 : 0, j == 1 ? 1 : 0, j == 2 ? 1 : 0}
                                      : exact_row(pieces_[piece.below], j));
  }
  known = std::move(sum);
  return *known;
}

const SpaceForm<Integer>& SphericalCells::exact_form(const Piece& piece) const {
  if (piece.exact_form) return *piece.exact_form;
  SpaceForm<Integer> form;
  for (std::size_t i = 0; i < piece.rows.size(); ++i) form.add_square(exact_row(piece, i));
  return *(piece.exact_form = std::move(form));
}

SpaceQuadratic<Ball> SphericalCells::rounded(const SphericalCell& cell) const {
  const Piece& piece = pieces_[cell.piece];
  SpaceQuadratic<Ball> q{piece.form, {}};
  for (std::size_t i = 0; i < piece.rows.size(); ++i)
    q.c = q.c + (f_.phaseless && cell.sign[i] < 0 ? -b_[i] : b_[i]) * piece.rows[i];
  return q;
}

SpaceQuadratic<Integer> SphericalCells::exact(const SphericalCell& cell) const {
  const Piece& piece = pieces_[cell.piece];
  SpaceQuadratic<Integer> q{exact_form(piece), {}};
  for (std::size_t i = 0; i < piece.rows.size(); ++i)
    q.c = q.c + (f_.phaseless && cell.sign[i] < 0 ? Integer(-target_.b[i]) : target_.b[i]) * exact_row(piece, i);
  return q;
}

std::vector<signed char> SphericalCells::pattern(const SphericalCell& cell) const {
  std::vector<signed char> all = f_.phaseless ? cell.sign : std::vector<signed char>();
  for (const Piece* p = &pieces_[cell.piece]; p->level > 0; p = &pieces_[p->below])
    all.insert(all.begin(), p->sign.begin(), p->sign.end());
  return all;
}

std::size_t SphericalCells::add_vertex(SpaceInteger p) {
  vertices_.emplace_back(std::move(p));
  return vertices_.size() - 1;
}

std::size_t SphericalCells::add_edge(std::size_t from, std::size_t to, const ExactDirection& normal) {
  edges_.push_back({from, to, normal});
  return edges_.size() - 1;
}

// Three planes cut the sphere into eight triangles: with v_i orthogonal to n_j and n_k, and v_i'n_i > 0, their corners
// are +-v_i.
void SphericalCells::start() {
  std::vector<SpaceInteger> rows;
  if (levels_.size() > 1 || f_.phaseless)
    for (std::size_t i = 0; i < pieces_[0].rows.size(); ++i) rows.push_back(exact_row(pieces_[0], i));
  const std::array<SpaceInteger, 3> n = basis(std::move(rows));
  std::array<std::array<std::size_t, 2>, 3> corner{};  // of v_i, of -v_i
  for (std::size_t i = 0; i < 3; ++i) {
    const SpaceInteger v = cross(n[(i + 1) % 3], n[(i + 2) % 3]);
    corner[i] = {add_vertex(v), add_vertex(-v)};
  }
  // v_i x v_j is a positive multiple of n_k for cyclic i, j, k.
  std::array<std::array<std::array<std::size_t, 2>, 2>, 3> side{};  // [k][sign of v_i][sign of v_j]
  for (std::size_t k = 0; k < 3; ++k)
    for (const std::size_t si : {std::size_t{0}, std::size_t{1}})
      for (const std::size_t sj : {std::size_t{0}, std::size_t{1}})
        side[k][si][sj] =
            add_edge(corner[(k + 1) % 3][si], corner[(k + 2) % 3][sj], ExactDirection(si == sj ? n[k] : -n[k]));
  for (const std::size_t a : {std::size_t{0}, std::size_t{1}})
    for (const std::size_t b : {std::size_t{0}, std::size_t{1}})
      for (const std::size_t c : {std::size_t{0}, std::size_t{1}}) {
        SphericalCell cell;
        const std::size_t bc = side[0][b][c], ca = side[1][c][a], ab = side[2][a][b];
        if ((a + b + c) % 2 == 0)
          cell.boundary = {{ab, false}, {bc, false}, {ca, false}};
        else
          cell.boundary = {{ca, true}, {bc, true}, {ab, true}};
        cells_.push_back(std::move(cell));
      }
}

void SphericalCells::enter(std::size_t level) {
  for (SphericalCell& cell : cells_) {
    pieces_.push_back(piece(level, cell.piece, std::move(cell.sign)));
    cell.piece = pieces_.size() - 1;
    cell.sign.clear();
  }
}

void SphericalCells::cut_by_level(std::size_t level, const Progress& progress) {
  const auto rows = static_cast<std::size_t>(levels_[level].rows);
  for (SphericalCell& cell : cells_) cell.sign.assign(rows, 0);
  for (std::size_t row = 0; row < rows; ++row) {
    cut(row);
    if (progress)
      progress((static_cast<double>(level) + static_cast<double>(row) / static_cast<double>(rows)) /
               static_cast<double>(levels_.size()));
  }
}

void SphericalCells::cut(std::size_t row) {
  see_vertices(row);
  split_edges(row);
  const std::size_t before = cells_.size();
  for (std::size_t j = 0; j < before; ++j) {
    std::vector<HalfEdge> boundary;
    for (const HalfEdge& h : cells_[j].boundary) {
      const std::optional<std::size_t>& second = second_half_[h.edge];
      if (second && h.reversed) boundary.push_back({*second, true});
      boundary.push_back(h);
      if (second && !h.reversed) boundary.push_back({*second, false});
    }
    cells_[j].boundary = std::move(boundary);
  }
  for (std::size_t j = 0; j < before; ++j) {
    SphericalCell cell = std::move(cells_[j]);
    split(cell, row);
    cells_[j] = std::move(cell);
  }
}

void SphericalCells::see_vertices(std::size_t row) {
  side_.assign(vertices_.size(), unseen);
  for (const SphericalCell& cell : cells_)
    for (const HalfEdge& h : cell.boundary) {
      const std::size_t v = start(h);
      if (side_[v] == unseen) side_[v] = static_cast<signed char>(side(cell, row, v));
    }
}

int SphericalCells::side(const SphericalCell& cell, std::size_t row, std::size_t vertex) {
  const Piece& piece = pieces_[cell.piece];
  if (const auto known = sign(dot(piece.rows[row], vertices_[vertex].rounded))) return *known;
  ++integer_signs_;
  return sign(dot(exact_row(piece, row), vertices_[vertex].exact));
}

// From p to q, h'p > 0 > h'q: the zero between them is h'p q - h'q p = (p x q) x h.
void SphericalCells::split_edges(std::size_t row) {
  second_half_.assign(edges_.size(), std::nullopt);
  for (const SphericalCell& cell : cells_)
    for (const HalfEdge& h : cell.boundary) {
      const std::size_t from = edges_[h.edge].from, to = edges_[h.edge].to;
      if (second_half_[h.edge] || side_[from] * side_[to] >= 0) continue;
      const SpaceInteger zero = cross(edges_[h.edge].normal.exact, exact_row(pieces_[cell.piece], row));
      const std::size_t between = add_vertex(side_[from] > 0 ? zero : -zero);
      side_.push_back(0);
      const ExactDirection normal = edges_[h.edge].normal;
      second_half_[h.edge] = add_edge(between, to, normal);
      second_half_.emplace_back();
      edges_[h.edge].to = between;
    }
}

// Along the boundary a is where the row begins to be positive, b where negative.
void SphericalCells::split(SphericalCell& cell, std::size_t row) {
  const std::vector<HalfEdge>& boundary = cell.boundary;
  const std::size_t n = boundary.size();
  const auto side_at = [&](std::size_t i) { return side_[start(boundary[i % n])]; };
  std::optional<std::size_t> a, b;
  bool positive = false, negative = false;
  for (std::size_t i = 0; i < n; ++i) {
    (side_at(i) > 0 ? positive : negative) |= side_at(i) != 0;
    if (side_at(i) != 0) continue;
    if (side_at(i + 1) > 0) a = i;
    if (side_at(i + 1) < 0) b = i;
  }
  if (!positive || !negative) {
    cell.sign[row] = static_cast<signed char>(positive ? 1 : negative ? -1 : 0);
    return;
  }
  assert(a && b);
  const std::size_t edge =
      add_edge(start(boundary[*b]), start(boundary[*a]), ExactDirection(exact_row(pieces_[cell.piece], row)));
  SphericalCell other = cell;
  other.boundary = {{edge, true}};
  for (std::size_t i = *b; i % n != *a; ++i) other.boundary.push_back(boundary[i % n]);
  other.sign[row] = -1;
  std::vector<HalfEdge> kept{{edge, false}};
  for (std::size_t i = *a; i % n != *b; ++i) kept.push_back(boundary[i % n]);
  cell.boundary = std::move(kept);
  cell.sign[row] = 1;
  cells_.push_back(std::move(other));
}

}  // namespace theoremeter
