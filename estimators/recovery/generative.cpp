#include "estimators/recovery/generative.hpp"

#include "estimators/recovery/network_block.hpp"

#include <cmath>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// G, A G and the residual, a column an input.
struct Evaluated {
  Outputs z;
  MatrixXd y, r;
  double objective(Index column) const { return r.col(column).squaredNorm() / 2; }
};

Evaluated evaluate(const Recovery& f, const MatrixXd& X) {
  Evaluated e;
  e.z = outputs(f.G, X);
  e.y = f.A.size() > 0 ? MatrixXd(f.A * e.z.back()) : e.z.back();
  e.r = (f.phaseless ? MatrixXd(e.y.cwiseAbs()) : e.y).colwise() - f.b;
  return e;
}

/// v_x = Lambda_x' A' (sgn(A G(x)) o) r [HLV Alg. 1], sgn(0) = 0.
MatrixXd gradients(const Recovery& f, const Evaluated& e) {
  MatrixXd back = f.phaseless ? MatrixXd(e.r.cwiseProduct(e.y.cwiseSign())) : e.r;
  if (f.A.size() > 0) back = (f.A.transpose() * back).eval();
  return pull_back(f.G, e.z, std::move(back));
}

/// Kingma and Ba's Adam with its usual constants.
class Adam {
 public:
  Adam(Index rows, Index columns) : first_(MatrixXd::Zero(rows, columns)), second_(first_) {}

  MatrixXd direction(const MatrixXd& v) {
    constexpr double b1 = 0.9, b2 = 0.999, small = 1e-8;
    first_ = b1 * first_ + (1 - b1) * v;
    second_ = b2 * second_ + (1 - b2) * v.cwiseAbs2();
    power1_ *= b1, power2_ *= b2;
    return (first_ / (1 - power1_)).array() / ((second_ / (1 - power2_)).array().sqrt() + small);
  }
  void negate(Index column) { first_.col(column) *= -1; }
  void keep(const std::vector<Index>& columns) {
    first_ = first_(Eigen::all, columns).eval();
    second_ = second_(Eigen::all, columns).eval();
  }

 private:
  MatrixXd first_, second_;
  double power1_ = 1, power2_ = 1;
};

/// The columns still under way, each with its recorder.
class GenerativeRuns {
 public:
  GenerativeRuns(const Recovery& f, const MatrixXd& X, const GenerativeDescent& how, const RunRules& rules)
      : f_(f),
        how_(how),
        X_(X),
        adam_(X.rows(), X.cols()),
        norm_b_(f.b.norm()),
        runs_(static_cast<std::size_t>(X.cols())) {
    for (Index c = 0; c < X.cols(); ++c) {
      recorders_.emplace_back(rules);
      number_.push_back(static_cast<std::size_t>(c));
    }
  }

  std::vector<RecoveryRun> run() {
    for (std::int64_t step = 0; !number_.empty(); ++step) {
      Evaluated e = evaluate(f_, X_);
      if (retire(step, e)) {
        if (number_.empty()) break;
        e = evaluate(f_, X_);
      }
      if (how_.negation) negate(step + 1, e);
      const MatrixXd v = gradients(f_, e);
      X_ -= how_.step * (how_.optimiser == Optimiser::adam ? adam_.direction(v) : v);
    }
    return std::move(runs_);
  }

 private:
  double residual(const Evaluated& e, Index c) const { return std::sqrt(2 * e.objective(c)) / norm_b_; }

  /// Takes out the columns whose run ends here; whether there were any.
  bool retire(std::int64_t step, const Evaluated& e) {
    std::vector<Index> on;
    for (Index c = 0; c < X_.cols(); ++c) {
      Recorder& recorder = recorders_[number_[static_cast<std::size_t>(c)]];
      if (recorder.at(step, X_.col(c), [&] { return residual(e, c); }))
        runs_[number_[static_cast<std::size_t>(c)]] = recorder.run();
      else
        on.push_back(c);
    }
    if (static_cast<Index>(on.size()) == X_.cols()) return false;
    std::vector<std::size_t> numbers;
    for (const Index c : on) numbers.push_back(number_[static_cast<std::size_t>(c)]);
    number_ = std::move(numbers);
    X_ = X_(Eigen::all, on).eval();
    adam_.keep(on);
    return true;
  }

  /// x <- -x where f(-x) < f(x).
  void negate(std::int64_t step, Evaluated& e) {
    const Evaluated other = evaluate(f_, -X_);
    for (Index c = 0; c < X_.cols(); ++c) {
      if (!(other.objective(c) < e.objective(c))) continue;
      X_.col(c) *= -1;
      for (std::size_t i = 0; i < e.z.size(); ++i) e.z[i].col(c) = other.z[i].col(c);
      e.y.col(c) = other.y.col(c);
      e.r.col(c) = other.r.col(c);
      adam_.negate(c);
      recorders_[number_[static_cast<std::size_t>(c)]].negated(step);
    }
  }

  const Recovery& f_;
  const GenerativeDescent& how_;
  MatrixXd X_;
  Adam adam_;
  double norm_b_;
  std::vector<RecoveryRun> runs_;
  std::vector<Recorder> recorders_;
  std::vector<std::size_t> number_;  // of each column, its run
};

}  // namespace

std::vector<RecoveryRun> descend(const Recovery& f, const MatrixXd& X, const GenerativeDescent& how,
                                 const RunRules& rules) {
  return GenerativeRuns(f, X, how, rules).run();
}

}  // namespace theoremeter
