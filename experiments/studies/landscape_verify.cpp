#include "experiments/studies/landscape_verify.hpp"

#include "estimators/stream.hpp"
#include "experiments/studies/condition_verify.hpp"
#include "theory/error.hpp"
#include "theory/homogeneity.hpp"
#include "theory/population.hpp"
#include "theory/rho.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <numbers>
#include <string>
#include <utility>

namespace theoremeter {
namespace {

using Eigen::Vector2d;
using Eigen::VectorXd;

constexpr double tolerance = 1e-9;

/// What the checks need of an instance, in the units of Landscape: |x0| = 1, gradients scaled.
class Rebuilt {
 public:
  virtual ~Rebuilt() = default;
  virtual Point solution() const = 0;
  virtual std::vector<double> rho() const = 0;
  /// The scaled gradients at distance r along unit directions, one a factor, and those of the population.
  virtual std::vector<VectorXd> gradients(const Point& direction, double r) const = 0;
  virtual std::vector<VectorXd> population(const Point& direction, double r) const = 0;
  /// -D_p f(0), scaled.
  virtual double descent_at_zero(const Point& direction) const = 0;
  /// D_{-v} f/|v|^2, 0 where v = 0.
  virtual double derivative(const Point& direction, double r) const = 0;
  /// f in the units of DescentEnd.
  virtual double objective(const Point& x) const = 0;
  /// From x0, in the units of DescentEnd; NaN: not checked.
  virtual double to_solution(const Point& x) const = 0;
  virtual double to_spurious(const Point& x) const = 0;
  /// From the centre of this name.
  virtual double distance(const Point& x, const std::string& centre) const = 0;
  /// What gradients are large or small against.
  virtual double unit() const { return 1; }
};

class RecoveryInstance final : public Rebuilt {
 public:
  RecoveryInstance(const Recovery& f, Problem problem)
      : solution_(f.x0),
        normalised_(normalised(f)),
        problem_(problem),
        length_(f_.x0.norm()),
        scale_(std::ldexp(normalised_.in_hessian(), f.G.depth())),
        x0_(f_.x0 / length_) {}

  Point solution() const override { return {solution_}; }
  double unit() const override { return normalised_.in_hessian(); }
  std::vector<double> rho() const override { return {theoremeter::rho(problem_, f_.G.depth())}; }
  std::vector<VectorXd> gradients(const Point& p, double r) const override {
    return {scale_ / length_ * gradient(f_, r * length_ * p[0])};
  }
  std::vector<VectorXd> population(const Point& p, double r) const override {
    return {population_gradient(problem_, f_.G.depth(), r * p[0], x0_)};
  }
  double descent_at_zero(const Point& p) const override {
    return -scale_ / length_ * one_sided_derivative(f_, VectorXd::Zero(p[0].size()), p[0]);
  }
  double derivative(const Point& p, double r) const override {
    const VectorXd x = r * length_ * p[0], v = gradient(f_, x);
    return v.squaredNorm() > 0 ? one_sided_derivative(f_, x, -v) / v.squaredNorm() : 0;
  }
  double objective(const Point& x) const override {
    return scale_ / (length_ * length_) * theoremeter::objective(f_, length_ * x[0]);
  }
  double to_solution(const Point& x) const override { return (x[0] - x0_).norm(); }
  double to_spurious(const Point& x) const override {
    return rho()[0] == 0 ? INFINITY : (x[0] + rho()[0] * x0_).norm();
  }
  double distance(const Point& x, const std::string& centre) const override {
    return centre == "x0" ? to_solution(x) : centre == "-rho x0" ? to_spurious(x) : x[0].norm();
  }

 private:
  VectorXd solution_;
  Normalised normalised_;  // where no square is beyond the range of doubles
  const Recovery& f_ = normalised_.f;
  Problem problem_;
  double length_, scale_;
  VectorXd x0_;
};

class DemodulationInstance final : public Rebuilt {
 public:
  DemodulationInstance(const Demodulation& f, double alpha)
      : solution_{f.h0, f.m0},
        normalised_(normalised(f)),
        length_(f_.h0.norm() * f_.m0.norm()),
        scale_(std::ldexp(static_cast<double>(f.b.size()), f.G1.depth() + f.G2.depth()) / alpha *
               normalised_.in_hessian()),
        h0_(f_.h0.normalized()),
        m0_(f_.m0.normalized()) {}

