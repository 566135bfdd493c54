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

/// By `starts` climbs of random steps each: of the angles in every layer; of the network; in phase retrieval of both
/// parts of the gradient.
std::vector<LemmaValue> search_lemmas(const Recovery& f, std::int64_t starts, const Stream& stream);

}  // namespace theoremeter
