// Random weight matrices, as the theorems draw them.
#pragma once

#include "estimators/stream.hpp"
#include "theory/types.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace theoremeter {

/// Rows w of W in R^{n x k}, scaled so that E[ww'] = alpha I/n; alpha = 1 but for the truncated ensemble.
enum class Ensemble {
  gaussian,               // N(0, 1/n) entries [HLV Lemma II.3]
  truncated_gaussian,     // w 1{|w| <= 3 sqrt(k/n)}, w ~ N(0, I/n) [HJ Thm 2]
  rademacher,             // +-1/sqrt(n) entries
  uniform,                // uniform entries of variance 1/n
  orthonormal,            // W'W = I, Haar distributed; needs n >= k
  randomised_orthonormal  // n rows, without replacement, of ceil(n/k) blocks sqrt(k/n) H D; H the DCT-II, D random
                          // signs
};
inline const std::vector<std::string> ensemble_names{"gaussian", "truncated-gaussian", "rademacher",
                                                     "uniform",  "orthonormal",        "randomised-orthonormal"};

const std::string& name(Ensemble ensemble);
/// Throws InputError, suggesting the nearest name.
Ensemble ensemble_named(const std::string& name);

/// The alpha for which E[W_{+,x}' W_{+,y}] = alpha Q_{x,y}: exact for the three rotation-invariant ensembles (gaussian,
/// truncated_gaussian, orthonormal). The others' rows have it only in the limit of many coordinates; their alpha is 1.
double ensemble_alpha(Ensemble ensemble, std::int64_t k);

/// No matrix here may have more entries: 2 GiB of doubles.
inline constexpr std::int64_t max_entries = std::int64_t{1} << 28;

/// W, n x k. Throws InputError unless n, k >= 1, n k <= max_entries, and n >= k where the ensemble needs it.
Rows draw(Ensemble ensemble, std::int64_t n, std::int64_t k, Stream stream);

}  // namespace theoremeter
