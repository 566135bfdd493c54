#include "results/in_full.hpp"

#include "results/align.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace theoremeter {
namespace {

/// The values of a cell as texts, one an item: a vector is "(1, 2)", to six digits.
std::vector<std::string> texts_of(const Cell& cell, const Column& c) {
  std::vector<std::string> all;
  if (!c.axes.empty()) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < cell.lengths.size(); i += c.axes.size()) {
      std::size_t count = 1;
      for (std::size_t a = 0; a < c.axes.size(); ++a) count *= cell.lengths[i + a];
      constexpr std::size_t shown = 12;
      const auto begin = cell.reals().begin() + static_cast<std::ptrdiff_t>(at);
      const auto few = begin + static_cast<std::ptrdiff_t>(std::min(count, shown));
      all.push_back(fmt::format("({:.6g}{})", fmt::join(begin, few, ", "),
                                count > shown ? fmt::format(", ... {} in all", count) : ""));
      at += count;
    }
    return all;
  }
  for (std::size_t i = 0; i < cell.size(); ++i) {
    if (c.type == Type::real) all.push_back(fmt::format("{}", cell.reals()[i]));
    if (c.type == Type::text) all.push_back(cell.texts()[i]);
    if (c.type == Type::whole) all.push_back(fmt::format("{}", cell.wholes()[i]));
    if (c.type == Type::flag)
      all.push_back(c.names.empty() ? (cell.wholes()[i] != 0 ? "yes" : "no")
                                    : c.names.at(static_cast<std::size_t>(cell.wholes()[i])));
  }
  return all;
}

/// The columns of one list, if all of them have an entry for each item.
std::string list_table(const Row& row, const Schema& schema, const std::string& list) {
  Line heading;
  std::vector<std::vector<std::string>> columns;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (schema.columns[i].list != list) continue;
    heading.push_back(schema.columns[i].name.substr(list.size() + 1));
    columns.push_back(texts_of(row[i], schema.columns[i]));
  }
  const std::size_t items = columns.empty() ? 0 : columns[0].size();
  if (items == 0) return "";
  std::vector<Line> lines{heading};
  for (std::size_t i = 0; i < items; ++i) {
    lines.emplace_back();
    for (const auto& column : columns) lines.back().push_back(i < column.size() ? column[i] : "");
  }
  return fmt::format("\n{}\n{}", list, align(lines));
}

}  // namespace

std::string in_full(const Row& row, const Schema& schema) {
  std::string text;
  std::vector<std::string> lists;
  std::size_t width = 0;
  for (const Column& c : schema.columns)
    if (c.list.empty()) width = std::max(width, c.name.size());
  for (std::size_t i = 0; i < row.size(); ++i) {
    const Column& c = schema.columns[i];
    if (!c.list.empty()) {
      if (std::find(lists.begin(), lists.end(), c.list) == lists.end()) lists.push_back(c.list);
      continue;
    }
    const std::string value = fmt::format("{}", fmt::join(texts_of(row[i], c), ", "));
    if (value.empty() || value == "nan") continue;
    const char* sign = c.says == Says::at_least ? ">= " : c.says == Says::at_most ? "<= " : "";
    text += fmt::format("{:<{}}  {}{}{}\n", c.name, width, sign, value, c.unit == "1" ? "" : " " + c.unit);
  }
  for (const std::string& list : lists) text += list_table(row, schema, list);
  return text;
}

}  // namespace theoremeter
