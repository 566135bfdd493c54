// What one draw of a landscape holds: plain structs, the same for every problem.
#pragma once

#include "estimators/census_result.hpp"
#include "estimators/landscape_result.hpp"
#include "estimators/lemmas.hpp"
#include "estimators/measurement.hpp"
#include "experiments/studies/sizes.hpp"
#include "theory/problems.hpp"

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace theoremeter {

/// The constant of one condition on matrices of the instance: at least, as the witness attains it.
struct Epsilon {
  std::string condition;  // "wdc", "rrcp", "rric", "phaseless", "joint-wdc"
  std::string matrix;     // "W_1", "A", ...; "" where the condition concerns all of them
  double alpha = 1;       // in the condition
  double value = 0;       // in the paper's eps: the witness's value, for the RRCP over 31
  Witness witness;
};

/// How the landscape and the largest epsilon found compare with the theorem (theory/landscape_theorems.hpp). NaN: there
/// is no such number, or no epsilon.
struct Comparison {
  double K = NAN;               // of the population error, see error_constant
  std::vector<double> K2;       // of the implied neighbourhoods that the theorem has: see compare
  double left_side = NAN;       // of the hypothesis, for K1 = 1: at least
  double epsilon_needed = NAN;  // the largest eps that the hypothesis allows for K1 = 1, hence for any K1 >= 1
  double descent = NAN;         // the least descent at 0 over that of the theorem: at most
  std::string hypothesis;       // "cannot hold", "not excluded", "not decided"; "" without epsilon
};

/// Minima, without a census points that descent found, at which f is larger than at the solution and that are farther
/// than 0.05 from it. Near: nearer to -rho x0 (blind demodulation: to one of the three) than to x0, and within 0.5 of
/// it. Elsewhere: all others, and 0 and each flat set, which only a census knows.
struct SpuriousMinima {
  std::int64_t near = 0, elsewhere = 0;
};

/// One of several solutions that were tried on the same matrices.
struct Solution {
  Point x0;
  RayWitness population_error, descent_at_zero;
  std::int64_t violations = 0;  // without those of a census
};

/// Everything about one draw.
struct MeasuredLandscape {
  Point x0;                         // {x0}, or {h0, m0}; of unit length unless given
  std::int64_t solution = 0;        // its number among those tried: the one with the largest population error
  std::vector<Solution> solutions;  // all of them
  double objective_x0 = 0;          // f there: that of the noise
  Landscape landscape;
  std::optional<Census> census;
  std::vector<Epsilon> epsilon;
  std::vector<LemmaValue> lemmas;  // where asked for
  Comparison comparison;
  SpuriousMinima spurious;
  double seconds = 0;  // wall time
};

/// The names of x0's parts, and of every direction's: x, or h, m.
std::vector<std::string> argument_names(Problem problem);

/// What the solution's parts are called: x0, or h0, m0.
std::vector<std::string> solution_names(Problem problem);

/// Layers: {d}, {d, s}, or {0} for amplitude flow.
std::vector<int> depths(Problem problem, const Sizes& sizes);

/// 2^d, what f is multiplied by where it is called scaled; blind demodulation, where f vanishes at the solution: 1.
double objective_scale(Problem problem, const Sizes& sizes);

/// Was this condition measured?
bool holds(const std::vector<Epsilon>& epsilon, const std::string& condition);

/// The largest of the epsilons; 0 where there is none.
double largest(const std::vector<Epsilon>& epsilon);

/// With eps the largest epsilon found, which the condition's constant is no smaller than:
///   K  = E/(d^3 sqrt(eps)), for amplitude flow E/eps; none for blind demodulation;
///   K2 = the radii of the implied neighbourhoods over the theorem's with K2 = 1: infinite where they are; none for a
///        network of one layer, and for amplitude flow.
/// The hypothesis "cannot hold" for any K1 >= 1 when it fails for K1 = 1 or a network has one layer; otherwise it is
/// "not excluded", but "not decided" in compressed sensing when eps is of the WDC alone.
Comparison compare(Problem problem, const Sizes& sizes, const Landscape& landscape,
                   const std::vector<Epsilon>& epsilon);

/// A lemma's value over the power of eps that it is bounded by, eps as found: angles over sqrt(eps) of that layer;
/// network and layers over d^3 sqrt(eps), eps the largest of the layers; measurements over eps_A (1 + 2 eps)^d, where
/// the proof has its two conditions: eps_A of the RRCP over the 7 of [HLV v1]. NaN where eps was not found.
double lemma_constant(const LemmaValue& lemma, int d, const std::vector<Epsilon>& epsilon);

SpuriousMinima spurious_minima(Problem problem, const Sizes& sizes, const MeasuredLandscape& draw);

}  // namespace theoremeter
