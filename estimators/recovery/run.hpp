// One run of a recovery algorithm: its rules, and what is kept of it. No rule looks at the truth.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace theoremeter {

/// What ended a run: its steps were used up; the residual, or the change in a step, fell to what was asked for; the
/// iterate is not finite, or a thousand times as long as the first; an observer's wish.
enum class Ended { budget, residual, standstill, diverged, observer };
inline std::vector<std::string> names_of(Ended) { return {"budget", "residual", "standstill", "diverged", "observer"}; }

struct RunRules {
  std::int64_t steps = 1000;
  double residual = 0;                   // ends a run once |  |A x| - b | <= residual |b|, resp. |A x - b|; 0: never
  double change = 0;                     // once |x_{t+1} - x_t| <= change |x_{t+1}|; 0: never
  std::vector<std::int64_t> trace = {};  // the iterates after these numbers of steps are kept
  bool every_residual = false;           // and the residual after every number of steps
  /// Told of every iterate; true ends the run. For those who compare with programs that look at the truth.
  std::function<bool(std::int64_t step, const Eigen::VectorXd& x)> observe = {};
};

/// |x_{t+1} - x_t| ~ rate^t: the least squares line through its logarithm over the later half of the steps before it
/// falls below 1e-12 |x|. NaN where there are fewer than 5 such steps.
struct LinearRate {
  double rate = 0;
  double fit = 0;  // R^2 of the line
  std::int64_t steps = 0;
};
LinearRate linear_rate(const std::vector<double>& moves);

struct Traced {
  std::int64_t step = 0;
  double residual = 0;
  Eigen::VectorXd x;
};

struct RecoveryRun {
  Eigen::VectorXd x;    // the last iterate
  double residual = 0;  // of it, relative to |b|
  std::int64_t steps = 0;
  std::int64_t negations = 0, last_negation = 0;  // steps, from 1 on, before which the iterate was negated; 0: none
  Ended ended = Ended::budget;
  LinearRate rate;
  std::vector<Traced> trace;
  std::vector<double> residuals;  // after 0, 1, ... steps
};

/// Keeps account of a run and says when it ends.
class Recorder {
 public:
  explicit Recorder(const RunRules& rules) : rules_(&rules) {}

  /// x after `step` steps, 0, 1, ...; residual() is called only where it is needed. True: the run ends here.
  template <class Residual>
  bool at(std::int64_t step, const Eigen::VectorXd& x, const Residual& residual) {
    const bool ends = moved(step, x), traced = is_traced(step);
    double r = 0;
    if (ends || traced || rules_->every_residual || rules_->residual > 0) r = residual();
    return keep(step, x, r, ends, traced);
  }

  void negated(std::int64_t step) { ++run_.negations, run_.last_negation = step; }

  /// Once `at` has said true.
  RecoveryRun run() { return std::move(run_); }

 private:
  bool moved(std::int64_t step, const Eigen::VectorXd& x);
  bool is_traced(std::int64_t step) const;
  bool keep(std::int64_t step, const Eigen::VectorXd& x, double residual, bool ends, bool traced);

  const RunRules* rules_;
  RecoveryRun run_;
  Eigen::VectorXd before_;
  double first_ = 0;  // |x_0|
  std::vector<double> moves_;
};

}  // namespace theoremeter
