// The RRCP against dense matrices, brute force over grids, closed forms and its own certificate.
#include "estimators/difference_cover.hpp"
#include "estimators/ensembles.hpp"
#include "estimators/prepared_search.hpp"
#include "estimators/rrcp.hpp"
#include "estimators/rrcp_certify.hpp"
#include "tests/networks.hpp"
#include "tests/statistics.hpp"
#include "theory/conditions.hpp"
#include "theory/error.hpp"
#include "theory/network.hpp"
#include "theory/operators.hpp"

#include <doctest/doctest.h>
#include <Eigen/SVD>
#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <optional>
#include <vector>

namespace test_rrcp {

using namespace theoremeter;
using namespace theoremeter::testing;

namespace {

Eigen::MatrixXd signed_rows(const Rows& A, const Eigen::VectorXd& z) {
  return (A * z).unaryExpr([](double t) { return t > 0 ? 1.0 : t < 0 ? -1.0 : 0.0; }).asDiagonal() * A;
}

// A_{G(x)}' A_{G(y)} - Phi_{G(x),G(y)}, n_d x n_d, as it is written.
Eigen::MatrixXd dense(const Network& G, const Rows& A, const Eigen::VectorXd& x, const Eigen::VectorXd& y) {
  const Eigen::VectorXd z = forward(G, x), w = forward(G, y);
  return signed_rows(A, z).transpose() * signed_rows(A, w) - Phi(z.normalized(), w.normalized()).dense();
}

double norm(const Eigen::MatrixXd& F) { return Eigen::JacobiSVD<Eigen::MatrixXd>(F).singularValues()(0); }

// An orthonormal basis of the range of Lambda_a.
Eigen::MatrixXd range(const Network& G, const Eigen::VectorXd& a) {
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(linear_piece(G, a), Eigen::ComputeThinU);
  Eigen::Index rank = 0;
  while (rank < svd.singularValues().size() && svd.singularValues()(rank) > 1e-10) ++rank;
  return svd.matrixU().leftCols(rank);
}

double naive(const Network& G, const Rows& A, const Point& p) {
  return static_cast<double>(rrcp_deviation(G.layers, A, p[0], p[1], p[2], p[3], p[4], p[5]));
}

struct Instance {
  Network G;
  Rows A;

  Instance(const std::vector<std::int64_t>& widths, std::int64_t m, std::uint64_t seed)
      : G(draw_network(widths, Stream(seed).at({0}))),
        A(draw(Ensemble::gaussian, m, widths.back(), Stream(seed).at({1}))) {}
  Rrcp rrcp(Rrcp::Form form = Rrcp::Form::tangent) const { return Rrcp(G, A, form); }
};

// A state for each of the points given, and pointers to them.
struct Prepared {
  std::vector<Rrcp::State> states;

  Prepared(const Rrcp& rrcp, const Point& p) {
    for (int s = 0; s < 4; ++s) states.push_back(rrcp.prepare(s, p[static_cast<std::size_t>(s)]));
  }
  States<Rrcp> all() const { return {&states[0], &states[1], &states[2], &states[3]}; }
};

Point random_point(const Rrcp& rrcp, Stream& stream) {
  Point p;
  for (int s = 0; s < 4; ++s) p.push_back(gaussian_vector(stream, rrcp.dimension(s)).normalized());
  return p;
}

// The value at a witness is that of its form, by the definition; its points are normalised and off the walls.
void check_witness(const Network& G, const Rows& A, const Witness& w) {
  REQUIRE(w.point.size() == 6);
  CHECK(w.value == doctest::Approx(naive(G, A, w.point)).epsilon(1e-9));
  CHECK(w.margin > 1e-12);
  for (std::size_t i : {0u, 1u}) CHECK(w.point[i].norm() == doctest::Approx(1).epsilon(1e-14));
  for (std::size_t i : {2u, 4u})
    CHECK(std::hypot(w.point[i].norm(), w.point[i + 1].norm()) == doctest::Approx(1).epsilon(1e-14));
}

Eigen::VectorXd v2(double a, double b) { return Eigen::Vector2d(a, b); }

Eigen::VectorXd on_circle(double t) { return Eigen::Vector2d(std::cos(t), std::sin(t)); }

// The tangent form over a grid of the circle for all four arguments: pieces by their patterns' first point.
double brute_force(const Network& G, const Rows& A, int points) {
  std::vector<Eigen::VectorXd> x;
  std::vector<Eigen::MatrixXd> U;
  Eigen::MatrixXd last;
  for (int i = 0; i < points; ++i) {
    const Eigen::VectorXd p = on_circle(2 * std::numbers::pi * (i + 0.37) / points);
    if (forward(G, p).norm() == 0) continue;
    const Eigen::MatrixXd Lambda = linear_piece(G, p);
    if (U.empty() || Lambda != last) U.push_back(range(G, p));
    last = Lambda;
    x.push_back(p);
  }
  double best = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t j = i; j < x.size(); ++j) {
      const Eigen::MatrixXd F = dense(G, A, x[i], x[j]);
      for (std::size_t a = 0; a < U.size(); ++a)
        for (std::size_t c = a; c < U.size(); ++c) best = std::max(best, norm(U[a].transpose() * F * U[c]));
    }
  return best;
}

// The sectors on which G is linear, by its rows' zeros, one layer after another.
std::vector<Sector> sectors_of(const Network& G) {
  constexpr double error = 1e-13, quarter = std::numbers::pi / 2;
  std::vector<Sector> all;
  for (int q = 0; q < 4; ++q)
    all.push_back({0.1 + q * quarter, 0.1 + (q + 1) * quarter, Rows::Identity(2, 2), {}, error, error, error});
  for (const Rows& W : G.layers) {
    std::vector<Sector> next;
    for (const Sector& s : all) {
      const Eigen::MatrixXd M = W * s.Lambda;
      std::vector<double> cuts{s.from, s.to};
      for (Eigen::Index i = 0; i < M.rows(); ++i) {
        const double zero = std::atan2(-M(i, 0), M(i, 1));
        for (int turn = -2; turn <= 4; ++turn)
          if (const double t = zero + turn * std::numbers::pi;
              !M.row(i).isZero(0) && t > s.from + 1e-9 && t < s.to - 1e-9)
            cuts.push_back(t);
      }
      std::sort(cuts.begin(), cuts.end());
      for (std::size_t i = 1; i < cuts.size(); ++i) {
        if (cuts[i] - cuts[i - 1] < 1e-9) continue;
        const Eigen::VectorXd z = M * on_circle((cuts[i - 1] + cuts[i]) / 2);
        const Eigen::VectorXd on = z.unaryExpr([](double t) { return t > 1e-12 ? 1.0 : 0.0; });
        next.push_back({cuts[i - 1], cuts[i], on.asDiagonal() * M, {}, error, error, error});
      }
    }
    all = std::move(next);
  }
  for (Sector& s : all) s.U = range(G, on_circle((s.from + s.to) / 2));
  return all;
}

// The largest <q, z>^2 over the vertices of each family of a cover, and |P q|^2 for each of its subspaces.
std::vector<double> reached(const DifferenceCover& cover, const Eigen::VectorXd& q, bool coarse = false) {
  const Eigen::VectorXd along = cover.columns().transpose() * q;
  std::vector<double> all;
  for (const DifferenceCover::Family& family : cover.families()) {
    double most = 0;
    for (const DifferenceCover::Vertex& z : coarse ? family.coarse : family.fine) {
      double product = 0;
      for (std::size_t k = 0; k < 4 && family.column[k] >= 0; ++k) product += z.c[k] * along(family.column[k]);
      most = std::max(most, product * product);
    }
    all.push_back(most);
  }
  for (const DifferenceCover::Subspace& subspace : cover.subspaces())
    all.push_back(along(subspace.column).squaredNorm());
  return all;
}

// Unit vectors along G(x1) - G(x2), also of neighbours and across short arcs.
std::vector<Eigen::VectorXd> differences(const Network& G, int count, std::uint64_t seed) {
  std::vector<Eigen::VectorXd> all;
  Stream stream(seed);
  while (static_cast<int>(all.size()) < count) {
    const Eigen::VectorXd x1 = gaussian_vector(stream, 2);
    const double reach = std::pow(10.0, -4 * stream.uniform());
    Eigen::VectorXd x2 = gaussian_vector(stream, 2);
    if (stream.uniform() < 0.5) x2 = x1 + reach * x2;
    const Eigen::VectorXd a = forward(G, x1), b = forward(G, x2);
    if ((a - b).norm() > 1e-6 * (a.norm() + b.norm())) all.push_back((a - b).normalized());
  }
  return all;
}

// Nothing attained is above the certificate: at random points, and over a grid of pieces.
void check_above_all(const Network& G, const Rows& A, double at_most, int count) {
  CHECK(at_most >= brute_force(G, A, 40) * (1 - 1e-12));
  Stream stream(31);
  for (int i = 0; i < count; ++i) {
    Point p;
    for (int j = 0; j < 6; ++j) p.push_back(gaussian_vector(stream, 2));
    if (i % 2 == 0) p[3] = p[2] + 1e-2 * p[3], p[5] = p[4] + 1e-2 * p[5];
    const double f = naive(G, A, p);
    if (!std::isnan(f)) REQUIRE(f <= at_most);
  }
}

}  // namespace

