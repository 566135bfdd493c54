#include "theory/angle.hpp"
#include "theory/rho.hpp"

#include <doctest/doctest.h>
#include <boost/math/constants/constants.hpp>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

namespace test_rho {

using namespace theoremeter;
using std::numbers::pi;

namespace {

RhoRow row(Problem problem, int d, int digits) {
  RhoRow only;
  for_each_rho(problem, d, d, digits, [&](const RhoRow& each) { only = each; });
  return only;
}

// The papers' definitions, word for word: angles by acos, the sum of products as it stands.
template <unsigned Digits>
struct Papers {
  using Real =
      boost::multiprecision::number<boost::multiprecision::cpp_bin_float<Digits>, boost::multiprecision::et_off>;
  Real p = boost::math::constants::pi<Real>();
  std::vector<Real> check{p};

  explicit Papers(int d) {
    for (int i = 0; i < d; ++i) {
      const Real t = check.back();
      check.push_back(acos(((p - t) * cos(t) + sin(t)) / p));
    }
  }
  Real sum() const {
    Real total = 0;
    for (std::size_t i = 0; i + 1 < check.size(); ++i) {
      Real term = sin(check[i]) / p;
      for (std::size_t j = i + 1; j + 1 < check.size(); ++j) term *= (p - check[j]) / p;
      total += term;
    }
    return total;
  }
  Real rho(Problem problem) const {
    const Real T = check.back();
    return problem == Problem::phase_retrieval ? Real(2 * sin(T) / p + (p - 2 * T) / p * sum()) : sum();
  }
};

template <unsigned Digits>
void require_digits(int digits, const std::vector<int>& depths) {
  for (const int d : depths) {
    const Papers<Digits + 60> papers(d);
    for (const Problem problem : {Problem::inversion, Problem::phase_retrieval}) {
      const auto text = [&](const auto& value) { return value.str(digits, std::ios_base::fmtflags(0)); };
      const auto exact = papers.rho(problem);
      const RhoRow found = row(problem, d, digits);
      CAPTURE(d);
      CAPTURE(digits);
      CHECK(found.depth == d);
      CHECK(found.rho == text(exact));
      CHECK(found.one_minus_rho == text(decltype(exact)(1 - exact)));
      CHECK(found.angle == text(papers.check.back()));
      CHECK(found.asymptote == text(decltype(exact)(9 * papers.p * papers.p / (2 * d * d))));
    }
  }
}

}  // namespace

TEST_CASE("rho: known values") {
  CHECK(row(Problem::inversion, 1, 20).rho == "0");
  CHECK(row(Problem::compressed_sensing, 2, 20).rho == "0.31830988618379067154");
  CHECK(row(Problem::inversion, 3, 19).rho == "0.4937310902003715485");
  CHECK(row(Problem::blind_demodulation, 10, 20).rho == "0.85480923754890577555");
  CHECK(row(Problem::inversion, 100, 19).rho == "0.9963571511204183735");
  CHECK(row(Problem::phase_retrieval, 1, 20).rho == "0.63661977236758134308");
  CHECK(row(Problem::phase_retrieval, 2, 20).rho == "0.66915229421695242546");
  CHECK(row(Problem::phase_retrieval, 3, 7).rho == "0.7159204");
  CHECK(row(Problem::phase_retrieval, 10, 20).rho == "0.88826179449412946615");
  CHECK(row(Problem::phase_retrieval, 100, 20).rho == "0.99648914224747687843");
  CHECK(row(Problem::inversion, 1, 30).angle == "1.57079632679489661923132169164");
  CHECK(rho(Problem::amplitude_flow, 0) == doctest::Approx(1));
  CHECK(rho(Problem::inversion, 1) == 0);
  CHECK(rho(Problem::blind_demodulation, 1) == 0);
  CHECK(rho(Problem::inversion, 0) == -1);  // without a layer the only zero is x0
}

TEST_CASE("rho: the papers' sum and the closed form agree to the last digit asked for") {
  require_digits<17>(1, {1, 2, 3, 40});
  require_digits<17>(17, {1, 2, 3, 7, 40, 200});
  require_digits<50>(18, {5, 100});
  require_digits<50>(50, {1, 4, 60});
  require_digits<100>(51, {20});
  require_digits<100>(100, {3, 30});
  require_digits<250>(250, {2, 10});
  require_digits<500>(500, {5});
  require_digits<1000>(501, {3});
  require_digits<1000>(1000, {4});
  CHECK(row(Problem::inversion, 4, 100).rho != row(Problem::phase_retrieval, 4, 100).rho);  // the twin
}

TEST_CASE("rho: more digits only add digits, after many layers too") {
  for (const Problem problem : {Problem::inversion, Problem::phase_retrieval}) {
    const RhoRow few = row(problem, 10000, 17), many = row(problem, 10000, 25);
    for (const auto part : {&RhoRow::rho, &RhoRow::angle, &RhoRow::one_minus_rho})
      CHECK((many.*part).starts_with((few.*part).substr(0, 15)));
  }
}

TEST_CASE("rho: every depth of a range, as if asked for alone") {
  std::vector<RhoRow> rows;
  for_each_rho(Problem::phase_retrieval, 5, 9, 30, [&](const RhoRow& each) { rows.push_back(each); });
  REQUIRE(rows.size() == 5);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const RhoRow alone = row(Problem::phase_retrieval, 5 + static_cast<int>(i), 30);
    CHECK(rows[i].depth == alone.depth);
    CHECK(rows[i].rho == alone.rho);
    CHECK(rows[i].angle == alone.angle);
  }
}

