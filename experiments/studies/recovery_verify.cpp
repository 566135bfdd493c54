#include "experiments/studies/recovery_verify.hpp"

#include "experiments/studies/condition_verify.hpp"
#include "theory/images.hpp"
#include "theory/rho.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace theoremeter {
namespace {

using Eigen::VectorXd;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// x and -x give the same observations.
bool has_sign(const Recovery& f) { return f.phaseless && f.G.depth() == 0; }

double distance(const VectorXd& x, const VectorXd& y, bool either_sign) {
  const double one = (x - y).norm();
  return either_sign ? std::min(one, (x + y).norm()) : one;
}

double norm_of_product(const VectorXd& h, const VectorXd& m) { return h.norm() * m.norm(); }

/// |h m' - s h0 m0'|_F without the matrices: the norm of a difference of rank two.
double distance_of_products(const VectorXd& h, const VectorXd& m, double s, const VectorXd& h0, const VectorXd& m0) {
  return (h * m.transpose() - s * h0 * m0.transpose()).norm();
}

struct Parts {
  VectorXd h, m;
  Parts(const Demodulation& f, const VectorXd& x) : h(x.head(f.G1.input)), m(x.tail(f.G2.input)) {}
};

double objective_of(const RecoveryInstance& instance, const VectorXd& x) {
  if (const auto* f = std::get_if<Recovery>(&instance)) return objective(*f, x);
  const auto& g = std::get<Demodulation>(instance);
  const Parts p(g, x);
  return objective(g, p.h, p.m);
}

bool has_truth(const RecoveryInstance& instance) { return truth(instance).size() > 0; }

/// Of G(x); of blind demodulation, of G1(h) up to its scale.
double signal_error_of(const RecoveryInstance& instance, const VectorXd& x) {
  if (!has_truth(instance)) return nan;
  if (const auto* f = std::get_if<Recovery>(&instance)) {
    const VectorXd y0 = forward(f->G, f->x0);
    return distance(forward(f->G, x), y0, f->phaseless) / y0.norm();
  }
  const auto& g = std::get<Demodulation>(instance);
  const VectorXd w0 = forward(g.G1, g.h0), w = forward(g.G1, Parts(g, x).h);
  const double square = w.squaredNorm();
  return square > 0 ? (w * (w.dot(w0) / square) - w0).norm() / w0.norm() : 1;
}

Basin nearest(double to_solution, double to_spurious, double length) {
  constexpr double near = 0.5, at_zero = 1e-3;
  if (length <= at_zero) return Basin::zero;
  if (to_solution <= near && to_solution <= to_spurious) return Basin::solution;
  return to_spurious <= near ? Basin::spurious : Basin::elsewhere;
}

Basin basin_of(const RecoveryInstance& instance, const VectorXd& x) {
  if (!has_truth(instance)) return Basin::unknown;
  if (const auto* f = std::get_if<Recovery>(&instance)) {
    const double length = f->x0.norm();
    const Problem problem = f->phaseless ? Problem::phase_retrieval : Problem::compressed_sensing;
    const int d = f->G.depth();
    const double spurious = d == 0 ? INFINITY : (x + rho(problem, d) * f->x0).norm() / length;
    return nearest(distance(x, f->x0, has_sign(*f)) / length, spurious, x.norm() / length);
  }
  const auto& g = std::get<Demodulation>(instance);
  const Parts p(g, x);
  const double length = norm_of_product(g.h0, g.m0);
  const double h = rho(Problem::blind_demodulation, g.G1.depth()), m = rho(Problem::blind_demodulation, g.G2.depth());
  double spurious = INFINITY;
  for (const double s : {-h, -m}) spurious = std::min(spurious, distance_of_products(p.h, p.m, s, g.h0, g.m0) / length);
  const bool opposite = p.h.dot(g.h0) < 0 && p.m.dot(g.m0) < 0;  // near (-rho h0, -rho m0), whose product is no other's
  const double to_solution = distance_of_products(p.h, p.m, 1, g.h0, g.m0) / length;
  if (opposite) return nearest(INFINITY, distance_of_products(p.h, p.m, h * m, g.h0, g.m0) / length, 1);
  return nearest(to_solution, spurious, norm_of_product(p.h, p.m) / length);
}

/// Equal but for rounding, on another processor too; NaN and infinities included. `size`: of what is subtracted.
bool alike(double a, double b, double size) {
  return a == b || (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= 1e-10 * std::abs(b) + 1e-14 * size;
}

Eigen::Index unknowns_of(const RecoveryInstance& instance) {
  if (const auto* f = std::get_if<Recovery>(&instance)) return f->k();
  const auto& g = std::get<Demodulation>(instance);
  return g.G1.input + g.G2.input;
}

/// Of the one, or the two that are multiplied.
VectorXd first_image(const RecoveryInstance& instance, const VectorXd& pixels) {
  return std::holds_alternative<Demodulation>(instance) ? VectorXd(pixels.head(pixels.size() / 2)) : pixels;
}

}  // namespace

const VectorXd& observations(const RecoveryInstance& instance) {
  return std::visit([](const auto& f) -> const VectorXd& { return f.b; }, instance);
}

VectorXd truth(const RecoveryInstance& instance) {
  if (const auto* f = std::get_if<Recovery>(&instance)) return f->x0;
  const auto& g = std::get<Demodulation>(instance);
  VectorXd x(g.h0.size() + g.m0.size());
  x << g.h0, g.m0;
  return x;
}

double relative_noise(const RecoveryInstance& instance) {
  if (!has_truth(instance)) return nan;
  return std::sqrt(2 * objective_of(instance, truth(instance))) / observations(instance).norm();
}

double error_of(const RecoveryInstance& instance, const VectorXd& x) {
  if (!has_truth(instance)) return nan;
  if (const auto* f = std::get_if<Recovery>(&instance)) return distance(x, f->x0, has_sign(*f)) / f->x0.norm();
  const auto& g = std::get<Demodulation>(instance);
  const Parts p(g, x);
  return distance_of_products(p.h, p.m, 1, g.h0, g.m0) / norm_of_product(g.h0, g.m0);
}

VectorXd pixels_at(const RecoveryInstance& instance, const VectorXd& x, const VectorXd& true_pixels) {
  if (const auto* f = std::get_if<Recovery>(&instance)) {
    const VectorXd y = f->G.depth() > 0 ? forward(f->G, x) : image_of(x, true_pixels.size());
    return f->phaseless && (y + true_pixels).norm() < (y - true_pixels).norm() ? VectorXd(-y) : y;
  }
  const auto& g = std::get<Demodulation>(instance);
  const Parts p(g, x);
  const VectorXd w = forward(g.G1, p.h);
  const double scale = w.dot(first_image(instance, true_pixels)) / w.squaredNorm();
  const double c = scale > 0 ? scale : 1;  // if G1(h) is 0, or orthogonal to the image, none is nearer than another
  VectorXd both(2 * w.size());
  both << c * w, forward(g.G2, p.m) / c;
  return both;
}

bool succeeds(const Restart& r, double tolerance) {
  return (std::isnan(r.error) ? r.signal_error : r.error) <= tolerance;
}

void appraise(const RecoveryInstance& instance, Restart& r, const VectorXd& true_pixels) {
  r.loss = objective_of(instance, r.x);
  r.residual = std::sqrt(2 * r.loss) / observations(instance).norm();
  r.error = error_of(instance, r.x);
  r.signal_error = signal_error_of(instance, r.x);
  r.ssim = nan;
  if (true_pixels.size() > 0) {
    const VectorXd all = pixels_at(instance, r.x, true_pixels), pixels = first_image(instance, all),
                   image = first_image(instance, true_pixels);
    r.signal_error = (pixels - image).norm() / image.norm();
    r.ssim = structural_similarity(pixels, image);
  }
  r.basin = r.ended == RunEnd::diverged ? Basin::diverged : basin_of(instance, r.x);
}

std::size_t kept(const MeasuredRecovery& d) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < d.restarts.size(); ++i)
    if (d.restarts[i].loss < d.restarts[best].loss || std::isnan(d.restarts[best].loss)) best = i;
  return best;
}

