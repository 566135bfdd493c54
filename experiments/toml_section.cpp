#include "experiments/toml_section.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace theoremeter {
namespace {

std::string over(const std::string& a, const std::string& b) { return a + "_over_" + b; }

// The pairs of sizes whose ratio may be given.
std::vector<std::pair<std::string, std::string>> ratios(const std::vector<Symbol>& symbols) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const Symbol& a : symbols)
    for (const Symbol& b : symbols)
      if (a.name != b.name && !a.list && !b.list) pairs.emplace_back(a.name, b.name);
  return pairs;
}

void check_sizes_of(const Section& sweep, const std::vector<Symbol>& symbols, const std::vector<Sizes>& all) {
  for (const Sizes& sizes : all)
    for (const Symbol& size : symbols) {
      if (!sizes.contains(size.name))
        throw InputError(fmt::format("{}: this sweep has no {}", where(sweep.path(), sweep.table()), size.name));
      if (sizes.at(size.name)[0] < 1)
        throw InputError(fmt::format("{}: {} = {}: must be at least 1", where(sweep.path(), sweep.table()), size.name,
                                     sizes.at(size.name)[0]));
    }
}

}  // namespace

std::string where(const std::string& path, const toml::node& node) {
  return fmt::format("{}:{}", path, node.source().begin.line);
}

toml::table read_toml(const std::string& path, std::string& text) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    throw InputError(fmt::format("{}: a directory; a TOML file is expected", path));
  std::ifstream file(path);
  if (!file) throw InputError(fmt::format("{}: {}", path, std::strerror(errno)));
  text = std::string(std::istreambuf_iterator<char>(file), {});
  try {
    return toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    throw InputError(fmt::format("{}:{}: {}", path, error.source().begin.line, error.description()));
  }
}

std::uint64_t seed_of(const Section& top) {
  const auto seed = top.get<std::int64_t>("seed", 1, "a whole number");
  if (seed < 0)
    throw InputError(
        fmt::format("{}: seed = {}: must not be negative", where(top.path(), *top.table().get("seed")), seed));
  return static_cast<std::uint64_t>(seed);
}

std::int64_t draws_of(const Section& top) {
  const std::int64_t draws = top.count("draws", 1);
  if (draws > max_draws)
    throw InputError(fmt::format("{}: draws = {}: must be at most {}", where(top.path(), *top.table().get("draws")),
                                 draws, max_draws));
  return draws;
}

std::vector<const toml::table*> sweeps_of(const Section& top) {
  const toml::array* sweeps = top.table()["sweep"].as_array();
  if (!sweeps || sweeps->empty() || !sweeps->is_homogeneous(toml::node_type::table))
    throw InputError(fmt::format("{}: has no [[sweep]]", top.path()));
  std::vector<const toml::table*> all;
  for (const toml::node& sweep : *sweeps) all.push_back(sweep.as_table());
  return all;
}

std::vector<std::string> size_keys(const std::vector<Symbol>& symbols) {
  std::vector<std::string> keys;
  for (const Symbol& size : symbols) keys.push_back(size.name);
  for (const auto& [a, b] : ratios(symbols)) keys.push_back(over(a, b));
  return keys;
}

std::vector<Sizes> combinations(const Section& sweep, const std::vector<Symbol>& symbols) {
  std::vector<Sizes> all{{}};
  const auto extend = [&all](const std::string& size, const auto& values, const auto& value_at) {
    std::vector<Sizes> longer;
    for (const Sizes& sizes : all)
      for (const auto& value : values) {
        Sizes more = sizes;
        more[size] = value_at(sizes, value);
        longer.push_back(more);
      }
    all = std::move(longer);
  };
  const auto whole = [](double value) { return std::vector<std::int64_t>{std::llround(std::min(value, 0x1p53))}; };
  for (const Symbol& size : symbols) {
    if (!sweep.has(size.name)) continue;
    if (size.list)
      extend(size.name, sweep.lists(size.name), [](const Sizes&, const auto& list) { return list; });
    else
      extend(size.name, sweep.numbers(size.name, true), [&](const Sizes&, double value) { return whole(value); });
  }
  for (const auto& [size, base] : ratios(symbols)) {
    if (!sweep.has(over(size, base))) continue;
    if (sweep.has(size) || !sweep.has(base))
      throw InputError(fmt::format("{}: {} goes with {}, and without {}", where(sweep.path(), sweep.table()),
                                   over(size, base), base, size));
    extend(size, sweep.numbers(over(size, base), false),
           [&, base = base](const Sizes& sizes, double ratio) { return whole(ratio * double(scalar(sizes, base))); });
  }
  check_sizes_of(sweep, symbols, all);
  return all;
}

}  // namespace theoremeter
