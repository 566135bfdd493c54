#include "estimators/exact_network.hpp"

#include "estimators/decompositions.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <Eigen/QR>
#include <algorithm>
#include <boost/multiprecision/integer.hpp>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double negligible = 1e-14;
constexpr double roundoff = 0x1p-53;

// Twice what sums of n rounded products may be off by, relative to the sum of moduli: the rest is for the rounding of
// the bound itself.
double summation(Index n) { return 2 * static_cast<double>(n + 2) * roundoff; }

// A bound for W X off by |W| off_before and rounding; a product that underflows is off by less than denorm_min.
template <class Matrix>
Matrix product_error(const Rows& size, const Matrix& X, const Matrix& before) {
  const double underflow = static_cast<double>(size.cols() + 1) * std::numeric_limits<double>::denorm_min();
  const Matrix enters = before + summation(size.cols()) * X.cwiseAbs();
  return ((1.001 * (size * enters)).array() + underflow).matrix();
}

VectorXd relu(const VectorXd& z) { return z.cwiseMax(0.0); }

}  // namespace

int scaling_exponent(const Rows& W, const std::string& name) {
  const double largest = W.size() > 0 ? W.cwiseAbs().maxCoeff() : 0;
  if (largest == 0) return 0;
  const int top = std::ilogb(largest) + 1, exponent = std::min(top, common_exponent(W) + 1074);
  if (top - exponent > 200)
    throw InputError(fmt::format("{}: has entries up to {:.3g} and digits below {:.3g}, too far apart for doubles",
                                 name, largest, std::ldexp(largest, -1200)));
  return exponent;
}

Rows scaled(const Rows& W, int exponent) {
  return W.unaryExpr([exponent](double w) { return std::ldexp(w, -exponent); });
}

void Unit::take(double x) {
  const OddMantissa m(x);
  if (m.mantissa == 0) return;
  odd = std::gcd(odd, std::abs(m.mantissa));
  exponent = std::min(exponent, m.exponent);
}

Unit::Unit(const Rows& X) : odd(0), exponent(std::numeric_limits<int>::max()) {
  for (Index i = 0; i < X.size(); ++i) take(X.data()[i]);
  if (odd == 0) odd = 1, exponent = 0;
}

Unit::Unit(const VectorXd& x) : odd(0), exponent(std::numeric_limits<int>::max()) {
  for (const double entry : x) take(entry);
  if (odd == 0) odd = 1, exponent = 0;
}

Integer exact_dot(const Rows& W, Index row, const Unit& unit, const std::vector<Integer>& z) {
  Integer sum = 0;
  for (Index j = 0; j < W.cols(); ++j)
    if (W(row, j) != 0 && z[static_cast<std::size_t>(j)] != 0)
      sum += unit.quotient(W(row, j)) * z[static_cast<std::size_t>(j)];
  return sum;
}

double rounded(const Integer& x, double scale, int exponent) {
  if (x == 0) return 0;
  Integer size = abs(x);
  const int surplus = std::max(0, static_cast<int>(msb(size)) - 62);
  size >>= surplus;
  const double value = std::ldexp(static_cast<double>(size.convert_to<std::int64_t>()) * scale, surplus + exponent);
  return x.sign() * std::clamp(value, std::numeric_limits<double>::denorm_min(), std::numeric_limits<double>::max());
}

// z_i in units of their own, i = 0, 1, ..., d, as far as they were asked for.
class ExactNetwork::Images {
 public:
  Images(const ExactNetwork& N, const VectorXd& x, const Unit& unit) : N_(N) {
    for (const double entry : x) z_.push_back(unit.quotient(entry));
    change_unit(unit);
  }

  // W_{i+1} z_i at one neuron; `pre`: of the layers before, for their signs.
  Integer operator()(std::size_t i, Index row, const std::vector<VectorXd>& pre) {
    for (; at_ < i; ++at_) {
      std::vector<Integer> next(static_cast<std::size_t>(pre[at_].size()));
      for (Index j = 0; j < pre[at_].size(); ++j)
        if (pre[at_](j) > 0) next[static_cast<std::size_t>(j)] = exact_dot(N_.matrix(at_), j, N_.units_[at_], z_);
      z_ = std::move(next);
      change_unit(N_.units_[at_]);
    }
    return exact_dot(N_.matrix(i), row, N_.units_[i], z_);
  }

  // What the last one stands for.
  double value(const Integer& w, std::size_t i) const {
    return rounded(w, scale_ * static_cast<double>(N_.units_[i].odd), exponent_ + N_.units_[i].exponent);
  }

 private:
  void change_unit(const Unit& unit) {
    int shift = 0;
    scale_ = std::frexp(scale_ * static_cast<double>(unit.odd), &shift);
    exponent_ += shift + unit.exponent;
  }

  const ExactNetwork& N_;
  std::vector<Integer> z_;
  std::size_t at_ = 0;
  double scale_ = 1;
  int exponent_ = 0;
};