TEST_CASE("difference_cover: every difference is in it; less would not do") {
  Stream stream(41);
  std::vector<Network> networks;
  for (const std::vector<std::int64_t>& widths :
       std::vector<std::vector<std::int64_t>>{{2}, {2, 3}, {2, 5}, {2, 3, 3}, {2, 3, 6}, {2, 4, 5}, {2, 5, 8}})
    networks.push_back(draw_network(widths, Stream(7).at({networks.size()})));
  networks.push_back(Network({Rows(Eigen::Matrix2d{{1, 1}, {-1, -1}})}));                                 // 0 between
  networks.push_back(Network({Rows(Eigen::Matrix<double, 3, 2>{{1, 0}, {1, 1e-5}, {-1, 0.5}})}));         // a sliver
  networks.push_back(Network({Rows(Eigen::Matrix<double, 4, 2>{{1, 1}, {2, 2}, {-3, -3}, {1, -0.5}})}));  // shared
  networks.push_back(Network(
      {gaussian_rows(stream, 3, 2), Rows(Eigen::Vector4d(1, 2, 3, 4) * Eigen::RowVector3d(1, -1, 0.5))}));  // a line
  int caught = 0, narrowed = 0;
  for (std::size_t n = 0; n < networks.size(); ++n) {
    CAPTURE(n);
    const std::vector<Sector> sectors = sectors_of(networks[n]);
    const DifferenceCover cover(sectors, 0.2, 0.02, 1);
    CHECK(cover.off() < 1e-6);
    for (const Eigen::VectorXd& u : differences(networks[n], 600, n)) {
      const Eigen::VectorXd q = u + 0.2 * stream.uniform() * gaussian_vector(stream, u.size());
      for (const Eigen::VectorXd& along : {u, q}) {
        const double value = along.dot(u) * along.dot(u) * (1 - 4 * cover.off());
        for (const bool coarse : {true, false}) REQUIRE(std::ranges::max(reached(cover, along, coarse)) >= value);
      }
      const std::vector<double> all = reached(cover, u);  // must-fail twins: pairs left out, and hulls made smaller
      double within = 0, smaller = 0;
      for (std::size_t f = 0; f < all.size(); ++f) {
        const bool family = f < cover.families().size();
        if (family && cover.families()[f].piece >= 0) within = std::max(within, all[f]);
        smaller = std::max(smaller, family ? all[f] / 1.02 / 1.02 : all[f]);
      }
      caught += within < 1 - 1e-3;
      narrowed += smaller < 1;
    }
  }
  CHECK(caught > 500);
  CHECK(narrowed > 1000);
}

TEST_CASE("difference_cover: the same for any number of threads") {
  const std::vector<Sector> sectors = sectors_of(draw_network({2, 5, 8}, Stream(8)));
  const DifferenceCover one(sectors, 0.2, 0.05, 1), two(sectors, 0.2, 0.05, 2);
  CHECK(one.columns() == two.columns());
  CHECK(one.off() == two.off());
  CHECK(one.largest() == two.largest());
  REQUIRE(one.families().size() == two.families().size());
  for (std::size_t f = 0; f < one.families().size(); ++f) {
    CHECK(one.families()[f].column == two.families()[f].column);
    CHECK(one.families()[f].fine.size() == two.families()[f].fine.size());
  }
}

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
  const Rows I = Rows::Identity(2, 2);
  // G = id, A = I, x = y = e1: A_x'A_x = diag(1, 0), Phi = I.
  CHECK(rrcp_deviation({}, I, v2(1, 0), v2(2, 0), v2(0, 1), v2(0, 0), v2(0, 3), v2(0, 1)) == 1);
  CHECK(rrcp_deviation({}, I, v2(1, 0), v2(2, 0), v2(1, 0), v2(0, 0), v2(3, 0), v2(0, 0)) == 0);
  // x = -y: A_x'A_y = -I = Phi, whatever A's signs, when none is 0.
  CHECK(rrcp_deviation({}, I, v2(1, 1), v2(-1, -1), v2(1, 0), v2(0, 0), v2(3, 0), v2(0, 0)) == 0);
  const std::vector<Rows> relu{I};
  const Eigen::VectorXd dead = v2(-1, -1), e1 = v2(1, 0), o = v2(0, 0);
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