  Point solution() const override { return solution_; }
  double unit() const override { return normalised_.in_hessian(); }
  std::vector<double> rho() const override {
    return {theoremeter::rho(Problem::blind_demodulation, f_.G1.depth()),
            theoremeter::rho(Problem::blind_demodulation, f_.G2.depth())};
  }
  std::vector<VectorXd> gradients(const Point& p, double r) const override {
    const double t = std::sqrt(r * length_);
    const auto [h, m] = gradient(f_, t * p[0], t * p[1]);
    return {scale_ / (t * length_) * h, scale_ / (t * length_) * m};
  }
  std::vector<VectorXd> population(const Point& p, double r) const override {
    const double t = std::sqrt(r);
    const auto [h, m] = population_gradient(f_.G1.depth(), f_.G2.depth(), t * p[0], t * p[1], h0_, m0_);
    return {h / t, m / t};
  }
  // f = 1/2 (a t^2 - 2 b t + c) along the rays: b from f(0), f(1) and f(2), in units of |h0||m0|.
  double descent_at_zero(const Point& p) const override {
    const auto along = [&](double t) { return theoremeter::objective(f_, t * length_ * p[0], p[1]); };
    const double b = (3 * along(0) - 4 * along(1) + along(2)) / 2;
    return scale_ / (length_ * length_) * b;
  }
  double derivative(const Point& p, double r) const override {
    const double t = std::sqrt(r * length_);
    const auto [h, m] = gradient(f_, t * p[0], t * p[1]);
    const double square = h.squaredNorm() + m.squaredNorm();
    return square > 0 ? one_sided_derivative(f_, t * p[0], t * p[1], -h, -m) / square : 0;
  }
  double objective(const Point& x) const override {
    const double root = std::sqrt(length_);
    return scale_ / (length_ * length_) * theoremeter::objective(f_, root * x[0], root * x[1]);
  }
  double to_solution(const Point& x) const override { return distance(x, 1, 1); }
  double to_spurious(const Point& x) const override {
    const double h = -rho()[0], m = -rho()[1];
    return std::min({distance(x, h, 1), distance(x, 1, m), distance(x, h, m)});
  }
  double distance(const Point& x, const std::string& centre) const override {
    const auto names = [&](const char* part) { return centre.find(part) != std::string::npos; };
    return distance(x, names("-rho h0") ? -rho()[0] : 1, names("-rho m0") ? -rho()[1] : 1);
  }

 private:
  // From the curve {(c h~, m~/c)} [HJ (3)], h~ = h h0, m~ = m m0, the farthest of (lambda x, y/lambda). Without rho no
  // centre.
  double distance(const Point& x, double h, double m) const {
    if (h == 0 || m == 0) return INFINITY;
    const VectorXd h_ = h * h0_, m_ = m * m0_;
    double farthest = 0, at = 0;
    const auto look = [&](double ln_lambda) {
      const double here = nearest(x, h_, m_, std::exp(ln_lambda));
      if (here > farthest) farthest = here, at = ln_lambda;
    };
    for (int i = -60; i <= 60; ++i) look(0.1 * i);
    for (double step = 0.01; step > 1e-9; step /= 10)
      for (int i = -10; i <= 10; ++i) look(at + step * i);
    return std::sqrt(std::min(farthest, 1.0));
  }

  /// inf over c of |(lambda h - c h~, m/lambda - m~/c)|^2/|(c h~, m~/c)|^2: where the derivative by c of |.|^2/|.|^2
  /// changes its sign, found by bisection.
  static double nearest(const Point& x, const VectorXd& h_, const VectorXd& m_, double lambda) {
    const double hh = h_.squaredNorm(), mm = m_.squaredNorm(), xh = lambda * x[0].dot(h_), xm = x[1].dot(m_) / lambda,
                 xx = lambda * lambda * x[0].squaredNorm() + x[1].squaredNorm() / (lambda * lambda);
    // With N = xx - 2 (xh c + xm/c) and D = hh c^2 + mm/c^2 the ratio is 1 + N/D.
    const auto ratio = [&](double c) { return 1 + (xx - 2 * (xh * c + xm / c)) / (hh * c * c + mm / (c * c)); };
    const auto slope = [&](double c) {  // N'D - ND'
      const double N = xx - 2 * (xh * c + xm / c), D = hh * c * c + mm / (c * c);
      return -2 * (xh - xm / (c * c)) * D - N * 2 * (hh * c - mm / (c * c * c));
    };
    double least = 1;  // c -> infinity
    constexpr double factor = 1.1;
    for (double c = 1e-6; c < 1e6; c *= factor) {
      if (!(slope(c) < 0 && slope(c * factor) >= 0)) continue;
      double lo = c, hi = c * factor;
      for (int i = 0; i < 50; ++i) {
        const double middle = (lo + hi) / 2;
        (slope(middle) < 0 ? lo : hi) = middle;
      }
      least = std::min(least, ratio(hi));
    }
    return std::max(least, 0.0);
  }

  Point solution_;
  NormalisedDemodulation normalised_;  // where no square is beyond the range of doubles
  const Demodulation& f_ = normalised_.f;
  double length_, scale_;
  VectorXd h0_, m0_;
};

/// Keeps a reference to f.
std::unique_ptr<Rebuilt> naive_instance(const std::variant<Recovery, Demodulation>& f, Problem problem, double alpha) {
  if (const Recovery* recovery = std::get_if<Recovery>(&f))
    return std::make_unique<RecoveryInstance>(*recovery, problem);
  return std::make_unique<DemodulationInstance>(std::get<Demodulation>(f), alpha);
}

/// f at the solution.
double objective_at(const std::variant<Recovery, Demodulation>& f) {
  if (const Recovery* g = std::get_if<Recovery>(&f)) return objective(*g, g->x0);
  const Demodulation& g = std::get<Demodulation>(f);
  return objective(g, g.h0, g.m0);
}

/// A unit vector at this angle from x0, in a plane with it.
VectorXd at_angle(const VectorXd& x0, double theta) {
  const VectorXd along = x0.normalized();
  Eigen::Index least = 0;
  along.cwiseAbs().minCoeff(&least);
  VectorXd across = VectorXd::Unit(along.size(), least) - along[least] * along;
  if (along.size() > 1) across.normalize();
  return (std::cos(theta) * along + std::sin(theta) * across).normalized();
}

/// The failures of one draw, as sentences.
class CheckedLandscape {
 public:
  CheckedLandscape(const MeasuredLandscape& d, Problem problem, const Sizes& sizes, const RebuiltInstance& rebuilt,
                   bool older)
      : d_(d), l_(d.landscape), problem_(problem), sizes_(sizes), rebuilt_(rebuilt), older_(older) {
    instance_ = naive_instance(rebuilt.f, problem_, rebuilt.alpha);
  }

