#include "estimators/landscape.hpp"

#include "estimators/direction_search.hpp"
#include "estimators/landscape_instance.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// What each random stream is for.
enum Purpose : std::uint64_t { grid_points, error_search, margin_search, zero_search, descent_starts };

/// Points at the ends of a ray are stood in for by these: pieces and signs are the same all along it.
constexpr double near_0 = 0x1p-20, near_infinity = 0x1p20;

double finite(double r) { return std::clamp(r, near_0, near_infinity); }

void require(const char* what, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value < least || value > most)
    throw InputError(fmt::format("{} = {}: must be {} to {}", what, value, least, most));
}

void require(const LandscapeOptions& options) {
  constexpr std::int64_t many = 1'000'000'000;
  require("directions", options.directions, 1, max_directions);
  require("starts", options.starts, 1, max_directions);
  require("steps", options.steps, 0, many);
  require("descents", options.descents, 0, many);
  require("threads", options.threads, 1, 4096);
  if (options.radius && !(*options.radius >= 0))
    throw InputError(fmt::format("radius = {}: must be at least 0", *options.radius));
}

/// Unit columns. On a product of spheres: the parts of directions in the product space.
MatrixXd grid(const LandscapeOptions& options, const Rays& rays, const Stream& stream) {
  const std::vector<Index> parts = rays.parts();
  const int k = static_cast<int>(rays.dimension());
  GridKind kind = options.grid.value_or(default_grid(k));
  if (parts.size() > 1 && kind != GridKind::random) {
    if (options.grid && kind != GridKind::sobol)
      throw InputError(fmt::format("grid {}: pairs of directions need sobol or random", name(kind)));
    kind = k <= sobol_dimensions ? GridKind::sobol : GridKind::random;
  }
  MatrixXd points = make_grid(kind, k, options.directions, stream).points;
  Index from = 0;
  for (const Index size : parts) {
    if (parts.size() > 1) points.middleRows(from, size).colwise().normalize();
    from += size;
  }
  return points;
}

RayEnd end_of(double r) { return r == 0 ? RayEnd::origin : r == infinity ? RayEnd::infinity : RayEnd::point; }

/// The numbers of a ray from its vectors as theory/problems.hpp has them. The cosines are those of the block.
RayNumbers exact_numbers(const Rays& rays, const Rays::Vectors& at, const RayNumbers& block) {
  RayNumbers exact = block;
  for (std::size_t i = 0; i < at.p.size(); ++i) {
    RayFactor& f = exact.factor[i];
    f.aa = at.a[i].squaredNorm();
    f.ac = at.a[i].dot(at.c[i]);
    f.cc = at.c[i].squaredNorm();
    f.error = rays.error(at, i).value;
  }
  exact.b = at.b;
  return exact;
}

double exact_scaled_gradient(const Rays::Vectors& at, double r) {
  double largest = 0;
  for (std::size_t i = 0; i < at.a.size(); ++i)
    largest = std::max(largest, r <= 1 ? (r * at.a[i] - at.c[i]).norm() : (at.a[i] - at.c[i] / r).norm());
  return largest;
}

RayWitness error_witness(const Rays& rays, const Point& direction, const Rays::Vectors& at) {
  RadialExtremum largest;
  for (std::size_t i = 0; i < at.p.size(); ++i) {
    const RadialExtremum here = rays.error(at, i);
    if (here.value > largest.value) largest = here;
  }
  return {direction, end_of(largest.r), largest.r, largest.value};
}

/// How well two halves of a search agree: their difference over the larger in size, at most 1. NaN where one of them
/// found nothing.
double agreement_of_halves(double one, double other) {
  const double size = std::max(std::abs(one), std::abs(other));
  if (!std::isfinite(size)) return NAN;
  return size > 0 ? std::min(1.0, std::abs(one - other) / size) : 0;
}

void add(Landscape& landscape, Violation v) {
  ++landscape.violation_count;
  const auto alike = std::count_if(landscape.violations.begin(), landscape.violations.end(),
                                   [&](const Violation& other) { return other.reason == v.reason; });
  if (alike < static_cast<std::ptrdiff_t>(max_listed)) landscape.violations.push_back(std::move(v));
}