TEST_CASE("rrcp: the tangent form is the norm of the dense matrix between two ranges, whatever their ranks") {
  const Stream root(3);
  int deficient = 0, defined = 0;
  for (const std::vector<std::int64_t>& widths :
       std::vector<std::vector<std::int64_t>>{{1}, {4}, {1, 3}, {2, 5}, {3, 2, 7}, {4, 8, 12}, {3, 4, 3, 6}})
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const Instance instance(widths, seed % 3 == 0 ? 1 : 9, seed);
      const Rrcp rrcp = instance.rrcp();
      Stream stream = root.at({widths.size(), seed});
      const Point p = random_point(rrcp, stream);
      const Prepared prepared(rrcp, p);
      const double f = rrcp.value(prepared.all());
      const Eigen::MatrixXd Ua = range(instance.G, p[2]), Uc = range(instance.G, p[3]);
      const bool zero = forward(instance.G, p[0]).norm() == 0 || forward(instance.G, p[1]).norm() == 0;
      if (zero || Ua.cols() == 0 || Uc.cols() == 0) {
        CHECK(std::isnan(f));
        continue;
      }
      ++defined;
      deficient += Ua.cols() < widths[0];
      const double exact = norm(Ua.transpose() * dense(instance.G, instance.A, p[0], p[1]) * Uc);
      CHECK(f == doctest::Approx(exact).epsilon(1e-11));
      const Witness w = rrcp.witness(prepared.all());
      check_witness(instance.G, instance.A, w);
      CHECK(w.form == "tangent");
      CHECK(w.value == doctest::Approx(exact).epsilon(1e-5));  // x and y have left their walls
    }
  CHECK(defined > 60);
  CHECK(deficient > 10);
}

TEST_CASE("rrcp: in differences it is the quotient") {
  const Stream root(4);
  int defined = 0;
  for (const std::vector<std::int64_t>& widths : std::vector<std::vector<std::int64_t>>{{3}, {1, 4}, {2, 5}, {3, 6, 9}})
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const Instance instance(widths, 6, seed);
      const Rrcp rrcp = instance.rrcp(Rrcp::Form::differences);
      Stream stream = root.at({widths.size(), seed});
      const Point p = random_point(rrcp, stream);
      const Prepared prepared(rrcp, p);
      const Eigen::Index k = widths[0];
      const double exact =
          naive(instance.G, instance.A, {p[0], p[1], p[2].head(k), p[2].tail(k), p[3].head(k), p[3].tail(k)});
      const double f = rrcp.value(prepared.all());
      if (std::isnan(exact)) {
        CHECK(std::isnan(f));
        continue;
      }
      ++defined;
      CHECK(f == doctest::Approx(exact).epsilon(1e-11));
      check_witness(instance.G, instance.A, rrcp.witness(prepared.all()));
    }
  CHECK(defined > 50);
}

TEST_CASE("rrcp: nearby x1, x2 lose no digits") {
  const Instance instance({3, 20, 30}, 40, 5);
  const Rrcp rrcp = instance.rrcp(Rrcp::Form::differences);
  Stream stream(5);
  const Eigen::VectorXd x = gaussian_vector(stream, 3), y = gaussian_vector(stream, 3), a = gaussian_vector(stream, 3),
                        d = 1e-6 * gaussian_vector(stream, 3), b = a + d;
  Eigen::VectorXd pair(6);
  pair << a, b;
  const Prepared prepared(rrcp, {x, y, pair, pair});
  CHECK(rrcp.value(prepared.all()) ==
        doctest::Approx(naive(instance.G, instance.A, {x, y, a, b, a, b})).epsilon(1e-12));
  // The twin: subtracting G(x1) and G(x2) in double loses six digits.
  const Eigen::VectorXd u = forward(instance.G, a) - forward(instance.G, b);
  const double plain = std::abs(u.dot(dense(instance.G, instance.A, x, y) * u)) / u.squaredNorm();
  CHECK(plain != doctest::Approx(rrcp.value(prepared.all())).epsilon(1e-12));
}

TEST_CASE("rrcp: gradients by finite differences, and the jump at a sign") {
  for (const Rrcp::Form form : {Rrcp::Form::tangent, Rrcp::Form::differences}) {
    const Instance instance({3, 12, 15}, 10, 6);
    const Rrcp rrcp = instance.rrcp(form);
    Stream stream(7);
    for (int trial = 0; trial < 5; ++trial) {
      const Point p = random_point(rrcp, stream);
      const Prepared prepared(rrcp, p);
      for (int s = 0; s < 4; ++s) {
        const auto i = static_cast<std::size_t>(s);
        const Switches w = rrcp.switches(s, prepared.all());
        const Eigen::VectorXd e = gaussian_vector(stream, p[i].size());
        const auto moved = [&](double t) {
          Point q = p;
          q[i] += t * e;
          return Prepared(rrcp, q);
        };
        const double h = 1e-6, f = (rrcp.value(moved(h).all()) - rrcp.value(moved(-h).all())) / (2 * h);
        CHECK(w.smooth.dot(e) == doctest::Approx(f).epsilon(1e-5));  // no jump within h, for these seeds
        if (w.z.size() == 0) continue;
        const Eigen::ArrayXd weights = gaussian_vector(stream, w.z.size());
        // z is normalised; its gradient is taken at a fixed scale: compare with unnormalised values, scaled back.
        const auto raw = [&](const Prepared& q) -> Eigen::ArrayXd {
          if (s < 2) return q.states[i].AG * q.states[i].length;
          Eigen::ArrayXd all(w.z.size());
          Eigen::Index from = 0;
          for (const Eigen::VectorXd& z : q.states[i].pre) all.segment(from, z.size()) = z, from += z.size();
          return all;
        };
        const Eigen::ArrayXd slope = (raw(moved(h)) - raw(moved(-h))) / (2 * h) * (w.z / raw(prepared));
        CHECK(rrcp.pull(s, prepared.states[i], weights).dot(e) ==
              doctest::Approx((weights * slope).sum()).epsilon(1e-6));
      }
    }
  }
  // One row whose sign at x flips: f = |v'F u| jumps by its gain.
  const Instance instance({3, 12, 15}, 10, 6);
  const Rrcp rrcp = instance.rrcp(Rrcp::Form::differences);
  Stream stream(8);
  Prepared prepared(rrcp, random_point(rrcp, stream));
  for (Eigen::Index i = 0; i < 10; ++i) {
    const double before = rrcp.value(prepared.all());
    const Switches w = rrcp.switches(0, prepared.all());
    const double sign = prepared.states[0].sign(i);
    prepared.states[0].sign(i) = -sign;
    CHECK(rrcp.value(prepared.all()) == doctest::Approx(std::abs(before - sign * w.gain(i))).epsilon(1e-10));
    prepared.states[0].sign(i) = sign;
  }
}

