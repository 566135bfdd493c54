#include "estimators/sign_arcs.hpp"

#include "theory/angle.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <utility>

namespace theoremeter {
namespace {

constexpr double not_known = std::numeric_limits<double>::quiet_NaN();
constexpr double half_turn = std::numbers::pi;
constexpr double resolution = PlanePieces::resolution, row_accuracy = PlanePieces::row_accuracy,
                 range_accuracy = PlanePieces::range_accuracy;

// Angles from a to b, less than half a turn, between which M on_circle(angle) turns by equal parts, as far as M can be
// inverted.
std::vector<double> even_cuts(const Eigen::Matrix2d& M, double a, double b, int parts) {
  const Eigen::Matrix2d inverse = M.inverse();
  const Eigen::Vector2d from = M * on_circle(a), to = M * on_circle(b);
  const double first = std::atan2(from(1), from(0)),
               sweep = std::atan2(from(0) * to(1) - from(1) * to(0), from.dot(to));
  std::vector<double> cuts{a};
  for (int i = 1; i < parts; ++i) {
    const Eigen::Vector2d x = inverse * on_circle(first + sweep * i / parts);
    const double beyond = std::remainder(std::atan2(x(1), x(0)) - a, 2 * half_turn);
    cuts.push_back(std::isfinite(beyond) ? std::clamp(a + beyond, cuts.back(), b) : cuts.back());
  }
  cuts.push_back(b);
  return cuts;
}

}  // namespace

SignArcTree::SignArcTree(const std::vector<PlanePiece>& pieces, const Rrcp& rrcp, double widest)
    : pieces_(pieces), A_(rrcp.measurements()), norms_(A_.rowwise().norm()), widest_(widest) {
  if (rrcp.property() == Rrcp::Property::isometry) {
    nodes_.push_back({Eigen::VectorXd::Unit(A_.cols(), 0), 0, Eigen::ArrayXd::Ones(A_.rows())});
    root_ = 0;
    return;
  }
  add_arcs(events(rrcp));
  assert(!nodes_.empty());
  root_ = join(0, static_cast<int>(nodes_.size()));
}

// Where signs may change, and pieces end, in order; and what is told of signs between.
std::vector<SignArcTree::Event> SignArcTree::events(const Rrcp& rrcp) {
  std::vector<Event> events;
  for (const PlanePiece& piece : pieces_) {
    events.push_back({piece.from, -1});
    const RowsOnPiece rows(rrcp.exact(), piece.signs.size(), piece.Lambda, piece.error, piece.signs);
    told_.emplace_back(Eigen::ArrayXd::Ones(A_.rows()));
    for (Eigen::Index i = 0; i < A_.rows(); ++i) {
      if (rows.zero(i)) told_.back()(i) = 0;
      if (!rows.known(i) && piece.U.cols() == 2) told_.back()(i) = not_known;
      if (piece.U.cols() < 2 || told_.back()(i) != 1) continue;
      for (const double angle : zeros_on_circle(rows.M.row(i), piece.from - resolution))
        if (angle < piece.to + resolution) events.push_back({angle, i});
    }
  }
  events.push_back({pieces_.back().to, -1});
  std::sort(events.begin(), events.end(),
            [](const Event& a, const Event& b) { return a.angle < b.angle || (a.angle == b.angle && a.row < b.row); });
  return events;
}

void SignArcTree::add_arcs(const std::vector<Event>& events) {
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

std::size_t SignArcTree::at(double angle) const {
  std::size_t p = 0;
  while (p + 1 < pieces_.size() && angle >= pieces_[p].to) ++p;
  return p;
}

// sgn(A g) on piece p.
Eigen::ArrayXd SignArcTree::signs(std::size_t p, const Eigen::VectorXd& g) const {
  const Eigen::ArrayXd z = A_ * g;
  const Eigen::ArrayXd sign = (z.abs() > 4 * range_accuracy * norms_).select(z.sign(), not_known);
  return (told_[p] == 0).select(0.0, sign * told_[p]);
}

// G is linear from a to b, and no sign changes: cut where its direction has turned by as much each time, until none is
// further than `widest` from the middle's. (Equal parts of a to b would not do: near where G is small it turns fast.)
void SignArcTree::add_arc(double a, double b) {
  const std::size_t p = at((a + b) / 2);
  const PlanePiece& piece = pieces_[p];
  if (piece.U.cols() == 0) return;
  a -= 2 * row_accuracy, b += 2 * row_accuracy;  // where a and b may be
  const auto direction = [&](double t) { return Eigen::VectorXd((piece.Lambda * on_circle(t)).stableNormalized()); };
  if (piece.U.cols() == 1) {  // one direction
    const Eigen::VectorXd u = piece.U.col(0), g = u.dot(direction((a + b) / 2)) > 0 ? u : Eigen::VectorXd(-u);
    nodes_.push_back({g, range_accuracy, signs(p, g), (a + b) / 2});
    return;
  }
  const Eigen::ArrayXd sign = signs(p, direction((a + b) / 2));
  const double sweep = angle(direction(a), direction((a + b) / 2)) + angle(direction((a + b) / 2), direction(b));
  const int parts = std::max(1, static_cast<int>(std::ceil(sweep / (2 * widest_))));
  const std::vector<double> cuts = even_cuts(piece.U.transpose() * piece.Lambda, a, b, 2 * parts);
  for (std::size_t i = 0; i + 2 < cuts.size(); i += 2) {
    const Eigen::VectorXd g = direction(cuts[i + 1]);
    const double radius = std::max(angle(g, direction(cuts[i])), angle(g, direction(cuts[i + 2])));
    nodes_.push_back({g, radius + 2 * range_accuracy, sign, cuts[i + 1]});
  }
}

// Changes that cannot be told apart: their signs are free. A piece of rank 2 takes part: there G is not 0.
void SignArcTree::add_sliver(const std::vector<Event>& events, std::size_t from, std::size_t to) {
  const double a = events[from].angle - resolution, b = events[to - 1].angle + resolution;
  double steepest = 0;
  SignArcs sliver{{}, half_turn, {}, (a + b) / 2};
  Eigen::ArrayXd told;
  std::size_t turning = 0;
  for (std::size_t p = 0; p < pieces_.size(); ++p) {
    const PlanePiece& piece = pieces_[p];
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
  sliver.radius = std::min(half_turn, 2 * (b - a) * steepest / length + 2 * range_accuracy);
  sliver.sign = (told == told_[turning]).select(signs(turning, sliver.g), not_known);
  for (std::size_t e = from; e < to; ++e)
    if (events[e].row >= 0) sliver.sign(events[e].row) = not_known;
  nodes_.push_back(std::move(sliver));
}

// The tree over leaves [from, to); its root.
int SignArcTree::join(int from, int to) {
  if (to - from == 1) return from;
  const int left = join(from, (from + to) / 2), right = join((from + to) / 2, to);
  const SignArcs &a = (*this)[left], &b = (*this)[right];
  SignArcs both{a.g + b.g, half_turn, (a.sign == b.sign).select(a.sign, not_known), (a.at + b.at) / 2, left, right};
  const double norm = both.g.norm();
  both.g = norm > 1e-6 ? Eigen::VectorXd(both.g / norm) : a.g;
  both.radius = std::min(half_turn, std::max(angle(both.g, a.g) + a.radius, angle(both.g, b.g) + b.radius) + 1e-12);
  nodes_.push_back(std::move(both));
  return static_cast<int>(nodes_.size()) - 1;
}

}  // namespace theoremeter
