// Cones and the bound on a pair of them, against brute force that shares no code with either: points drawn inside the
// cones, halves from dot products in long double, Q from an orthonormal basis of the plane of x and y.
#include "estimators/cone_bound.hpp"
#include "estimators/evaluate.hpp"
#include "estimators/stream.hpp"
#include "estimators/wdc.hpp"
#include "tests/linear_algebra.hpp"
#include "theory/conditions.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numbers>
#include <set>
#include <thread>
#include <type_traits>
#include <vector>

namespace test_cones {

using namespace theoremeter;
using namespace theoremeter::testing;

namespace {

using std::numbers::pi;
template <int K>
using Dimension = std::integral_constant<int, K>;

using Vec = Eigen::VectorXd;
using Mat = Eigen::MatrixXd;

Vec random_unit(Eigen::Index k, Stream& stream) {
  Vec x(k);
  for (double& entry : x) entry = stream.normal();
  return x.normalized();
}

std::size_t below(std::size_t count, Stream& stream) {
  return std::min(count - 1, static_cast<std::size_t>(stream.uniform() * static_cast<double>(count)));
}

Rows gaussian(Eigen::Index n, Eigen::Index k, Stream& stream) {
  Rows W(n, k);
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index j = 0; j < k; ++j) W(i, j) = stream.normal() / std::sqrt(double(n));
  return W;
}

// Gaussian rows, a few of them on the axes or with small integer entries: the boundaries of cones run exactly along
// these.
Rows rows_with_ties(Eigen::Index n, Eigen::Index k, Stream& stream) {
  Rows W = gaussian(n, k, stream);
  for (Eigen::Index i = 0; i < n; i += 3)
    for (Eigen::Index j = 0; j < k; ++j) W(i, j) = std::round(3 * stream.uniform() - 1.5) / 2;
  return W;
}

template <int K>
typename ConeTree<K>::Matters everything_matters(Eigen::Index n) {
  typename ConeTree<K>::Matters matters;
  for (auto& side : matters)
    for (auto& half : side) half.assign(static_cast<std::size_t>(n), true);
  return matters;
}

template <int K>
ConeTree<K> tree_of(const Rows& W) {
  return ConeTree<K>(W, everything_matters<K>(W.rows()), std::vector<bool>(static_cast<std::size_t>(W.rows()), true));
}

// A random walk of this many splits from a random root.
template <int K>
const Cone<K>& random_cone(const ConeTree<K>& tree, int depth, Stream& stream) {
  const Cone<K>* cone = &tree.roots()[below(2 * K, stream)];
  for (; depth > 0; --depth) cone = &tree.children(*cone)[below(2, stream)];
  return *cone;
}

// A point of the cone, not normalised: inside its box, on a face of it or at a corner.
template <int K>
Vec point_of(const Cone<K>& cone, Stream& stream) {
  const double at_ends = stream.uniform();  // how likely a coordinate is to sit at an end of its side
  Vec x(K);
  for (int b = 0; b < K; ++b) {
    const auto j = static_cast<std::size_t>(b);
    const double t = stream.uniform() < at_ends ? double(below(2, stream)) : stream.uniform();
    x(b) = b == cone.axis ? cone.sign : std::clamp(cone.lo[j] * (1 - t) + cone.hi[j] * t, cone.lo[j], cone.hi[j]);
  }
  return x;
}

// 2 asin(|x - y| / 2) of the directions, in long double.
long double angle_of(const Vec& x, const Vec& y) {
  using Long = Eigen::Matrix<long double, Eigen::Dynamic, 1>;
  const Long a = x.cast<long double>(), b = y.cast<long double>();
  return 2 * std::asin((a / a.norm() - b / b.norm()).norm() / 2);
}

// Q_{x,y} = (pi-theta)/(2pi) I + sin(theta)/(2pi) M, M = [cos sin; sin -cos] in the basis e1 = x, e2 of the plane.
Mat Q_by_basis(const Vec& x, const Vec& y) {
  Vec rest = y - y.dot(x) * x;
  rest -= rest.dot(x) * x;
  const double cosine = y.dot(x), sine = rest.norm();
  Mat Q = (pi - std::atan2(sine, cosine)) / (2 * pi) * Mat::Identity(x.size(), x.size());
  if (sine < 1e-300) return Q;
  const Vec e = rest / sine;
  const Mat M = cosine * (x * x.transpose() - e * e.transpose()) + sine * (x * e.transpose() + e * x.transpose());
  return Q + sine / (2 * pi) * M;
}

double lambda_max(const Mat& A) { return eigenvalues(A).maxCoeff(); }

template <int K>
Packed<K> packed(const Mat& A) {
  Packed<K> p;
  std::size_t e = 0;
  for (int i = 0; i < K; ++i)
    for (int j = 0; j <= i; ++j) p.entry[e++] = A(i, j);
  return p;
}

/// The smallest tau (to 1e-10) at which the pair is proved.
template <int K>
double smallest_proved(const ConeBound<K>& bound, Side side, const ConePair<K>& pair) {
  double low = -1000, high = 1000;
  REQUIRE(bound.below(side, &pair, 1, high) == 1);
  while (high - low > 1e-10) {
    const double tau = (low + high) / 2;
    (bound.below(side, &pair, 1, tau) ? high : low) = tau;
  }
  return high;
}

// ---- The bound of S - Q on pairs of cones of a tree ----

struct PairStudy {
  int pairs = 0;
  double excess = -1e9;  // the largest attained - proved over the pairs
  double slack = 0;      // the mean proved - attained
};

// WDC of W on random pairs of cones: the bound is given `scale` for alpha; with `forget` undecided rows do not count.
template <int K>
PairStudy study_pairs(double alpha, double scale, bool forget, int pairs, Stream stream) {
  PairStudy study;
  for (; study.pairs < pairs; ++study.pairs) {
    const Rows W = rows_with_ties(1 + static_cast<Eigen::Index>(below(24, stream)), K, stream);
    const ConeTree<K> tree = tree_of<K>(W);
    const Wdc wdc(W, alpha);
    const ConeBound<K> bound(scale, 0);
    ConePair<K> pair;
    pair.a = &random_cone(tree, static_cast<int>(below(9 * (K - 1), stream)), stream);
    pair.b = below(4, stream) ? &random_cone(tree, static_cast<int>(below(9 * (K - 1), stream)), stream) : pair.a;
    std::array<double, 2> proved, attained{-1e9, -1e9};
    for (Side side : {Side::plus, Side::minus}) {
      Mat S = Mat::Zero(K, K);
      for (Eigen::Index i = 0; i < W.rows(); ++i) {
        const Half a = pair.a->half(static_cast<std::int32_t>(i)), b = pair.b->half(static_cast<std::int32_t>(i));
        const bool active = a == Half::positive && b == Half::positive,
                   possible = a != Half::negative && b != Half::negative;
        if (side == Side::plus && !forget ? possible : active) S += W.row(i).transpose() * W.row(i);
      }
      pair.S = packed<K>(S);
      proved[std::size_t(side)] = smallest_proved(bound, side, pair);
    }
    for (int sample = 0; sample < 30; ++sample) {
      const Eigen::VectorXd x = point_of(*pair.a, stream), y = point_of(*pair.b, stream);
      const Witness w = evaluate(wdc, {x, y});
      const double f = std::max(w.value, static_cast<double>(wdc_deviation(W, alpha, x, y)));
      CHECK(w.value == doctest::Approx(f).epsilon(1e-12));
      attained[std::size_t(w.side)] = std::max(attained[std::size_t(w.side)], f);
    }
    double slack = 1e9;
    for (std::size_t side : {0u, 1u}) slack = std::min(slack, proved[side] - attained[side]);
    study.excess = std::max(study.excess, -slack);
    study.slack += slack / pairs;
  }
  return study;
}

// ---- The bound on Q alone, on a pair of caps made by hand ----

template <int K>
void make_cap(Cone<K>& cone, const Vec& centre, double radius) {
  for (int b = 0; b < K; ++b) cone.centre[static_cast<std::size_t>(b)] = centre(b);
  cone.radius = radius;
  cone.sine = std::sin(radius);
  cone.cosine = std::cos(radius);
}

Vec step_from(const Vec& x, const Vec& along, double angle) {
  Vec tangent = along - along.dot(x) * x;
  tangent = tangent.normalized() - tangent.normalized().dot(x) * x;  // once more: along may all but coincide with x
  return (std::cos(angle) * x + std::sin(angle) * tangent.normalized()).normalized();
}

// Brought back into the cap of this radius about c.
Vec into_cap(const Vec& x, const Vec& c, double radius) {
  const double angle = 2 * std::atan2((x - c).norm(), (x + c).norm());
  return angle <= radius ? x : step_from(c, x, radius);
}

// sup over the caps of lambda_max(side (S - Q)): random points, then random steps from the best of them.
double sup_over_caps(Side side, const Mat& S, const Vec& a, double rA, const Vec& b, double rB, Stream& stream) {
  const double sg = side == Side::plus ? 1 : -1;
  double best = -1e9;
  Vec best_x = a, best_y = b;
  const auto attempt = [&](const Vec& x, const Vec& y) {
    const double value = lambda_max(sg * (S - Q_by_basis(x, y)));
    if (value > best) best = value, best_x = x, best_y = y;
  };
  attempt(a, b);
  for (double towards :
       {1.0, -1.0}) {  // along the great circle of the centres: where Q turns fastest for u in their plane
    const Vec x = step_from(a, b - a + 1e-9 * random_unit(a.size(), stream), towards * rA);
    attempt(x, step_from(b, x, 0));
    attempt(x, step_from(b, a - b + 1e-9 * random_unit(a.size(), stream), towards * rB));
  }
  for (int sample = 0; sample < 40; ++sample)
    attempt(step_from(a, random_unit(a.size(), stream), rA * std::sqrt(stream.uniform())),
            step_from(b, random_unit(a.size(), stream), rB * std::sqrt(stream.uniform())));
  for (int climb = 0; climb < 120; ++climb) {
    const double reach = std::pow(0.96, climb);
    attempt(into_cap(step_from(best_x, random_unit(a.size(), stream), reach * rA), a, rA),
            into_cap(step_from(best_y, random_unit(a.size(), stream), reach * rB), b, rB));
  }
  return best;
}

struct CapStudy {
  double excess = -1e9;       // of the supremum found over the tau proved
  std::vector<double> ratio;  // of the rise proved over the centres' value to the rise found, sorted
};

// `understated`: what the bound is told of each radius.
template <int K>
CapStudy study_caps(int pairs, double understated, Stream stream) {
  CapStudy study;
  for (int p = 0; p < pairs; ++p) {
    const Vec a = random_unit(K, stream);
    const double kind = stream.uniform();
    const double theta = kind < 0.1 ? 0 : kind < 0.2 ? pi : pi * stream.uniform();
    const Vec b = step_from(a, random_unit(K, stream), theta);
    const double rA = 1.2 * std::pow(10, -3 * stream.uniform()),
                 rB = below(3, stream) ? 1.2 * std::pow(10, -3 * stream.uniform()) : rA;
    // What S lets u be: anything; across the plane of the centres; anything near one direction.
    Mat S = Mat::Zero(K, K);
    Vec u = random_unit(K, stream);
    if (below(2, stream)) {
      const Vec e = step_from(a, b + 1e-9 * random_unit(K, stream), pi / 2);
      u = (u - u.dot(a) * a - u.dot(e) * e + 1e-9 * random_unit(K, stream)).normalized();
    }
    const Side side = below(2, stream) ? Side::plus : Side::minus;
    const double only = below(4, stream) ? std::pow(10, 2 * stream.uniform()) : 0;
    S = (side == Side::plus ? -only : only) * (Mat::Identity(K, K) - u * u.transpose());

    Cone<K> A, B;
    make_cap(A, a, understated * rA);
    make_cap(B, b, understated * rB);
    ConePair<K> pair;
    pair.a = &A;
    pair.b = &B;
    pair.S = packed<K>(S);
    const double proved = smallest_proved(ConeBound<K>(1, 0), side, pair);
    const double attained = sup_over_caps(side, S, a, rA, b, rB, stream);
    const double centres = lambda_max((side == Side::plus ? 1 : -1) * (S - Q_by_basis(a, b)));
    study.excess = std::max(study.excess, attained - proved);
    if (attained - centres > 1e-6) study.ratio.push_back((proved - centres) / (attained - centres));
  }
  std::sort(study.ratio.begin(), study.ratio.end());
  return study;
}

}  // namespace

