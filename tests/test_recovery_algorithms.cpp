// The recovery algorithms against iterates of their authors' programs (in Octave; DPR and alternating descent: a plain
// NumPy statement), kept in data/recovery.npz: starts, then the iterates after 1, 2, 3, 5, 10, 30 (100, 1000) steps,
// all stopping rules off. Sources: gangwg.github.io e26e4a9, GauriJagatap/model-copram 0c64453,
// JCocola/neurips22-nonexpansive-gen-priors 2c72ad3. The tolerance 1e-10 is what two BLAS under the same program leave
// of 16 digits, with room for other orders of summation.
#include "estimators/recovery/alternating.hpp"
#include "estimators/recovery/amplitude.hpp"
#include "estimators/recovery/copram.hpp"
#include "estimators/recovery/generative.hpp"
#include "estimators/recovery/kernels.hpp"
#include "estimators/recovery/lasso.hpp"
#include "estimators/recovery/network_block.hpp"
#include "estimators/recovery/spectral.hpp"
#include "estimators/recovery/wirtinger.hpp"
#include "estimators/stream.hpp"
#include "results/weights.hpp"
#include "tests/recovery_trials.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <limits>
#include <string>

namespace theoremeter {
namespace {

using namespace testing;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double inf = std::numeric_limits<double>::infinity(), tolerance = 1e-10;

Rows stored(const std::string& name) {
  const auto file = std::filesystem::path(__FILE__).parent_path() / "data/recovery.npz";
  return read_weights(file.string() + ":" + name, {false, false}).matrices.at(0).W;
}

VectorXd stored_vector(const std::string& name) { return stored(name).col(0); }

RunRules after(std::vector<std::int64_t> trace) {
  RunRules rules;
  rules.steps = trace.back();
  rules.trace = std::move(trace);
  return rules;
}

void agrees(const RecoveryRun& run, const Rows& iterates, double size, const std::string& what) {
  CAPTURE(what);
  REQUIRE(static_cast<Index>(run.trace.size()) == iterates.rows());
  for (std::size_t i = 0; i < run.trace.size(); ++i) {
    CAPTURE(run.trace[i].step);
    CHECK((run.trace[i].x - iterates.row(static_cast<Index>(i)).transpose()).norm() <= tolerance * size);
  }
}

struct Signals {
  std::string name;
  Rows A = stored(name + "_A");
  VectorXd x = stored_vector(name + "_x"), q = stored_vector(name + "_yabs"), start = stored_vector(name + "_start");
  RunRules rules = after({0, 1, 2, 3, 5, 10, 30});

