// The annealed ascent of the search: many columns (p, u) climb u'(S - E)(p)u at once, every factor smoothed at a
// temperature that falls.
#pragma once

#include "estimators/deviation.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace theoremeter {

/// A batch of starts, one a column: p[s] is k_s x columns, u is k x columns, all of unit length.
struct Annealed {
  std::vector<Eigen::MatrixXf> p;
  Eigen::MatrixXf u;
  Eigen::ArrayXf sign;         // +1: S - E, -1: E - S
  Eigen::ArrayXf temperature;  // of the first step, in units of the typical |<h, p>|
  Eigen::ArrayXf held;         // u stays as it is above this temperature
};

/// Float32, and in blocks of rows that stay in cache: per step and block one product with every H_s and with R, the
/// factors, and one product with each transpose.
template <Deviation D>
class Annealer {
 public:
  explicit Annealer(const D& d) : d_(d), rows_(d.rows(), scale_) {
    scale_ *= scale_;
    for (int s = 0; s < d.spheres(); ++s) {
      double typical = 1;
      hyperplanes_.emplace_back(d.hyperplanes(s), typical);
      if (grows(d, s)) scale_ *= typical;
    }
  }

  /// Anneals c to a temperature of 0.01, geometrically, in so many steps (at least 2); p moves by `rate` times the
  /// temperature, or `rate` where that is above 1.
  void run(Annealed& c, int steps, float rate) const {
    Work work(c, rows_.size());
    std::vector<Eigen::MatrixXf> velocity;
    for (const auto& p : c.p) velocity.emplace_back(Eigen::MatrixXf::Zero(p.rows(), p.cols()));
    const Eigen::ArrayXf cooling = (0.01f / c.temperature).pow(1.0f / static_cast<float>(steps - 1));
    Eigen::ArrayXf tau = c.temperature;
    for (int step = 0; step < steps; ++step, tau *= cooling) {
      slopes(c, tau, work);
      for (std::size_t s = 0; s < c.p.size(); ++s)
        for (Eigen::Index j = 0; j < tau.size(); ++j)
          ascend(c.p[s].col(j), work.gradient[s].col(j), velocity[s].col(j), rate * std::min(1.0f, tau(j)));
      for (Eigen::Index j = 0; j < tau.size(); ++j) {  // a step of the power method, shifted so that it finds the top
        const float norm = work.Fu.col(j).norm();
        if (norm > 0 && tau(j) <= c.held(j)) c.u.col(j) = (work.Fu.col(j) + 0.6f * norm * c.u.col(j)).normalized();
      }
    }
  }

  /// sign u'(S - E)u, the factors not smoothed, for every column and in units of its own: good for ranking.
  Eigen::ArrayXd values(const Annealed& c) const {
    Eigen::ArrayXd value(c.u.cols());
    for (Eigen::Index j = 0; j < value.size(); ++j) {
      Eigen::ArrayXf terms = (rows_.forward * c.u.col(j)).array().square();
      for (std::size_t s = 0; s < c.p.size(); ++s) {
        const Eigen::VectorXf z = hyperplanes_[s].forward * c.p[s].col(j);
        for (Eigen::Index i = 0; i < z.size(); ++i)
          terms(i) *= static_cast<float>(d_.factor(static_cast<int>(s), z(i)));
      }
      const double E = d_.expectation(point(c, j)).form(c.u.col(j).template cast<double>()) / scale_;
      value(j) = c.sign(j) * (terms.template cast<double>().sum() - E);
    }
    return value;
  }

  static Point point(const Annealed& c, Eigen::Index j) {
    Point p;
    for (const Eigen::MatrixXf& x : c.p) p.push_back(x.col(j).template cast<double>().normalized());
    return p;
  }

 private:
  static constexpr Eigen::Index lanes = Lanes::SizeAtCompileTime, block = 4 * lanes;

  // A in units of its typical |<row, unit vector>|, which becomes `typical`, with rows of zeros up to a whole number of
  // lanes. Held both ways round, so that neither A x nor A'z has to turn it.
  struct Scaled {
    Eigen::MatrixXf forward, transposed;

