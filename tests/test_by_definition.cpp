// Nothing is reported that the definition does not bear out.
#include "experiments/studies/by_definition.hpp"
#include "theory/error.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace theoremeter::test_by_definition {
namespace {

/// At the point (x): f = x + a third of a last digit, of the minus side, x/2 from a jump; defined for x > 0 only.
Attained thirds(const Point& p, const std::string& form) {
  const double x = p[0][0];
  if (!(x > 0) || form == "wrong") return {std::numeric_limits<long double>::quiet_NaN()};
  return {x + 0x1p-52L * x / 3, Side::minus, x / 2};
}

Witness at(double x, double claimed, const std::string& form = "") {
  return {{Eigen::VectorXd::Constant(1, x)}, claimed, Side::plus, 7, form};
}

Measurement searched(double x, double claimed) {
  Measurement m;
  m.searched = Searched{at(x, claimed), 1, 1, 0};
  m.witness = m.searched->witness;
  return m;
}

}  // namespace

TEST_CASE("a witness has what its point attains: the value rounded down, side and margin") {
  const Measurement m = by_definition(searched(0.5, 0.9), thirds, 0.01);
  CHECK(m.witness.value == 0.5);
  CHECK(m.witness.side == Side::minus);
  CHECK(m.witness.margin == 0.25);
  CHECK(m.searched->witness.value == 0.5);
  const auto above = [](const Point&, const std::string&) { return Attained{0.5L - 0x1p-60L}; };
  CHECK(by_definition(searched(0.5, 0.5), above, 0.01).witness.value == std::nextafter(0.5, 0.0));  // nearest is above
}

TEST_CASE("the whole is the best of what is left; witnesses that attain nothing are left out") {
  Measurement m = searched(0.25, 0.9);
  m.sampled = Sampled{at(0.5, 0.5), at(-1, 3), 0.45, {0.1, 0.6}, 10, 0};
  const Measurement kept = by_definition(std::move(m), thirds, 0.01);
  CHECK(kept.witness.value == 0.5);
  CHECK(kept.witness.point[0][0] == 0.5);
  CHECK(!kept.sampled->diagonal);
  CHECK(kept.sampled->mean == 0.45);
  CHECK(kept.sampled->quantiles == std::vector<double>{0.1, 0.5});  // no more than the maximum
  CHECK_THROWS_AS(by_definition(searched(-1, 1), thirds, 0.01), DefinedNowhere);
  Measurement wrong = searched(0.5, 0.5);
  wrong.witness.form = wrong.searched->witness.form = "wrong";
  CHECK_THROWS_AS(by_definition(wrong, thirds, 0.01), DefinedNowhere);
  CHECK_THROWS_AS(by_definition(Measurement(), thirds, 0.01), DefinedNowhere);
}

TEST_CASE("a certificate: one that a point refutes is a fault, and it is closed where the gap is reached") {
  const auto bounded = [](double at_most, bool closed) {
    Measurement m = searched(0.5, 0.5);
    m.bounded = Bounded{at_most, ProvedBy::exhaustion, closed};
    return by_definition(std::move(m), thirds, 0.01).bounded;
  };
  CHECK_THROWS_WITH_AS(bounded(0.49, true), doctest::Contains("at most 0.49 was proved where 0.5 is attained: a fault"),
                       std::logic_error);
  CHECK(bounded(0.5 * (1 - 1e-14), true)->at_most == 0.5);  // but for rounding
  CHECK(bounded(0.6, true)->closed == false);
  CHECK(bounded(0.504, false)->closed == true);
  CHECK(bounded(0.505, true)->closed == true);
  CHECK(bounded(0.505001, true)->closed == false);
  CHECK(reaches(0, 0, 0.01));
  CHECK(!reaches(std::numeric_limits<double>::infinity(), 0.5, 1e6));
}

}  // namespace theoremeter::test_by_definition
