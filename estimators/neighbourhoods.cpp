#include "estimators/neighbourhoods.hpp"

#include "estimators/hyperbola.hpp"
#include "estimators/radial.hpp"
#include "theory/population.hpp"
#include "theory/rho.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace theoremeter {
namespace {

using std::numbers::pi;

/// Covers the rounding of c, q and what follows, errors of some 1e-15.
double with_slack(double E) { return E + 1e-12; }

/// What is known of c and q for theta in [from, to].
struct Part {
  double from, to;
  double c_lo, c_hi, q_lo;
};

double angle_at(int i, int parts) { return i == parts ? pi : pi * i / parts; }

/// P a is nonincreasing on [0, pi], but for amplitude flow, where all is symmetric about pi/2.
std::vector<Part> cut(Problem problem, int d, int parts) {
  assert(parts % 2 == 0);
  const bool symmetric = d == 0 && (problem == Problem::phase_retrieval || problem == Problem::amplitude_flow);
  std::vector<PopulationProfile> at;
  for (int i = 0; i <= parts; ++i) at.push_back(population_profile(problem, d, angle_at(i, parts)));
  std::vector<Part> all;
  for (int i = 0; i < parts; ++i) {
    const bool mirrored = symmetric && i >= parts / 2;
    const int near = mirrored ? i + 1 : i, far = mirrored ? i : i + 1;  // from x0, or from -x0
    const PopulationProfile &a = at[static_cast<std::size_t>(near)], &b = at[static_cast<std::size_t>(far)];
    const double sin_near = std::sin(angle_at(near, parts)), sin_far = std::sin(angle_at(far, parts));
    const bool at_pi = far == parts;  // there q/sin is a limit; q itself is 0
    const double least = at_pi ? 0 : b.q * std::min(1.0, sin_near / sin_far);
    all.push_back({angle_at(i, parts), angle_at(i + 1, parts), std::min(a.c, b.c), std::max(a.c, b.c), least});
  }
  return all;
}

/// The r >= 0 with dist(r, [c_lo, c_hi])^2 + q^2 <= E^2 max(r, 1)^2, c_hi <= 1, E < 1: the smallest interval with them.
std::optional<Interval> radii(double c_lo, double c_hi, double q, double E) {
  std::optional<Interval> hull;
  const auto add = [&hull](double lo, double hi) {
    if (lo > hi) return;
    hull = hull ? Interval{std::min(hull->lo, lo), std::max(hull->hi, hi)} : Interval{lo, hi};
  };
  if (q <= E) {
    const double s = std::sqrt((E - q) * (E + q));
    add(std::max(0.0, c_lo - s), std::min(1.0, c_hi + s));
  }
  const double discriminant = E * E * (c_hi * c_hi + q * q) - q * q;
  if (discriminant >= 0) {
    const double root = std::sqrt(discriminant), leading = (1 - E) * (1 + E);
    add(std::max(1.0, (c_hi - root) / leading), (c_hi + root) / leading);
  }
  return hull;
}

/// The largest distance from s x0 of a point of the box.
double reach(const Interval& r, const Part& part, double s) {
  const double cosine = std::cos(s >= 0 ? part.to : part.from);
  const auto distance = [&](double at) {
    return std::sqrt(std::max(0.0, (at - s) * (at - s) + 2 * at * s * (1 - cosine)));
  };
  return std::max(distance(r.lo), distance(r.hi));
}

Neighbourhoods all_merged(Neighbourhoods n) {
  n.merged = true;
  for (Neighbourhood& a : n.around) a.radius = infinity;
  return n;
}

struct Corner {
  std::string centre;
  bool far_h, far_m;  // theta = pi
};

/// Of a box the point with the least cosines with the centre, at both ends of its T = |h||m|/(|h~||m~|).
struct Farthest {
  Interval T;
  double cosine_h, cosine_m;

