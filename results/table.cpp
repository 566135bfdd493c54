#include "results/table.hpp"

#include "results/columns.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <set>
#include <vector>

namespace theoremeter {
namespace {

using Draws = std::vector<const Measurement*>;

/// Four decimals, rounded down or up.
std::string down(double value) { return fmt::format("{:.4f}", std::floor(value * 1e4) / 1e4); }
std::string up(double value) { return fmt::format("{:.4f}", std::ceil(value * 1e4) / 1e4); }
std::string plain(double value) { return fmt::format("{:.4f}", value); }
std::string percent(double ratio) { return fmt::format("{:.1f}", 100 * ratio); }

/// "a .. b", or "a" when both read the same, or "-" when no draw has the value (NaN).
template <class Value, class Format>
std::string range(const Draws& draws, const Value& value, const Format& format, const char* sign = "",
                  const char* unit = "") {
  std::vector<double> values;
  for (const Measurement* m : draws)
    if (const double v = value(*m); !std::isnan(v)) values.push_back(v);
  if (values.empty()) return "-";
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const std::string a = format(*least), b = format(*most);
  return fmt::format("{}{}{}{}", sign, a, a == b ? "" : " .. " + b, unit);
}

double sampled(const Measurement& m) {
  if (!m.sampled) return NAN;
  return m.sampled->diagonal ? std::max(m.sampled->witness.value, m.sampled->diagonal->value)
                             : m.sampled->witness.value;
}
double at_least(const Measurement& m) { return m.witness.value; }
double alpha(const Measurement& m) { return m.alpha; }
double at_most(const Measurement& m) { return m.certified ? m.certified->at_most : NAN; }

/// "exact", or "bracket, at least" when draws differ.
std::string kinds(const Draws& draws) {
  std::set<Kind, std::greater<>> all;
  for (const Measurement* m : draws) all.insert(kind(*m));
  Line names;
  std::transform(all.begin(), all.end(), std::back_inserter(names), [](Kind k) { return to_string(k); });
  return fmt::format("{}", fmt::join(names, ", "));
}

/// Is any constant measured about a multiple alpha other than 1?
bool has_alpha(const Results& r) {
  const auto other = [](const std::optional<Measurement>& m) { return m && m->alpha != 1; };
  return std::any_of(r.points.begin(), r.points.end(),
                     [&](const Record& point) { return std::any_of(point.draws.begin(), point.draws.end(), other); });
}

Line evidence(const Results& r, const Draws& draws) {
  Line line{"-", "-", "-", "not measured", "-", "-"};
  if (!draws.empty())
    line = {range(draws, sampled, down, ">= "),
            range(draws, at_least, down, ">= "),
            range(draws, at_most, up, "<= "),
            kinds(draws),
            range(draws, relative_gap, percent, "", " %"),
            range(
                draws, [](const Measurement& m) { return sampled(m) / at_least(m); }, percent, "", " %")};
  if (has_alpha(r)) {
    line.push_back(range(draws, alpha, plain));
    line.push_back(range(
        draws, [](const Measurement& m) { return at_least(m) / m.alpha; }, down, ">= "));
  }
  if (r.factor != 1)
    line.push_back(range(
        draws, [&](const Measurement& m) { return at_least(m) / r.factor; }, down, ">= "));
  return line;
}

Line heading(const Results& r, Detail detail) {
  Line line;
  for (const Symbol& size : r.sizes) line.push_back(size.name);
  line.emplace_back(detail == Detail::draws ? "draw" : "draws");
  for (const char* column : {"sampled", "at least", "at most", "kind", "gap", "sampled/at least"})
    line.emplace_back(column);
  if (has_alpha(r))
    for (const char* column : {"alpha", "at least/alpha"}) line.emplace_back(column);
  if (r.factor != 1) line.push_back(fmt::format("at least/{}", r.factor));
  return line;
}

std::vector<Line> point_lines(const Results& r, const Record& point, Detail detail) {
  Line sizes;
  for (const Symbol& size : r.sizes) sizes.push_back(to_text(point.sizes.at(size.name)));
  const auto line = [&](const std::string& draw, const Draws& draws) {
    Line cells = sizes;
    cells.push_back(draw);
    for (std::string& cell : evidence(r, draws)) cells.push_back(std::move(cell));
    return cells;
  };
  Draws measured;
  std::vector<Line> lines;
  for (std::size_t d = 0; d < point.draws.size(); ++d) {
    const Draws one = point.draws[d] ? Draws{&*point.draws[d]} : Draws{};
    measured.insert(measured.end(), one.begin(), one.end());
    if (detail == Detail::draws) lines.push_back(line(fmt::format("{}", d), one));
  }
  if (detail == Detail::points) lines.push_back(line(fmt::format("{}", measured.size()), measured));
  return lines;
}

/// What was measured, on what.
std::string title(const Results& r) {
  if (!r.weights_spec.empty()) return fmt::format("{} constant of {}, seed {}\n", r.condition, r.weights_spec, r.seed);
  const std::string measured = r.measurements.empty() ? "" : fmt::format(", A {}", r.measurements);
  return fmt::format("{} constant, {} ensemble{}, seed {}\n", r.condition, r.ensemble, measured, r.seed);
}

/// Does this hold of any draw measured?
template <class Predicate>
bool any(const Results& r, const Predicate& holds) {
  for (const Record& point : r.points)
    for (const auto& m : point.draws)
      if (m && holds(*m)) return true;
  return false;
}

/// Lines for what occurs.
std::string legend(const Results& r) {
  const bool proved = any(r, [](const Measurement&m) { return m.certified.has_value(); }),
             exact = any(r, [](const Measurement&m) { return kind(m) == Kind::exact; }),
             sampled = any(r, [](const Measurement&m) { return m.sampled.has_value(); });
  std::string text = ">= (at least): attained at a stored point.";
  if (proved) text += "  <= (at most): proved by exhaustion.";
  text += '\n';
  if (exact) text += fmt::format("exact: both agree to the relative gap asked for, {} %.  ", 100 * r.gap);
  if (proved) text += "gap: (at most - at least) / at least.\n";
  if (sampled) text += "sampled/at least: how much of what was found sampling alone would have shown.";
  if (r.points[0].draws.size() > 1) text += fmt::format("{}a .. b: range over draws.", sampled ? "  " : "");
  if (text.back() != '\n') text += '\n';
  if (has_alpha(r))
    text += r.condition == "joint-wdc"
                ? "at least/alpha: the constant of B and C over roots of alpha's two factors, about Q itself.\n"
                : "at least/alpha: the constant of W/sqrt(alpha), about Q itself.\n";
  if (r.factor != 1)
    text += fmt::format("at least/{0}: the paper's epsilon, as its inequality reads {0} epsilon.\n", r.factor);
  return text;
}

}  // namespace

std::string table(const Results& results, Detail detail) {
  std::vector<Line> lines{heading(results, detail)};
  for (const Record& point : results.points)
    for (Line& line : point_lines(results, point, detail)) lines.push_back(std::move(line));
  return title(results) + align(lines) + legend(results);
}

}  // namespace theoremeter
