#include "results/setting.hpp"

#include "theory/error.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

namespace theoremeter {
namespace {

/// Of digits alone, decimal.
template <class T>
std::optional<T> number(const std::string& text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

std::string what(const AnyParameter& p) {
  if (!p.choices.empty()) return fmt::format("one of {}", fmt::join(p.choices, ", "));
  static const std::vector<std::string> kinds{"nothing", "a whole number below 2^63", "a number", "true or false",
                                              "text",    "whole numbers, as 3,40,200"};
  return kinds[p.example.index()];
}

std::string range(const AnyParameter& p) {
  const bool below = std::isfinite(p.least), above = std::isfinite(p.most);
  const char* const least = p.strict ? "more than" : "at least";
  if (below && above) return fmt::format("{} {} and at most {}", least, p.least, p.most);
  return below ? fmt::format("{} {}", least, p.least) : fmt::format("at most {}", p.most);
}

void check_range(const AnyParameter& p, double value, const std::string& text) {
  const bool low = p.strict ? !(value > p.least) : !(value >= p.least);
  if (low || !(value <= p.most) || !std::isfinite(value))
    throw InputError(fmt::format("{} = {}: must be {}", p.name, text, std::isfinite(value) ? range(p) : "finite"));
}

[[noreturn]] void refuse(const AnyParameter& p, const std::string& text) {
  throw InputError(fmt::format("{}: \"{}\" is not {}", p.name, text, what(p)));
}

Value parse(const AnyParameter& p, const std::string& text) {
  if (std::holds_alternative<std::int64_t>(p.example)) {
    if (const auto n = number<std::int64_t>(text)) return *n;
  } else if (std::holds_alternative<double>(p.example)) {
    if (const auto x = number<double>(text)) return *x;
  } else if (std::holds_alternative<bool>(p.example)) {
    if (text == "true" || text == "false") return text == "true";
  } else if (std::holds_alternative<Widths>(p.example)) {
    Widths all;
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t end = std::min(text.find(',', begin), text.size());
      const auto n = number<std::int64_t>(text.substr(begin, end - begin));
      if (!n) refuse(p, text);
      all.push_back(*n);
      begin = end + 1;
    }
    return all;
  } else {
    return text;
  }
  refuse(p, text);
}

}  // namespace

std::string to_text(const Value& value) {
  struct Text {
    std::string operator()(std::monostate) const { return ""; }
    std::string operator()(std::int64_t n) const { return fmt::format("{}", n); }
    std::string operator()(double x) const { return fmt::format("{}", x); }
    std::string operator()(bool b) const { return b ? "true" : "false"; }
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(const Widths& all) const { return fmt::format("{}", fmt::join(all, ",")); }
  };
  return std::visit(Text(), value);
}

void check_value(const AnyParameter& p, const Value& value) {
  if (value.index() != p.example.index()) refuse(p, to_text(value));
  if (const auto* n = std::get_if<std::int64_t>(&value)) check_range(p, static_cast<double>(*n), to_text(value));
  if (const auto* x = std::get_if<double>(&value)) check_range(p, *x, to_text(value));
  if (const auto* all = std::get_if<Widths>(&value)) {
    if (all->empty()) refuse(p, "");
    for (const std::int64_t n : *all) check_range(p, static_cast<double>(n), to_text(value));
  }
  if (const auto* text = std::get_if<std::string>(&value); text && !p.choices.empty())
    position(p.name, *text, p.choices);
}

Value value_of(const AnyParameter& p, const std::string& text) {
  Value value = parse(p, text);
  check_value(p, value);
  return value;
}

Setting::Setting(Parameters parameters) : parameters_(std::move(parameters)) {
  for (const AnyParameter& p : *parameters_) values_[p.name] = p.has_default ? p.example : Value();
}

const Value& Setting::at(const std::string& name) const {
  const auto value = values_.find(name);
  if (value == values_.end()) throw std::logic_error(fmt::format("the study declares no parameter {}", name));
  return value->second;
}

void Setting::set(const std::string& name, Value value) {
  if (!values_.contains(name)) throw std::logic_error(fmt::format("the study declares no parameter {}", name));
  values_[name] = std::move(value);
}

std::string Setting::text() const {
  std::vector<std::string> all;
  for (const AnyParameter& p : *parameters_) all.push_back(fmt::format("{} = {}", p.name, to_text(at(p.name))));
  return fmt::format("{}", fmt::join(all, ", "));
}

std::string Setting::said() const {
  std::vector<std::string> all;
  for (const AnyParameter& p : *parameters_)
    if (!std::holds_alternative<std::monostate>(at(p.name)))
      all.push_back(fmt::format("{} = {}", p.name, to_text(at(p.name))));
  return fmt::format("{}", fmt::join(all, ", "));
}

std::string Setting::sizes() const {
  std::vector<std::string> all;
  for (const AnyParameter& p : *parameters_)
    if (p.scope != Scope::option && !std::holds_alternative<std::monostate>(at(p.name)))
      all.push_back(fmt::format("{} = {}", p.name, to_text(at(p.name))));
  return fmt::format("{}", fmt::join(all, ", "));
}

const Matrices& Setting::given() const {
  static const Matrices none;
  return given_ ? *given_ : none;
}

}  // namespace theoremeter
