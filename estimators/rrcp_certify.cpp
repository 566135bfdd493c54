// The circle of x is cut into arcs on which G is linear and no sign of A G(x) changes; that of y likewise. On a ray
// between two arcs, where signs are 0, A_{G(x)} is the mean of its neighbours', hence no worse than they. Sets of
// adjacent arcs form a binary tree. With the signs that are the same all over the two sets of arcs, the others in
// [-1, 1], and G(x), G(y) within angles r, r' of g, g', let
//   N = sum_fixed s_i a_i a_i' - Phi_{g,g'},   X = Y + sum_free a_i a_i' + (4/pi)(r + r') I,   -Y <= N <= Y,
// as Phi turns by at most 4/pi a radian (theory/angle.hpp). Then -X <= A_x'A_y - Phi <= X, so that
//   |<(A_x'A_y - Phi) u, v>| <= (u'Xu v'Xv)^{1/2} <= max u'Xu over unit differences u.
// u'Xu is convex: it is largest at the vertices of a cover of all differences (difference_cover.hpp). Y is |N| at
// first, then the majorant of N (majorant.hpp) for a mean of uu' that leans to the u at which u'Xu was largest. Where x
// and y are in one arc each, <Nu, v> itself is bounded by its largest value at pairs of vertices, z, z', namely those
// whose (z'Xz z''Xz')^{1/2} is above what must be proved. Of the cover's subspaces eigenvalues take the place of
// vertices. V is an orthonormal basis of the span of all differences.
//
// Rounding. Differences fill the range of a piece with full weight, however small Lambda is along a part of it. So what
// a piece is must be known, or nothing is proved:
//   Rows: errors of the rows of Lambda, relative to each row, are carried through the layers; rows not known to
// `row_accuracy` then, because their terms cancel, are computed exactly, and so is whether a row is 0.
//   Breakpoints: no two are closer than `resolution`, unless their rows are proportional, by exact products.
//   Ranges: the rank is 1 only where one row is left, all are proportional by exact products, or the rank was 1 a layer
// before. Otherwise it is 2, and the second pivot must be large enough for the basis to be known to `range_accuracy`:
// |R_11| above some 1e-6 to 1e-3 |R_00|, the more the larger the network.
// A row of A that is 0 on a piece has the sign 0 there; rows whose sign changes within `resolution` of another's change
// have a free sign there.
//   Forms: `slack` is added to the diagonal of X, and to |<Nu, v>| as to the turn of Phi. It is twice the sum of
//   - what <(A_x'A_y - Phi) u, v> changes by where u and v move by e, as unit differences are within e of V times the
// hulls of the cover, its columns lost less than `negligible` and 16 n (r + 1) u to the r columns of V:
// 2 |A|e|AV| + |A|^2 e^2, and 2 e + e^2 for Phi, twice, as |u| may be 1 + e; and what u'Xu changes by, 4 e (1 + e)|X|;
//   - the rounding of N, of its spectral decomposition (|N| of the computed one bounds its N either way, so that its
// residual counts), of Y - N and Y + N, by whose least eigenvalues Y is lifted, and of eigenvalues: products of
// matrices with m, n and r columns, all below 64 (m + n + 16) u
// (|AV|_F^2 + r^{1/2}|A|_F|AV|_F + 32 r);
//   - the rounding of E'XE and of sums of four by four of its entries, 16 (r + 4) r^{1/2} u (sum |c_k|)^2 |X|.
// That is for |X| <= 2 |AV|^2 + 16, as |N| gives; where a majorant is larger, it is as many times more for X.
// As vertices are not shorter than unit vectors, slack counts in full there, and with (p + s)(q + s) >= ((pq)^{1/2} +
// s)^2 in the product of two bounds.
#include "estimators/rrcp_certify.hpp"

#include "estimators/decompositions.hpp"
#include "estimators/difference_cover.hpp"
#include "estimators/hyperplanes.hpp"
#include "estimators/majorant.hpp"
#include "theory/angle.hpp"
#include "theory/operators.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <memory>
#include <numbers>
#include <numeric>
#include <queue>
#include <utility>
#include <vector>

namespace theoremeter {
namespace {

using std::numbers::pi;
constexpr double resolution = 1e-9;
constexpr double row_accuracy = 1e-10;
constexpr double range_accuracy = 1e-9;
constexpr double negligible = 1e-13;
constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr double most_work = 1e10;      // pairs of vertices in a pair of arcs
constexpr double first_angle = 0.2345;  // where circles are cut open: nowhere special

Eigen::Vector2d on_circle(double angle) { return {std::cos(angle), std::sin(angle)}; }

double largest_singular_value(const Eigen::MatrixXd& F) {
  Eigen::MatrixXd square;
  if (F.rows() < F.cols())
    square.noalias() = F * F.transpose();
  else
    square.noalias() = F.transpose() * F;
  return std::sqrt(std::max(0.0, symmetric_eigenvalues(square).maxCoeff()));
}

// The angles in [from, from + 2 pi) at which <h, .> vanishes.
std::array<double, 2> roots(const Eigen::RowVector2d& h, double from) {
  std::array<double, 2> at{std::atan2(-h(0), h(1)), std::atan2(h(0), -h(1))};
  for (double& angle : at) angle -= 2 * pi * std::floor((angle - from) / (2 * pi));
  return at;
}

// ---- The pieces of G.

// M = W Lambda, W layer i of the network or A, Lambda the layers before where they have these signs. With the rows of
// Lambda known to `error`, relative to each, row j of M is known to error(j): 0 where it is 0. Rows whose terms cancel
// are computed exactly.
struct Image {
  Eigen::MatrixXd M;
  Eigen::ArrayXd error;

  Image(const ExactNetwork& N, std::size_t layer, const Eigen::MatrixXd& Lambda, double error_before,
        const std::vector<Eigen::VectorXd>& signs)
      : Image(layer < N.network().layers.size() ? N.network().layers[layer] : N.measurements(), Lambda, error_before) {
    const double wanted =  // rays must be told apart where pieces are narrow
        layer < N.network().layers.size() ? 32 * static_cast<double>(layer + 2) * epsilon : row_accuracy;
    std::vector<Eigen::Index> unknown;
    for (Eigen::Index j = 0; j < error.size(); ++j)
      if (!(error(j) <= wanted)) unknown.push_back(j);
    if (unknown.empty()) return;
    const Eigen::MatrixXd exact = N.rows(layer, unknown, signs);
    for (std::size_t u = 0; u < unknown.size(); ++u) {
      const auto row = exact.row(static_cast<Eigen::Index>(u));
      M.row(unknown[u]) = row;
      error(unknown[u]) = (row.array() == 0).all() ? 0 : 16 * static_cast<double>(layer + 2) * epsilon;
    }
  }
  bool zero(Eigen::Index i) const { return error(i) == 0; }
  bool known(Eigen::Index i) const { return error(i) <= row_accuracy; }