ExactNetwork::ExactNetwork(const Network& G, const Rows& A) : G_(G), A_(A) {
  for (std::size_t i = 0; i < G_.layers.size(); ++i) {
    Rows& W = G_.layers[i];
    W = scaled(W, scaling_exponent(W, fmt::format("layer {}", i + 1)));
  }
  for (std::size_t i = 0; i <= G_.layers.size(); ++i) {
    sizes_.push_back(matrix(i).cwiseAbs());
    units_.emplace_back(matrix(i));
  }
}

ExactNetwork::Pass ExactNetwork::pass(const VectorXd& x, bool measured) const {
  const std::size_t d = G_.layers.size();
  Pass p{x, {}, {}, x, {}};
  VectorXd error = VectorXd::Zero(x.size());
  std::optional<Images> images;
  for (std::size_t i = 0; i < (measured ? d + 1 : d); ++i) {
    VectorXd z = matrix(i) * p.G, off = product_error(sizes_[i], p.G, error);
    const auto decide = [&](Index j) {
      const bool reached = ((matrix(i).row(j).array() != 0) && (p.G.array() != 0).transpose()).any();
      if (reached && !images) images.emplace(*this, x, Unit(x));
      z(j) = reached ? images->value((*images)(i, j, p.pre), i) : 0;
      off(j) = static_cast<double>(i + 8) * roundoff * std::abs(z(j));
    };
    for (Index j = 0; j < z.size(); ++j)
      if (!(std::abs(z(j)) > off(j))) decide(j);
    error = (z.array() > 0).select(off, 0.0);
    if (i + 1 == d && !(error.stableNorm() <= accuracy * relu(z).stableNorm())) {
      for (Index j = 0; j < z.size(); ++j)
        if (z(j) > 0) decide(j);
      error = (z.array() > 0).select(off, 0.0);
    }
    if (i < d)
      p.G = relu(z);
    else
      p.measured = z;
    p.pre.push_back(std::move(z));
    p.error.push_back(std::move(off));
  }
  if (measured) p.pre.pop_back(), p.error.pop_back();
  return p;
}

// Without cancellation where neurons are on at both: the difference is passed through the layers beside both points.
ExactNetwork::Difference ExactNetwork::difference(const VectorXd& x1, const VectorXd& x2) const {
  Difference d{pass(x1, false), pass(x2, false), x1 - x2};
  VectorXd error = roundoff * d.value.cwiseAbs();
  for (std::size_t i = 0; i < G_.layers.size(); ++i) {
    VectorXd next = matrix(i) * d.value, off = product_error(sizes_[i], d.value, error);
    for (Index j = 0; j < next.size(); ++j) {
      const double p = std::max(d.first.pre[i](j), 0.0), q = std::max(d.second.pre[i](j), 0.0);
      if (p > 0 && q > 0) continue;
      next(j) = p - q;
      off(j) = (p > 0 ? d.first.error[i](j) : 0) + (q > 0 ? d.second.error[i](j) : 0);
    }
    d.value = std::move(next);
    error = std::move(off);
  }
  if (error.stableNorm() <= accuracy * d.value.stableNorm()) return d;
  VectorXd both(x1.size() + x2.size());
  both << x1, x2;
  const Unit unit(both);
  if (G_.layers.empty()) {
    for (Index j = 0; j < x1.size(); ++j)
      d.value(j) = rounded(unit.quotient(x1(j)) - unit.quotient(x2(j)), static_cast<double>(unit.odd), unit.exponent);
    return d;
  }
  Images first(*this, x1, unit), second(*this, x2, unit);
  const std::size_t last = G_.layers.size() - 1;
  for (Index j = 0; j < d.value.size(); ++j) {
    const Integer p = d.first.pre[last](j) > 0 ? first(last, j, d.first.pre) : 0,
                  q = d.second.pre[last](j) > 0 ? second(last, j, d.second.pre) : 0;
    d.value(j) = p != 0 ? first.value(p - q, last) : second.value(p - q, last);  // in the same units, once it is there
  }
  return d;
}

MatrixXd ExactNetwork::rows(std::size_t i, const std::vector<Index>& neurons, const std::vector<VectorXd>& pre) const {
  MatrixXd exact(static_cast<Index>(neurons.size()), G_.input);
  for (Index c = 0; c < G_.input; ++c) {
    const VectorXd e = VectorXd::Unit(G_.input, c);
    Images images(*this, e, Unit(e));
    for (std::size_t r = 0; r < neurons.size(); ++r)
      exact(static_cast<Index>(r), c) = images.value(images(i, neurons[r], pre), i);
  }
  return exact;
}