TEST_CASE("rrcp: where every row of a layer is the same, the constant is | |A g|^2 - 1 |") {
  // G(x) = relu(w.x) (1, ..., 1): one direction g, and A_g'A_g against Phi_{g,g} = I.
  const Eigen::Index n = 6;
  const Network G({Rows(Eigen::VectorXd::Ones(n) * Eigen::RowVector2d(1, 2))});
  const Rows A = draw(Ensemble::gaussian, 5, n, Stream(9));
  const double exact = std::abs((A * Eigen::VectorXd::Ones(n).normalized()).squaredNorm() - 1);
  const Rrcp rrcp(G, A);
  const Sampled sampled = sample(rrcp, 200, std::nullopt, Stream(1), 1);
  CHECK(sampled.witness.value == doctest::Approx(exact).epsilon(1e-12));
  CHECK(sampled.count > 0);
  CHECK(sampled.undefined > 100);  // a half-plane is dead: all but 1/16 of the combinations
  CHECK(sampled.count + sampled.undefined == 200);
  Searched searched = search(rrcp, 16, Stream(2), 1);
  CHECK(searched.witness.value == doctest::Approx(exact).epsilon(1e-12));
  CHECK(searched.undefined > 0);
  const auto certified = certify(rrcp, searched.witness, 0.01, 10000, 1);
  REQUIRE(certified);
  CHECK(certified->closed);
  CHECK(certified->at_most >= exact);
}

TEST_CASE("rrcp: a network that is 0 everywhere has no value, and says so") {
  const Network G({Rows::Random(4, 2), Rows::Constant(3, 4, -1)});
  const Rrcp rrcp(G, draw(Ensemble::gaussian, 5, 3, Stream(10)));
  const Sampled sampled = sample(rrcp, 100, std::nullopt, Stream(1), 2);
  CHECK(sampled.witness.point.empty());
  CHECK(sampled.count == 0);
  CHECK(sampled.undefined == 100);
  CHECK(std::isnan(sampled.mean));
  Searched searched = search(rrcp, 8, Stream(1), 2);
  CHECK(searched.witness.point.empty());
  CHECK(searched.undefined == searched.evaluations);
  CHECK_FALSE(certify(rrcp, searched.witness, 0.1, 1000, 1));
}

TEST_CASE("rrcp: k = 1, and m = 1") {
  const Instance line({1, 4, 5}, 3, 2);
  // One dimension has two pieces: all of the tangent form's values can be listed.
  double exact = 0;
  const Rrcp rrcp = line.rrcp();
  for (int bits = 0; bits < 16; ++bits) {
    Point p;
    for (int s = 0; s < 4; ++s) p.push_back(Eigen::VectorXd::Constant(1, bits >> s & 1 ? 1 : -1));
    const double f = rrcp.value(Prepared(rrcp, p).all());
    if (!std::isnan(f)) exact = std::max(exact, f);
  }
  const Searched searched = search(rrcp, 64, Stream(1), 1);
  CHECK(searched.witness.value >= exact * (1 - 1e-12));
  check_witness(line.G, line.A, searched.witness);
  const Instance one({3, 6, 8}, 1, 3);
  check_witness(one.G, one.A, search(one.rrcp(), 16, Stream(1), 1).witness);
}

TEST_CASE("rrcp: brute force <= searched <= certified on small networks") {
  int closed = 0;
  for (const std::vector<std::int64_t>& widths : std::vector<std::vector<std::int64_t>>{{2}, {2, 3}, {2, 3, 5}})
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
      CAPTURE(widths.size());
      CAPTURE(seed);
      const Instance instance(widths, 6, seed);
      const Rrcp rrcp = instance.rrcp();
      Searched searched = search(rrcp, 96, Stream(seed), 1);
      REQUIRE(!searched.witness.point.empty());
      check_witness(instance.G, instance.A, searched.witness);
      const double brute = brute_force(instance.G, instance.A, 60), found = searched.witness.value;
      CHECK(found >= 0.98 * brute);
      const auto certified = certify(rrcp, searched.witness, 0.05, 20000, 1);
      REQUIRE(certified);
      check_witness(instance.G, instance.A, searched.witness);
      CHECK(searched.witness.value >= found);
      CHECK(certified->at_most >= searched.witness.value);
      CHECK(certified->at_most >= brute);
      closed += certified->closed;
      if (widths.size() == 1) CHECK(certified->closed);
      Stream stream(seed);
      for (int i = 0; i < 2000; ++i) {  // the quotient, at random
        Point p;
        for (int j = 0; j < 6; ++j) p.push_back(gaussian_vector(stream, 2));
        const double f = naive(instance.G, instance.A, p);
        if (!std::isnan(f)) REQUIRE(f <= certified->at_most);
      }
    }
  CHECK(closed >= 12);
}

TEST_CASE("rrcp: the bracket closes where differences fill cones, and nothing attained is above it") {
  for (const std::vector<std::int64_t>& widths : std::vector<std::vector<std::int64_t>>{{2, 3, 3}, {2, 4, 5}})
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      CAPTURE(widths.back());
      CAPTURE(seed);
      const Instance instance(widths, 4, seed);
      const Rrcp rrcp = instance.rrcp();
      Searched searched = search(rrcp, 32, Stream(seed), 1);
      const auto certified = certify(rrcp, searched.witness, 0.1, 20000, 1);
      REQUIRE(certified);
      CHECK(certified->closed);
      CHECK(certified->at_most >= searched.witness.value);
      check_above_all(instance.G, instance.A, certified->at_most, 4000);
      Witness met = searched.witness;  // the must-fail twin: below what is attained nothing is proved
      CHECK(decide(rrcp, met, 0.97 * searched.witness.value, 20000, 1)->at_most > 0.97 * searched.witness.value);
    }
}

