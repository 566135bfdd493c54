// What recovered vectors are worth, from the definitions in theory/ alone.
#pragma once

#include "experiments/studies/conditions.hpp"
#include "experiments/studies/recovery_results.hpp"
#include "experiments/studies/study.hpp"
#include "theory/problems.hpp"

#include <Eigen/Core>
#include <functional>
#include <variant>

namespace theoremeter {

/// One network, or none (G the identity), or blind demodulation. x0 (h0, m0) is empty where it is not known.
using RecoveryInstance = std::variant<Recovery, Demodulation>;

const Eigen::VectorXd& observations(const RecoveryInstance& instance);
/// x0; h0 and then m0.
Eigen::VectorXd truth(const RecoveryInstance& instance);

/// |b - |A G(x0)||/|b|; NaN without a truth.
double relative_noise(const RecoveryInstance& instance);

/// loss, residual, error, signal_error and basin of `r`, from r.x; a run that diverged stays one.
void appraise(const RecoveryInstance& instance, Restart& r);

/// The error of x, as Restart has it.
double error_of(const RecoveryInstance& instance, const Eigen::VectorXd& x);

/// Everything that follows from the stored iterates, and from the witnesses of conditions; `naive`: their deviations.
Complaints complaints_of(const RecoveryInstance& instance, double tolerance, const MeasuredRecovery& d,
                         const std::function<NaiveDeviation(const Epsilon&)>& naive);

}  // namespace theoremeter
