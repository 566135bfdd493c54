// The sizes of an instance, by the papers' symbols.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace theoremeter {

/// A size of an instance or an argument of a condition: the paper's symbol, and what it means.
struct Symbol {
  std::string name;     // n
  std::string meaning;  // "rows of W (neurons)"
  bool list = false;    // of a size: several numbers, as the widths of a network
  bool unit = true;     // of an argument: on the unit sphere
};

/// By symbol; one number each but for lists.
using Sizes = std::map<std::string, std::vector<std::int64_t>>;

/// The one number of a size that is no list.
inline std::int64_t scalar(const Sizes& sizes, const std::string& name) { return sizes.at(name).at(0); }

}  // namespace theoremeter