TEST_CASE("rrcp: whatever gap is asked, coarse or fine, what closes is closed, and what is true is decided") {
  // Thin cones, along which G turns fast in short arcs.
  for (const std::uint64_t seed : {1, 4, 5, 6}) {
    CAPTURE(seed);
    const Instance instance({2, 4, 5}, 4, seed);
    const Rrcp rrcp = instance.rrcp();
    const Searched searched = search(rrcp, 64, Stream(seed), 1);
    double at_most = std::numeric_limits<double>::infinity();
    for (const double gap : {0.5, 0.2, 0.05}) {
      CAPTURE(gap);
      Witness witness = searched.witness;
      const auto certified = certify(rrcp, witness, gap, 20000, 1);
      REQUIRE(certified);
      CHECK(certified->closed);
      CHECK(certified->at_most >= witness.value);
      CHECK(certified->at_most <= at_most);
      at_most = certified->at_most;
    }
    check_above_all(instance.G, instance.A, at_most, 4000);
    Witness met = searched.witness;
    for (const double factor : {1.5, 1.2, 1.1})
      CHECK(decide(rrcp, met, factor * at_most, 20000, 1)->at_most <= factor * at_most);
  }
}

TEST_CASE("rrcp: pieces whose range is one ray, by different neurons before it, have no differences but along it") {
  // The only neuron of the second layer is fed by one or two of the first: G(x) = t (1, 2, 0), by t of several pieces.
  const Network ray({Rows(Eigen::Matrix<double, 3, 2>{{1, 0}, {0, 1}, {-1, 0.5}}),
                     Rows(Eigen::Matrix<double, 2, 3>{{1, 0.5, 0.3}, {-1, -1, -1}}),
                     Rows(Eigen::Matrix<double, 3, 2>{{1, 3}, {2, -1}, {-1, 2}})});
  const Rows A = draw(Ensemble::gaussian, 5, 3, Stream(27));
  const double exact = std::abs((A * Eigen::Vector3d(1, 2, 0)).squaredNorm() / 5 - 1);
  Witness none;
  const auto certified = certify(Rrcp(ray, A), none, 0.01, 10000, 1);
  REQUIRE(certified);
  CHECK(certified->closed);
  CHECK(certified->at_most >= exact * (1 - 1e-12));
  CHECK(certified->at_most <= exact * (1 + 1e-6));
  // The twin: with a second neuron that some of those pieces turn on there is a second ray, and more.
  Network two = ray;
  two.layers[1](1, 0) = 0.2;
  Witness more;
  const auto above = certify(Rrcp(two, A), more, 0.1, 10000, 1);
  REQUIRE(above);
  CHECK(above->at_most > 1.05 * exact);
  check_above_all(two, A, above->at_most, 4000);
  // Draws with such pieces, which closed at no gap.
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    CAPTURE(seed);
    const Instance instance({2, 4, 2, 4}, 4, seed);
    const Rrcp rrcp = instance.rrcp();
    Searched searched = search(rrcp, 64, Stream(seed), 1);
    if (searched.witness.point.empty()) continue;
    const auto bracket = certify(rrcp, searched.witness, 0.1, 10000, 1);
    if (!bracket) continue;
    CHECK(bracket->closed);
    check_above_all(instance.G, instance.A, bracket->at_most, 4000);
  }
}

TEST_CASE("rrcp: certificates where cones meet, where G is 0 between two of its lines, and where rows are alike") {
  const auto check = [](const Network& G, const Rows& A) {
    Witness none;
    const auto certified = certify(Rrcp(G, A), none, 0.1, 4000, 1);
    REQUIRE(certified);
    CHECK(none.value == doctest::Approx(naive(G, A, none.point)).epsilon(1e-9));
    CHECK(certified->at_most >= none.value);
    check_above_all(G, A, certified->at_most, 4000);
    return *certified;
  };
  const Rows A = draw(Ensemble::gaussian, 5, 6, Stream(23));
  const Network wide(
      {draw(Ensemble::gaussian, 3, 2, Stream(24)), draw(Ensemble::gaussian, 6, 3, Stream(25)).cwiseAbs()});
  check(wide, A);  // cones of two pieces meet inside of a space of three dimensions
  // G(x) = (a, 0) on one side of a line, (0, b) on the other: with A'A - Phi of entries p and q, p off the diagonal.
  const Network fold({Rows(Eigen::Matrix2d{{1, 1}, {-1, -1}})});
  CHECK(check(fold, Rows(Eigen::Matrix2d{{1, 0.7}, {0, 0.4}})).closed);
  Rows alike(6, 2);  // rows parallel, of either sign, and one of 0
  alike << 1, -2, 2, -4, -1, 2, 0, 0, 0.5, 0.3, -1, 0.2;
  CHECK(check(Network::identity(2), alike).closed);
  Network far = fold;
  far.layers[0] *= 0x1p300;
  check(far, Rows(Eigen::Matrix2d{{1, 0.7}, {0, 0.4}}));
}

TEST_CASE("rrcp: 2,10,20 with m = 40 is bracketed, and decided on either side without delay") {
  const Instance instance({2, 10, 20}, 40, 1);
  const Rrcp rrcp = instance.rrcp();
  Searched searched = search(rrcp, 16, Stream(1), 1);
  Witness witness = searched.witness;
  const auto certified = certify(rrcp, witness, 0.3, 2000, 1);
  REQUIRE(certified);
  CHECK(certified->closed);
  CHECK(certified->at_most <= 1.3 * witness.value * (1 + 1e-12));
  Witness met = witness;
  const auto proved = decide(rrcp, met, 1.4 * witness.value, 2000, 1);
  CHECK(proved->at_most <= 1.4 * witness.value);
  CHECK(proved->nodes <= certified->nodes);
  const auto above = decide(rrcp, met, 0.9 * witness.value, 2000, 1);
  CHECK(above->at_most > 0.9 * witness.value);
}

TEST_CASE("rrcp: certificates without an incumbent, beyond the plane, and out of budget") {
  const Instance instance({2}, 8, 4);
  Witness none;
  const auto certified = certify(instance.rrcp(), none, 0.2, 50000, 1);
  REQUIRE(certified);
  CHECK(certified->closed);
  check_witness(instance.G, instance.A, none);
  CHECK(certified->at_most >= none.value);
  Witness again;
  const auto early = certify(instance.rrcp(), again, 0.2, 1, 1);
  REQUIRE(early);
  CHECK(early->at_most >= certified->at_most);
  CHECK_FALSE(early->closed);
  const Instance space({3, 5}, 8, 4);
  CHECK_FALSE(certify(space.rrcp(), again, 0.2, 100, 1));
  const Network close({Rows(Eigen::Matrix<double, 3, 2>{{1, 2}, {1, 2 + 1e-10}, {2, -1}})});
  CHECK_FALSE(certify(Rrcp(close, Rows::Random(4, 3)), again, 0.2, 100, 1));
}

