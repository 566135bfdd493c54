// Forecasts of what more nodes bring to a certificate, against courses whose law is known, and of certificates that
// stop early against the same ones that go on.
#include "estimators/forecast.hpp"
#include "estimators/instances.hpp"
#include "estimators/stream.hpp"
#include "tests/instances.hpp"

#include <doctest/doctest.h>
#include <cmath>
#include <cstdint>
#include <vector>

namespace test_forecast {

using namespace theoremeter;
using namespace theoremeter::testing;

namespace {

/// Bounds of a constant 2 at these gaps, with nodes(gap) for each.
template <class Nodes>
std::vector<Proved> course(const std::vector<double>& gaps, const Nodes& nodes) {
  std::vector<Proved> all;
  for (const double gap : gaps) all.push_back({2 * (1 + gap), std::llround(nodes(gap))});
  return all;
}

/// An open certificate that has this course behind it, and so many nodes spent on the next bound.
Certified open_certificate(std::vector<Proved> behind, std::optional<Proved> next) {
  Certified c;
  c.course = std::move(behind);
  c.at_most = c.course.back().at_most;
  for (const Proved& p : c.course) c.nodes += p.nodes;
  if (next) c.nodes += next->nodes;
  c.next = next;
  return c;
}

double exponential(double gap) { return 1e9 * std::exp(-12 * gap); }
double power(double gap) { return 1e4 * std::pow(gap, -4); }

}  // namespace

TEST_CASE("forecast: a course of that law is continued as it is, and one of another law is not") {
  const auto known = course({1, 0.5, 0.3}, exponential);
  const auto t = trend(known, 2);
  REQUIRE(t);
  for (const double gap : {0.2, 0.1, 0.01}) {
    // Nodes are whole: 6144 of the first, so that logs are right to 1e-4 of it, and not twice as much far beyond.
    CHECK(t->nodes(gap) == doctest::Approx(exponential(gap)).epsilon(1e-3));
    CHECK(t->gap(exponential(gap)) == doctest::Approx(gap).epsilon(1e-3));
  }
  const Certified c = open_certificate(known, Proved{2 * 1.2, 1000});
  const Forecast f = forecast(c, 2, 0.3, 0.01);
  CHECK(!f.ended);
  CHECK(f.gap == doctest::Approx(0.2));
  const double before = static_cast<double>(c.nodes) - 1000;
  CHECK(f.nodes == doctest::Approx(before + exponential(0.2)).epsilon(1e-3));
  CHECK(f.to_close == doctest::Approx(before + exponential(0.01)).epsilon(1e-3));
  // The twin: a power law read as an exponential.
  CHECK(trend(course({1, 0.5, 0.3}, power), 2)->nodes(0.01) < power(0.01) / 100);
}

TEST_CASE("forecast: of four times the nodes where no bound is under way") {
  Certified c = open_certificate(course({0.9, 0.6, 0.4}, exponential), std::nullopt);
  c.nodes = c.course.back().nodes;  // a course in which nodes are counted through
  const Forecast f = forecast(c, 2, 0.4, 0.01);
  CHECK(f.nodes == doctest::Approx(4.0 * static_cast<double>(c.nodes)).epsilon(1e-6));
  CHECK(f.gap == doctest::Approx(0.4 - std::log(4) / 12).epsilon(1e-4));
  CHECK(f.to_close == doctest::Approx(exponential(0.01)).epsilon(1e-3));
  const Forecast near = forecast(c, 2, 0.4, 0.35);  // reached before
  CHECK(near.gap == 0.35);
  CHECK(near.to_close == near.nodes);
  CHECK(near.nodes < f.nodes);
}

TEST_CASE("forecast: none where the bound falls by little, where too little is known, or nothing is left") {
  CHECK(!trend({}, 1));
  CHECK(!trend({{3, 100}}, 2));
  CHECK(!trend({{3, 100}, {2.5, 299}}, 2));
  CHECK(trend({{3, 100}, {2.5, 300}}, 2));
  CHECK(!trend({{3, 100}, {3, 1000}}, 2));
  CHECK(!trend({{3, 100}, {2.76, 1000}}, 2, 0.25));
  CHECK(trend({{3, 100}, {2.74, 1000}}, 2, 0.25));
  const Certified slow = open_certificate({{3, 100}, {2.76, 1000}}, std::nullopt);
  CHECK(std::isnan(forecast(slow, 2, 0.38, 0.01).gap));
  Certified c = open_certificate({{3, 100}, {2.5, 1000}}, std::nullopt);
  CHECK(std::isfinite(forecast(c, 2, 0.25, 0.01).gap));
  c.ended = true;
  CHECK(forecast(c, 2, 0.25, 0.01).ended);
  CHECK(std::isnan(forecast(c, 2, 0.25, 0.01).gap));
}

TEST_CASE("forecast: a bound under way that other means have beaten is none to wait for") {
  const Certified c = open_certificate(course({1, 0.5}, exponential), Proved{2 * 1.4, 10});
  const Forecast f = forecast(c, 2, 0.35, 0.1);
  CHECK(f.gap == 0.1);
  CHECK(f.nodes == f.to_close);
}

TEST_CASE("forecast: a bound under way takes no fewer nodes than it had") {
  const Certified c = open_certificate(course({1, 0.5}, exponential), Proved{2 * 1.4, 1'000'000'000});
  CHECK(forecast(c, 2, 0.5, 0.01).nodes > static_cast<double>(c.nodes));
}

TEST_CASE("forecast: the course of a certificate that stops early is that of one that goes on") {
  Stream stream = Stream(1).at({77});
  const Wdc d(gaussian(40, 4, stream));
  const Witness incumbent = search(d, 64, stream.at({1}), 1, {}).witness;
  Witness first = incumbent, second = incumbent;
  const Certified early = certify(d, first, 0.01, 20'000, 1, {});
  const Certified late = certify(d, second, 0.01, 300'000, 1, {});
  REQUIRE(!early.course.empty());
  REQUIRE(early.course.size() <= late.course.size());
  for (std::size_t i = 0; i < early.course.size(); ++i) {
    CHECK(early.course[i].at_most == late.course[i].at_most);
    CHECK(early.course[i].nodes == late.course[i].nodes);
  }
  CHECK(!early.ended);
  CHECK(early.next);
  CHECK(early.next->at_most < early.course.back().at_most);
}

}  // namespace test_forecast
