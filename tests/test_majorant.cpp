// Majorants of symmetric forms, against singular values; and that those for differences prove what |N| does not.
#include "estimators/ensembles.hpp"
#include "estimators/majorant.hpp"
#include "estimators/rrcp.hpp"
#include "estimators/rrcp_certify.hpp"
#include "tests/networks.hpp"

#include <doctest/doctest.h>
#include <Eigen/Eigenvalues>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace test_majorant {

using namespace theoremeter;
using namespace theoremeter::testing;

namespace {

double least_eigenvalue(const Eigen::MatrixXd& X) {
  return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(X, Eigen::EigenvaluesOnly).eigenvalues().minCoeff();
}

double nuclear_norm(const Eigen::MatrixXd& X) { return Eigen::JacobiSVD<Eigen::MatrixXd>(X).singularValues().sum(); }

Eigen::MatrixXd symmetric(Stream& stream, Eigen::Index n) {
  const Eigen::MatrixXd G = gaussian_rows(stream, n, n);
  return G + G.transpose();
}

}  // namespace

TEST_CASE("majorant: above N and -N, of least <S, X>; less is no majorant") {
  Stream stream(1);
  for (const Eigen::Index n : {1, 2, 7, 30}) {
    const Eigen::MatrixXd N = symmetric(stream, n), G = gaussian_rows(stream, n + 3, n);
    const Eigen::MatrixXd S = G.transpose() * G + 1e-3 * Eigen::MatrixXd::Identity(n, n), X = majorant(N, S);
    const double rounding = 1e-13 * static_cast<double>(n) * X.norm();  // of n-fold sums, of the spectral solver
    CHECK(least_eigenvalue(X - N) >= -rounding);
    CHECK(least_eigenvalue(X + N) >= -rounding);
    // |S^{1/2} N S^{1/2}|_* is that of N S, up to similarity: eigenvalues are real.
    const Eigen::MatrixXd L = S.llt().matrixL();
    CHECK(S.cwiseProduct(X).sum() == doctest::Approx(nuclear_norm(L.transpose() * N * L)).epsilon(1e-9));
    const Eigen::MatrixXd less = X - 1e-6 * X.norm() * Eigen::MatrixXd::Identity(n, n);
    CHECK(std::min(least_eigenvalue(less - N), least_eigenvalue(less + N)) < -rounding);
    CHECK((majorant(N, 3 * Eigen::MatrixXd::Identity(n, n)) - absolute(N)).norm() <= 1e-12 * X.norm());
  }
}

TEST_CASE("majorant: of a rank-one mean it is nearly |u'Nu| at u, where |N| is far above") {
  Stream stream(2);
  const Eigen::MatrixXd N = symmetric(stream, 20);
  const Eigen::VectorXd u = gaussian_vector(stream, 20).normalized();
  const Eigen::MatrixXd X = majorant(N, u * u.transpose() + 1e-10 * Eigen::MatrixXd::Identity(20, 20));
  const double attained = std::abs(u.dot(N * u));
  CHECK(u.dot(X * u) >= attained * (1 - 1e-6));
  CHECK(u.dot(X * u) <= attained + 0.01);  // 20 times (1e-10)^{1/2} |N|, and some
  CHECK(u.dot(absolute(N) * u) > attained + 0.3);
}

TEST_CASE("rric: a majorant for differences closes the bracket where |A'A - I| leaves it open; on any threads") {
  Stream stream(3);
  const Network G = gaussian_network(stream, {2, 8, 24});
  const Rows A = gaussian_rows(stream, 32, 24);
  const Rrcp rric(G, A, Rrcp::Form::tangent, Rrcp::Property::isometry);
  Witness one = search(rric, 48, Stream(1), 1).witness, two = one;
  const double found = one.value;
  const auto certified = certify(rric, one, 0.2, 100, 1);
  REQUIRE(certified);
  CHECK(certified->closed);
  CHECK(certified->at_most >= found);
  const auto again = certify(rric, two, 0.2, 100, 2);
  REQUIRE(again);
  CHECK(again->at_most == certified->at_most);
  CHECK(two.point == one.point);
  // On ranges of pieces alone, met by a grid of the circle.
  const Eigen::MatrixXd F = A.transpose() * A - Eigen::MatrixXd::Identity(24, 24), modulus = absolute(F);
  double plain = 0, attained = 0;
  for (int i = 0; i < 500; ++i) {
    const double t = 2 * std::numbers::pi * (i + 0.37) / 500;
    const Eigen::MatrixXd Lambda = linear_piece(G, Eigen::Vector2d(std::cos(t), std::sin(t)));
    const Eigen::JacobiSVD<Eigen::MatrixXd> svd(Lambda, Eigen::ComputeThinU);
    if (svd.singularValues()(1) < 1e-9) continue;
    const Eigen::MatrixXd U = svd.matrixU();
    plain = std::max(plain, Eigen::JacobiSVD<Eigen::MatrixXd>(U.transpose() * modulus * U).singularValues()(0));
    attained = std::max(attained, Eigen::JacobiSVD<Eigen::MatrixXd>(U.transpose() * F * U).singularValues()(0));
  }
  CHECK(certified->at_most >= attained);
  CHECK(plain > certified->at_most);
}

}  // namespace test_majorant
