#include "experiments/studies/by_definition.hpp"

#include "experiments/studies/request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace theoremeter {
namespace {

double double_below(long double value) {
  const auto nearest = static_cast<double>(value);
  return nearest > value ? std::nextafter(nearest, 0.0) : nearest;
}

/// Each point is evaluated but once: the best is one of the others.
class Evaluation {
 public:
  explicit Evaluation(const NaiveDeviation& naive) : naive_(naive) {}

  /// Does w attain a value? Then it has it afterwards.
  bool holds(Witness& w) {
    if (w.point.empty()) return false;
    const auto same = [&](const Witness& known) {
      return known.form == w.form && std::equal(known.point.begin(), known.point.end(), w.point.begin(), w.point.end(),
                                                [](const Eigen::VectorXd& x, const Eigen::VectorXd& y) {
                                                  return x.size() == y.size() && x == y;
                                                });
    };
    auto known = std::find_if(known_.begin(), known_.end(), same);
    if (known == known_.end()) {
      known = known_.insert(known_.end(), w);
      const Attained a = naive_(w.point, w.form);
      known->value = double_below(a.value);
      known->side = a.side;
      known->margin = static_cast<double>(a.margin);
    }
    w.value = known->value;
    w.side = known->side;
    w.margin = known->margin;
    return w.value >= 0 && std::isfinite(w.value);
  }

 private:
  const NaiveDeviation& naive_;
  std::vector<Witness> known_;
};

// Double evaluations of attained values: above the maximum there is only rounding.
void cap(Sampled& s) {
  s.mean = std::min(s.mean, s.witness.value);
  for (double& q : s.quantiles) q = std::min(q, s.witness.value);
}

constexpr double rounding = 1e-12;

// Bounds are compared with values in double, which may be some last digits above those attained.
void settle(std::optional<Bounded>& bounded, double at_least, double gap) {
  if (!bounded) return;
  Bounded& b = *bounded;
  if (at_least > b.at_most * (1 + rounding))
    throw std::logic_error(fmt::format(
        "at most {} was proved where {} is attained: a fault of this program, please report it", b.at_most, at_least));
  b.at_most = std::max(b.at_most, at_least);
  b.closed = reaches(b.at_most, at_least, gap);
}

}  // namespace

bool reaches(double at_most, double at_least, double gap) {
  return at_most <= (1 + gap) * (1 + rounding) * at_least || at_most == at_least;
}

Measurement by_definition(Measurement m, const NaiveDeviation& naive, double gap) {
  Evaluation evaluation(naive);
  Witness best;
  const auto offer = [&](const Witness& w) {
    if (best.point.empty() || w.value > best.value) best = w;
  };
  if (evaluation.holds(m.witness)) offer(m.witness);
  if (m.searched && !evaluation.holds(m.searched->witness)) m.searched.reset();
  if (m.searched) offer(m.searched->witness);
  if (m.sampled && !evaluation.holds(m.sampled->witness)) m.sampled.reset();  // none, if it is undefined everywhere
  if (m.sampled) {
    offer(m.sampled->witness);
    cap(*m.sampled);
    if (m.sampled->diagonal && !evaluation.holds(*m.sampled->diagonal)) m.sampled->diagonal.reset();
    if (m.sampled->diagonal) offer(*m.sampled->diagonal);
  }
  if (best.point.empty())
    throw DefinedNowhere("the deviation is defined at no point tried: G(x) = 0 wherever it was looked at");
  m.witness = std::move(best);
  settle(m.bounded, m.witness.value, gap);
  return m;
}

}  // namespace theoremeter
