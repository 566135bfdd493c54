#include "experiments/studies/landscape_results.hpp"

#include "theory/rho.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace theoremeter {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double as_good = 1e-9;      // scaled objectives this near are those of solutions
constexpr double at_solution = 0.05;  // noise moves the minimum next to x0

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

std::vector<int> depths(Problem problem, const Sizes& sizes) {
  const auto layers = [&](const char* name) { return static_cast<int>(sizes.at(name).size()) - 1; };
  if (problem == Problem::amplitude_flow) return {0};
  if (problem == Problem::blind_demodulation) return {layers("widths"), layers("widths2")};
  return {layers("widths")};
}

double objective_scale(Problem problem, const Sizes& sizes) {
  return problem == Problem::blind_demodulation ? 1 : std::ldexp(1, depths(problem, sizes)[0]);
}

double largest(const std::vector<Epsilon>& epsilon) {
  double most = 0;
  for (const Epsilon& e : epsilon) most = std::max(most, e.value);
  return most;
}

Comparison compare(Problem problem, const Sizes& sizes, const Landscape& landscape,
                   const std::vector<Epsilon>& epsilon) {
  Comparison c;
  c.K = nan;
  const double eps = largest(epsilon);
  if (!(eps > 0) || problem == Problem::amplitude_flow) return c;
  const std::vector<int> layers = depths(problem, sizes);
  const bool shallow = *std::min_element(layers.begin(), layers.end()) < 2;
  const double d = layers[0], root = std::pow(eps, 0.25);
  const auto radius = [&](std::size_t i) { return landscape.implied.at(i).radius; };
  double least = 0;  // what K1 = 1 would have to bring to 1
  if (layers.size() == 1) {
    c.K = landscape.population_error.value / (d * d * d * std::sqrt(eps));
    if (!shallow)
      for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) c.K2.push_back(radius(i) / (d * d * d * root));
    least = std::pow(d, 8) * root;
  } else {
    const double s = layers[1], alpha = alpha_of(epsilon);
    constexpr std::array<std::array<int, 2>, 4> powers{{{3, 3}, {8, 3}, {3, 8}, {8, 8}}};
    for (std::size_t i = 0; i < powers.size() && !shallow; ++i)
      c.K2.push_back(radius(i) * alpha / (std::pow(d, powers[i][0]) * std::pow(s, powers[i][1]) * root));
    least = (std::pow(d, 7) * s * s + d * d * std::pow(s, 7)) * root / alpha;
  }
  const bool whole = problem != Problem::compressed_sensing;
  c.hypothesis = shallow || least > 1 ? "cannot hold" : whole ? "not excluded" : "not decided";
  return c;
}

SpuriousMinima spurious_minima(Problem problem, const Sizes& sizes, const MeasuredLandscape& draw) {
  const double scale = objective_scale(problem, sizes);
  SpuriousMinima found;
  const auto worse = [&](double scaled) { return scaled > scale * draw.objective_x0 + as_good; };
  const auto add = [&](double scaled, double to_solution, double to_spurious) {
    if (!worse(scaled) || to_solution <= at_solution) return;
    ++(to_spurious < to_solution && to_spurious <= 0.5 ? found.near : found.elsewhere);
  };
  if (!draw.census) {
    for (const DescentEnd& end : draw.landscape.stationary)
      if (end.near != "0") add(end.objective, end.to_solution, end.to_spurious);
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
