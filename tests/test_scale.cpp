// Numbers at the edge: matrices of any scale, rows whose scales differ, suprema of 0, hyperplanes that all but coincide
// or meet in one point; against powers of two taken out, the naive evaluation, and brute force over faces.
#include "estimators/exact_points.hpp"
#include "estimators/instances.hpp"
#include "estimators/local_faces.hpp"
#include "tests/instances.hpp"
#include "theory/conditions.hpp"
#include "theory/error.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

namespace test_scale {

using namespace theoremeter;
using namespace theoremeter::testing;

namespace {

struct Found {
  double sampled, searched, at_least, at_most;
};

template <Deviation D>
Found all_evidence(const D& d, std::int64_t nodes = 200'000) {
  Found f{};
  f.sampled = sample(d, 500, {}, Stream(1), 1).witness.value;
  Witness incumbent = search(d, 64, Stream(2), 1).witness;
  f.searched = incumbent.value;
  f.at_most = certify(d, incumbent, 0.01, nodes, 1, {}).at_most;
  f.at_least = incumbent.value;
  return f;
}

void check_times(const Found& scaled, const Found& plain, double factor) {
  CHECK(scaled.sampled == plain.sampled * factor);
  CHECK(scaled.searched == plain.searched * factor);
  CHECK(scaled.at_least == plain.at_least * factor);
  CHECK(scaled.at_most == plain.at_most * factor);
}

Rows stacked(const Rows& a, const Rows& b) {
  Rows both(a.rows() + b.rows(), a.cols());
  both << a, b;
  return both;
}

}  // namespace

// Scaling by a power of two commutes with every rounding, so the numbers are the same to the last bit.
TEST_CASE("scale: WDC of W 2^e with alpha 4^e is 4^e times that of W, exactly") {
  Stream stream(1);
  for (const Eigen::Index k : {1, 2, 3}) {
    const Rows W = gaussian(8, k, stream);
    const Found plain = all_evidence(Wdc(W, 0.9));
    for (const int e : {-498, -40, 3, 498}) {
      CAPTURE(k);
      CAPTURE(e);
      check_times(all_evidence(Wdc(W * std::ldexp(1, e), std::ldexp(0.9, 2 * e))), plain, std::ldexp(1, 2 * e));
    }
  }
}

TEST_CASE("scale: witnesses of very large and very small matrices attain their values by the naive definition") {
  Stream stream(2);
  const Rows W = gaussian(7, 2, stream);
  for (const double scale : {1e-150, 1e-100, 1e100, 1e150}) {
    CAPTURE(scale);
    const Rows V = W * scale;
    const Witness w = search(Wdc(V), 64, Stream(1), 1).witness;
    CHECK(w.value == doctest::Approx(double(wdc_deviation(V, 1, w.point[0], w.point[1]))).epsilon(1e-12));
    const Found f = all_evidence(Wdc(V));
    CHECK(f.at_most >= f.at_least);
    CHECK(f.at_most <= 1.02 * f.at_least);
    const Witness z = search(Phaseless(V), 64, Stream(1), 1).witness;
    CHECK(z.value == doctest::Approx(double(phaseless_deviation(V, z.point[0], z.point[1]))).epsilon(1e-12));
  }
  CHECK(all_evidence(Wdc(W * 1e-150)).at_least == 0.5);        // |Q| = 1/2 at x = y
  CHECK(all_evidence(Phaseless(W * 1e-150)).at_least == 1.0);  // |Phi| = 1 there
}

TEST_CASE("scale: joint WDC of B 2^-530 and C 2^530 is that of B and C, exactly") {
  Stream stream(3);
  const Rows B = gaussian(6, 2, stream), C = gaussian(6, 2, stream);
  const Found plain = all_evidence(JointWdc(B, C), 20'000);
  check_times(all_evidence(JointWdc(B * 0x1p-530, C * 0x1p530), 20'000), plain, 1);
  Rows uneven_B = B, uneven_C = C;
  for (Eigen::Index i = 0; i < 6; ++i) {
    uneven_B.row(i) *= std::ldexp(1, int(60 * i));
    uneven_C.row(i) *= std::ldexp(1, -int(60 * i));
  }
  const Witness w = search(JointWdc(uneven_B, uneven_C), 64, Stream(1), 1).witness;
  CHECK(w.value == doctest::Approx(plain.searched).epsilon(1e-6));
  const auto naive = joint_wdc_deviation(uneven_B, uneven_C, 1, w.point[0], w.point[1], w.point[2], w.point[3]);
  CHECK(w.value == doctest::Approx(double(naive.first)).epsilon(1e-12));
}

TEST_CASE("scale: what doubles cannot hold is refused in one line that names the matrix") {
  const Rows W = Rows::Ones(3, 2);
  const auto refused = [](const auto& d) {
    try {
      search(d, 1, Stream(1), 1);
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  CHECK(refused(Wdc(W * 1e155)).find("W") == 0);
  CHECK(refused(Phaseless(W * 1e155)).find("A") == 0);
  CHECK(refused(Wdc(W * 1e-160, 1e-310)) != "");
  CHECK(refused(Wdc(W * 1e-160)) == "");
  CHECK(refused(Wdc(W * 1e150)) == "");
}

// Rows 2^-120 and less of the largest change the deviation by less than 2^-200: the bracket is that without them.
TEST_CASE("scale: rows of very different scales") {
  Stream stream(4);
  for (const Eigen::Index k : {2, 3}) {
    const Rows W = gaussian(5, k, stream);
    Rows V = stacked(W, gaussian(4, k, stream));
    for (Eigen::Index i = 5; i < 9; ++i) V.row(i) *= std::ldexp(1, -120 * int(i - 4));
    const Found plain = all_evidence(Wdc(W), 3'000'000), all = all_evidence(Wdc(V), 3'000'000);
    CHECK(all.at_most >= plain.at_least * (1 - 1e-12));
    CHECK(plain.at_most >= all.at_least * (1 - 1e-12));
    CHECK(all.at_most <= 1.011 * all.at_least);
  }
}

TEST_CASE("scale: products that underflow prove nothing") {
  Stream stream(5);
  for (int i = 0; i < 20; ++i) {
    Rows W = gaussian(3, 2, stream);
    for (double& entry : W.reshaped()) entry *= std::pow(10, -146 - 3 * stream.uniform());
    const double alpha = 4e-295;
    const Wdc d(W, alpha);
    Witness incumbent = search(d, 32, Stream(1), 1).witness;
    const Certified c = certify(d, incumbent, 0.01, 200'000, 1, {});
    for (int j = 0; j < 200; ++j)
      CHECK(wdc_deviation(W, alpha, random_unit(2, stream), random_unit(2, stream)) <= c.at_most);
  }
}

TEST_CASE("scale: a supremum of 0 is exact, and searches of any budget reach what is free") {
  const auto line = [](const auto& d) {
    Witness incumbent;
    return certify(d, incumbent, 0.01, 10, 1, {});
  };
  for (const double w : {1.0, 0x1p-500}) {  // sum w^2 = 1 for each sign, alpha/2 = 1
    const Certified c = line(Wdc(Rows{{w}, {-w}}, 2 * w * w));
    CHECK(c.at_most == 0);
    CHECK(c.closed);
  }
  CHECK(line(Phaseless(Rows{{1.0}})).at_most == 0);
  CHECK(line(Phaseless(Rows{{1.0}})).closed);
  CHECK(line(Phaseless(Rows{{0.1}})).at_most > 0.99);

  CHECK(search(Wdc(Rows::Zero(5, 3)), 1, Stream(1), 1).witness.value == 0.5);
  CHECK(search(Wdc(Rows::Zero(4, 6), 0.8), 1, Stream(1), 1).witness.value == 0.4);
  CHECK(search(Phaseless(Rows::Zero(4, 6)), 1, Stream(1), 1).witness.value == doctest::Approx(1).epsilon(1e-15));
  Stream stream(6);
  Rows dead = gaussian(12, 8, stream) / 8;
  dead.rightCols(2).setZero();
  CHECK(search(Wdc(dead), 1, Stream(1), 1).witness.value >= 0.5 * (1 - 1e-14));
}

TEST_CASE("certify: with the same budget a smaller gap never ends with a larger bound") {
  for (const Eigen::Index k : {2, 3, 4, 5})
    for (std::uint64_t i = 0; i < 6; ++i) {
      Stream stream = Stream(7).at({std::uint64_t(k), i});
      const Rows W = instance(kinds[i % kinds.size()], k, 12, stream);
      for (const std::int64_t nodes : {2'000, 20'000, 60'000}) {
        double larger = 1e300;
        for (const double gap : {2.0, 0.7, 0.3, 0.1, 0.05, 0.02, 0.01, 0.003, 1e-4}) {
          CAPTURE(k);
          CAPTURE(nodes);
          CAPTURE(gap);
          Witness incumbent = search(Wdc(W), 64, Stream(1), 1).witness;
          const Certified c = certify(Wdc(W), incumbent, gap, nodes, 1, {});
          CHECK(c.at_most <= larger);
          CHECK(c.nodes <= nodes);
          larger = c.at_most;
        }
      }
    }
}

TEST_CASE("faces: in a cone around a point, against all signs met there, and counted") {
  Rows box(4, 3);  // |x|, |y| <= z/4
  box << 4, 0, 1, -4, 0, 1, 0, 4, 1, 0, -4, 1;
  CHECK(local_faces(Rows{{1, 2, 0}}, box, 500)->size() == 3);  // two sides and the line
  for (int lines = 2; lines <= 6; ++lines) {  // through the point (0, 0, 1): sectors, rays, and the point
    Rows U(lines, 3);
    for (int i = 0; i < lines; ++i) U.row(i) << i, 3 - i, 0;
    CHECK(local_faces(U, box, 500)->size() == std::size_t(4 * lines + 1));
  }
  for (std::uint64_t i = 0; i < 40; ++i) {
    Stream stream = Stream(8).at({i});
    Rows U(5, 3);
    for (double& entry : U.reshaped()) entry = std::round(4 * stream.uniform() - 2);
    U.col(2) /= 8;
    for (Eigen::Index r = 0; r < 5; ++r)
      if (U.row(r).squaredNorm() == 0) U(r, 0) = 1;
    const auto faces = local_faces(U, box, 500);
    REQUIRE(faces);
    std::set<std::vector<signed char>> known;
    for (const LocalFace& face : *faces) {
      CHECK(known.insert(face.sign).second);
      Eigen::Vector3d p;
      for (Eigen::Index j = 0; j < 3; ++j) p(j) = face.point[std::size_t(j)].convert_to<double>();
      const Eigen::VectorXd z = U * p;  // small integers, exact
      for (Eigen::Index r = 0; r < 5; ++r) CHECK((z(r) > 0) - (z(r) < 0) == face.sign[std::size_t(r)]);
      CHECK((box * p).minCoeff() >= 0);
    }
    std::size_t met = 0;
    std::set<std::vector<signed char>> seen;
    for (int x = -24; x <= 24; ++x)
      for (int y = -24; y <= 24; ++y) {
        const Eigen::VectorXd z = U * Eigen::Vector3d(x, y, 96);
        std::vector<signed char> sign;
        for (const double value : z) sign.push_back(static_cast<signed char>((value > 0) - (value < 0)));
        CHECK(known.contains(sign));
        met += seen.insert(sign).second;
      }
    CHECK(met > 1);
  }
}

TEST_CASE("exact points: on the sides wanted, of unit length to 1e-12, in slivers too") {
  Stream stream(9);
  for (int i = 0; i < 50; ++i) {
    Rows H(2, 2);
    H.row(0) = random_unit(2, stream).transpose();
    H.row(1) = -H.row(0) * (1 + 1e-15);
    std::vector<Integer> direction(2);
    const auto faces = local_faces(H, Rows{{1, 0}, {0, 1}}, 100);
    REQUIRE(faces);
    for (const LocalFace& face : *faces) {
      if (std::count(face.sign.begin(), face.sign.end(), 0) > 0) continue;
      const auto x = point_with_signs(face.point, H, {{0, face.sign[0]}, {1, face.sign[1]}});
      if (!x) continue;
      CHECK(std::abs(x->norm() - 1) < 1e-12);
      for (Eigen::Index r = 0; r < 2; ++r) {
        const double z = exact_sign_dot(H.row(r).data(), x->data(), 2);
        CHECK((z > 0) - (z < 0) == face.sign[std::size_t(r)]);
      }
    }
  }
  const auto on = point_with_signs({Integer(1), Integer(2), Integer(-1)}, Rows{{1, 0, 1}, {2, -1, 0}, {1, 1, 0}},
                                   {{0, 0}, {1, 0}, {2, 1}});
  REQUIRE(on);
  CHECK(std::abs(on->norm() - 1) < 1e-12);
}

TEST_CASE("certify: rows parallel but for rounding, repeated, opposite and integer rows close") {
  int open = 0, count = 0;
  for (const Eigen::Index k : {2, 3})
    for (std::uint64_t i = 0; i < 12; ++i) {
      Stream stream = Stream(10).at({std::uint64_t(k), i});
      Rows W = gaussian(4, k, stream);
      if (i % 3 == 0) W = stacked(W, -W * (1 + 1e-15));
      if (i % 3 == 1) {
        W = (4 * W).array().round().matrix();
        W = stacked(W, -W);
      }
      if (i % 3 == 2)
        for (Eigen::Index r = 0; r < 4; ++r)
          W.row(r) = (float(stream.normal()) * W.row(0).cast<float>()).cast<double>();
      if (k == 3 && i % 3 != 1) continue;
      const double alpha = i % 2 ? 1 : 10;
      Witness incumbent = search(Wdc(W, alpha), 256, Stream(1), 1).witness;
      const Certified c = certify(Wdc(W, alpha), incumbent, 0.01, 3'000'000, 1, {});
      CAPTURE(k);
      CAPTURE(i);
      CHECK(c.at_most >= incumbent.value);
      CHECK(incumbent.value ==
            doctest::Approx(double(wdc_deviation(W, alpha, incumbent.point[0], incumbent.point[1]))).epsilon(1e-10));
      ++count;
      open += !c.closed;
    }
  CHECK(open == 0);
  CHECK(count == 16);
}

}  // namespace test_scale