ExactNetwork::Range ExactNetwork::range(const Pass& a) const {
  MatrixXd Lambda = MatrixXd::Identity(G_.input, G_.input), error = MatrixXd::Zero(G_.input, G_.input);
  Index most = G_.input;  // the rank
  for (std::size_t i = 0; i < a.pre.size(); ++i) {
    MatrixXd next = matrix(i) * Lambda;
    error = i == 0 ? MatrixXd::Zero(next.rows(), next.cols()) : product_error(sizes_[i], Lambda, error);
    Lambda = std::move(next);
    Index on = 0;
    for (Index j = 0; j < Lambda.rows(); ++j) {
      if (a.pre[i](j) > 0) {
        ++on;
        continue;
      }
      Lambda.row(j).setZero();
      error.row(j).setZero();
    }
    most = std::min(most, on);
  }
  if (most == 0) return {MatrixXd(Lambda.rows(), 0), MatrixXd(G_.input, 0)};
  const PivotedQr qr(Lambda);
  const VectorXd pivots = qr.R().diagonal().cwiseAbs();
  const double off = error.norm() + static_cast<double>(8 * most) * roundoff * pivots(0);
  Index rank = most;
  while (rank > 0 && !(off <= accuracy * pivots(rank - 1) && pivots(rank - 1) > negligible * pivots(0))) --rank;
  if (rank < std::min<Index>(most, 12)) return exact_range(a);
  const MatrixXd R = qr.R().topLeftCorner(rank, rank);
  MatrixXd inverse = MatrixXd::Zero(G_.input, rank);  // of R, padded
  inverse.topRows(rank) = R.triangularView<Eigen::Upper>().solve(MatrixXd::Identity(rank, rank));
  return {qr.Q(rank), qr.permuted(inverse)};
}

// Elimination among the columns of Lambda, with I below it, by Gauss and Jordan without fractions [Bareiss 1968], the
// largest pivot first: then pivot columns of [Lambda; I], each divided by the last pivot, are [E; V] with E = Lambda V,
// E the identity in the rows of the pivots and of moderate size elsewhere. U is E made orthonormal.
ExactNetwork::Range ExactNetwork::exact_range(const Pass& a) const {
  const Index k = G_.input, n = G_.output();
  std::vector<std::vector<Integer>> columns;  // of Lambda
  int exponent = 0;
  double scale = 1;
  for (Index j = 0; j < k; ++j) {
    std::vector<Integer> column(static_cast<std::size_t>(k));
    column[static_cast<std::size_t>(j)] = 1;
    for (std::size_t i = 0; i < a.pre.size(); ++i) {
      std::vector<Integer> next(static_cast<std::size_t>(a.pre[i].size()));
      for (Index l = 0; l < a.pre[i].size(); ++l)
        if (a.pre[i](l) > 0) next[static_cast<std::size_t>(l)] = exact_dot(matrix(i), l, units_[i], column);
      column = std::move(next);
    }
    column.resize(static_cast<std::size_t>(n + k));
    column[static_cast<std::size_t>(n + j)] = 1;
    columns.push_back(std::move(column));
  }
  for (std::size_t i = 0; i < a.pre.size(); ++i) {
    int shift = 0;
    scale = std::frexp(scale * static_cast<double>(units_[i].odd), &shift);
    exponent += shift + units_[i].exponent;
  }

  std::vector<std::size_t> used;
  Integer pivot = 1;
  double first = 0;
  while (used.size() < 12) {
    std::size_t column = 0, row = 0;
    Integer largest = 0;
    for (std::size_t j = 0; j < columns.size(); ++j) {
      if (std::find(used.begin(), used.end(), j) != used.end()) continue;
      for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i)
        if (abs(columns[j][i]) > largest) largest = abs(columns[j][i]), column = j, row = i;
    }
    if (largest == 0) break;
    // As in elimination with fractions: this pivot over the one before.
    const auto quotient = [](const Integer& p, const Integer& q) {
      const int over = static_cast<int>(msb(q)) + 64 - static_cast<int>(msb(p));
      return over > 0 ? rounded(Integer((p << over) / q), 1, -over) : rounded(Integer(p / q));
    };
    const double size = quotient(largest, abs(pivot));
    if (used.empty()) first = size;
    if (size <= negligible * first) break;
    const Integer next = columns[column][row];
    for (std::size_t j = 0; j < columns.size(); ++j) {
      if (j == column) continue;
      const Integer entry = columns[j][row];
      for (std::size_t i = 0; i < columns[j].size(); ++i)
        columns[j][i] = (columns[j][i] * next - columns[column][i] * entry) / pivot;
    }
    pivot = next;
    used.push_back(column);
  }

  const Index rank = static_cast<Index>(used.size());
  MatrixXd E(n, rank), V(k, rank);
  const auto over_pivot = [&](const Integer& x) {
    if (x == 0) return 0.0;
    const int over = std::max(0, static_cast<int>(msb(abs(pivot))) + 64 - static_cast<int>(msb(abs(x))));
    return rounded(Integer((x << over) / pivot), 1, -over);
  };
  for (Index r = 0; r < rank; ++r) {
    const std::vector<Integer>& column = columns[used[static_cast<std::size_t>(r)]];
    for (Index i = 0; i < n; ++i) E(i, r) = over_pivot(column[static_cast<std::size_t>(i)]);
    for (Index j = 0; j < k; ++j)
      V(j, r) = std::ldexp(over_pivot(column[static_cast<std::size_t>(n + j)]) / scale, -exponent);
  }
  if (rank == 0) return {E, V};
  const auto [Q, R] = qr_of(E);
  return {Q, R.triangularView<Eigen::Upper>().solve<Eigen::OnTheRight>(V)};
}

}  // namespace theoremeter
