#include "experiments/declarations.hpp"
#include "experiments/options.hpp"
#include "experiments/progress_line.hpp"
#include "experiments/tasks.hpp"
#include "experiments/verbs.hpp"
#include "results/align.hpp"
#include "results/data_file.hpp"
#include "results/json.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>

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

Count sum_of(const std::vector<Count>& counts) {
  Count all;
  for (const Count& c : counts) all.add(c);
  return all;
}

nlohmann::ordered_json json_of(const std::string& file, const Tally& t) {
  const Count all = sum_of(counts_of(t));
  return {{"file", file},          {"study", t.about.study},     {"points", t.about.points.size()},
          {"done", all.done},      {"undefined", all.undefined}, {"missing", all.missing},
          {"seconds", all.seconds}};
}

std::string line_of(const std::string& file, const Tally& t) {
  const Count all = sum_of(counts_of(t));
  return fmt::format(
      "{}: {} {}, {} points, {} of {} draws done{}, {} spent, about {} left\n", file, t.about.key, t.about.study,
      t.about.points.size(), all.done + all.undefined, all.done + all.undefined + all.missing,
      all.undefined > 0 ? fmt::format(" ({} undefined)", all.undefined) : "", duration(all.seconds), all.left());
}

/// Takes the files of array tasks out of `files`.
std::set<Tasks> tasks_among(std::vector<std::string>& files) {
  std::set<Tasks> all;
  std::erase_if(files, [&](const std::string& file) {
    const std::optional<Tasks> tasks = tasks_of(file);
    if (tasks) all.insert(*tasks);
    return tasks.has_value();
  });
  return all;
}

/// One line, the tasks, and which array would measure what is missing.
void print_standing(const Tasks& tasks, const Standing& s, const std::string& again) {
  for (const std::string& error : s.errors) fmt::print("{}\n", error);
  if (s.tally) fmt::print("{}", line_of(tasks.name(), *s.tally));
  fmt::print("{} tasks: {} done", tasks.of, s.done.size());
  for (const auto& [what, which] : {std::pair("running", &s.running), {"failed", &s.failed}, {"missing", &s.missing}})
    if (!which->empty()) fmt::print(", {} {} ({})", which->size(), what, array_specification(*which));
  fmt::print("\n");
  if (!again.empty()) fmt::print("--array={}\n", again);
}

void tell_standing(const Tasks& tasks, nlohmann::ordered_json* json) {
  const Standing s = standing_of(tasks, declarations);
  std::set<std::uint64_t> open = s.failed;
  open.insert(s.missing.begin(), s.missing.end());
  const std::string again = array_specification(open);
  if (!json) return print_standing(tasks, s, again);
  json->push_back(s.tally ? json_of(tasks.name(), *s.tally) : nlohmann::ordered_json{{"file", tasks.name()}});
  json->back()["tasks"] = {
      {"of", tasks.of}, {"done", s.done}, {"running", s.running}, {"failed", s.failed}, {"missing", s.missing}};
  json->back()["array"] = again;
}

}  // namespace

int status_verb(const Options& o) {
  std::vector<std::string> files = files_of(o.files);
  auto json = nlohmann::ordered_json::array();
  int code = 0;
  const std::set<Tasks> arrays = tasks_among(files);
  for (const Tasks& tasks : arrays) tell_standing(tasks, o.json ? &json : nullptr);
  const bool alone = files.size() == 1 && arrays.empty();
  for (const std::string& file : files) {
    std::optional<Tally> found;
    try {
      found = tally(file, declarations);
    } catch (const InputError& error) {
      if (alone) throw;
      code = 2;
      if (o.json)
        json.push_back({{"file", file}, {"error", error.what()}});
      else
        fmt::print("{}\n", error.what());
      continue;
    }
    const Tally& t = *found;
    if (o.json) {
      json.push_back(json_of(file, t));
      continue;
    }
    fmt::print("{}", line_of(file, t));
    const std::vector<Count> counts = counts_of(t);
    constexpr std::size_t listed = 100;
    if (!alone || counts.size() > listed) continue;
    std::vector<Line> lines{{"point", "done", "undefined", "missing", "spent", "left"}};
    for (std::size_t p = 0; p < counts.size(); ++p) lines.push_back(line_of(t.about.points[p].sizes(), counts[p]));
    fmt::print("{}", align(lines));
  }
  if (o.json) fmt::print("{}\n", printed(json));
  return code;
}

}  // namespace theoremeter
