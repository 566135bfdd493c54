#include "experiments/studies/condition_verify.hpp"

#include "experiments/studies/by_definition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

namespace theoremeter {
namespace {

/// The deviation for each alpha.
using NaiveAtAlpha = std::function<NaiveDeviation(double alpha)>;

/// The failures of one draw, as sentences.
class CheckedCondition {
 public:
  CheckedCondition(const Measurement& m, double gap, const std::vector<Symbol>& arguments, NaiveAtAlpha naive_at,
                   bool older)
      : m_(m),
        gap_(gap),
        arguments_(arguments),
        naive_at_(std::move(naive_at)),
        naive_(naive_at_(m.alpha)),
        older_(older) {}

  Complaints check() {
    check_witness("at_least", m_.witness);
    if (m_.sampled) check_sampled(*m_.sampled);
    if (m_.searched) {
      check_witness("searched_max", m_.searched->witness);
      require(!(m_.searched->agreement < 0) && !(m_.searched->agreement > 1), "the agreement is not between 0 and 1");
      require(m_.searched->evaluations >= 0 && m_.searched->starts >= 0, "the search's counts are negative");
    }
    if (m_.bounded) check_bounded(*m_.bounded);
    if (m_.certified) require(m_.certified->nodes >= 0, "the number of nodes is negative");
    if (m_.forecast) check_forecast(*m_.forecast);
    check_best();
    if (m_.fit) check_fit(*m_.fit);
    require(m_.alpha > 0 && std::isfinite(m_.alpha), fmt::format("alpha = {} is not positive", m_.alpha));
    require(m_.seconds.sample >= 0 && m_.seconds.search >= 0 && m_.seconds.certify >= 0, "a time is negative");
    return failures_;
  }

 private:
  void require(bool condition, const std::string& otherwise) {
    if (!condition) failures_.push_back(otherwise);
  }

  void check_witness(const std::string& name, const Witness& w) {
    require(std::isfinite(w.value) && w.value >= 0, fmt::format("{} = {} is no norm", name, w.value));
    require(w.margin >= 0, fmt::format("the margin of {}, {}, is negative", name, w.margin));
    if (w.point.size() != arguments_.size())
      return require(
          false, fmt::format("the witness of {} has {} arguments, not {}", name, w.point.size(), arguments_.size()));
    for (std::size_t s = 0; s < w.point.size(); ++s)
      if (const double length = w.point[s].norm(); arguments_[s].unit && !(std::abs(length - 1) <= 1e-12))
        return require(false, fmt::format("argument {} of {} has length {}, not 1", arguments_[s].name, name, length));
    for (std::string& c : complaints_of(name, w, naive_(w.point, w.form), m_.alpha, older_))
      failures_.push_back(std::move(c));
  }

  void check_sampled(const Sampled& s) {
    require(s.count >= 0 && s.undefined >= 0, "the number of sampled points is negative");
    if (s.count == 0) return;  // defined nowhere
    check_witness("sampled_max", s.witness);
    if (s.diagonal) {
      check_witness("diagonal_max", *s.diagonal);
      const Point& p = s.diagonal->point;  // arguments come in pairs; which pair is equal depends on the form
      bool equal = false;
      for (std::size_t i = 0; i + 1 < p.size(); i += 2) equal = equal || p[i] == p[i + 1];
      require(equal, "the diagonal's arguments differ");
    }
    const double max = s.witness.value * (1 + 1e-10);  // the witness was evaluated anew: rounding may differ
    require(s.mean <= max, fmt::format("sampled_mean = {} exceeds sampled_max = {}", s.mean, s.witness.value));
    require(std::is_sorted(s.quantiles.begin(), s.quantiles.end()), "the sampled quantiles are not in order");
    require(s.quantiles.empty() || s.quantiles.back() <= max, "a sampled quantile exceeds sampled_max");
  }

  void check_bounded(const Bounded& b) {
    require(m_.witness.value <= b.at_most,
            fmt::format("at_least = {} exceeds at_most = {}", m_.witness.value, b.at_most));
    const bool reached = reaches(b.at_most, m_.witness.value, gap_);
    require(older_ ? !b.closed || reached : b.closed == reached,
            fmt::format("closed = {}, but the relative gap is {}, where {} was asked for", b.closed, relative_gap(m_),
                        gap_));
    require(m_.certified || b.proof != ProvedBy::exhaustion, "at_most is said to be proved by exhaustion without any");
  }

