// Recovery as a study: what is kept of a draw, that verify notices what is changed, exact intervals.
#include "experiments/experiment.hpp"
#include "experiments/studies/recoveries.hpp"
#include "experiments/studies/studies.hpp"
#include "results/interval.hpp"
#include "tests/tampering.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <map>
#include <set>
#include <string>

namespace theoremeter {
namespace {

using namespace testing;

using Said = std::map<std::string, std::string>;

const Study& recovery() { return study_named("study", "recovery"); }

struct OneDraw {
  Setting at;
  Stream draw;
  Row row;
  explicit OneDraw(const Said& said)
      : at(of_options(recovery(), said, 1).points.at(0)),
        draw(draw_stream(at, 0)),
        row(recovery().measure(at, draw, Effort())) {}
  const Cell& cell(const std::string& column) const { return row[recovery().schema.position(column)]; }
  double real(const std::string& column) const { return cell(column).reals().at(0); }
  std::int64_t whole(const std::string& column) const { return cell(column).wholes().at(0); }
};

const std::map<std::string, Said>& examples() {
  static const std::map<std::string, Said> all{
      {"dpr",
       {{"widths", "3,20,60"},
        {"m", "50"},
        {"restarts", "3"},
        {"steps", "20"},
        {"trace", "0,1,5"},
        {"condition_starts", "2"}}},
      {"subgradient", {{"widths", "3,20,60"}, {"m", "50"}, {"noise", "0.01"}, {"steps", "100"}}},
      {"alternating", {{"widths", "3,15,60"}, {"widths2", "2,15,60"}, {"steps", "100"}, {"two_starts", "true"}}},
      {"amplitude-flow", {{"m", "60"}, {"n", "10"}, {"steps", "100"}, {"noise", "0.01"}}},
      {"taf", {{"m", "60"}, {"n", "10"}, {"steps", "100"}, {"trace", "all"}}},
      {"raf", {{"m", "60"}, {"n", "10"}, {"steps", "100"}}},
      {"twf", {{"m", "60"}, {"n", "10"}, {"steps", "100"}}},
      {"sparta", {{"m", "60"}, {"n", "40"}, {"sparsity", "2"}, {"steps", "50"}, {"preset", "model-copram"}}},
      {"copram", {{"m", "60"}, {"n", "40"}, {"sparsity", "2"}, {"steps", "10"}}},
      {"thwf", {{"m", "60"}, {"n", "40"}, {"sparsity", "2"}, {"steps", "50"}}},
      {"lasso", {{"m", "30"}, {"n", "40"}, {"sparsity", "2"}, {"steps", "500"}}}};
  return all;
}

OneDraw drawn(const std::string& algorithm) {
  Said said = examples().at(algorithm);
  said["algorithm"] = algorithm;
  return OneDraw(said);
}

}  // namespace

TEST_CASE("every algorithm: a draw comes back, and verify finds it as it is") {
  CHECK(examples().size() == algorithms().size());
  for (const auto& [algorithm, said] : examples()) {
    CAPTURE(algorithm);
    const OneDraw d = drawn(algorithm);
    const Schema& schema = recovery().schema;
    CHECK(encode(recovery().complete(d.at, d.row), schema) == encode(d.row, schema));
    for (const bool again : {false, true})
      for (const std::string& what : recovery().verify(d.at, d.draw, d.row, {again, false})) FAIL_CHECK(what);
    const auto& losses = d.cell("restart_loss").reals();
    CHECK(d.real("loss") == *std::min_element(losses.begin(), losses.end()));
    const auto& errors = d.cell("restart_error").reals();
    CHECK(d.real("oracle_error") == *std::min_element(errors.begin(), errors.end()));
    CHECK((d.whole("success") == 1) == (d.real("error") <= 1e-4));
  }
}

// How many steps were made, what ended a run and its rate are not to be had from what is stored: only measuring again
// tells. So it is with an iterate moved by 1e-9 across the direction of its error, which leaves error and residual as
// they are to 1e-10; the estimate x itself is kept twice.
TEST_CASE("verify notices every change of a recovery") {
  const std::set<std::string> again{
      "last_negation",         "negations",         "rate",         "rate_fit",         "restart_ended",
      "restart_last_negation", "restart_negations", "restart_rate", "restart_rate_fit", "restart_rate_steps",
      "restart_steps",         "iterate_x",         "restart_x",    "theory_floor",     "theory_rate",
      "iterate_step"};
  for (const std::string algorithm : {"dpr", "alternating", "sparta", "amplitude-flow"}) {
    CAPTURE(algorithm);
    const OneDraw d = drawn(algorithm);
    std::set<std::string> unseen, never;
    for_each_tampering(d.row, recovery().schema, 4, [&](const std::string& column, const Row& changed) {
      const auto complaints = [&](bool measured) {
        try {
          return recovery().verify(d.at, d.draw, changed, {measured, false});
        } catch (const WrongRow& error) {
          return Complaints{error.what()};
        }
      };
      if (!complaints(false).empty()) return;
      unseen.insert(column);
      if (complaints(true).empty()) never.insert(column);
    });
    std::set<std::string> more;
    std::set_difference(unseen.begin(), unseen.end(), again.begin(), again.end(), std::inserter(more, more.end()));
    CHECK(fmt::format("{}", fmt::join(more, " ")) == "seconds");
    CHECK(fmt::format("{}", fmt::join(never, " ")) == "seconds");
  }
}

TEST_CASE("basins: near x0, near -rho x0, at 0, elsewhere") {
  const OneDraw d = drawn("dpr");
  RecoverySetting s;
  s.algorithm = &algorithm_named("dpr");
  s.sizes = {{"m", {50}}, {"widths", {3, 20, 60}}};
  const RecoveryInstance instance = instance_of(s, d.draw);
  const Eigen::VectorXd x0 = truth(instance);
  const auto basin = [&](const Eigen::VectorXd& x) {
    Restart r;
    r.x = x;
    appraise(instance, r);
    return r.basin;
  };
  CHECK(basin(1.1 * x0) == Basin::solution);
  CHECK(basin(-0.669 * x0) == Basin::spurious);
  CHECK(basin(1e-5 * x0) == Basin::zero);
  CHECK(basin(3 * x0) == Basin::elsewhere);
}

// Against binomial sums: P(X >= s) = 2.5 % at the lower end, P(X <= s) = 2.5 % at the upper.
TEST_CASE("Clopper and Pearson's interval") {
  const auto tail = [](std::int64_t from, std::int64_t to, std::int64_t n, double p) {
    double sum = 0;
    for (std::int64_t k = from; k <= to; ++k) {
      const auto a = static_cast<double>(k), b = static_cast<double>(n);
      sum += std::exp(std::lgamma(b + 1) - std::lgamma(a + 1) - std::lgamma(b - a + 1) + a * std::log(p) +
                      (b - a) * std::log1p(-p));
    }
    return sum;
  };
  for (const std::int64_t n : {1, 10, 25, 100})
    for (std::int64_t s = 0; s <= n; ++s) {
      const auto [low, high] = clopper_pearson(s, n, 0.95);
      if (s > 0) CHECK(tail(s, n, n, low) == doctest::Approx(0.025).epsilon(1e-9));
      if (s < n) CHECK(tail(0, s, n, high) == doctest::Approx(0.025).epsilon(1e-9));
      CHECK((s > 0 || low == 0));
      CHECK((s < n || high == 1));
    }
  CHECK(clopper_pearson(0, 0, 0.95) == std::pair(0.0, 1.0));
}

}  // namespace theoremeter