  double bound() const {
    return std::max(hyperbolic_distance_bound(T.lo, cosine_h, cosine_m),
                    hyperbolic_distance_bound(T.hi, cosine_h, cosine_m));
  }
};
using Boxes = std::span<Farthest>;

bool holds(double radius, const Farthest& p) {
  const auto held = hyperbolic_interval(radius, p.cosine_h, p.cosine_m);
  return held && held->lo <= p.T.lo && p.T.hi <= held->hi;
}

double distance(const Farthest& p) {
  return std::max(hyperbolic_distance(p.T.lo, p.cosine_h, p.cosine_m),
                  hyperbolic_distance(p.T.hi, p.cosine_h, p.cosine_m));
}

/// Raises the radius until it holds all of these: in halves, as one that holds the least cosines and the extreme T of
/// many holds them all. Steps outwards, so that there are few.
void raise(double& radius, Boxes boxes) {
  constexpr double step = 1.001;
  if (boxes.empty() || radius >= 1) return;
  Farthest all = boxes[0], nearest = boxes[0];
  for (const Farthest& p : boxes) {
    all = {{std::min(all.T.lo, p.T.lo), std::max(all.T.hi, p.T.hi)},
           std::min(all.cosine_h, p.cosine_h),
           std::min(all.cosine_m, p.cosine_m)};
    nearest.cosine_h = std::max(nearest.cosine_h, p.cosine_h);
    nearest.cosine_m = std::max(nearest.cosine_m, p.cosine_m);
  }
  if (all.bound() <= radius || holds(radius, all)) return;
  if (boxes.size() == 1) {
    radius = std::min(1.0, std::max(radius, step * distance(all)));
    return;
  }
  const auto half = boxes.begin() + static_cast<std::ptrdiff_t>(boxes.size() / 2);
  const bool by_h = nearest.cosine_h - all.cosine_h > nearest.cosine_m - all.cosine_m;
  std::nth_element(boxes.begin(), half, boxes.end(), [by_h](const Farthest& a, const Farthest& b) {
    return by_h ? a.cosine_h < b.cosine_h : a.cosine_m < b.cosine_m;
  });
  raise(radius, {boxes.begin(), half});
  raise(radius, {half, boxes.end()});
}

/// The least radius that holds all of these, outwards by at most a thousandth.
double radius_of(std::vector<Farthest> boxes) {
  double radius = 0;
  const auto farthest = std::max_element(boxes.begin(), boxes.end(),
                                         [](const Farthest& a, const Farthest& b) { return a.bound() < b.bound(); });
  if (farthest == boxes.end()) return 0;
  raise(radius, {farthest, 1});
  raise(radius, boxes);
  return radius;
}

/// The corners of the square of angles where blind demodulation has a centre.
std::vector<Corner> corners(double rho_h, double rho_m) {
  std::vector<Corner> all{{"(h0, m0)", false, false}};
  if (rho_h > 0) all.push_back({"(-rho h0, m0)", true, false});
  if (rho_m > 0) all.push_back({"(h0, -rho m0)", false, true});
  if (rho_h > 0 && rho_m > 0) all.push_back({"(-rho h0, -rho m0)", true, true});
  return all;
}

}  // namespace

// At r = 1 the components along x^ and across are those of population_gradient_plane, turned by theta.
PopulationProfile population_profile(Problem problem, int d, double theta) {
  const Eigen::Vector2d h = population_gradient_plane(problem, d, 1, theta);
  const double cosine = std::cos(theta), sine = std::sin(theta);
  return {1 - (h(0) * cosine + h(1) * sine), std::abs(h(1) * cosine - h(0) * sine)};
}