  std::vector<std::string> check() {
    check_solution();
    check_rho();
    for (const auto& [name, witness] :
         {std::pair{"population_error", &l_.population_error}, std::pair{"worst_margin", &l_.worst_margin},
          std::pair{"descent_at_zero", &l_.descent_at_zero}})
      check_ray(name, *witness);
    if (failures_.empty()) check_witnesses();
    if (failures_.empty()) check_solutions();
    check_implied();
    if (!std::isnan(l_.objective_at_zero)) agrees_in_units("objective_at_zero", l_.objective_at_zero, at_zero());
    check_violations();
    check_descents();
    check_epsilon();
    check_lemmas();
    check_comparison();
    if (d_.census) check_census(*d_.census);
    check_spurious();
    require(l_.directions >= 0 && l_.evaluations >= l_.directions, "evaluations are fewer than directions");
    return failures_;
  }

  /// Of a census alone.
  Complaints check_alone() {
    check_solution();
    require(d_.census.has_value(), "there is no census");
    if (d_.census) check_census(*d_.census);
    check_spurious();
    return failures_;
  }

 private:
  void check_spurious() {
    const SpuriousMinima spurious = spurious_minima(problem_, sizes_, d_);
    require(spurious.near == d_.spurious.near && spurious.elsewhere == d_.spurious.elsewhere,
            fmt::format("spurious minima = {}, {}, but those stored are {}, {}", d_.spurious.near,
                        d_.spurious.elsewhere, spurious.near, spurious.elsewhere));
    require(d_.seconds >= 0, "the time is negative");
  }
  void require(bool condition, const std::string& otherwise) {
    if (!condition) failures_.push_back(otherwise);
  }
  void agrees(const std::string& name, double stored, double recomputed, double allowed = tolerance, double size = 1) {
    require(stored == recomputed || (std::isfinite(recomputed) &&
                                     std::abs(stored - recomputed) <= allowed * std::max(std::abs(recomputed), size)),
            fmt::format("{} = {}, but recomputed it is {}", name, stored, recomputed));
  }
  /// Gradients and objectives: those of size 1 are this large.
  void agrees_in_units(const std::string& name, double stored, double recomputed) {
    agrees(name, stored, recomputed, tolerance, instance_->unit());
  }

  bool fits(const Point& p) const {
    const Point solution = instance_->solution();
    return std::equal(p.begin(), p.end(), solution.begin(), solution.end(),
                      [](const VectorXd& a, const VectorXd& b) { return a.size() == b.size(); });
  }
  bool unit(const std::string& name, const Point& p) {
    const bool right =
        fits(p) && std::all_of(p.begin(), p.end(), [](const VectorXd& x) { return std::abs(x.norm() - 1) <= 1e-12; });
    require(right, fmt::format("the direction of {} is not made of unit vectors of the instance's dimensions", name));
    return right;
  }

  void check_solution() {
    const Point solution = instance_->solution();
    require(fits(d_.x0), "the solution has other dimensions than the instance");
    if (!fits(d_.x0)) return;
    for (std::size_t i = 0; i < solution.size(); ++i)
      require(solution[i] == d_.x0[i], "the solution is not the one that the seed gives");
    require(std::abs(d_.objective_x0 - objective_at(rebuilt_.f)) <= tolerance * d_.objective_x0 + 1e-25,
            fmt::format("solution_objective = {}, but recomputed it is {}", d_.objective_x0, objective_at(rebuilt_.f)));
  }

  void check_rho() {
    const std::vector<double> rho = instance_->rho();
    require(l_.rho.size() == rho.size(), "there is not one rho for each network");
    for (std::size_t i = 0; i < std::min(rho.size(), l_.rho.size()); ++i) agrees("rho", l_.rho[i], rho[i], 1e-12);
  }

  void check_ray(const std::string& name, const RayWitness& w) {
    if (name == "worst_margin" && w.value == INFINITY) return;  // nothing is outside
    unit(name, w.direction);
    require(!(w.agreement < 0) && !(w.agreement > 1), fmt::format("the agreement of {} is not between 0 and 1", name));
    const bool error = name.starts_with("population_error");  // largest at an end or at 1, see estimators/radial.hpp
    const bool place = w.where == RayEnd::origin  ? w.r == 0
                       : w.where == RayEnd::point ? (error ? w.r == 1 : w.r > 0)
                                                  : w.r == INFINITY;
    require(place || name == "worst_margin",
            fmt::format("{} is attained at r = {}, which is not where it says", name, w.r));
  }