TEST_CASE("rrcp: a direction that G hardly has counts in full") {
  // Neurons 2 and 4 of W_1 are on at (-1, 3) and (-1.2, 3): G(-1, 3) - G(-1.2, 3) = (0, 0, 0, 0.2 t).
  Rows A = draw(Ensemble::gaussian, 40, 4, Stream(21));
  A.col(3) *= 100;
  for (const double t : {1.0, 1e-4, 1e-6, 1e-9, 1e-12, 1e-13, 1e-17, 1e-100, 1e-200}) {
    CAPTURE(t);
    const Network G({Rows(Eigen::Matrix<double, 4, 2>{{1, 0}, {0, 1}, {-1, -.5}, {t, t}})});
    const double attained = naive(G, A, {v2(-1, 3), v2(-1, 3), v2(-1, 3), v2(-1.2, 3), v2(-1, 3), v2(-1.2, 3)});
    REQUIRE(attained > 4000);
    const Rrcp rrcp(G, A);
    Searched searched = search(rrcp, 32, Stream(1), 1);
    check_witness(G, A, searched.witness);
    if (t >= 1e-13) CHECK(searched.witness.value > 0.99 * attained);
    const auto certified = certify(rrcp, searched.witness, 0.2, 20000, 1);
    CHECK(certified.has_value() == (t >= 1e-4));
    if (!certified) continue;
    CHECK(certified->at_most >= attained);
    CHECK(certified->closed);
  }
}

TEST_CASE("rrcp: what G does on a sliver counts in full") {
  // Neuron 1 without 2, between two rays that are 2^-50 apart: nothing is proved, unless they are the same.
  const auto proved = [](const Rows& W) {
    Witness none;
    return certify(Rrcp(Network({W}), draw(Ensemble::gaussian, 9, 3, Stream(22))), none, 0.5, 500, 1).has_value();
  };
  CHECK_FALSE(proved(Eigen::Matrix<double, 3, 2>{{1, 1}, {1, 1 + 0x1p-50}, {2, -1}}));
  CHECK(proved(Eigen::Matrix<double, 3, 2>{{1, 1}, {3, 3}, {2, -1}}));
  CHECK(proved(Eigen::Matrix<double, 3, 2>{{1, 1}, {-3, -3}, {2, -1}}));
}

TEST_CASE("rrcp: certificates of networks whose ranges are lines, whose neurons share rays, and whose weights cancel") {
  const Rows A = draw(Ensemble::gaussian, 9, 4, Stream(23));
  const Rows W1 = Eigen::Matrix<double, 3, 2>{{1, 0.5}, {-1, 2}, {0.3, -1}};
  const auto bound = [&](const Rows& W2) {
    const Network G({W1, W2});
    Witness none;
    const auto certified = certify(Rrcp(G, A), none, 0.05, 20000, 1);
    if (certified) {
      CHECK(none.value == doctest::Approx(naive(G, A, none.point)).epsilon(1e-9));
      CHECK(certified->at_most >= brute_force(G, A, 60));
    }
    return certified.has_value();
  };
  CHECK(bound(Rows::Identity(4, 3)));                                                      // the rays of W_1 again
  CHECK(bound(Eigen::Matrix<double, 4, 3>{{1, 2, 0}, {2, 4, 0}, {1, -1, 0}, {0, 0, 1}}));  // proportional
  CHECK(bound(Eigen::Vector4d(1, 2, 3, 4) * Eigen::RowVector3d(1, -1, 0.5)));              // a line
  const double d = 1e-13;  // rows 1 and 2 of W_1 equal but for d: W_2 tells them apart
  const Network G({Rows(Eigen::Matrix<double, 3, 2>{{1, 0.5}, {1, 0.5}, {0.3, -1}}),
                   Rows(Eigen::Matrix<double, 4, 3>{{1, 0, 0}, {1, -1 + d, 0}, {0, 1, 1}, {0, 0, 1}})});
  Witness none;
  CHECK_FALSE(certify(Rrcp(G, A), none, 0.2, 100, 1));
}

TEST_CASE("rrcp: a row of 0 in A changes nothing, and arcs on which G hardly turns are not left out") {
  const Instance instance({2, 3}, 6, 5);
  Rows padded = Rows::Zero(7, 3);
  padded.topRows(6) = instance.A;
  Witness a, b;
  const auto plain = certify(instance.rrcp(), a, 0.1, 20000, 1);
  const auto zero = certify(Rrcp(instance.G, padded), b, 0.1, 20000, 1);
  REQUIRE(plain);
  REQUIRE(zero);
  CHECK(zero->at_most == doctest::Approx(plain->at_most).epsilon(1e-9));
  CHECK(b.value == doctest::Approx(a.value).epsilon(1e-9));
  CHECK(b.value > 0);
  // Neurons 1 and 2 are on between (1, -1) and (1, -1 + 1e-8), where A's rows change their signs, one after another.
  Rows W = Eigen::Matrix<double, 3, 2>{{1, 0}, {1, 1}, {0, 1}}, B(24, 3);
  Stream stream(24);
  for (Eigen::Index i = 0; i < 24; ++i) B.row(i) << -1e-9 * static_cast<double>(2 * i + 2), 1, stream.normal();
  const Network G({W});
  Witness none;
  const auto narrow = certify(Rrcp(G, B), none, 0.1, 20000, 1);
  REQUIRE(narrow);
  CHECK(narrow->at_most >= brute_force(G, B, 60));
  for (int i = 0; i <= 60; ++i) {
    const Eigen::VectorXd x = v2(1, -1 + 1e-9 * i), y = v2(1, 0.5);
    CHECK(narrow->at_most >= norm(range(G, y).transpose() * dense(G, B, x, y) * range(G, y)));
  }
}

TEST_CASE("rrcp: no result depends on the threads") {
  const Instance instance({2, 5, 7}, 9, 11);
  const Rrcp rrcp = instance.rrcp();
  const auto same = [](const Witness& a, const Witness& b) {
    CHECK(a.value == b.value);
    CHECK(a.point == b.point);
    CHECK(a.margin == b.margin);
  };
  const Sampled s1 = sample(rrcp, 3000, std::nullopt, Stream(1), 1),
                s2 = sample(rrcp, 3000, std::nullopt, Stream(1), 2);
  same(s1.witness, s2.witness);
  CHECK(s1.mean == s2.mean);
  CHECK(s1.quantiles == s2.quantiles);
  Searched f1 = search(rrcp, 40, Stream(1), 1), f2 = search(rrcp, 40, Stream(1), 2);
  same(f1.witness, f2.witness);
  CHECK(f1.evaluations == f2.evaluations);
  CHECK(search(rrcp, 40, Stream(2), 1).witness.point != f1.witness.point);
  const auto c1 = certify(rrcp, f1.witness, 0.05, 3000, 1), c2 = certify(rrcp, f2.witness, 0.05, 3000, 2);
  REQUIRE(c1);
  CHECK(c1->at_most == c2->at_most);
  CHECK(c1->nodes == c2->nodes);
  same(f1.witness, f2.witness);
}