/// A point x over |x0|, resp. (h, m) over sqrt(|h0||m0|), as one of a ray.
Violation at_point(Point x, const char* reason) {
  double r = 1;
  for (VectorXd& part : x) {
    r *= part.norm();
    part.normalize();
  }
  return {std::move(x), r, reason};
}

/// Everything about one instance, in the order in which it is found out.
class Measurer {
 public:
  Measurer(const LandscapeInstance& instance, const LandscapeOptions& options, const Stream& stream,
           const Progress& progress)
      : instance_(instance), rays_(instance.rays()), options_(options), stream_(stream), progress_(progress) {}

  Landscape operator()() {
    result_.rho = instance_.rho();
    evaluate_grid();
    find_error();
    choose_neighbourhoods();
    find_least_gradient();
    find_least_descent_at_zero();
    find_violations();
    descend_to_stationary_points();
    put_units_back();
    return std::move(result_);
  }

 private:
  void report(double done) const {
    if (progress_) progress_(done);
  }

  void put_units_back() {
    const double unit = rays_.unit();
    result_.objective_at_zero = at_zero_ * unit;
    result_.worst_margin.value *= unit;
    result_.descent_at_zero.value *= unit;
    for (DescentEnd& end : result_.stationary) {
      end.objective *= unit;
      end.gradient *= unit;
    }
  }

  void evaluate_grid() {
    constexpr Index chunk = 1 << 14;  // between reports
    directions_ = grid(options_, rays_, stream_.at({grid_points}));
    numbers_.resize(static_cast<std::size_t>(directions_.cols()));
    for (Index from = 0; from < directions_.cols(); from += chunk) {
      const Index count = std::min(chunk, directions_.cols() - from);
      evaluate_blocks(rays_, directions_.middleCols(from, count), options_.threads, numbers_.data() + from);
      report(0.4 * static_cast<double>(from + count) / static_cast<double>(directions_.cols()));
    }
    result_.directions = result_.evaluations = directions_.cols();
  }

  /// Of the best grid points and where searches from them ended, the one whose exact witness is least; the agreement of
  /// what the two halves of the starts found.
  template <class WitnessOf>
  RayWitness best(const DirectionAim& aim, Purpose purpose, WitnessOf witness_of, bool largest) {
    const MatrixXd starts = best_of_runs(directions_, numbers_, aim, options_.starts);
    const FoundDirections found =
        search_directions(rays_, starts, aim, options_.steps, stream_.at({purpose}), options_.threads);
    result_.evaluations += found.evaluations;
    std::array<RayWitness, 2> half;
    const auto better = [largest](const RayWitness& one, const RayWitness& other) {
      return other.direction.empty() || (largest ? one.value > other.value : one.value < other.value);
    };
    const auto offer = [&](const MatrixXd& candidates, Index first_half) {
      for (Index j = 0; j < candidates.cols(); ++j) {
        const RayWitness here = witness_of(rays_.point(candidates.col(j)));
        RayWitness& known = half[j < first_half ? 0 : 1];
        if (better(here, known)) known = here;
      }
    };
    offer(starts, (starts.cols() + 1) / 2);
    offer(found.columns, found.first_half);
    RayWitness all = !half[1].direction.empty() && better(half[1], half[0]) ? half[1] : half[0];
    if (!half[1].direction.empty()) all.agreement = agreement_of_halves(half[0].value, half[1].value);
    return all;
  }

  void find_error() {
    result_.population_error = best(
        ErrorAim(rays_), error_search, [&](const Point& p) { return error_witness(rays_, p, rays_.at(p)); }, true);
    report(0.5);
  }

  void choose_neighbourhoods() {
    Neighbourhoods implied = instance_.implied(result_.population_error.value);
    result_.implied = implied.around;
    result_.merged = implied.merged;
    result_.excluded = std::move(implied.around);
    if (!options_.radius && !result_.merged) return;
    for (Neighbourhood& around : result_.excluded) {
      const bool a_zero = around.centre != "0" || result_.rho[0] == 0;  // of the population gradient
      around.radius = a_zero ? options_.radius.value_or(default_radius) : 0;
    }
  }

