#include "estimators/direction_anneal.hpp"

#include <algorithm>
#include <cmath>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double step_over_h = 0.2;  // longer, and columns end on both sides of jumps
constexpr double momentum = 0.7;
constexpr double negligible = 1e-300;  // no length is divided by less

RayVectors column(const RayVectors& v, Index j) { return {v.a.col(j), v.c.col(j), v.identity.col(j), v.H.col(j)}; }

/// Momentum on the sphere, along the direction of the fall alone.
template <class Part, class Velocity>
void descend_on_sphere(Part p, VectorXd fall, Velocity velocity, double rate) {
  fall -= fall.dot(p) * p;
  velocity = momentum * velocity - fall / std::max(negligible, fall.norm());
  p = (p + rate * velocity).normalized();
}

}  // namespace

MatrixXd anneal(const Rays& rays, MatrixXd columns, const DirectionAim& aim, std::int64_t steps, double widest,
                double narrowest, std::vector<Stream>& streams) {
  const Index n = columns.cols(), k = columns.rows();
  const std::vector<Index> parts = rays.parts();
  MatrixXd along(k, n), velocity = MatrixXd::Zero(k, n), ends(k, 2 * n);
  for (Index j = 0; j < n; ++j)
    along.col(j) = VectorXd::NullaryExpr(k, [&] { return streams[static_cast<std::size_t>(j)].normal(); }).normalized();
  RayVectors v;
  RayWorkspace work;
  const double cooling = std::pow(narrowest / widest, 1 / std::max(1.0, static_cast<double>(steps - 1)));
  double h = widest;
  for (std::int64_t step = 0; step < steps; ++step, h *= cooling) {
    ends << columns + h * along, columns - h * along;
    rays.vectors(ends, v, work);
    for (Index j = 0; j < n; ++j) {
      VectorXd u = along.col(j);
      const VectorXd fall =
          aim.fall({column(v, j), column(v, n + j), h}, columns.col(j), u, streams[static_cast<std::size_t>(j)]);
      along.col(j) = u;
      Index from = 0;
      for (const Index size : parts) {
        descend_on_sphere(columns.col(j).segment(from, size), fall.segment(from, size),
                          velocity.col(j).segment(from, size), step_over_h * h);
        from += size;
      }
    }
  }
  return columns;
}

}  // namespace theoremeter
