// Counter-based random streams: what a stream yields is a function of its coordinates, never of a thread, a rank or the
// clock.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace theoremeter {

/// 64 random bits as a number in (0, 1): an odd multiple of 2^-53, so symmetric about 1/2 and never 0 or 1.
double unit_uniform(std::uint64_t bits);
/// The standard normal quantile of u in (0, 1), each tail with its full relative accuracy; odd about u = 1/2.
double normal_quantile(double u);

/// Philox4x64-10 (Random123) under the key (seed, purpose). A child stream is keyed by its work item, so any item can
/// be replayed alone. Models UniformRandomBitGenerator.
class Stream {
 public:
  using result_type = std::uint64_t;

  explicit Stream(std::uint64_t seed);
  /// An independent stream for the item at these coordinates, e.g. stream.at({point, draw, purpose}).
  Stream at(std::initializer_list<std::uint64_t> coordinates) const;

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }
  result_type operator()();

  double uniform();  // in (0, 1), 53 bits, symmetric about 1/2
  double normal();   // N(0, 1), by inversion: one draw a variate

 private:
  std::uint64_t key_[2];
  std::uint64_t counter_ = 0;
  std::uint64_t block_[4];
};

}  // namespace theoremeter
