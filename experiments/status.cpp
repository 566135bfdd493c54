#include "experiments/declarations.hpp"
#include "experiments/options.hpp"
#include "experiments/progress_line.hpp"
#include "experiments/verbs.hpp"
#include "results/align.hpp"
#include "results/data_file.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

namespace theoremeter {
namespace {

namespace fs = std::filesystem;

/// Results files: those named, those whose journals are named, those of the folders named.
std::vector<std::string> files_of(const std::vector<std::string>& paths) {
  std::set<std::string> files;
  const auto file_of = [](const std::string& path) {
    return path.substr(0, path.rfind(".h5.journal") + (path.rfind(".h5.journal") == std::string::npos ? 0 : 3));
  };
  for (const std::string& path : paths) {
    if (!fs::is_directory(path)) {
      files.insert(file_of(path));
      continue;
    }
    for (const fs::directory_entry& entry : fs::directory_iterator(path))
      if (const std::string name = entry.path().string();
          name.ends_with(".h5") || name.find(".h5.journal") != std::string::npos)
        files.insert(file_of(name));
  }
  if (files.empty()) throw InputError(fmt::format("{}: no results files there", paths.front()));
  return {files.begin(), files.end()};
}

struct Count {
  std::uint64_t done = 0, undefined = 0, missing = 0;
  double seconds = 0;

  void add(const Count& o) { done += o.done, undefined += o.undefined, missing += o.missing, seconds += o.seconds; }
  /// From the mean cost of what was done.
  std::string left() const {
    if (missing == 0) return "0 s";
    return done + undefined == 0
               ? "unknown"
               : duration(seconds / static_cast<double>(done + undefined) * static_cast<double>(missing));
  }
};

std::vector<Count> counts_of(const Tally& tally) {
  std::vector<Count> all;
  for (std::size_t p = 0; p < tally.about.points.size(); ++p) {
    Count c;
    c.done = static_cast<std::uint64_t>(std::count(tally.states[p].begin(), tally.states[p].end(), State::measured));
    c.undefined =
        static_cast<std::uint64_t>(std::count(tally.states[p].begin(), tally.states[p].end(), State::undefined));
    const std::uint64_t planned = std::max<std::uint64_t>(tally.about.draws, tally.states[p].size());
    c.missing = planned - c.done - c.undefined;
    c.seconds = tally.seconds[p];
    all.push_back(c);
  }
  return all;
}

Line line_of(const std::string& label, const Count& c) {
  return {label,
          fmt::format("{}", c.done),
          fmt::format("{}", c.undefined),
          fmt::format("{}", c.missing),
          duration(c.seconds),
          c.left()};
}

}  // namespace

int status_verb(const Options& o) {
  const std::vector<std::string> files = files_of(o.files);
  auto json = nlohmann::ordered_json::array();
  int code = 0;
  for (const std::string& file : files) {
    std::optional<Tally> found;
    try {
      found = tally(file, declarations);
    } catch (const InputError& error) {
      if (files.size() == 1) throw;
      code = 2;
      if (o.json)
        json.push_back({{"file", file}, {"error", error.what()}});
      else
        fmt::print("{}\n", error.what());
      continue;
    }
    const Tally& t = *found;
    const std::vector<Count> counts = counts_of(t);
    Count all;
    for (const Count& c : counts) all.add(c);
    if (o.json) {
      json.push_back({{"file", file},
                      {"study", t.about.study},
                      {"points", counts.size()},
                      {"done", all.done},
                      {"undefined", all.undefined},
                      {"missing", all.missing},
                      {"seconds", all.seconds}});
      continue;
    }
    fmt::print("{}: {} {}, {} points, {} of {} draws done{}, {} spent, about {} left\n", file, t.about.key,
               t.about.study, counts.size(), all.done + all.undefined, all.done + all.undefined + all.missing,
               all.undefined > 0 ? fmt::format(" ({} undefined)", all.undefined) : "", duration(all.seconds),
               all.left());
    constexpr std::size_t listed = 100;
    if (files.size() > 1 || counts.size() > listed) continue;
    std::vector<Line> lines{{"point", "done", "undefined", "missing", "spent", "left"}};
    for (std::size_t p = 0; p < counts.size(); ++p) lines.push_back(line_of(t.about.points[p].sizes(), counts[p]));
    fmt::print("{}", align(lines));
  }
  if (o.json) fmt::print("{}\n", json.dump(2));
  return code;
}

}  // namespace theoremeter
