// What experiments in TOML have in common: sections whose every key is known, values checked and told with their place,
// lists of sizes.
#pragma once

#include "experiments/studies/conditions.hpp"
#include "theory/error.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace theoremeter {

/// "FILE:LINE".
std::string where(const std::string& path, const toml::node& node);

/// The file, parsed; `text` becomes what it holds. Throws InputError in one line for a missing file or a syntax error.
toml::table read_toml(const std::string& path, std::string& text);

/// Runs `check`; what it refuses is told with its place.
template <class Check>
void at(const std::string& path, const toml::node& node, const Check& check) {
  try {
    check();
  } catch (const InputError& error) {
    const std::string place = where(path, node), what = error.what();
    throw InputError(what.starts_with(place) ? what : fmt::format("{}: {}", place, what));
  }
}

/// A table whose every key must be known.
class Section {
 public:
  Section(const std::string& path, const toml::table& table, std::vector<std::string> keys)
      : path_(path), table_(table), keys_(std::move(keys)) {
    for (const auto& [key, node] : table_) {
      const std::string name(key.str());
      if (std::find(keys_.begin(), keys_.end(), name) != keys_.end()) continue;
      const std::string near = nearest(name, keys_);
      throw InputError(fmt::format("{}: unknown key \"{}\"{}; known: {}", where(path_, node), name,
                                   near.empty() ? "" : fmt::format(" (\"{}\"?)", near), fmt::join(keys_, ", ")));
    }
  }

  bool has(const std::string& key) const { return table_.contains(key); }

  template <class T>
  T get(const std::string& key, T fallback, const char* what) const {
    const toml::node* node = table_.get(key);
    if (!node) return fallback;
    if (const auto value = node->value<T>(); value && !node->is_boolean()) return *value;  /// true is no 1
    throw InputError(fmt::format("{}: {} must be {}", where(path_, *node), key, what));
  }

  /// Hands the text at `key`, if there is one, to `use`.
  template <class Use>
  void text(const std::string& key, const Use& use) const {
    if (const toml::node* node = table_.get(key)) at(path_, *node, [&] { use(get<std::string>(key, "", "text")); });
  }

  std::int64_t count(const std::string& key, std::int64_t fallback, std::int64_t least = 1) const {
    const auto value = get<std::int64_t>(key, fallback, "a whole number");
    if (table_.contains(key) && value < least)
      throw InputError(
          fmt::format("{}: {} = {}: must be at least {}", where(path_, *table_.get(key)), key, value, least));
    return value;
  }

  bool flag(const std::string& key) const {
    const toml::node* node = table_.get(key);
    if (node && !node->is_boolean())
      throw InputError(fmt::format("{}: {} must be true or false", where(path_, *node), key));
    return node && *node->value<bool>();
  }

  /// A list of whole numbers, as [3, 40, 200], or a list of such lists.
  std::vector<std::vector<std::int64_t>> lists(const std::string& key) const {
    const toml::node& node = *table_.get(key);
    std::vector<std::vector<std::int64_t>> values;
    const auto add = [&](const toml::node& item) {
      const toml::array* list = item.as_array();
      values.emplace_back();
      if (list)
        for (const toml::node& number : *list) values.back().push_back(number.value<std::int64_t>().value_or(0));
      if (values.back().empty() || *std::min_element(values.back().begin(), values.back().end()) < 1)
        throw InputError(
            fmt::format("{}: {} must be a list of positive whole numbers, as [3, 40, 200], or a list of such",
                        where(path_, node), key));
    };
    const toml::array* list = node.as_array();
    if (list && !list->empty() && list->front().is_array())
      for (const toml::node& item : *list) add(item);
    else
      add(node);
    return values;
  }

  /// A positive number or a list of them; `whole` ones if so asked. Small enough to be counts: up to 2^53.
  std::vector<double> numbers(const std::string& key, bool whole) const {
    const toml::node& node = *table_.get(key);
    std::vector<double> values;
    const auto add = [&](const toml::node& item) {
      const auto value = item.value<double>();
      if (!value || !(*value > 0 && *value <= 0x1p53) || (whole && *value != std::floor(*value)))
        throw InputError(fmt::format("{}: {} must be a positive {} or a list of them", where(path_, node), key,
                                     whole ? "whole number" : "number"));
      values.push_back(*value);
    };
    if (const toml::array* list = node.as_array())
      for (const toml::node& item : *list) add(item);
    else
      add(node);
    if (values.empty()) throw InputError(fmt::format("{}: {} is empty", where(path_, node), key));
    return values;
  }

  const toml::table& table() const { return table_; }
  const std::string& path() const { return path_; }

 private:
  const std::string& path_;
  const toml::table& table_;
  std::vector<std::string> keys_;
};

/// The keys of an experiment: seed, draws, and its sweeps, of which there must be one.
std::uint64_t seed_of(const Section& top);
std::int64_t draws_of(const Section& top);
std::vector<const toml::table*> sweeps_of(const Section& top);

/// The keys that say sizes: n, and n_over_k as a multiple of another.
std::vector<std::string> size_keys(const std::vector<Symbol>& symbols);

/// All combinations of the sizes of a sweep.
std::vector<Sizes> combinations(const Section& sweep, const std::vector<Symbol>& symbols);

}  // namespace theoremeter
