#include "estimators/direction_walk.hpp"

#include "estimators/kinks.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <optional>
#include <utility>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double beside = 1e-9;                    // a kink: where both its sides are tried
constexpr double next_to = 100 * beside;           // kinks nearer are those that p lies next to
constexpr double shortest = 0.3, longest = 60;     // a line, in gaps between kinks
constexpr double along = 0.8;                      // share of lines along kinks
constexpr double by_aim = 0.3;                     // share of lines in the aim's own direction, where it has one
constexpr int most_steps = 10;                     // of an aim's
constexpr std::array shares{1.0, 0.5, 0.2, 0.05};  // of such a step
constexpr double gain = 1e-5;                      // relative; less is nothing

}  // namespace

DirectionWalk::DirectionWalk(const Rays& rays, const DirectionAim& aim, VectorXd start, Stream stream)
    : rays_(rays), aim_(aim), p_(std::move(start)), stream_(stream) {
  rays_.evaluate(p_, &number_, work_);
  score_ = aim_.score(number_);
  evaluations_ = 1;
}

/// From kink to kink, on average, along a line through p that should meet a hundred.
double DirectionWalk::gap() {
  const double reach = std::min(0.5, 50 * std::numbers::pi / static_cast<double>(std::max<Index>(1, rays_.neurons())));
  VectorXd u(p_.size());
  for (double& entry : u) entry = stream_.normal();
  return 2 * reach / static_cast<double>(rays_.kinks_along(p_, tangent(u), reach).size() - 1);
}

/// Of unit length, orthogonal to every part of p; 0 where nothing is left.
VectorXd DirectionWalk::tangent(VectorXd u) const {
  Index from = 0;
  for (const Index size : rays_.parts()) {
    const auto part = p_.segment(from, size);
    u.segment(from, size) -= u.segment(from, size).dot(part) * part;
    from += size;
  }
  const double length = u.norm();
  return length > 1e-12 ? VectorXd(u / length) : VectorXd::Zero(u.size());
}

/// Random, but along all the kinks next to p except a few.
VectorXd DirectionWalk::along_kinks() {
  VectorXd u(p_.size());
  for (double& entry : u) entry = stream_.normal();
  if (stream_.uniform() > along) return tangent(u);
  const MatrixXd Q = rays_.across(p_, all_but_few(rays_.kinks_near(p_, next_to), stream_));
  if (Q.cols() == p_.size()) return tangent(u);
  for (int again = 0; again < 2; ++again) u -= Q * (Q.transpose() * u);
  return tangent(u);
}

bool DirectionWalk::gained(double before) const {
  if (before == infinity) return score_ < infinity;
  return before - score_ > gain * std::abs(before) + aim_.rounding();
}

void DirectionWalk::run(std::int64_t failures) {
  const double gap = this->gap();
  for (std::int64_t failed = 0; failed < failures && score_ > aim_.enough(); ++failed) {
    const double before = score_;
    double reach = gap * shortest * std::pow(longest / shortest, stream_.uniform());
    VectorXd u = VectorXd::Zero(p_.size());
    if (stream_.uniform() < by_aim) {
      const bool across = stream_.uniform() < 0.5;
      u = aim_.step(p_, number_, across ? MatrixXd(p_.size(), 0) : rays_.kinks_near(p_, next_to));
      reach = std::max(reach, 1.2 * u.norm());
    }
    u = tangent(u);
    if (u.isZero(0)) u = along_kinks();
    if (!u.isZero(0)) search_line(u, std::min({reach, longest * gap, 1.5}));
    if (gained(before)) failed = -1;
  }
  follow_aim();
}

void DirectionWalk::follow_aim() {
  for (int i = 0; i < most_steps; ++i) {
    const double before = score_;
    const VectorXd step = aim_.step(p_, number_, MatrixXd(p_.size(), 0));
    if (step.isZero(0)) return;
    if (before <= aim_.enough()) return step_exactly(step);
    MatrixXd tries(p_.size(), static_cast<Index>(shares.size()));
    for (std::size_t j = 0; j < shares.size(); ++j) tries.col(static_cast<Index>(j)) = p_ + shares[j] * step;
    move_to_best(tries);
    if (!gained(before)) return;
  }
}

/// One step more where scores are no more than rounding: what is left is seen in the step that would come next.
void DirectionWalk::step_exactly(const VectorXd& step) {
  const VectorXd p = p_;
  const double score = score_;
  const RayNumbers number = number_;
  MatrixXd next = p_ + step;
  score_ = infinity;
  move_to_best(next);
  if (!(score_ <= aim_.enough() && aim_.step(p_, number_, MatrixXd(p_.size(), 0)).norm() < step.norm())) {
    p_ = p;
    score_ = score;
    number_ = number;
  }
}

void DirectionWalk::search_line(const VectorXd& u, double reach) {
  const std::vector<double> kinks = rays_.kinks_along(p_, u, reach);
  std::vector<double> t;  // two for each piece
  for (std::size_t i = 1; i < kinks.size(); ++i)
    if (kinks[i] - kinks[i - 1] > 4 * beside) t.insert(t.end(), {kinks[i - 1] + beside, kinks[i] - beside});
  if (t.empty()) return;
  MatrixXd ends(p_.size(), static_cast<Index>(t.size()));
  for (std::size_t i = 0; i < t.size(); ++i) ends.col(static_cast<Index>(i)) = p_ + t[i] * u;
  const VectorXd p = p_;
  const double before = score_;
  const std::vector<double> score = move_to_best(ends);

  std::vector<VectorXd> between;
  for (Index i = 0; i < ends.cols(); i += 2) {
    const std::optional<DirectionAim::Guess> guess = aim_.between(ends, work_.vectors, i);
    if (guess && guess->score < score_) between.push_back(guess->column);
    const auto n = static_cast<std::size_t>(i);
    if (!(t[n] < 0 && t[n + 1] > 0)) continue;
    // The parabola through the ends and p.
    const double from = (score[n] - before) / t[n], to = (score[n + 1] - before) / t[n + 1];
    const double bend = (to - from) / (t[n + 1] - t[n]), at = (to * t[n] - from * t[n + 1]) / (2 * (to - from));
    if (bend > 0 && at > t[n] && at < t[n + 1]) between.emplace_back(p + at * u);
  }
  if (between.empty()) return;
  MatrixXd more(p_.size(), static_cast<Index>(between.size()));
  for (std::size_t i = 0; i < between.size(); ++i) more.col(static_cast<Index>(i)) = between[i];
  move_to_best(more);
}

/// Of these columns, put on the spheres; their scores.
std::vector<double> DirectionWalk::move_to_best(MatrixXd& columns) {
  Index from = 0;
  for (const Index size : rays_.parts()) {
    columns.middleRows(from, size).colwise().normalize();
    from += size;
  }
  std::vector<RayNumbers> numbers(static_cast<std::size_t>(columns.cols()));
  rays_.evaluate(columns, numbers.data(), work_);
  evaluations_ += columns.cols();
  std::vector<double> score;
  score.reserve(numbers.size());
  for (const RayNumbers& ray : numbers) score.push_back(aim_.score(ray));
  const auto best = std::min_element(score.begin(), score.end()) - score.begin();
  if (score[static_cast<std::size_t>(best)] < score_) {
    score_ = score[static_cast<std::size_t>(best)];
    number_ = numbers[static_cast<std::size_t>(best)];
    p_ = columns.col(best);
  }
  return score;
}

}  // namespace theoremeter
