// What the hyperplanes through a small cone can do there. Where more of them meet than are independent - rows with
// small integer entries, repeated rows, rows parallel but for rounding - most combinations of their sides do not occur,
// however small the cone: which do is decided exactly.
#pragma once

#include "estimators/integers.hpp"
#include "theory/types.hpp"

#include <optional>
#include <vector>

namespace theoremeter {

/// A face of an arrangement: the side of every hyperplane (-1, 0 or 1), and a point of it.
struct LocalFace {
  std::vector<signed char> sign;
  std::vector<Integer> point;
};

/// All faces, of every dimension, of the arrangement of the hyperplanes <u, x> = 0 (u the rows of U, not 0) that meet
/// the cone {x: <b, x> >= 0}, b the rows of B; it must be pointed. Exact. Empty where they are more than `most`, or
/// would take too long.
///
/// A face's closure in the cone is the hull of rays on each of which dim - 1 independent rows of U and B vanish, and
/// the sum of these rays lies inside the face. So all faces are found by adding rays of no opposite signs.
std::optional<std::vector<LocalFace>> local_faces(const Rows& U, const Rows& B, std::size_t most);

}  // namespace theoremeter
