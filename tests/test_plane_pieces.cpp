// Pieces of G and arcs with signs, for networks on the plane, against forward passes at random angles.
#include "estimators/plane_pieces.hpp"
#include "estimators/sign_arcs.hpp"
#include "tests/instances.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <numbers>

namespace theoremeter::test_plane_pieces {

using namespace testing;
using Eigen::VectorXd;

namespace {

VectorXd image(const Network& G, const VectorXd& x) {
  VectorXd z = x;
  for (const Rows& W : G.layers) z = (W * z).cwiseMax(0.0);
  return z;
}

struct Drawn {
  Network G;
  Rows A;
  explicit Drawn(std::uint64_t seed) {
    Stream stream(seed);
    G = Network({gaussian(6, 2, stream), gaussian(9, 6, stream)});
    A = gaussian(7, 9, stream);
  }
};

}  // namespace

TEST_CASE("pieces: G is Lambda on them, they cover the circle, and U spans the range") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Drawn drawn(seed);
    const Rrcp rrcp(drawn.G, drawn.A);
    const PlanePieces pieces(rrcp.exact());
    const Network& G = rrcp.exact().network();  // in units of its own
    REQUIRE(pieces.known());
    const std::vector<PlanePiece>& all = pieces.all();
    CHECK(all.back().to - all.front().from == doctest::Approx(2 * std::numbers::pi));
    for (std::size_t p = 1; p < all.size(); ++p) CHECK(all[p].from == all[p - 1].to);
    Stream stream(100 + seed);
    for (int i = 0; i < 200; ++i) {
      const double angle = all.front().from + 2 * std::numbers::pi * stream.uniform();
      const auto piece = std::find_if(all.begin(), all.end(), [&](const PlanePiece& p) { return angle < p.to; });
      REQUIRE(piece != all.end());
      if (std::min(angle - piece->from, piece->to - angle) < 1e-8) continue;
      const VectorXd x = on_circle(angle), g = image(G, x);
      CHECK((piece->Lambda * x - g).norm() <= 1e-12 * (1 + g.norm()));
      CHECK((g - piece->U * (piece->U.transpose() * g)).norm() <= 1e-9 * (1 + g.norm()));
    }
    CHECK((all[0].Lambda * on_circle(all[0].middle() + std::numbers::pi) -
           image(G, on_circle(all[0].middle() + std::numbers::pi)))
              .norm() > 1e-6);  // elsewhere it is another
  }
}

TEST_CASE("sign arcs: signs and directions of the leaves are those of G there; sets hold their children's") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Drawn drawn(seed);
    const Rrcp rrcp(drawn.G, drawn.A);
    const PlanePieces pieces(rrcp.exact());
    const SignArcTree arcs(pieces.all(), rrcp, 0.1);
    Eigen::Index told = 0, free = 0;  // signs of leaves
    for (int i = 0; i <= arcs.root(); ++i) {
      const SignArcs& set = arcs[i];
      if (set.left < 0) {
        const VectorXd g = image(drawn.G, on_circle(set.at));
        CHECK((g / g.norm() - set.g).norm() <= set.radius + 1e-9);
        const Eigen::ArrayXd sign = (drawn.A * g).array().sign();
        CHECK((set.sign.isNaN() || set.sign == sign).all());
        told += (set.sign == sign).count();
        free += set.sign.isNaN().count();
        continue;
      }
      for (const int child : {set.left, set.right}) {
        CHECK((set.sign.isNaN() || set.sign == arcs[child].sign).all());
        const double apart = std::acos(std::clamp(set.g.dot(arcs[child].g), -1.0, 1.0));
        CHECK(apart + arcs[child].radius <= set.radius + 1e-7);
      }
    }
    CHECK(told > 20 * free);
  }
}

TEST_CASE("sign arcs: no leaf is wide, however fast G turns, and few are needed") {
  // One piece on which Lambda is thin: G turns by half a turn, nearly, in an angle of some `thin`.
  for (const double thin : {1.0, 1e-2, 1e-4}) {
    CAPTURE(thin);
    Stream stream(7);
    const Network G({Rows(Eigen::Matrix<double, 4, 2>{{1, 0}, {-1, 0}, {0.3, thin}, {-0.3, -thin}})});
    const Rrcp rrcp(G, gaussian(3, 4, stream));
    const PlanePieces pieces(rrcp.exact());
    REQUIRE(pieces.known());
    for (const double widest : {0.3, 0.02}) {
      const SignArcTree arcs(pieces.all(), rrcp, widest);
      int leaves = 0;
      for (int i = 0; i <= arcs.root(); ++i) {
        if (arcs[i].left >= 0) continue;
        ++leaves;
        CHECK(arcs[i].radius <= widest * (1 + 1e-6));
      }
      CHECK(leaves <= std::numbers::pi / widest + 4.0 * static_cast<double>(pieces.all().size()));
    }
  }
}

}  // namespace theoremeter::test_plane_pieces
