// What the names of arrays say: their order, and whether they are weights or biases.
#pragma once

#include <string>
#include <vector>

namespace theoremeter::weights {

/// Numbers compared as numbers, padded or not: W_2, W_03, W_10; between slashes one by one.
bool naturally_before(const std::string& a, const std::string& b);
struct Naturally {
  bool operator()(const std::string& a, const std::string& b) const { return naturally_before(a, b); }
};

/// Do they differ in their numbers only, as 0.weight and 2.weight, dense and dense_1? Then these are their order.
bool numbered(const std::vector<std::string>& names);

bool names_bias(const std::string& name);
bool names_weights(const std::string& name);

/// "a, b, c and 7 more"
std::string listing(const std::vector<std::string>& names);

}  // namespace theoremeter::weights
