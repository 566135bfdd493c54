// What a landscape file holds: plain structs, the same for every problem.
#pragma once

#include "estimators/census_result.hpp"
#include "estimators/landscape_result.hpp"
#include "estimators/measurement.hpp"
#include "results/results.hpp"
#include "theory/problems.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace theoremeter {

/// The constant of one condition on matrices of the instance: at least, as the witness attains it.
struct Epsilon {
  std::string condition;  // "wdc", "rrcp", "phaseless", "joint-wdc"
  std::string matrix;     // "W_1", "A", ...; "" where the condition concerns all of them
  double alpha = 1;       // in the condition
  double value = 0;       // in the paper's eps: the witness's value, for the RRCP over 31
  Witness witness;
};

/// How the landscape and the largest epsilon found compare with the theorems [HLV Thm II.6; HJ Thm 3].
struct Comparison {
  double K = 0;            // E/(d^3 sqrt(eps)); NaN for blind demodulation and amplitude flow, or without epsilon
  std::vector<double> K2;  // of the implied neighbourhoods that the theorems have: see compare
  std::string hypothesis;  // "cannot hold", "not excluded", "not decided"; "" without a theorem or without epsilon
};

/// Minima, without a census points that descent found, at which f is larger than at the solution and that are farther
/// than 0.05 from it. Near: nearer to -rho x0 (blind demodulation: to one of the three) than to x0, and within 0.5 of
/// it. Elsewhere: all others, and 0 and each flat set, which only a census knows.
struct SpuriousMinima {
  std::int64_t near = 0, elsewhere = 0;
};

/// Everything about one draw.
struct MeasuredLandscape {
  Point x0;                 // of unit length: {x0}, or {h0, m0}
  double objective_x0 = 0;  // f there: that of the noise
  Landscape landscape;
  std::optional<Census> census;
  std::vector<Epsilon> epsilon;
  Comparison comparison;
  SpuriousMinima spurious;
  double seconds = 0;  // wall time
};

/// One point of the sweep, as Record. A draw not measured yet is empty.
struct LandscapeRecord {
  Sizes sizes;
  std::vector<std::optional<MeasuredLandscape>> draws;
};

struct LandscapeResults {
  Problem problem = Problem::inversion;
  std::string ensemble;      // "gaussian"; "" when all layers were given, or there are none
  std::string measurements;  // what drew A; "" when it was given, or there is none
  std::string weights_spec;  // the files given; "" when all was drawn
  std::string grid;          // of directions
  double noise = 0;          // standard deviation of the noise times sqrt(m)
  std::uint64_t seed = 0;
  std::string experiment;                 // full text of the experiment
  std::vector<Symbol> sizes;              // m, widths; ...
  std::map<std::string, Rows> matrices;   // those given
  std::map<std::string, Source> sources;  // of these
  std::vector<LandscapeRecord> points;
  Provenance provenance;
};

/// The names of x0's parts, and of every direction's: x, or h, m.
std::vector<std::string> argument_names(Problem problem);

/// Layers: {d}, {d, s}, or {0} for amplitude flow.
std::vector<int> depths(Problem problem, const Sizes& sizes);

/// 2^d, what f is multiplied by where it is called scaled; blind demodulation, where f vanishes at the solution: 1.
double objective_scale(Problem problem, const Sizes& sizes);

/// The largest of the epsilons; 0 where there is none.
double largest(const std::vector<Epsilon>& epsilon);

/// With eps the largest epsilon found, all that is at least:
///   K  = E/(d^3 sqrt(eps)), E the population error [HLV; as in the proof of Thm II.6];
///   K2 = radius/(d^3 eps^{1/4}) of the balls implied around x0 and -rho x0 [HLV Thm II.6], d^3 for both;
///        radius alpha/(d^a s^b eps^{1/4}), (a, b) = (3, 3), (8, 3), (3, 8), (8, 8), of the four neighbourhoods of
///        blind demodulation [HJ Thm 3]; infinite where the radius is; none for a network of one layer.
/// The hypotheses d >= 2 and K1 d^8 eps^{1/4} <= 1, resp. d, s >= 2 and K1 (d^7 s^2 + d^2 s^7) eps^{1/4}/alpha < 1,
/// "cannot hold" for any K1 >= 1 when they fail for K1 = 1, as the condition's constant is no smaller than eps.
/// Compressed sensing: otherwise "not decided", as eps is of the WDC alone, and [HV] assumes a range restricted
/// isometry of A besides.
Comparison compare(Problem problem, const Sizes& sizes, const Landscape& landscape,
                   const std::vector<Epsilon>& epsilon);

SpuriousMinima spurious_minima(Problem problem, const Sizes& sizes, const MeasuredLandscape& draw);

}  // namespace theoremeter
