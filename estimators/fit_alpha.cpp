#include "estimators/fit_alpha.hpp"

#include "estimators/instances.hpp"

#include <Eigen/Eigenvalues>
#include <boost/math/tools/minima.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace theoremeter {

double fit_alpha(const Rows& W, std::int64_t starts, const Stream& stream, int threads, const Progress& progress) {
  const double trace = W.squaredNorm();
  if (trace == 0) return 1;
  std::vector<std::pair<Eigen::MatrixXd, Eigen::MatrixXd>> known;  // S and Q at the points found
  const auto worst_known = [&known](double s) {
    double worst = 0;
    for (const auto& [S, Q] : known) {
      const auto lambda =
          Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(s * S - Q, Eigen::EigenvaluesOnly).eigenvalues();
      worst = std::max({worst, lambda.maxCoeff(), -lambda.minCoeff()});
    }
    return worst;
  };
  double s = double(W.cols()) / trace;  // where the mean over all x, y vanishes
  constexpr int rounds = 12;
  for (int round = 0; round < rounds; ++round) {
    const double alpha = 1 / s;
    const Searched found = search(Wdc(W, alpha), starts, stream.at({std::uint64_t(round)}), threads, {});
    if (progress) progress(double(round + 1) / rounds);
    if (round > 0 && found.witness.value / alpha <= worst_known(s) * (1 + 1e-4)) break;
    const Eigen::MatrixXd Q = Wdc(W, 1).expectation(found.witness.point).dense();
    known.emplace_back(deviation_matrix(Wdc(W, alpha), found.witness.point) + alpha * Q, Q);
    s = boost::math::tools::brent_find_minima(worst_known, s / 8, s * 8, 30).first;
  }
  return 1 / s;
}

}  // namespace theoremeter
