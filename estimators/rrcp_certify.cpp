// The circle of x is cut into arcs on which G is linear and no sign of A G(x) changes; that of y likewise. On a ray
// between two arcs, where signs are 0, A_{G(x)} is the mean of its neighbours', hence no worse than they. Sets of
// adjacent arcs form a binary tree, unordered pairs of sets of adjacent pieces another. With the signs that are the
// same all over the two sets of arcs, the others in [-1, 1], and G(x), G(y) within angles r, r' of g, g',
//   || P'(A_x'A_y - Phi) P'' || <= || P'(sum_fixed s_i a_i a_i' - Phi_{g,g'}) P'' ||
//       + (|| sum_free P'a_i a_i'P || || sum_free P''a_i a_i'P'' ||)^{1/2} + (4/pi)(r + r'),
// by Cauchy and Schwarz, and as Phi turns by at most 4/pi a radian (theory/angle.hpp). Rounding: everything is computed
// to about 1e-13 (|A P||A P''| + 1); 1e-9 of that is added to every bound. Breakpoints are known to far better than
// `resolution`: signs that change within it of another change are free there. Within `same` they count as equal. A
// direction counts as dependent on others when less than 1e-12 of it is left.
#include "estimators/rrcp_certify.hpp"

#include "theory/angle.hpp"
#include "theory/operators.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>
#include <queue>
#include <utility>
#include <vector>

namespace theoremeter {
namespace {

using std::numbers::pi;
constexpr double resolution = 1e-9;
constexpr double same = 1e-13;
constexpr double dependent = 1e-12;
constexpr double first_angle = 0.2345;  // where circles are cut open: nowhere special

Eigen::Vector2d on_circle(double angle) { return {std::cos(angle), std::sin(angle)}; }

double largest_singular_value(const Eigen::MatrixXd& F) {
  Eigen::MatrixXd square;
  if (F.rows() < F.cols())
    square.noalias() = F * F.transpose();
  else
    square.noalias() = F.transpose() * F;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(square, Eigen::EigenvaluesOnly);
  return std::sqrt(std::max(0.0, solver.eigenvalues().maxCoeff()));
}

Eigen::MatrixXd orthonormal(const Eigen::MatrixXd& columns) {
  Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(columns);
  qr.setThreshold(dependent);
  return qr.householderQ() * Eigen::MatrixXd::Identity(columns.rows(), qr.rank());
}

// The angles in [from, from + 2 pi) at which <h, .> vanishes.
std::array<double, 2> roots(const Eigen::RowVector2d& h, double from) {
  std::array<double, 2> at{std::atan2(-h(0), h(1)), std::atan2(h(0), -h(1))};
  for (double& angle : at) angle -= 2 * pi * std::floor((angle - from) / (2 * pi));
  return at;
}

// ---- The pieces of G.

struct Piece {
  double from, to;
  Eigen::MatrixXd Lambda, U;  // U: an orthonormal basis of the range

  double middle() const { return (from + to) / 2; }
};

class Pieces {
 public:
  explicit Pieces(const Network& G) : G_(G) {
    for (int quarter = 0; quarter < 4; ++quarter)
      cut(0, first_angle + quarter * pi / 2, first_angle + (quarter + 1) * pi / 2, Eigen::MatrixXd::Identity(2, 2));
  }

  bool distinct() const { return distinct_; }  // no two breakpoints closer than `resolution`, but equal ones
  const std::vector<Piece>& all() const { return pieces_; }