  /// The solution is the one of those tried with the largest error, and each has the values stored.
  void check_solutions() {
    const auto number = static_cast<std::size_t>(d_.solution);
    require(d_.solution >= 0 && number < d_.solutions.size(), "the solution is none of those tried");
    if (!failures_.empty()) return;
    for (std::size_t i = 0; i < d_.solutions.size(); ++i) {
      const Solution& s = d_.solutions[i];
      const std::string name = fmt::format("solution {}", i);
      require(s.population_error.value <= d_.solutions[number].population_error.value,
              fmt::format("{} has a larger population error than the one called largest", name));
      require(s.violations >= 0, fmt::format("{} has a negative count of violations", name));
      if (i == number) {
        require(s.x0 == d_.x0 && s.population_error.value == l_.population_error.value &&
                    s.descent_at_zero.value == l_.descent_at_zero.value,
                fmt::format("{} is not what its landscape says", name));
        continue;
      }
      const std::variant<Recovery, Demodulation> f = rebuilt_.with_solution(i);
      check_tried(*naive_instance(f, problem_, rebuilt_.alpha), s, name);
    }
  }

  void check_tried(const Rebuilt& instance, const Solution& s, const std::string& name) {
    require(s.x0 == instance.solution(), fmt::format("{} is not the one that the seed gives", name));
    const RayWitness &error = s.population_error, &zero = s.descent_at_zero;
    check_ray(fmt::format("population_error of {}", name), error);
    check_ray(fmt::format("descent_at_zero of {}", name), zero);
    if (!fits(error.direction) || !fits(zero.direction)) return;
    agrees(fmt::format("population_error of {}", name), error.value, error_at(instance, error));
    agrees(fmt::format("descent_at_zero of {}", name), zero.value, instance.descent_at_zero(zero.direction));
  }

  static double error_at(const Rebuilt& instance, const RayWitness& w) {
    return size(w, [&](double r) {
      std::vector<VectorXd> v = instance.gradients(w.direction, r);
      const std::vector<VectorXd> h = instance.population(w.direction, r);
      for (std::size_t i = 0; i < v.size(); ++i) v[i] -= h[i];
      return v;
    });
  }

  /// |g|/max(r, 1) of the largest factor. Along a ray g is affine in r: at its ends from two points of it.
  template <class Gradients>
  static double size(const RayWitness& w, const Gradients& gradients) {
    double largest = 0;
    const std::vector<VectorXd> one = gradients(1), two = gradients(2);
    const std::vector<VectorXd> here = w.where == RayEnd::point && w.r > 0 ? gradients(w.r) : one;
    for (std::size_t i = 0; i < one.size(); ++i) {
      VectorXd g = here[i] / std::max(w.r, 1.0);
      if (w.r == 0) g = 2 * one[i] - two[i];
      if (w.r == INFINITY) g = two[i] - one[i];
      largest = std::max(largest, g.stableNorm());
    }
    return largest;
  }

  void check_witnesses() {
    agrees("population_error", l_.population_error.value, error_at(*instance_, l_.population_error));
    const RayWitness& margin = l_.worst_margin;
    if (margin.value < INFINITY) {
      agrees_in_units("worst_margin", margin.value,
                      size(margin, [&](double r) { return instance_->gradients(margin.direction, r); }));
      check_outside(margin);
    }
    agrees_in_units("descent_at_zero", l_.descent_at_zero.value,
                    instance_->descent_at_zero(l_.descent_at_zero.direction));
  }

  static Point point_of(const Point& direction, double r) {
    Point x = direction;
    for (VectorXd& part : x) part *= std::pow(r, 1 / static_cast<double>(x.size()));
    return x;
  }
  static double reach(const Neighbourhood& n) { return std::max(n.radius, at_centre); }
  bool outside(const Point& x, double slack) const {
    return std::all_of(l_.excluded.begin(), l_.excluded.end(), [&](const Neighbourhood& n) {
      return instance_->distance(x, n.centre) >= n.radius * (1 - slack);
    });
  }

  void check_outside(const RayWitness& w) {
    if (std::isfinite(w.r))
      require(outside(point_of(w.direction, w.r), 1e-6), "worst_margin is attained inside an excluded neighbourhood");
  }

  /// On a grid of angles and radii: outside the implied neighbourhoods the population gradient exceeds E.
  void check_implied() {
    if (l_.merged) return;
    const Point x0 = instance_->solution();
    const int angles = x0.size() > 1 ? 12 : 48, radii = 30;
    const auto angle = [&](int i) { return std::numbers::pi * i / angles; };
    for (int i = 0; i <= angles; ++i)
      for (int j = 0; j <= (x0.size() > 1 ? angles : 0); ++j)
        for (int k = 1; k <= 2 * radii; ++k) {
          Point p{at_angle(x0[0], angle(i))};
          if (x0.size() > 1) p.push_back(at_angle(x0[1], angle(j)));
          const double r = static_cast<double>(k) / radii;
          if (largest_of(instance_->population(p, r)) >= l_.population_error.value * std::max(r, 1.0)) continue;
          if (std::any_of(l_.implied.begin(), l_.implied.end(), [&](const Neighbourhood& n) {
                return instance_->distance(point_of(p, r), n.centre) <= n.radius + 1e-6;
              }))
            continue;
          return failures_.push_back(
              fmt::format("the implied neighbourhoods leave out a point at r = {} where E is not exceeded", r));
        }
  }

