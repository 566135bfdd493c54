// The theorems about landscapes in numbers. Versions of a paper differ: the one meant is named.
//
//   inversion, compressed sensing   [HV] arXiv 1705.07576v3, Thm 1 (inversion: A = I)
//     WDC of every layer and RRIC of A, K1 d^8 eps^{1/4} <= 1, d >= 2: f descends outside balls of radius K2 d^3
//     eps^{1/4} |x0| around x0 and K2 d^13 eps^{1/4} |x0| around -rho_d x0; D_y f(0) < -|x0|/(8 pi 2^d) for unit y.
//   phase retrieval                 [HLV] arXiv 1807.04261v1, Thm II.6, and the text of 2019
//     WDC of every layer and RRCP of A, the same with K2 d^14 eps^{1/4} |x0| around -rho_d x0.
//   amplitude flow                  [AF] arXiv 2011.00288v2, Thm 2
//     phaseless concentration, eps <= 0.001: subgradient descent converges from within eps |x0|. No balls, and no K1.
//   blind demodulation              [HJ] NeurIPS 2019, Thm 3
//     WDC of every layer and joint-WDC of the last ones, K1 (d^7 s^2 + d^2 s^7) eps^{1/4}/(alpha1 alpha2) < 1, d, s >=
//     2: f descends outside sets A (estimators/hyperbola.hpp) of radii K2 d^a s^b eps^{1/4}/(alpha1 alpha2), (a, b) =
//     (3, 3), (8, 3), (3, 8), (8, 8), around the curves through (h0, m0), (-rho h0, m0), (h0, -rho m0), (-rho h0, -rho
//     m0).
//
// On the way the first two bound the population error, E <= K d^3 sqrt(eps) [HV Lemma 8; HLV, proof of Thm II.6]. For
// amplitude flow v_x - h_x = (A'A - I) x - (A_x'A_{x0} - Phi_{x,x0}) x0, as A_x'A_x x = A'A x, and A_x'A_x = A'A for
// almost all x, with Phi_{x,x} = I: so E <= 2 eps, here K = E/eps <= 2. [HJ]'s theorem bounds no E.
#pragma once

#include "theory/problems.hpp"

#include <optional>
#include <string>
#include <vector>

namespace theoremeter {

struct LandscapeTheorem {
  std::string source;      // paper, version, number
  std::string hypothesis;  // on eps
  std::string K;           // the ratio of E and eps that its proof bounds; "" when there is none
  double at_zero = 0;      // 2^d/|x0| times the bound on -D_y f(0); 0 when there is none
};

const LandscapeTheorem& landscape_theorem(Problem problem);

/// Are there as many layers as it assumes? `depths`: {d}, {d, s}, or {0} for amplitude flow.
bool deep_enough(Problem problem, const std::vector<int>& depths);

/// The left side of its hypothesis for K1 = 1, which must be at most 1 (amplitude flow: eps/0.001). `alpha`: of blind
/// demodulation's last layers, multiplied.
double hypothesis_left_side(Problem problem, const std::vector<int>& depths, double eps, double alpha);

/// The eps at which that is 1: the largest that any K1 >= 1 allows.
double epsilon_needed(Problem problem, const std::vector<int>& depths, double alpha);

/// The radii of its neighbourhoods for K2 = 1, over |x0|, in the order of Landscape::implied; none for amplitude flow.
std::vector<double> theorem_radii(Problem problem, const std::vector<int>& depths, double eps, double alpha);

/// E over what the theorem's proof bounds it by for K = 1; nothing for blind demodulation.
std::optional<double> error_constant(Problem problem, const std::vector<int>& depths, double E, double eps);

}  // namespace theoremeter