 private:
  // The rays of [from, to], on which the layers before this one are Lambda. Where Lambda has rank 1 no neuron changes
  // inside.
  void cut(std::size_t layer, double from, double to, const Eigen::MatrixXd& Lambda) {
    const Eigen::MatrixXd U = orthonormal(Lambda);
    if (layer == G_.layers.size()) {
      pieces_.push_back({from, to, Lambda, U});
      return;
    }
    const Eigen::MatrixXd M = G_.layers[layer] * Lambda;
    std::vector<double> ends{from, to};
    for (Eigen::Index i = 0; i < M.rows() && U.cols() == 2; ++i) {
      if (M.row(i).norm() <= dependent * G_.layers[layer].row(i).norm() * Lambda.norm()) continue;
      for (const double angle : roots(M.row(i), from - resolution))
        if (angle < to + resolution) ends.push_back(angle);
    }
    std::sort(ends.begin(), ends.end());
    ends.erase(std::unique(ends.begin(), ends.end(), [](double a, double b) { return b - a <= same; }), ends.end());
    for (std::size_t i = 1; i < ends.size(); ++i) distinct_ = distinct_ && ends[i] - ends[i - 1] > resolution;
    if (!distinct_) return;
    for (std::size_t i = 1; i < ends.size(); ++i) {
      const Eigen::VectorXd z = M * on_circle((ends[i - 1] + ends[i]) / 2);
      Eigen::MatrixXd next = M;
      for (Eigen::Index j = 0; j < z.size(); ++j)
        if (z(j) <= dependent * G_.layers[layer].row(j).norm() * Lambda.norm()) next.row(j).setZero();
      cut(layer + 1, ends[i - 1], ends[i], next);
    }
  }