TEST_CASE_TEMPLATE("cones: what a cone says of itself is true of the points in it", D, Dimension<2>, Dimension<3>,
                   Dimension<4>, Dimension<5>, Dimension<6>) {
  constexpr int K = D::value;
  Stream stream = Stream(11).at({K});
  const Rows W = rows_with_ties(70, K, stream);  // two words of bits
  const ConeTree<K> tree = tree_of<K>(W);
  int decided = 0;
  long double tightest = 0;
  for (int walk = 0; walk < 60; ++walk) {
    const Cone<K>& cone = random_cone(tree, static_cast<int>(below(1 + 20 * (K - 1), stream)), stream);
    CHECK(Vec::Map(cone.centre.data(), K).norm() == doctest::Approx(1).epsilon(1e-14));
    CHECK(cone.radius < pi / 2);
    for (int sample = 0; sample < 20; ++sample) {
      const Vec x = point_of(cone, stream);
      const long double away = angle_of(Vec::Map(cone.centre.data(), K), x);
      CHECK(away <= cone.radius + 1e-15L);  // centres are rounded to doubles
      tightest = std::max(tightest, away / cone.radius);
      for (Eigen::Index i = 0; i < W.rows(); ++i) {
        long double dot = 0;
        for (int b = 0; b < K; ++b) dot += static_cast<long double>(W(i, b)) * x(b);
        const Half half = cone.half(static_cast<std::int32_t>(i));
        if (half == Half::positive) REQUIRE(dot > 0);
        if (half == Half::negative) REQUIRE(dot <= 0);
        decided += half != Half::ambiguous;
      }
    }
  }
  CHECK(decided > 0);
  CHECK(tightest > 0.999999);  // the points do reach the rim: a radius too small by 1e-6 would be caught
}

