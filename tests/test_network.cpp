#include "tests/networks.hpp"
#include "theory/error.hpp"
#include "theory/network.hpp"

#include <doctest/doctest.h>
#include <string>

namespace test_network {

using namespace theoremeter;
using namespace theoremeter::testing;
using Eigen::VectorXd;

namespace {

// G(x) neuron by neuron.
VectorXd naive_forward(const Network& G, const VectorXd& x) {
  std::vector<double> z(x.begin(), x.end());
  for (const Rows& W : G.layers) {
    std::vector<double> next;
    for (Eigen::Index i = 0; i < W.rows(); ++i) {
      double sum = 0;
      for (Eigen::Index j = 0; j < W.cols(); ++j) sum += W(i, j) * z[static_cast<std::size_t>(j)];
      next.push_back(sum > 0 ? sum : 0);
    }
    z = next;
  }
  return Eigen::Map<VectorXd>(z.data(), static_cast<Eigen::Index>(z.size()));
}

// With integers of a few digits all of these are exact at t = 2^-14, and no neuron changes sign before: one that is not
// at 0 is at least 1, and moves at a speed of at most 2^12.
constexpr double t = 0x1p-14;

struct Case {
  Network G;
  VectorXd x, u;
};

// Generic points, neurons at 0, x = 0, dead networks, the identity.
std::vector<Case> integer_cases(Stream& stream) {
  std::vector<Case> cases;
  const std::vector<std::vector<Eigen::Index>> shapes{{3}, {2, 6}, {3, 7, 9}, {2, 5, 6, 8}, {4, 3, 2}};
  for (const auto& widths : shapes) {
    for (int trial = 0; trial < 200; ++trial) {
      const bool dead = widths.size() > 1 && trial % 10 == 0;
      Network G = dead ? dead_network(stream, widths) : integer_network(stream, widths);
      VectorXd x = integer_vector(stream, widths[0], -2, 2), u = integer_vector(stream, widths[0], -3, 3);
      if (trial % 10 == 1) x.setZero();
      cases.push_back({std::move(G), std::move(x), std::move(u)});
    }
  }
  return cases;
}

}  // namespace

TEST_CASE("network: the forward pass, neuron by neuron") {
  Stream stream(201);
  for (const Case& c : integer_cases(stream)) CHECK(forward(c.G, c.x) == naive_forward(c.G, c.x));
  const Network G = gaussian_network(stream, {3, 20, 40});
  for (int trial = 0; trial < 20; ++trial) {
    const VectorXd x = gaussian_vector(stream, 3);
    CHECK((forward(G, x) - naive_forward(G, x)).norm() < 1e-14 * x.norm());
    CHECK((forward(G, 8 * x) - 8 * forward(G, x)).norm() == 0);  // homogeneous
  }
}

TEST_CASE("network: one-sided derivatives are the difference quotients, at kinks too") {
  Stream stream(202);
  int kinks = 0;
  for (const Case& c : integer_cases(stream)) {
    const VectorXd quotient = (naive_forward(c.G, c.x + t * c.u) - naive_forward(c.G, c.x)) / t;
    CHECK(one_sided_derivative(c.G, c.x, c.u) == quotient);
    kinks += quotient != linear_piece(c.G, c.x) * c.u;
  }
  CHECK(kinks > 100);  // the twin: the piece at x itself is not enough
}

TEST_CASE("network: G is linear on its pieces") {
  Stream stream(203);
  int new_pieces = 0;
  for (const Case& c : integer_cases(stream)) {
    CHECK(linear_piece(c.G, c.x) * c.x == forward(c.G, c.x));
    const Eigen::MatrixXd after = linear_piece(c.G, c.x, c.u);
    CHECK(after * c.x == forward(c.G, c.x));
    CHECK(after * c.u == one_sided_derivative(c.G, c.x, c.u));
    CHECK(after * (c.x + t * c.u) == naive_forward(c.G, c.x + t * c.u));
    new_pieces += after != linear_piece(c.G, c.x);
  }
  CHECK(new_pieces > 100);
}

TEST_CASE("network: no layer is the identity, a dead network is 0") {
  const Network identity = Network::identity(3);
  const Eigen::Vector3d x(1, -2, 0), u(-1, 1, 5);
  CHECK(forward(identity, x) == x);
  CHECK(one_sided_derivative(identity, x, u) == u);
  CHECK(linear_piece(identity, x, u) == Eigen::Matrix3d::Identity());
  CHECK(identity.output() == 3);
  CHECK(identity.depth() == 0);
  CHECK(identity.widths() == std::vector<std::int64_t>{3});

  Stream stream(204);
  const Network dead = dead_network(stream, {3, 5, 4});
  CHECK(forward(dead, x) == VectorXd::Zero(4));
  CHECK(one_sided_derivative(dead, x, u) == VectorXd::Zero(4));
  CHECK(linear_piece(dead, x, u) == Eigen::MatrixXd::Zero(4, 3));
  CHECK(dead.output() == 4);
  CHECK(dead.depth() == 2);
  CHECK(dead.widths() == std::vector<std::int64_t>{3, 5, 4});
}

TEST_CASE("network: layers that do not fit are refused") {
  CHECK_THROWS_AS(Network(std::vector<Rows>{}), InputError);
  CHECK_THROWS_WITH_AS(Network({Rows::Zero(5, 2), Rows::Zero(7, 4)}),
                       "network: layer 2 takes 4 inputs, but layer 1 has 5 neurons", InputError);
}

}  // namespace test_network
