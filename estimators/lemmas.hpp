// The largest values found of what single lemmas of the proofs bound: at least.
#pragma once

#include "estimators/stream.hpp"
#include "theory/lemmas.hpp"
#include "theory/types.hpp"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace theoremeter {

struct LemmaValue {
  std::string lemma;      // "angles", "network", "measurements", "layers": theory/lemmas.hpp, in this order
  std::string matrix;     // of angles: the layer; "" where it concerns all
  double value = 0;       // attained at these unit vectors
  double constant = NAN;  // over the power of eps that the lemma has: to be at most 4, 24, 14, 78
  Point arguments;        // x, y; p
};

/// The value of this lemma at these points: W is the layer that it concerns. NaN where it is not defined.
double lemma_value(const std::string& lemma, const Recovery& f, const Rows& W, const Point& at);

/// By `starts` climbs of random steps each: of the angles in every layer; of the network; in phase retrieval of both
/// parts of the gradient.
std::vector<LemmaValue> search_lemmas(const Recovery& f, std::int64_t starts, const Stream& stream);

}  // namespace theoremeter
