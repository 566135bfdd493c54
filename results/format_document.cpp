#include "results/format_document.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace theoremeter {
namespace {

const std::vector<std::string> stored_types{"float64", "int64", "int8", "string"};

std::string cell_text(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.replace(at, 1, "\\|");
  return text;
}

std::string type_of(const Value& example) {
  static const std::vector<std::string> types{"", "int64", "float64", "int8", "string", "string"};
  return types[example.index()];
}

/// "(point, draw, x_coordinate)", or along a list's items.
std::string dimensions_of(const Column& c) {
  std::vector<std::string> all = c.list.empty() ? std::vector<std::string>{"point", "draw"} : std::vector{c.list};
  all.insert(all.end(), c.axes.begin(), c.axes.end());
  return fmt::format("({})", fmt::join(all, ", "));
}

std::string meaning_of(const Column& c) {
  std::string text = c.meaning;
  if (!c.names.empty()) text += fmt::format(" ({})", fmt::join(c.names, ", "));
  if (c.unit != "1") text += fmt::format(" [{}]", c.unit);
  return cell_text(text);
}

}  // namespace

std::string format_document(const std::string& title, const Parameters& parameters, const Schema& schema) {
  std::string text = fmt::format("## {}\n\n| coordinate along `point` | type | meaning |\n|---|---|---|\n", title);
  for (const AnyParameter& p : *parameters) {
    const bool taken =
        std::any_of(schema.columns.begin(), schema.columns.end(), [&](const Column& c) { return c.name == p.name; });
    text +=
        fmt::format("| `{}{}` | {} | {} |\n", taken ? "asked_" : "", p.name, type_of(p.example), cell_text(p.meaning));
  }
  if (schema.columns.empty()) return text;
  text += "\n| variable | type | dimensions | kind | meaning |\n|---|---|---|---|---|\n";
  for (const Column& c : schema.columns)
    text += fmt::format("| `{}` | {} | {} | {} | {} |\n", c.name, stored_types[static_cast<std::size_t>(c.type)],
                        dimensions_of(c), says_names[static_cast<std::size_t>(c.says)], meaning_of(c));
  return text;
}

}  // namespace theoremeter
