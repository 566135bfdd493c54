#include "estimators/ensembles.hpp"

#include "estimators/decompositions.hpp"
#include "theory/ensembles.hpp"
#include "theory/error.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>
#include <Eigen/QR>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

namespace theoremeter {
namespace {

// An n x k matrix of independent entries, drawn row by row.
template <class Entry>
Rows independent(Eigen::Index n, Eigen::Index k, Entry entry) {
  Rows W(n, k);
  for (Eigen::Index i = 0; i < W.size(); ++i) W.data()[i] = entry();
  return W;
}

// The Q factor of a Gaussian matrix, Haar distributed once R's diagonal is made positive.
Rows haar_columns(const Rows& gaussian) {
  const auto [Q, R] = qr_of(gaussian);
  const Eigen::VectorXd signs = R.diagonal().unaryExpr([](double r) { return r < 0 ? -1.0 : 1.0; });
  return Q * signs.asDiagonal();
}

// Rows of a stack of blocks H D, scaled by sqrt(k/n): E over the row of a block of h_j^2 is 1/k, so E[ww'] = I/n.
//   H_{jl} = sqrt((2 - 1{j=0})/k) cos(pi j (2l+1)/(2k)),   the orthonormal DCT-II.
Rows randomised_dct(Eigen::Index n, Eigen::Index k, Stream& stream) {
  const Eigen::Index blocks = (n + k - 1) / k;
  std::vector<double> sign(static_cast<std::size_t>(blocks * k));
  for (double& s : sign) s = stream.uniform() < 0.5 ? -1 : 1;
  std::vector<Eigen::Index> row(sign.size());
  std::iota(row.begin(), row.end(), Eigen::Index{0});
  Rows W(n, k);
  for (Eigen::Index i = 0; i < n; ++i) {
    const auto left = static_cast<double>(blocks * k - i);
    const auto from = static_cast<std::size_t>(i + static_cast<Eigen::Index>(stream.uniform() * left));
    std::swap(row[static_cast<std::size_t>(i)], row[from]);
    const Eigen::Index block = row[static_cast<std::size_t>(i)] / k, j = row[static_cast<std::size_t>(i)] % k;
    const double size = std::sqrt((j == 0 ? 1.0 : 2.0) / static_cast<double>(n));
    for (Eigen::Index l = 0; l < k; ++l) {
      const auto turns = static_cast<double>(j * (2 * l + 1) % (4 * k)) / static_cast<double>(2 * k);  // of pi; reduced
      W(i, l) = size * std::cos(std::numbers::pi * turns) * sign[static_cast<std::size_t>(block * k + l)];
    }
  }
  return W;
}

void require_sizes(Ensemble ensemble, std::int64_t n, std::int64_t k) {
  if (n < 1) throw InputError(fmt::format("n = {}: the number of rows must be at least 1", n));
  if (k < 1) throw InputError(fmt::format("k = {}: the number of columns must be at least 1", k));
  if (n > max_entries / k) {
    throw InputError(
        fmt::format("n = {}, k = {}: n k must be at most 2^28 = {} (2 GiB of doubles)", n, k, max_entries));
  }
  if (ensemble == Ensemble::orthonormal && n < k) {
    throw InputError(fmt::format("n = {}, k = {}: the orthonormal ensemble needs n >= k", n, k));
  }
}

}  // namespace

const std::string& name(Ensemble ensemble) { return ensemble_names.at(static_cast<std::size_t>(ensemble)); }

Ensemble ensemble_named(const std::string& name) {
  return static_cast<Ensemble>(position("ensemble", name, ensemble_names));
}

double ensemble_alpha(Ensemble ensemble, std::int64_t k) {
  return ensemble == Ensemble::truncated_gaussian ? truncated_alpha(k) : 1;
}

Rows draw(Ensemble ensemble, std::int64_t n, std::int64_t k, Stream stream) {
  require_sizes(ensemble, n, k);
  const double scale = 1 / std::sqrt(static_cast<double>(n));
  const auto gaussian = [&] { return independent(n, k, [&] { return stream.normal(); }); };
  switch (ensemble) {
    case Ensemble::gaussian:
      return scale * gaussian();
    case Ensemble::truncated_gaussian: {
      Rows W = gaussian();
      for (Eigen::Index i = 0; i < n; ++i) {
        if (W.row(i).squaredNorm() > 9 * static_cast<double>(k)) W.row(i).setZero();
      }
      return scale * W;
    }
    case Ensemble::rademacher:
      return independent(n, k, [&] { return stream.uniform() < 0.5 ? -scale : scale; });
    case Ensemble::uniform:
      return independent(n, k, [&] { return std::sqrt(3.0) * scale * (2 * stream.uniform() - 1); });
    case Ensemble::orthonormal:
      return haar_columns(gaussian());
    case Ensemble::randomised_orthonormal:
      return randomised_dct(n, k, stream);
  }
  throw InputError("unknown ensemble");
}

}  // namespace theoremeter