Neighbourhoods implied_neighbourhoods(Problem problem, int d, double E, int parts) {
  const double rho = theoremeter::rho(problem, d);
  std::vector<double> at{1, -rho, 0};
  Neighbourhoods n{{{"x0", 0}, {"-rho x0", 0}, {"0", 0}}};
  if (rho == 0) {
    at.erase(at.begin() + 1);
    n.around.erase(n.around.begin() + 1);
  }
  E = with_slack(E);
  if (!(E < 1)) return all_merged(n);
  const std::vector<Part> all = cut(problem, d, parts);

  std::vector<std::optional<Interval>> boxes;
  for (const Part& part : all) boxes.push_back(radii(part.c_lo, part.c_hi, part.q_lo, E));
  const auto empty = [](const std::optional<Interval>& r) { return !r; };
  const auto first_end = std::find_if(boxes.begin(), boxes.end(), empty) - boxes.begin();
  const auto last_begin = boxes.rend() - std::find_if(boxes.rbegin(), boxes.rend(), empty);
  if (first_end == static_cast<std::ptrdiff_t>(boxes.size())) return all_merged(n);
  for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(boxes.size()); ++i) {
    const auto& r = boxes[static_cast<std::size_t>(i)];
    if (!r) continue;
    const std::size_t centre = i < first_end ? 0 : i >= last_begin ? 1 : at.size() - 1;
    n.around[centre].radius =
        std::max(n.around[centre].radius, reach(*r, all[static_cast<std::size_t>(i)], at[centre]));
  }
  return n;
}

Neighbourhoods implied_neighbourhoods(int d, int s, double E, int parts) {
  const double rho_h = rho(Problem::blind_demodulation, d), rho_m = rho(Problem::blind_demodulation, s);
  const std::vector<Corner> all = corners(rho_h, rho_m);
  Neighbourhoods n;
  for (const Corner& corner : all) n.around.push_back({corner.centre, 0});
  E = with_slack(E);
  assert(d >= 1 && s >= 1);  // so that c >= 0
  if (!(E < 1)) return all_merged(n);
  const std::vector<Part> in_h = cut(Problem::inversion, d, parts), in_m = cut(Problem::inversion, s, parts);

  // Boxes not yet reached from a corner, then those of that corner's component, depth first.
  const auto size = static_cast<std::size_t>(parts);
  std::vector<std::optional<Interval>> boxes(size * size);
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j < size; ++j) {
      const Part &h = in_h[i], &m = in_m[j];
      boxes[i * size + j] = radii(h.c_lo * m.c_lo, h.c_hi * m.c_hi, std::max(m.c_lo * h.q_lo, h.c_lo * m.q_lo), E);
    }
  std::vector<bool> seen(size * size);
  std::vector<std::size_t> open;
  const auto visit = [&](std::size_t i, std::size_t j) {
    if (i >= size || j >= size || seen[i * size + j] || !boxes[i * size + j]) return;
    seen[i * size + j] = true;
    open.push_back(i * size + j);
  };
  for (std::size_t corner = 0; corner < all.size(); ++corner) {
    const bool far_h = all[corner].far_h, far_m = all[corner].far_m;
    const std::size_t i0 = far_h ? size - 1 : 0, j0 = far_m ? size - 1 : 0;
    if (seen[i0 * size + j0]) return all_merged(n);
    visit(i0, j0);
    const double product = (far_h ? rho_h : 1) * (far_m ? rho_m : 1);
    std::vector<Farthest> farthest;
    while (!open.empty()) {
      const std::size_t at = open.back(), i = at / size, j = at % size;
      open.pop_back();
      const Interval r = *boxes[at];
      const double cosine_h = far_h ? -std::cos(in_h[i].from) : std::cos(in_h[i].to),
                   cosine_m = far_m ? -std::cos(in_m[j].from) : std::cos(in_m[j].to);
      farthest.push_back({{r.lo / product, r.hi / product}, cosine_h, cosine_m});
      for (std::size_t di = 0; di < 3; ++di)
        for (std::size_t dj = 0; dj < 3; ++dj) visit(i + di - 1, j + dj - 1);
    }
    n.around[corner].radius = radius_of(std::move(farthest));
    if (!(n.around[corner].radius < 1)) return all_merged(n);
  }
  for (std::size_t at = 0; at < boxes.size(); ++at)
    if (boxes[at] && !seen[at]) return all_merged(n);
  return n;
}

}  // namespace theoremeter
