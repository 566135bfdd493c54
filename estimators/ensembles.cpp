#include "estimators/ensembles.hpp"

#include "theory/ensembles.hpp"
#include "theory/error.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>
#include <Eigen/QR>
#include <cmath>

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
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(gaussian);
  const Eigen::Index n = gaussian.rows(), k = gaussian.cols();
  const Eigen::MatrixXd Q = qr.householderQ() * Eigen::MatrixXd::Identity(n, k);
  const Eigen::VectorXd signs = qr.matrixQR().diagonal().head(k).unaryExpr([](double r) { return r < 0 ? -1.0 : 1.0; });
  return Q * signs.asDiagonal();
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
  }
  throw InputError("unknown ensemble");
}

}  // namespace theoremeter
