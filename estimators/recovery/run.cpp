#include "estimators/recovery/run.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace theoremeter {

LinearRate linear_rate(const std::vector<double>& moves) {
  constexpr double floor = 1e-12;
  constexpr std::size_t least = 5;
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const auto end = static_cast<std::size_t>(
      std::find_if(moves.begin(), moves.end(), [](double move) { return !(move > floor) || !std::isfinite(move); }) -
      moves.begin());
  const std::size_t begin = end / 2;
  if (end - begin < least) return {nan, nan, 0};
  const auto n = static_cast<double>(end - begin);
  const double mean_t = static_cast<double>(begin + end - 1) / 2;
  double mean = 0, tt = 0, ty = 0, yy = 0;
  for (std::size_t t = begin; t < end; ++t) mean += std::log(moves[t]) / n;
  for (std::size_t t = begin; t < end; ++t) {
    const double dt = static_cast<double>(t) - mean_t, dy = std::log(moves[t]) - mean;
    tt += dt * dt, ty += dt * dy, yy += dy * dy;
  }
  return {std::exp(ty / tt), yy > 0 ? ty * ty / (tt * yy) : 1, static_cast<std::int64_t>(end - begin)};
}

bool Recorder::moved(std::int64_t step, const Eigen::VectorXd& x) {
  constexpr double too_far = 1000;
  const double length = x.norm();
  if (step == 0)
    first_ = length;
  else
    moves_.push_back((x - before_).norm() / length);
  before_ = x;
  run_.ended = Ended::budget;
  if (!std::isfinite(length) || (first_ > 0 && length > too_far * first_))
    run_.ended = Ended::diverged;
  else if (step > 0 && rules_->change > 0 && moves_.back() <= rules_->change)
    run_.ended = Ended::standstill;
  else if (rules_->observe && rules_->observe(step, x))
    run_.ended = Ended::observer;
  return run_.ended != Ended::budget || step == rules_->steps;
}

bool Recorder::is_traced(std::int64_t step) const {
  return std::find(rules_->trace.begin(), rules_->trace.end(), step) != rules_->trace.end();
}

bool Recorder::keep(std::int64_t step, const Eigen::VectorXd& x, double residual, bool ends, bool traced) {
  if (rules_->residual > 0 && residual <= rules_->residual && run_.ended != Ended::diverged) {
    run_.ended = Ended::residual;
    ends = true;
  }
  if (traced) run_.trace.push_back({step, residual, x});
  if (rules_->every_residual) run_.residuals.push_back(residual);
  if (!ends) return false;
  run_.x = x;
  run_.residual = residual;
  run_.steps = step;
  run_.rate = linear_rate(moves_);
  return true;
}

}  // namespace theoremeter
