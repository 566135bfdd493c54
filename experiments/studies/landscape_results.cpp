#include "experiments/studies/landscape_results.hpp"

#include "theory/landscape_theorems.hpp"
#include "theory/rho.hpp"

#include <algorithm>
#include <cmath>

namespace theoremeter {
namespace {

constexpr double as_good = 2e-9;           // times f(0): objectives this near are those of solutions
constexpr double next_to_solution = 0.05;  // noise moves the minimum next to x0

double alpha_of(const std::vector<Epsilon>& epsilon) {
  for (const Epsilon& e : epsilon)
    if (e.condition == "joint-wdc") return e.alpha;
  return 1;
}

}  // namespace

std::vector<std::string> argument_names(Problem problem) {
  if (problem == Problem::blind_demodulation) return {"h", "m"};
  return {"x"};
}

std::vector<std::string> solution_names(Problem problem) {
  if (problem == Problem::blind_demodulation) return {"h0", "m0"};
  return {"x0"};
}

std::vector<int> depths(Problem problem, const Sizes& sizes) {
  const auto layers = [&](const char* name) { return static_cast<int>(sizes.at(name).size()) - 1; };
  if (problem == Problem::amplitude_flow) return {0};
  if (problem == Problem::blind_demodulation) return {layers("widths"), layers("widths2")};
  return {layers("widths")};
}

double objective_scale(Problem problem, const Sizes& sizes) {
  return problem == Problem::blind_demodulation ? 1 : std::ldexp(1, depths(problem, sizes)[0]);
}

bool holds(const std::vector<Epsilon>& epsilon, const std::string& condition) {
  return std::any_of(epsilon.begin(), epsilon.end(), [&](const Epsilon& e) { return e.condition == condition; });
}

double largest(const std::vector<Epsilon>& epsilon) {
  double most = 0;
  for (const Epsilon& e : epsilon) most = std::max(most, e.value);
  return most;
}

Comparison compare(Problem problem, const Sizes& sizes, const Landscape& landscape,
                   const std::vector<Epsilon>& epsilon) {
  Comparison c;
  const std::vector<int> layers = depths(problem, sizes);
  const double eps = largest(epsilon), alpha = alpha_of(epsilon);
  if (const double at_zero = landscape_theorem(problem).at_zero; at_zero > 0)
    c.descent = landscape.descent_at_zero.value / at_zero;
  if (!(eps > 0)) return c;
  c.K = error_constant(problem, layers, landscape.population_error.value, eps).value_or(NAN);
  c.left_side = hypothesis_left_side(problem, layers, eps, alpha);
  c.epsilon_needed = epsilon_needed(problem, layers, alpha);
  const bool deep = deep_enough(problem, layers);
  if (deep)
    for (const double radius : theorem_radii(problem, layers, eps, alpha))
      c.K2.push_back(landscape.implied.at(c.K2.size()).radius / radius);
  const bool whole = problem != Problem::compressed_sensing || holds(epsilon, "rric");
  c.hypothesis = !deep || c.left_side > 1 ? "cannot hold" : whole ? "not excluded" : "not decided";
  return c;
}

double lemma_constant(const LemmaValue& lemma, int d, const std::vector<Epsilon>& epsilon) {
  constexpr double stored_over = 31, in_2018 = 7;  // the RRCP's factors
  double layers = NAN, A = NAN;
  for (const Epsilon& e : epsilon) {
    if (e.condition == "rrcp") A = e.value * stored_over / in_2018;
    if (e.condition == "wdc" && (lemma.lemma != "angles" || e.matrix == lemma.matrix))
      layers = std::fmax(layers, e.value);
  }
  const double power = lemma.lemma == "angles"         ? std::sqrt(layers)
                       : lemma.lemma == "measurements" ? A * std::pow(1 + 2 * layers, d)
                                                       : std::pow(d, 3) * std::sqrt(layers);
  return power > 0 ? lemma.value / power : NAN;
}

SpuriousMinima spurious_minima(Problem problem, const Sizes& sizes, const MeasuredLandscape& draw) {
  const double scale = objective_scale(problem, sizes);
  SpuriousMinima found;
  const double in_landscape = draw.landscape.objective_at_zero;
  const double at_zero = draw.census                ? scale * draw.census->objective_at_zero
                         : std::isnan(in_landscape) ? 0.5  // the population's
                                                    : in_landscape;
  // Those of descents are over |x0|^2 too.
  const double square = draw.census || draw.x0.empty() ? 1 : draw.x0[0].squaredNorm();
  const double at_x0 = scale * draw.objective_x0 / square;
  const auto worse = [&](double scaled) { return scaled > at_x0 + as_good * at_zero; };
  const auto add = [&](double scaled, double to_solution, double to_spurious) {
    if (!worse(scaled) || to_solution <= next_to_solution) return;
    ++(to_spurious < to_solution && to_spurious <= 0.5 ? found.near : found.elsewhere);
  };
  if (!draw.census) {
    for (const DescentEnd& end : draw.landscape.stationary)
      if (end.near != "0" && (end.checked || std::isnan(in_landscape)))
        add(end.objective, end.to_solution, end.to_spurious);
    return found;
  }
  const auto minimum = [](StationaryKind kind) {
    return kind == StationaryKind::minimum || kind == StationaryKind::kink_minimum;
  };
  const Census& census = *draw.census;
  const bool apart = rho(problem, depths(problem, sizes)[0]) > 0;  // else -rho x0 is 0
  for (const StationaryPoint& p : census.points)
    if (minimum(p.kind) && p.isolated)
      add(scale * p.objective, p.distance_x0, apart ? p.distance_minus_rho_x0 : INFINITY);
  for (const FlatSet& flat : census.flat)
    if (minimum(flat.kind) && worse(scale * flat.objective)) ++found.elsewhere;
  if (minimum(census.zero) && worse(scale * census.objective_at_zero)) ++found.elsewhere;
  return found;
}

}  // namespace theoremeter
