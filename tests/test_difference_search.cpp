// The search for the RRCP and the RRIC in equal differences: its parts against finite differences and the definition.
#include "estimators/difference_search.hpp"

#include "estimators/ensembles.hpp"
#include "tests/networks.hpp"
#include "theory/conditions.hpp"

#include <doctest/doctest.h>
#include <Eigen/Eigenvalues>
#include <array>
#include <cmath>
#include <limits>

namespace theoremeter::test_difference_search {

using namespace testing;

namespace {

constexpr auto of_signs = Rrcp::Property::concentration, without_signs = Rrcp::Property::isometry;

struct DifferenceCase {
  Network G;
  Rows A;
  Rrcp rrcp;

  DifferenceCase(const std::vector<std::int64_t>& widths, Eigen::Index m, Rrcp::Property property, double size = 1)
      : G(draw_network(widths, Stream(3))),
        A(size * draw(Ensemble::gaussian, m, G.output(), Stream(4))),
        rrcp(G, A, Rrcp::Form::differences, property) {}

  double naive(const DifferenceClimb& a) const {
    Side side = Side::plus;
    const double value =
        static_cast<double>(a.x.size() > 0 ? rrcp_deviation(G.layers, A, a.x, a.y, a.x1, a.x2, a.x1, a.x2, &side)
                                           : rric_deviation(G.layers, A, a.x1, a.x2, a.x1, a.x2, &side));
    return side == Side::plus ? value : -value;
  }
};

DifferenceColumns random_differences(Eigen::Index k, int directions, Eigen::Index count, Stream& stream) {
  DifferenceColumns c(k, directions, count);
  for (Eigen::MatrixXf* p : {&c.x, &c.y, &c.a, &c.w}) {
    for (float& entry : p->reshaped()) entry = static_cast<float>(stream.normal());
    p->colwise().normalize();
  }
  c.log_h.setConstant(-1);
  c.sign.setOnes();
  c.temperature.setConstant(0.7f);
  return c;
}

}  // namespace

TEST_CASE("difference search: smoothed gradients by finite differences, at any depth") {
  for (const auto property : {of_signs, without_signs})
    for (const auto& widths : std::vector<std::vector<std::int64_t>>{{4}, {4, 9}, {4, 9, 12}, {3, 7, 8, 10}}) {
      const DifferenceCase i(widths, 11, property);
      const DifferenceAnnealer annealer(i.rrcp);
      Stream stream(5);
      DifferenceColumns c = random_differences(widths[0], property == without_signs ? 0 : 2, 1, stream);
      c.sign(0) = property == without_signs ? 1 : -1;
      c.warmest(0) = widths.size() % 2 == 0 ? 0.3f : 1.0f;  // colder than the signs, or as warm
      const float t = 0.5f, step = 2e-3f;
      const DifferenceColumns g = annealer.slopes(c, t);
      const Eigen::VectorXf d = random_differences(widths[0], 0, 1, stream).a;
      const auto check = [&](const auto& moved, float expected) {
        const float found = (annealer.values(moved(step), t)(0) - annealer.values(moved(-step), t)(0)) / (2 * step);
        CHECK(found == doctest::Approx(expected).epsilon(0.02));  // float32: 1e-7 over the step, and its square
      };
      if (property == of_signs)
        for (const auto member : {&DifferenceColumns::x, &DifferenceColumns::y})
          check(
              [&](float s) {
                auto b = c;
                b.*member += s * d;
                return b;
              },
              (g.*member).col(0).dot(d));
      // x1 = a + h w alone, a and w being (x1 + x2)/2 and (x1 - x2)/2h
      const float h = std::exp(c.log_h(0));
      check(
          [&](float s) {
            auto b = c;
            b.a += s / 2 * d;
            b.w += s / (2 * h) * d;
            return b;
          },
          g.a.col(0).dot(d));
      check(
          [&](float s) {
            auto b = c;
            b.a += s / 2 * d;
            b.w -= s / (2 * h) * d;
            return b;
          },
          g.w.col(0).dot(d));
    }
}

TEST_CASE("difference search: annealing rises, a climb rises further, and its value is the definition's") {
  for (const auto property : {of_signs, without_signs})
    for (const auto& widths : std::vector<std::vector<std::int64_t>>{{3}, {4, 9}, {4, 12, 20}, {3, 8, 9, 12}})
      for (const double size : {1.0, 1e-3, 1e60}) {
        const DifferenceCase i(widths, 11, property, size);
        const DifferenceAnnealer annealer(i.rrcp);
        const DifferenceClimber climber(i.rrcp, annealer);
        Stream stream(6);
        DifferenceColumns c = random_differences(widths[0], property == without_signs ? 0 : 2, 8, stream);
        c.sign.tail(4).setConstant(-1);
        const Eigen::ArrayXf before = annealer.values(c);
        const bool halved = property == of_signs;  // after 40 and 70 steps
        CHECK(annealer.run(c, 100) == (halved ? 8 * 40 + 8 + 4 * 30 + 4 + 2 * 30 : 8 * 100));
        REQUIRE(c.size() == (halved ? 2 : 8));
        const Eigen::ArrayXf after = annealer.values(c);
        CHECK(after.mean() >= before.mean());
        const double unit = std::ldexp(1.0, 2 * i.rrcp.exponent());
        for (Eigen::Index j = 0; j < c.size(); ++j) {
          DifferenceClimb a = climber.start(c, j);
          if (!std::isfinite(a.value)) continue;
          CHECK(unit * a.sign * a.value == doctest::Approx(i.naive(a)).epsilon(1e-9));
          const double start = a.value;
          CHECK(climber.climb(a, 10, 1e-3, stream) >= 10);
          CHECK(a.value >= start);
          CHECK(unit * a.sign * a.value == doctest::Approx(i.naive(a)).epsilon(1e-9));
        }
      }
}

TEST_CASE("difference search: of a batch the columns that stand higher go on, each as it would alone") {
  const DifferenceCase i({4, 12, 20}, 11, of_signs, 1.0);
  const DifferenceAnnealer annealer(i.rrcp);
  Stream stream(6);
  const DifferenceColumns all = random_differences(4, 2, 9, stream);
  DifferenceColumns batch = all;
  annealer.run(batch, 10);
  REQUIRE(batch.size() == 3);
  int found = 0;
  Eigen::ArrayXf alone(9);
  for (Eigen::Index j = 0; j < 9; ++j) {
    DifferenceColumns one = all;
    one.keep({j});
    annealer.run(one, 10);
    REQUIRE(one.size() == 1);
    alone(j) = annealer.values(one)(0);
    for (Eigen::Index l = 0; l < 3; ++l)
      found += (batch.a.col(l) - one.a.col(0)).norm() < 1e-3 && (batch.x.col(l) - one.x.col(0)).norm() < 1e-3;
  }
  CHECK(found == 3);
  CHECK(annealer.values(batch).mean() > alone.mean());  // not the lower ones
}

TEST_CASE("difference search: x and y are annealed alone where the difference is to stay cold") {
  const DifferenceCase i({4, 12, 20}, 11, of_signs, 1.0);
  const DifferenceAnnealer annealer(i.rrcp);
  Stream stream(6);
  const DifferenceColumns before = random_differences(4, 2, 1, stream);
  const auto moved = [&](float warmest) {
    DifferenceColumns c = before;
    c.warmest.setConstant(warmest);
    annealer.run(c, 20);
    return std::array{(c.x - before.x).norm() + (c.y - before.y).norm(),
                      (c.a - before.a).norm() + (c.w - before.w).norm(), std::abs(c.log_h(0) - before.log_h(0))};
  };
  const auto [signs, difference, log_h] = moved(0);
  CHECK(signs > 0.5f);
  CHECK(difference < 1e-5f);
  CHECK(log_h == 0);
  CHECK(moved(1)[1] > 0.5f);
  CHECK(moved(1) == moved(std::numeric_limits<float>::infinity()));  // never warmer than x and y
}

TEST_CASE("difference search: the RRIC of the identity, where differences are everything") {
  // G(x) = x: the constant is |A'A - I|, and u the eigenvector. Off it by a climb's last gains.
  const DifferenceCase i({6}, 30, without_signs);
  const double exact =
      Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(i.A.transpose() * i.A - Eigen::MatrixXd::Identity(6, 6))
          .eigenvalues()
          .cwiseAbs()
          .maxCoeff();
  const FoundDifferences found = search_differences(i.rrcp, 256, Stream(1), 1, {});
  for (const auto& half : found.halves) CHECK(half.at(0).value == doctest::Approx(exact).epsilon(1e-5));
}

TEST_CASE("difference search: both halves search both sides, of eight starts on") {
  // A'A is small: the constant is 1 - its least eigenvalue, of the minus side alone. Eight starts, of which the climbs
  // at the end make an eigenvector, to their last gains.
  const DifferenceCase i({6}, 30, without_signs, 0.5);
  const double least = Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(i.A.transpose() * i.A).eigenvalues().minCoeff();
  const double unit = std::ldexp(1.0, 2 * i.rrcp.exponent());
  const FoundDifferences found = search_differences(i.rrcp, 8, Stream(1), 1, {});
  for (const auto& half : found.halves) {
    REQUIRE(!half.empty());
    CHECK(half[0].sign == -1);
    CHECK(unit * half[0].value == doctest::Approx(1 - least).epsilon(1e-3));
  }
  for (const std::int64_t starts : {1, 2, 3, 5, 77, 300}) {
    const FoundDifferences some = search_differences(i.rrcp, starts, Stream(1), 2, {});
    CHECK(some.starts == starts);
    CHECK(!some.halves[0].empty());
  }
}

namespace {

void check_threads(const DifferenceCase& i, std::int64_t starts) {
  const FoundDifferences one = search_differences(i.rrcp, starts, Stream(1), 1, {}),
                         two = search_differences(i.rrcp, starts, Stream(1), 2, {});
  CHECK(one.starts == starts);
  CHECK(one.evaluations == two.evaluations);
  for (const std::size_t half : {0, 1}) {
    REQUIRE(one.halves[half].size() == two.halves[half].size());
    for (std::size_t j = 0; j < one.halves[half].size(); ++j) {
      CHECK(one.halves[half][j].value == two.halves[half][j].value);
      CHECK(one.halves[half][j].x1 == two.halves[half][j].x1);
    }
  }
  CHECK(one.halves[0].at(0).x1 != one.halves[1].at(0).x1);
}

}  // namespace

TEST_CASE("difference search: bitwise the same for any number of threads, and the halves share nothing") {
  check_threads(DifferenceCase({4, 12, 20}, 15, of_signs), 600);
}

TEST_CASE(
    "difference search: where one side is far ahead, both halves end on it with all starts spent, for any threads") {
  // Of A'A - I: above it is large, below at most 1.
  const DifferenceCase i({4, 20, 60}, 15, without_signs);
  const double unit = std::ldexp(1.0, 2 * i.rrcp.exponent());
  for (const auto& half : search_differences(i.rrcp, 2560, Stream(1), 1, {}).halves) {
    CHECK(half.at(0).sign == 1);
    CHECK(unit * half.at(0).value > 1.5);
  }
  check_threads(i, 2560);
}

}  // namespace theoremeter::test_difference_search
