#include "estimators/landscape_instance.hpp"

#include "estimators/all_directions.hpp"
#include "estimators/hyperbola.hpp"
#include "theory/angle.hpp"
#include "theory/rho.hpp"

#include <algorithm>
#include <cmath>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

/// Descents end this near to kinks, relative to |x|.
constexpr double on_kink = 1e-7;

double cosine(const VectorXd& x, const VectorXd& x0) { return std::cos(angle(x, x0)); }

/// x0, -rho x0 unless rho = 0, and 0: centres s x0.
class RecoveryInstance final : public LandscapeInstance {
 public:
  RecoveryInstance(const Recovery& f, Problem problem)
      : rays_(f, problem),
        f_(rays_.instance()),
        rho_(theoremeter::rho(problem, f.G.depth())),
        at_(rho_ == 0 ? std::vector<double>{1, 0} : std::vector<double>{1, -rho_, 0}),
        x0_(f_.x0 / rays_.length()) {}

  const Rays& rays() const override { return rays_; }
  std::vector<double> rho() const override { return {rho_}; }
  Neighbourhoods implied(double E) const override { return implied_neighbourhoods(rays_.problem(), f_.G.depth(), E); }

  // |r p - s x0|^2 = r^2 - 2 r s cos + s^2 < R^2.
  std::vector<Interval> inside(const RayNumbers& ray, const std::vector<Neighbourhood>& around) const override {
    std::vector<Interval> all;
    for (std::size_t i = 0; i < around.size(); ++i) {
      const double s = at_[i], R = around[i].radius, middle = s * ray.factor[0].cosine;
      const double square = middle * middle - s * s + R * R;
      if (square > 0 && middle + std::sqrt(square) > 0)
        all.push_back({std::max(0.0, middle - std::sqrt(square)), middle + std::sqrt(square)});
    }
    return all;
  }

  double descent_along_gradient(const Point& direction, double r) const override {
    const VectorXd x = r * rays_.length() * direction[0], v = gradient(f_, x);
    const double square = v.squaredNorm();
    return square > 0 ? one_sided_derivative(f_, x, -v) / square : 0;
  }

  DescentProblem descent() const override {
    const double length = rays_.length(), scale = rays_.scale();
    return {[=, this](const VectorXd& x) { return scale * objective(f_, length * x) / (length * length); },
            [=, this](const VectorXd& x) { return VectorXd(scale * gradient(f_, length * x) / length); },
            [](const VectorXd& x, const VectorXd& v) { return v.norm() / std::max(x.norm(), 1.0); }, [](VectorXd&) {},
            [=, this](const VectorXd& x, double slope) {
              AllDirections at =
                  all_directions(f_, length * x, on_kink, slope * std::max(x.norm(), 1.0) * length / scale);
              at.least *= scale / length;
              return at;
            }};
  }

  std::vector<Way> ways(const VectorXd& x, const VectorXd& y) const override { return {{x, y}}; }

  std::vector<double> distances(const VectorXd& x) const override {
    std::vector<double> all;
    for (const double s : at_) all.push_back((x - s * x0_).norm());
    return all;
  }

 private:
  RecoveryRays rays_;
  const Recovery& f_;
  double rho_;
  std::vector<double> at_;
  VectorXd x0_;
};

/// (h0, m0), (-rho h0, m0), (h0, -rho m0), (-rho h0, -rho m0), but where rho = 0: the signs and lengths of h~ and m~.
class DemodulationInstance final : public LandscapeInstance {
 public:
  DemodulationInstance(const Demodulation& f, double alpha)
      : rays_(f, alpha),
        f_(rays_.instance()),
        rho_h_(theoremeter::rho(Problem::blind_demodulation, f.G1.depth())),
        rho_m_(theoremeter::rho(Problem::blind_demodulation, f.G2.depth())) {
    for (const double m : {1.0, -rho_m_})
      for (const double h : {1.0, -rho_h_}) {
        if (h == 0 || m == 0) continue;
        h_.push_back(h);
        m_.push_back(m);
      }
  }

  bool has_weak_maximisers() const override { return true; }
  const Rays& rays() const override { return rays_; }
  std::vector<double> rho() const override { return {rho_h_, rho_m_}; }
  Neighbourhoods implied(double E) const override { return implied_neighbourhoods(f_.G1.depth(), f_.G2.depth(), E); }

