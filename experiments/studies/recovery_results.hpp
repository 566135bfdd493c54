// What one draw of a recovery holds.
#pragma once

#include "experiments/studies/landscape_results.hpp"

#include <Eigen/Core>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace theoremeter {

/// Where a run ended: within |x0|/2 of x0 (where only |A x| is known and x -> -x leaves it: of x0 or -x0) and nearer to
/// it than to -rho_d x0, the other way round, at 0 (within |x0|/1000), elsewhere; diverged; or there is no x0 to
/// compare with. Blind demodulation: of h0 m0', and of its three multiples.
enum class Basin { solution, spurious, zero, elsewhere, diverged, unknown };
inline std::vector<std::string> names_of(Basin) {
  return {"near x0", "near -rho x0", "at 0", "elsewhere", "diverged", "unknown"};
}

/// How a run ended; the same words as the estimators'.
enum class RunEnd { budget, residual, standstill, diverged };
inline std::vector<std::string> names_of(RunEnd) { return {"budget", "residual", "standstill", "diverged"}; }

/// One run from a start of its own. NaN: there is no truth to compare with, or no such number.
struct Restart {
  Eigen::VectorXd x;                                               // the last iterate; h and then m
  double loss = 0, residual = 0;                                   // f(x); | |A G(x)| - b |/|b|
  double error = std::numeric_limits<double>::quiet_NaN();         // of x
  double signal_error = std::numeric_limits<double>::quiet_NaN();  // of G(x)
  std::int64_t steps = 0, negations = 0, last_negation = 0;
  RunEnd ended = RunEnd::budget;
  Basin basin = Basin::unknown;
  double rate = 0, rate_fit = 0;
  std::int64_t rate_steps = 0;
};

/// An iterate of the run that is kept.
struct TracedIterate {
  std::int64_t step = 0;
  double residual = 0, error = std::numeric_limits<double>::quiet_NaN();
  Eigen::VectorXd x;
};

struct MeasuredRecovery {
  Eigen::VectorXd x0;  // the truth; empty: not known
  Eigen::VectorXd x;   // the estimate: of the restart kept
  double noise = 0;    // |b - |A G(x0)||/|b|
  std::vector<Restart> restarts;
  bool success = false;  // the error of the one kept is within the tolerance
  std::vector<TracedIterate> trace;
  std::vector<double> residuals;
  std::vector<Epsilon> epsilon;  // conditions measured on the same matrices
  double theory_rate = std::numeric_limits<double>::quiet_NaN(),
         theory_floor = std::numeric_limits<double>::quiet_NaN();
  double seconds = 0;
};

/// The restart kept: the first with the least loss. Nothing but the measurements decides.
std::size_t kept(const MeasuredRecovery& d);
/// The restart nearest to the truth, which nobody knows.
std::size_t oracle(const MeasuredRecovery& d);

}  // namespace theoremeter