TEST_CASE("rho: the double versions, against 17 digits") {
  for (const Problem problem : {Problem::inversion, Problem::phase_retrieval}) {
    for_each_rho(problem, 1, 1000, 17, [&](const RhoRow& each) {
      const double exact = std::stod(each.rho), gap = std::stod(each.one_minus_rho);
      CHECK(std::abs(rho(problem, each.depth) - exact) < 3e-16);
      CHECK(std::abs(one_minus_rho(problem, each.depth) / gap - 1) < 1e-15);
      CHECK(std::abs(rho_by_sum(problem, each.depth) - exact) < 2e-16 * (1 + each.depth));
    });
  }
}

TEST_CASE("rho: the papers' bounds, pi/(i+1) <= check_i <= 3 pi/(i+3)") {
  int i = 0;
  for_each_rho(Problem::inversion, 1, 3000, 17, [&](const RhoRow& each) {
    ++i;
    const double check = std::stod(each.angle);
    CHECK(check >= pi / (i + 1) * (1 - 1e-15));
    CHECK(check <= 3 * pi / (i + 3) * (1 + 1e-15));
  });
  CHECK(i == 3000);
}

// 1 - rho_d over 9 pi^2/(2 d^2) is 1 - (3 ln d + C)/d; the two kinds differ by 4/d, up to terms of order ln(d)/d^2.
TEST_CASE("rho: the asymptote") {
  const auto over_asymptote = [](Problem problem, double d) {
    return one_minus_rho(problem, static_cast<int>(d)) * 2 * d * d / (9 * pi * pi);
  };
  const auto missing = [&](double d) { return d * (1 - over_asymptote(Problem::inversion, d)); };
  CHECK(missing(1e5) / 1e5 < 1e-3);
  CHECK(missing(1e5) - missing(1e4) == doctest::Approx(3 * std::log(10)).epsilon(0.02));
  CHECK(missing(1e5) - missing(1e4) != doctest::Approx(2.9 * std::log(10)).epsilon(0.02));  // the twin
  for (const double d : {1e3, 1e4, 1e5})
    CHECK(d * (over_asymptote(Problem::inversion, d) - over_asymptote(Problem::phase_retrieval, d)) ==
          doctest::Approx(4).epsilon(60 / d));
  CHECK(row(Problem::inversion, 10000, 17).ratio ==
        doctest::Approx(one_minus_rho(Problem::inversion, 10000) * 2e8 / (9 * pi * pi)).epsilon(1e-14));
}

}  // namespace test_rho
