#include "estimators/recovery/alternating.hpp"

#include "estimators/recovery/network_block.hpp"

#include <cmath>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

class Alternation {
 public:
  Alternation(const Demodulation& f, const MatrixXd& H, const MatrixXd& M, const AlternatingDescent& how,
              const RunRules& rules)
      : f_(f),
        how_(how),
        H_(H),
        M_(M),
        v1_(MatrixXd::Zero(H.rows(), H.cols())),
        v2_(MatrixXd::Zero(M.rows(), M.cols())),
        runs_(static_cast<std::size_t>(H.cols())) {
    for (Index c = 0; c < H.cols(); ++c) {
      recorders_.emplace_back(rules);
      number_.push_back(static_cast<std::size_t>(c));
    }
  }

  std::vector<RecoveryRun> run() {
    for (std::int64_t step = 0; !number_.empty(); ++step) {
      z1_ = outputs(f_.G1, H_), z2_ = outputs(f_.G2, M_);
      retire(step);
      if (number_.empty()) break;
      if (how_.signs) choose_signs(step + 1);
      H_ -= how_.step * direction(v1_, pull_back(f_.G1, z1_, residuals().cwiseProduct(z2_.back())));
      z1_ = outputs(f_.G1, H_);
      M_ -= how_.step * direction(v2_, pull_back(f_.G2, z2_, residuals().cwiseProduct(z1_.back())));
      balance();
    }
    return std::move(runs_);
  }

 private:
  MatrixXd residuals() const { return z1_.back().cwiseProduct(z2_.back()).colwise() - f_.b; }

  const MatrixXd& direction(MatrixXd& v, const MatrixXd& gradient) const {
    v = how_.momentum > 0 ? MatrixXd(gradient + how_.momentum * v) : gradient;
    return v;
  }

  void retire(std::int64_t step) {
    const MatrixXd r = residuals();
    std::vector<Index> on;
    std::vector<std::size_t> numbers;
    for (Index c = 0; c < H_.cols(); ++c) {
      const std::size_t number = number_[static_cast<std::size_t>(c)];
      VectorXd x(H_.rows() + M_.rows());
      x << H_.col(c), M_.col(c);
      if (recorders_[number].at(step, x, [&] { return r.col(c).norm() / f_.b.norm(); })) {
        runs_[number] = recorders_[number].run();
        continue;
      }
      on.push_back(c);
      numbers.push_back(number);
    }
    if (static_cast<Index>(on.size()) == H_.cols()) return;
    number_ = std::move(numbers);
    H_ = H_(Eigen::all, on).eval();
    M_ = M_(Eigen::all, on).eval();
    v1_ = v1_(Eigen::all, on).eval();
    v2_ = v2_(Eigen::all, on).eval();
    z1_ = columns_of(z1_, on), z2_ = columns_of(z2_, on);
  }

  static void take(Outputs& z, const Outputs& from, Index c) {
    for (std::size_t i = 0; i < z.size(); ++i) z[i].col(c) = from[i].col(c);
  }

  /// The first of the four at which f is least.
  void choose_signs(std::int64_t step) {
    const Outputs minus1 = outputs(f_.G1, -H_), minus2 = outputs(f_.G2, -M_);
    for (Index c = 0; c < H_.cols(); ++c) {
      const auto f = [&](const Outputs& z1, const Outputs& z2) {
        return (z1.back().col(c).cwiseProduct(z2.back().col(c)) - f_.b).squaredNorm();
      };
      const double at[4] = {f(z1_, z2_), f(minus1, z2_), f(z1_, minus2), f(minus1, minus2)};
      const auto best = std::min_element(at, at + 4) - at;
      if (best == 0) continue;
      if (best % 2 == 1) H_.col(c) *= -1, v1_.col(c) *= -1, take(z1_, minus1, c);
      if (best >= 2) M_.col(c) *= -1, v2_.col(c) *= -1, take(z2_, minus2, c);
      recorders_[number_[static_cast<std::size_t>(c)]].negated(step);
    }
  }

  /// h/c, c m with c = sqrt(|h|/|m|): f stays as it is.
  void balance() {
    for (Index i = 0; i < H_.cols(); ++i) {
      const double c = std::sqrt(H_.col(i).norm() / M_.col(i).norm());
      if (!(c > 0) || !std::isfinite(c)) continue;
      H_.col(i) /= c, v1_.col(i) /= c;
      M_.col(i) *= c, v2_.col(i) *= c;
    }
  }

  const Demodulation& f_;
  const AlternatingDescent& how_;
  MatrixXd H_, M_;
  MatrixXd v1_, v2_;  // the directions of the last steps
  Outputs z1_, z2_;
  std::vector<RecoveryRun> runs_;
  std::vector<Recorder> recorders_;
  std::vector<std::size_t> number_;  // of each column, its run
};

}  // namespace

std::vector<RecoveryRun> alternate(const Demodulation& f, const MatrixXd& H, const MatrixXd& M,
                                   const AlternatingDescent& how, const RunRules& rules) {
  return Alternation(f, H, M, how, rules).run();
}

}  // namespace theoremeter
