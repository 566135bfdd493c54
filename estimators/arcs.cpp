#include "estimators/arcs.hpp"

#include "estimators/enumerate.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

namespace theoremeter {
namespace {

using std::numbers::pi;
constexpr double narrowest = 0x1p-26;  // arcs are split no further

}  // namespace

ArcTree::ArcTree(Rows H, Factor phi, bool grows, double lipschitz, Eigen::ArrayXd weight)
    : H_(std::move(H)), phi_(std::move(phi)), grows_(grows), lipschitz_(lipschitz), weight_(std::move(weight)) {
  assert(H_.cols() == 1 || H_.cols() == 2);
  if (H_.cols() == 1)
    points();
  else if (grows_)
    for (int quarter = 0; quarter < 4; ++quarter) cells_.push_back(range(quarter * pi / 2, (quarter + 1) * pi / 2));
  else
    cut_at_rays();
  shape(root_, 0, cells_.size(), cells_.front().from, cells_.back().to);
}

// x = 1 at angle 0, x = -1 at angle pi.
void ArcTree::points() {
  for (const double x : {1.0, -1.0}) {
    Cell cell{x > 0 ? 0 : pi, x > 0 ? 0 : pi, Eigen::ArrayXd(H_.rows()), {}};
    for (Eigen::Index i = 0; i < H_.rows(); ++i) cell.low(i) = phi_(x * H_(i, 0));
    cell.high = cell.low;
    cells_.push_back(std::move(cell));
  }
}

void ArcTree::cut_at_rays() {
  std::vector<Eigen::Index> rows;
  Eigen::ArrayXd low(H_.rows()), high(H_.rows());
  for (Eigen::Index i = 0; i < H_.rows(); ++i) {
    const bool zero = H_(i, 0) == 0 && H_(i, 1) == 0;
    low(i) = phi_(zero ? 0 : -1);
    high(i) = phi_(zero ? 0 : 1);
    if (!zero) rows.push_back(i);
  }
  std::vector<Cell> all;
  for (const circle::Arc& arc : circle::arcs(H_, rows, [](std::size_t) { return true; })) {
    const double angle = arc.angle < 0 ? arc.angle + 2 * pi : arc.angle;
    for (std::size_t i = 0; i < rows.size(); ++i) low(rows[i]) = high(rows[i]) = phi_(arc.sign[i]);
    all.push_back({angle - arc.half_width, angle + arc.half_width, low, high});
  }
  const auto same = [&](std::size_t a, std::size_t b) {
    return (all[a].low == all[b].low).all() && (all[a].high == all[b].high).all();
  };
  for (std::size_t j = 0; j < all.size(); ++j) {
    const bool ray = all[j].to - all[j].from < 1e-13;
    if (!ray || !(same(j, (j + 1) % all.size()) || same(j, (j + all.size() - 1) % all.size())))
      cells_.push_back(all[j]);
  }
}

// Where factors grow: <h, p> is largest at an end, or at h/|h| when that lies between, where <h, p'> changes sign.
ArcTree::Cell ArcTree::range(double from, double to) const {
  Cell cell{from, to, Eigen::ArrayXd(H_.rows()), Eigen::ArrayXd(H_.rows())};
  const double c0 = std::cos(from), s0 = std::sin(from), c1 = std::cos(to), s1 = std::sin(to);
  for (Eigen::Index i = 0; i < H_.rows(); ++i) {
    const double a = H_(i, 0), b = H_(i, 1);
    double low = std::min(a * c0 + b * s0, a * c1 + b * s1), high = std::max(a * c0 + b * s0, a * c1 + b * s1);
    const double rising = b * c0 - a * s0, still = b * c1 - a * s1;
    if (rising > 0 && still < 0) high = std::hypot(a, b);
    if (rising < 0 && still > 0) low = -std::hypot(a, b);
    cell.low(i) = phi_(low);
    cell.high(i) = phi_(high);
  }
  return cell;
}

void ArcTree::shape(Arc& arc, std::size_t first, std::size_t last, double from, double to) const {
  arc.first = first;
  arc.last = last;
  arc.from = from;
  arc.to = to;
  if (grows_ && last - first == 1 && H_.cols() == 2) {
    Cell cell = range(from, to);
    arc.low = std::move(cell.low);
    arc.high = std::move(cell.high);
  } else {
    arc.low = cells_[first].low;
    arc.high = cells_[first].high;
    for (std::size_t j = first + 1; j < last; ++j) {
      arc.low = arc.low.min(cells_[j].low);
      arc.high = arc.high.max(cells_[j].high);
    }
  }
  const double angle = (from + to) / 2;
  if (H_.cols() == 1) {
    arc.centre = Eigen::VectorXd::Constant(1, angle < 1 ? 1 : -1);
    arc.radius = last - first > 1 ? std::numeric_limits<double>::infinity() : 0;
  } else {
    arc.centre = Eigen::Vector2d(std::cos(angle), std::sin(angle));
    arc.radius = (to - from) / 2;
  }
  const bool splittable = last - first > 1 || arc.radius > narrowest;
  arc.score = splittable ? lipschitz_ * arc.radius + (weight_ * (arc.high - arc.low)).sum() : 0;
}

const std::array<Arc, 2>& ArcTree::children(const Arc& arc) const {
  auto& slot = const_cast<Arc&>(arc).children;  // NOLINT(cppcoreguidelines-pro-type-const-cast): lazily built cache
  if (auto* built = slot.load(std::memory_order_acquire)) return *built;
  auto* fresh = split(arc);
  std::array<Arc, 2>* expected = nullptr;
  if (!slot.compare_exchange_strong(expected, fresh, std::memory_order_acq_rel)) {
    delete fresh;
    return *expected;
  }
  return *fresh;
}

// Between the two cells that are nearest to the middle, or a cell in the middle.
std::array<Arc, 2>* ArcTree::split(const Arc& arc) const {
  auto* pair = new std::array<Arc, 2>;
  const double middle = (arc.from + arc.to) / 2;
  if (arc.last - arc.first == 1) {
    shape((*pair)[0], arc.first, arc.last, arc.from, middle);
    shape((*pair)[1], arc.first, arc.last, middle, arc.to);
    return pair;
  }
  std::size_t cut = arc.first + 1;
  while (cut + 1 < arc.last && std::abs(cells_[cut + 1].from - middle) < std::abs(cells_[cut].from - middle)) ++cut;
  shape((*pair)[0], arc.first, cut, arc.from, cells_[cut - 1].to);
  shape((*pair)[1], cut, arc.last, cells_[cut].from, arc.to);
  return pair;
}

}  // namespace theoremeter