  std::vector<Interval> allowed(const RayNumbers& ray) const {
    return outside(instance_.inside(ray, result_.excluded));
  }

  RayWitness margin_witness(const Point& direction) const {
    const Rays::Vectors at = rays_.at(direction);
    RayNumbers ray = exact_numbers(rays_, at, one(direction));
    const RadialExtremum least = least_gradient(ray, allowed(ray));
    if (least.value == infinity) return {direction, RayEnd::point, 0, infinity};
    return {direction, end_of(least.r), least.r, exact_scaled_gradient(at, least.r)};
  }

  void find_least_gradient() {
    const GradientAim aim(
        rays_, [this](const RayNumbers& ray) { return allowed(ray); }, 1e-7 * gradient_size());
    result_.worst_margin = best(
        aim, margin_search, [&](const Point& p) { return margin_witness(p); }, false);
    RayWitness& worst = result_.worst_margin;
    if (worst.value <= vanishing())
      worst.agreement = 0;  // nothing is below
    else if (worst.value < infinity)
      result_.derivative_at_worst = instance_.descent_along_gradient(worst.direction, finite(worst.r));
    report(0.6);
  }

  void find_least_descent_at_zero() {
    result_.descent_at_zero = best(
        DescentAim(vanishing()), zero_search,
        [&](const Point& p) {
          return RayWitness{p, RayEnd::origin, 0, rays_.at(p).b};
        },
        false);
    report(0.7);
  }

  void add_violation(Point direction, double r, const char* reason) { add(result_, {std::move(direction), r, reason}); }

  /// A gradient no longer than this is 0 but for rounding.
  double vanishing() const { return 1e-12 * gradient_size(); }

  /// The longest of the vectors a and c of the grid's rays.
  double gradient_size() const {
    double square = 0;
    for (const RayNumbers& ray : numbers_)
      for (int f = 0; f < ray.factors; ++f)
        square =
            std::max({square, ray.factor[static_cast<std::size_t>(f)].aa, ray.factor[static_cast<std::size_t>(f)].cc});
    return std::sqrt(square);
  }

  /// At every grid point, and at the witnesses. What vanishes but for rounding counts as 0, however it is rounded;
  /// where |v| is small and does not vanish, the derivative itself decides. Where f is constant along a ray it has no
  /// descent, which is no violation where the theorem counts that among maximisers.
  void find_violations() {
    const double size = gradient_size(), vanishing = this->vanishing(), suspicious = 1e-7 * size;
    const std::size_t on_grid = numbers_.size();
    bool margin_fails = false, zero_fails = false;
    for (std::size_t i = 0; i < on_grid; ++i) {
      const RayNumbers& ray = numbers_[i];
      const Point p = rays_.point(directions_.col(static_cast<Index>(i)));
      const bool constant = scaled_gradient(ray, 0) <= vanishing && scaled_gradient(ray, infinity) <= vanishing;
      if (constant && instance_.has_weak_maximisers()) continue;
      if (ray.b <= vanishing) {
        add_violation(p, 0, "D_p f(0) >= 0");
        zero_fails = true;
      }
      const RadialExtremum least = least_gradient(ray, allowed(ray));
      if (!(least.value <= suspicious)) continue;
      if (constant)
        add_violation(p, finite(least.r), "v = 0 along the ray");
      else if (least.r > 0 && (least.value <= vanishing || !(instance_.descent_along_gradient(p, finite(least.r)) < 0)))
        add_violation(p, finite(least.r), "D_{-v} f >= 0");
      else
        continue;
      margin_fails = true;
    }
    const RayWitness &worst = result_.worst_margin, &zero = result_.descent_at_zero;
    const auto weak_maximisers = [&](const RayWitness& w) {
      const RayNumbers ray = one(w.direction);
      return instance_.has_weak_maximisers() && scaled_gradient(ray, 0) <= vanishing &&
             scaled_gradient(ray, infinity) <= vanishing;
    };
    if (!zero_fails && zero.value <= 0 && !weak_maximisers(zero)) add_violation(zero.direction, 0, "D_p f(0) >= 0");
    if (!margin_fails && worst.value < infinity && worst.where != RayEnd::origin &&
        !(result_.derivative_at_worst < 0) && !weak_maximisers(worst))
      add_violation(worst.direction, finite(worst.r), "D_{-v} f >= 0");
    report(0.75);
  }

