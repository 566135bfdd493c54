// Cones that cover a sphere: the cubed sphere, split again and again. Each knows on which side of every hyperplane it
// lies.
//
// A face of the cubed sphere is x_axis = sign, the other k-1 coordinates in [-1, 1]; a cone is a box inside a face. End
// points are floats shared by siblings, so the cones cover the sphere exactly. The tree is built lazily and shared by
// threads.
#pragma once

#include "theory/types.hpp"

#include <array>
#include <atomic>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace theoremeter {

/// Where a whole closed cone lies with respect to a hyperplane <h, x> = 0: strictly on one side, but that `negative`
/// admits 0 where the coefficient does not tell the two apart. `ambiguous` claims nothing.
enum class Half : std::uint8_t { negative, ambiguous, positive };

/// A hyperplane that a cone left undecided and its child decides.
struct Decided {
  std::int32_t row;
  Half half;
};

/// What the hyperplanes are that a cone leaves undecided: the prover finds out once, and only where it asks.
enum class LeftOpen : std::uint8_t {
  unknown,
  parting,    // fewer than K and, at the cone's size, independent: cones further down decide them
  dependent,  // fewer than K
  many
};

template <int K>
struct Cone {
  using Vector = std::array<double, K>;

  int axis;
  double sign;
  std::array<double, K> lo, hi;  // the box; entry `axis` is unused
  Vector centre;                 // unit vector
  double radius;                 // upper bound on the angle between the centre and any point of the cone
  double sine, cosine;           // of the radius
  int split_coordinate;
  double score;                                   // of two cones, the one with the larger score is split first
  std::vector<std::uint64_t> positive, negative;  // one bit a hyperplane
  std::array<std::vector<Decided>, 2> decided;    // since the parent, by Side; only those that change that side's bound
  std::atomic<std::array<Cone, 2>*> children{nullptr};
  mutable std::atomic<LeftOpen> left_open{LeftOpen::unknown};

  Cone() = default;
  Cone(const Cone&) = delete;
  Cone& operator=(const Cone&) = delete;
  ~Cone() { delete children.load(); }

  Half half(std::int32_t row) const {
    const auto word = static_cast<std::size_t>(row) / 64;
    const int bit = row % 64;
    return static_cast<Half>(1 + int(positive[word] >> bit & 1) - int(negative[word] >> bit & 1));
  }
};

/// The tree of cones over the unit sphere of R^K, classified against n hyperplanes (rows of H).
template <int K>
class ConeTree {
 public:
  /// matters[side][row]: does deciding this row for `half` change the bound of that side?
  using Matters = std::array<std::array<std::vector<bool>, 3>, 2>;

  ConeTree(const Rows& H, Matters matters, std::vector<bool> zero_is_negative)
      : n_(static_cast<std::int32_t>(H.rows())),
        matters_(std::move(matters)),
        zero_is_negative_(std::move(zero_is_negative)) {
    assert(H.cols() == K);
    rows_.resize(static_cast<std::size_t>(n_));
    norm_.resize(rows_.size());
    for (std::int32_t i = 0; i < n_; ++i) {
      for (int b = 0; b < K; ++b) rows_[index(i)][static_cast<std::size_t>(b)] = H(i, b);
      norm_[index(i)] = H.row(i).squaredNorm();
    }
    const double total = H.squaredNorm();
    for (double& square : norm_) square *= total > 0 ? K / total : 0;
    for (int face = 0; face < 2 * K; ++face) {
      Cone<K>& root = roots_[static_cast<std::size_t>(face)];
      root.axis = face / 2;
      root.sign = face % 2 ? -1 : 1;
      root.lo.fill(-1);
      root.hi.fill(1);
      root.positive.assign(words(), 0);
      root.negative.assign(words(), 0);
      shape(root);
      std::vector<std::int32_t> all(rows_.size());
      for (std::int32_t i = 0; i < n_; ++i) all[index(i)] = i;
      classify(root, all);
    }
  }

  const std::array<Cone<K>, 2 * K>& roots() const { return roots_; }
  const std::array<double, K>& row(std::int32_t i) const { return rows_[index(i)]; }

  /// The two halves of a cone, built by whichever thread comes first.
  const std::array<Cone<K>, 2>& children(const Cone<K>& cone) const {
    auto& slot =
        const_cast<Cone<K>&>(cone).children;  // NOLINT(cppcoreguidelines-pro-type-const-cast): lazily built cache
    if (auto* built = slot.load(std::memory_order_acquire)) return *built;
    auto* fresh = split(cone);
    std::array<Cone<K>, 2>* expected = nullptr;
    if (!slot.compare_exchange_strong(expected, fresh, std::memory_order_acq_rel)) {
      delete fresh;
      return *expected;
    }
    return *fresh;
  }

 private:
  static std::size_t index(std::int32_t i) { return static_cast<std::size_t>(i); }
  std::size_t words() const { return (rows_.size() + 63) / 64; }

  std::array<Cone<K>, 2>* split(const Cone<K>& parent) const {
    auto* pair = new std::array<Cone<K>, 2>;
    const auto b = static_cast<std::size_t>(parent.split_coordinate);
    const double middle = std::tan((std::atan(parent.lo[b]) + std::atan(parent.hi[b])) / 2);
    std::vector<std::int32_t> ambiguous;
    for (std::int32_t i = 0; i < n_; ++i)
      if (parent.half(i) == Half::ambiguous) ambiguous.push_back(i);
    for (std::size_t c = 0; c < 2; ++c) {
      Cone<K>& child = (*pair)[c];
      child.axis = parent.axis;
      child.sign = parent.sign;
      child.lo = parent.lo;
      child.hi = parent.hi;
      (c ? child.lo : child.hi)[b] = middle;
      child.positive = parent.positive;
      child.negative = parent.negative;
      shape(child);
      classify(child, ambiguous);
    }
    return pair;
  }