  void check_forecast(const Forecast& f) {
    const bool open = m_.certified && m_.bounded && !m_.bounded->closed;
    require(open, "there is a forecast, but no certificate that is open");
    if (!open || std::isnan(f.gap)) return;
    require(!f.ended && f.gap >= gap_ && f.gap < relative_gap(m_),
            fmt::format("forecast_gap = {}, but the gap is {}, and {} was asked for", f.gap, relative_gap(m_), gap_));
    require(f.nodes > static_cast<double>(m_.certified->nodes) && f.to_close >= f.nodes,
            "the nodes of the forecast are not in order");
  }

  /// The larger of the values at the fit's points, divided by alpha, is a convex function of s = 1/alpha: its minimum,
  /// by thirds, is at_least or more.
  void check_fit(const AlphaFit& fit) {
    const auto largest = [&](double s) {
      double most = 0;
      for (const Point& p : fit.points) most = std::max(most, s * static_cast<double>(naive_at_(1 / s)(p, "").value));
      return most;
    };
    double low = 0, high = 1 / m_.alpha;
    for (int i = 0; i < 60 && largest(high) < 0.5; ++i) high *= 2;
    for (int i = 0; i < 120; ++i) {
      const double a = low + (high - low) / 3, b = high - (high - low) / 3;
      if (largest(a) < largest(b))
        high = b;
      else
        low = a;
    }
    const double least = std::min(0.5, largest((low + high) / 2));
    require(fit.at_least <= least * (1 + 1e-10),
            fmt::format("fit_at_least = {}, but its points prove only {}", fit.at_least, least));
    require(fit.at_least <= m_.witness.value / m_.alpha * (1 + 1e-9),
            fmt::format("fit_at_least = {} exceeds at_least / alpha", fit.at_least));
  }

  /// At least is the best value that any evidence attained; only a certificate may have met a better one on its way.
  void check_best() {
    double best = 0;
    if (m_.sampled) best = std::max(best, m_.sampled->witness.value);
    if (m_.sampled && m_.sampled->diagonal) best = std::max(best, m_.sampled->diagonal->value);
    if (m_.searched) best = std::max(best, m_.searched->witness.value);
    require(m_.witness.value >= best,
            fmt::format("at_least = {} is below the best evidence, {}", m_.witness.value, best));
    require(m_.certified || m_.witness.value == best,
            fmt::format("at_least = {} exceeds the best evidence, {}", m_.witness.value, best));
  }

  const Measurement& m_;
  double gap_;
  const std::vector<Symbol>& arguments_;
  NaiveAtAlpha naive_at_;
  NaiveDeviation naive_;
  bool older_;
  Complaints failures_;
};

}  // namespace

Complaints complaints_of(const std::string& name, const Witness& w, const Attained& attained, double alpha,
                         bool older) {
  // Rounded down it is a last digit off; long double is right to 1e-18 of what is subtracted.
  const double rounding = older ? std::max(1e-10 * w.value, 1e-13 * alpha) : 0x1p-51 * w.value + 1e-17 * alpha;
  const auto value = static_cast<double>(attained.value), margin = static_cast<double>(attained.margin);
  Complaints all;
  if (!(std::abs(value - w.value) <= rounding))
    all.push_back(fmt::format("{} = {}, but its witness attains {}", name, w.value, value));
  if (older) return all;
  if (w.side != attained.side) all.push_back(fmt::format("the side of {} is not the one its witness is on", name));
  if (!(w.margin == margin || std::abs(w.margin - margin) <= 0x1p-50 * margin))
    all.push_back(fmt::format("the margin of {} = {}, but the nearest jump is {} away", name, w.margin, margin));
  return all;
}

Complaints complaints_of(const Condition& condition, double gap, const Matrices& instance, const Measurement& m,
                         bool older) {
  const NaiveAtAlpha naive_at = [&](double alpha) { return condition.naive(instance, alpha); };
  return CheckedCondition(m, gap, condition.arguments, naive_at, older).check();
}

}  // namespace theoremeter