  const Network& G_;
  std::vector<Piece> pieces_;
  bool distinct_ = true;
};

// ---- Arcs of x, and sets of adjacent ones.

// The directions G(x)/|G(x)| of the set are within `radius` of g; sign: of A G(x), 0 where it is not the same
// everywhere.
struct Arcs {
  Eigen::VectorXd g;
  double radius = 0;
  Eigen::ArrayXd sign;
  double at = 0;              // of one arc: the angle of an x with G(x)/|G(x)| = g
  int left = -1, right = -1;  // children
};

class ArcTree {
 public:
  ArcTree(const std::vector<Piece>& pieces, const Rows& A, double widest)
      : pieces_(pieces), A_(A), norms_(A.rowwise().norm()), widest_(widest) {
    std::vector<Event> events;
    for (const Piece& piece : pieces) {
      events.push_back({piece.from, -1});
      if (piece.U.cols() < 2) continue;
      const Eigen::MatrixXd M = A * piece.Lambda;
      for (Eigen::Index i = 0; i < M.rows(); ++i) {
        if (M.row(i).norm() <= dependent * norms_(i) * piece.Lambda.norm()) continue;
        for (const double angle : roots(M.row(i), piece.from - resolution))
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
  const Arcs& operator[](int i) const { return nodes_[static_cast<std::size_t>(i)]; }

 private:
  struct Event {
    double angle;
    Eigen::Index row;  // whose sign changes; -1: the end of a piece
  };

  void add_arcs(const std::vector<Event>& events) {
    for (std::size_t i = 0; i < events.size();) {
      std::size_t next = i + 1;
      while (next < events.size() && events[next].angle - events[next - 1].angle <= resolution) ++next;
      bool one = events[next - 1].angle - events[i].angle <= same;  // parallel rows
      for (std::size_t e = i; e < next; ++e) one = one && events[e].row >= 0;
      if (next > i + 1 && !one) add_sliver(events, i, next);
      if (next < events.size()) add_arc(events[next - 1].angle, events[next].angle);
      i = next;
    }
  }

  const Piece& at(double angle) const {
    for (const Piece& piece : pieces_)
      if (angle < piece.to) return piece;
    return pieces_.back();
  }

  // sgn(A g), 0 where rounding may decide.
  Eigen::ArrayXd signs(const Eigen::VectorXd& g) const {
    const Eigen::ArrayXd z = A_ * g;
    return (z.abs() > dependent * norms_).select(z.sign(), 0.0);
  }

  // G is linear from a to b, and no sign changes: cut until no direction is further than `widest` from the middle's.
  void add_arc(double a, double b) {
    const Piece& piece = at((a + b) / 2);
    if (piece.U.cols() == 0) return;
    const auto direction = [&](double t) {
      return Eigen::VectorXd((piece.Lambda * on_circle(a + t * (b - a))).normalized());
    };
    const Eigen::ArrayXd sign = signs(direction(0.5));
    if (piece.U.cols() == 1) {  // one direction
      nodes_.push_back({direction(0.5), dependent, sign, (a + b) / 2});
      return;
    }
    const double sweep = angle(direction(0), direction(0.5)) + angle(direction(0.5), direction(1));
    const double parts = std::ceil(std::min(256.0, sweep / (2 * widest_)));
    for (double i = 0; i < parts; ++i) {
      const Eigen::VectorXd g = direction((i + 0.5) / parts);
      const double radius = std::max(angle(g, direction(i / parts)), angle(g, direction((i + 1) / parts)));
      nodes_.push_back({g, radius + dependent, sign, a + (i + 0.5) / parts * (b - a)});
    }
  }

  // Changes that cannot be told apart: their signs are free. There G is not 0, for pieces of rank 2 end there.
  void add_sliver(const std::vector<Event>& events, std::size_t from, std::size_t to) {
    const double a = events[from].angle, b = events[to - 1].angle;
    const Piece& piece = at((a + b) / 2);
    const Eigen::VectorXd z = piece.Lambda * on_circle((a + b) / 2);
    if (z.norm() == 0) return;
    double steepest = 0;
    for (const Piece& p : pieces_) steepest = std::max(steepest, p.Lambda.norm());
    Arcs sliver{z.normalized(), 2 * (b - a + resolution) * steepest / z.norm(), signs(z.normalized()), (a + b) / 2};
    for (std::size_t e = from; e < to; ++e)
      if (events[e].row >= 0) sliver.sign(events[e].row) = 0;
    nodes_.push_back(std::move(sliver));
  }

  // The tree over leaves [from, to); its root.
  int join(int from, int to) {
    if (to - from == 1) return from;
    const int left = join(from, (from + to) / 2), right = join((from + to) / 2, to);
    const Arcs &a = (*this)[left], &b = (*this)[right];
    Arcs both{a.g + b.g, pi, (a.sign == b.sign).select(a.sign, 0.0), 0, left, right};
    const double norm = both.g.norm();
    both.g = norm > 1e-6 ? Eigen::VectorXd(both.g / norm) : a.g;
    both.radius = std::min(pi, std::max(angle(both.g, a.g) + a.radius, angle(both.g, b.g) + b.radius) + dependent);
    nodes_.push_back(std::move(both));
    return static_cast<int>(nodes_.size()) - 1;
  }

  const std::vector<Piece>& pieces_;
  const Rows& A_;
  Eigen::ArrayXd norms_;
  double widest_;
  std::vector<Arcs> nodes_;  // the leaves first
  int root_ = -1;
};

// ---- Sums of ranges.

// U: an orthonormal basis of the sum of the ranges of all pieces of two sets of adjacent ones; B = A U.
struct Sums {
  Eigen::MatrixXd U, B;
  double size = 0;               // |B|
  const Piece* piece = nullptr;  // where there is only one
  std::vector<int> children = {};
};

class SumTree {
 public:
  SumTree(std::vector<const Piece*> pieces, const Rows& A) : A_(A), pieces_(std::move(pieces)) {
    const int n = static_cast<int>(pieces_.size());
    root_ = add({0, n}, {0, n});
  }

  int root() const { return root_; }
  const Sums& operator[](int i) const { return nodes_[static_cast<std::size_t>(i)]; }

 private:
  using Range = std::pair<int, int>;

  Eigen::MatrixXd sum(const Eigen::MatrixXd& U, const Eigen::MatrixXd& V) const {
    Eigen::MatrixXd both(U.rows(), U.cols() + V.cols());
    both << U, V;
    return orthonormal(both);
  }

  Eigen::MatrixXd span(Range I) const {
    Eigen::MatrixXd U = pieces_[static_cast<std::size_t>(I.first)]->U;
    for (int i = I.first + 1; i < I.second; ++i) U = sum(U, pieces_[static_cast<std::size_t>(i)]->U);
    return U;
  }

  int add(Range I, Range J) {
    Sums node;
    node.U = I == J ? span(I) : sum(span(I), span(J));
    node.B = A_ * node.U;
    node.size = largest_singular_value(node.B);
    if (I == J && I.second - I.first == 1) node.piece = pieces_[static_cast<std::size_t>(I.first)];
    const auto halves = [](Range R) {
      const int middle = (R.first + R.second) / 2;
      return std::pair{Range{R.first, middle}, Range{middle, R.second}};
    };
    if (I == J && I.second - I.first > 1) {
      const auto [low, high] = halves(I);
      node.children = {add(low, low), add(low, high), add(high, high)};
    } else if (I != J && std::max(I.second - I.first, J.second - J.first) > 1) {
      if (I.second - I.first < J.second - J.first) std::swap(I, J);
      const auto [low, high] = halves(I);
      node.children = {add(low, J), add(high, J)};
    }
    nodes_.push_back(std::move(node));
    return static_cast<int>(nodes_.size()) - 1;
  }

  const Rows& A_;
  std::vector<const Piece*> pieces_;
  std::vector<Sums> nodes_;
  int root_ = -1;
};

// ---- Branch and bound.

struct Node {
  int x, y, a, c;
  double bound;         // of f on the node
  double attained = 0;  // where the node is a single value of the tangent form: that value
  double free = 0;      // the part of the bound due to x, y not being points
  bool operator<(const Node& other) const { return bound < other.bound; }
};

class Prover {
 public:
  Prover(const ArcTree& arcs, const SumTree& sums) : arcs_(arcs), sums_(sums) {}

  Node root() const {
    Node node{arcs_.root(), arcs_.root(), sums_.root(), sums_.root(), std::numeric_limits<double>::infinity()};
    bound(node);
    return node;
  }

  // The bound, not above the one that the node comes with.
  void bound(Node& node) const {
    const Arcs &x = arcs_[node.x], &y = arcs_[node.y];
    const Sums &a = sums_[node.a], &c = sums_[node.c];
    const Eigen::ArrayXd s = x.sign * y.sign;
    const PlaneOperator phi = Phi(x.g, y.g);
    Eigen::MatrixXd F = c.B.transpose() * (s.matrix().asDiagonal() * a.B);
    F -= phi.identity * (c.U.transpose() * a.U);
    F -= (phi.plus * (c.U.transpose() * phi.sum)) * (phi.sum.transpose() * a.U);
    F += (phi.minus * (c.U.transpose() * phi.difference)) * (phi.difference.transpose() * a.U);
    const double fixed = largest_singular_value(F), rounding = 1e-9 * (a.size * c.size + 1);
    const Eigen::VectorXd open = (s == 0).select(Eigen::ArrayXd::Ones(s.size()), 0.0).matrix();
    const bool any = open.maxCoeff() > 0;
    const double mixed =
        any ? largest_singular_value(open.asDiagonal() * a.B) * largest_singular_value(open.asDiagonal() * c.B) : 0;
    node.free = mixed + lipschitz_Phi * (x.radius + y.radius);
    const double trivial = a.size * c.size + 1;  // |Phi| <= 1
    node.bound = std::min({node.bound, fixed + node.free + rounding, trivial + rounding});
    node.attained = a.piece && c.piece && !any ? fixed : 0;
  }

  // Unordered in (x, y) and in (a, c), as f is. Empty where the node cannot be split.
  std::vector<Node> children(const Node& node) const {
    const bool arcs = splittable_arcs(node.x) || splittable_arcs(node.y);
    const bool sums = !sums_[node.a].children.empty() || !sums_[node.c].children.empty();
    if (arcs && (!sums || node.free > 0.25 * node.bound)) return split_arcs(node);
    return sums ? split_sums(node) : std::vector<Node>{};
  }

 private:
  bool splittable_arcs(int i) const { return arcs_[i].left >= 0; }

  // How much of `free` a set of arcs is answerable for.
  double looseness(int i) const {
    return splittable_arcs(i) ? 1 + arcs_[i].radius + static_cast<double>((arcs_[i].sign == 0).count()) : 0;
  }

  std::vector<Node> split_arcs(const Node& node) const {
    std::vector<Node> all;
    const auto child = [&](int x, int y) { all.push_back({x, y, node.a, node.c, node.bound}); };
    if (node.x == node.y) {
      const Arcs& x = arcs_[node.x];
      child(x.left, x.left), child(x.left, x.right), child(x.right, x.right);
    } else if (looseness(node.x) >= looseness(node.y)) {
      child(arcs_[node.x].left, node.y), child(arcs_[node.x].right, node.y);
    } else {
      child(node.x, arcs_[node.y].left), child(node.x, arcs_[node.y].right);
    }
    return all;
  }

  std::vector<Node> split_sums(const Node& node) const {
    std::vector<Node> all;
    const auto child = [&](int a, int c) { all.push_back({node.x, node.y, a, c, node.bound}); };
    const Sums &a = sums_[node.a], &c = sums_[node.c];
    if (node.a == node.c) {
      for (std::size_t i = 0; i < a.children.size(); ++i)
        for (std::size_t j = i; j < a.children.size(); ++j) child(a.children[i], a.children[j]);
    } else if (c.children.empty() || (!a.children.empty() && a.U.cols() >= c.U.cols())) {
      for (const int i : a.children) child(i, node.c);
    } else {
      for (const int i : c.children) child(node.a, i);
    }
    return all;
  }

  const ArcTree& arcs_;
  const SumTree& sums_;
};

// Those with a range, each but once: a difference gets nothing from the others.
std::vector<const Piece*> with_range(const std::vector<Piece>& pieces) {
  std::vector<const Piece*> distinct;
  for (const Piece& piece : pieces)
    if (piece.U.cols() > 0 && (distinct.empty() || distinct.back()->Lambda != piece.Lambda)) distinct.push_back(&piece);
  return distinct;
}

}  // namespace

// Best first: the largest bound is split next, in batches.
std::optional<Certified> certify(const Rrcp& rrcp, Witness& incumbent, double gap, std::int64_t nodes, int threads,
                                 const Progress& progress) {
  constexpr double most_memory = 0x1p30;
  constexpr std::size_t batch = 64;
  assert(gap > 0 && nodes >= 1 && threads >= 1);
  if (rrcp.network().input != 2) return std::nullopt;
  const Rows& A = rrcp.measurements();
  const Pieces pieces(rrcp.network());
  std::vector<const Piece*> distinct = with_range(pieces.all());
  if (!pieces.distinct() || distinct.empty()) return std::nullopt;
  const double n = static_cast<double>(distinct.size()), height = static_cast<double>(A.rows() + A.cols());
  if (n * n * height * static_cast<double>(std::min<Eigen::Index>(A.cols(), 8)) * 8 > most_memory) return std::nullopt;
  const ArcTree arcs(pieces.all(), A, std::clamp(gap * std::max(incumbent.value, 0.1) * pi / 32, 1e-3, 0.1));
  const SumTree sums(std::move(distinct), A);
  const Prover prover(arcs, sums);
  const Rrcp tangent(rrcp.network(), A);
  const auto meet = [&](const Node& node) {
    const Rrcp::State x = tangent.prepare(0, on_circle(arcs[node.x].at)),
                      y = tangent.prepare(1, on_circle(arcs[node.y].at)),
                      a = tangent.prepare(2, on_circle(sums[node.a].piece->middle())),
                      c = tangent.prepare(3, on_circle(sums[node.c].piece->middle()));
    Witness w = tangent.witness({&x, &y, &a, &c});
    if (w.value > incumbent.value) incumbent = std::move(w);
  };

  Certified result;
  std::priority_queue<Node> open;
  open.push(prover.root());
  result.nodes = 1;
  double settled = 0;  // the largest bound of those that are not split any more
  while (!open.empty() && result.nodes < nodes) {
    const double goal = std::max((1 + gap) * incumbent.value, settled);
    if (open.top().bound <= goal) break;
    std::vector<Node> next;
    for (std::size_t i = 0; i < batch && !open.empty() && open.top().bound > goal; ++i, open.pop()) {
      const std::vector<Node> children = prover.children(open.top());
      if (children.empty()) settled = std::max(settled, open.top().bound);
      next.insert(next.end(), children.begin(), children.end());
    }
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (std::size_t i = 0; i < next.size(); ++i) prover.bound(next[i]);
    for (const Node& node : next) {
      if (node.attained > incumbent.value * (1 + 1e-12)) meet(node);
      if (node.bound > (1 + gap) * incumbent.value)
        open.push(node);
      else
        settled = std::max(settled, node.bound);
    }
    result.nodes += static_cast<std::int64_t>(next.size());
    if (progress) progress(std::min(1.0, static_cast<double>(result.nodes) / static_cast<double>(nodes)));
  }
  result.at_most = std::max(settled, open.empty() ? 0.0 : open.top().bound);
  result.closed = result.at_most <= (1 + gap) * incumbent.value;
  return result;
}

}  // namespace theoremeter
