// Trials that any program can regenerate bit for bit: SplitMix64, normals by Box and Muller in pairs, each rounded to
// float32 and then used as a double.
#pragma once

#include "theory/network.hpp"
#include "theory/types.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

namespace theoremeter::testing {

class TrialNumbers {
 public:
  explicit TrialNumbers(std::uint64_t seed) : state_(seed) {}

  std::uint64_t bits() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  double normal() {
    if (half_) {
      half_ = false;
      return second_;
    }
    const double u1 = (static_cast<double>(bits() >> 11) + 1) * 0x1p-53,
                 u2 = static_cast<double>(bits() >> 11) * 0x1p-53;
    const double R = std::sqrt(-2 * std::log(u1)), angle = 2 * std::numbers::pi * u2;
    second_ = static_cast<double>(static_cast<float>(R * std::sin(angle)));
    half_ = true;
    return static_cast<double>(static_cast<float>(R * std::cos(angle)));
  }
  void drop_half() { half_ = false; }

  Rows matrix(std::int64_t rows, std::int64_t columns) {
    Rows A(rows, columns);
    for (Eigen::Index i = 0; i < A.size(); ++i) A.data()[i] = normal();
    return A;
  }
  Rows layer(std::int64_t rows, std::int64_t columns) {
    return matrix(rows, columns) / std::sqrt(static_cast<double>(rows));
  }
  Eigen::VectorXd vector(std::int64_t n) {
    Eigen::VectorXd v(n);
    for (double& entry : v) entry = normal();
    return v;
  }

 private:
  std::uint64_t state_;
  double second_ = 0;
  bool half_ = false;
};

/// A, x and normals for power iterations; s = 0: dense.
struct SignalTrial {
  Rows A;
  Eigen::VectorXd x, q, start;

  SignalTrial(std::int64_t n, std::int64_t m, std::int64_t s, std::uint64_t seed) {
    TrialNumbers numbers(seed);
    A = numbers.matrix(m, n);
    const Eigen::VectorXd values = numbers.vector(s > 0 ? s : n);
    start = numbers.vector(n);
    numbers.drop_half();
    x = s > 0 ? Eigen::VectorXd::Zero(n) : values;
    std::vector<Eigen::Index> taken;
    while (static_cast<std::int64_t>(taken.size()) < s) {
      const auto j = static_cast<Eigen::Index>(numbers.bits() % static_cast<std::uint64_t>(n));
      if (std::find(taken.begin(), taken.end(), j) != taken.end()) continue;
      x[j] = values[static_cast<Eigen::Index>(taken.size())];
      taken.push_back(j);
    }
    q = (A * x).cwiseAbs();
  }
};

inline double error_up_to_sign(const Eigen::VectorXd& z, const Eigen::VectorXd& x) {
  return std::min((z - x).norm(), (z + x).norm()) / x.norm();
}

}  // namespace theoremeter::testing
