// Bounds of a deviation on a product of two cones A x B: is  +-(S(x,y) - E(x,y)) < tau  for every x in A, y in B?
//
// S is bounded in the Loewner order by counting every undecided hyperplane for the worse: S(x,y) <= S_AB (plus), >=
// (minus). E = scale Q_{x,y} + shift I is bounded by Q at the centres and how far Q can turn inside the cones.
//
// How fast Q turns. For x moving with unit speed along xdot, y fixed, t = u - <u,x>x, e the unit tangent at x towards
// y, q = <u,e>:
//   d/ds u'Qu = (<e,xdot>(|t|^2 - q^2) + 2 q <xdot,t>) / (2 pi),   |.| <= sqrt(|t|^4 + 6 q^2 |t|^2 - 3 q^4) / (2 pi).
// The root is concave in q^2, so every tangent line bounds it: sqrt(..) <= beta0 |t|^2 + beta1 q^2. The tangent at q^2
// = |t|^2 gives beta = (2, 0), the Lipschitz constant 1/pi; the tangent at 0 gives (1, 3): half of it for u across the
// plane of x and y, where the worst u of a deviation mostly lies. Integrated along geodesics of length rA from the
// centre a to x and then rB from the centre b to y, |t| <= |u|, and with the tangent e turned by at most omega from its
// value at the centres, <u,e>^2 <= (1+eta)<u,e_0>^2 + (1+1/eta) omega^2 |u|^2:
//   |u'(Q_{x,y} - Q_{a,b})u| <= (1/2pi) [ beta0 (rA+rB) + beta1 (1+1/eta) (Omega_A + Omega_B) ] |u|^2
//                              + (1/2pi) beta1 (1+eta) [ rA <u,e_A>^2 + rB <u,e_B>^2 ],     eta = 1/2,
// Omega = the integral of omega^2. Moving x by ds turns e_A by at most max(1, |cot theta|) ds and e_B by at most ds /
// sin theta.
//
// Rounding. Let T = trace of sum_i r_i r_i' + |scale| + |shift|, u = 2^-53. Entries of S_AB: at most 2n+2 additions
// along a path from the root, error <= 3 n u T <= 4e-10 T for n <= 1e6. Q, its bound and theta: < 1e-13
// T. Positive definiteness: a completed floating-point Cholesky of X - cI with c >= gamma_{k+1}/(1-gamma_{k+1}) trace X
// proves X positive definite [S. M. Rump, Verification of positive definiteness, BIT 46, 2006]; c < 1e-13 T for k <= 10
// and tau <= 2T. Pairs are discarded at tau - 1e-9 T (8 n u T where that is more), which covers the sum.
#pragma once

#include "estimators/cone_proof.hpp"
#include "estimators/cones.hpp"

#include <algorithm>
#include <cmath>
#include <experimental/simd>
#include <numbers>

namespace theoremeter {

/// A symmetric K x K matrix: lower triangle by rows, padded to whole vectors.
template <int K>
struct alignas(64) Packed {
  static constexpr int size = K * (K + 1) / 2;
  std::array<double, (size + 7) / 8 * 8> entry{};
};

/// A product of two cones and S_AB, the bound of S on it for the side being proved.
template <int K>
struct ConePair {
  const Cone<K>* a = nullptr;
  const Cone<K>* b = nullptr;
  Packed<K> S;
  int depth = 0;
};

inline constexpr int lanes = 8;  // pairs bounded at once
using Lane = std::experimental::fixed_size_simd<double, lanes>;
using LaneMask = Lane::mask_type;

/// theta = 2 atan2(d, e) for d, e >= 0 not both 0: two halvings of the angle bring the tangent below 0.2, where nine
/// terms of the alternating series leave less than 3e-15; in all below 3e-14.
inline Lane double_atan2(const Lane& d, const Lane& e) {
  using std::experimental::max, std::experimental::min;
  Lane z = min(d, e) / max(d, e);
  for (int halving = 0; halving < 2; ++halving) z = z / (1 + sqrt(1 + z * z));
  const Lane q = z * z;
  Lane series = 1.0 / 17;
  for (int j = 7; j >= 0; --j) series = 1.0 / (2 * j + 1) - q * series;
  Lane theta = 8 * z * series;
  where(d > e, theta) = std::numbers::pi - theta;
  return theta;
}

/// scalar I + vv v v' + vw (v w' + w v') + ww w w' with v = x + y, w = x - y, for eight pairs x, y. In the axes of M
/// nothing cancels where x and y almost coincide or oppose.
struct PlaneForms {
  Lane scalar, vv, vw, ww;
};

/// Decides for eight pairs of cones at once.
template <int K>
class ConeBound {
 public:
  /// E = scale Q + shift I, scale > 0.
  ConeBound(double scale, double shift) : scale_(scale), shift_(shift) {}

