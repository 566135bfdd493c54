#include "results/interval.hpp"

#include <boost/math/special_functions/beta.hpp>

namespace theoremeter {

// P(at least s of n) at p is I_p(s, n - s + 1): the ends are quantiles of beta distributions.
std::pair<double, double> clopper_pearson(std::int64_t successes, std::int64_t trials, double confidence) {
  const double tail = (1 - confidence) / 2;
  const auto s = static_cast<double>(successes), f = static_cast<double>(trials - successes);
  const double low = successes == 0 ? 0 : boost::math::ibeta_inv(s, f + 1, tail);
  const double high = successes == trials ? 1 : boost::math::ibetac_inv(s + 1, f, tail);
  return {low, high};
}

}  // namespace theoremeter
