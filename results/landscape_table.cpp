#include "results/landscape_table.hpp"

#include "results/columns.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

namespace theoremeter {
namespace {

using Draws = std::vector<const MeasuredLandscape*>;

struct Fact {
  std::string what, value;
};
using Facts = std::vector<Fact>;

std::string plain(double value) { return std::isnan(value) ? "-" : fmt::format("{:.4g}", value); }

/// "(0.6, -0.8)" of the first few coordinates.
std::string text_of(const Eigen::VectorXd& x) {
  constexpr Eigen::Index shown = 4;
  const Eigen::VectorXd first = x.head(std::min(x.size(), shown));
  return fmt::format("({:.4g}{})", fmt::join(first.begin(), first.end(), ", "), x.size() > shown ? ", ..." : "");
}

std::string place(const RayWitness& w, const std::vector<std::string>& names) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < w.direction.size(); ++i)
    parts.push_back(fmt::format("{} {}", names[i], text_of(w.direction[i])));
  const std::string r = w.where == RayEnd::origin     ? ", r -> 0"
                        : w.where == RayEnd::infinity ? ", r -> infinity"
                                                      : fmt::format(", r = {:.4g}", w.r);
  return fmt::format("{}{}", fmt::join(parts, ", "), r);
}

std::string radii(const std::vector<Neighbourhood>& around) {
  std::vector<std::string> all;
  for (const Neighbourhood& n : around)
    if (n.centre != "0" || n.radius > 0) all.push_back(fmt::format("{}: {}", n.centre, rounded_up(n.radius)));
  return fmt::format("{}", fmt::join(all, ", "));
}

std::string epsilons(const std::vector<Epsilon>& epsilon) {
  std::vector<std::string> all;
  for (const Epsilon& e : epsilon)
    all.push_back(fmt::format("{}{}{} {}", e.condition, e.matrix.empty() ? "" : " ", e.matrix, rounded_down(e.value)));
  return fmt::format("{}", fmt::join(all, ", "));
}

std::string hypothesis(const MeasuredLandscape& d, Problem problem) {
  const bool bilinear = problem == Problem::blind_demodulation;
  const char* what =
      bilinear ? "d, s >= 2 and K1 (d^7 s^2 + d^2 s^7) eps^(1/4)/alpha < 1" : "d >= 2 and K1 d^8 eps^(1/4) <= 1";
  return fmt::format("{} for any K1 >= 1: {}{}", d.comparison.hypothesis, what,
                     problem == Problem::compressed_sensing ? "; A's isometry was not measured" : "");
}

/// "3 found: 2 stationary point (census), 1 D_p f(0) >= 0"
std::string violations(const Landscape& l) {
  std::map<std::string, std::int64_t> count;
  for (const Violation& v : l.violations) ++count[v.reason];
  std::vector<std::string> all;
  for (const auto& [reason, n] : count)
    all.push_back(fmt::format("{}{} {}", n < static_cast<std::int64_t>(max_listed) ? "" : ">= ", n, reason));
  return fmt::format("{} found{}{}", l.violation_count, all.empty() ? "" : ": ", fmt::join(all, ", "));
}

std::vector<std::string> outcomes(const Outcomes& o, bool bilinear) {
  std::vector<std::string> all;
  const auto add = [&](std::int64_t count, const char* where) {
    if (count > 0) all.push_back(fmt::format("{} {}", count, where));
  };
  add(o.solution, "near the solution");
  add(o.spurious, bilinear ? "near one of the other three" : "near -rho x0");
  add(o.zero, "near 0");
  add(o.elsewhere, "at a stationary point elsewhere");
  add(o.not_converged, "not converged");
  if (all.empty()) all.emplace_back("none");
  return all;
}

void add_theory(Facts& lines, const MeasuredLandscape& d, Problem problem) {
  if (d.epsilon.empty()) return;
  lines.push_back({"epsilon", fmt::format(">= {}  ({}){}", rounded_down(largest(d.epsilon)), epsilons(d.epsilon),
                                          problem == Problem::compressed_sensing ? ", of the WDC only" : "")});
  if (!std::isnan(d.comparison.K))
    lines.push_back({"K = E/(d^3 sqrt(eps))", fmt::format("{}  of these two values", plain(d.comparison.K))});
  std::vector<std::string> K2;
  for (std::size_t i = 0; i < d.comparison.K2.size(); ++i)
    K2.push_back(fmt::format("{}: {}", d.landscape.implied.at(i).centre, plain(d.comparison.K2[i])));
  if (!K2.empty()) lines.push_back({"K2, of the radii", fmt::format("{}", fmt::join(K2, ", "))});
  if (!d.comparison.hypothesis.empty()) lines.push_back({"theorem's hypothesis", hypothesis(d, problem)});
}