 private:
  Image(const Rows& W, const Eigen::MatrixXd& Lambda, double error_before)
      : M(W * Lambda), error(Eigen::ArrayXd::Zero(W.rows())) {
    const Eigen::VectorXd size = Lambda.cwiseAbs().rowwise().sum();
    for (Eigen::Index i = 0; i < W.rows(); ++i) {
      long double terms = 0;
      for (Eigen::Index l = 0; l < W.cols(); ++l) terms += std::abs(static_cast<long double>(W(i, l)) * size(l));
      if (terms == 0) continue;
      const double length = M.row(i).cwiseAbs().sum(), rounding = static_cast<double>(W.cols() + 4) * epsilon;
      error(i) = length > 1e-290 ? (error_before + rounding) * static_cast<double>(terms / length)
                                 : std::numeric_limits<double>::infinity();
    }
  }
};

std::vector<Eigen::Index> nonzero_rows(const Eigen::MatrixXd& Lambda) {
  std::vector<Eigen::Index> rows;
  for (Eigen::Index l = 0; l < Lambda.rows(); ++l)
    if ((Lambda.row(l).array() != 0).any()) rows.push_back(l);
  return rows;
}

// Are rows i and j of W proportional in these columns? Exact: never where underflow might say so.
bool proportional(const Rows& W, Eigen::Index i, Eigen::Index j, const std::vector<Eigen::Index>& columns) {
  const auto safe = [](double a, double b) { return a == 0 || b == 0 || std::abs(a * b) > 1e-250; };
  Eigen::Index pivot = columns.front();
  for (const Eigen::Index l : columns)
    if (std::abs(W(i, l)) > std::abs(W(i, pivot))) pivot = l;
  return std::all_of(columns.begin(), columns.end(), [&](Eigen::Index l) {
    return safe(W(i, pivot), W(j, l)) && safe(W(i, l), W(j, pivot)) &&
           equal_products(W(i, pivot), W(j, l), W(i, l), W(j, pivot));
  });
}

struct Piece {
  double from, to;
  Eigen::MatrixXd Lambda, U;           // U: an orthonormal basis of the range
  double error;                        // of each row of Lambda, relative
  double range_error;                  // of unit vectors of U's range, at most range_accuracy
  bool alike;                          // the last layer's rows that are on are proportional
  std::vector<Eigen::VectorXd> signs;  // of the neurons, layer by layer

  double middle() const { return (from + to) / 2; }
};

class Pieces {
 public:
  explicit Pieces(const ExactNetwork& N) : N_(N), G_(N.network()) {
    for (int quarter = 0; quarter < 4; ++quarter)
      cut(0, first_angle + quarter * pi / 2, first_angle + (quarter + 1) * pi / 2,
          {Eigen::MatrixXd::Identity(2, 2), 0, false, {}});
  }

  bool known() const { return known_; }  // as is said above
  bool vanish() const {                  // G = 0 everywhere
    return std::all_of(pieces_.begin(), pieces_.end(), [](const Piece& p) { return p.U.cols() == 0; });
  }
  double ray_error() const { return ray_error_; }  // of the angles at which pieces end, at most 2 row_accuracy
  const std::vector<Piece>& all() const { return pieces_; }

 private:
  // The layers so far. line: of rank 1, or 0, for certain.
  struct Part {
    Eigen::MatrixXd Lambda;
    double error;
    bool line;
    std::vector<Eigen::VectorXd> signs;
  };
  struct End {
    double angle;
    Eigen::Index row;  // that vanishes there; -1: none of this layer
  };

  // The rays of [from, to], on which the layers before this one are `part`.
  void cut(std::size_t layer, double from, double to, const Part& part) {
    if (layer == G_.layers.size()) return add(from, to, part);
    const Rows& W = G_.layers[layer];
    const Image image(N_, layer, part.Lambda, part.error, part.signs);
    const std::vector<Eigen::Index> columns = nonzero_rows(part.Lambda);
    for (Eigen::Index i = 0; i < W.rows(); ++i) known_ = known_ && image.known(i);
    if (!known_) return;
    std::vector<End> ends{{from, -1}, {to, -1}};
    for (Eigen::Index i = 0; i < W.rows(); ++i) {
      if (image.zero(i) || part.line || (layer > 0 && one_sign(W, i, columns))) continue;
      for (const double angle : roots(image.M.row(i), from - resolution))
        if (angle < to + resolution) ends.push_back({angle, i});
      ray_error_ = std::max(ray_error_, 2 * image.error(i) + 16 * epsilon);
    }
    std::sort(ends.begin(), ends.end(), [](const End& a, const End& b) { return a.angle < b.angle; });
    std::vector<double> cuts;
    for (std::size_t e = 0; e < ends.size(); ++e) {
      if (e == 0 || ends[e].angle - ends[e - 1].angle > resolution)
        cuts.push_back(ends[e].angle);
      else
        known_ = known_ && std::min(ends[e].row, ends[e - 1].row) >= 0 &&
                 proportional(W, ends[e].row, ends[e - 1].row, columns);
    }
    for (std::size_t e = 1; e < cuts.size() && known_; ++e)
      cut(layer + 1, cuts[e - 1], cuts[e], gated(W, image, columns, part, (cuts[e - 1] + cuts[e]) / 2));
  }

  // Neurons are not negative: with weights of one sign theirs is constant on a piece.
  static bool one_sign(const Rows& W, Eigen::Index i, const std::vector<Eigen::Index>& columns) {
    bool positive = false, negative = false;
    for (const Eigen::Index l : columns) {
      positive = positive || W(i, l) > 0;
      negative = negative || W(i, l) < 0;
    }
    return !(positive && negative);
  }

