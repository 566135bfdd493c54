// The annealed ascent of the search: many columns (p, u) climb u'(S - E)(p)u at once, with every factor smoothed at a temperature that falls.
#pragma once

#include "estimators/deviation.hpp"
#include "estimators/stream.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <vector>

namespace theoremeter {

/// A batch of starts, one a column: sphere s holds p[s] (k_s x columns), u is k x columns.
struct Columns {
  std::vector<Eigen::MatrixXf> p;
  Eigen::MatrixXf u;
  Eigen::ArrayXf sign;         // +1: S - E, -1: E - S
  Eigen::ArrayXf temperature;  // at the first step, in units of the typical |<h, p>|
  Eigen::Index count() const { return u.cols(); }
};

struct AnnealSchedule {
  int steps = 200;
  float last = 0.03f;
  float rate = 0.5f;
  float momentum = 0.7f;
  float shift = 0.6f;
};

template <Deviation D>
class Annealer {
 public:
  explicit Annealer(const D& d) : d_(d) {
    for (int s = 0; s < d.spheres(); ++s) {
      const Rows& H = d.hyperplanes(s);
      hyperplanes_.push_back(padded(H));
      const double z = H.norm() / std::sqrt(static_cast<double>(H.size()));
      scale_.push_back(z > 0 ? static_cast<float>(z) : 1.0f);
    }
    rows_ = padded(d.rows());
  }

  /// One annealing of every column.
  void run(Columns& c, const AnnealSchedule& schedule) const {
    std::vector<Eigen::MatrixXf> velocity, gradient;
    for (const auto& p : c.p) velocity.emplace_back(Eigen::MatrixXf::Zero(p.rows(), p.cols()));
    gradient = velocity;
    Eigen::MatrixXf Fu(c.u.rows(), c.u.cols());
    const Eigen::ArrayXf cooling = (schedule.last / c.temperature).pow(1.0f / static_cast<float>(schedule.steps - 1));
    Eigen::ArrayXf tau = c.temperature;
    for (int step = 0; step < schedule.steps; ++step, tau *= cooling) {
      ascend(c, tau, gradient, Fu);
      for (std::size_t s = 0; s < c.p.size(); ++s)
        for (Eigen::Index j = 0; j < c.count(); ++j) {
          auto p = c.p[s].col(j);
          auto g = gradient[s].col(j);
          auto v = velocity[s].col(j);
          g -= g.dot(p) * p;
          const float norm = g.norm();
          if (norm > 0) v = schedule.momentum * v + g / norm;
          p += schedule.rate * std::min(1.0f, tau(j)) * v;
          p.normalize();
        }
      for (Eigen::Index j = 0; j < c.count(); ++j) {
        auto u = c.u.col(j);
        const float norm = Fu.col(j).norm();
        u = Fu.col(j) + schedule.shift * norm * u;
        u.normalize();
      }
    }
  }

  /// u'(S - E)u times the sign, with the factors themselves (no smoothing), for every column.
  Eigen::ArrayXd rayleigh(const Columns& c) const {
    Eigen::ArrayXd value = Eigen::ArrayXd::Zero(c.count());
    std::vector<Eigen::MatrixXf> z(c.p.size());
    for (Eigen::Index b = 0; b < rows_.rows(); b += block) {
      const Eigen::Index m = std::min(block, rows_.rows() - b);
      for (std::size_t s = 0; s < z.size(); ++s) z[s].noalias() = hyperplanes_[s].middleRows(b, m) * c.p[s];
      const Eigen::MatrixXf r = rows_.middleRows(b, m) * c.u;
      for (Eigen::Index j = 0; j < c.count(); ++j)
        for (Eigen::Index i = 0; i < m; ++i) {
          double w = static_cast<double>(r(i, j)) * r(i, j);
          for (std::size_t s = 0; s < z.size(); ++s) w *= d_.factor(static_cast<int>(s), z[s](i, j));
          value(j) += w;
        }
    }
    Point p(c.p.size());
    for (Eigen::Index j = 0; j < c.count(); ++j) {
      for (std::size_t s = 0; s < p.size(); ++s) p[s] = c.p[s].col(j).template cast<double>();
      value(j) -= d_.expectation(p).form(c.u.col(j).template cast<double>());
      value(j) *= c.sign(j);
    }
    return value;
  }

