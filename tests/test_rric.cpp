// The RRIC against dense matrices, brute force over all pairs of pieces, and closed forms.
#include "estimators/ensembles.hpp"
#include "estimators/rrcp.hpp"
#include "estimators/rrcp_certify.hpp"
#include "tests/networks.hpp"
#include "theory/conditions.hpp"

#include <doctest/doctest.h>
#include <Eigen/SVD>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

namespace test_rric {

using namespace theoremeter;
using namespace theoremeter::testing;

namespace {

Rrcp rric(const Network& G, const Rows& A, Rrcp::Form form = Rrcp::Form::tangent) {
  return Rrcp(G, A, form, Rrcp::Property::isometry);
}

double naive(const Network& G, const Rows& A, const Point& p) {
  return static_cast<double>(rric_deviation(G.layers, A, p[0], p[1], p[2], p[3]));
}

Eigen::MatrixXd range(const Network& G, const Eigen::VectorXd& a) {
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(linear_piece(G, a), Eigen::ComputeThinU);
  Eigen::Index rank = 0;
  while (rank < svd.singularValues().size() && svd.singularValues()(rank) > 1e-10) ++rank;
  return svd.matrixU().leftCols(rank);
}

// The largest || U_a' (A'A - I) U_c || over all pieces a, c that a fine grid of the circle meets.
double brute_force(const Network& G, const Rows& A) {
  std::vector<Eigen::MatrixXd> U;
  for (int i = 0; i < 2000; ++i) {
    const double t = 2 * std::numbers::pi * (i + 0.37) / 2000;
    const Eigen::MatrixXd basis = range(G, Eigen::Vector2d(std::cos(t), std::sin(t)));
    if (basis.cols() > 0 && (U.empty() || U.back().cols() != basis.cols() || U.back() != basis)) U.push_back(basis);
  }
  const Eigen::MatrixXd F = A.transpose() * A - Eigen::MatrixXd::Identity(A.cols(), A.cols());
  double best = 0;
  for (const Eigen::MatrixXd& a : U)
    for (const Eigen::MatrixXd& c : U)
      best = std::max(best, Eigen::JacobiSVD<Eigen::MatrixXd>(a.transpose() * F * c).singularValues()(0));
  return best;
}

}  // namespace

TEST_CASE("rric_deviation: the dense matrix between two differences; undefined where one is 0") {
  Stream stream(1);
  for (int trial = 0; trial < 20; ++trial) {
    const Network G = gaussian_network(stream, {3, 6, 9});
    const Rows A = gaussian_rows(stream, 7, 9);
    Point p;
    for (int i = 0; i < 4; ++i) p.push_back(gaussian_vector(stream, 3));
    const Eigen::VectorXd u = forward(G, p[0]) - forward(G, p[1]), v = forward(G, p[2]) - forward(G, p[3]);
    const double exact = std::abs((A * u).dot(A * v) - u.dot(v)) / (u.norm() * v.norm());
    CHECK(naive(G, A, p) == doctest::Approx(exact).epsilon(1e-12));
    p[1] = p[0];
    CHECK(std::isnan(naive(G, A, p)));
  }
}

TEST_CASE("rric: pairs of pieces by brute force <= certified, and the search finds nearly all of it") {
  for (const std::vector<Eigen::Index>& widths : std::vector<std::vector<Eigen::Index>>{{2, 3}, {2, 4, 5}})
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      Stream stream(seed);
      const Network G = gaussian_network(stream, widths);
      const Rows A = gaussian_rows(stream, 4, widths.back());
      const double brute = brute_force(G, A);
      Searched searched = search(rric(G, A), 48, Stream(seed), 1);
      REQUIRE(searched.witness.point.size() == 4);
      CHECK(searched.witness.value >= 0.99 * brute);
      CHECK(searched.witness.value == doctest::Approx(naive(G, A, searched.witness.point)).epsilon(1e-10));
      const auto certified = certify(rric(G, A), searched.witness, 0.2, 20000, 1);
      REQUIRE(certified);
      CHECK(certified->at_most >= brute);
      CHECK(certified->at_most >= searched.witness.value);
      const double whole =
          Eigen::JacobiSVD<Eigen::MatrixXd>(A.transpose() * A - Eigen::MatrixXd::Identity(A.cols(), A.cols()))
              .singularValues()(0);
      CHECK(certified->at_most <= whole * (1 + 1e-6));  // of the sums of all ranges
      const Sampled sampled = sample(rric(G, A), 500, std::nullopt, Stream(seed), 1);
      CHECK(sampled.witness.value <= brute * (1 + 1e-9));
    }
}

TEST_CASE("rric: one layer, one piece with everything on: the norm of U'(A'A - I)U") {
  // All weights positive, and G = W x on a quadrant; differences over all pieces fill coordinate subspaces' ranges.
  const Network G({Rows(Eigen::Vector3d(1, 2, 2) * Eigen::RowVector2d(1, 3))});  // a line: g = (1, 2, 2)/3
  Stream stream(5);
  const Rows A = gaussian_rows(stream, 4, 3);
  const double exact = std::abs((A * Eigen::Vector3d(1, 2, 2) / 3).squaredNorm() - 1);
  Searched searched = search(rric(G, A), 16, Stream(1), 1);
  CHECK(searched.witness.value == doctest::Approx(exact).epsilon(1e-12));
  const auto certified = certify(rric(G, A), searched.witness, 0.01, 1000, 1);
  REQUIRE(certified);
  CHECK(certified->closed);
}

TEST_CASE("rric: A orthonormal gives 0, A = 0 gives 1, and tiny and huge A what they must") {
  Stream stream(6);
  const Network G = gaussian_network(stream, {2, 4, 4});
  Rows turned = Rows::Zero(4, 4);  // a signed permutation
  turned(0, 2) = turned(1, 0) = turned(3, 3) = 1, turned(2, 1) = -1;
  for (const Rows& A : {Rows(Rows::Identity(4, 4)), turned}) {
    Searched searched = search(rric(G, A), 16, Stream(1), 1);
    CHECK(naive(G, A, searched.witness.point) == 0);
    const auto certified = certify(rric(G, A), searched.witness, 0.01, 1000, 1);
    REQUIRE(certified);
    CHECK(certified->at_most == 0);
    CHECK(certified->closed);
  }
  for (const Rows& A : {Rows(Rows::Zero(3, 4)), Rows(1e-150 * gaussian_rows(stream, 3, 4))}) {
    Searched searched = search(rric(G, A), 16, Stream(1), 1);
    CHECK(searched.witness.value == doctest::Approx(1).epsilon(1e-9));
    const auto certified = certify(rric(G, A), searched.witness, 0.01, 1000, 1);
    REQUIRE(certified);
    CHECK(certified->closed);
  }
  const Rows A = gaussian_rows(stream, 3, 4), huge = 0x1p490 * A;
  const Witness w = search(rric(G, huge), 16, Stream(1), 1).witness;
  CHECK(w.value == doctest::Approx(naive(G, huge, w.point)).epsilon(1e-10));
  CHECK(std::isfinite(w.value));
  CHECK(w.value > std::ldexp(0.1, 980));
}

}  // namespace test_rric
