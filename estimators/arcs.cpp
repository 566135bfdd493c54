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

ArcTree::ArcTree(Rows H, Factor phi, bool grows, Scoring scoring)
    : H_(std::move(H)), phi_(std::move(phi)), grows_(grows), scoring_(std::move(scoring)) {
  assert(H_.cols() == 1 || H_.cols() == 2);
  if (H_.cols() == 1)
    points();
  else if (grows_)
    for (int quarter = 0; quarter < 4; ++quarter) cells_.push_back({quarter * pi / 2, (quarter + 1) * pi / 2, {}, {}});
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

void ArcTree::shape(Arc& arc, std::size_t first, std::size_t last, double from, double to) const {
  arc.first = first;
  arc.last = last;
  arc.from = from;
  arc.to = to;
  const double angle = (from + to) / 2;
  const auto on_circle = [](double t) -> Eigen::VectorXd { return Eigen::Vector2d(std::cos(t), std::sin(t)); };
  if (H_.cols() == 1) {
    arc.centre = Eigen::VectorXd::Constant(1, angle < 1 ? 1 : -1);
    arc.radius = last - first > 1 ? std::numeric_limits<double>::infinity() : 0;
  } else {
    arc.centre = on_circle(angle);
    arc.radius = (to - from) / 2;
  }
  if (grows_) {
    if (arc.radius == 0)
      set_corners(arc, H_, {arc.centre});
    else if (last - first == 1)
      set_corners(arc, H_, {on_circle(from), on_circle(to)});
  } else {
    arc.low = cells_[first].low;
    arc.high = cells_[first].high;
    for (std::size_t j = first + 1; j < last; ++j) {
      arc.low = arc.low.min(cells_[j].low);
      arc.high = arc.high.max(cells_[j].high);
    }
  }
  const bool splittable = last - first > 1 || arc.radius > narrowest;
  arc.score = !splittable ? 0 : grows_ ? scoring_.growing(arc) : scoring_.jumping(arc);
}

std::array<const Region*, 2> ArcTree::children(const Region& region) const {
  auto& arc = const_cast<Arc&>(static_cast<const Arc&>(region));  // NOLINT: lazily built cache
  auto* built = arc.children.load(std::memory_order_acquire);
  if (!built) {
    auto* fresh = split(arc);
    if (arc.children.compare_exchange_strong(built, fresh, std::memory_order_acq_rel))
      built = fresh;
    else
      delete fresh;
  }
  return {&(*built)[0], &(*built)[1]};
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