TEST_CASE_TEMPLATE("cones: the roots cover the sphere and children their parent", D, Dimension<2>, Dimension<3>,
                   Dimension<5>) {
  constexpr int K = D::value;
  Stream stream = Stream(12).at({K});
  const Rows W = rows_with_ties(20, K, stream);
  const ConeTree<K> tree = tree_of<K>(W);
  std::set<std::pair<int, double>> faces;
  for (const Cone<K>& root : tree.roots()) {
    faces.insert({root.axis, root.sign});
    for (int b = 0; b < K; ++b)
      if (b != root.axis) CHECK((root.lo[std::size_t(b)] == -1 && root.hi[std::size_t(b)] == 1));
  }
  CHECK(faces.size() == 2 * K);
  for (int walk = 0; walk < 40; ++walk) {
    const Cone<K>& parent = random_cone(tree, static_cast<int>(below(15 * (K - 1), stream)), stream);
    const auto& children = tree.children(parent);
    const auto split = static_cast<std::size_t>(parent.split_coordinate);
    REQUIRE(parent.split_coordinate != parent.axis);
    CHECK(parent.lo[split] < children[0].hi[split]);
    CHECK(children[0].hi[split] == children[1].lo[split]);  // the same double: no gap
    CHECK(children[1].hi[split] > children[1].lo[split]);
    CHECK(children[0].lo[split] == parent.lo[split]);
    CHECK(children[1].hi[split] == parent.hi[split]);
    for (const Cone<K>& child : children) {
      CHECK((child.axis == parent.axis && child.sign == parent.sign));
      for (std::size_t b = 0; b < K; ++b)
        if (int(b) != parent.axis && b != split) CHECK((child.lo[b] == parent.lo[b] && child.hi[b] == parent.hi[b]));
      // What the child decided is listed once for either side, and nothing else changed.
      std::size_t news = 0;
      for (std::int32_t i = 0; i < W.rows(); ++i) {
        if (parent.half(i) != Half::ambiguous) CHECK(child.half(i) == parent.half(i));
        news += child.half(i) != parent.half(i);
      }
      for (const auto& decided : child.decided) {
        CHECK(decided.size() == news);
        for (const Decided& d : decided) CHECK((parent.half(d.row) == Half::ambiguous && child.half(d.row) == d.half));
      }
    }
  }
}

