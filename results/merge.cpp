#include "results/merge.hpp"

#include "theory/error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace theoremeter {
namespace {

/// Adds the rows of `part` to `all`. Throws InputError where they contradict each other.
void add(const DataSet& part, DataSet& all) {
  std::vector<std::size_t> runs;
  for (const Provenance& run : part.about().runs) {
    auto& known = all.about().runs;
    runs.push_back(static_cast<std::size_t>(std::find(known.begin(), known.end(), run) - known.begin()));
    if (runs.back() == known.size()) known.push_back(run);
  }
  all.about().draws = std::max(all.about().draws, part.about().draws);
  for (std::size_t p = 0; p < part.about().points.size(); ++p) {
    const std::size_t point = all.point_of(part.about().points[p]);
    for (Key key{p, 0}; key.draw < part.draws(p); ++key.draw)
      if (part.state(key) != State::open)
        all.add({point, key.draw}, part.state(key), part.bytes(key), runs[part.run(key)]);
  }
}

/// Of the files the first that contradicts `last`, if one alone does.
std::string contradicted(const std::vector<std::string>& paths, const std::string& last, const Declarations& declared) {
  for (const std::string& path : paths) {
    DataSet two = read(path, declared);
    try {
      add(read(last, declared), two);
    } catch (const InputError&) {
      return path;
    }
  }
  return paths.front();
}

/// "0-3, 7, 9-12, ...".
std::string ranges(const std::vector<std::uint64_t>& numbers) {
  constexpr int most = 8;
  std::string text;
  int count = 0;
  for (std::size_t i = 0; i < numbers.size(); ++count) {
    std::size_t end = i + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
    text += i == 0 ? "" : ", ";
    if (count == most) return text + "...";
    text += end - i == 1 ? fmt::format("{}", numbers[i]) : fmt::format("{}-{}", numbers[i], numbers[end - 1]);
    i = end;
  }
  return text;
}

}  // namespace

DataSet merged(const std::vector<std::string>& paths, const Declarations& declared, std::vector<std::string>* remarks) {
  const auto taken = [&](const std::string& path) {
    std::vector<std::string> lost;
    DataSet data = read(path, declared, &lost);
    if (remarks) remarks->insert(remarks->end(), lost.begin(), lost.end());
    return data;
  };
  DataSet all = taken(paths.at(0));
  const std::string identity = all.about().identity();
  for (std::size_t i = 1; i < paths.size(); ++i) {
    const DataSet part = taken(paths[i]);
    if (part.about().identity() != identity)
      throw InputError(
          fmt::format("{} and {} are no parts of one data set: they differ in study, parameters, columns or matrices "
                      "given",
                      paths[0], paths[i]));
    try {
      add(part, all);
    } catch (const InputError& error) {
      const std::vector<std::string> before(paths.begin(), paths.begin() + static_cast<std::ptrdiff_t>(i));
      throw InputError(fmt::format("{} and {} contradict each other: {}", contradicted(before, paths[i], declared),
                                   paths[i], error.what()));
    }
  }
  return all;
}

std::string gaps(const DataSet& data) {
  std::string text;
  for (std::size_t p = 0; p < data.about().points.size(); ++p) {
    std::vector<std::uint64_t> missing;
    for (std::uint64_t d = 0; d < std::max(data.about().draws, data.draws(p)); ++d)
      if (data.state({p, d}) == State::open) missing.push_back(d);
    if (!missing.empty())
      text += fmt::format("{}: {} draws missing: {}\n", data.about().points[p].text(), missing.size(), ranges(missing));
  }
  return text;
}

}  // namespace theoremeter
