#include "experiments/sweep.hpp"

#include "theory/error.hpp"

#include <fmt/format.h>
#include <muParser.h>

#include <algorithm>
#include <cmath>

namespace theoremeter {
namespace {

constexpr std::size_t most_points = 1'000'000;

bool is_whole(const AnyParameter& p) { return std::holds_alternative<std::int64_t>(p.example); }

std::string over(const AnyParameter& a, const AnyParameter& b) { return a.name + "_over_" + b.name; }

bool is_ratio(const AnyParameter& a, const AnyParameter& b) {
  return is_whole(a) && is_whole(b) && a.scope == Scope::size && b.scope == Scope::size && a.name != b.name;
}

/// A node as a value of the parameter; a text where a number is due is left to be an expression.
Value value_of(const AnyParameter& p, const toml::node& node) {
  if (std::holds_alternative<Widths>(p.example)) {
    Widths all;
    if (const toml::array* list = node.as_array())
      for (const toml::node& item : *list) {
        if (!item.is_integer()) throw InputError(fmt::format("{}: must be whole numbers, as [3, 40, 200]", p.name));
        all.push_back(*item.value<std::int64_t>());
      }
    if (all.empty()) throw InputError(fmt::format("{}: must be a list of whole numbers, as [3, 40, 200]", p.name));
    return all;
  }
  if (node.is_integer() && is_whole(p)) return *node.value<std::int64_t>();
  if (node.is_number() && std::holds_alternative<double>(p.example)) return *node.value<double>();
  if (node.is_boolean() && std::holds_alternative<bool>(p.example)) return *node.value<bool>();
  if (std::holds_alternative<std::string>(p.example)) {
    if (node.is_string()) return *node.value<std::string>();
    if (node.is_number() && p.choices.empty()) return fmt::format("{}", *node.value<double>());  // alpha = 0.5
  }
  static const std::vector<std::string> kinds{"", "a whole number", "a number", "true or false", "text", ""};
  throw InputError(fmt::format("{}: must be {}, or a list of such", p.name, kinds[p.example.index()]));
}

double natural_log(double x) { return std::log(x); }
double up(double x) { return std::ceil(x); }
double down(double x) { return std::floor(x); }
double nearest_whole(double x) { return std::round(x); }

/// The number that an expression of the setting's numbers has.
double number_of(const AnyParameter& of, const std::string& expression, const Setting& at) {
  mu::Parser parser;
  parser.DefineFun("log", natural_log);
  parser.DefineFun("ceil", up);
  parser.DefineFun("floor", down);
  parser.DefineFun("round", nearest_whole);
  for (const AnyParameter& p : *at.parameters()) {
    if (const auto* n = std::get_if<std::int64_t>(&at.at(p.name))) parser.DefineConst(p.name, static_cast<double>(*n));
    if (const auto* x = std::get_if<double>(&at.at(p.name))) parser.DefineConst(p.name, *x);
  }
  try {
    parser.SetExpr(expression);
    return parser.Eval();
  } catch (const mu::Parser::exception_type& error) {
    std::string what = error.GetMsg();
    std::replace(what.begin(), what.end(), '\n', ' ');
    const std::string& token = error.GetToken();
    if (at.has(token)) throw InputError(fmt::format("{} = \"{}\": {} has no value yet", of.name, expression, token));
    throw InputError(fmt::format("{}: \"{}\" is neither a number nor an expression: {}", of.name, expression, what));
  }
}

}  // namespace

std::string where(const std::string& path, const toml::node& node) {
  return fmt::format("{}:{}", path, node.source().begin.line);
}

std::vector<std::string> Sweep::keys(const std::vector<AnyParameter>& parameters) {
  std::vector<std::string> all;
  for (const AnyParameter& p : parameters)
    if (p.scope != Scope::label) all.push_back(p.name);
  for (const AnyParameter& a : parameters)
    for (const AnyParameter& b : parameters)
      if (is_ratio(a, b)) all.push_back(over(a, b));
  return all;
}

Sweep::Axis Sweep::axis(const AnyParameter& p, const toml::node& node) const {
  Axis axis{&p, &node, {}};
  const auto add = [&](const toml::node& item) {
    if (item.is_string() && (is_whole(p) || std::holds_alternative<double>(p.example)))
      return axis.candidates.push_back({{}, *item.value<std::string>()});
    axis.candidates.push_back({value_of(p, item), ""});
    check_value(p, axis.candidates.back().value);
  };
  const toml::array* list = node.as_array();
  const bool one = !list || (std::holds_alternative<Widths>(p.example) && !list->empty() && !list->front().is_array());
  if (one)
    add(node);
  else
    for (const toml::node& item : *list) add(item);
  if (axis.candidates.empty()) throw InputError(fmt::format("{} is an empty list", p.name));
  return axis;
}

Sweep::Sweep(const std::string& path, const toml::table& table, const std::vector<AnyParameter>& parameters)
    : path_(path) {
  for (const AnyParameter& p : parameters)
    if (const toml::node* node = table.get(p.name); node && p.scope != Scope::label) {
      told_with(path, *node, [&] { axes_.push_back(axis(p, *node)); });
      said_.insert(p.name);
    }
  for (const AnyParameter& a : parameters)
    for (const AnyParameter& b : parameters) {
      const toml::node* node = is_ratio(a, b) ? table.get(over(a, b)) : nullptr;
      if (!node) continue;
      told_with(path, *node, [&] {
        if (!said_.insert(a.name).second) throw InputError(fmt::format("{} goes without {}", over(a, b), a.name));
        AnyParameter ratio{.name = over(a, b), .meaning = "", .example = 1.0, .least = 0, .strict = true};
        Axis ratios = axis(ratio, *node);
        for (Candidate& c : ratios.candidates)
          c = {{}, fmt::format("({})*{}", c.expression.empty() ? to_text(c.value) : c.expression, b.name), true};
        ratios.parameter = &a;
        axes_.push_back(std::move(ratios));
      });
    }
  std::stable_partition(axes_.begin(), axes_.end(), [](const Axis& x) {
    return std::all_of(x.candidates.begin(), x.candidates.end(),
                       [](const Candidate& c) { return c.expression.empty(); });
  });
}

Value Sweep::evaluate(const Axis& axis, const Candidate& candidate, const Setting& at) const {
  if (candidate.expression.empty()) return candidate.value;
  Value value;
  told_with(path_, *axis.node, [&] {
    const AnyParameter& p = *axis.parameter;
    const double x = number_of(p, candidate.expression, at);
    value = x;
    if (!is_whole(p)) return check_value(p, value);
    if (!(std::abs(x) < 0x1p53))
      throw InputError(fmt::format("{} = \"{}\" is {}", p.name, candidate.expression,
                                   std::isnan(x) ? "not a number" : "no whole number below 2^53"));
    if (!candidate.rounded && x != std::round(x))
      throw InputError(fmt::format("{} = \"{}\" is {}, no whole number: write ceil(...), floor(...) or round(...)",
                                   p.name, candidate.expression, x));
    value = static_cast<std::int64_t>(std::llround(x));
    check_value(p, value);
  });
  return value;
}

std::vector<Setting> Sweep::combinations(const Setting& from) const {
  std::vector<Setting> all{from};
  for (const Axis& axis : axes_) all.front().set(axis.parameter->name, Value());  // not yet there for expressions
  for (const Axis& axis : axes_) {
    if (all.size() > most_points / axis.candidates.size())
      throw InputError(fmt::format("{}: a sweep of more than {} points", where(path_, *axis.node), most_points));
    std::vector<Setting> longer;
    longer.reserve(all.size() * axis.candidates.size());
    for (const Setting& at : all)
      for (const Candidate& candidate : axis.candidates) {
        longer.push_back(at);
        longer.back().set(axis.parameter->name, evaluate(axis, candidate, at));
      }
    all = std::move(longer);
  }
  return all;
}

}  // namespace theoremeter