  static Part gated(const Rows& W, const Image& image, const std::vector<Eigen::Index>& columns, const Part& part,
                    double middle) {
    const Eigen::VectorXd z = image.M * on_circle(middle);
    Part next{image.M, 0, true, part.signs};
    next.signs.push_back(z);
    Eigen::Index first = -1;
    for (Eigen::Index j = 0; j < z.size(); ++j) {
      if (image.zero(j) || z(j) <= 0) {
        next.Lambda.row(j).setZero();
        next.signs.back()(j) = 0;
        continue;
      }
      next.error = std::max(next.error, image.error(j));
      if (first < 0) first = j;
      next.line = next.line && (part.line || j == first || proportional(W, first, j, columns));
    }
    return next;
  }

  // |Lambda^+| <= 1.8/|R_11|, and Lambda is off by at most 1.5 error |R_00|.
  void add(double from, double to, const Part& part) {
    const auto rows = nonzero_rows(part.Lambda);
    Eigen::Index rank = 0;
    Eigen::MatrixXd U(part.Lambda.rows(), 0);
    double off = 0;
    bool alike = false;
    if (!rows.empty()) {
      const PivotedQr qr(part.Lambda / part.Lambda.cwiseAbs().maxCoeff());
      rank = part.line ? 1 : 2;
      const double quotient = std::abs(qr.R()(0, 0) / qr.R()(rank - 1, rank - 1));
      off = 3 * (part.error + 4 * static_cast<double>(rows.size()) * epsilon) * quotient;
      known_ = known_ && off <= range_accuracy;  // false for NaN
      U = qr.Q(rank);
      std::vector<Eigen::Index> columns(static_cast<std::size_t>(G_.layers.empty() ? 0 : G_.layers.back().cols()));
      std::iota(columns.begin(), columns.end(), Eigen::Index{0});
      alike = rank == 1 && !columns.empty() && std::all_of(rows.begin(), rows.end(), [&](Eigen::Index j) {
                return j == rows[0] || proportional(G_.layers.back(), rows[0], j, columns);
              });
    }
    pieces_.push_back({from, to, part.Lambda, U, part.error, off, alike, part.signs});
  }

  const ExactNetwork& N_;
  const Network& G_;
  std::vector<Piece> pieces_;
  double ray_error_ = 16 * epsilon;
  bool known_ = true;
};

// ---- Arcs of x, and sets of adjacent ones.

constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

// The directions G(x)/|G(x)| of the set are within `radius` of g; sign: of A G(x), not_known where it is not the same
// everywhere. Without signs (RRIC) there is one set: Phi_{g,g} = I, and all signs are 1.
struct Directions {
  Eigen::VectorXd g;
  double radius = 0;
  Eigen::ArrayXd sign;
  double at = 0;              // the angle of an x: of one arc, G(x)/|G(x)| = g; of more, one between
  int left = -1, right = -1;  // children
};

class DirectionTree {
 public:
  DirectionTree(const std::vector<Piece>& pieces, const Rrcp& rrcp, double widest)
      : pieces_(pieces), A_(rrcp.measurements()), norms_(A_.rowwise().norm()), widest_(widest) {
    if (rrcp.property() == Rrcp::Property::isometry) {
      nodes_.push_back({Eigen::VectorXd::Unit(A_.cols(), 0), 0, Eigen::ArrayXd::Ones(A_.rows())});
      root_ = 0;
      return;
    }
    std::vector<Event> events;
    for (const Piece& piece : pieces) {
      events.push_back({piece.from, -1});
      const Image image(rrcp.exact(), piece.signs.size(), piece.Lambda, piece.error, piece.signs);
      told_.emplace_back(Eigen::ArrayXd::Ones(A_.rows()));
      for (Eigen::Index i = 0; i < A_.rows(); ++i) {
        if (image.zero(i)) told_.back()(i) = 0;
        if (!image.known(i) && piece.U.cols() == 2) told_.back()(i) = not_known;
        if (piece.U.cols() < 2 || told_.back()(i) != 1) continue;
        for (const double angle : roots(image.M.row(i), piece.from - resolution))
          if (angle < piece.to + resolution) events.push_back({angle, i});
      }
    }
    events.push_back({pieces.back().to, -1});
    std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
      return a.angle < b.angle || (a.angle == b.angle && a.row < b.row);
    });
    add_arcs(events);
    assert(!nodes_.empty());
    root_ = join(0, static_cast<int>(nodes_.size()));
  }

  int root() const { return root_; }
  const Eigen::ArrayXd& norms() const { return norms_; }  // |a_i|
  const Directions& operator[](int i) const { return nodes_[static_cast<std::size_t>(i)]; }

 private:
  struct Event {
    double angle;
    Eigen::Index row;  // whose sign changes; -1: the end of a piece
  };

  void add_arcs(const std::vector<Event>& events) {
    for (std::size_t i = 0; i < events.size();) {
      std::size_t next = i + 1;
      while (next < events.size() && events[next].angle - events[next - 1].angle <= resolution) ++next;
      bool one = events[i].row >= 0;  // one ray: rows proportional on the piece
      const auto columns = nonzero_rows(pieces_[at(events[i].angle)].Lambda);
      for (std::size_t e = i + 1; e < next; ++e)
        one = one && events[e].row >= 0 && proportional(A_, events[i].row, events[e].row, columns);
      if (next > i + 1 && !one) add_sliver(events, i, next);
      if (next < events.size()) add_arc(events[next - 1].angle, events[next].angle);
      i = next;
    }
  }

  std::size_t at(double angle) const {
    std::size_t p = 0;
    while (p + 1 < pieces_.size() && angle >= pieces_[p].to) ++p;
    return p;
  }

  // sgn(A g) on piece p.
  Eigen::ArrayXd signs(std::size_t p, const Eigen::VectorXd& g) const {
    const Eigen::ArrayXd z = A_ * g;
    const Eigen::ArrayXd sign = (z.abs() > 4 * range_accuracy * norms_).select(z.sign(), not_known);
    return (told_[p] == 0).select(0.0, sign * told_[p]);
  }