  RayNumbers one(const Point& direction) const {
    MatrixXd column(rays_.dimension(), 1);
    Index from = 0;
    for (const VectorXd& part : direction) {
      column.col(0).segment(from, part.size()) = part;
      from += part.size();
    }
    RayNumbers numbers;
    RayWorkspace work;
    rays_.evaluate(column, &numbers, work);
    return numbers;
  }

  void descend_to_stationary_points() {
    const DescentProblem problem = instance_.descent();
    std::vector<Descent> ends(static_cast<std::size_t>(options_.descents));
#pragma omp parallel for num_threads(options_.threads) schedule(dynamic)
    for (std::size_t i = 0; i < ends.size(); ++i) {
      const Stream stream = stream_.at({descent_starts, i});
      ends[i] = descend(problem, random_point(problem, stream.at({0})), {}, stream.at({1}));
    }
    at_zero_ = problem.objective(VectorXd::Zero(rays_.dimension()));
    for (const Descent& end : ends) count(problem, end);
    report(1);
  }

  /// Uniform directions, and |x| (blind demodulation: |h||m|) uniform up to twice the solution's.
  VectorXd random_point(const DescentProblem& problem, Stream stream) const {
    VectorXd x(rays_.dimension());
    for (double& entry : x) entry = stream.normal();
    const std::vector<Index> parts = rays_.parts();
    const double length = std::pow(2 * stream.uniform(), 1 / static_cast<double>(parts.size()));
    Index from = 0;
    for (const Index k : parts) {
      x.segment(from, k) *= length / x.segment(from, k).norm();
      from += k;
    }
    problem.normalise(x);
    return x;
  }

  void count(const DescentProblem& problem, const Descent& end) {
    if (end.stop == Stop::budget) {
      ++result_.outcomes.not_converged;
      return;
    }
    if (end.stop == Stop::zero) {
      ++result_.outcomes.zero;
      return;
    }
    const std::vector<double> distance = instance_.distances(end.x);
    std::size_t near = 0;
    while (near < distance.size() && !(distance[near] <= std::max(result_.excluded[near].radius, at_centre))) ++near;
    if (near == distance.size())
      ++result_.outcomes.elsewhere;
    else if (near == 0)
      ++result_.outcomes.solution;
    else
      ++(result_.excluded[near].centre == "0" ? result_.outcomes.zero : result_.outcomes.spurious);
    list(problem, end, near < distance.size() ? result_.excluded[near].centre : "", distance);
  }

  void list(const DescentProblem& problem, const Descent& end, std::string near, const std::vector<double>& distance) {
    Point x;
    Index from = 0;
    for (const Index k : rays_.parts()) {
      x.push_back(end.x.segment(from, k));
      from += k;
    }
    for (DescentEnd& known : result_.stationary) {
      if (known.near != near || !(same(known.x, x) || on_one_flat_set(problem, known, end))) continue;
      ++known.starts;
      return;
    }
    if (result_.stationary.size() >= max_listed) return;
    const double objective = problem.objective(end.x);
    const bool weak_maximiser = instance_.has_weak_maximisers() && is_that_at_zero(objective);
    if (near.empty() && end.checked && !weak_maximiser) add(result_, at_point(x, by_descent));
    double to_spurious = infinity;
    for (std::size_t i = 1; i < distance.size(); ++i)
      if (result_.excluded[i].centre != "0") to_spurious = std::min(to_spurious, distance[i]);
    result_.stationary.push_back({std::move(x), std::move(near), end.stop == Stop::kink, end.checked, objective,
                                  end.gradient, distance[0], to_spurious, 1});
  }

  static bool same(const Point& x, const Point& y) {
    constexpr double apart = 1e-4;
    for (std::size_t i = 0; i < x.size(); ++i)
      if ((x[i] - y[i]).norm() > apart) return false;
    return true;
  }

  /// f along the ray through a stationary point is 1/2 a (t - b/a)^2 + const: as large as at 0 only if a = b = 0.
  bool is_that_at_zero(double objective) const { return objective >= (1 - 1e-9) * at_zero_; }