std::size_t oracle(const MeasuredRecovery& d) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < d.restarts.size(); ++i)
    if (d.restarts[i].error < d.restarts[best].error || std::isnan(d.restarts[best].error)) best = i;
  return best;
}

Complaints complaints_of(const RecoveryInstance& instance, const VectorXd& true_pixels, double tolerance,
                         const MeasuredRecovery& d, const std::function<NaiveDeviation(const Epsilon&)>& naive) {
  Complaints all;
  const auto expect = [&](double stored, double anew, const std::string& what, double size = 1) {
    if (!alike(stored, anew, size)) all.push_back(fmt::format("{} is {}, stored {}", what, anew, stored));
  };
  const VectorXd x0 = truth(instance);
  if (d.x0.size() != x0.size() || (d.x0 - x0).norm() > 1e-12 * x0.norm()) all.emplace_back("x0 is another");
  if (d.restarts.empty()) return {"there is no restart"};
  expect(d.noise, relative_noise(instance), "noise");
  for (std::size_t i = 0; i < d.restarts.size(); ++i) {
    const Restart& stored = d.restarts[i];
    Restart anew = stored;
    if (stored.x.size() != unknowns_of(instance))
      return {fmt::format("restart {}: x has {} entries", i, stored.x.size())};
    appraise(instance, anew, true_pixels);
    const std::string where = fmt::format("restart {}: ", i);
    expect(stored.loss, anew.loss, where + "loss", observations(instance).squaredNorm());
    expect(stored.residual, anew.residual, where + "residual");
    expect(stored.error, anew.error, where + "error");
    expect(stored.signal_error, anew.signal_error, where + "signal_error");
    expect(stored.ssim, anew.ssim, where + "ssim");
    if (stored.basin != anew.basin) all.push_back(where + "basin is another");
  }
  if (d.x != d.restarts[kept(d)].x) all.emplace_back("x is not that of the restart kept");
  if (d.true_pixels != true_pixels) all.emplace_back("true_pixels are others");
  const VectorXd pixels = true_pixels.size() > 0 ? pixels_at(instance, d.x, true_pixels) : VectorXd();
  if (d.pixels.size() != pixels.size() || (d.pixels - pixels).norm() > 1e-10 * pixels.norm())
    all.emplace_back("pixels are not those of x");
  if (d.success != succeeds(d.restarts[kept(d)], tolerance)) all.emplace_back("success is not what the error says");
  for (const TracedIterate& t : d.trace) {
    Restart anew;
    anew.x = t.x;
    if (t.x.size() != d.restarts[0].x.size()) return {"a traced iterate of another length"};
    appraise(instance, anew);
    expect(t.residual, anew.residual, fmt::format("residual after {} steps", t.step));
    expect(t.error, anew.error, fmt::format("error after {} steps", t.step));
    if (t.step < 0 || t.step > d.restarts[kept(d)].steps) all.push_back(fmt::format("no step {} was made", t.step));
  }
  for (const Epsilon& e : d.epsilon) {
    const std::string name = fmt::format("epsilon of {} {}", e.condition, e.matrix);
    for (std::string& c : complaints_of(name, e.witness, naive(e)(e.witness.point, e.witness.form), e.alpha, false))
      all.push_back(std::move(c));
    const double value = e.condition == "rrcp" ? e.witness.value / 31 : e.witness.value;
    if (!(std::abs(e.value - value) <= 1e-15 * value)) all.push_back(name + " is not what its witness attains");
  }
  if (!d.residuals.empty() && static_cast<std::int64_t>(d.residuals.size()) != d.restarts[kept(d)].steps + 1)
    all.emplace_back("there is not one residual a step");
  return all;
}

}  // namespace theoremeter