  static double largest_of(const std::vector<VectorXd>& factors) {
    double largest = 0;
    for (const VectorXd& v : factors) largest = std::max(largest, v.stableNorm());
    return largest;
  }

  void check_violations() {
    std::map<std::string, std::size_t> listed;  // by reason
    for (const Violation& v : l_.violations) ++listed[v.reason];
    std::size_t most = 0;
    for (const auto& [reason, count] : listed) most = std::max(most, count);
    const auto all = static_cast<std::int64_t>(l_.violations.size());
    require(all <= l_.violation_count && most <= max_listed && (all == l_.violation_count || most == max_listed),
            fmt::format("violations = {}, but {} are listed", l_.violation_count, all));
    for (const Violation& v : l_.violations)
      if (unit("a violation", v.direction))
        require(is_violation(v), fmt::format("a violation at r = {} ({}) is none", v.r, v.reason));
    const auto ends = std::count_if(l_.stationary.begin(), l_.stationary.end(),
                                    [&](const DescentEnd& end) { return end.near.empty() && counts(end); });
    require(d_.census ? listed[by_descent] == 0 : ends == static_cast<std::ptrdiff_t>(listed[by_descent]),
            "not every stationary point of descent outside the neighbourhoods is listed as a violation");
    if (d_.census && listed[by_census] < max_listed) check_all_listed(*d_.census);
  }

  /// Stationary, and no weak maximiser where [HJ] has some: there f is f(0).
  bool counts(const DescentEnd& end) const {
    const bool weak = problem_ == Problem::blind_demodulation && end.objective >= (1 - 1e-9) * at_zero();
    return end.checked && !weak;
  }
  double at_zero() const {
    Point zero = d_.x0;
    for (VectorXd& part : zero) part.setZero();
    return instance_->objective(zero);
  }

  bool is_violation(const Violation& v) const {
    const Point x = point_of(v.direction, v.r);
    if (v.reason == by_census)
      return d_.census && outside(x, 0) && !falls(std::get<Recovery>(rebuilt_.f), d_.x0[0].norm() * x[0]);
    if (v.reason == by_descent)
      return outside(x, 0) && std::any_of(l_.stationary.begin(), l_.stationary.end(), [&](const DescentEnd& end) {
               return end.near.empty() && counts(end) && same(end.x, x) && is_stationary(end, v);
             });
    if (v.r == 0) return instance_->descent_at_zero(v.direction) <= tolerance * instance_->unit();
    return instance_->derivative(v.direction, v.r) >= -tolerance ||
           largest_of(instance_->gradients(v.direction, v.r)) <= 1e-6 * instance_->unit() * std::max(v.r, 1.0);
  }

  /// Of a kink what descent found is taken: which gradients nearby combine to how little.
  bool is_stationary(const DescentEnd& end, const Violation& v) const {
    const double unit = instance_->unit();
    if (end.kink) return end.gradient <= 1e-6 * unit;
    return largest_of(instance_->gradients(v.direction, v.r)) <= 1e-8 * unit * std::max(v.r, 1.0);
  }

  /// A little way off, in directions of all kinds: by more than the slope that counts as none.
  bool falls_near(const DescentEnd& end) const {
    constexpr std::uint64_t directions = 200;
    constexpr double step = 1e-5, slope = 2e-6;
    double size = 0;
    for (const VectorXd& part : end.x) size = std::max(size, part.norm());
    const double here = instance_->objective(end.x), length = std::max(size, 1.0);
    for (std::uint64_t i = 0; i < directions; ++i) {
      Stream s = Stream(1).at({i});
      Point u = end.x, x = end.x;
      double square = 0;
      for (VectorXd& part : u)
        for (double& entry : part) entry = s.normal(), square += entry * entry;
      for (std::size_t j = 0; j < x.size(); ++j) x[j] += step * length / std::sqrt(square) * u[j];
      if (here - instance_->objective(x) > slope * step * length * std::pow(length, 3) * instance_->unit()) return true;
    }
    return false;
  }

  /// But for rounding.
  static bool same(const Point& a, const Point& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const VectorXd& one, const VectorXd& other) {
      return one.size() == other.size() && (one - other).norm() <= 1e-6 * std::max(one.norm(), 1.0);
    });
  }

  void check_all_listed(const Census& census) {
    for (const StationaryPoint& p : census.points) {
      const Point x{coordinates(p.x, p.x3) / d_.x0[0].norm()};
      if (x[0].size() != d_.x0[0].size()) continue;  // check_census() says so
      const bool in = std::any_of(l_.excluded.begin(), l_.excluded.end(), [&](const Neighbourhood& n) {
        return instance_->distance(x, n.centre) <= reach(n) * (1 + 1e-9);
      });
      if (in || p.kind == StationaryKind::kink_saddle) continue;
      require(
          std::any_of(l_.violations.begin(), l_.violations.end(),
                      [&](const Violation& v) { return v.reason == by_census && same(point_of(v.direction, v.r), x); }),
          fmt::format("the minimum of the census at {} is not listed as a violation", text_of(coordinates(p.x, p.x3))));
    }
  }