TEST_CASE("rrcp: searching sees far more than sampling, in either form") {
  const Instance instance({6, 30, 60}, 60, 12);
  const Rrcp rrcp = instance.rrcp();
  const Sampled sampled = sample(rrcp, 3000, std::nullopt, Stream(1), 1);
  check_witness(instance.G, instance.A, sampled.witness);
  for (std::size_t q = 1; q < sampled.quantiles.size(); ++q) CHECK(sampled.quantiles[q - 1] <= sampled.quantiles[q]);
  CHECK(sampled.quantiles.back() <= sampled.witness.value * (1 + 1e-6));
  const Searched searched = search(rrcp, 24, Stream(1), 1);
  CHECK(searched.witness.value > 1.3 * sampled.witness.value);
  CHECK(searched.starts == 24 + 2 * (24 + 6));  // tied, and of either half ranges and differences
  check_witness(instance.G, instance.A, searched.witness);
  const Searched differences = search(instance.rrcp(Rrcp::Form::differences), 24, Stream(1), 1);
  CHECK(differences.witness.form == "differences");
  CHECK(differences.witness.value > 1.3 * sampled.witness.value);
  check_witness(instance.G, instance.A, differences.witness);
}

TEST_CASE("rrcp: wrong use is told in one line") {
  const Instance instance({2, 3}, 4, 1);
  const Rrcp rrcp = instance.rrcp();
  CHECK_THROWS_WITH_AS(Rrcp(instance.G, Rows::Random(4, 2)),
                       "A: has 2 columns, must have as many as the network has outputs, 3", InputError);
  CHECK_THROWS_WITH_AS(Rrcp(instance.G, Rows(0, 3)), "A: has no row, must have at least 1", InputError);
  CHECK_THROWS_WITH_AS(sample(rrcp, 0, std::nullopt, Stream(1), 1), "samples = 0: must be 1 to 100000000", InputError);
  CHECK_THROWS_WITH_AS(sample(rrcp, 1, std::nullopt, Stream(1), 0), "threads = 0: sampling needs at least 1",
                       InputError);
  CHECK_THROWS_WITH_AS(search(rrcp, 0, Stream(1), 1), "starts = 0: a search needs at least 1", InputError);
  CHECK_THROWS_WITH_AS(search(rrcp, 1, Stream(1), 0), "threads = 0: a search needs at least 1", InputError);
  CHECK_THROWS_AS(sample(rrcp, 10, GridKind::fibonacci, Stream(1), 1), InputError);
}

namespace {

// ---- Real numbers, as fractions.

using Rational = boost::multiprecision::cpp_rational;
using Rationals = std::vector<Rational>;

Rationals rationals(const Eigen::VectorXd& x) { return {x.begin(), x.end()}; }

Rationals product(const Rows& W, const Rationals& z) {
  Rationals all(static_cast<std::size_t>(W.rows()));
  for (Eigen::Index i = 0; i < W.rows(); ++i)
    for (Eigen::Index j = 0; j < W.cols(); ++j)
      all[static_cast<std::size_t>(i)] += Rational(W(i, j)) * z[static_cast<std::size_t>(j)];
  return all;
}

std::vector<int> signs(const Rationals& z) {
  std::vector<int> all;
  for (const Rational& entry : z) all.push_back(entry.sign());
  return all;
}

std::vector<int> signs(const Eigen::ArrayXd& z) {
  std::vector<int> all;
  for (const double entry : z) all.push_back(entry > 0 ? 1 : entry < 0 ? -1 : 0);
  return all;
}

// W_i z_{i-1}, i = 1, ..., d, and G(x).
std::vector<Rationals> images(const Network& G, Rationals z) {
  std::vector<Rationals> all;
  for (const Rows& W : G.layers) {
    z = product(W, z);
    all.push_back(z);
    for (Rational& entry : z)
      if (entry < 0) entry = 0;
  }
  all.push_back(z);
  return all;
}

// The rank of Lambda_a.
Eigen::Index rank(const Network& G, const Eigen::VectorXd& a) {
  const std::vector<Rationals> pre = images(G, rationals(a));
  std::vector<Rationals> columns;
  for (Eigen::Index j = 0; j < G.input; ++j) {
    Rationals z = rationals(Eigen::VectorXd::Unit(G.input, j));
    for (std::size_t i = 0; i < G.layers.size(); ++i) {
      z = product(G.layers[i], z);
      for (std::size_t l = 0; l < z.size(); ++l)
        if (pre[i][l] <= 0) z[l] = 0;
    }
    columns.push_back(z);
  }
  Eigen::Index found = 0;
  for (std::size_t row = 0; row < columns[0].size(); ++row) {
    const auto pivot = std::find_if(columns.begin(), columns.end(), [&](const Rationals& c) { return c[row] != 0; });
    if (pivot == columns.end()) continue;
    const Rationals p = *pivot;
    columns.erase(pivot);
    ++found;
    for (Rationals& c : columns) {
      const Rational factor = c[row] / p[row];
      for (std::size_t l = 0; l < c.size(); ++l) c[l] -= factor * p[l];
    }
    if (columns.empty()) break;
  }
  return found;
}

// Neurons 1 and 2 are multiples of one another, and A takes one from the other: A G(x) = 0 where neuron 3 is off.
// Computed in doubles it is +-1e-17.
struct Vanishing {
  Network G{{Rows(Eigen::Matrix<double, 3, 2>{
      {0x1.99999999p-4, 0x1.66666666p-1}, {3 * 0x1.99999999p-4, 3 * 0x1.66666666p-1}, {1, -0.5}})}};
  Rows A = Eigen::Matrix<double, 1, 3>{{3, -1, 0.7}};
};

}  // namespace