Facts facts(const LandscapeResults& r, const MeasuredLandscape& d) {
  const Landscape& l = d.landscape;
  const std::vector<std::string> names = argument_names(r.problem);
  const bool bilinear = names.size() == 2;
  Facts lines;
  lines.push_back({"rho", fmt::format("{:.6g}", fmt::join(l.rho, ", "))});
  lines.push_back({"population error E", fmt::format(">= {}  at {}", rounded_down(l.population_error.value),
                                                     place(l.population_error, names))});
  lines.push_back({"implied neighbourhoods", l.merged
                                                 ? "merged: an error of this size excludes nothing"
                                                 : fmt::format("{}  proved, were E this value", radii(l.implied))});
  add_theory(lines, d, r.problem);
  lines.push_back({"excluded", radii(l.excluded) + (l.merged ? "  taken: those implied merge" : "")});
  lines.push_back({"least gradient outside",
                   l.worst_margin.value == INFINITY
                       ? "nothing is outside"
                       : fmt::format("<= {}  at {}", rounded_up(l.worst_margin.value), place(l.worst_margin, names))});
  lines.push_back({"descent at 0, least", fmt::format("<= {}", rounded_up(l.descent_at_zero.value))});
  lines.push_back({"violations", fmt::format("{}", violations(l))});
  lines.push_back({"descents", fmt::format("{}", fmt::join(outcomes(l.outcomes, bilinear), ", "))});
  return lines;
}

std::string census_table(const Census& c) {
  std::vector<Line> lines{{"kind", "x", "f", "|x - x0|/|x0|", "|x + rho x0|/|x0|"}};
  for (const StationaryPoint& p : c.points)
    lines.push_back(
        {name(p.kind), text_of(p.x), plain(p.objective), plain(p.distance_x0), plain(p.distance_minus_rho_x0)});
  lines.push_back({name(c.zero), "0", plain(c.objective_at_zero), "1", "-"});
  std::string text = fmt::format(
      "census: all stationary points, proved; {} cells{}\n{}", c.cells,
      c.integer_signs > 0 ? fmt::format(", {} signs closer than rounding, decided in integers", c.integer_signs) : "",
      align(lines));
  if (c.flat.empty()) return text;
  lines = {{"flat set", "from, rad", "to, rad", "where", "f"}};
  for (const FlatSet& f : c.flat)
    lines.push_back({name(f.kind), plain(f.from), plain(f.to),
                     f.normal.isZero(0) ? "all x" : fmt::format("{}.x = 1", text_of(f.normal)), plain(f.objective)});
  return text + align(lines);
}

std::string descent_table(const Landscape& l) {
  if (l.stationary.empty()) return "";
  std::vector<Line> lines{{"descent found", "near", "f, scaled", "to x0", "to -rho x0", "starts"}};
  for (const DescentEnd& e : l.stationary)
    lines.push_back({e.kink ? "stationary kink" : "stationary point", e.near.empty() ? "-" : e.near, plain(e.objective),
                     plain(e.to_solution), plain(e.to_spurious), fmt::format("{}", e.starts)});
  return align(lines);
}

// --- Several draws --------------------------------------------------------------------------------------------------

/// "a .. b" over the draws, or "a" when both read the same.
template <class Value, class Format>
std::string range(const Draws& draws, const Value& value, const Format& format, const char* sign = "") {
  std::vector<double> values;
  for (const MeasuredLandscape* d : draws)
    if (const double v = value(*d); !std::isnan(v)) values.push_back(v);
  if (values.empty()) return "-";
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const std::string a = format(*least), b = format(*most);
  return fmt::format("{}{}{}", sign, a, a == b ? "" : " .. " + b);
}

/// Of x0 or (h0, m0), and of -rho x0 or (-rho h0, m0), which there is none of where rho = 0.
double radius(const MeasuredLandscape& d, const char* one, const char* other) {
  for (const Neighbourhood& n : d.landscape.implied)
    if (n.centre == one || n.centre == other) return n.radius;
  return NAN;
}

Line evidence(const Draws& draws) {
  if (draws.empty()) return {"not measured", "-", "-", "-", "-", "-", "-", "-", "-", "-"};
  const auto real = [](auto member) { return [member](const MeasuredLandscape& d) { return double(member(d)); }; };
  std::int64_t near = 0, elsewhere = 0;
  bool exact = true;
  for (const MeasuredLandscape* d : draws) {
    near += d->spurious.near > 0;
    elsewhere += d->spurious.elsewhere > 0;
    exact = exact && d->census;
  }
  const char* sign = exact ? "" : ">= ";
  return {range(draws, real([](auto& d) { return d.landscape.population_error.value; }), rounded_down, ">= "),
          range(draws, real([](auto& d) { return radius(d, "x0", "(h0, m0)"); }), rounded_up),
          range(draws, real([](auto& d) { return radius(d, "-rho x0", "(-rho h0, m0)"); }), rounded_up),
          range(draws, real([](auto& d) { return d.epsilon.empty() ? NAN : largest(d.epsilon); }), rounded_down, ">= "),
          range(draws, real([](auto& d) { return d.comparison.K; }), plain),
          range(draws, real([](auto& d) { return d.landscape.worst_margin.value; }), rounded_up, "<= "),
          range(draws, real([](auto& d) { return d.landscape.descent_at_zero.value; }), rounded_up, "<= "),
          range(draws, real([](auto& d) { return d.landscape.violation_count; }), plain),
          fmt::format("{}{}", sign, near),
          fmt::format("{}{}", sign, elsewhere)};
}