  /// Is f constant on a way between them, be it down to 0 and up again? Kinks are met to 1e-8.
  bool on_one_flat_set(const DescentProblem& problem, const DescentEnd& known, const Descent& end) const {
    constexpr int steps = 64;
    const double there = problem.objective(end.x);
    if (is_that_at_zero(known.objective) && is_that_at_zero(there)) return true;
    const double rounding = (known.kink || end.stop == Stop::kink ? 1e-7 : 1e-11) * at_zero_;
    if (!(std::abs(known.objective - there) <= rounding)) return false;
    VectorXd from(rays_.dimension());
    Index first = 0;
    for (const VectorXd& part : known.x) {
      from.segment(first, part.size()) = part;
      first += part.size();
    }
    const auto all = instance_.ways(from, end.x);
    return std::any_of(all.begin(), all.end(), [&](const LandscapeInstance::Way& way) {
      for (std::size_t leg = 1; leg < way.size(); ++leg)
        for (int i = 1; i <= steps; ++i) {
          const VectorXd at = way[leg - 1] + i * (way[leg] - way[leg - 1]) / steps;
          if (!(std::abs(problem.objective(at) - there) <= rounding)) return false;
        }
      return true;
    });
  }

  const LandscapeInstance& instance_;
  const Rays& rays_;
  const LandscapeOptions& options_;
  const Stream& stream_;
  const Progress& progress_;
  MatrixXd directions_;
  std::vector<RayNumbers> numbers_;
  double at_zero_ = 0;  // f(0), as descents see it
  Landscape result_;
};

}  // namespace

Landscape measure_landscape(const Recovery& f, Problem problem, const LandscapeOptions& options, const Stream& stream,
                            const Progress& progress) {
  require(options);
  const auto instance = landscape_instance(f, problem);
  return Measurer(*instance, options, stream, progress)();
}

Landscape measure_landscape(const Demodulation& f, double alpha, const LandscapeOptions& options, const Stream& stream,
                            const Progress& progress) {
  require(options);
  const auto instance = landscape_instance(f, alpha);
  return Measurer(*instance, options, stream, progress)();
}

void add_violations(Landscape& landscape, const Census& census, const Eigen::VectorXd& x0) {
  landscape.violation_count -= static_cast<std::int64_t>(
      std::erase_if(landscape.violations, [](const Violation& v) { return v.reason == by_descent; }));
  const double length = x0.norm(), rho = landscape.rho[0];
  double farthest = 1;  // all balls lie within, in units of |x0|
  for (const Neighbourhood& n : landscape.excluded) farthest = std::max(farthest, 2 + n.radius);
  const auto look = [&](const Eigen::VectorXd& x) {
    for (const Neighbourhood& n : landscape.excluded) {
      const double s = n.centre == "x0" ? 1 : n.centre == "0" ? 0 : -rho;
      if ((x - s * x0).norm() / length <= std::max(n.radius, at_centre)) return false;
    }
    add(landscape, at_point({VectorXd(x / length)}, by_census));
    return true;
  };
  for (const StationaryPoint& p : census.points)
    if (p.kind != StationaryKind::kink_saddle) look(coordinates(p.x, p.x3));
  for (const FlatSet& f : census.flat) {
    if (f.kind == StationaryKind::kink_saddle) continue;
    // Of a cone, on which f is what it is at 0, all multiples are points too.
    const bool cone = x0.size() == 2 ? f.normal.isZero(0) : f.objective == census.objective_at_zero;
    const Eigen::VectorXd x = coordinates(f.x, f.x3);
    if (look(cone ? Eigen::VectorXd(farthest * x) : x) || cone || x0.size() == 3) continue;
    // A piece of a line, one of its points in a ball: is there another that is in none?
    constexpr int points = 256;
    for (int i = 1; i < points; ++i) {
      const double angle = f.from + (f.to - f.from) * i / points;
      const Eigen::Vector2d u(std::cos(angle), std::sin(angle));
      if (f.normal.dot(u) > 0 && look(VectorXd(u / f.normal.dot(u)))) break;
    }
  }
}

}  // namespace theoremeter
