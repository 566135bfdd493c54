#include "experiments/scheduler.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace theoremeter {
namespace {

// What a thread gets at a time, in seconds: a letter costs rank 0 some 10 microseconds, so a thousand ranks that each
// ask once a second take a hundredth of its time.
constexpr double shortest_batch = 0.01, longest_batch = 1;
constexpr std::uint64_t most_places = 1 << 14;  // of one letter

}  // namespace

Scheduler::Scheduler(std::vector<bool> open, const std::vector<Advance>& known, std::uint64_t threads)
    : open_(std::move(open)), points_(known.size()), advance_(known.size()), threads_(threads) {
  for (std::uint64_t place = 0; place < open_.size(); ++place) points_[place % points_.size()].left += open_[place];
  for (std::size_t p = 0; p < points_.size(); ++p) {
    advance_[p].wanted = points_[p].left;
    left_ += points_[p].left;
    unknown_left_ += points_[p].left;
    if (points_[p].left > 0) order_.insert(order(p));
    if (known[p].seconds > 0) change(p, known[p].finished, known[p].seconds, 0);
  }
}

Scheduler::Order Scheduler::order(std::size_t point) const {
  const Point& p = points_[point];
  return p.known() ? Order{true, 0, -p.cost(), point} : Order{false, p.handed, -static_cast<double>(point), point};
}

/// Takes the point out, changes it, puts it back where it belongs now.
void Scheduler::change(std::size_t point, std::uint64_t measured, double seconds, std::uint64_t handed) {
  Point& p = points_[point];
  order_.erase(order(point));
  if (p.known()) seconds_left_ -= static_cast<double>(p.left) * p.cost();
  if (!p.known()) unknown_left_ -= p.left;
  p.measured += measured;
  p.seconds += seconds;
  p.handed += handed;
  p.left -= handed;
  left_ -= handed;
  if (p.known()) {
    costs_[point] = p.cost();
    seconds_left_ += static_cast<double>(p.left) * p.cost();
  } else {
    unknown_left_ += p.left;
  }
  if (p.left > 0) order_.insert(order(point));
}

/// Of what is not handed out yet; where nothing is known as on average.
double Scheduler::seconds_left() const {
  const double average = measured_ > 0 ? seconds_ / static_cast<double>(measured_) : 0;
  return seconds_left_ + average * static_cast<double>(unknown_left_);
}

/// What a draw may cost: as at the nearest points that are known, the dearer of two; 0: of the later points, which were
/// handed out before and as a rule are dearer, none is known yet.
double Scheduler::expected(std::size_t point) const {
  if (points_[point].known()) return points_[point].cost();
  const auto above = costs_.lower_bound(point);
  if (above == costs_.end()) return 0;
  return above == costs_.begin() ? above->second : std::max(above->second, std::prev(above)->second);
}

void Scheduler::take(std::size_t point, std::uint64_t count, Places& places) {
  std::uint64_t& at = points_[point].at;
  for (std::uint64_t taken = 0; taken < count; ++at)
    if (const std::uint64_t place = at * points_.size() + point; open_[place]) {
      places.push_back(place);
      ++taken;
    }
  change(point, 0, 0, count);
}

/// The draws of one point that fit into so many seconds, but more than double what is known of it only if `needed`.
std::uint64_t Scheduler::fitting(std::size_t point, double seconds, std::uint64_t needed) const {
  const Point& p = points_[point];
  const double cost = expected(point);
  const double fit = cost > 0 ? std::clamp(seconds / cost, 0.0, static_cast<double>(most_places)) : 0;
  const std::uint64_t growth = p.known() ? 2 * p.measured : std::min<std::uint64_t>(1, measured_);
  return std::min(
      p.left, std::max(std::min(needed, p.known() ? needed : 1), std::min(growth, static_cast<std::uint64_t>(fit))));
}

Scheduler::Batch Scheduler::next(std::uint64_t threads, std::uint64_t idle) {
  const std::lock_guard alone(mutex_);
  Batch batch;
  batch.together = left_ < threads_ && threads > 1;
  const std::uint64_t least = batch.together ? 1 : std::max<std::uint64_t>(1, idle);
  const double each = std::clamp(seconds_left() / (2 * static_cast<double>(threads_)), shortest_batch, longest_batch);
  double seconds = batch.together ? 0 : each * static_cast<double>(threads);
  while (left_ > 0) {
    const std::size_t point = std::get<3>(*order_.begin());
    const std::uint64_t before = batch.places.size(), needed = least - std::min(least, before);
    const std::uint64_t count = before < most_places ? fitting(point, seconds, needed) : 0;
    if (count == 0) break;
    seconds -= static_cast<double>(count) * expected(point);
    const bool alone_of_it = count == points_[point].left || !points_[point].known();
    take(point, count, batch.places);
    if (!alone_of_it && batch.places.size() >= least) break;  // the rest of its draws come next
  }
  return batch;
}

void Scheduler::finished(std::size_t point, std::uint64_t draws, double seconds) {
  const std::lock_guard alone(mutex_);
  advance_[point].finished += draws;
  advance_[point].seconds += seconds;
  measured_ += draws;
  seconds_ += seconds;
  change(point, draws, std::max(seconds, 1e-9), 0);
}

std::uint64_t Scheduler::left() const {
  const std::lock_guard alone(mutex_);
  return left_;
}

std::vector<Advance> Scheduler::advance() const {
  const std::lock_guard alone(mutex_);
  return advance_;
}

}  // namespace theoremeter
