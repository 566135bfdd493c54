#include "experiments/queue.hpp"

#include <algorithm>
#include <mutex>

namespace theoremeter {
namespace {

class LocalQueue : public Queue {
 public:
  LocalQueue(std::size_t points, std::vector<bool> open, int threads)
      : threads_(static_cast<std::uint64_t>(threads)), open_(std::move(open)), advance_(points) {
    for (std::uint64_t place = 0; place < open_.size(); ++place) advance_[place % points].wanted += open_[place];
    for (const Advance& a : advance_) left_ += a.wanted;
  }

  Places next(std::size_t count) override {
    const std::lock_guard alone(mutex_);
    if (left_ < threads_) return {};
    // Towards the end less at a time, so that all threads end together.
    return take(std::min<std::uint64_t>(count, std::max<std::uint64_t>(1, left_ / (2 * threads_))));
  }

  Places last() override {
    const std::lock_guard alone(mutex_);
    return take(std::min<std::uint64_t>(1, left_));
  }

  void finished(std::size_t point, double seconds) override {
    const std::lock_guard alone(mutex_);
    advance_[point].finished += 1;
    advance_[point].seconds += seconds;
  }

  std::vector<Advance> advance() const override {
    const std::lock_guard alone(mutex_);
    return advance_;
  }

 private:
  Places take(std::uint64_t count) {
    Places places;
    for (; places.size() < count; ++at_)
      if (open_[at_]) places.push_back(at_);
    left_ -= count;
    return places;
  }

  mutable std::mutex mutex_;
  std::uint64_t threads_, left_ = 0, at_ = 0;
  std::vector<bool> open_;  // by place
  std::vector<Advance> advance_;
};

/// SplitMix64 (Steele, Lea, Flood 2014): a permutation of 64 bits without pattern.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

bool Share::has(std::uint64_t place) const {
  // Of each `of` places in turn one, and not always the same one: it might always be the same point.
  return of == 1 || (place % of + mixed(place / of) % of) % of == index;
}

std::vector<bool> open_places(const Experiment& e, const DataSet& done, Share share) {
  std::vector<bool> open(e.points.size() * e.draws);
  for (std::size_t point = 0; point < e.points.size(); ++point) {
    const auto known = done.find_point(e.points[point]);
    for (std::uint64_t draw = 0; draw < e.draws; ++draw) {
      const std::uint64_t place = draw * e.points.size() + point;
      open[place] = share.has(place) && !(known && done.state({*known, draw}) != State::open);
    }
  }
  return open;
}

std::unique_ptr<Queue> queue_of(const Experiment& e, const DataSet& done, int threads, Share share) {
  return std::make_unique<LocalQueue>(e.points.size(), open_places(e, done, share), threads);
}

}  // namespace theoremeter
