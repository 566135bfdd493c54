#include "theory/landscape_theorems.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace theoremeter {
namespace {

constexpr double amplitude_flow_eps = 0.001;

/// What eps^{1/4} is multiplied by in the hypothesis.
double hypothesis_factor(Problem problem, const std::vector<int>& depths, double alpha) {
  const double d = depths[0];
  if (problem != Problem::blind_demodulation) return std::pow(d, 8);
  const double s = depths[1];
  return (std::pow(d, 7) * s * s + d * d * std::pow(s, 7)) / alpha;
}

}  // namespace

const LandscapeTheorem& landscape_theorem(Problem problem) {
  constexpr double at_zero = 1 / (8 * std::numbers::pi);
  static const LandscapeTheorem of_recovery{"[HV] 1705.07576v3 Thm 1", "d >= 2 and K1 d^8 eps^(1/4) <= 1",
                                            "E/(d^3 sqrt(eps))", at_zero},
      of_phase_retrieval{"[HLV] 1807.04261v1 Thm II.6", "d >= 2 and K1 d^8 eps^(1/4) <= 1", "E/(d^3 sqrt(eps))",
                         at_zero},
      of_amplitude_flow{"[AF] 2011.00288v2 Thm 2", "eps <= 0.001", "E/eps", 0},
      of_blind_demodulation{"[HJ] NeurIPS 2019 Thm 3",
                            "d, s >= 2 and K1 (d^7 s^2 + d^2 s^7) eps^(1/4)/(alpha1 alpha2) < 1", "", 0};
  switch (problem) {
    case Problem::phase_retrieval:
      return of_phase_retrieval;
    case Problem::amplitude_flow:
      return of_amplitude_flow;
    case Problem::blind_demodulation:
      return of_blind_demodulation;
    default:
      return of_recovery;
  }
}

bool deep_enough(Problem problem, const std::vector<int>& depths) {
  return problem == Problem::amplitude_flow || *std::min_element(depths.begin(), depths.end()) >= 2;
}

double hypothesis_left_side(Problem problem, const std::vector<int>& depths, double eps, double alpha) {
  if (problem == Problem::amplitude_flow) return eps / amplitude_flow_eps;
  return hypothesis_factor(problem, depths, alpha) * std::pow(eps, 0.25);
}

double epsilon_needed(Problem problem, const std::vector<int>& depths, double alpha) {
  if (problem == Problem::amplitude_flow) return amplitude_flow_eps;
  return std::pow(hypothesis_factor(problem, depths, alpha), -4);
}

std::vector<double> theorem_radii(Problem problem, const std::vector<int>& depths, double eps, double alpha) {
  if (problem == Problem::amplitude_flow) return {};
  const double d = depths[0], root = std::pow(eps, 0.25);
  if (problem != Problem::blind_demodulation)
    return {std::pow(d, 3) * root, std::pow(d, problem == Problem::phase_retrieval ? 14 : 13) * root};
  constexpr std::array<std::array<int, 2>, 4> powers{{{3, 3}, {8, 3}, {3, 8}, {8, 8}}};
  std::vector<double> radii;
  for (const auto& [a, b] : powers) radii.push_back(std::pow(d, a) * std::pow(depths[1], b) * root / alpha);
  return radii;
}

std::optional<double> error_constant(Problem problem, const std::vector<int>& depths, double E, double eps) {
  if (problem == Problem::blind_demodulation) return {};
  if (problem == Problem::amplitude_flow) return E / eps;
  return E / (std::pow(depths[0], 3) * std::sqrt(eps));
}

}  // namespace theoremeter
