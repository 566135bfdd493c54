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

std::string legend(const Results& r) {
  return fmt::format(
      ">= (at least): attained at a stored point.  <= (at most): proved by exhaustion.\n"
      "exact: both agree to the relative gap asked for, {} %.  gap: (at most - at least) / at least.\n"
      "sampled/at least: how much of what was found sampling alone would have shown.{}\n{}{}",
      100 * r.gap, r.points[0].draws.size() > 1 ? "  a .. b: range over draws." : "",
      has_alpha(r) ? "at least/alpha: the constant of W/sqrt(alpha), about Q itself.\n" : "",
      r.factor == 1
          ? ""
          : fmt::format("at least/{0}: the paper's epsilon, as its inequality reads {0} epsilon.\n", r.factor));
}

/// What a fitted alpha means, as a sentence or two.
std::string fit_text(const Measurement& m) {
  const double at_least = m.fit->at_least, found = m.witness.value / m.alpha;
  const std::string of = "the least eps/alpha over all alpha, ";
  switch (below_half(m)) {
    case BelowHalf::no:
      return fmt::format(
          "no alpha gives eps/alpha below {}, and every matrix reaches 1/2 as alpha grows: no useful constant here.\n"
          "  alpha = {:.4g} is about the least that gives 1/2",
          at_least > 0.5 - 1e-9 ? "1/2" : rounded_down(at_least), m.alpha);
    case BelowHalf::proved:
      return fmt::format("{}at least {}, at most {}: both proved", of, rounded_down(at_least),
                         rounded_up(m.certified->at_most / m.alpha));
    case BelowHalf::searched:
      return fmt::format("{}at least {}; a search at this alpha found {}, below 1/2", of, rounded_down(at_least),
                         rounded_down(found));
    default:
      return fmt::format(
          "{}at least {}; not known whether any alpha gives less than 1/2, as every matrix has when "
          "alpha grows",
          of, rounded_down(at_least));
  }
}

/// A line or two for each fitted alpha, of up to a few draws.
std::string fits(const Results& r) {
  std::vector<std::string> lines;
  for (const Record& point : r.points)
    for (std::size_t d = 0; d < point.draws.size(); ++d)
      if (const auto& m = point.draws[d]; m && m->fit) {
        std::string of;
        if (r.points.size() > 1)
          of = fmt::format(", {} = {}", r.sizes.back().name, to_text(point.sizes.at(r.sizes.back().name)));
        if (point.draws.size() > 1) of += fmt::format(", draw {}", d);
        lines.push_back(fmt::format("alpha fitted{}: {}.\n", of, fit_text(*m)));
      }
  constexpr std::size_t most = 20;
  return lines.size() <= most ? fmt::format("{}", fmt::join(lines, "")) : "";
}

}  // namespace

std::string table(const Results& results, Detail detail) {
  std::vector<Line> lines{heading(results, detail)};
  for (const Record& point : results.points)
    for (Line& line : point_lines(results, point, detail)) lines.push_back(std::move(line));
  return title(results) + align(lines) + legend(results) + fits(results);
}

}  // namespace theoremeter