Line heading(const LandscapeResults& r, Detail detail) {
  Line line;
  for (const Symbol& size : r.sizes) line.push_back(size.name);
  const bool bilinear = r.problem == Problem::blind_demodulation;
  line.emplace_back(detail == Detail::draws ? "draw" : "draws");
  for (const char* column :
       {"E", bilinear ? "radius (h0,m0)" : "radius x0", bilinear ? "radius (-rho h0,m0)" : "radius -rho x0", "epsilon",
        "K", "least gradient", "descent at 0", "violations", "spurious near", "elsewhere"})
    line.emplace_back(column);
  return line;
}

std::vector<Line> point_lines(const LandscapeResults& r, const LandscapeRecord& point, Detail detail) {
  Line sizes;
  for (const Symbol& size : r.sizes) sizes.push_back(to_text(point.sizes.at(size.name)));
  const auto line = [&](const std::string& draw, const Draws& draws) {
    Line all = sizes;
    all.push_back(draw);
    for (std::string& cell : evidence(draws)) all.push_back(std::move(cell));
    return all;
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

/// How many draws have a spurious minimum, and how that is known.
std::string summary(const LandscapeResults& r) {
  std::int64_t measured = 0, near = 0, elsewhere = 0, proved = 0;
  for (const LandscapeRecord& point : r.points)
    for (const auto& draw : point.draws) {
      if (!draw) continue;
      ++measured;
      near += draw->spurious.near > 0;
      elsewhere += draw->spurious.elsewhere > 0;
      proved += draw->census.has_value();
    }
  return fmt::format("draws with a spurious minimum near {}: {} of {}; elsewhere: {}{}\n",
                     r.problem == Problem::blind_demodulation ? "one of the other three" : "-rho x0", near, measured,
                     elsewhere,
                     measured > 0 && proved == measured ? "  (census: exact)" : "  (found by descent: at least)");
}

constexpr const char* legend =
    "E >= : population error, attained.  radius: implied, proved were E this value; inf: merged.\n"
    "epsilon >= : attained at stored points.  K = E/(d^3 sqrt(epsilon)) of these values.\n"
    "least gradient <= : attained outside the neighbourhoods.  descent at 0 <= : attained.\n";

}  // namespace

std::string title(const LandscapeResults& r) {
  std::vector<std::string> parts;
  if (!r.weights_spec.empty()) parts.push_back("of " + r.weights_spec);
  if (!r.ensemble.empty()) parts.push_back(r.ensemble + " ensemble");
  if (!r.measurements.empty()) parts.push_back("A " + r.measurements);
  if (r.noise > 0) parts.push_back(fmt::format("noise {}", r.noise));
  parts.push_back(fmt::format("seed {}", r.seed));
  return fmt::format("{} landscape, {}\n{}", name(r.problem), fmt::join(parts, ", "), to_text(r.sources, r.matrices));
}

std::string report(const LandscapeResults& r, const LandscapeRecord& point, const MeasuredLandscape& draw) {
  std::vector<std::string> sizes;
  for (const Symbol& size : r.sizes)
    sizes.push_back(fmt::format("{} = {}", size.name, to_text(point.sizes.at(size.name))));
  std::string text = fmt::format("{}{}; lengths in units of {}, gradients scaled\n", title(r), fmt::join(sizes, ", "),
                                 r.problem == Problem::blind_demodulation ? "|h0||m0|" : "|x0|");
  for (const auto& [what, value] : facts(r, draw)) text += fmt::format("{:<24}{}\n", what, value);
  text += draw.census ? census_table(*draw.census) : descent_table(draw.landscape);
  return text + ">= : attained, at least.  <= : attained, at most.\n";
}

std::string table(const LandscapeResults& results, Detail detail) {
  std::vector<Line> lines{heading(results, detail)};
  for (const LandscapeRecord& point : results.points)
    for (Line& line : point_lines(results, point, detail)) lines.push_back(std::move(line));
  return title(results) + align(lines) + summary(results) + legend;
}

}  // namespace theoremeter
