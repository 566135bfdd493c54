// The recovery algorithms against iterates and outcomes of their authors' programs, run by hand on a folder of them:
//
//   build/recovery_reference FOLDER [iterates] [sparse] [dense] [dpr] [hj]
//
// FOLDER/a/INSTANCE/*.npy: problem, starts and iterates; FOLDER/counts/*.npy: a line a trial, regenerated here from its
// seed. The authors' own stopping rules look at the truth; here an observer does.
#include "estimators/recovery/alternating.hpp"
#include "estimators/recovery/amplitude.hpp"
#include "estimators/recovery/copram.hpp"
#include "estimators/recovery/generative.hpp"
#include "estimators/recovery/spectral.hpp"
#include "estimators/recovery/wirtinger.hpp"
#include "results/weights.hpp"
#include "results/weights/bytes.hpp"
#include "results/weights/npy.hpp"
#include "tests/recovery_trials.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>

using namespace theoremeter;
using namespace theoremeter::testing;
using Eigen::Index;
using Eigen::VectorXd;

namespace {

namespace fs = std::filesystem;

Rows read(const fs::path& file) { return read_weights(file.string(), {false, false}).matrices.at(0).W; }

/// A line a trial: of those that diverged errors are NaN or infinite.
Rows read_trials(const fs::path& folder, const std::string& name) {
  weights::Bytes bytes((folder / "counts" / (name + "_trials.npy")).string());
  const weights::NpyHeader h = weights::parse_npy_header(bytes.head(weights::npy_most_header));
  return weights::matrix_of(bytes.at(h.data, bytes.size() - h.data), h.element.value(),
                            static_cast<std::int64_t>(h.shape.at(0)), static_cast<std::int64_t>(h.shape.at(1)),
                            h.columns_first);
}

/// .npy of rank 1 and float64.
VectorXd read_column(const fs::path& file) {
  std::FILE* in = std::fopen(file.c_str(), "rb");
  if (!in) throw std::runtime_error("no " + file.string());
  std::fseek(in, 8, SEEK_SET);
  unsigned char length[2];
  if (std::fread(length, 1, 2, in) != 2) throw std::runtime_error("short " + file.string());
  const long begin = 10 + length[0] + 256 * length[1];
  std::fseek(in, 0, SEEK_END);
  VectorXd v((std::ftell(in) - begin) / 8);
  std::fseek(in, begin, SEEK_SET);
  const auto read = static_cast<Index>(std::fread(v.data(), 8, static_cast<std::size_t>(v.size()), in));
  std::fclose(in);
  if (read != v.size()) throw std::runtime_error("short " + file.string());
  return v;
}

using Run = std::function<RecoveryRun(const RunRules&)>;

RunRules traced(std::int64_t steps, std::vector<std::int64_t> trace) {
  RunRules r;
  r.steps = steps;
  r.trace = std::move(trace);
  return r;
}

const double inf = std::numeric_limits<double>::infinity();

struct Problem {
  Rows A;
  VectorXd x, q, start;
};

/// The runs of a problem by the names that the folder calls them.
std::map<std::string, Run> runs_of(const Problem& p, std::int64_t s) {
  const auto flow = [&p](VectorXd start, AmplitudeFlow how) -> Run {
    return [&p, start, how](const RunRules& r) { return amplitude_flow(p.A, p.q, start, how, r); };
  };
  std::map<std::string, Run> all;
  if (s > 0) {
    const VectorXd official = sparta_start(p.A, p.q, s, p.start);
    all["sparta"] = flow(official, {1, 1, 0, s, 0x1p-52});
    all["sparta_g07"] = flow(official, {1, 0.7, 0, s, 0x1p-52});
    all["spartac"] = flow(sparta_start_weighted(p.A, p.q, s, p.start), {1, 0.7, 0, s, 0});
    const VectorXd c = copram_start(p.A, p.q, s, p.start), t = thwf_start(p.A, p.q, p.start);
    all["copram"] = [&p, c, s](const RunRules& r) { return copram(p.A, p.q, c, s, r); };
    all["thwf"] = [&p, t](const RunRules& r) { return thwf(p.A, p.q, t, 0.23, r); };
  } else {
    const VectorXd t = taf_start(p.A, p.q, p.start), r = raf_start(p.A, p.q, p.start), w = twf_start(p.A, p.q, p.start);
    all["taf"] = flow(t, {0.6, 0.7, 0, 0, 0});
    all["af"] = flow(t, {0.6, inf, 0, 0, 0});
    all["raf_eta10"] = flow(r, {2, inf, 10, 0, 0});
    all["raf_eta3"] = flow(r, {2, inf, 3, 0, 0});
    all["twf"] = [&p, w](const RunRules& rules) { return twf(p.A, p.q, w, 0.2, rules); };
  }
  return all;
}

void compare_signals(const fs::path& folder) {
  const std::string name = folder.filename();
  const Problem p{read(folder / "A.npy"), read_column(folder / "x.npy"), read_column(folder / "yabs.npy"),
                  read_column(folder / "start.npy")};
  const std::int64_t s = name.find("dense") == std::string::npos ? (p.x.array() != 0).count() : 0;
  const std::vector<std::int64_t> at{0, 1, 2, 3, 5, 10, 30};
  for (const auto& [algorithm, run] : runs_of(p, s)) {
    double worst = 0, worst_error = 0;
    if (fs::exists(folder / (algorithm + "_iters.npy"))) {
      const Rows iterates = read(folder / (algorithm + "_iters.npy"));
      const RecoveryRun r = run(traced(30, at));
      for (std::size_t i = 0; i < r.trace.size(); ++i)
        worst = std::max(worst, (r.trace[i].x - iterates.row(static_cast<Index>(i)).transpose()).norm() / p.x.norm());
      if (r.trace.size() != at.size()) fmt::print("{} {}: ended after {} steps\n", name, algorithm, r.steps);
    }
    if (fs::exists(folder / (algorithm + "_relerr.npy"))) {
      const VectorXd errors = read_column(folder / (algorithm + "_relerr.npy"));
      RunRules rules = traced(100, {});
      rules.observe = [&](std::int64_t step, const VectorXd& x) {
        worst_error = std::max(worst_error, std::abs(error_up_to_sign(x, p.x) - errors[step]));
        return false;
      };
      run(rules);
    }
    fmt::print("{:18} {:12} iterates {:.1e}  errors {:.1e}\n", name, algorithm, worst, worst_error);
  }
}

void compare_cosamp(const fs::path& folder) {
  if (!fs::exists(folder / "copram_cosamp1.npy")) return;
  const Rows A = read(folder / "A.npy"), reference = read(folder / "copram_cosamp1.npy");
  const VectorXd q = read_column(folder / "yabs.npy"), truth = read_column(folder / "x.npy");
  const std::int64_t s = (truth.array() != 0).count();
  const VectorXd x = copram_start(A, q, s, read_column(folder / "start.npy"));
  const double scale = std::sqrt(static_cast<double>(A.rows()));
  const VectorXd u = (A * x).cwiseSign().cwiseProduct(q) / scale;
  SparseProducts products(A);
  const auto iterates = cosamp(products, scale, u, x, s, {});
  double worst = static_cast<Index>(iterates.size()) + 1 == reference.rows() ? 0 : inf;
  for (std::size_t i = 0; i < iterates.size() && worst < inf; ++i)
    worst = std::max(worst, (iterates[i] - reference.row(static_cast<Index>(i) + 1).transpose()).norm() / truth.norm());
  fmt::print("{:18} {:12} iterates {:.1e}\n", folder.filename().string(), "cosamp", worst);
}

void compare_generative(const fs::path& folder) {
  const bool phaseless = folder.filename().string().starts_with("dpr");
  Recovery f;
  f.phaseless = phaseless;
  f.G = Network({read(folder / "W1.npy"), read(folder / "W2.npy")});
  f.A = read(folder / "A.npy");
  f.b = read_column(folder / "b.npy");
  const Rows iterates = read(folder / "iters.npy");
  const VectorXd x0 = read_column(folder / "x0.npy"), x1 = read_column(folder / "x1.npy"),
                 values = read_column(folder / "f.npy");
  const RecoveryRun r =
      descend(f, x1, {phaseless ? 1 : 0.7}, traced(phaseless ? 1000 : 5000, {1, 2, 3, 5, 10, 30, 100, 1000}))[0];
  double worst = 0, worst_f = 0;
  for (std::size_t i = 0; i < r.trace.size(); ++i) {
    worst = std::max(worst, (r.trace[i].x - iterates.row(static_cast<Index>(i)).transpose()).norm() / x0.norm());
    const double value = std::pow(r.trace[i].residual * f.b.norm(), 2) / 2;
    worst_f = std::max(worst_f, std::abs(value - values[static_cast<Index>(i) + 1]) / values[0]);
  }
  fmt::print("{:18} iterates {:.1e}  f {:.1e}  negations {}, last before {}\n", folder.filename().string(), worst,
             worst_f, r.negations, r.last_negation);
}

void compare_alternating(const fs::path& folder) {
  Demodulation f;
  f.G1 = Network({read(folder / "W1_1.npy"), read(folder / "W1_2.npy")});
  f.G2 = Network({read(folder / "W2_1.npy"), read(folder / "W2_2.npy")});
  f.b = read_column(folder / "y.npy");
  const Rows h = read(folder / "h_iters.npy"), m = read(folder / "m_iters.npy");
  const RecoveryRun r =
      alternate(f, read_column(folder / "h1.npy"), read_column(folder / "m1.npy"),
                {4 * static_cast<double>(f.b.size())}, traced(1000, {1, 2, 3, 5, 10, 30, 100, 1000}))[0];
  double worst = 0;
  for (std::size_t i = 0; i < r.trace.size(); ++i) {
    VectorXd x(h.cols() + m.cols());
    x << h.row(static_cast<Index>(i)).transpose(), m.row(static_cast<Index>(i)).transpose();
    worst = std::max(worst, (r.trace[i].x - x).norm());
  }
  fmt::print("{:18} iterates {:.1e}  sign changes {}\n", folder.filename().string(), worst, r.negations);
}

void compare_iterates(const fs::path& folder) {
  std::set<fs::path> instances;
  for (const auto& entry : fs::directory_iterator(folder / "a"))
    if (entry.is_directory()) instances.insert(entry.path());
  for (const fs::path& instance : instances) {
    const std::string name = instance.filename();
    if (name.starts_with("dpr") || name.starts_with("csflip"))
      compare_generative(instance);
    else if (name.starts_with("hj"))
      compare_alternating(instance);
    else
      compare_signals(instance), compare_cosamp(instance);
  }
}

/// Counts what agrees, a line each that does not.
class Tally {
 public:
  void outcome(const std::string& what, double ours, double theirs, double tolerance) {
    compare(what + ", success", ours < tolerance, theirs < tolerance, fmt::format("{:.3e} {:.3e}", ours, theirs));
  }
  void compare(const std::string& what, bool same_ours, bool same_theirs, const std::string& detail) {
    auto& [same, all] = counts_[what];
    ++all;
    if (same_ours == same_theirs)
      ++same;
    else
      fmt::print("  trial {}: {}: {} ours and theirs\n", trial_, what, detail);
  }
  void steps(const std::string& what, std::int64_t ours, double theirs) {
    compare(what + ", steps", true, static_cast<double>(ours) == theirs, fmt::format("{} {}", ours, theirs));
  }
  void trial(std::string name) { trial_ = std::move(name); }
  ~Tally() {
    for (const auto& [what, count] : counts_) fmt::print("{:40} {:5} of {}\n", what, count.first, count.second);
  }

