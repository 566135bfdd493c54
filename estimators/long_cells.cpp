#include "estimators/long_cells.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace theoremeter {
namespace {

using Eigen::Index;
using Columns = Eigen::Matrix<Real, Eigen::Dynamic, 2>;

constexpr Real unit = std::numeric_limits<Real>::epsilon() / 2;
constexpr Real slack = 1.01L;  // on every bound: for its own rounding, and for products of errors

/// Computed inner products of vectors err by at most gamma |v||w|, whatever the order of their sums.
Real gamma(Index additions) { return slack * unit * static_cast<Real>(additions + 1); }

/// Sums are made of sums of so many terms, which keeps their errors down.
constexpr Index block = 16;
Index additions(Index terms) { return std::min(terms, block) + (terms + block - 1) / block; }

/// The row w of a layer times H.
void multiply_exactly(const Rows::ConstRowXpr& w, const Columns& H, Real& x, Real& y) {
  x = y = 0;
  for (Index from = 0; from < w.size(); from += block) {
    Real sum_x = 0, sum_y = 0;
    for (Index j = from; j < std::min(from + block, w.size()); ++j) {
      sum_x += w(j) * H(j, 0);
      sum_y += w(j) * H(j, 1);
    }
    x += sum_x;
    y += sum_y;
  }
}

}  // namespace

Enclosed LongCell::objective(const PlaneVector<Real>& x) const {
  const Real length = std::hypot(x.x, x.y);
  Real squares = 0;
  for (Index i = 0; i < B.rows(); ++i) {
    const Real residual = B(i, 0) * x.x + B(i, 1) * x.y - b(i);
    squares += residual * residual;
  }
  const Real error = slack * (B_error * length + b_error + gamma(3) * (B_norm * length + b_norm));
  return {squares / 2, slack * (std::sqrt(squares) * error + error * error + gamma(B.rows()) * squares)};
}

LongCells::LongCells(const Recovery& f, bool b_is_exact) : f_(f), b_(f.b.cast<Real>()) {
  for (const Rows& W : f.G.layers) levels_.push_back(&W);
  levels_.push_back(f.A.size() > 0 ? &f.A : nullptr);
  for (const Rows* W : levels_) norms_.push_back(W != nullptr ? Vector(W->cast<Real>().rowwise().norm()) : Vector());
  measure_x0(b_is_exact);
  const Real length = b_.norm();
  b_squared_ = {length * length,
                slack * (2 * length * b_error_ + b_error_ * b_error_ + gamma(b_.size()) * length * length)};
}

// x0 through the network, with a bound for rounding, in norm.
void LongCells::measure_x0(bool b_is_exact) {
  Vector z = f_.x0.cast<Real>();
  Real error = 0;
  bool certain = true;
  for (std::size_t l = 0; l < levels_.size(); ++l) {
    const bool measured = l + 1 == levels_.size();
    Vector errors = Vector::Constant(z.size(), error);
    if (levels_[l] != nullptr) {
      errors = slack * (error + gamma(z.size()) * z.norm()) * norms_[l];
      z = (levels_[l]->cast<Real>() * z).eval();
    }
    error = levels_[l] != nullptr ? errors.norm() : error;
    for (Index i = 0; i < z.size(); ++i) {
      const bool linear = measured && !f_.phaseless;
      certain = certain && (linear || std::abs(z(i)) > errors(i));
      on_at_x0_.push_back(linear || z(i) > 0);
    }
    if (!measured) z = z.cwiseMax(Real(0));
  }
  if (!certain) on_at_x0_.clear();
  if (!b_is_exact) return;
  b_ = f_.phaseless ? Vector(z.cwiseAbs()) : z;
  b_error_ = error;
}

LongCell LongCells::operator()(const PatternCell& cell) const {
  LongCell result;
  Columns H = Columns::Identity(2, 2);
  Vector errors = Vector::Zero(2);
  auto on = cell.on.begin();
  const auto bound = [&](const BoundingRow& row, PlaneVector<Real>& p, Real& error) {
    const Real x = H(row.row, 0), y = H(row.row, 1), norm = std::hypot(x, y), sign = static_cast<Real>(row.sign);
    p = {sign * y / norm, -sign * x / norm};
    error = slack * (2 * errors(row.row) / norm + 4 * unit);
  };
  for (std::size_t l = 0; l < levels_.size(); ++l) {
    if (l > 0)
      for (Index j = 0; j < H.rows(); ++j) {
        if (*on++) continue;
        H.row(j).setZero();
        errors(j) = 0;
      }
    if (const Rows* W = levels_[l]) {
      Columns next = Columns::Zero(W->rows(), 2);
      for (Index i = 0; i < W->rows(); ++i) {
        Real x, y;
        multiply_exactly(W->row(i), H, x, y);
        next.row(i) << x, y;
      }
      errors = (slack * (errors.norm() + gamma(additions(H.rows())) * H.norm()) * norms_[l]).eval();
      H = std::move(next);
    }
    if (cell.span == Span::circle) continue;
    if (cell.from.row.level == l) bound(cell.from.row, result.from, result.from_error);
    if (cell.to.row.level == l) bound(cell.to.row, result.to, result.to_error);
  }
  result.b = b_;
  for (Index i = 0; i < b_.size(); ++i)
    if (!*on++) result.b(i) = -result.b(i);
  result.B_norm = H.norm();
  result.B_error = errors.norm();
  result.b_norm = b_.norm();
  result.b_error = b_error_;
  PlaneQuadratic<Real>& q = result.q = {};
  for (Index i = 0; i < H.rows(); ++i) {
    q.m11 += H(i, 0) * H(i, 0);
    q.m12 += H(i, 0) * H(i, 1);
    q.m22 += H(i, 1) * H(i, 1);
    q.c1 += result.b(i) * H(i, 0);
    q.c2 += result.b(i) * H(i, 1);
  }
  const Real B = result.B_norm, error = result.B_error, rounding = gamma(H.rows());
  result.M_error = slack * (2 * B * error + error * error + rounding * B * B);
  result.c_error = slack * (error * result.b_norm + (B + error) * b_error_ + rounding * B * result.b_norm);
  result.M_norm = slack * B * B + result.M_error;
  result.c_norm = std::hypot(q.c1, q.c2) + result.c_error;
  result.B = std::move(H);
  return result;
}

}  // namespace theoremeter
