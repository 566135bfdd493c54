// What is to be measured, handed out: to threads here; over ranks and shares alike.
#pragma once

#include "results/data_set.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace theoremeter {

/// Part `index` of `of` disjoint ones, decided by a draw's place in the experiment alone and spread over its points.
struct Share {
  std::uint64_t index = 0, of = 1;
};

/// Consecutive places in the order draw 0 of all points, draw 1 of all, ...
struct Item {
  std::uint64_t first, count;
};

class Queue {
 public:
  virtual ~Queue() = default;
  /// Thread-safe. Items grow while draws are quick; nothing: fewer draws than threads are left.
  virtual std::optional<Item> next() = 0;
  /// Then these, a draw at a time, for all threads together.
  virtual std::optional<Item> last() = 0;
};

}  // namespace theoremeter
