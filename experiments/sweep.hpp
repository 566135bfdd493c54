// The combinations of parameters that a table of an experiment asks for.
#pragma once

#include "results/setting.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace theoremeter {

/// "FILE:LINE".
std::string where(const std::string& path, const toml::node& node);

/// Runs `check`; what it refuses is told with the place of `node`.
template <class Check>
void told_with(const std::string& path, const toml::node& node, const Check& check) {
  try {
    check();
  } catch (const InputError& error) {
    const std::string place = where(path, node), what = error.what();
    throw InputError(what.starts_with(place) ? what : fmt::format("{}: {}", place, what));
  }
}

/// What one table says of the parameters: for each the values that it lists, or expressions of the other numbers.
class Sweep {
 public:
  /// Throws InputError at FILE:LINE for a value of the wrong type or out of range.
  Sweep(const std::string& path, const toml::table& table, const std::vector<AnyParameter>& parameters);

  /// The keys that a table may have for these parameters: the names, and n_over_k for two whole numbers.
  static std::vector<std::string> keys(const std::vector<AnyParameter>& parameters);

  /// All combinations, starting from `from`; what is said here replaces what was said there. Parameters vary in the
  /// order of their declaration, the last the fastest; ratios and expressions after what they are of.
  std::vector<Setting> combinations(const Setting& from) const;

  /// The parameters that are said.
  const std::set<std::string>& said() const { return said_; }

 private:
  /// A value, or what is evaluated for each combination of the others.
  struct Candidate {
    Value value;
    std::string expression;
    bool rounded = false;  // a ratio: to the nearest whole number
  };
  struct Axis {
    const AnyParameter* parameter;
    const toml::node* node;
    std::vector<Candidate> candidates;
  };
  Axis axis(const AnyParameter& parameter, const toml::node& node) const;
  Value evaluate(const Axis& axis, const Candidate& candidate, const Setting& at) const;

  const std::string& path_;
  std::vector<Axis> axes_;
  std::set<std::string> said_;
};

}  // namespace theoremeter
