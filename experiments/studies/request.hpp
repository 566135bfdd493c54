// What is asked of a measurement.
#pragma once

#include "estimators/grids.hpp"
#include "experiments/studies/study.hpp"
#include "theory/error.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace theoremeter {

/// The evidence wanted and what may be spent on it. Budgets are counts; an empty one is the default for the sizes.
struct Request {
  bool sample = true;
  bool search = true;
  bool certify = false;
  std::optional<std::int64_t> samples;
  std::optional<std::int64_t> starts;
  std::int64_t nodes = 100'000'000;
  double gap = 0.01;
  std::optional<double> decide = {};  // whether the constant is at most this: nothing is done once that is known
  std::optional<GridKind> grid;
  int threads = 1;
};

namespace purpose {  // the streams of a draw
inline constexpr std::uint64_t weights = 0, sample = 1, search = 2, fit = 3, solution = 4, noise = 5, landscape = 6,
                               conditions = 7, start = 8, lemmas = 9;
}

/// The multiple of the expectation: given, or fitted; else the ensemble's.
struct Alpha {
  std::optional<double> value;
  bool fit = false;
};

/// "sample,search,certify" into the three flags. Throws InputError.
void set_evidence(Request& request, const std::string& list);

/// The number `alpha` or "fit". Throws InputError unless it is positive.
Alpha parse_alpha(const std::string& text);

/// A condition that is defined at no point of an instance that was tried.
class DefinedNowhere : public InputError {
  using InputError::InputError;
};

}  // namespace theoremeter