  // G is linear from a to b, and no sign changes: cut until no direction is further than `widest` from the middle's.
  void add_arc(double a, double b) {
    const std::size_t p = at((a + b) / 2);
    const Piece& piece = pieces_[p];
    if (piece.U.cols() == 0) return;
    a -= 2 * row_accuracy, b += 2 * row_accuracy;  // where a and b may be
    const auto direction = [&](double t) {
      return Eigen::VectorXd((piece.Lambda * on_circle(a + t * (b - a))).stableNormalized());
    };
    if (piece.U.cols() == 1) {  // one direction
      const Eigen::VectorXd u = piece.U.col(0), g = u.dot(direction(0.5)) > 0 ? u : Eigen::VectorXd(-u);
      nodes_.push_back({g, range_accuracy, signs(p, g), (a + b) / 2});
      return;
    }
    const Eigen::ArrayXd sign = signs(p, direction(0.5));
    const double sweep = angle(direction(0), direction(0.5)) + angle(direction(0.5), direction(1));
    const double parts = std::clamp(std::ceil(sweep / (2 * widest_)), 1.0, 256.0);
    for (double i = 0; i < parts; ++i) {
      const Eigen::VectorXd g = direction((i + 0.5) / parts);
      const double radius = std::max(angle(g, direction(i / parts)), angle(g, direction((i + 1) / parts)));
      nodes_.push_back({g, radius + 2 * range_accuracy, sign, a + (i + 0.5) / parts * (b - a)});
    }
  }

  // Changes that cannot be told apart: their signs are free. A piece of rank 2 takes part: there G is not 0.
  void add_sliver(const std::vector<Event>& events, std::size_t from, std::size_t to) {
    const double a = events[from].angle - resolution, b = events[to - 1].angle + resolution;
    double steepest = 0;
    Directions sliver{{}, pi, {}, (a + b) / 2};
    Eigen::ArrayXd told;
    std::size_t turning = 0;
    for (std::size_t p = 0; p < pieces_.size(); ++p) {
      const Piece& piece = pieces_[p];
      steepest = std::max(steepest, piece.Lambda.norm());
      if (piece.to < a || piece.from > b) continue;
      told = told.size() == 0 ? told_[p] : (told == told_[p]).select(told, not_known).eval();
      if (piece.U.cols() < 2) continue;
      turning = p;
      sliver.g = piece.Lambda * on_circle(std::clamp(sliver.at, piece.from, piece.to));
    }
    assert(sliver.g.size() > 0);
    const double length = sliver.g.stableNorm();
    sliver.g /= length;
    sliver.radius = std::min(pi, 2 * (b - a) * steepest / length + 2 * range_accuracy);
    sliver.sign = (told == told_[turning]).select(signs(turning, sliver.g), not_known);
    for (std::size_t e = from; e < to; ++e)
      if (events[e].row >= 0) sliver.sign(events[e].row) = not_known;
    nodes_.push_back(std::move(sliver));
  }

  // The tree over leaves [from, to); its root.
  int join(int from, int to) {
    if (to - from == 1) return from;
    const int left = join(from, (from + to) / 2), right = join((from + to) / 2, to);
    const Directions &a = (*this)[left], &b = (*this)[right];
    Directions both{a.g + b.g, pi, (a.sign == b.sign).select(a.sign, not_known), (a.at + b.at) / 2, left, right};
    const double norm = both.g.norm();
    both.g = norm > 1e-6 ? Eigen::VectorXd(both.g / norm) : a.g;
    both.radius = std::min(pi, std::max(angle(both.g, a.g) + a.radius, angle(both.g, b.g) + b.radius) + 1e-12);
    nodes_.push_back(std::move(both));
    return static_cast<int>(nodes_.size()) - 1;
  }

  const std::vector<Piece>& pieces_;
  const Rows& A_;
  Eigen::ArrayXd norms_;
  double widest_;
  // For each piece and row of A: 0 where a_i G(x) is 0, 1 where its sign is known between its changes, or not_known.
  std::vector<Eigen::ArrayXd> told_;
  std::vector<Directions> nodes_;  // the leaves first
  int root_ = -1;
};

// ---- Branch and bound.

// A unit difference: a vertex of a family, or sum_k u_k e_k in a subspace.
struct Difference {
  const DifferenceCover::Family* family = nullptr;
  DifferenceCover::Vertex vertex{};
  const DifferenceCover::Subspace* subspace = nullptr;
  Eigen::VectorXd u = {};
};

struct DifferencePair {
  double value = 0;  // of f there
  Difference a = {}, c = {};
};

// A mean of uu' over unit differences: `whole` of that over all families and subspaces, and the rest at single ones.
struct Spread {
  struct Atom {
    Difference at;
    double weight;
  };
  double whole = 1;
  std::vector<Atom> atoms = {};
};

struct Node {
  int x, y;
  double bound;                               // of f on the node
  DifferencePair best = {};                   // where x and y are known: the largest f found
  std::shared_ptr<const Spread> spread = {};  // for which the majorant is made; none: |N|
  bool operator<(const Node& other) const { return bound < other.bound; }
};

// A form on the columns of the cover.
using Table = Eigen::MatrixXd;
using Block = Eigen::Matrix4d;

Block block(const Table& T, const std::array<int, 4>& rows, const std::array<int, 4>& columns) {
  Block b = Block::Zero();
  for (Eigen::Index j = 0; j < 4 && columns[static_cast<std::size_t>(j)] >= 0; ++j)
    for (Eigen::Index i = 0; i < 4 && rows[static_cast<std::size_t>(i)] >= 0; ++i)
      b(i, j) = T(rows[static_cast<std::size_t>(i)], columns[static_cast<std::size_t>(j)]);
  return b;
}

Eigen::Vector4d product(const Block& b, const std::array<double, 4>& c) {
  return b * Eigen::Map<const Eigen::Vector4d>(c.data());
}

double dot(const Eigen::Vector4d& r, const std::array<double, 4>& c) {
  return r.dot(Eigen::Map<const Eigen::Vector4d>(c.data()));
}

Eigen::VectorXd product(const Table& T, const std::vector<int>& rows, const std::array<int, 4>& columns,
                        const std::array<double, 4>& c) {
  Eigen::VectorXd r = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t j = 0; j < 4 && columns[j] >= 0; ++j)
      r(static_cast<Eigen::Index>(i)) += T(rows[i], columns[j]) * c[j];
  return r;
}

