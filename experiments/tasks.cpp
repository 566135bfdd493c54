#include "experiments/tasks.hpp"

#include "experiments/lock.hpp"
#include "experiments/queue.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <regex>

namespace theoremeter {
namespace {

/// Draws of a share that a file lacks.
bool lacks_some(const Tally& t, Share share) {
  const std::uint64_t points = t.about.points.size();
  for (std::uint64_t point = 0; point < points; ++point)
    for (std::uint64_t draw = 0; draw < t.about.draws; ++draw)
      if (share.has(draw * points + point) && (draw >= t.states[point].size() || t.states[point][draw] == State::open))
        return true;
  return false;
}

void add_to(std::optional<Tally>& all, const Tally& one) {
  if (!all) {
    all = one;
    return;
  }
  for (std::size_t p = 0; p < std::min(all->states.size(), one.states.size()); ++p) {
    all->states[p].resize(std::max(all->states[p].size(), one.states[p].size()));
    for (std::size_t d = 0; d < one.states[p].size(); ++d)
      if (one.states[p][d] != State::open) all->states[p][d] = one.states[p][d];
    all->seconds[p] += one.seconds[p];
  }
}

}  // namespace

std::string Tasks::file(const std::string& index) const { return fmt::format("{}.{}-of-{}.h5", base, index, of); }

std::optional<Tasks> tasks_of(const std::string& file) {
  static const std::regex pattern(R"((.*)\.(\d{1,9})-of-(\d{1,9})\.h5)");
  std::smatch parts;
  if (!std::regex_match(file, parts, pattern)) return {};
  const std::uint64_t index = std::stoull(parts[2]), of = std::stoull(parts[3]);
  if (index >= of || std::to_string(index) != parts[2]) return {};
  return Tasks{parts[1], of};
}

Standing standing_of(const Tasks& tasks, const Declarations& declared) {
  Standing s;
  std::vector<std::uint64_t> begun;
  std::vector<std::string> begun_files;
  for (std::uint64_t i = 0; i < tasks.of; ++i) {
    const std::string file = tasks.file(std::to_string(i));
    if (!std::filesystem::exists(file)) {
      s.missing.insert(i);
      continue;
    }
    try {
      const Tally t = tally(file, declared);
      add_to(s.tally, t);
      if (!lacks_some(t, {i, tasks.of})) {
        s.done.insert(i);
        continue;
      }
    } catch (const InputError& error) {
      s.errors.emplace_back(error.what());
    }
    begun.push_back(i);
    begun_files.push_back(file);
  }
  const std::vector<bool> running = being_written(begun_files);
  for (std::size_t i = 0; i < begun.size(); ++i) (running[i] ? s.running : s.failed).insert(begun[i]);
  return s;
}

std::string array_specification(const std::set<std::uint64_t>& indices) {
  std::string text;
  for (auto at = indices.begin(); at != indices.end();) {
    const std::uint64_t first = *at;
    std::uint64_t last = first;
    while (++at != indices.end() && *at == last + 1) last = *at;
    text += (text.empty() ? "" : ",") + (first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last));
  }
  return text;
}

}  // namespace theoremeter
