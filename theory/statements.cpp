#include "theory/statements.hpp"

#include "theory/statements/papers.hpp"
#include "theory/suggest.hpp"

#include <algorithm>
#include <cmath>

namespace theoremeter {

bool is_said(const At& at, const std::string& size) {
  if (size == "widths") return !at.widths.empty();
  if (size == "widths2") return !at.widths2.empty();
  const double value = size == "d"       ? at.d
                       : size == "s"     ? at.s
                       : size == "k"     ? at.k
                       : size == "m"     ? at.m
                       : size == "n"     ? at.n
                       : size == "p"     ? at.p
                       : size == "l"     ? at.l
                       : size == "alpha" ? at.alpha
                       : size == "eps"   ? at.eps
                       : size == "noise" ? at.noise
                                         : at.sigma;
  return !std::isnan(value);
}

const std::vector<Statement>& statements() {
  static const std::vector<Statement> all = [] {
    std::vector<Statement> all;
    for (const auto& paper : {hv_statements(), hlv_statements(), hlv20_statements(), af_statements(), hj_statements(),
                              drz_statements(), denoising_statements(), hhhv_statements(), spiked_statements(),
                              plugin_statements(), bora_statements(), floor_statements()})
      all.insert(all.end(), paper.begin(), paper.end());
    return all;
  }();
  return all;
}

const Statement& statement_named(const std::string& id) {
  std::vector<std::string> ids;
  for (const Statement& s : statements()) ids.push_back(s.id);
  return statements()[position("statement", id, ids)];
}

std::vector<std::string> measurable(const Statement& statement) {
  std::vector<std::string> names;
  for (const Constant& c : statement.constants) names.push_back(c.name);
  for (const std::string& condition : statement.concludes) names.push_back(condition);
  for (const Assumed& a : statement.assumes) names.push_back(a.condition);
  if (!statement.assumes.empty()) names.emplace_back("eps");
  return names;
}

std::string ratio_of(const std::string& condition) {
  if (condition == "wdc") return "n/k";
  if (condition == "phaseless") return "m/n";
  return condition == "rric" || condition == "rrcp" ? "m/k" : "";
}

double floor_of(const std::string& condition, double ratio) {
  if (ratio_of(condition).empty()) return 0;
  return (condition == "wdc" ? std::sqrt(2 / ratio) : 2 / std::sqrt(ratio)) + 1 / ratio;
}

double ratio_needed(const std::string& condition, double constant) {
  if (ratio_of(condition).empty()) return 0;
  // r = 1/sqrt(ratio) solves r^2 + b r = constant; without cancellation.
  const double b = condition == "wdc" ? std::sqrt(2.0) : 2.0;
  const double r = 2 * constant / (b + std::sqrt(b * b + 4 * constant));
  return 1 / (r * r);
}

bool deep_enough(const Statement& statement, const At& at) {
  const bool two =
      statement.epsilon && std::count(statement.epsilon->needs.begin(), statement.epsilon->needs.end(), "s");
  return !(at.d < statement.least_depth) && !(two && at.s < statement.least_depth);
}

std::optional<double> allowed(const Statement& statement, const std::string& measured, const At& at) {
  if (!statement.epsilon) return {};
  double factor = measured == "eps" ? 1 : 0;
  for (const Assumed& a : statement.assumes)
    if (a.condition == measured) factor = a.factor;
  const auto& needs = statement.epsilon->needs;
  if (factor == 0 || !std::all_of(needs.begin(), needs.end(), [&](const auto& size) { return is_said(at, size); }) ||
      !deep_enough(statement, at))
    return {};
  return factor * statement.epsilon->value(at);
}

Verdict decide(double allowed, bool strict, std::optional<double> at_least, std::optional<double> at_most) {
  const auto fits = [&](double constant) { return strict ? constant < allowed : constant <= allowed; };
  if (at_most && fits(*at_most)) return Verdict::holds;
  return at_least && !fits(*at_least) ? Verdict::refuted : Verdict::undecided;
}

}  // namespace theoremeter