class RrcpProver {
 public:
  RrcpProver(const DirectionTree& arcs, const DifferenceCover& cover, const Rrcp& rrcp)
      : arcs_(arcs), cover_(cover), unit_(std::ldexp(1.0, -2 * rrcp.exponent())) {
    const Rows& A = rrcp.measurements();
    const PivotedQr qr(cover.columns());
    V_ = qr.Q(std::min({qr.rank(negligible), cover.columns().rows(), cover.columns().cols()}));
    E_ = V_.transpose() * cover.columns();
    B_ = A * V_;
    const double m = static_cast<double>(A.rows()), n = static_cast<double>(A.cols()),
                 r = static_cast<double>(V_.cols()), largest = cover.largest(), size_of_A = A.norm(), size = B_.norm(),
                 gamma = 64 * (m + n + 16) * epsilon;
    const double norm = largest_singular_value(B_) + gamma * (size + std::sqrt(r) * size_of_A);  // of A V
    const double off = cover.off() + largest * (negligible + 16 * n * (r + 1) * epsilon), e = size_of_A * off;
    const double most = 2 * norm * norm + 16 * unit_;  // |X|
    const double moved = 2 * (2 * e * norm + e * e + unit_ * (2 * off + off * off));
    const double form = gamma * (size * size + std::sqrt(r) * size_of_A * size + 32 * r * unit_);
    const double table = 16 * (r + 4) * std::sqrt(r) * epsilon * largest * largest * most;
    slack_ = 2 * (moved + form + table + 4 * off * (1 + off) * most);
    most_ = most;
    trivial_ = (norm * norm + unit_ + slack_) / unit_;
    add_moments();
  }

  Node root() const { return {arcs_.root(), arcs_.root(), trivial_}; }

  // The bound, not above the one that the node comes with, in full only where it is above `goal`; points above
  // goal/(1 + gap) raise it, unless gap is -1.
  void bound(Node& node, double goal, double gap) const {
    const Directions &x = arcs_[node.x], &y = arcs_[node.y];
    const auto lower = [&](double f) { node.bound = std::min(node.bound, f / unit_); };
    goal *= unit_;
    const Eigen::ArrayXd product = x.sign * y.sign, s = product.isNaN().select(0.0, product);
    const auto changes = product.isNaN() && x.sign != 0 && y.sign != 0 && arcs_.norms() > 0;
    const Eigen::VectorXd open = changes.select(Eigen::ArrayXd::Ones(s.size()), 0.0).matrix();
    const bool any = open.maxCoeff() > 0;
    const double turn = unit_ * lipschitz_Phi * (x.radius + y.radius) + slack_;
    const Eigen::MatrixXd N = middle(x, y, s);
    Eigen::MatrixXd rest = B_.transpose() * (open.asDiagonal() * B_);
    rest.diagonal().array() += turn - slack_;
    const auto majorised = [&](const std::shared_ptr<const Spread>& spread) {
      Eigen::MatrixXd X = (spread ? majorant(N, second_moment(*spread)) : absolute(N)) + rest;
      X.diagonal().array() += slack_ * std::max(1.0, X.norm() / most_);
      return X;
    };
    Table T;
    for (int pass = 0;; ++pass) {
      const Eigen::MatrixXd X = majorised(node.spread);
      if (!node.spread) lower(symmetric_eigenvalues(X).maxCoeff());
      if (node.bound * unit_ <= goal) return;
      T = table(X);
      const bool hopeless = node.spread && second_moment(*node.spread).cwiseProduct(X).sum() > goal;
      const bool last = pass == (splittable(node) ? 3 : 8) || (hopeless && splittable(node));
      Looked looked = look(T, goal, 16);
      if (last || looked.attained <= goal) {
        looked = look(T, goal, 1);
        lower(looked.bound);
      }
      if (last || node.bound * unit_ <= goal) break;
      auto spread = std::make_shared<Spread>(node.spread ? *node.spread : Spread{});
      lean(*spread, looked.largest, 0.4 / (1 + 0.3 * pass));
      reweigh(*spread, majorised(spread));
      node.spread = std::move(spread);
    }
    if (node.bound * unit_ <= goal || splittable(node)) return;
    const std::vector<Alive> alive = above(T, goal);
    lower(alive.empty() ? goal : alive.front().bound);
    if (alive.empty() || any) return;
    const double partner = goal / alive.front().bound * goal;
    lower(pairs(table(N), turning(above(T, partner), N, turn, goal), turn, goal, gap, node.best));
  }

  bool splittable(const Node& node) const { return splittable_arcs(node.x) || splittable_arcs(node.y); }

  // Unordered in (x, y), as f is. Empty where the node cannot be split.
  std::vector<Node> children(const Node& node) const {
    std::vector<Node> all;
    const auto child = [&](int x, int y) { all.push_back({x, y, node.bound, {}, node.spread}); };
    if (!splittable(node)) return all;
    if (node.x == node.y) {
      const Directions& x = arcs_[node.x];
      child(x.left, x.left), child(x.left, x.right), child(x.right, x.right);
    } else if (looseness(node.x) >= looseness(node.y)) {
      child(arcs_[node.x].left, node.y), child(arcs_[node.x].right, node.y);
    } else {
      child(node.x, arcs_[node.y].left), child(node.x, arcs_[node.y].right);
    }
    return all;
  }

 private:
  // Of a family or a subspace: an upper bound for u'Xu.
  struct Alive {
    const DifferenceCover::Family* family;
    const DifferenceCover::Subspace* subspace;
    double bound;
  };

  // V'(sum_fixed s_i a_i a_i' - Phi_{g,g'})V, in units of 4^e.
  Eigen::MatrixXd middle(const Directions& x, const Directions& y, const Eigen::ArrayXd& s) const {
    const PlaneOperator phi = Phi(x.g, y.g);
    const Eigen::VectorXd sum = V_.transpose() * phi.sum, difference = V_.transpose() * phi.difference;
    Eigen::MatrixXd N = B_.transpose() * (s.matrix().asDiagonal() * B_);
    N.diagonal().array() -= unit_ * phi.identity;
    N -= (unit_ * phi.plus * sum) * sum.transpose();
    N += (unit_ * phi.minus * difference) * difference.transpose();
    return N;
  }

  Table table(const Eigen::MatrixXd& X) const {
    const Eigen::MatrixXd XE = X * E_;
    return E_.transpose() * XE;
  }

  // The mean of uu' over the vertices of each family, and over each subspace.
  void add_moments() {
    moment_ = Eigen::MatrixXd::Zero(E_.rows(), E_.rows());
    for (const DifferenceCover::Family& family : cover_.families()) {
      Eigen::MatrixXd E = Eigen::MatrixXd::Zero(E_.rows(), 4);
      for (std::size_t k = 0; k < 4 && family.column[k] >= 0; ++k)
        E.col(static_cast<Eigen::Index>(k)) = E_.col(family.column[k]);
      Eigen::Matrix4d sum = Eigen::Matrix4d::Zero();
      for (const DifferenceCover::Vertex& z : family.coarse) {
        const Eigen::Vector4d c = Eigen::Vector4d(z.c.data()) / z.scale;
        sum += c * c.transpose();
      }
      moment_ += E * (sum / static_cast<double>(std::max<std::size_t>(family.coarse.size(), 1))) * E.transpose();
    }
    for (const DifferenceCover::Subspace& subspace : cover_.subspaces()) {
      const Eigen::MatrixXd E = E_(Eigen::all, subspace.column);
      moment_ += E * E.transpose() / static_cast<double>(E.cols());
    }
    moment_ /= moment_.trace();
  }

