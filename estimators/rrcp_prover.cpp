#include "estimators/rrcp_prover.hpp"

#include "estimators/decompositions.hpp"
#include "estimators/majorant.hpp"
#include "theory/angle.hpp"
#include "theory/operators.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace theoremeter {
namespace {

constexpr double rank_threshold = 1e-13;
constexpr double machine_epsilon = std::numeric_limits<double>::epsilon();
constexpr double most_work = 1e10;  // pairs of vertices in a pair of arcs

double largest_singular_value(const Eigen::MatrixXd& F) {
  Eigen::MatrixXd square;
  if (F.rows() < F.cols())
    square.noalias() = F * F.transpose();
  else
    square.noalias() = F.transpose() * F;
  return std::sqrt(std::max(0.0, symmetric_eigenvalues(square).maxCoeff()));
}

using Block = Eigen::Matrix4d;

Block block(const Eigen::MatrixXd& T, const std::array<int, 4>& rows, const std::array<int, 4>& columns) {
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

Eigen::VectorXd product(const Eigen::MatrixXd& T, const std::vector<int>& rows, const std::array<int, 4>& columns,
                        const std::array<double, 4>& c) {
  Eigen::VectorXd r = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t j = 0; j < 4 && columns[j] >= 0; ++j)
      r(static_cast<Eigen::Index>(i)) += T(rows[i], columns[j]) * c[j];
  return r;
}

// Gives `share` of the weights to further differences; those of hardly any weight go.
void lean(RrcpProver::Spread& spread, const std::vector<RrcpProver::Difference>& to, double share) {
  constexpr double hardly = 2e-3;
  std::erase_if(spread.atoms, [](const RrcpProver::Spread::Atom& a) { return a.weight < hardly; });
  spread.whole *= 1 - share;
  for (RrcpProver::Spread::Atom& a : spread.atoms) a.weight *= 1 - share;
  for (const RrcpProver::Difference& d : to) spread.atoms.push_back({d, share / static_cast<double>(to.size())});
}

}  // namespace

RrcpProver::RrcpProver(const SignArcTree& arcs, const DifferenceCover& cover, const Rrcp& rrcp)
    : arcs_(arcs), cover_(cover), unit_(std::ldexp(1.0, -2 * rrcp.exponent())) {
  const Rows& A = rrcp.measurements();
  const PivotedQr qr(cover.columns());
  V_ = qr.Q(std::min({qr.rank(rank_threshold), cover.columns().rows(), cover.columns().cols()}));
  E_ = V_.transpose() * cover.columns();
  B_ = A * V_;
  const double m = static_cast<double>(A.rows()), n = static_cast<double>(A.cols()), r = static_cast<double>(V_.cols()),
               largest = cover.largest(), size_of_A = A.norm(), size = B_.norm(),
               gamma = 64 * (m + n + 16) * machine_epsilon;
  const double norm = largest_singular_value(B_) + gamma * (size + std::sqrt(r) * size_of_A);  // of A V
  const double off = cover.off() + largest * (rank_threshold + 16 * n * (r + 1) * machine_epsilon), e = size_of_A * off;
  const double most = 2 * norm * norm + 16 * unit_;  // |X|
  const double moved = 2 * (2 * e * norm + e * e + unit_ * (2 * off + off * off));
  const double form = gamma * (size * size + std::sqrt(r) * size_of_A * size + 32 * r * unit_);
  const double table = 16 * (r + 4) * std::sqrt(r) * machine_epsilon * largest * largest * most;
  slack_ = 2 * (moved + form + table + 4 * off * (1 + off) * most);
  most_ = most;
  trivial_ = (norm * norm + unit_ + slack_) / unit_;
  add_moments();
}