  void check_descents() {
    const Outcomes& o = l_.outcomes;
    const std::vector<std::int64_t> counts{o.solution, o.spurious, o.zero, o.elsewhere, o.not_converged};
    require(*std::min_element(counts.begin(), counts.end()) >= 0, "a count of descents is negative");
    std::int64_t listed = 0, total = 0;
    for (const std::int64_t c : counts) total += c;
    for (const DescentEnd& end : l_.stationary) {
      listed += end.starts;
      if (!fits(end.x)) {
        failures_.emplace_back("a point of descent has other dimensions than the instance");
        continue;
      }
      agrees_in_units("objective of a point of descent", end.objective, instance_->objective(end.x));
      require(!end.checked || !falls_near(end), "f falls near a point of descent that is called stationary");
      agrees("to_solution of a point of descent", end.to_solution, instance_->to_solution(end.x), 1e-6);
      agrees("to_spurious of a point of descent", end.to_spurious, instance_->to_spurious(end.x), 1e-6);
      for (const Neighbourhood& n : l_.excluded)
        if (n.centre == end.near)
          require(instance_->distance(end.x, n.centre) <= reach(n) * (1 + 1e-6),
                  fmt::format("a point of descent is not in the neighbourhood of {}", n.centre));
    }
    require(listed <= total - o.not_converged, "more descents ended at the points listed than converged");
  }

  void check_epsilon() {
    for (const Epsilon& e : d_.epsilon) {
      const std::string name = fmt::format("epsilon of {} {}", e.condition, e.matrix);
      for (std::string& c : theoremeter::complaints_of(
               name, e.witness, rebuilt_.naive(e)(e.witness.point, e.witness.form), e.alpha, older_))
        failures_.push_back(std::move(c));
      agrees(name, e.value, e.condition == "rrcp" ? e.witness.value / 31 : e.witness.value, 1e-15);
    }
  }

