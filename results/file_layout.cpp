#include "results/file_layout.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace theoremeter::file_layout {

std::string escaped(const std::string& text) {
  std::string to;
  for (const char c : text) {
    if (c == '\0') to += "\\0";
    if (c == '\\') to += "\\\\";
    if (c != '\0' && c != '\\') to += c;
  }
  return to;
}
std::string unescaped(const std::string& text) {
  std::string to;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 1 < text.size();
    if (escape) ++i;
    to += escape && text[i] == '0' ? '\0' : text[i];
  }
  return to;
}

Values values_of(Type type) {
  switch (type) {
    case Type::real:
      return std::vector<double>();
    case Type::whole:
      return std::vector<std::int64_t>();
    case Type::flag:
      return std::vector<std::int8_t>();
    default:
      return std::vector<std::string>();
  }
}

std::size_t items_of(const Cell& cell, const Column& column) {
  return column.axes.empty() ? cell.size() : cell.lengths.size() / column.axes.size();
}

std::map<std::string, std::size_t> counts_of(const Schema& schema) {
  std::map<std::string, std::size_t> counts;
  for (const Column& column : schema.columns)
    if (!column.list.empty()) counts.emplace(column.list, schema.position(column.list + "_count"));
  return counts;
}

std::size_t total(const Cell& count) {
  std::int64_t sum = 0;
  for (const std::int64_t n : count.wholes()) sum += n;
  return static_cast<std::size_t>(sum);
}

std::string coordinate_name(const AnyParameter& p, const Schema& schema) {
  const bool taken =
      std::any_of(schema.columns.begin(), schema.columns.end(), [&](const Column& c) { return c.name == p.name; });
  return taken ? "asked_" + p.name : p.name;
}

hdf5::Shape joined(hdf5::Shape a, const hdf5::Shape& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::string words_of(const std::vector<std::string>& names) {
  std::vector<std::string> all = names;
  for (std::string& name : all) {
    std::replace(name.begin(), name.end(), ' ', '_');
    if (name.empty()) name = "none";
  }
  return fmt::format("{}", fmt::join(all, " "));
}

}  // namespace theoremeter::file_layout
