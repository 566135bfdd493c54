#include "estimators/extreme_eigenvalues.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <limits>

namespace theoremeter {
namespace {

using Index = Eigen::Index;
constexpr double epsilon = std::numeric_limits<double>::epsilon();

// The power of two at or below x >= 0, kept clear of the denormals.
double power_of_two(double x) {
  constexpr std::uint64_t exponent_bits = 0x7ff0000000000000;
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(std::max(x, 0x1p-1000)) & exponent_bits);
}

// The largest eigenvalue of a tridiagonal T (for the smallest, of -T), approached from above by Laguerre's iteration.
//
// The ratios q_i = p_i/p_{i-1} of successive leading minors of x - T obey q_i = x - d_i - e_i^2/q_{i-1}, and are all
// positive exactly when x lies above the spectrum. With r_i = q_i'/q_i and s_i = q_i''/q_i,
//   G = sum_i r_i = sum_j 1/(x - lambda_j),   H = sum_i (r_i^2 - s_i) = sum_j 1/(x - lambda_j)^2.
// Laguerre's step k / (G + sqrt((k-1)(k H - G^2))) never passes the largest eigenvalue, and is at least Newton's 1/G,
// hence at least a k-th of the way to go: a step below the tolerance proves that the eigenvalue is within k tolerances.
struct FromAbove {
  Eight x;
  Eight inverse, r, s, G, H, lowest;  // 1/q_i, r_i, s_i, the sums, and min q_i so far

  void begin() {
    inverse = r = s = G = H = Eight::Zero();
    lowest.setConstant(std::numeric_limits<double>::infinity());
  }
  void advance(const Eight& d, const Eight& e2) {
    const Eight t = e2 * inverse, q = x - d - t;
    inverse = 1 / q;
    s = t * (s - 2 * r * r) * inverse;
    r = (1 + t * r) * inverse;
    G += r;
    H += r * r - s;
    lowest = lowest.min(q);
  }
  // True when a lane has moved; one that stands on or, by rounding, below its eigenvalue stays.
  bool step(double k, const Eight& tolerance, Eigen::Array<bool, 8, 1>& open) {
    const Eight radicand = ((k - 1) * (k * H - G * G)).max(0);
    const Eight delta = k / (G + radicand.sqrt());
    for (int l = 0; l < 8; ++l) {
      open[l] = open[l] && lowest[l] > 0 && delta[l] > 0;
      if (open[l]) x[l] -= delta[l];
      open[l] = open[l] && delta[l] > tolerance[l];
    }
    return open.any();
  }
};

}  // namespace

SymmetricEight::SymmetricEight(Index k) : k_(k), lower_(static_cast<std::size_t>(k * (k + 1) / 2)) {
  assert(k >= 1);
  for (auto* a : {&diagonal_, &off_diagonal_, &v_, &w_, &u_, &p_}) a->resize(static_cast<std::size_t>(k));
}

// Divides each matrix by the power of two at its largest entry, which is returned: no square over- or underflows
// harmfully afterwards.
Eight SymmetricEight::scale_to_unit() {
  Eight largest = Eight::Zero();
  for (const Eight& a : lower_) largest = largest.max(a.abs());
  Eight scale = largest.unaryExpr(&power_of_two);
  const Eight inverse = 1 / scale;
  for (Eight& a : lower_) a *= inverse;
  return scale;
}

// Takes in what is below the diagonal of column j, brought up to date, and sets up the reflection I - tau u u' that
// maps it to a multiple of its first entry. Returns tau, 0 where the column is negligible.
Eight SymmetricEight::reflection(Index j) {
  const auto at = static_cast<std::size_t>(j);
  const Eight *a = column(j) - j, *v = v_.data(), *w = w_.data();
  Eight* u = u_.data();
  diagonal_[at] = a[j] - 2 * v[j] * w[j];
  Eight squares = Eight::Zero();
  for (Index r = j + 1; r < k_; ++r) {
    u[r] = a[r] - v[r] * w[j] - w[r] * v[j];
    squares += u[r] * u[r];
  }
  if (j + 1 == k_) return squares;       // 0: nothing left to reflect
  constexpr double negligible = 1e-200;  // where the largest entry is about 1
  const Eight norm = squares.sqrt();
  Eight tau, &first = u[j + 1], &off = off_diagonal_[at + 1];
  for (int l = 0; l < 8; ++l) {
    const double beta = -std::copysign(norm[l], first[l]), head = first[l] - beta;
    first[l] = head;
    tau[l] = squares[l] > negligible ? -1 / (beta * head) : 0;
    off[l] = squares[l] > negligible ? norm[l] : 0;
  }
  return tau;
}