  // In terms of V.
  Eigen::VectorXd vector(const Difference& d) const {
    if (d.subspace) return E_(Eigen::all, d.subspace->column) * d.u;
    Eigen::VectorXd w = Eigen::VectorXd::Zero(E_.rows());
    for (std::size_t k = 0; k < 4 && d.family->column[k] >= 0; ++k)
      w += d.vertex.c[k] / d.vertex.scale * E_.col(d.family->column[k]);
    return w;
  }

  // The mean of uu'. A part of it is over all differences: else X is large at those that are left out.
  Eigen::MatrixXd second_moment(const Spread& spread) const {
    constexpr double always = 0.2, ridge = 1e-3;
    Eigen::MatrixXd S = (always + (1 - always) * spread.whole) * moment_;
    for (const Spread::Atom& a : spread.atoms) {
      const Eigen::VectorXd w = vector(a.at);
      S += ((1 - always) * a.weight * w) * w.transpose();
    }
    S.diagonal().array() += ridge / static_cast<double>(S.rows());
    return S;
  }

  // Gives `share` of the weights to further differences; those of hardly any weight go.
  static void lean(Spread& spread, const std::vector<Difference>& to, double share) {
    constexpr double hardly = 2e-3;
    std::erase_if(spread.atoms, [](const Spread::Atom& a) { return a.weight < hardly; });
    spread.whole *= 1 - share;
    for (Spread::Atom& a : spread.atoms) a.weight *= 1 - share;
    for (const Difference& d : to) spread.atoms.push_back({d, share / static_cast<double>(to.size())});
  }

  // Weights grow as u'Xu.
  void reweigh(Spread& spread, const Eigen::MatrixXd& X) const {
    double sum = spread.whole *= moment_.cwiseProduct(X).sum();
    for (Spread::Atom& a : spread.atoms) {
      const Eigen::VectorXd w = vector(a.at);
      sum += a.weight *= w.dot(X * w);
    }
    spread.whole /= sum;
    for (Spread::Atom& a : spread.atoms) a.weight /= sum;
  }

  // Where u'Xu is largest.
  struct Looked {
    double bound = 0, attained = 0;        // u'Xu is at most, and at least
    std::vector<Difference> largest = {};  // unit differences apart from each other
  };
  struct Seen {
    double attained;
    const DifferenceCover::Family* family;
    const DifferenceCover::Vertex* vertex;
    const DifferenceCover::Subspace* subspace;
  };

  // At one in `every` family. With fine vertices only where u'Xu is not seen to be above `goal` with coarse ones.
  Looked look(const Table& T, double goal, std::size_t every) const {
    std::vector<Seen> seen;
    std::vector<std::pair<double, std::size_t>> families;  // bounds above goal, and where seen
    Looked looked;
    for (const DifferenceCover::Subspace& subspace : cover_.subspaces()) {
      seen.push_back({largest(T, subspace), nullptr, nullptr, &subspace});
      looked.attained = looked.bound = std::max(looked.bound, seen.back().attained);
    }
    for (std::size_t f = 0; f < cover_.families().size(); f += every) {
      const DifferenceCover::Family& family = cover_.families()[f];
      Seen best{-1, &family, nullptr, nullptr};
      const double most = largest(block(T, family.column, family.column), family.coarse, best);
      if (!best.vertex) continue;
      if (most > goal) families.emplace_back(most, seen.size());
      if (most <= goal) looked.bound = std::max(looked.bound, most);
      looked.attained = std::max(looked.attained, best.attained);
      seen.push_back(best);
    }
    const bool fine = looked.attained <= goal;
    for (const auto& [most, at] : families) {
      Seen& s = seen[at];
      double bound = most;
      if (fine) bound = std::min(most, largest(block(T, s.family->column, s.family->column), s.family->fine, s));
      looked.bound = std::max(looked.bound, bound);
    }
    looked.largest = apart(T, std::move(seen));
    return looked;
  }

  // The largest z'Xz; the unit vector at which w'Xw is.
  static double largest(const Block& b, const std::vector<DifferenceCover::Vertex>& vertices, Seen& best) {
    double most = 0;
    for (const DifferenceCover::Vertex& z : vertices) {
      const double f = dot(product(b, z.c), z.c), square = z.scale * z.scale;
      most = std::max(most, f);
      if (f > best.attained * square) best.attained = f / square, best.vertex = &z;
    }
    return most;
  }

  std::vector<Difference> apart(const Table& T, std::vector<Seen> seen) const {
    constexpr std::size_t most = 8, most_looked_at = 2000;
    double top = 0;
    for (const Seen& s : seen) top = std::max(top, s.attained);
    std::erase_if(seen, [top](const Seen& s) { return s.attained < 0.8 * top; });
    std::stable_sort(seen.begin(), seen.end(), [](const Seen& a, const Seen& b) { return a.attained > b.attained; });
    std::vector<Difference> all;
    std::vector<Eigen::VectorXd> vectors;
    for (std::size_t i = 0; i < std::min(seen.size(), most_looked_at) && all.size() < most; ++i) {
      const Seen& s = seen[i];
      Difference d{s.family, s.vertex ? *s.vertex : DifferenceCover::Vertex{}, s.subspace};
      if (s.subspace) d.u = symmetric_eigen(T(s.subspace->column, s.subspace->column)).vectors.rightCols<1>();
      Eigen::VectorXd w = vector(d);
      if (std::any_of(vectors.begin(), vectors.end(), [&](const auto& v) { return std::abs(v.dot(w)) > 0.9; }))
        continue;
      all.push_back(std::move(d));
      vectors.push_back(std::move(w));
    }
    return all;
  }