  std::vector<Interval> inside(const RayNumbers& ray, const std::vector<Neighbourhood>& around) const override {
    std::vector<Interval> all;
    for (std::size_t i = 0; i < around.size(); ++i) {
      const auto held = hyperbolic_interval(around[i].radius, towards(h_[i], ray.factor[0].cosine),
                                            towards(m_[i], ray.factor[1].cosine));
      const double T = std::abs(h_[i] * m_[i]);
      if (held) all.push_back({T * held->lo, T * held->hi});
    }
    return all;
  }

  double descent_along_gradient(const Point& direction, double r) const override {
    const double length = std::sqrt(r * rays_.length());
    const VectorXd h = length * direction[0], m = length * direction[1];
    const auto [v_h, v_m] = gradient(f_, h, m);
    const double square = v_h.squaredNorm() + v_m.squaredNorm();
    return square > 0 ? one_sided_derivative(f_, h, m, -v_h, -v_m) / square : 0;
  }

  DescentProblem descent() const override {
    const double length = std::sqrt(rays_.length()), scale = rays_.scale();
    const double of_f = scale / (rays_.length() * rays_.length()), of_v = of_f * length;
    return {[=, this](const VectorXd& x) { return of_f * objective(f_, length * h(x), length * m(x)); },
            [=, this](const VectorXd& x) {
              const auto [v_h, v_m] = gradient(f_, length * h(x), length * m(x));
              VectorXd v(x.size());
              v << v_h, v_m;
              return VectorXd(of_v * v);
            },
            [this](const VectorXd& x, const VectorXd& v) {
              const double in_h = h(x).norm(), in_m = m(x).norm();
              return std::max(h(v).norm() / in_m, m(v).norm() / in_h) / std::max(in_h * in_m, 1.0);
            },
            [this](VectorXd& x) {
              const double c = std::sqrt(h(x).norm() / m(x).norm());
              if (!(c > 0) || !std::isfinite(c)) return;
              x.head(f_.G1.input) /= c;
              x.tail(f_.G2.input) *= c;
            },
            [=, this](const VectorXd& x, double slope) {
              // Of size 1 are gradients of this length where |h| = |m|.
              const double one = x.norm() / std::sqrt(2) * std::max(x.squaredNorm() / 2, 1.0);
              AllDirections at = all_directions(f_, length * h(x), length * m(x), on_kink, slope * one / of_v);
              at.least *= of_v;
              return at;
            }};
  }

  // One factor after the other; c where f is least on the ray of the corner.
  std::vector<Way> ways(const VectorXd& x, const VectorXd& y) const override {
    std::vector<Way> all;
    const auto add = [&](const VectorXd& corner, double c, bool h_first) {
      if (!(c > 0) || !std::isfinite(c)) return;
      VectorXd first = x, last = y;
      last.head(f_.G1.input) *= h_first ? c : 1 / c;
      last.tail(f_.G2.input) *= h_first ? 1 / c : c;
      (h_first ? first.head(f_.G1.input) : first.tail(f_.G2.input)) = c * corner;
      all.push_back({x, first, last});
    };
    const double unit = rays_.length();  // b is in it
    const BilinearRay other_h = along_rays(f_, h(y), m(x)), other_m = along_rays(f_, h(x), m(y));
    add(h(y), other_h.b / other_h.a / unit, true);
    add(m(y), other_m.b / other_m.a / unit, false);
    return all;
  }

  std::vector<double> distances(const VectorXd& x) const override {
    const double T = h(x).norm() * m(x).norm();
    const double in_h = cosine(h(x), f_.h0), in_m = cosine(m(x), f_.m0);
    std::vector<double> all;
    for (std::size_t i = 0; i < h_.size(); ++i)
      all.push_back(hyperbolic_distance(T / std::abs(h_[i] * m_[i]), towards(h_[i], in_h), towards(m_[i], in_m)));
    return all;
  }

 private:
  VectorXd h(const VectorXd& x) const { return x.head(f_.G1.input); }
  VectorXd m(const VectorXd& x) const { return x.tail(f_.G2.input); }
  static double towards(double centre, double cosine) { return centre > 0 ? cosine : -cosine; }

  DemodulationRays rays_;
  const Demodulation& f_;
  double rho_h_, rho_m_;
  std::vector<double> h_, m_;
};

}  // namespace

std::unique_ptr<LandscapeInstance> landscape_instance(const Recovery& f, Problem problem) {
  return std::make_unique<RecoveryInstance>(f, problem);
}

std::unique_ptr<LandscapeInstance> landscape_instance(const Demodulation& f, double alpha) {
  return std::make_unique<DemodulationInstance>(f, alpha);
}

}  // namespace theoremeter
