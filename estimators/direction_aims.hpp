// What the searches over directions look for: the largest population error, the least gradient, the least descent at 0.
#pragma once

#include "estimators/rays.hpp"
#include "estimators/stream.hpp"

#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace theoremeter {

/// The vectors of p + h u and of p - h u. All of them are gradients, so that (g(p + h u) - g(p - h u))/(2h) is the
/// gradient in p of <u, g>, averaged between the two: a smooth function, however g jumps.
struct Secant {
  RayVectors above, below;
  double h = 0;
};

/// How an aim's columns are annealed: in rounds, the first from secants as long as directions; h at the beginning of
/// those after it, and at the end of each. Tried at widths 10,100,400 and m = 200.
struct Annealing {
  int rounds;
  double widest_again, narrowest;
};

class DirectionAim {
 public:
  virtual ~DirectionAim() = default;

  /// What is made small; may be infinite.
  virtual double score(const RayNumbers& ray) const = 0;

  /// A direction in which the score, smoothed, falls from the single column p. Leaves in u the direction to smooth
  /// along next; u is 0 at first.
  virtual Eigen::VectorXd fall(const Secant& at, const Eigen::VectorXd& p, Eigen::VectorXd& u,
                               Stream& stream) const = 0;

  /// Of columns near their best, better ones where there is a way to them; `evaluations` counts.
  virtual void finish(Eigen::MatrixXd& /*columns*/, std::int64_t& /*evaluations*/) const {}

  virtual Annealing annealing() const = 0;
};

/// -E: |e| of e = r (unit a - p) - (unit c - H) at the r = 0, 1 or infinity and the factor where it is largest, u along
/// e.
class ErrorAim final : public DirectionAim {
 public:
  explicit ErrorAim(const Rays& rays) : rays_(rays) {}
  double score(const RayNumbers& ray) const override { return -ray.error(); }
  Eigen::VectorXd fall(const Secant& at, const Eigen::VectorXd& p, Eigen::VectorXd& u, Stream& stream) const override;
  Annealing annealing() const override { return {4, 0.05, 1e-3}; }

 private:
  const Rays& rays_;
};

/// |v|/max(r, 1) of v = r a - c at the best radius allowed, u along v. Secants stay wider than for E: the mean of two
/// sides may vanish where neither does. Near a zero of v steps of Newton's method: between
/// jumps v is linear (blind demodulation: cubic) in x.
class GradientAim final : public DirectionAim {
 public:
  using Allowed = std::function<std::vector<Interval>(const RayNumbers&)>;
  GradientAim(const Rays& rays, Allowed allowed) : rays_(rays), allowed_(std::move(allowed)) {}
  double score(const RayNumbers& ray) const override { return least_gradient(ray, allowed_(ray)).value; }
  Eigen::VectorXd fall(const Secant& at, const Eigen::VectorXd& p, Eigen::VectorXd& u, Stream& stream) const override;
  void finish(Eigen::MatrixXd& columns, std::int64_t& evaluations) const override;
  Annealing annealing() const override { return {4, 0.03, 1e-2}; }

 private:
  Eigen::VectorXd by_cosines(const RayNumbers& ray) const;

  const Rays& rays_;
  Allowed allowed_;
};

/// b = <p, c>, whose gradient is c: continuous, smoothed along random u.
class DescentAim final : public DirectionAim {
 public:
  double score(const RayNumbers& ray) const override { return ray.b; }
  Eigen::VectorXd fall(const Secant& at, const Eigen::VectorXd& p, Eigen::VectorXd& u, Stream& stream) const override;
  Annealing annealing() const override { return {2, 0.05, 1e-3}; }
};

}  // namespace theoremeter
