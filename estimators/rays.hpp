// The rays of an instance, many directions at a time: the vectors a and c of radial.hpp by products of matrices.
//
// For a block of directions P (k x N) the layers give Z = G(P), and with Y = A Z and S = sgn(Y) o b (b without a
// modulus) one backward pass through A' and the masked W_i' takes [Y S] to [a c]: per direction 2 (sum n_i n_{i-1} + m
// n_d) flops forward and twice that back, at the rate of a matrix product.
#pragma once

#include "estimators/radial.hpp"
#include "theory/homogeneity.hpp"
#include "theory/population.hpp"
#include "theory/problems.hpp"

#include <Eigen/Core>
#include <vector>

namespace theoremeter {

/// The vectors of radial.hpp, a column a direction, those of the second factor below those of the first. At any p (and
/// q), of unit length or not, a and c are gradients of functions, 1/2 |A G(p)|^2 and <A G(p), b> or <|A G(p)|, b>, and
/// so are `identity` (p itself; |q|^2 p and |p|^2 q) and H, what the population has in their place.
struct RayVectors {
  Eigen::MatrixXd a, c, identity, H;
};

/// Matrices kept from block to block: allocating them takes as long as filling them. One a thread.
struct RayWorkspace {
  /// One network's: outputs[0] = P, outputs[i] = Z_i; backward[i], twice as wide, goes back through layer i.
  struct Passes {
    std::vector<Eigen::MatrixXd> outputs, backward;
  };
  Passes first, second;
  Eigen::MatrixXd measured;  // Y
  Eigen::MatrixXd both;      // [Y S]
  RayVectors vectors;
};

/// Directions are columns: unit p, or unit p on top of unit q.
class Rays {
 public:
  virtual ~Rays() = default;

  /// How the columns are divided: {k}, or {n, p}.
  virtual std::vector<Eigen::Index> parts() const = 0;
  virtual void vectors(const Eigen::MatrixXd& P, RayVectors& out, RayWorkspace& work) const = 0;
  /// `out` has room for as many as P has columns. The products of matrices depend on the columns there are: call with
  /// the same blocks for the same bits.
  void evaluate(const Eigen::MatrixXd& P, RayNumbers* out, RayWorkspace& work) const;

  /// How many neurons and measurements there are whose sign matters.
  virtual Eigen::Index neurons() const = 0;
  /// kinks.hpp's, of all that the gradient depends on; normals in the space of the columns. `near`: as far as each part
  /// is long.
  virtual std::vector<double> kinks_along(const Eigen::VectorXd& p, const Eigen::VectorXd& u, double reach) const = 0;
  virtual Eigen::MatrixXd kinks_near(const Eigen::VectorXd& p, double near) const = 0;
  /// The derivatives in p of a and of c on the piece that p lies in, where neither jumps.
  struct Slopes {
    Eigen::MatrixXd a, c;
  };
  virtual Slopes slopes(const Eigen::VectorXd& p) const = 0;

  /// The vectors along one ray, by along_ray of theory/problems.hpp: what evaluate must agree with.
  struct Vectors {
    std::vector<Eigen::VectorXd> p, a, c, H;  // one each factor
    double b = 0;
  };
  virtual Vectors at(const Point& direction) const = 0;

  /// Gradients and objectives, all of a, c and b, are in units of this power of two, so that they are of size about 1;
  /// errors, as they are against the population's, are not.
  virtual double unit() const { return 1; }
  /// sup_r |r (unit a - p) - (unit c - H)|/max(r, 1) of one factor, and where.
  RadialExtremum error(const Vectors& at, std::size_t factor) const;
  /// The unit vectors that cosines are with, one each factor.
  virtual std::vector<Eigen::VectorXd> solution() const = 0;

  Eigen::Index dimension() const;
  /// Orthonormal columns that span the parts of p and these normals: unit vectors where that is all there is.
  Eigen::MatrixXd across(const Eigen::VectorXd& p, const Eigen::MatrixXd& normals) const;
  /// The parts of a column, each of unit length.
  Point point(const Eigen::VectorXd& column) const;
};

/// Inversion, compressed sensing, phase retrieval, amplitude flow.
class RecoveryRays final : public Rays {
 public:
  /// Keeps a normalised copy of f. Throws InputError when x0 = 0, for blind demodulation, and as normalised() does.
  RecoveryRays(const Recovery& f, Problem problem);

  std::vector<Eigen::Index> parts() const override { return {f_.k()}; }
  void vectors(const Eigen::MatrixXd& P, RayVectors& out, RayWorkspace& work) const override;
  Eigen::Index neurons() const override;
  std::vector<double> kinks_along(const Eigen::VectorXd& p, const Eigen::VectorXd& u, double reach) const override;
  Eigen::MatrixXd kinks_near(const Eigen::VectorXd& p, double near) const override;
  Slopes slopes(const Eigen::VectorXd& p) const override;
  Vectors at(const Point& direction) const override;

  const Recovery& instance() const { return f_; }  // normalised
  double unit() const override { return unit_; }
  std::vector<Eigen::VectorXd> solution() const override { return {x0_}; }
  Problem problem() const { return problem_; }
  double length() const { return length_; }  // |x0|
  double scale() const { return scale_; }    // 2^d

 private:
  Eigen::VectorXd population(const Eigen::VectorXd& p) const;  // H_p
  const Rows& signed_measurements() const;                     // A, or nothing where the signs of A G do not matter

  Normalised normalised_;
  const Recovery& f_ = normalised_.f;
  Problem problem_;
  double length_, scale_, unit_;
  Eigen::VectorXd x0_;  // of unit length
};

/// Blind demodulation, layers with the given alpha: gradients are scaled by 2^{d+s} l/alpha, the one in h by 1/|m|, the
/// one in m by 1/|h|, so that each is T a - c with T = |h||m|/(|h0||m0|); the population's, T p - cos theta_s^(m) t_h.
class DemodulationRays final : public Rays {
 public:
  /// Keeps a normalised copy of f. Throws InputError when h0 = 0 or m0 = 0, unless alpha > 0, and as normalised() does.
  DemodulationRays(const Demodulation& f, double alpha);

  std::vector<Eigen::Index> parts() const override { return {f_.G1.input, f_.G2.input}; }
  void vectors(const Eigen::MatrixXd& P, RayVectors& out, RayWorkspace& work) const override;
  Eigen::Index neurons() const override;
  std::vector<double> kinks_along(const Eigen::VectorXd& p, const Eigen::VectorXd& u, double reach) const override;
  Eigen::MatrixXd kinks_near(const Eigen::VectorXd& p, double near) const override;
  Slopes slopes(const Eigen::VectorXd& p) const override;
  Vectors at(const Point& direction) const override;

  const Demodulation& instance() const { return f_; }  // normalised
  double unit() const override { return unit_; }
  std::vector<Eigen::VectorXd> solution() const override { return {h0_, m0_}; }
  double length() const { return length_; }  // |h0||m0|
  double scale() const { return scale_; }    // 2^{d+s} l/alpha

 private:
  std::pair<Eigen::VectorXd, Eigen::VectorXd> population(const Eigen::VectorXd& p, const Eigen::VectorXd& q) const;

  NormalisedDemodulation normalised_;
  const Demodulation& f_ = normalised_.f;
  double length_, scale_, unit_;
  Eigen::VectorXd h0_, m0_;  // of unit length
};

}  // namespace theoremeter
