#include "experiments/studies/landscape_report.hpp"

#include "results/align.hpp"
#include "theory/landscape_theorems.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

namespace theoremeter {
namespace {

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

/// How far apart the two halves of a search ended, in brackets; nothing where that is not known.
std::string agreement(const RayWitness& w) {
  if (std::isnan(w.agreement)) return "";
  return fmt::format("  (halves of the search agree to {} %)", rounded_up(100 * w.agreement));
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
  add(o.elsewhere, "elsewhere");
  add(o.not_converged, "not converged");
  if (all.empty()) all.emplace_back("none");
  return all;
}

/// The left side as a number, and the eps that the hypothesis asks for; rounded so that both stay true.
std::string hypothesis(const MeasuredLandscape& d, Problem problem, const Sizes& sizes) {
  const Comparison& c = d.comparison;
  const std::string eps =
      fmt::format("needs eps <= {}, found >= {}", rounded_up(c.epsilon_needed), rounded_down(largest(d.epsilon)));
  if (problem == Problem::amplitude_flow) return fmt::format("{}: {}", c.hypothesis, eps);
  const char* shallow = deep_enough(problem, depths(problem, sizes)) ? "" : "a network has one layer; ";
  return fmt::format("{} for any K1 >= 1: {}left side >= {} for K1 = 1; {}", c.hypothesis, shallow,
                     rounded_down(c.left_side), eps);
}

void add_theory(Facts& lines, const MeasuredLandscape& d, Problem problem, const Sizes& sizes) {
  if (d.epsilon.empty()) return;
  const LandscapeTheorem& theorem = landscape_theorem(problem);
  const bool part = problem == Problem::compressed_sensing && !holds(d.epsilon, "rric");
  lines.push_back({"epsilon", fmt::format(">= {}  ({}){}", rounded_down(largest(d.epsilon)), epsilons(d.epsilon),
                                          part ? "; the RRIC of A was not measured" : "")});
  if (theorem.K.empty())
    lines.push_back({"K", "none: [HJ] bounds no population error, only radii"});
  else if (!std::isnan(d.comparison.K))
    lines.push_back({"K = " + theorem.K, fmt::format("{}  of these two values", plain(d.comparison.K))});
  std::vector<std::string> K2;
  for (std::size_t i = 0; i < d.comparison.K2.size(); ++i)
    K2.push_back(fmt::format("{}: {}", d.landscape.implied.at(i).centre, plain(d.comparison.K2[i])));
  if (!K2.empty()) lines.push_back({"K2, of the radii", fmt::format("{}", fmt::join(K2, ", "))});
  if (problem == Problem::amplitude_flow)
    lines.push_back({"K2", "none: [AF]'s theorem is about a basin, eps |x0| wide"});
  if (d.comparison.hypothesis.empty()) return;
  lines.push_back({"theorem", fmt::format("{}: {}", theorem.source, theorem.hypothesis)});
  lines.push_back({"its hypothesis", hypothesis(d, problem, sizes)});
}

/// Of the solutions tried, when there were several; otherwise what one says.
std::string tried(const MeasuredLandscape& d, const std::vector<std::string>& solution) {
  const std::string name = fmt::format("{}", fmt::join(solution, ", "));
  if (d.solutions.size() < 2)
    return fmt::format("one {}: the theorem speaks of all, whose E is at least this one's", name);
  double error = INFINITY, descent = INFINITY;
  std::size_t lowest = 0;
  std::int64_t fewest = d.solutions[0].violations, most = fewest;
  for (std::size_t i = 0; i < d.solutions.size(); ++i) {
    const Solution& s = d.solutions[i];
    error = std::min(error, s.population_error.value);
    if (s.descent_at_zero.value < descent) descent = s.descent_at_zero.value, lowest = i;
    fewest = std::min(fewest, s.violations);
    most = std::max(most, s.violations);
  }
  return fmt::format(
      "{} tried, this is number {}: the largest E (the smallest is {}). Descent at 0 <= {} at number {}; violations {} "
      "to "
      "{}. The theorem speaks of all {}",
      d.solutions.size(), d.solution, plain(error), rounded_up(descent), lowest, fewest, most, name);
}

Facts facts(Problem problem, const Sizes& sizes, const MeasuredLandscape& d) {
  const Landscape& l = d.landscape;
  const std::vector<std::string> names = argument_names(problem);
  const bool bilinear = names.size() == 2;
  Facts lines;
  lines.push_back({"solutions", tried(d, solution_names(problem))});
  lines.push_back({"rho", fmt::format("{:.6g}", fmt::join(l.rho, ", "))});
  lines.push_back({"population error E", fmt::format(">= {}{}  at {}", rounded_down(l.population_error.value),
                                                     agreement(l.population_error), place(l.population_error, names))});
  lines.push_back({"implied neighbourhoods", l.merged
                                                 ? "merged: an error of this size excludes nothing"
                                                 : fmt::format("{}  proved, were E this value", radii(l.implied))});
  add_theory(lines, d, problem, sizes);
  lines.push_back({"excluded", radii(l.excluded) + (l.merged ? "  taken: those implied merge" : "")});
  lines.push_back(
      {"least gradient outside", l.worst_margin.value == INFINITY
                                     ? "nothing is outside"
                                     : fmt::format("<= {}{}  at {}", rounded_up(l.worst_margin.value),
                                                   agreement(l.worst_margin), place(l.worst_margin, names))});
  const double of_theorem = d.comparison.descent;
  lines.push_back({"descent at 0, least",
                   fmt::format("<= {}{}{}", rounded_up(l.descent_at_zero.value), agreement(l.descent_at_zero),
                               std::isnan(of_theorem)
                                   ? ""
                                   : fmt::format(", {} times the |x0|/(8 pi 2^d) of [HV]", rounded_up(of_theorem)))});
  lines.push_back({"violations", fmt::format("{}", violations(l))});
  lines.push_back({"descents", fmt::format("{}", fmt::join(outcomes(l.outcomes, bilinear), ", "))});
  return lines;
}

std::string descent_table(const Landscape& l) {
  if (l.stationary.empty()) return "";
  std::vector<Line> lines{{"end of descent", "near", "f, scaled", "to x0", "to -rho x0", "starts"}};
  for (const DescentEnd& e : l.stationary)
    lines.push_back({!e.checked ? "no descent found"
                     : e.kink   ? "stationary kink"
                                : "stationary point",
                     e.near.empty() ? "-" : e.near, plain(e.objective), plain(e.to_solution), plain(e.to_spurious),
                     fmt::format("{}", e.starts)});
  return align(lines);
}

std::string flat_sets_of_plane(const Census& c) {
  std::vector<Line> lines{{"flat set", "from, rad", "to, rad", "where", "f"}};
  for (const FlatSet& f : c.flat)
    lines.push_back({name(f.kind), plain(f.from), plain(f.to),
                     f.normal.isZero(0) ? "all x" : fmt::format("{}.x = 1", text_of(f.normal)), plain(f.objective)});
  return align(lines);
}

std::string flat_sets_of_space(const Census& c) {
  std::vector<Line> lines{{"flat set", "dimension", "with x", "f"}};
  for (const FlatSet& f : c.flat)
    lines.push_back(
        {name(f.kind), fmt::format("{}", f.dimension), text_of(coordinates(f.x, f.x3)), plain(f.objective)});
  return align(lines);
}

}  // namespace

std::string census_report(const Census& c) {
  std::vector<Line> lines{{"kind", "x", "f", "|x - x0|/|x0|", "|x + rho x0|/|x0|"}};
  for (const StationaryPoint& p : c.points)
    lines.push_back({name(p.kind), text_of(coordinates(p.x, p.x3)), plain(p.objective), plain(p.distance_x0),
                     plain(p.distance_minus_rho_x0)});
  lines.push_back({name(c.zero), "0", plain(c.objective_at_zero), "1", "-"});
  std::string text = fmt::format(
      "census: all stationary points, proved; {} cells{}\n{}", c.cells,
      c.integer_signs > 0 ? fmt::format(", {} signs closer than rounding, decided in integers", c.integer_signs) : "",
      align(lines));
  if (c.flat.empty()) return text;
  return text + (std::isnan(c.zero_witness3) ? flat_sets_of_plane(c) : flat_sets_of_space(c));
}

std::string report(Problem problem, const Sizes& sizes, const MeasuredLandscape& draw) {
  std::string text = fmt::format("lengths in units of {}, gradients scaled\n",
                                 problem == Problem::blind_demodulation ? "|h0||m0|" : "|x0|");
  for (const auto& [what, value] : facts(problem, sizes, draw)) text += fmt::format("{:<24}{}\n", what, value);
  return text + (draw.census ? census_report(*draw.census) : descent_table(draw.landscape));
}

}  // namespace theoremeter