 private:
  std::string trial_;
  std::map<std::string, std::pair<int, int>> counts_;
};

/// The rule of model-copram: |y - |Ax||/|y| < residual, |x - x_true|/|x_true| changes by less than `change`, or > most.
struct OwnRule {
  double residual, change, most;
};

struct Stopped {
  double error;
  std::int64_t steps;
};

Stopped with_own_rule(const Run& run, const Problem& p, std::int64_t steps, const OwnRule& rule, bool squares) {
  RunRules rules = traced(steps, {});
  double before = 0;
  rules.observe = [&](std::int64_t step, const VectorXd& x) {
    if (step == 0) return false;
    const VectorXd y = (p.A * x).cwiseAbs();
    const double residual =
        squares ? (y.cwiseAbs2() - p.q.cwiseAbs2()).norm() / p.q.cwiseAbs2().norm() : (y - p.q).norm() / p.q.norm();
    const double error = (x - p.x).norm() / p.x.norm();
    const bool ends = residual < rule.residual || std::abs(error - before) < rule.change || error > rule.most;
    before = error;
    return ends;
  };
  const RecoveryRun r = run(rules);
  return {error_up_to_sign(r.x, p.x), r.steps};
}

Stopped until(const Run& run, const Problem& p, std::int64_t steps, double error) {
  RunRules rules = traced(steps, {});
  rules.observe = [&](std::int64_t, const VectorXd& x) { return error_up_to_sign(x, p.x) < error; };
  const RecoveryRun r = run(rules);
  return {error_up_to_sign(r.x, p.x), r.steps};
}

void compare_sparse(const fs::path& folder) {
  const Rows trials = read_trials(folder, "sparse");
  Tally tally;
  for (Index t = 0; t < trials.rows(); ++t) {
    const auto row = trials.row(t);
    const auto n = static_cast<std::int64_t>(row[1]), m = static_cast<std::int64_t>(row[2]),
               s = static_cast<std::int64_t>(row[3]);
    const SignalTrial trial(n, m, s, static_cast<std::uint64_t>(row[0]) * 10000 + static_cast<std::uint64_t>(t % 100));
    const Problem p{trial.A, trial.x, trial.q, trial.start};
    tally.trial(fmt::format("{} of id {}", t % 100, row[0]));
    auto runs = runs_of(p, s);
    const auto error_after = [&](const std::string& name, std::int64_t steps) {
      return error_up_to_sign(runs.at(name)(traced(steps, {})).x, p.x);
    };
    tally.outcome("sparta 30", error_after("sparta", 30), row[6], 1e-4);
    tally.outcome("sparta 100", error_after("sparta", 100), row[7], 1e-4);
    const Stopped official = until(runs.at("sparta"), p, 1000, 1e-10);
    tally.outcome("sparta 1000", official.error, row[8], 1e-4);
    tally.steps("sparta to 1e-10", official.steps, row[9]);
    tally.outcome("sparta g07 100", error_after("sparta_g07", 100), row[10], 1e-4);
    tally.outcome("sparta g07 1000", error_after("sparta_g07", 1000), row[11], 1e-4);
    const auto both = [&](const std::string& name, Index column, std::int64_t steps, const OwnRule& own,
                          std::int64_t more, const OwnRule& on) {
      const bool squares = name == "thwf";
      const Index extra = name == "thwf" ? 1 : 0;
      const Stopped a = with_own_rule(runs.at(name), p, steps, own, squares);
      tally.outcome(name + " own .05", a.error, row[column], 0.05);
      tally.outcome(name + " own 1e-4", a.error, row[column], 1e-4);
      tally.steps(name + " own", a.steps, row[column + 1]);
      const Stopped b = with_own_rule(runs.at(name), p, more, on, squares);
      tally.outcome(name + " on 1e-4", b.error, row[column + 2 + extra], 1e-4);
      tally.steps(name + " on", b.steps, row[column + 3 + extra]);
    };
    both("spartac", 13, 30, {1e-3, 1e-5, 5}, 200, {1e-7, 0, 5});
    both("copram", 18, 30, {1e-3, 1e-5, inf}, 100, {1e-9, 0, inf});
    both("thwf", 23, 30, {1e-3, 1e-5, 5}, 1000, {1e-7, 0, 5});
    const double support = static_cast<double>((thwf_start(p.A, p.q, p.start).array() != 0).count());
    tally.compare("thwf support", true, support == row[25], fmt::format("{} {}", support, row[25]));
  }
}

void compare_dense(const fs::path& folder) {
  const Rows trials = read_trials(folder, "dense");
  Tally tally;
  for (Index t = 0; t < trials.rows(); ++t) {
    const auto row = trials.row(t);
    const auto n = static_cast<std::int64_t>(row[1]), m = static_cast<std::int64_t>(row[2]);
    const SignalTrial trial(n, m, 0, static_cast<std::uint64_t>(row[4]));
    const Problem p{trial.A, trial.x, trial.q, trial.start};
    tally.trial(fmt::format("{} of id {}", t % 60, row[0]));
    auto runs = runs_of(p, 0);
    const auto check = [&](const std::string& name, Index c201, Index c1000) {
      tally.outcome(name + " 201", error_up_to_sign(runs.at(name)(traced(201, {})).x, p.x), row[c201], 1e-4);
      tally.outcome(name + " 1000", error_up_to_sign(runs.at(name)(traced(1000, {})).x, p.x), row[c1000], 1e-4);
    };
    check("taf", 6, 7), check("af", 8, 9), check("raf_eta10", 11, 12), check("raf_eta3", 13, 14), check("twf", 16, 17);
  }
}

/// The reference's rules: a step that moves x, or h and m before they are balanced, by less than 1e-10.
constexpr double still = 1e-10;

RunRules until_still() {
  RunRules rules = traced(2000, {});
  rules.observe = [before = VectorXd()](std::int64_t step, const VectorXd& x) mutable {
    const bool ends = step > 0 && (x - before).norm() < still;
    before = x;
    return ends;
  };
  return rules;
}

RunRules until_still(const Demodulation& f, double eta) {
  RunRules rules = traced(2000, {});
  rules.observe = [&f, eta, small = false](std::int64_t, const VectorXd& x) mutable {
    const bool ends = small;  // the step before this iterate was
    const VectorXd h = x.head(f.G1.input), m = x.tail(f.G2.input), v = eta * gradient(f, h, m).first;
    small = v.norm() < still && eta * gradient(f, h - v, m).second.norm() < still;
    return ends;
  };
  return rules;
}

/// Of up to 5 starts the run with the least f, until one has f < 1e-14 |b|^2; and how many were made.
std::pair<RecoveryRun, std::int64_t> best_of_5(const std::function<RecoveryRun(Index)>& run) {
  RecoveryRun best = run(0);
  std::int64_t used = 1;
  for (; used < 5 && !(std::pow(best.residual, 2) / 2 < 1e-14); ++used)
    if (RecoveryRun next = run(used); next.residual < best.residual) best = std::move(next);
  return {std::move(best), used};
}

void compare_dpr(const fs::path& folder) {
  const Rows trials = read_trials(folder, "dpr");
  Tally tally;
  for (Index t = 0; t < trials.rows(); ++t) {
    const auto row = trials.row(t);
    const auto k = static_cast<std::int64_t>(row[1]), n1 = static_cast<std::int64_t>(row[2]),
               n2 = static_cast<std::int64_t>(row[3]), m = static_cast<std::int64_t>(row[4]);
    TrialNumbers numbers(static_cast<std::uint64_t>(row[6]));
    const Rows W1 = numbers.layer(n1, k), W2 = numbers.layer(n2, n1), A = numbers.layer(m, n2);
    const VectorXd x0 = numbers.vector(k);
    Eigen::MatrixXd starts(k, 5);
    for (Index c = 0; c < 5; ++c) starts.col(c) = numbers.vector(k);
    const Recovery f = phase_retrieval(Network({W1, W2}), A, x0);
    tally.trial(fmt::format("{} of cfg {}", row[5], row[0]));
    const auto error = [&](const VectorXd& x) { return (x - x0).norm() / x0.norm(); };
    const auto run = [&](Index c, bool negation) { return descend(f, starts.col(c), {1, negation}, until_still())[0]; };
    const RecoveryRun first = run(0, true);
    tally.outcome("dpr first", error(first.x), row[7], 1e-4);
    tally.steps("dpr first", first.steps, row[8]);
    tally.steps("dpr negations", first.negations, row[9]);
    tally.steps("dpr last negation", first.last_negation, row[10]);
    tally.outcome("dpr without", error(run(0, false).x), row[11], 1e-4);
    const auto [best, used] = best_of_5([&](Index c) { return run(c, true); });
    tally.outcome("dpr best of 5", error(best.x), row[12], 1e-4);
    tally.steps("dpr starts used", used, row[13]);
  }
}

void compare_hj(const fs::path& folder) {
  const Rows trials = read_trials(folder, "hj");
  Tally tally;
  for (Index t = 0; t < trials.rows(); ++t) {
    const auto row = trials.row(t);
    const auto n = static_cast<std::int64_t>(row[1]), n1 = static_cast<std::int64_t>(row[2]),
               p = static_cast<std::int64_t>(row[3]), p1 = static_cast<std::int64_t>(row[4]),
               l = static_cast<std::int64_t>(row[5]);
    TrialNumbers numbers(static_cast<std::uint64_t>(row[7]));
    const Rows W11 = numbers.layer(n1, n), W12 = numbers.layer(l, n1), W21 = numbers.layer(p1, p),
               W22 = numbers.layer(l, p1);
    const VectorXd h0 = numbers.vector(n).normalized(), m0 = numbers.vector(p).normalized();
    Eigen::MatrixXd H(n, 5), M(p, 5);
    for (Index c = 0; c < 5; ++c) H.col(c) = numbers.vector(n).normalized(), M.col(c) = numbers.vector(p).normalized();
    const Demodulation f = blind_demodulation(Network({W11, W12}), Network({W21, W22}), h0, m0);
    tally.trial(fmt::format("{} of cfg {}", row[6], row[0]));
    const auto error = [&](const VectorXd& x) {
      return (x.head(n) * x.tail(p).transpose() - h0 * m0.transpose()).norm() / (h0.norm() * m0.norm());
    };
    const auto run = [&](Index c, bool signs) {
      const double eta = 4 * static_cast<double>(l);
      return alternate(f, H.col(c), M.col(c), {eta, signs}, until_still(f, eta))[0];
    };
    const RecoveryRun first = run(0, true);
    tally.outcome("hj first", error(first.x), row[8], 1e-4);
    tally.steps("hj first", first.steps, row[9]);
    tally.steps("hj sign changes", first.negations, row[10]);
    tally.outcome("hj without", error(run(0, false).x), row[11], 1e-4);
    const auto [best, used] = best_of_5([&](Index c) { return run(c, true); });
    tally.outcome("hj best of 5", error(best.x), row[12], 1e-4);
    tally.steps("hj starts used", used, row[13]);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return fmt::print(stderr, "usage: recovery_reference FOLDER [iterates|sparse|dense|dpr|hj]\n"), 2;
  const fs::path folder = argv[1];
  const std::set<std::string> asked(argv + 2, argv + argc);
  const auto wanted = [&](const char* what) { return asked.empty() || asked.contains(what); };
  if (wanted("iterates")) compare_iterates(folder);
  if (wanted("sparse")) compare_sparse(folder);
  if (wanted("dense")) compare_dense(folder);
  if (wanted("dpr")) compare_dpr(folder);
  if (wanted("hj")) compare_hj(folder);
}
