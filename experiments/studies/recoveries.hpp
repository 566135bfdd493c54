// The recovery algorithms as a study knows them: what each needs, its defaults, an instance and a run.
#pragma once

#include "estimators/recovery/run.hpp"
#include "experiments/studies/conditions.hpp"
#include "experiments/studies/recovery_results.hpp"
#include "experiments/studies/recovery_verify.hpp"
#include "theory/problems.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace theoremeter {

/// What is known of the unknown: nothing, that it is sparse, that it is in the range of a network; blind demodulation.
enum class Prior { none, sparse, network, networks };

struct Algorithm {
  std::string name;
  std::string statement;  // one line, for --help, with its source
  Prior prior;
  bool phaseless = true;                  // from |A x|; otherwise from A x. (subgradient: as the problem says)
  std::vector<std::string> presets = {};  // the first by default
  std::int64_t steps = 1000;
  std::vector<std::string> parameters = {};  // of its own
};

const std::vector<Algorithm>& algorithms();
const Algorithm& algorithm_named(const std::string& name);

/// What the draws at a point are made from. Matrices given may be A, W_1, ..., W2_1, ..., columns x0 or truth,
/// observations, start; and images, a row each: one is the truth, of a signal by its wavelet coefficients; of blind
/// demodulation one of images and one of images2.
struct RecoverySetting {
  const Algorithm* algorithm;
  Problem problem = Problem::phase_retrieval;
  Ensembles ensembles;
  double noise = 0;  // |e| over |b|, about
  Sizes sizes;
  Matrices given;
  std::int64_t image = 0;  // which of the images, from 0 on
};

struct RecoveryRequest {
  RunRules rules;
  std::string preset;
  std::optional<double> step, gamma, eta, lambda;
  double momentum = 0;
  bool negation = true, adam = false, spectral = true, two_starts = false;
  std::int64_t restarts = 1;
  double tolerance = 1e-4;
  std::int64_t condition_starts = 0;  // of the search for each condition's constant on the same matrices; 0: none
  int threads = 1;                    // of that search
};

/// The matrices of an instance. Throws InputError unless the sizes fit together.
std::vector<Shape> shapes(const RecoverySetting& setting);

/// Of these matrices given; also of observations, and of a network what A's columns are.
Sizes sizes_of(const RecoverySetting& setting);

/// The image that is the truth; blind demodulation: two, one behind the other; empty: none.
Eigen::VectorXd true_pixels(const RecoverySetting& setting);

/// Of all matrices given, those that concern this algorithm: layers only where there is a network.
Matrices given_to(const Algorithm& algorithm, const Matrices& all);

/// Throws InputError for what `measure` would refuse.
void check(const RecoverySetting& setting, const RecoveryRequest& request);

/// Matrices, truth and observations of a draw. Where an algorithm is made for rows N(0, I), drawn ones are.
RecoveryInstance instance_of(const RecoverySetting& setting, const Stream& draw);
Matrices matrices_of(const RecoverySetting& setting, const Stream& draw);

/// The step that an algorithm takes by default at these sizes.
double default_step(const RecoverySetting& setting, const RecoveryRequest& request);

/// The deviation of a condition measured on the matrices of a draw, by definition.
NaiveDeviation naive_of(const RecoverySetting& setting, const Stream& draw, const Epsilon& epsilon);

MeasuredRecovery measure(const RecoverySetting& setting, const RecoveryRequest& request, const Stream& draw,
                         const StageProgress& progress);

}  // namespace theoremeter