TEST_CASE("cones: a tree that three threads build at once is the tree one would build") {
  Stream stream = Stream(17);
  const Rows W = rows_with_ties(40, 3, stream);
  const auto digest = [](const ConeTree<3>& tree) {  // of every cone down to depth 7
    double sum = 0;
    const std::function<void(const Cone<3>&, int)> visit = [&](const Cone<3>& cone, int depth) {
      sum = 0.9 * sum + cone.radius + cone.centre[0] + double(cone.decided[0].size());
      if (depth > 0)
        for (const Cone<3>& child : tree.children(cone)) visit(child, depth - 1);
    };
    for (const Cone<3>& root : tree.roots()) visit(root, 7);
    return sum;
  };
  const double alone = digest(tree_of<3>(W));
  const ConeTree<3> shared = tree_of<3>(W);
  std::array<double, 3> digests{};
  std::vector<std::thread> threads;
  for (double& mine : digests) threads.emplace_back([&] { mine = digest(shared); });
  for (std::thread& thread : threads) thread.join();
  for (const double mine : digests) CHECK(mine == alone);
}

TEST_CASE("cones: the angle of eight pairs is that of long double") {
  Stream stream = Stream(13);
  double worst = 0, worst_relative = 0;
  for (int i = 0; i < 20000; ++i) {
    double d = std::sin(pi / 2 * stream.uniform()), e = std::sqrt(1 - d * d);
    if (i % 4 == 1) d = std::pow(10, -16 * stream.uniform());
    if (i % 4 == 2) e = std::pow(10, -16 * stream.uniform());
    if (i == 4) d = 0, e = 2;
    if (i == 8) d = 2, e = 0;
    if (i == 12) d = e = std::numbers::sqrt2;
    const double theta = double_atan2(Lane(d), Lane(e))[static_cast<std::size_t>(i) % lanes];
    const long double exact = 2 * std::atan2(static_cast<long double>(d), static_cast<long double>(e));
    const double error = static_cast<double>(std::abs(theta - exact));
    worst = std::max(worst, error);
    if (d > 0 && d < e) worst_relative = std::max(worst_relative, error / static_cast<double>(exact));
  }
  CHECK(worst < 3e-14);
  CHECK(worst_relative < 3e-14);
}

