#include "estimators/stream.hpp"

#include <Random123/philox.h>
#include <boost/math/special_functions/erf.hpp>
#include <numbers>

namespace theoremeter {
namespace {

// The last word of Philox's counter says what a block is for, so that no draw ever repeats a block used to make a key.
enum Use : std::uint64_t { draws = 0, length = 1, coordinate = 2 };

r123::Philox4x64::ctr_type philox(std::uint64_t counter, Use use, const std::uint64_t (&key)[2]) {
  return r123::Philox4x64()({{counter, 0, 0, use}}, {{key[0], key[1]}});
}

}  // namespace

// An odd number below 2^53, scaled: exact, and so is 1 - u.
double unit_uniform(std::uint64_t bits) { return static_cast<double>(bits >> 12 << 1 | 1) * 0x1p-53; }

// Phi^{-1}(u) = -sqrt(2) erfc^{-1}(2u); 2u is exact.
double normal_quantile(double u) {
  using Policy = boost::math::policies::policy<boost::math::policies::promote_double<false>>;
  return -std::numbers::sqrt2 * boost::math::erfc_inv(2 * u, Policy());
}

Stream::Stream(std::uint64_t seed) : key_{seed, 0}, block_{} {}

// The child's key is a hash of this key and the list: Philox under the current key, of the list's length and then of
// each coordinate, keeps 128 of the 256 bits as the next key. The length first makes the lists prefix-free: at({a, b})
// and at({a}).at({b}) differ. Philox is a bijection of its counter, so two lists share a stream with probability 2^-128
// a pair. How far this stream has been drawn is irrelevant.
Stream Stream::at(std::initializer_list<std::uint64_t> coordinates) const {
  Stream child = *this;
  const auto absorb = [&child](std::uint64_t word, Use use) {
    const auto block = philox(word, use, child.key_);
    child.key_[0] = block[0];
    child.key_[1] = block[1];
  };
  absorb(coordinates.size(), length);
  for (const std::uint64_t c : coordinates) absorb(c, coordinate);
  child.counter_ = 0;
  return child;
}

Stream::result_type Stream::operator()() {
  const std::uint64_t word = counter_ % 4;
  if (word == 0) {
    const auto block = philox(counter_ / 4, draws, key_);
    for (std::size_t i = 0; i < 4; ++i) block_[i] = block[i];
  }
  ++counter_;
  return block_[word];
}

double Stream::uniform() { return unit_uniform((*this)()); }

double Stream::normal() { return normal_quantile(uniform()); }

}  // namespace theoremeter
