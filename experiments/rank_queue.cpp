#include "experiments/rank_queue.hpp"

#include <algorithm>
#include <utility>

namespace theoremeter {

Places RankQueue::next(std::size_t count) {
  std::unique_lock alone(mutex_);
  ++idle_;
  if (due()) due_.notify_one();
  given_.wait(alone, [&] { return !stock_.empty() || together_ || exhausted_; });
  --idle_;
  if (together_ || stock_.empty()) return {};
  const auto end = stock_.begin() + static_cast<std::ptrdiff_t>(
                                        std::min(count, std::max<std::size_t>(1, stock_.size() / (2 * threads_))));
  const Places places(stock_.begin(), end);
  stock_.erase(stock_.begin(), end);
  if (due()) due_.notify_one();
  return places;
}

Places RankQueue::last() {
  std::unique_lock alone(mutex_);
  idle_ = 1;
  if (due()) due_.notify_one();
  given_.wait(alone, [&] { return !stock_.empty() || exhausted_; });
  idle_ = 0;
  if (stock_.empty()) return {};
  const std::uint64_t place = stock_.front();
  stock_.pop_front();
  return {place};
}

void RankQueue::finished(std::size_t point, double seconds) {
  if (scheduler_) scheduler_->finished(point, 1, seconds);
  const std::lock_guard alone(mutex_);
  ++measured_;
  seconds_ += seconds;
  if (scheduler_) return;
  ++reports_[point].finished;
  reports_[point].seconds += seconds;
}

std::vector<Advance> RankQueue::advance() const {
  return scheduler_ ? scheduler_->advance() : std::vector<Advance>(points_);
}

/// When a thread has nothing to do; and, where draws are quick, a little before, as an answer takes its time. A draw
/// that takes long is not kept waiting here: another rank may be idle.
bool RankQueue::due() const {
  constexpr double answer = 0.005;  // seconds
  if (asked_ || exhausted_) return false;
  if (idle_ > 0 && stock_.empty()) return true;
  const double each = measured_ > 0 ? seconds_ / static_cast<double>(measured_) : 2 * answer;
  return each < answer && each * static_cast<double>(stock_.size()) < answer * static_cast<double>(threads_);
}

std::optional<std::uint64_t> RankQueue::request() {
  const std::lock_guard alone(mutex_);
  if (!due()) return {};
  asked_ = true;
  return idle_;
}

void RankQueue::deliver(const Scheduler::Batch& batch) {
  const std::lock_guard alone(mutex_);
  stock_.insert(stock_.end(), batch.places.begin(), batch.places.end());
  together_ = together_ || batch.together;
  exhausted_ = batch.places.empty();
  asked_ = false;
  given_.notify_all();
}

std::map<std::size_t, Advance> RankQueue::reports() {
  const std::lock_guard alone(mutex_);
  return std::exchange(reports_, {});
}

void RankQueue::wait(std::chrono::microseconds time) {
  std::unique_lock alone(mutex_);
  due_.wait_for(alone, time, [&] { return woken_ || due(); });
  woken_ = false;
}

bool RankQueue::waiting() const {
  const std::lock_guard alone(mutex_);
  return asked_;
}

void RankQueue::wake() {
  const std::lock_guard alone(mutex_);
  woken_ = true;
  due_.notify_one();
}

}  // namespace theoremeter