TEST_CASE("rrcp: signs, zeros and ranks are those of real numbers") {
  int ties = 0, deficient = 0, undefined = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    std::vector<Rows> layers;
    const std::vector<std::int64_t> widths{2, 4, 4, 4};
    for (std::size_t i = 1; i < widths.size(); ++i)
      layers.push_back(draw(Ensemble::rademacher, widths[i], widths[i - 1], Stream(seed).at({i})));
    const Network G(layers);
    const Rows A = draw(Ensemble::rademacher, 4, 4, Stream(seed).at({9}));
    const Rrcp rrcp(G, A), differences = rrcp.in(Rrcp::Form::differences);
    Stream stream = Stream(seed).at({10});
    for (int trial = 0; trial < 8; ++trial) {
      Eigen::VectorXd x = gaussian_vector(stream, 2);
      if (trial == 0) x << 1, 1;  // where sums of +-x_j vanish
      const std::vector<Rationals> exact = images(G, rationals(x));
      const Rrcp::State state = rrcp.prepare(0, x);
      for (std::size_t i = 0; i < layers.size(); ++i) CHECK(signs(state.pre[i].array()) == signs(exact[i]));
      const std::vector<int> measured = signs(product(A, exact.back()));
      CHECK(state.defined == (signs(exact.back()) != std::vector<int>(4, 0)));
      if (state.defined) CHECK(signs(state.sign) == measured);
      ties += state.defined && std::find(measured.begin(), measured.end(), 0) != measured.end();
      const Rrcp::State a = rrcp.prepare(2, x);
      CHECK((a.defined ? a.U.cols() : 0) == rank(G, x));
      deficient += a.defined && a.U.cols() < 2;
      Eigen::VectorXd pair(4);
      pair << x, x + gaussian_vector(stream, 2);
      const bool equal = exact.back() == images(G, rationals(pair.tail(2))).back();
      CHECK(differences.prepare(2, pair).defined == !equal);
      undefined += equal;
    }
  }
  CHECK(ties > 20);
  CHECK(deficient > 20);
  CHECK(undefined > 20);
}

TEST_CASE("rrcp: where A G vanishes on a sector its sign is 0 there, for all estimators and for the definition") {
  const Vanishing v;
  const Rrcp rrcp(v.G, v.A);
  Stream stream(31);
  int inside = 0;
  for (int trial = 0; trial < 200; ++trial) {
    const Eigen::VectorXd x = gaussian_vector(stream, 2), y = v2(1, 1);
    const std::vector<Rationals> z = images(v.G, rationals(x));
    if (!(z[0][0] > 0 && z[0][2] < 0)) continue;
    ++inside;
    CHECK(rrcp.prepare(0, x).sign(0) == 0);
    // A_{G(x)} = 0: what is left is Phi, here between G(y) and itself.
    const Eigen::VectorXd g = forward(v.G, y).normalized();
    const Eigen::VectorXd o = Eigen::VectorXd::Zero(2);
    const double exact = std::abs(g.dot(Phi(forward(v.G, x).normalized(), g).dense() * g));
    CHECK(naive(v.G, v.A, {x, y, y, o, y, o}) == doctest::Approx(exact).epsilon(1e-12));
  }
  CHECK(inside > 20);
  Searched searched = search(rrcp, 32, Stream(1), 1);
  CHECK(searched.witness.value == doctest::Approx(naive(v.G, v.A, searched.witness.point)).epsilon(1e-10));
  const Sampled sampled = sample(rrcp, 3000, std::nullopt, Stream(1), 1);
  CHECK(sampled.witness.value == doctest::Approx(naive(v.G, v.A, sampled.witness.point)).epsilon(1e-10));
  CHECK(sampled.mean <= sampled.witness.value);
  CHECK(sampled.quantiles.back() <= sampled.witness.value * (1 + 1e-12));
  const auto certified = certify(rrcp, searched.witness, 0.2, 20000, 1);
  REQUIRE(certified);
  CHECK(certified->at_most >= searched.witness.value);
  CHECK(searched.witness.value == doctest::Approx(naive(v.G, v.A, searched.witness.point)).epsilon(1e-10));
}

TEST_CASE("rrcp: no scale of a layer matters, however large or small") {
  const Instance instance({2, 5, 7}, 6, 41);
  const auto evidence = [&](const Network& G) {
    const Rrcp rrcp(G, instance.A);
    const Sampled sampled = sample(rrcp, 500, std::nullopt, Stream(1), 1);
    Witness best = search(rrcp, 12, Stream(1), 1).witness;
    const auto certified = certify(rrcp, best, 0.2, 2000, 1);
    REQUIRE(certified);
    return std::vector<double>{sampled.mean, sampled.witness.value, best.value, certified->at_most};
  };
  const std::vector<double> plain = evidence(instance.G);
  for (const auto& [first, second] :
       {std::pair{0x1p500, 0x1p500}, {0x1p-500, 0x1p-500}, {0x1p300, 0x1p-300}, {0x1p-1000, 0x1p1000}}) {
    Network G = instance.G;
    G.layers[0] *= first;
    G.layers[1] *= second;
    CHECK(evidence(G) == plain);  // powers of two: the same bits
  }
  // A neuron made larger and what it enters smaller: the same G, in other roundings.
  Network G = instance.G;
  G.layers[0].row(1) *= 0x1p50;
  G.layers[1].col(1) *= 0x1p-50;
  const Sampled sampled = sample(Rrcp(G, instance.A), 500, std::nullopt, Stream(1), 1);
  CHECK(sampled.mean == doctest::Approx(plain[0]).epsilon(1e-12));
  Rows wide = Rows::Constant(3, 2, 1e300);
  wide(0, 0) = 1e-300;
  CHECK_THROWS_AS(Rrcp(Network({wide}), Rows::Random(4, 3)), InputError);
}

TEST_CASE("rrcp: an A that is huge, tiny, or too large") {
  const Instance instance({2, 5, 7}, 6, 42);
  const auto searched = [&](const Rows& A) { return search(Rrcp(instance.G, A), 12, Stream(1), 1).witness; };
  const auto certified = [&](const Rows& A, Witness w) { return certify(Rrcp(instance.G, A), w, 0.2, 2000, 1); };
  const Rows huge = 1e150 * instance.A, tiny = 1e-150 * instance.A;
  const Witness w = searched(huge);
  CHECK(w.value > 1e299);
  CHECK(w.value == doctest::Approx(naive(instance.G, huge, w.point)).epsilon(1e-10));
  const auto bound = certified(huge, w);
  REQUIRE(bound);
  CHECK(bound->at_most >= w.value);
  CHECK(bound->at_most < 1e302);
  const Witness small = searched(tiny);
  CHECK(small.value == doctest::Approx(1).epsilon(1e-6));  // |Phi| = 1, at x = y and u = v
  CHECK(small.value == doctest::Approx(naive(instance.G, tiny, small.point)).epsilon(1e-10));
  CHECK_THROWS_AS(Rrcp(instance.G, 1e155 * instance.A), InputError);
}

}  // namespace test_rrcp