// One pass over the columns after j, two at a time: carries out the last reflection and multiplies the result by u.
// Then v and w are the next, H A H = A - u w' - w u' with p = tau A u, w = p - (tau/2)(p'u) u.
void SymmetricEight::sweep(Index j, const Eight& tau) {
  const Index k = k_;
  Eight *u = u_.data(), *v = v_.data(), *w = w_.data(), *p = p_.data();
  std::fill(p + j + 1, p + k, Eight::Zero());
  Index c = j + 1;
  for (; c + 1 < k; c += 2) {
    const Index d = c + 1;
    Eight *a = column(c) - c, *b = column(d) - d;
    const Eight uc = u[c], vc = v[c], wc = w[c], ud = u[d], vd = v[d], wd = w[d];
    const Eight cc = a[c] - 2 * vc * wc, dc = a[d] - vd * wc - wd * vc, dd = b[d] - 2 * vd * wd;
    Eight pc = cc * uc + dc * ud, pd = dc * uc + dd * ud;
    a[c] = cc;
    a[d] = dc;
    b[d] = dd;
    for (Index r = c + 2; r < k; ++r) {
      const Eight rc = a[r] - v[r] * wc - w[r] * vc, rd = b[r] - v[r] * wd - w[r] * vd;
      p[r] += rc * uc + rd * ud;
      pc += rc * u[r];
      pd += rd * u[r];
      a[r] = rc;
      b[r] = rd;
    }
    p[c] += pc;
    p[d] += pd;
  }
  if (c < k) {
    Eight& cc = *column(c);
    cc -= 2 * v[c] * w[c];
    p[c] += cc * u[c];
  }
  Eight pu = Eight::Zero();
  for (Index r = j + 1; r < k; ++r) pu += p[r] * u[r];
  const Eight half = 0.5 * tau * (tau * pu);  // tau^2 might overflow
  for (Index r = j + 1; r < k; ++r) {
    v[r] = u[r];
    w[r] = tau * p[r] - half * u[r];
  }
}

Extremes SymmetricEight::extreme_eigenvalues() {
  const Eight scale = scale_to_unit();
  std::fill(v_.begin(), v_.end(), Eight::Zero());
  std::fill(w_.begin(), w_.end(), Eight::Zero());
  off_diagonal_[0].setZero();
  for (Index j = 0; j < k_; ++j) {
    const Eight tau = reflection(j);
    if (j + 1 < k_) sweep(j, tau);
  }
  // Gershgorin's discs give the two starts.
  const auto k = static_cast<std::size_t>(k_);
  FromAbove top, bottom;  // of T and of -T
  top.x = bottom.x = Eight::Constant(-std::numeric_limits<double>::infinity());
  for (std::size_t i = 0; i < k; ++i) {
    Eight radius = off_diagonal_[i];
    if (i + 1 < k) radius += off_diagonal_[i + 1];
    top.x = top.x.max(diagonal_[i] + radius);
    bottom.x = bottom.x.max(radius - diagonal_[i]);
  }
  for (Eight& e : off_diagonal_) e *= e;
  const Eight tolerance = 4 * epsilon * top.x.abs().max(bottom.x.abs());
  Eigen::Array<bool, 8, 1> top_open = Eigen::Array<bool, 8, 1>::Constant(true), bottom_open = top_open;
  for (bool moving = true; moving;) {
    top.begin();
    bottom.begin();
    for (std::size_t i = 0; i < k; ++i) {
      top.advance(diagonal_[i], off_diagonal_[i]);
      bottom.advance(-diagonal_[i], off_diagonal_[i]);
    }
    const bool top_moving = top.step(static_cast<double>(k_), tolerance, top_open);
    moving = bottom.step(static_cast<double>(k_), tolerance, bottom_open) || top_moving;
  }
  return {-bottom.x * scale, top.x * scale};
}

}  // namespace theoremeter