  // The largest u'Xu, at most; in full where it is above `goal`.
  static double largest(const Table& T, const DifferenceCover::Family& family, double goal) {
    const Block b = block(T, family.column, family.column);
    const auto at = [&](const std::vector<DifferenceCover::Vertex>& vertices) {
      double most = 0;
      for (const DifferenceCover::Vertex& z : vertices) most = std::max(most, dot(product(b, z.c), z.c));
      return most;
    };
    const double bound = at(family.coarse);
    return bound > goal ? std::min(bound, at(family.fine)) : bound;
  }

  static double largest(const Table& T, const DifferenceCover::Subspace& subspace) {
    return symmetric_eigenvalues(T(subspace.column, subspace.column)).maxCoeff();
  }

  // The families and subspaces on which u'Xu may be above `goal`, largest bound first.
  std::vector<Alive> above(const Table& T, double goal) const {
    std::vector<Alive> alive;
    for (const DifferenceCover::Subspace& subspace : cover_.subspaces())
      if (const double bound = largest(T, subspace); bound > goal) alive.push_back({nullptr, &subspace, bound});
    for (const DifferenceCover::Family& family : cover_.families())
      if (const double bound = largest(T, family, goal); bound > goal) alive.push_back({&family, nullptr, bound});
    std::stable_sort(alive.begin(), alive.end(), [](const Alive& a, const Alive& b) { return a.bound > b.bound; });
    return alive;
  }

  // Those of them on which |Nu| + turn may be above `goal`: else no <Nu, v> + turn is. The rounding of u'N^2u is that
  // of u'Nu times |N|.
  std::vector<Alive> turning(std::vector<Alive> alive, const Eigen::MatrixXd& N, double turn, double goal) const {
    const double least = std::max(0.0, goal - 2 * turn), square = least * least - slack_ * N.norm();
    const Eigen::MatrixXd N2 = N * N;
    const Table T = table(N2);
    std::erase_if(alive, [&](const Alive& a) {
      return (a.family ? largest(T, *a.family, square) : largest(T, *a.subspace)) <= square;
    });
    return alive;
  }

  // The largest |z'Nz'| over pairs of families where the bounds u'Xu leave room for more than `goal`, or than (1 + gap)
  // times what a point attains.
  double pairs(const Table& T, const std::vector<Alive>& alive, double turn, double goal, double gap,
               DifferencePair& best) const {
    double most = goal, work = 0;
    for (std::size_t i = 0; i < alive.size(); ++i)
      for (std::size_t j = i; j < alive.size(); ++j) {
        const double product = alive[i].bound * alive[j].bound;
        if (product <= most * most) break;
        double bound = std::sqrt(product);
        if (work < most_work) bound = std::min(bound, between(T, alive[i], alive[j], turn, most, best, work));
        most = std::max({most, bound, (1 + 0.9 * gap) * best.value * unit_});
      }
    return most;
  }

  // |<(A_x'A_y - Phi) u, v>|, u of a and v of c, is at most this; in full where it is above `goal`.
  double between(const Table& T, const Alive& a, const Alive& c, double turn, double goal, DifferencePair& best,
                 double& work) const {
    if (a.subspace && c.subspace) return between(T, *a.subspace, *c.subspace, turn, best);
    if (a.subspace) return between(T, *a.subspace, *c.family, turn, best);
    if (c.subspace) return between(T, *c.subspace, *a.family, turn, best);
    const Block b = block(T, c.family->column, a.family->column);
    const auto largest = [&](const std::vector<DifferenceCover::Vertex>& as,
                             const std::vector<DifferenceCover::Vertex>& cs, bool attained) {
      double top = 0;
      work += static_cast<double>(as.size() * cs.size());
      for (const DifferenceCover::Vertex& z : as) {
        const Eigen::Vector4d row = product(b, z.c);
        for (const DifferenceCover::Vertex& w : cs) {
          const double f = std::abs(dot(row, w.c)), scale = z.scale * w.scale;
          top = std::max(top, f + turn * scale);
          if (attained && f > scale * unit_ * best.value) best = {f / (scale * unit_), {a.family, z}, {c.family, w}};
        }
      }
      return top;
    };
    const double bound = largest(a.family->coarse, c.family->coarse, false);
    return bound > goal ? std::min(bound, largest(a.family->fine, c.family->fine, true)) : bound;
  }

  double between(const Table& T, const DifferenceCover::Subspace& a, const DifferenceCover::Family& c, double turn,
                 DifferencePair& best) const {
    double top = 0;
    for (const DifferenceCover::Vertex& z : c.fine) {
      const Eigen::VectorXd u = product(T, a.column, c.column, z.c);
      const double f = u.norm();
      top = std::max(top, f + turn * z.scale);
      if (f > z.scale * unit_ * best.value && !a.meeting.isZero())
        best = {f / (z.scale * unit_), {nullptr, {}, &a, u / f}, {&c, z}};
    }
    return top;
  }

  double between(const Table& T, const DifferenceCover::Subspace& a, const DifferenceCover::Subspace& c, double turn,
                 DifferencePair& best) const {
    const Eigen::MatrixXd F = T(c.column, a.column), square = F.transpose() * F;
    const Eigen::VectorXd u = symmetric_eigen(square).vectors.rightCols<1>(), v = F * u;
    const double f = v.norm();
    if (f > unit_ * best.value && !a.meeting.isZero() && !c.meeting.isZero())
      best = {f / unit_, {nullptr, {}, &a, u}, {nullptr, {}, &c, v / f}};
    return largest_singular_value(F) + turn;
  }

  bool splittable_arcs(int i) const { return arcs_[i].left >= 0; }

  // How much a set of arcs is answerable for.
  double looseness(int i) const {
    return splittable_arcs(i) ? 1 + arcs_[i].radius + static_cast<double>(arcs_[i].sign.isNaN().count()) : 0;
  }

  const DirectionTree& arcs_;
  const DifferenceCover& cover_;
  double unit_;                // bounds are computed in these
  Eigen::MatrixXd V_, E_, B_;  // V: an orthonormal basis of the span of all differences; E = V'columns, B = A V
  Eigen::MatrixXd moment_;     // the mean of uu' over differences
  double slack_, most_;        // what rounding may change where |X| <= most
  double trivial_;             // f is at most
};

// A'A = I, exactly.
bool isometric(const Rows& A) {
  const Unit unit(A);
  if (unit.odd != 1 || unit.exponent > 0) return false;
  const Integer one = Integer(1) << (-2 * unit.exponent);
  for (Eigen::Index i = 0; i < A.cols(); ++i)
    for (Eigen::Index j = 0; j <= i; ++j) {
      Integer sum = 0;
      for (Eigen::Index l = 0; l < A.rows(); ++l)
        if (A(l, i) != 0 && A(l, j) != 0) sum += unit.quotient(A(l, i)) * unit.quotient(A(l, j));
      if (sum != (i == j ? one : Integer(0))) return false;
    }
  return true;
}