  /// Bit i is set only if  side(S - E) < tau  everywhere on pairs[i]; count <= lanes.
  unsigned below(Side side, const ConePair<K>* pairs, int count, double tau) const {
    const double sg = side == Side::plus ? 1 : -1;
    const Batch p(pairs, count, sg);
    LaneMask proved = definite(p, isotropic(p, side, tau, sg));
    const PlaneForms at = centred(p, tau, sg);
    if (!all_of(proved)) proved = proved || definite(p, lipschitz(p, at));
    for (const double tangent : {0.3, 0.05}) {
      if (all_of(proved)) break;
      proved = proved || (p.away_from_ends && definite(p, tangential(p, at, tangent)));
    }
    unsigned bits = 0;
    for (int l = 0; l < count; ++l) bits |= unsigned{proved[std::size_t(l)]} << l;
    return bits;
  }

 private:
  // Eight pairs side by side: centres, -sg S, and the geometry of the two caps.
  struct Batch {
    std::array<Lane, K> v, w;  // x + y, x - y
    std::array<Lane, Packed<K>::size> S;
    Lane rA, rB, r, d, e, theta, sine, cosine;          // d = |w|, e = |v|
    Lane sine_low, cosine_low, sine_high, cosine_high;  // of theta - r and theta + r
    LaneMask away_from_ends;

    Batch(const ConePair<K>* pairs, int count, double sg) {
      const auto gather = [&](auto&& value) {
        return Lane([&](auto l) { return value(pairs[std::min(int(l), count - 1)]); });
      };
      for (std::size_t j = 0; j < K; ++j) {
        v[j] = gather([&](const ConePair<K>& p) { return p.a->centre[j] + p.b->centre[j]; });
        w[j] = gather([&](const ConePair<K>& p) { return p.a->centre[j] - p.b->centre[j]; });
      }
      for (std::size_t e = 0; e < S.size(); ++e)
        S[e] = gather([&](const ConePair<K>& p) { return -sg * p.S.entry[e]; });
      rA = gather([](const ConePair<K>& p) { return p.a->radius; });
      rB = gather([](const ConePair<K>& p) { return p.b->radius; });
      r = rA + rB;
      const Lane sr = gather([](const ConePair<K>& p) { return p.a->sine * p.b->cosine + p.a->cosine * p.b->sine; });
      const Lane cr = gather([](const ConePair<K>& p) { return p.a->cosine * p.b->cosine - p.a->sine * p.b->sine; });
      Lane d2 = 0, e2 = 0;
      for (std::size_t j = 0; j < K; ++j) {
        d2 += w[j] * w[j];
        e2 += v[j] * v[j];
      }
      d = sqrt(d2);
      e = sqrt(e2);
      theta = double_atan2(d, e);
      sine = d * e / 2;
      cosine = (e2 - d2) / 4;
      sine_low = sine * cr - cosine * sr;
      cosine_low = cosine * cr + sine * sr;
      sine_high = sine * cr + cosine * sr;
      cosine_high = cosine * cr - sine * sr;
      away_from_ends = theta - r > 0.05 && theta + r < std::numbers::pi - 0.05;
    }
  };

