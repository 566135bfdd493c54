// The theory's functions, streams, ensembles and grids at a few arguments, those at the ends of their ranges among
// them: compiled and run under the sanitizers only.
#include "estimators/ensembles.hpp"
#include "estimators/grids.hpp"
#include "estimators/stream.hpp"
#include "theory/angle.hpp"
#include "theory/conditions.hpp"
#include "theory/error.hpp"
#include "theory/network.hpp"
#include "theory/operators.hpp"
#include "theory/suggest.hpp"

#include <doctest/doctest.h>
#include <numbers>

using namespace theoremeter;

namespace {

using Vec = Eigen::VectorXd;

Rows gaussian(Eigen::Index n, Eigen::Index k) {
  Stream stream = Stream(1).at({std::uint64_t(n), std::uint64_t(k)});
  return Rows::NullaryExpr(n, k, [&] { return stream.normal(); });
}

}  // namespace

TEST_CASE("angles from 0 to pi") {
  using std::numbers::pi;
  for (const double theta : {0.0, 1e-300, 1e-9, 0.5, pi / 2, pi - 1e-9, pi}) {
    CHECK(std::abs(2 * kappa(theta)) <= 1);
    CHECK(g(theta) <= theta);
  }
  CHECK(g_iterates(pi, 0).size() == 1);
  CHECK(g_iterates(pi, 50).size() == 51);
}

TEST_CASE("operators and the WDC's definition at x, y in general position, equal and opposite") {
  for (const Eigen::Index k : {1, 2, 5}) {
    const Vec x = gaussian(1, k).row(0).transpose().normalized(), u = gaussian(2, k).row(1).transpose();
    for (const Vec& y : {x, Vec(-x), Vec(u.normalized())}) {
      CHECK(Q(x, y).form(u) == doctest::Approx(u.dot(Q(x, y).dense() * u)));
      CHECK(Phi(x, y).form(u) == doctest::Approx(u.dot(Phi(x, y).apply(u))));
      CHECK(exchange(x, y).form(u) <= u.squaredNorm() * (1 + 1e-12));
      Vec gx = Vec::Zero(k), gy = Vec::Zero(k);
      CHECK(Q_form_gradient(x, y, u, 1, gx, gy) == doctest::Approx(Q(x, y).form(u)));
      CHECK(wdc_deviation(gaussian(7, k), 1, x, y) >= 0);
    }
  }
}

TEST_CASE("networks, with a neuron at exactly 0") {
  Network G({gaussian(6, 2), gaussian(9, 6)});
  const Vec x = gaussian(1, 2).row(0), u = gaussian(3, 2).row(1);
  G.layers[0].row(0) << -x(1), x(0);
  CHECK((forward(G, x) - linear_piece(G, x) * x).norm() < 1e-12);
  CHECK((one_sided_derivative(G, x, u) - linear_piece(G, x, u) * u).norm() < 1e-12);
  CHECK(forward(Network::identity(2), x) == x);
  CHECK_THROWS_AS(Network({gaussian(6, 2), gaussian(9, 5)}), InputError);
}

TEST_CASE("every ensemble and every grid; names misspelt") {
  for (const Ensemble ensemble : {Ensemble::gaussian, Ensemble::truncated_gaussian, Ensemble::rademacher,
                                  Ensemble::uniform, Ensemble::orthonormal})
    for (const Eigen::Index k : {1, 3}) CHECK(draw(ensemble, 8, k, Stream(2)).rows() == 8);
  for (const GridKind kind :
       {GridKind::circle, GridKind::fibonacci, GridKind::cubed_sphere, GridKind::sobol, GridKind::random}) {
    const int k = kind == GridKind::circle ? 2 : 3;
    CHECK(make_grid(kind, k, 50, Stream(3)).points.cols() >= 50);
  }
  CHECK(nearest("gausian", {"uniform", "gaussian"}) == "gaussian");
  CHECK_THROWS_AS(ensemble_named("gausian"), InputError);
}