TEST_CASE_TEMPLATE("cones: a matrix with one eigenvalue at -1e-9 is refused, at +1e-9 accepted", D, Dimension<2>,
                   Dimension<3>, Dimension<4>, Dimension<5>, Dimension<6>) {
  constexpr int K = D::value;
  Stream stream = Stream(14).at({K});
  Cone<K> A, B;  // caps without extent and next to no Q: the bound is whether I - S is positive definite
  make_cap<K>(A, random_unit(K, stream), 0);
  make_cap<K>(B, random_unit(K, stream), 0);
  const ConeBound<K> bound(1e-30, 0);
  for (int trial = 0; trial < 50; ++trial) {
    std::array<ConePair<K>, lanes> pairs;
    unsigned positive = 0;
    for (unsigned l = 0; l < lanes; ++l) {
      Mat G(K, K);
      for (double& entry : G.reshaped()) entry = stream.normal();
      const Mat U = orthogonal_of(G);
      Vec lambda(K);
      for (double& entry : lambda) entry = std::pow(10, -6 * stream.uniform());
      const bool definite = below(2, stream);
      lambda(static_cast<Eigen::Index>(below(K, stream))) = definite ? 1e-9 : -1e-9;
      positive |= unsigned{definite} << l;
      const Mat X = U * lambda.asDiagonal() * U.transpose();
      pairs[l].a = &A;
      pairs[l].b = &B;
      pairs[l].S = packed<K>(Mat::Identity(K, K) - X);
    }
    CHECK(bound.below(Side::plus, pairs.data(), lanes, 1) == positive);
    const int some = 1 + int(below(lanes, stream));  // fewer than eight: the others' bits stay unset
    CHECK(bound.below(Side::plus, pairs.data(), some, 1) == (positive & ((1u << some) - 1)));
  }
}

TEST_CASE_TEMPLATE("cones: nothing inside a pair exceeds what is proved for it", D, Dimension<2>, Dimension<3>,
                   Dimension<4>, Dimension<5>, Dimension<6>) {
  constexpr int K = D::value;
  const Stream stream = Stream(15).at({K});
  for (const double alpha : {1.0, 0.37}) {
    const PairStudy study = study_pairs<K>(alpha, alpha, false, 40, stream);
    CHECK(study.excess < 1e-12);
    CHECK(study.slack < 0.25);
  }
  // The twins: the same points convict a bound that understates alpha Q, overstates it, or forgets the undecided rows.
  CHECK(study_pairs<K>(1, 0.8, false, 40, stream).excess > 1e-3);
  CHECK(study_pairs<K>(1, 1.2, false, 40, stream).excess > 1e-3);
  CHECK(study_pairs<K>(1, 1, true, 40, stream).excess > 1e-2);
}

TEST_CASE_TEMPLATE("cones: Q on a pair of caps never exceeds its bound, whatever direction S leaves to u", D,
                   Dimension<2>, Dimension<3>, Dimension<4>, Dimension<6>) {
  constexpr int K = D::value;
  const Stream stream = Stream(16).at({K});
  const CapStudy study = study_caps<K>(150, 1, stream);
  CHECK(study.excess < 1e-12);
  // Not absurdly loose: the rise over the centres' value that is proved, in units of the rise that is found.
  CHECK(study.ratio[study.ratio.size() / 2] < 1.6);
  CHECK(study.ratio[study.ratio.size() * 9 / 10] < 6);
  CHECK(study_caps<K>(150, 0.9, stream).excess > 1e-3);  // the twin: caps that understate their radius are caught
}

}  // namespace test_cones
