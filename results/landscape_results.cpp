#include "results/landscape_results.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace theoremeter {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double as_good = 1e-9;  // scaled objectives this near are those of solutions

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
  const double d = layers[0], root = std::pow(eps, 0.25);
  const auto radius = [&](std::size_t i) { return landscape.implied.at(i).radius; };
  double least = 0;  // what K1 = 1 would have to bring to 1
  if (layers.size() == 1) {
    c.K = landscape.population_error.value / (d * d * d * std::sqrt(eps));
    for (const std::size_t i : {0, 1}) c.K2.push_back(radius(i) / (d * d * d * root));
    least = std::pow(d, 8) * root;
  } else {
    const double s = layers[1], alpha = alpha_of(epsilon);
    constexpr std::array<std::array<int, 2>, 4> powers{{{3, 3}, {8, 3}, {3, 8}, {8, 8}}};
    for (std::size_t i = 0; i < powers.size(); ++i)
      c.K2.push_back(radius(i) * alpha / (std::pow(d, powers[i][0]) * std::pow(s, powers[i][1]) * root));
    least = (std::pow(d, 7) * s * s + d * d * std::pow(s, 7)) * root / alpha;
  }
  const bool shallow = *std::min_element(layers.begin(), layers.end()) < 2;
  c.hypothesis = shallow || least > 1 ? "cannot hold" : "not excluded";
  return c;
}

SpuriousMinima spurious_minima(Problem problem, const Sizes& sizes, const MeasuredLandscape& draw) {
  const double scale = problem == Problem::blind_demodulation ? 1 : std::ldexp(1, depths(problem, sizes)[0]);
  SpuriousMinima found;
  const auto add = [&](double scaled_objective, double to_solution, double to_spurious) {
    if (scaled_objective <= scale * draw.objective_x0 + as_good) return;
    ++(to_spurious < to_solution && to_spurious <= 0.5 ? found.near : found.elsewhere);
  };
  if (!draw.census) {
    for (const DescentEnd& end : draw.landscape.stationary)
      if (end.near != "0") add(end.objective, end.to_solution, end.to_spurious);
    return found;
  }
  for (const StationaryPoint& p : draw.census->points)
    if (p.kind == StationaryKind::minimum || p.kind == StationaryKind::kink_minimum)
      add(scale * p.objective, p.distance_x0, p.distance_minus_rho_x0);
  return found;
}

}  // namespace theoremeter