  void check(const std::string& algorithm, const RecoveryRun& run) const {
    agrees(run, stored(name + "_" + algorithm + "_iters"), x.norm(), algorithm);
  }
  RecoveryRun flow(const VectorXd& z, const AmplitudeFlow& how) const { return amplitude_flow(A, q, z, how, rules); }
};

VectorXd random_vector(Index n, Stream stream) {
  VectorXd v(n);
  for (double& entry : v) entry = stream.normal();
  return v;
}

Rows random_rows(Index m, Index n, Stream stream) {
  Rows A(m, n);
  for (Index i = 0; i < A.size(); ++i) A.data()[i] = stream.normal();
  return A;
}

}  // namespace

TEST_CASE("sparse recovery goes where its authors' programs go") {
  const Signals p{"s3_120x60"};
  p.check("sparta", p.flow(sparta_start(p.A, p.q, 3, p.start), {1, 1, 0, 3, 0x1p-52}));
  p.check("spartac", p.flow(sparta_start_weighted(p.A, p.q, 3, p.start), {1, 0.7, 0, 3, 0}));
  p.check("copram", copram(p.A, p.q, copram_start(p.A, p.q, 3, p.start), 3, p.rules));
  p.check("thwf", thwf(p.A, p.q, thwf_start(p.A, p.q, p.start), 0.23, p.rules));
}

TEST_CASE("dense recovery goes where its authors' programs go, also where it fails") {
  const Signals p{"hard_dense_72x40"};
  const VectorXd taf = taf_start(p.A, p.q, p.start), raf = raf_start(p.A, p.q, p.start);
  p.check("taf", p.flow(taf, {0.6, 0.7, 0, 0, 0}));
  p.check("af", p.flow(taf, {0.6, inf, 0, 0, 0}));
  p.check("raf_eta10", p.flow(raf, {2, inf, 10, 0, 0}));
  p.check("raf_eta3", p.flow(raf, {2, inf, 3, 0, 0}));
  p.check("twf", twf(p.A, p.q, twf_start(p.A, p.q, p.start), 0.2, p.rules));
}

TEST_CASE("descent with generative priors goes where the reference goes, alone and among others") {
  for (const auto& [name, step, steps] :
       {std::tuple{"dpr_k5_few", 1.0, std::vector<std::int64_t>{1, 2, 3, 5, 10, 30, 100, 1000}},
        std::tuple{"csflip_k5", 0.7, std::vector<std::int64_t>{1, 2, 3, 5, 10, 30, 100}}}) {
    const std::string of = std::string(name) + "_";
    Recovery f;
    f.phaseless = of.starts_with("dpr");
    f.G = Network({stored(of + "W1"), stored(of + "W2")});
    f.A = stored(of + "A"), f.b = stored_vector(of + "b");
    const VectorXd x0 = stored_vector(of + "x0");
    MatrixXd X(5, 3);
    X << random_vector(5, Stream(1)), stored_vector(of + "x1"), random_vector(5, Stream(2));
    const Rows iterates = stored(of + "iters").topRows(static_cast<Index>(steps.size()));
    for (const bool alone : {true, false}) {
      const RecoveryRun run =
          alone ? descend(f, X.col(1), {step}, after(steps))[0] : descend(f, X, {step}, after(steps))[1];
      agrees(run, iterates, x0.norm(), name);
      CHECK(run.negations == 1);
      CHECK(run.last_negation == 1);
    }
  }
}

TEST_CASE("alternating descent goes where the reference goes") {
  Demodulation f;
  f.G1 = Network({stored("hj_5_5_W1_1"), stored("hj_5_5_W1_2")});
  f.G2 = Network({stored("hj_5_5_W2_1"), stored("hj_5_5_W2_2")});
  f.b = stored_vector("hj_5_5_y");
  const Rows h = stored("hj_5_5_h_iters"), m = stored("hj_5_5_m_iters");
  Rows both(h.rows(), 10);
  both << h, m;
  const RecoveryRun run = alternate(f, stored("hj_5_5_h1"), stored("hj_5_5_m1"), {4 * static_cast<double>(f.b.size())},
                                    after({1, 2, 3, 5, 10, 30, 100, 1000}))[0];
  agrees(run, both, 1, "alternating");
  CHECK(run.negations == 0);
}

// Outcomes and step counts that the same programs have on trials of TrialNumbers: seeds, then errors after 100 steps.
// With one neuron a network all is a line of arithmetic: f = (relu(h) relu(m) - b)^2/2. Roundings: 1e-12 is 1000 times
// what 60 steps of a dozen operations leave of numbers about 1.
TEST_CASE("alternating descent with momentum, in one dimension by hand, through zero and back") {
  Demodulation f;
  f.G1 = f.G2 = Network({Rows::Ones(1, 1)});
  f.b = VectorXd::Constant(1, 0.7);
  constexpr double eta = 0.3, mu = 0.9;
  const std::vector<std::int64_t> steps{1, 2, 3, 5, 10, 30, 60};
  const RecoveryRun run =
      alternate(f, VectorXd::Constant(1, -3.0), VectorXd::Constant(1, 0.2), {eta, true, mu}, after(steps))[0];
  double h = -3, m = 0.2, v = 0, w = 0;
  std::int64_t negations = 0, last = 0;
  const auto relu = [](double t) { return t > 0 ? t : 0; };
  const auto loss = [&](double s, double t) { return std::pow(relu(s) * relu(t) - 0.7, 2); };
  std::size_t next = 0;
  REQUIRE(run.trace.size() == steps.size());
  for (std::int64_t step = 1; step <= steps.back(); ++step) {
    double s = 1, t = 1;
    for (const auto [a, b] : {std::pair{-1, 1}, std::pair{1, -1}, std::pair{-1, -1}})
      if (loss(a * h, b * m) < loss(s * h, t * m)) s = a, t = b;
    if (s < 0 || t < 0) ++negations, last = step;
    h *= s, v *= s, m *= t, w *= t;
    v = mu * v + (h > 0 ? (relu(h) * relu(m) - 0.7) * relu(m) : 0);
    h -= eta * v;
    w = mu * w + (m > 0 ? (relu(h) * relu(m) - 0.7) * relu(h) : 0);
    m -= eta * w;
    const double c = std::sqrt(std::abs(h) / std::abs(m));
    h /= c, v /= c, m *= c, w *= c;
    if (step != steps[next]) continue;
    CAPTURE(step);
    CHECK(run.trace[next].x[0] == doctest::Approx(h).epsilon(1e-12));
    CHECK(run.trace[next++].x[1] == doctest::Approx(m).epsilon(1e-12));
  }
  CHECK(last > 1);  // a sign changed under way, and the momentum with it
  CHECK(run.negations == negations);
  CHECK(run.last_negation == last);
}

TEST_CASE("trials come out as elsewhere") {
  const SignalTrial first(200, 60, 5, 10000);
  CHECK(first.A(0, 0) == doctest::Approx(7.1355e-02).epsilon(1e-4));
  CHECK(first.q[0] == doctest::Approx(6.3032e-01).epsilon(1e-4));
  struct Expected {
    std::uint64_t seed;
    double sparta;          // error after 100 steps
    std::int64_t to_1e_10;  // steps to an error below 1e-10
  };
  for (const auto& [seed, error, steps] :
       {Expected{10000, 9.4460e-01, 1000}, Expected{10001, 9.1954e-01, 1000}, Expected{10002, 7.1512e-11, 26}}) {
    const SignalTrial t(200, 60, 5, seed);
    RunRules rules;
    rules.observe = [&](std::int64_t, const VectorXd& x) { return error_up_to_sign(x, t.x) < 1e-10; };
    const AmplitudeFlow how{1, 1, 0, 5, 0x1p-52};
    const RecoveryRun run = amplitude_flow(t.A, t.q, sparta_start(t.A, t.q, 5, t.start), how, rules);
    CHECK(run.steps == steps);
    CHECK(error_up_to_sign(run.x, t.x) == doctest::Approx(error).epsilon(1e-4));
  }
}

// One step of a run against the objective's one-sided difference quotients, evaluated without the block products:
// rounding leaves 1e-16/h, curvature h, so 1e-6 at h = 1e-7 with room.
TEST_CASE("steps follow the gradient") {
  constexpr double h = 1e-7;
  const Network G({random_rows(12, 3, Stream(1)) / 3, random_rows(20, 12, Stream(2)) / 4});
  const Rows A = random_rows(15, 20, Stream(3)) / 4;
  const VectorXd x0 = random_vector(3, Stream(4)), x = random_vector(3, Stream(5));
  for (const Recovery& f : {inversion(G, x0), compressed_sensing(G, A, x0), phase_retrieval(G, A, x0)}) {
    RunRules one;
    one.steps = 1;
    const VectorXd v = x - descend(f, x, {1, false}, one)[0].x;
    for (Index i = 0; i < 3; ++i)
      for (const double s : {h, -h})
        CHECK((objective(f, x + s * VectorXd::Unit(3, i)) - objective(f, x)) / s ==
              doctest::Approx(v[i]).epsilon(1e-5));
  }
}

TEST_CASE("kernels: sums of rows and products, at every remainder") {
  for (const Index n : {1, 7, 8, 9, 17, 64})
    for (const Index m : {1, 3, 4, 5, 9}) {
      const Rows A = random_rows(m, n, Stream(7));
      VectorXd w = random_vector(m, Stream(8)), z = random_vector(n, Stream(9)), y(m), g = VectorXd::Ones(n);
      if (m > 2) w[1] = 0;
      add_weighted_rows(A, w, g);
      CHECK((g - VectorXd::Ones(n) - A.transpose() * w).norm() <= 1e-13 * static_cast<double>(n));
      multiply(A, z, y);
      CHECK((y - A * z).norm() <= 1e-13 * static_cast<double>(n));
      CHECK(sum_of_moduli(A) == doctest::Approx(A.cwiseAbs().sum()).epsilon(1e-13));
      g.setZero();
      add_weighted_squares(A, w, g);
      CHECK((g - A.cwiseAbs2().transpose() * w).norm() <= 1e-13 * static_cast<double>(n));
    }
}

TEST_CASE("lasso finds a sparse vector, and the optimality conditions hold") {
  const Index m = 60, n = 100;
  const Rows A = random_rows(m, n, Stream(1)) / std::sqrt(static_cast<double>(m));
  VectorXd x0 = VectorXd::Zero(n);
  for (const Index j : {3, 40, 77}) x0[j] = static_cast<double>(j % 7) - 2;
  const VectorXd b = A * x0;
  RunRules rules;
  rules.steps = 4000;
  CHECK((lasso(A, b, VectorXd::Zero(n), {0.01, true}, rules).x - x0).norm() <= 1e-12 * x0.norm());
  const VectorXd x = lasso(A, b, VectorXd::Zero(n), {0.01, false}, rules).x, g = A.transpose() * (b - A * x);
  const double lambda = 0.01 * (A.transpose() * b).lpNorm<Eigen::Infinity>();
  for (Index j = 0; j < n; ++j) {  // subgradient of the norm
    if (x[j] == 0) CHECK(std::abs(g[j]) <= lambda * (1 + 1e-6));
    if (x[j] != 0) CHECK(g[j] == doctest::Approx(x[j] > 0 ? lambda : -lambda).epsilon(1e-6));
  }
}

TEST_CASE("runs end as their rules say, and divergence is a state") {
  const Signals p{"hard_dense_72x40"};
  const VectorXd z = taf_start(p.A, p.q, p.start);
  CHECK(p.flow(z, {1e3, 0.7, 0, 0, 0}).ended == Ended::diverged);
  RunRules rules;
  rules.residual = 0.3;
  const RecoveryRun early = amplitude_flow(p.A, p.q, z, {0.6, inf, 0, 0, 0}, rules);
  CHECK(early.ended == Ended::residual);
  CHECK(early.residual <= 0.3);
  CHECK(early.residual == doctest::Approx(((p.A * early.x).cwiseAbs() - p.q).norm() / p.q.norm()));
  rules = RunRules();
  rules.change = 1e-3;
  rules.every_residual = true;
  const RecoveryRun still = amplitude_flow(p.A, p.q, z, {0.6, inf, 0, 0, 0}, rules);
  CHECK(still.ended == Ended::standstill);
  CHECK(static_cast<std::int64_t>(still.residuals.size()) == still.steps + 1);
  rules.steps = 0;
  CHECK(amplitude_flow(p.A, p.q, z, {0.6, inf, 0, 0, 0}, rules).x == z);
}

TEST_CASE("the observed rate of a geometric sequence") {
  std::vector<double> moves;
  for (int t = 0; t < 200; ++t) moves.push_back(std::pow(0.8, t) * (t < 20 ? 3 : 1));
  const LinearRate r = linear_rate(moves);  // 0.8^t < 1e-12 from t = 124 on
  CHECK(r.rate == doctest::Approx(0.8));
  CHECK(r.fit == doctest::Approx(1));
  CHECK(r.steps == 62);
  CHECK(std::isnan(linear_rate({1, 0.5, 0.25}).rate));
}

}  // namespace theoremeter
