// The RRCP against dense matrices, brute force over grids, closed forms and its own certificate.
#include "estimators/ensembles.hpp"
#include "tests/statistics.hpp"
#include "theory/conditions.hpp"
#include "theory/network.hpp"
#include "theory/operators.hpp"

#include <doctest/doctest.h>
#include <Eigen/SVD>
#include <cmath>
#include <cstdint>
#include <vector>

using namespace theoremeter;
using namespace theoremeter::testing;

namespace {

Eigen::VectorXd gaussian_vector(Stream& stream, Eigen::Index k) {
  return Eigen::VectorXd::NullaryExpr(k, [&] { return stream.normal(); });
}

Eigen::MatrixXd signed_rows(const Rows& A, const Eigen::VectorXd& z) {
  return (A * z).unaryExpr([](double t) { return t > 0 ? 1.0 : t < 0 ? -1.0 : 0.0; }).asDiagonal() * A;
}

// A_{G(x)}' A_{G(y)} - Phi_{G(x),G(y)}, n_d x n_d, as it is written.
Eigen::MatrixXd dense(const Network& G, const Rows& A, const Eigen::VectorXd& x, const Eigen::VectorXd& y) {
  const Eigen::VectorXd z = forward(G, x), w = forward(G, y);
  return signed_rows(A, z).transpose() * signed_rows(A, w) - Phi(z.normalized(), w.normalized()).dense();
}

double norm(const Eigen::MatrixXd& F) { return Eigen::JacobiSVD<Eigen::MatrixXd>(F).singularValues()(0); }

double naive(const Network& G, const Rows& A, const Point& p) {
  return static_cast<double>(rrcp_deviation(G.layers, A, p[0], p[1], p[2], p[3], p[4], p[5]));
}

}  // namespace

TEST_CASE("rrcp_deviation: the dense matrix between two differences, at any length") {
  const Stream root(1);
  for (const std::vector<std::int64_t>& widths : std::vector<std::vector<std::int64_t>>{{3}, {2, 5}, {3, 6, 9}}) {
    for (std::uint64_t draw_ = 0; draw_ < 20; ++draw_) {
      Stream stream = root.at({widths.size(), draw_});
      const Network G = draw_network(widths, stream.at({0}));
      const Rows A = draw(Ensemble::gaussian, 7, widths.back(), stream.at({1}));
      Point p;
      for (int i = 0; i < 6; ++i) p.push_back(gaussian_vector(stream, widths[0]));
      if (draw_ % 5 == 0) p[1] = p[0];
      const Eigen::VectorXd u = forward(G, p[2]) - forward(G, p[3]), v = forward(G, p[4]) - forward(G, p[5]);
      if (forward(G, p[0]).norm() == 0 || forward(G, p[1]).norm() == 0 || u.norm() == 0 || v.norm() == 0) {
        CHECK(std::isnan(naive(G, A, p)));
        continue;
      }
      const double exact = std::abs(v.dot(dense(G, A, p[0], p[1]) * u)) / (u.norm() * v.norm());
      CHECK(naive(G, A, p) == doctest::Approx(exact).epsilon(1e-12));
      p[0] *= 1e200, p[1] *= 1e-200;
      p[2] *= 0x1p300, p[3] *= 0x1p300;
      CHECK(naive(G, A, p) == doctest::Approx(exact).epsilon(1e-12));
    }
  }
}

TEST_CASE("rrcp_deviation: by hand, sgn(0) = 0, and undefined where a vector vanishes") {
  const auto v = [](double a, double b) { return Eigen::VectorXd(Eigen::Vector2d(a, b)); };
  const Rows I = Rows::Identity(2, 2);
  // G = id, A = I, x = y = e1: A_x'A_x = diag(1, 0), Phi = I.
  CHECK(rrcp_deviation({}, I, v(1, 0), v(2, 0), v(0, 1), v(0, 0), v(0, 3), v(0, 1)) == 1);
  CHECK(rrcp_deviation({}, I, v(1, 0), v(2, 0), v(1, 0), v(0, 0), v(3, 0), v(0, 0)) == 0);
  // x = -y: A_x'A_y = -I = Phi, whatever A's signs, when none is 0.
  CHECK(rrcp_deviation({}, I, v(1, 1), v(-1, -1), v(1, 0), v(0, 0), v(3, 0), v(0, 0)) == 0);
  const std::vector<Rows> relu{I};
  const Eigen::VectorXd dead = v(-1, -1), e1 = v(1, 0), o = v(0, 0);
  CHECK(std::isnan(rrcp_deviation(relu, I, dead, e1, e1, o, e1, o)));
  CHECK(std::isnan(rrcp_deviation(relu, I, e1, dead, e1, o, e1, o)));
  CHECK(std::isnan(rrcp_deviation(relu, I, e1, e1, dead, o, e1, o)));
  CHECK(std::isnan(rrcp_deviation(relu, I, e1, e1, e1, o, e1, e1)));
}

TEST_CASE("rrcp_deviation: its signed average over Gaussian A vanishes, E[A_z'A_w] = Phi") {
  const Stream root(2);
  const Network G = draw_network({3, 10, 12}, root);
  Stream stream = root.at({9});
  const Eigen::VectorXd x = gaussian_vector(stream, 3), y = gaussian_vector(stream, 3);
  const Eigen::VectorXd u = forward(G, gaussian_vector(stream, 3)), z = forward(G, x), w = forward(G, y);
  Moments form, twin;
  const double expected = Phi(z.normalized(), w.normalized()).form(u);
  for (std::uint64_t i = 0; i < 5000; ++i) {
    const Rows A = draw(Ensemble::gaussian, 4, 12, root.at({i, 1}));
    form.add(u.dot(signed_rows(A, z).transpose() * (signed_rows(A, w) * u)) - expected);
    twin.add(u.dot(signed_rows(A, z).transpose() * (signed_rows(A, z) * u)) - expected);
  }
  require_mean(form, 0);
  require_mean_rejected(twin, 0);  // y for x
}
