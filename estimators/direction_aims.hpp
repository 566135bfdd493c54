// What the searches over directions look for: the largest population error, the least gradient, the least descent at 0.
#pragma once

#include "estimators/rays.hpp"
#include "estimators/stream.hpp"

#include <Eigen/Core>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace theoremeter {

/// The vectors of p + h u and of p - h u. All of them are gradients, so that (g(p + h u) - g(p - h u))/(2h) is the
/// gradient in p of <u, g>, averaged between the two: a smooth function, however g jumps.
struct Secant {
  RayVectors above, below;
  double h = 0;
};

/// Rounds of `slower`, at most 2 k, times the steps asked for, h from `widest`, later from `widest_again`, down to
/// `narrowest`: each column alone, from its best so far, or all from the best quarter of a block.
struct Annealing {
  int rounds, slower;
  double widest, widest_again, narrowest;
  bool alone;
};

/// How much is spent on an aim. Then there are walks (direction_walk.hpp), of 32 columns: from so many of the best
/// annealed, no two of them nearer than `apart`, and from `given`/k^2 of those the search was given. Tried at widths
/// 6,30,60 (m = 40), 10,100,400 (m = 200), 20,200,500 and 5,200: annealing finds good regions in many dimensions and
/// where layers are wide; elsewhere it passes the best corners by.
struct DirectionPlan {
  std::vector<Annealing> annealings;
  int annealed;
  double apart;
  Eigen::Index given;
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

  /// Scores are no better known than to this.
  virtual double rounding() const { return 0; }
  /// No lower score is looked for.
  virtual double enough() const { return -infinity; }

  /// On the piece that columns i and i + 1 are ends of, about where the score is least between them, unless at an end;
  /// its length is any. The score is that there, or less.
  struct Guess {
    Eigen::VectorXd column;
    double score;
  };
  virtual std::optional<Guess> between(const Eigen::MatrixXd& /*columns*/, const RayVectors& /*at*/,
                                       Eigen::Index /*i*/) const {
    return std::nullopt;
  }

  /// To where the score would be least if p's piece were everywhere, orthogonal to these columns; 0 where not known.
  virtual Eigen::VectorXd step(const Eigen::VectorXd& p, const RayNumbers& /*ray*/,
                               const Eigen::MatrixXd& /*kept*/) const {
    return Eigen::VectorXd::Zero(p.size());
  }

  virtual bool has_step() const { return false; }  // any but 0

  virtual DirectionPlan plan() const = 0;
};

/// -E: |e| of e = r (unit a - p) - (unit c - H) at the r = 0, 1 or infinity and the factor where it is largest, u along
/// e.
class ErrorAim final : public DirectionAim {
 public:
  explicit ErrorAim(const Rays& rays) : rays_(rays) {}
  double score(const RayNumbers& ray) const override { return -ray.error(); }
  Eigen::VectorXd fall(const Secant& at, const Eigen::VectorXd& p, Eigen::VectorXd& u, Stream& stream) const override;
  DirectionPlan plan() const override {
    return {.annealings = {{4, 1, 1, 0.05, 1e-3, false}, {8, 1, 0.3, 0.05, 1e-3, true}},
            .annealed = 12,
            .apart = 0.1,
            .given = 600};
  }

 private:
  const Rays& rays_;
};

/// |v|/max(r, 1) of v = r a - c at the best radius allowed, u along v. Secants stay wider than for E: the mean of two
/// sides may vanish where neither does. On a piece v is linear in x (blind demodulation: cubic): about where it is
/// least between two directions is known, and Newton's method leads to its zero.
class GradientAim final : public DirectionAim {
 public:
  using Allowed = std::function<std::vector<Interval>(const RayNumbers&)>;
  /// Lengths below `rounding` are not known by their squares.
  GradientAim(const Rays& rays, Allowed allowed, double rounding)
      : rays_(rays), allowed_(std::move(allowed)), rounding_(rounding) {}
  double score(const RayNumbers& ray) const override { return least_gradient(ray, allowed_(ray)).value; }
  Eigen::VectorXd fall(const Secant& at, const Eigen::VectorXd& p, Eigen::VectorXd& u, Stream& stream) const override;
  double rounding() const override { return rounding_; }
  double enough() const override { return rounding_; }
  std::optional<Guess> between(const Eigen::MatrixXd& columns, const RayVectors& at, Eigen::Index i) const override;
  Eigen::VectorXd step(const Eigen::VectorXd& p, const RayNumbers& ray, const Eigen::MatrixXd& kept) const override;
  bool has_step() const override { return true; }
  DirectionPlan plan() const override {
    return {.annealings = {{2, 12, 1, 0.03, 1e-2, false}, {6, 2, 0.3, 0.03, 1e-2, true}},
            .annealed = 8,
            .apart = 1e-3,
            .given = 200};
  }

 private:
  Eigen::VectorXd by_cosines(const RayNumbers& ray) const;

  const Rays& rays_;
  Allowed allowed_;
  double rounding_;
};

/// b = <p, c>, whose gradient is c: continuous, smoothed along random u.
class DescentAim final : public DirectionAim {
 public:
  explicit DescentAim(double rounding) : rounding_(rounding) {}
  double rounding() const override { return rounding_; }
  double score(const RayNumbers& ray) const override { return ray.b; }
  Eigen::VectorXd fall(const Secant& at, const Eigen::VectorXd& p, Eigen::VectorXd& u, Stream& stream) const override;
  std::optional<Guess> between(const Eigen::MatrixXd& columns, const RayVectors& at, Eigen::Index i) const override;
  DirectionPlan plan() const override {
    return {.annealings = {{2, 1, 1, 0.05, 1e-3, false}}, .annealed = 2, .apart = 1e-3, .given = 40};
  }

 private:
  double rounding_;
};

}  // namespace theoremeter