// At a pair of differences: of the ranges of pieces where both are within one.
Witness witness(const Rrcp& rrcp, const DifferenceCover& cover, const Pieces& pieces, const Node& node,
                const DirectionTree& arcs) {
  const Difference *a = &node.best.a, *c = &node.best.c;
  const bool tangent = a->family && c->family && a->family->piece >= 0 && c->family->piece >= 0;
  const Rrcp form = rrcp.in(tangent ? Rrcp::Form::tangent : Rrcp::Form::differences);
  std::vector<Eigen::VectorXd> arguments;
  if (form.spheres() == 4) arguments = {on_circle(arcs[node.x].at), on_circle(arcs[node.y].at)};
  for (const Difference* d : {a, c}) {
    if (tangent)
      arguments.emplace_back(on_circle(pieces.all()[static_cast<std::size_t>(d->family->piece)].middle()));
    else
      arguments.emplace_back(
          (d->family ? DifferenceCover::attained(*d->family, d->vertex) : cover.attained(*d->subspace, d->u))
              .stableNormalized());
  }
  std::vector<Rrcp::State> states;
  for (std::size_t s = 0; s < arguments.size(); ++s) states.push_back(form.prepare(static_cast<int>(s), arguments[s]));
  States<Rrcp> all;
  for (const Rrcp::State& state : states) all.push_back(&state);
  return form.witness(all);
}

/// Best first: the largest bound is split next, in batches; until a point above `enough` is met. The cover and arcs are
/// fine enough for a relative gap of `precision`.
std::optional<Certified> bounded(const Rrcp& rrcp, Witness& incumbent, double gap, double precision, double enough,
                                 std::int64_t nodes, int threads, const Progress& progress) {
  constexpr std::size_t batch = 64;
  assert(gap > 0 && nodes >= 1 && threads >= 1);
  if (rrcp.network().input != 2) return std::nullopt;
  const Rows& A = rrcp.measurements();
  if (rrcp.property() == Rrcp::Property::isometry && isometric(A)) return Certified{0, 1, true};
  const Pieces pieces(rrcp.exact());
  if (!pieces.known() || pieces.vanish()) return std::nullopt;
  std::vector<Sector> sectors;
  for (const Piece& p : pieces.all())
    sectors.push_back({p.from, p.to, p.Lambda, p.U, p.error, p.range_error, pieces.ray_error(), p.alike});
  const double fine = std::clamp(precision / 4, 0.002, 0.1);
  const DifferenceCover cover(sectors, std::max(0.1, fine), fine, threads);
  const DirectionTree arcs(pieces.all(), rrcp,
                           std::clamp(precision * std::max(incumbent.value, 0.1) * pi / 32, 1e-3, 0.1));
  const RrcpProver prover(arcs, cover, rrcp);
  const auto meet = [&](const Node& node) {
    Witness w = witness(rrcp, cover, pieces, node, arcs);
    if (w.value > incumbent.value) incumbent = std::move(w);
  };

  Certified result;
  std::priority_queue<Node> open;
  double settled = 0;  // the largest bound of those that are not split any more
  std::vector<Node> next{prover.root()};
  while (true) {
    const double before = (1 + gap) * incumbent.value;
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (std::size_t i = 0; i < next.size(); ++i) prover.bound(next[i], before, gap);
    result.nodes += static_cast<std::int64_t>(next.size());
    if (progress) progress(std::min(1.0, static_cast<double>(result.nodes) / static_cast<double>(nodes)));
    for (const Node& node : next)
      if (node.best.value > incumbent.value * (1 + 1e-12)) meet(node);
    const double goal = (1 + gap) * incumbent.value;
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (std::size_t i = 0; i < next.size(); ++i)  // again, where what was aimed at is not attained by doubles
      if (next[i].bound > goal && next[i].best.value > (1 + 1e-6) * incumbent.value) prover.bound(next[i], goal, -1);
    for (Node& node : next) {
      node.best = {};
      if (node.bound > goal)
        open.push(std::move(node));
      else
        settled = std::max(settled, node.bound);
    }
    next.clear();
    result.at_most = std::max(settled, open.empty() ? 0.0 : open.top().bound);
    if (result.course.empty() || 5 * result.nodes >= 7 * result.course.back().nodes)
      result.course.push_back({result.at_most, result.nodes});
    const double least = std::max(goal, settled);
    if (result.nodes >= nodes || incumbent.value > enough || settled > enough) break;
    for (std::size_t i = 0; i < batch && !open.empty() && open.top().bound > least; ++i, open.pop()) {
      const std::vector<Node> children = prover.children(open.top());
      if (children.empty()) settled = std::max(settled, open.top().bound);
      next.insert(next.end(), children.begin(), children.end());
    }
    result.ended = next.empty();
    if (result.ended) break;
  }
  result.at_most = std::max(settled, open.empty() ? 0.0 : open.top().bound);
  result.course.push_back({result.at_most, result.nodes});
  result.closed = result.at_most <= (1 + gap) * incumbent.value;
  return result;
}

}  // namespace

std::optional<Certified> certify(const Rrcp& rrcp, Witness& incumbent, double gap, std::int64_t nodes, int threads,
                                 const Progress& progress) {
  return bounded(rrcp, incumbent, gap, gap, std::numeric_limits<double>::infinity(), nodes, threads, progress);
}

// As if a value of epsilon had been met: what is not above it need not be split.
std::optional<Certified> decide(const Rrcp& rrcp, Witness& incumbent, double epsilon, std::int64_t nodes, int threads,
                                const Progress& progress) {
  constexpr double gap = 1e-12;
  const double room = incumbent.value > 0 ? epsilon / incumbent.value - 1 : 0;
  Witness met;
  met.value = epsilon * (1 - 2 * gap);
  std::optional<Certified> result =
      bounded(rrcp, met, gap, std::max(room, 0.04), epsilon, std::max<std::int64_t>(nodes, 1), threads, progress);
  if (met.value > epsilon) incumbent = std::move(met);
  if (result) result->closed = false;  // what was met first is attained by nothing
  return result;
}

}  // namespace theoremeter