  // Q between its extreme eigenvalues (pi - theta -+ sin theta)/2pi, both falling in theta: the bound for large cones.
  PlaneForms isotropic(const Batch& p, Side side, double tau, double sg) const {
    using std::numbers::pi;
    Lane q;
    if (side == Side::plus) {
      q = pi - (p.theta + p.r) - p.sine_high;
      where(p.theta + p.r > pi, q) = 0;
    } else {
      q = pi - (p.theta - p.r) + p.sine_low;
      where(p.theta < p.r, q) = pi;
    }
    return {tau + sg * (scale_ / (2 * pi) * q + shift_), 0, 0, 0};
  }

  // Q at the centres: sin theta M / 2 pi = (1/4pi) [ (d/e) v v' - (e/d) w w' ]; at the ends the term is 0.
  PlaneForms centred(const Batch& p, double tau, double sg) const {
    using std::numbers::pi;
    Lane plus = 0, minus = 0;
    where(p.e > 0, plus) = p.d / p.e;
    where(p.d > 0, minus) = p.e / p.d;
    const double f = sg * scale_ / (4 * pi);
    return {tau + sg * shift_ + 2 * f * (pi - p.theta), f * plus, 0, -f * minus};
  }

  PlaneForms lipschitz(const Batch& p, const PlaneForms& at) const {
    return {at.scalar - scale_ / std::numbers::pi * p.r, at.vv, at.vw, at.ww};
  }

  // The tangent line at q^2 = tangent |t|^2; e_A = (y - cos theta x)/sin theta, e_B = (x - cos theta y)/sin theta.
  PlaneForms tangential(const Batch& p, const PlaneForms& at, double tangent) const {
    using std::experimental::max, std::experimental::min;
    constexpr double eta = 0.5;
    const double root = std::sqrt(1 + 6 * tangent - 3 * tangent * tangent);
    const double beta1 = (3 - 3 * tangent) / root, beta0 = root - beta1 * tangent;
    const double f = scale_ / (2 * std::numbers::pi), g = f * beta1 * (1 + eta) / 4;
    const Lane s = 1 / min(p.sine_low, p.sine_high);
    const Lane cot = max(Lane(1.0), max(abs(p.cosine_low / p.sine_low), abs(p.cosine_high / p.sine_high)));
    const Lane omega_a = p.rA * p.rA * p.rA * cot * cot / 3;
    const Lane omega_b = p.rB * (p.rA * p.rA * s * s + p.rA * p.rB * cot * s + p.rB * p.rB * cot * cot / 3);
    const Lane ratio = p.d / p.e;  // tan(theta/2)
    return {at.scalar - f * (beta0 * p.r + beta1 * (1 + 1 / eta) * (omega_a + omega_b)),
            at.vv - g * p.r * ratio * ratio, at.vw + g * (p.rA - p.rB), at.ww - g * p.r / (ratio * ratio)};
  }

  // Which of the matrices form - sg S have only positive pivots in LDL' (whose error analysis is Cholesky's)?
  LaneMask definite(const Batch& p, const PlaneForms& f) const {
    std::array<Lane, Packed<K>::size> m;
    for (std::size_t i = 0, ij = 0; i < K; ++i) {
      const Lane pv = f.vv * p.v[i] + f.vw * p.w[i], pw = f.vw * p.v[i] + f.ww * p.w[i];
      for (std::size_t j = 0; j <= i; ++j, ++ij) m[ij] = pv * p.v[j] + pw * p.w[j] + p.S[ij];
      m[ij - 1] += f.scalar;
    }
    const auto at = [](std::size_t i, std::size_t j) { return i * (i + 1) / 2 + j; };
    LaneMask positive(true);
    for (std::size_t j = 0; j < K; ++j) {
      positive = positive && m[at(j, j)] > 0;
      const Lane inverse = 1 / m[at(j, j)];
      for (std::size_t i = j + 1; i < K; ++i) {
        const Lane l = m[at(i, j)] * inverse;
        for (std::size_t h = j + 1; h <= i; ++h) m[at(i, h)] -= l * m[at(h, j)];
      }
    }
    return positive;
  }

  double scale_, shift_;
};

}  // namespace theoremeter