 private:
  using RowsF = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  static constexpr Eigen::Index lanes = Lanes::SizeAtCompileTime, block = 256;

  static RowsF padded(const Rows& A) {
    RowsF P = RowsF::Zero((A.rows() + lanes - 1) / lanes * lanes, A.cols());
    P.topRows(A.rows()) = A.template cast<float>();
    return P;
  }

  // Ascent directions at temperatures tau: gradient[s] in p_s, and sign (S - E) u.
  void ascend(const Columns& c, const Eigen::ArrayXf& tau, std::vector<Eigen::MatrixXf>& gradient, Eigen::MatrixXf& Fu) const {
    const std::size_t S = c.p.size();
    static thread_local std::vector<Eigen::MatrixXf> z;
    static thread_local Eigen::MatrixXf r;
    std::vector<SmoothFactor<Lanes>> phi(S);
    z.resize(S);
    for (auto& g : gradient) g.setZero();
    Fu.setZero();
    for (Eigen::Index b = 0; b < rows_.rows(); b += block) {
      const Eigen::Index m = std::min(block, rows_.rows() - b);
      for (std::size_t s = 0; s < S; ++s) z[s].noalias() = hyperplanes_[s].middleRows(b, m) * c.p[s];
      r.noalias() = rows_.middleRows(b, m) * c.u;
      for (Eigen::Index j = 0; j < c.count(); ++j)
        for (Eigen::Index i = 0; i < m; i += lanes) {
          Eigen::Map<Lanes> ri(&r(i, j));
          for (std::size_t s = 0; s < S; ++s)
            phi[s] = d_.smooth_factor(static_cast<int>(s), Lanes(Eigen::Map<const Lanes>(&z[s](i, j))), tau(j) * scale_[s]);
          Lanes w = ri;  // r times the product of the factors
          for (std::size_t s = 0; s < S; ++s) w *= phi[s].value;
          const Lanes r2 = ri * ri;
          for (std::size_t s = 0; s < S; ++s) {
            Lanes g = r2 * phi[s].slope;
            for (std::size_t t = 0; t < S; ++t)
              if (t != s) g *= phi[t].value;
            Eigen::Map<Lanes>(&z[s](i, j)) = g;
          }
          ri = w;
        }
      for (std::size_t s = 0; s < S; ++s) gradient[s].noalias() += hyperplanes_[s].middleRows(b, m).transpose() * z[s];
      Fu.noalias() += rows_.middleRows(b, m).transpose() * r;
    }
    Point p(S), g(S);
    for (Eigen::Index j = 0; j < c.count(); ++j) {
      for (std::size_t s = 0; s < S; ++s) {
        p[s] = c.p[s].col(j).template cast<double>().normalized();
        g[s].setZero(p[s].size());
      }
      const Eigen::VectorXd u = c.u.col(j).template cast<double>();
      d_.expectation_form(p, u, g);
      for (std::size_t s = 0; s < S; ++s) gradient[s].col(j) -= g[s].template cast<float>();
      Fu.col(j) -= d_.expectation(p).apply(u).template cast<float>();
      if (c.sign(j) < 0) {
        for (std::size_t s = 0; s < S; ++s) gradient[s].col(j) *= -1;
        Fu.col(j) *= -1;
      }
    }
  }

  const D& d_;
  std::vector<RowsF> hyperplanes_;
  std::vector<float> scale_;
  RowsF rows_;
};

}  // namespace theoremeter