  void check_comparison() {
    const Comparison c = compare(problem_, sizes_, l_, d_.epsilon);
    const auto same = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };
    require(same(c.K, d_.comparison.K), fmt::format("K = {}, but recomputed it is {}", d_.comparison.K, c.K));
    require(std::equal(c.K2.begin(), c.K2.end(), d_.comparison.K2.begin(), d_.comparison.K2.end(), same),
            "K2 is not what the implied radii give");
    require(same(c.left_side, d_.comparison.left_side) && same(c.epsilon_needed, d_.comparison.epsilon_needed),
            fmt::format("hypothesis_left_side = {} and epsilon_needed = {}, but recomputed they are {} and {}",
                        d_.comparison.left_side, d_.comparison.epsilon_needed, c.left_side, c.epsilon_needed));
    require(same(c.descent, d_.comparison.descent),
            fmt::format("descent_of_theorem = {}, but recomputed it is {}", d_.comparison.descent, c.descent));
    require(c.hypothesis == d_.comparison.hypothesis,
            fmt::format("hypothesis \"{}\" is not what epsilon gives", d_.comparison.hypothesis));
  }

  void check_lemmas() {
    for (const LemmaValue& v : d_.lemmas) {
      const Recovery& f = std::get<Recovery>(rebuilt_.f);
      const std::string name = fmt::format("lemma of {} {}", v.lemma, v.matrix);
      const Rows* W = layer_of(f, v);
      if (!W || v.arguments.size() != (v.lemma == "angles" || v.lemma == "network" ? 2 : 1)) {
        require(false, name + ": is none that is measured");
        continue;
      }
      bool units = true;
      for (const VectorXd& x : v.arguments) units = units && x.size() == W->cols() && std::abs(x.norm() - 1) <= 1e-12;
      require(units, name + ": an argument is no unit vector of its length");
      if (!units) continue;
      const double value = lemma_value(v.lemma, f, *W, v.arguments);
      require(std::abs(v.value - value) <= 1e-10 * std::max(1.0, value),
              fmt::format("{} = {}, but recomputed it is {}", name, v.value, value));
      const double constant = lemma_constant(v, f.G.depth(), d_.epsilon);
      require(std::isnan(constant) ? std::isnan(v.constant) : std::abs(v.constant - constant) <= 1e-12 * constant,
              fmt::format("{}: constant = {}, but recomputed it is {}", name, v.constant, constant));
    }
  }

  /// The layer that it concerns, the first where that is the whole network; none: it names no layer of G, no lemma.
  static const Rows* layer_of(const Recovery& f, const LemmaValue& v) {
    const Network& G = f.G;
    for (std::size_t i = 0; i < G.layers.size(); ++i)
      if (v.lemma == "angles" && v.matrix == layer_name(i)) return &G.layers[i];
    const bool whole = v.lemma == "network" || (f.phaseless && (v.lemma == "measurements" || v.lemma == "layers"));
    return whole && v.matrix.empty() && !G.layers.empty() ? &G.layers[0] : nullptr;
  }

  void check_census(const Census& census) {
    const Recovery& f = std::get<Recovery>(rebuilt_.f);
    const double length = f.x0.norm(), rho = instance_->rho()[0], size = scale_of(f);
    check_same(census, rebuilt_.census());
    for (const StationaryPoint& p : census.points) {
      const VectorXd x = coordinates(p.x, p.x3);
      if (!in_space(x)) continue;
      require(std::abs(p.objective - objective(f, x)) <= 1e-10 * size + rounding(f, x),
              fmt::format("objective of a census point = {}, but recomputed it is {}", p.objective, objective(f, x)));
      agrees("distance_x0", p.distance_x0, (x - f.x0).norm() / length);
      agrees("distance_minus_rho_x0", p.distance_minus_rho_x0, (x + rho * f.x0).norm() / length);
      check_kind(f, p, size);
    }
    for (const FlatSet& flat : census.flat) check_flat(f, flat, size);
    const VectorXd p = coordinates(census.zero_witness, census.zero_witness3), zero = VectorXd::Zero(f.k());
    agrees("census_objective_at_zero", census.objective_at_zero, objective(f, zero));
    if (!in_space(p)) return;
    const double descent = -one_sided_derivative(f, zero, p);
    require(std::abs(census.descent_at_zero - descent) <=
                tolerance * along_ray(f, p).cp.stableNorm() + f.b.stableNorm() * residual_rounding(f, p),
            fmt::format("census_descent_at_zero = {}, but recomputed it is {}", census.descent_at_zero, descent));
    require(std::abs(p.norm() - 1) <= 1e-12, "the witness of census_descent_at_zero is no unit vector");
    require(census.zero == StationaryKind::maximum || !(census.descent_at_zero > 0),
            "0 is no maximum, although f falls in all directions");
    require(census.cells > 0 && census.integer_signs >= 0, "the counts of the census are wrong");
  }

  /// The census taken again: what doubles cannot hold, as in cells narrower than they are apart, only it can check.
  void check_same(const Census& stored, const Census& again) {
    const auto near = [](double a, double b) {
      return a == b || std::abs(a - b) <= tolerance * std::abs(b) || (std::isnan(a) && std::isnan(b));
    };
    const auto near_points = [&](const Vector2d& a, const Vector2d& b) { return near(a[0], b[0]) && near(a[1], b[1]); };
    const auto same_point = [&](const StationaryPoint& a, const StationaryPoint& b) {
      return a.kind == b.kind && a.isolated == b.isolated && near_points(a.x, b.x) && near(a.x3, b.x3) &&
             near(a.objective, b.objective) && near(a.distance_x0, b.distance_x0) &&
             near(a.distance_minus_rho_x0, b.distance_minus_rho_x0) && near(a.counterclockwise, b.counterclockwise) &&
             near(a.clockwise, b.clockwise);
    };
    const auto same_flat = [&](const FlatSet& a, const FlatSet& b) {
      return a.kind == b.kind && near(a.from, b.from) && near(a.to, b.to) && near_points(a.normal, b.normal) &&
             near(a.objective, b.objective) && near_points(a.x, b.x) && near(a.x3, b.x3) &&
             (a.dimension == 0 || a.dimension == b.dimension);  // 0: not kept then
    };
    const bool points =
        std::equal(stored.points.begin(), stored.points.end(), again.points.begin(), again.points.end(), same_point);
    const bool flat =
        std::equal(stored.flat.begin(), stored.flat.end(), again.flat.begin(), again.flat.end(), same_flat);
    const bool zero = stored.zero == again.zero && near(stored.descent_at_zero, again.descent_at_zero) &&
                      near(stored.objective_at_zero, again.objective_at_zero);
    require(points && flat && zero && stored.cells == again.cells,
            fmt::format("the census taken again has other {}", !points ? "points"
                                                               : !flat ? "flat sets"
                                                               : !zero ? "numbers at 0"
                                                                       : "cells"));
  }

  /// How much |A G(x) - b| may be off because x is rounded, and in evaluating it.
  static double residual_rounding(const Recovery& f, const VectorXd& x) {
    VectorXd z = x, error = 0x1p-50 * x.cwiseAbs();
    const auto apply = [&](const Rows& W) {
      error = (W.cwiseAbs() * (error + 0x1p-53 * static_cast<double>(W.cols()) * z.cwiseAbs())).eval();
      z = (W * z).eval();
    };
    for (const Rows& W : f.G.layers) {
      apply(W);
      z = z.cwiseMax(0.0);
    }
    if (f.A.size() > 0) apply(f.A);
    return error.norm();
  }
  static double rounding(const Recovery& f, const VectorXd& x) {
    const double error = residual_rounding(f, x);
    return std::sqrt(2 * objective(f, x)) * error + error * error;
  }

  static double scale_of(const Recovery& f) { return std::max(f.b.squaredNorm(), 1e-300); }

  /// Minima by directions around them, kinks by the derivatives to both sides of the ray.
  void check_kind(const Recovery& f, const StationaryPoint& p, double size) {
    const VectorXd x = coordinates(p.x, p.x3);
    if (p.kind != StationaryKind::kink_saddle)
      require(!falls(f, x), fmt::format("f falls from a minimum of the census at {}", text_of(x)));
    if (p.kind == StationaryKind::minimum) return;
    if (x.size() == 3) return check_slopes(p);
    const double sign = p.kind == StationaryKind::kink_minimum ? 1 : -1;
    const VectorXd across = Vector2d(-x[1], x[0]).normalized();
    for (const auto& [stored, u] : {std::pair{p.counterclockwise, across}, std::pair{p.clockwise, VectorXd(-across)}}) {
      require(sign * stored >= 0, fmt::format("a {} has a derivative of {} across it", name(p.kind), stored));
      if (residual_rounding(f, x) > 1e-9 * std::sqrt(size)) continue;
      require(is_derivative(f, x, u, stored),
              fmt::format("a derivative at a kink of the census = {}, but recomputed it is not", stored));
    }
  }

  /// k = 3: the largest and the least derivative across the kink. What they are only the census taken again tells.
  void check_slopes(const StationaryPoint& p) {
    const bool saddle = p.kind == StationaryKind::kink_saddle;
    require(p.counterclockwise >= p.clockwise && (saddle ? p.clockwise < 0 : p.clockwise >= 0),
            fmt::format("a {} has derivatives from {} to {} across it", name(p.kind), p.clockwise, p.counterclockwise));
  }

  /// Has it as many coordinates as points of the instance?
  bool in_space(const VectorXd& x) {
    const bool fits = x.size() == std::get<Recovery>(rebuilt_.f).k() && x.allFinite();
    require(fits, "a point of the census has other dimensions than the instance");
    return fits;
  }

  static std::string text_of(const VectorXd& x) { return fmt::format("({})", fmt::join(x.begin(), x.end(), ", ")); }

  /// How fast A G(x) moves along u, |x| at least as far as |b|: where neurons are nearly parallel x moves far for it.
  static double image_speed(const Recovery& f, const VectorXd& x, const VectorXd& u) {
    const VectorXd moves = one_sided_derivative(f.G, x, u);
    return std::max(f.A.size() > 0 ? (f.A * moves).stableNorm() : moves.stableNorm(),
                    std::sqrt(scale_of(f)) / x.norm());
  }

  /// The gradient is affine on either side, some way off.
  static bool is_derivative(const Recovery& f, const VectorXd& x, const VectorXd& u, double stored) {
    const double size = std::sqrt(scale_of(f)), speed = image_speed(f, x, u);
    for (const double apart : {1e-7, 1e-9, 1e-11, 1e-13}) {
      const VectorXd step = apart * size / speed * u;
      const double derivative = (2 * gradient(f, x + step) - gradient(f, x + 2 * step)).dot(u);
      if (std::abs(stored - derivative) <= 1e-6 * size * speed) return true;
    }
    return false;
  }

  void check_flat(const Recovery& f, const FlatSet& flat, double size) {
    const VectorXd x = coordinates(flat.x, flat.x3);
    if (!in_space(x)) return;
    require(std::abs(flat.objective - objective(f, x)) <= 1e-10 * size + rounding(f, x),
            fmt::format("objective on a flat set = {}, but recomputed it is {}", flat.objective, objective(f, x)));
    if (flat.kind != StationaryKind::kink_saddle)
      require(!falls(f, x), fmt::format("f falls from a flat set of minima at {}", text_of(x)));
  }

  /// 64 on the circle; 256 on the sphere, by the golden angle.
  static std::vector<VectorXd> directions_around(Eigen::Index k) {
    const int count = k == 2 ? 64 : 256;
    std::vector<VectorXd> all;
    for (int i = 0; i < count; ++i) {
      const double share = (i + 0.5) / count;
      const double t = k == 2 ? 2 * std::numbers::pi * share : std::numbers::pi * (3 - std::sqrt(5.0)) * i;
      if (k == 2) {
        all.emplace_back(Vector2d(std::cos(t), std::sin(t)));
        continue;
      }
      const double z = 1 - 2 * share, r = std::sqrt(1 - z * z);
      all.emplace_back(Eigen::Vector3d(r * std::cos(t), r * std::sin(t), z));
    }
    return all;
  }

  /// x is off its ray by rounding, so a derivative may be negative by that much of the curvature.
  static bool falls(const Recovery& f, const VectorXd& x) {
    const double size = std::sqrt(scale_of(f)), here = objective(f, x) - rounding(f, x);
    const double slope = 1e-9 * size + residual_rounding(f, x);
    std::vector<VectorXd> directions = directions_around(x.size());
    for (const double sign : {1.0, -1.0}) directions.emplace_back(sign * x.normalized());
    return std::ranges::any_of(directions, [&](const VectorXd& u) {
      const double speed = image_speed(f, x, u), step = 1e-6 * size / speed;
      return objective(f, x + step * u) - here < -1e-11 * size * size && one_sided_derivative(f, x, u) < -slope * speed;
    });
  }

  const MeasuredLandscape& d_;
  const Landscape& l_;
  Problem problem_;
  const Sizes& sizes_;
  const RebuiltInstance& rebuilt_;
  bool older_;
  std::unique_ptr<Rebuilt> instance_;
  std::vector<std::string> failures_;
};

}  // namespace

Complaints complaints_of(Problem problem, const Sizes& sizes, const RebuiltInstance& rebuilt,
                         const MeasuredLandscape& d, bool older) {
  return CheckedLandscape(d, problem, sizes, rebuilt, older).check();
}

Complaints census_complaints_of(Problem problem, const Sizes& sizes, const RebuiltInstance& rebuilt,
                                const MeasuredLandscape& d) {
  return CheckedLandscape(d, problem, sizes, rebuilt, false).check_alone();
}

}  // namespace theoremeter