    Scaled(const Rows& A, double& typical) {
      if (const double norm = A.norm(); norm > 0) typical = norm / std::sqrt(static_cast<double>(A.size()));
      forward.setZero((A.rows() + lanes - 1) / lanes * lanes, A.cols());
      forward.topRows(A.rows()) = (A / typical).template cast<float>();
      transposed = forward.transpose();
    }
    Eigen::Index size() const { return forward.rows(); }
    auto rows(Eigen::Index from, Eigen::Index count) const { return forward.middleRows(from, count); }
    auto columns(Eigen::Index from, Eigen::Index count) const { return transposed.middleCols(from, count); }
  };

  struct Work {
    std::vector<Eigen::MatrixXf> gradient, z;
    Eigen::MatrixXf Fu, r;  // sign (S - E)u, and R u

    Work(const Annealed& c, Eigen::Index n) : Fu(c.u.rows(), c.u.cols()), r(std::min(block, n), c.u.cols()) {
      for (const auto& p : c.p) gradient.emplace_back(p.rows(), p.cols());
      z.assign(c.p.size(), r);
    }
  };

  // Momentum on the sphere, along the gradient's direction alone.
  template <class X, class G, class V>
  static void ascend(X p, G g, V v, float rate) {
    g -= g.dot(p) * p;
    if (const float norm = g.norm(); norm > 0) v = 0.7f * v + g / norm;
    p = (p + rate * v).normalized();
  }

  // work.gradient[s] = sign d/dp_s u'(S - E)u and work.Fu = sign (S - E)u, smoothed at tau.
  void slopes(const Annealed& c, const Eigen::ArrayXf& tau, Work& work) const {
    for (auto& g : work.gradient) g.setZero();
    work.Fu.setZero();
    for (Eigen::Index b = 0; b < rows_.size(); b += block) {
      const Eigen::Index m = std::min(block, rows_.size() - b);
      for (std::size_t s = 0; s < c.p.size(); ++s) work.z[s].topRows(m).noalias() = hyperplanes_[s].rows(b, m) * c.p[s];
      work.r.topRows(m).noalias() = rows_.rows(b, m) * c.u;
      weigh(tau, m, work);
      for (std::size_t s = 0; s < c.p.size(); ++s)
        work.gradient[s].noalias() += hyperplanes_[s].columns(b, m) * work.z[s].topRows(m);
      work.Fu.noalias() += rows_.columns(b, m) * work.r.topRows(m);
    }
    subtract_expectation(c, work);
  }

  // In place: z_s <- r^2 phi_s'(z_s) prod_{t != s} phi_t(z_t), and r <- r prod_s phi_s(z_s).
  void weigh(const Eigen::ArrayXf& tau, Eigen::Index m, Work& work) const {
    std::vector<SmoothFactor<Lanes>> phi(work.z.size());
    for (Eigen::Index j = 0; j < tau.size(); ++j)
      for (Eigen::Index i = 0; i < m; i += lanes) {
        Eigen::Map<Lanes> r(&work.r(i, j));
        const Lanes r2 = r * r;
        for (std::size_t s = 0; s < phi.size(); ++s) {
          const Lanes z = Eigen::Map<const Lanes>(&work.z[s](i, j));
          phi[s] = d_.smooth_factor(static_cast<int>(s), z, tau(j));
          r *= phi[s].value;
        }
        for (std::size_t s = 0; s < phi.size(); ++s) {
          Eigen::Map<Lanes> z(&work.z[s](i, j));
          z = r2 * phi[s].slope;
          for (std::size_t t = 0; t < phi.size(); ++t)
            if (t != s) z *= phi[t].value;
        }
      }
  }

  void subtract_expectation(const Annealed& c, Work& work) const {
    Point g(c.p.size());
    for (Eigen::Index j = 0; j < c.u.cols(); ++j) {
      const Point p = point(c, j);
      const Eigen::VectorXd u = c.u.col(j).template cast<double>();
      for (std::size_t s = 0; s < p.size(); ++s) g[s].setZero(p[s].size());
      d_.expectation_form(p, u, g);
      for (std::size_t s = 0; s < p.size(); ++s)
        work.gradient[s].col(j) = c.sign(j) * (work.gradient[s].col(j) - (g[s] / scale_).template cast<float>());
      work.Fu.col(j) = c.sign(j) * (work.Fu.col(j) - (d_.expectation(p).apply(u) / scale_).template cast<float>());
    }
  }

  const D& d_;
  double scale_ = 1;  // u'(S - E)u is this times what the scaled rows and hyperplanes give
  Scaled rows_;
  std::vector<Scaled> hyperplanes_;
};

}  // namespace theoremeter
