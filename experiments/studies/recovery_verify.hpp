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

/// loss, residual, error, signal_error, ssim and basin of `r`, from r.x; a run that diverged stays one. `true_pixels`:
/// where the truth is an image, in blind demodulation two, one behind the other; it need not be in the network's range.
void appraise(const RecoveryInstance& instance, Restart& r, const Eigen::VectorXd& true_pixels = {});

/// The image that x stands for, G(x) or that of wavelet coefficients x, with the sign that is nearer to the true one.
/// Blind demodulation: c G1(h) and G2(m)/c with the c that brings the first nearest to the true one.
Eigen::VectorXd pixels_at(const RecoveryInstance& instance, const Eigen::VectorXd& x,
                          const Eigen::VectorXd& true_pixels);

/// Whether the error of x, where only the image is known that of G(x), is within the tolerance.
bool succeeds(const Restart& r, double tolerance);

/// The error of x, as Restart has it.
double error_of(const RecoveryInstance& instance, const Eigen::VectorXd& x);

/// Everything that follows from the stored iterates, and from the witnesses of conditions; `naive`: their deviations.
Complaints complaints_of(const RecoveryInstance& instance, const Eigen::VectorXd& true_pixels, double tolerance,
                         const MeasuredRecovery& d, const std::function<NaiveDeviation(const Epsilon&)>& naive);

}  // namespace theoremeter