  // Centre and radius. A cap of angle below pi/2 is convex, so it holds the cone as soon as it holds the corners; 1e-9
  // covers the rounding of the chord (relative 1e-15) and of the arc sine.
  static void shape(Cone<K>& cone) {
    std::array<std::array<double, K>, (1 << (K - 1))> corners;
    std::array<double, K> c{};
    for (std::size_t corner = 0; corner < corners.size(); ++corner) {
      auto& v = corners[corner];
      std::size_t bit = 0;
      for (int b = 0; b < K; ++b) {
        const auto j = static_cast<std::size_t>(b);
        v[j] = b == cone.axis ? cone.sign : (corner >> bit++ & 1 ? cone.hi[j] : cone.lo[j]);
      }
      normalise(v);
      for (std::size_t j = 0; j < K; ++j) c[j] += v[j];
    }
    normalise(c);
    double best = farthest(corners, c).second;
    cone.centre = c;
    for (double step = 0.25; step > 0.01; step *= 0.6) {  // towards the smallest enclosing cap
      const auto& far = corners[farthest(corners, c).first];
      for (std::size_t j = 0; j < K; ++j) c[j] += step * (far[j] - c[j]);
      normalise(c);
      if (const double chord = farthest(corners, c).second; chord < best) {
        best = chord;
        cone.centre = c;
      }
    }
    cone.radius = 2 * std::asin(std::sqrt(best) / 2) * (1 + 1e-9);
    cone.sine = std::sin(cone.radius);
    cone.cosine = std::cos(cone.radius);
  }

  static void normalise(std::array<double, K>& v) {
    double square = 0;
    for (double x : v) square += x * x;
    for (double& x : v) x /= std::sqrt(square);
  }

  template <class Corners>
  static std::pair<std::size_t, double> farthest(const Corners& corners, const std::array<double, K>& c) {
    std::pair<std::size_t, double> far{0, -1};
    for (std::size_t i = 0; i < corners.size(); ++i) {
      double square = 0;
      for (std::size_t j = 0; j < K; ++j) square += (corners[i][j] - c[j]) * (corners[i][j] - c[j]);
      if (square > far.second) far = {i, square};
    }
    return far;
  }

  // The range of <h, x> over the box, and with it the half; then the coordinate to split next: the longest side,
  // counting also how much each side swings the hyperplanes left undecided. The cap keeps cones from becoming needles.
  void classify(Cone<K>& cone, const std::vector<std::int32_t>& undecided) const {
    std::array<double, K> swing{};
    for (std::int32_t i : undecided) {
      const auto& h = rows_[index(i)];
      double low = 0, high = 0, size = 0, total = 0;
      std::array<double, K> width{};
      for (int b = 0; b < K; ++b) {
        const auto j = static_cast<std::size_t>(b);
        const double p = h[j] * (b == cone.axis ? cone.sign : cone.lo[j]);
        const double q = h[j] * (b == cone.axis ? cone.sign : cone.hi[j]);
        low += std::min(p, q);
        high += std::max(p, q);
        size += std::max(std::abs(p), std::abs(q));
        total += width[j] = std::abs(q - p);
      }
      // |computed - exact| <= gamma_{2K} sum |h_b p_b|, and half a subnormal for a product that underflows.
      const double rounding = size > 0 ? 4 * K * 1.2e-16 * size + K * std::numeric_limits<double>::denorm_min() : 0;
      if (low - rounding > 0) {
        decide(cone, i, Half::positive);
      } else if (high + rounding < 0 || (high + rounding == 0 && zero_is_negative_[index(i)])) {
        decide(cone, i, Half::negative);
      } else if (total > 0) {
        for (std::size_t j = 0; j < K; ++j) swing[j] += norm_[index(i)] * width[j] / total;
      }
    }
    cone.score = -1;
    for (int b = 0; b < K; ++b) {
      if (b == cone.axis) continue;
      const auto j = static_cast<std::size_t>(b);
      const double half_length = (std::atan(cone.hi[j]) - std::atan(cone.lo[j])) / 2;
      const double score = half_length + std::min(swing[j], 8 * half_length);
      if (score > cone.score) {
        cone.score = score;
        cone.split_coordinate = b;
      }
    }
  }

  void decide(Cone<K>& cone, std::int32_t i, Half half) const {
    auto& bits = half == Half::positive ? cone.positive : cone.negative;
    bits[index(i) / 64] |= std::uint64_t{1} << (i % 64);
    for (std::size_t side = 0; side < 2; ++side)
      if (matters_[side][static_cast<std::size_t>(half)][index(i)]) cone.decided[side].push_back({i, half});
  }

  std::int32_t n_;
  Matters matters_;
  std::vector<bool> zero_is_negative_;
  std::vector<std::array<double, K>> rows_;
  std::vector<double> norm_;  // |h|^2, in units in which the mean direction has sum <h, u>^2 = 1
  std::array<Cone<K>, 2 * K> roots_;
};

}  // namespace theoremeter