void RrcpProver::bound(Node& node, double goal, double gap) const {
  const SignArcs &x = arcs_[node.x], &y = arcs_[node.y];
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

std::vector<RrcpProver::Node> RrcpProver::children(const Node& node) const {
  std::vector<Node> all;
  const auto child = [&](int x, int y) { all.push_back({x, y, node.bound, {}, node.spread}); };
  if (!splittable(node)) return all;
  if (node.x == node.y) {
    const SignArcs& x = arcs_[node.x];
    child(x.left, x.left), child(x.left, x.right), child(x.right, x.right);
  } else if (looseness(node.x) >= looseness(node.y)) {
    child(arcs_[node.x].left, node.y), child(arcs_[node.x].right, node.y);
  } else {
    child(node.x, arcs_[node.y].left), child(node.x, arcs_[node.y].right);
  }
  return all;
}

// V'(sum_fixed s_i a_i a_i' - Phi_{g,g'})V, in units of 4^e.
Eigen::MatrixXd RrcpProver::middle(const SignArcs& x, const SignArcs& y, const Eigen::ArrayXd& s) const {
  const PlaneOperator phi = Phi(x.g, y.g);
  const Eigen::VectorXd sum = V_.transpose() * phi.sum, difference = V_.transpose() * phi.difference;
  Eigen::MatrixXd N = B_.transpose() * (s.matrix().asDiagonal() * B_);
  N.diagonal().array() -= unit_ * phi.identity;
  N -= (unit_ * phi.plus * sum) * sum.transpose();
  N += (unit_ * phi.minus * difference) * difference.transpose();
  return N;
}

RrcpProver::Table RrcpProver::table(const Eigen::MatrixXd& X) const {
  const Eigen::MatrixXd XE = X * E_;
  return E_.transpose() * XE;
}

// The mean of uu' over the vertices of each family, and over each subspace.
void RrcpProver::add_moments() {
  moment_ = Eigen::MatrixXd::Zero(E_.rows(), E_.rows());
  for (const Family& family : cover_.families()) {
    Eigen::MatrixXd E = Eigen::MatrixXd::Zero(E_.rows(), 4);
    for (std::size_t k = 0; k < 4 && family.column[k] >= 0; ++k)
      E.col(static_cast<Eigen::Index>(k)) = E_.col(family.column[k]);
    Eigen::Matrix4d sum = Eigen::Matrix4d::Zero();
    for (const Vertex& z : family.coarse) {
      const Eigen::Vector4d c = Eigen::Vector4d(z.c.data()) / z.scale;
      sum += c * c.transpose();
    }
    moment_ += E * (sum / static_cast<double>(std::max<std::size_t>(family.coarse.size(), 1))) * E.transpose();
  }
  for (const Subspace& subspace : cover_.subspaces()) {
    const Eigen::MatrixXd E = E_(Eigen::all, subspace.column);
    moment_ += E * E.transpose() / static_cast<double>(E.cols());
  }
  moment_ /= moment_.trace();
}

// In terms of V.
Eigen::VectorXd RrcpProver::vector(const Difference& d) const {
  if (d.subspace) return E_(Eigen::all, d.subspace->column) * d.u;
  Eigen::VectorXd w = Eigen::VectorXd::Zero(E_.rows());
  for (std::size_t k = 0; k < 4 && d.family->column[k] >= 0; ++k)
    w += d.vertex.c[k] / d.vertex.scale * E_.col(d.family->column[k]);
  return w;
}

// The mean of uu'. A part of it is over all differences: else X is large at those that are left out.
Eigen::MatrixXd RrcpProver::second_moment(const Spread& spread) const {
  constexpr double always = 0.2, ridge = 1e-3;
  Eigen::MatrixXd S = (always + (1 - always) * spread.whole) * moment_;
  for (const Spread::Atom& a : spread.atoms) {
    const Eigen::VectorXd w = vector(a.at);
    S += ((1 - always) * a.weight * w) * w.transpose();
  }
  S.diagonal().array() += ridge / static_cast<double>(S.rows());
  return S;
}

// Weights grow as u'Xu.
void RrcpProver::reweigh(Spread& spread, const Eigen::MatrixXd& X) const {
  double sum = spread.whole *= moment_.cwiseProduct(X).sum();
  for (Spread::Atom& a : spread.atoms) {
    const Eigen::VectorXd w = vector(a.at);
    sum += a.weight *= w.dot(X * w);
  }
  spread.whole /= sum;
  for (Spread::Atom& a : spread.atoms) a.weight /= sum;
}

// At one in `every` family. With fine vertices only where u'Xu is not seen to be above `goal` with coarse ones.
RrcpProver::Looked RrcpProver::look(const Table& T, double goal, std::size_t every) const {
  std::vector<Seen> seen;
  std::vector<std::pair<double, std::size_t>> families;  // bounds above goal, and where seen
  Looked looked;
  for (const Subspace& subspace : cover_.subspaces()) {
    seen.push_back({largest(T, subspace), nullptr, nullptr, &subspace});
    looked.attained = looked.bound = std::max(looked.bound, seen.back().attained);
  }
  for (std::size_t f = 0; f < cover_.families().size(); f += every) {
    const Family& family = cover_.families()[f];
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
double RrcpProver::largest(const Block& b, const std::vector<Vertex>& vertices, Seen& best) {
  double most = 0;
  for (const Vertex& z : vertices) {
    const double f = dot(product(b, z.c), z.c), square = z.scale * z.scale;
    most = std::max(most, f);
    if (f > best.attained * square) best.attained = f / square, best.vertex = &z;
  }
  return most;
}

std::vector<RrcpProver::Difference> RrcpProver::apart(const Table& T, std::vector<Seen> seen) const {
  constexpr std::size_t most = 8, most_looked_at = 2000;
  double top = 0;
  for (const Seen& s : seen) top = std::max(top, s.attained);
  std::erase_if(seen, [top](const Seen& s) { return s.attained < 0.8 * top; });
  std::stable_sort(seen.begin(), seen.end(), [](const Seen& a, const Seen& b) { return a.attained > b.attained; });
  std::vector<Difference> all;
  std::vector<Eigen::VectorXd> vectors;
  for (std::size_t i = 0; i < std::min(seen.size(), most_looked_at) && all.size() < most; ++i) {
    const Seen& s = seen[i];
    Difference d{s.family, s.vertex ? *s.vertex : Vertex{}, s.subspace};
    if (s.subspace) d.u = symmetric_eigen(T(s.subspace->column, s.subspace->column)).vectors.rightCols<1>();
    Eigen::VectorXd w = vector(d);
    if (std::any_of(vectors.begin(), vectors.end(), [&](const auto& v) { return std::abs(v.dot(w)) > 0.9; })) continue;
    all.push_back(std::move(d));
    vectors.push_back(std::move(w));
  }
  return all;
}

// The largest u'Xu, at most; in full where it is above `goal`.
double RrcpProver::largest(const Table& T, const Family& family, double goal) {
  const Block b = block(T, family.column, family.column);
  const auto at = [&](const std::vector<Vertex>& vertices) {
    double most = 0;
    for (const Vertex& z : vertices) most = std::max(most, dot(product(b, z.c), z.c));
    return most;
  };
  const double bound = at(family.coarse);
  return bound > goal ? std::min(bound, at(family.fine)) : bound;
}

double RrcpProver::largest(const Table& T, const Subspace& subspace) {
  return symmetric_eigenvalues(T(subspace.column, subspace.column)).maxCoeff();
}

// The families and subspaces on which u'Xu may be above `goal`, largest bound first.
std::vector<RrcpProver::Alive> RrcpProver::above(const Table& T, double goal) const {
  std::vector<Alive> alive;
  for (const Subspace& subspace : cover_.subspaces())
    if (const double bound = largest(T, subspace); bound > goal) alive.push_back({nullptr, &subspace, bound});
  for (const Family& family : cover_.families())
    if (const double bound = largest(T, family, goal); bound > goal) alive.push_back({&family, nullptr, bound});
  std::stable_sort(alive.begin(), alive.end(), [](const Alive& a, const Alive& b) { return a.bound > b.bound; });
  return alive;
}

// Those of them on which |Nu| + turn may be above `goal`: else no <Nu, v> + turn is. The rounding of u'N^2u is that
// of u'Nu times |N|.
std::vector<RrcpProver::Alive> RrcpProver::turning(std::vector<Alive> alive, const Eigen::MatrixXd& N, double turn,
                                                   double goal) const {
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
double RrcpProver::pairs(const Table& T, const std::vector<Alive>& alive, double turn, double goal, double gap,
                         Pair& best) const {
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
double RrcpProver::between(const Table& T, const Alive& a, const Alive& c, double turn, double goal, Pair& best,
                           double& work) const {
  if (a.subspace && c.subspace) return between(T, *a.subspace, *c.subspace, turn, best);
  if (a.subspace) return between(T, *a.subspace, *c.family, turn, best);
  if (c.subspace) return between(T, *c.subspace, *a.family, turn, best);
  const Block b = block(T, c.family->column, a.family->column);
  const auto largest = [&](const std::vector<Vertex>& as, const std::vector<Vertex>& cs, bool attained) {
    double top = 0;
    work += static_cast<double>(as.size() * cs.size());
    for (const Vertex& z : as) {
      const Eigen::Vector4d row = product(b, z.c);
      for (const Vertex& w : cs) {
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

double RrcpProver::between(const Table& T, const Subspace& a, const Family& c, double turn, Pair& best) const {
  double top = 0;
  for (const Vertex& z : c.fine) {
    const Eigen::VectorXd u = product(T, a.column, c.column, z.c);
    const double f = u.norm();
    top = std::max(top, f + turn * z.scale);
    if (f > z.scale * unit_ * best.value && !a.meeting.isZero())
      best = {f / (z.scale * unit_), {nullptr, {}, &a, u / f}, {&c, z}};
  }
  return top;
}

double RrcpProver::between(const Table& T, const Subspace& a, const Subspace& c, double turn, Pair& best) const {
  const Eigen::MatrixXd F = T(c.column, a.column), square = F.transpose() * F;
  const Eigen::VectorXd u = symmetric_eigen(square).vectors.rightCols<1>(), v = F * u;
  const double f = v.norm();
  if (f > unit_ * best.value && !a.meeting.isZero() && !c.meeting.isZero())
    best = {f / unit_, {nullptr, {}, &a, u}, {nullptr, {}, &c, v / f}};
  return largest_singular_value(F) + turn;
}

// How much a set of arcs is answerable for.
double RrcpProver::looseness(int i) const {
  return splittable_arcs(i) ? 1 + arcs_[i].radius + static_cast<double>(arcs_[i].sign.isNaN().count()) : 0;
}

}  // namespace theoremeter
