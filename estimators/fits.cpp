#include "estimators/fits.hpp"

#include "estimators/intervals.hpp"
#include "estimators/statistics.hpp"
#include "theory/types.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <type_traits>

namespace theoremeter {
namespace {

using Eigen::ArrayXd;

/// The means at each point of a curve, and of resamples of its draws: one by one, or, where there are many, in blocks,
/// which are as independent as the draws are.
class PointMeans {
 public:
  PointMeans() = default;
  explicit PointMeans(const std::vector<std::vector<double>>& values) {
    const auto points = static_cast<Eigen::Index>(values.size());
    counts_.resize(points);
    means_.resize(points);
    for (Eigen::Index i = 0; i < points; ++i) {
      const std::vector<double>& at = values[static_cast<std::size_t>(i)];
      assert(!at.empty());
      counts_(i) = static_cast<double>(at.size());
      means_(i) = mean(at);
      for (const double v : at) squares_ += (v - means_(i)) * (v - means_(i));
      blocks_.push_back(in_blocks(at, means_(i)));
    }
  }

  const ArrayXd& counts() const { return counts_; }
  const ArrayXd& means() const { return means_; }
  double draws() const { return counts_.sum(); }
  double squares_within() const { return squares_; }  // of all draws about their point's mean
  bool replicated() const { return counts_.minCoeff() >= 2; }

  /// As many with replacement at each point, deviations raised to those of an unbiased variance.
  ArrayXd resampled(Stream stream) const {
    ArrayXd all = means_;
    for (Eigen::Index i = 0; i < means_.size(); ++i) {
      const std::vector<Block>& blocks = blocks_[static_cast<std::size_t>(i)];
      const std::size_t n = blocks.size();
      Block sum;
      for (std::size_t b = 0; b < n; ++b) {
        const Block& one = blocks[static_cast<std::size_t>(stream() % n)];
        sum = {sum.deviations + one.deviations, sum.draws + one.draws};
      }
      if (n > 1) all(i) += sum.deviations / sum.draws * std::sqrt(static_cast<double>(n) / static_cast<double>(n - 1));
    }
    return all;
  }

 private:
  struct Block {
    double deviations = 0, draws = 0;  // from the point's mean, summed; how many
  };

  static std::vector<Block> in_blocks(const std::vector<double>& values, double centre) {
    constexpr std::size_t most = 512;
    const std::size_t n = values.size(), count = std::min(n, most);
    std::vector<Block> blocks(count);
    for (std::size_t d = 0; d < n; ++d) {
      Block& block = blocks[d * count / n];
      block.deviations += values[d] - centre;
      ++block.draws;
    }
    return blocks;
  }

  std::vector<std::vector<Block>> blocks_;
  ArrayXd counts_, means_;
  double squares_ = 0;
};

/// log y = log_a + b z, and the sum over all draws of squared residuals of the means (those within points come on top).
struct Line {
  double log_a, b, residuals;
};

/// The abscissa against which the logarithm of a law, less what has no parameter, is a line.
double line_abscissa(Law law, double x) {
  if (law == Law::exponential) return -x;
  return law == Law::power ? std::log(x) : std::log(std::log(x));
}
double line_ordinate(Law law, double x, double y) { return std::log(y) - (law == Law::klog ? std::log(x) : 0); }

/// A law as a line: y' = log y less what has no parameter, against z.
class LawAsLine {
 public:
  LawAsLine(Law law, const Curve& curve) : z_(static_cast<Eigen::Index>(curve.size())) {
    std::vector<std::vector<double>> logs;
    for (std::size_t i = 0; i < curve.size(); ++i) {
      z_(static_cast<Eigen::Index>(i)) = line_abscissa(law, curve[i].x);
      std::vector<double>& at = logs.emplace_back();
      for (const double y : curve[i].values) at.push_back(line_ordinate(law, curve[i].x, y));
    }
    means_ = PointMeans(logs);
    centre_ = (means_.counts() * z_).sum() / means_.draws();
    spread_ = (means_.counts() * (z_ - centre_).square()).sum();
    assert(spread_ > 0);
  }

  const PointMeans& means() const { return means_; }
  Line fitted(const ArrayXd& y) const {
    return with_exponent(y, (means_.counts() * (z_ - centre_) * y).sum() / spread_);
  }
  Line with_exponent(const ArrayXd& y, double b) const {
    const double log_a = (means_.counts() * (y - b * z_)).sum() / means_.draws();
    return {log_a, b, (means_.counts() * (y - log_a - b * z_).square()).sum()};
  }

  /// The means of a resample: of the draws at each point; or, where a point has but one, of all residuals at once.
  ArrayXd resampled(const Stream& stream) const {
    if (means_.replicated()) return means_.resampled(stream);
    const Line line = fitted(means_.means());
    const double n = means_.draws(), raised = std::sqrt(n / std::max(1.0, n - 2));
    const ArrayXd residuals = means_.means() - line.log_a - line.b * z_;
    ArrayXd all = line.log_a + line.b * z_;
    Stream random = stream;
    for (double& y : all)
      y += raised * residuals(static_cast<Eigen::Index>(random() % static_cast<std::uint64_t>(residuals.size())));
    return all;
  }
  double degrees_of_freedom() const {
    return std::max(1.0, means_.draws() - (means_.replicated() ? static_cast<double>(z_.size()) : 2));
  }

 private:
  ArrayXd z_;
  PointMeans means_;
  double centre_ = 0, spread_ = 0;
};

/// The same where x was measured too: the line through resampled draws, each with its z and y'. Where there are many,
/// in blocks, whose draws are spread over the curve.
class PairsAsLine {
 public:
  PairsAsLine(Law law, const Curve& curve) {
    std::size_t draws = 0;
    for (const Level& level : curve) draws += level.values.size();
    constexpr std::size_t most = 512;
    blocks_.resize(std::min(draws, most));
    std::size_t d = 0;
    Sums all;
    for (const Level& level : curve)
      for (const double y : level.values) all += Sums::of(line_abscissa(law, level.x), line_ordinate(law, level.x, y));
    z0_ = all.z / all.n, y0_ = all.y / all.n;
    for (const Level& level : curve)
      for (const double y : level.values)
        blocks_[d++ % blocks_.size()] +=
            Sums::of(line_abscissa(law, level.x) - z0_, line_ordinate(law, level.x, y) - y0_);
    draws_ = static_cast<double>(draws);
  }

  Line fitted(const Stream& stream) const {
    const Sums s = resampled(stream);
    return with_exponent(s, (s.n * s.zy - s.z * s.y) / s.spread());
  }
  Line with_exponent(const Stream& stream, double b) const { return with_exponent(resampled(stream), b); }
  double degrees_of_freedom() const { return draws_ - 2; }

 private:
  struct Sums {
    double n = 0, z = 0, y = 0, zz = 0, zy = 0, yy = 0;

    static Sums of(double z, double y) { return {1, z, y, z * z, z * y, y * y}; }
    Sums& operator+=(const Sums& o) {
      n += o.n, z += o.z, y += o.y, zz += o.zz, zy += o.zy, yy += o.yy;
      return *this;
    }
    double spread() const { return n * zz - z * z; }
  };

  /// As many blocks; again where all of them are of one x.
  Sums resampled(Stream stream) const {
    for (;;) {
      Sums sum;
      for (std::size_t b = 0; b < blocks_.size(); ++b)
        sum += blocks_[static_cast<std::size_t>(stream() % blocks_.size())];
      if (sum.spread() > 1e-12 * sum.n * sum.zz) return sum;
    }
  }

  Line with_exponent(const Sums& s, double b) const {
    const double a = (s.y - b * s.z) / s.n;
    return {a + y0_ - b * z0_, b, s.yy - 2 * b * s.zy + b * b * s.zz - s.n * a * a};
  }

  std::vector<Sums> blocks_;
  double z0_ = 0, y0_ = 0, draws_ = 0;
};

/// `statistic` of each resample, in their order.
template <class Statistic>
auto of_resamples(const Bootstrap& how, const Statistic& statistic) {
  std::vector<std::invoke_result_t<Statistic, Stream>> all(static_cast<std::size_t>(how.resamples));
#pragma omp parallel for num_threads(how.threads) schedule(dynamic, 8)
  for (int r = 0; r < how.resamples; ++r)
    all[static_cast<std::size_t>(r)] = statistic(how.stream.at({static_cast<std::uint64_t>(r)}));
  return all;
}

/// Percentiles, moved away from the estimate by `factor`.
Estimate with_interval(double value, const std::vector<double>& resampled, double confidence, double factor) {
  const double tail = (1 - confidence) / 2;
  const std::vector<double> ends = quantiles(resampled, {tail, 1 - tail});
  return {value, value + factor * (ends[0] - value), value + factor * (ends[1] - value)};
}

double student_over_normal(double degrees, double confidence) {
  return student_factor(degrees, confidence) / normal_factor(confidence);
}

double share_below_zero(const std::vector<double>& differences) {  // a tie is half of each
  double below = 0;
  for (const double d : differences) below += d < 0 ? 1 : d == 0 ? 0.5 : 0;
  return below / static_cast<double>(differences.size());
}

// --- Data collapse --------------------------------------------------------------------------------------------------

/// The points of all curves, curve by curve, from left to right.
class Collapsing {
 public:
  explicit Collapsing(const std::vector<CurveAt>& curves) {
    std::vector<std::vector<double>> values;
    for (const CurveAt& c : curves) {
      std::vector<Level> levels = c.curve;
      std::sort(levels.begin(), levels.end(), [](const Level& a, const Level& b) { return a.x < b.x; });
      curves_.push_back({std::log(c.k), log_x_.size(), log_x_.size() + levels.size()});
      for (const Level& level : levels) {
        log_x_.push_back(std::log(level.x));
        values.push_back(level.values);
      }
    }
    means_ = PointMeans(values);
  }

  const PointMeans& means() const { return means_; }

  /// Each point against each other curve that reaches over it, interpolated: the mean square in units of its variance.
  double spread(const ArrayXd& y, double exponent) const {
    double sum = 0;
    std::size_t pairs = 0, met = 0;
    for (const Stretch& own : curves_)
      for (std::size_t i = own.begin; i < own.end; ++i) {
        const std::size_t before = pairs;
        for (const Stretch& other : curves_)
          if (&other != &own)
            if (const double d = apart(y, i, other, log_x_[i] - exponent * (own.log_k - other.log_k)); d >= 0) {
              sum += d;
              ++pairs;
            }
        met += pairs > before;
      }
    return 2 * met >= log_x_.size() ? sum / static_cast<double>(pairs) : std::numeric_limits<double>::infinity();
  }

  /// On a grid, then on finer ones about its best: the spread is smooth only between the exponents where points pass
  /// each other.
  double best(const ArrayXd& y) const {
    double at = least_exponent, least = std::numeric_limits<double>::infinity();
    const auto look = [&](double low, double high, int steps) {
      for (int i = 0; i <= steps; ++i) {
        const double exponent = low + (high - low) * i / steps;
        if (const double s = spread(y, exponent); s < least) least = s, at = exponent;
      }
    };
    double step = 0.05;
    look(least_exponent, most_exponent, static_cast<int>((most_exponent - least_exponent) / step + 0.5));
    for (int finer = 0; finer < 3; ++finer, step /= 8) look(at - step, at + step, 16);
    return at;
  }

 private:
  struct Stretch {
    double log_k;
    std::size_t begin, end;
  };

  /// The square of y_i - the curve at t, over its variance in that of one draw; -1 where the curve does not reach.
  double apart(const ArrayXd& y, std::size_t i, const Stretch& curve, double t) const {
    const auto first = log_x_.begin() + static_cast<std::ptrdiff_t>(curve.begin),
               last = log_x_.begin() + static_cast<std::ptrdiff_t>(curve.end);
    if (curve.begin == curve.end || t < *first || t > *(last - 1)) return -1;
    const auto right = static_cast<Eigen::Index>(std::lower_bound(first, last, t) - log_x_.begin());
    const Eigen::Index left = std::max(right - 1, static_cast<Eigen::Index>(curve.begin));
    const double begin = log_x_[static_cast<std::size_t>(left)],
                 width = log_x_[static_cast<std::size_t>(right)] - begin, part = width > 0 ? (t - begin) / width : 0;
    const ArrayXd& n = means_.counts();
    const auto at = static_cast<Eigen::Index>(i);
    const double d = y(at) - (1 - part) * y(left) - part * y(right);
    return d * d / (1 / n(at) + (1 - part) * (1 - part) / n(left) + part * part / n(right));
  }

  std::vector<Stretch> curves_;
  std::vector<double> log_x_;
  PointMeans means_;
};

}  // namespace

LawFit fit_law(Law law, const Curve& curve, const Bootstrap& how) {
  const LawAsLine as_line(law, curve);
  const PointMeans& means = as_line.means();
  const Line line = as_line.fitted(means.means());
  std::vector<Line> again;
  double factor = 0;
  if (how.pairs) {
    const PairsAsLine pairs(law, curve);
    const double degrees = pairs.degrees_of_freedom();
    again = of_resamples(how, [&](const Stream& stream) { return pairs.fitted(stream); });
    factor = student_over_normal(degrees, how.confidence) * std::sqrt((degrees + 2) / degrees);
  } else {
    again = of_resamples(how, [&](const Stream& stream) { return as_line.fitted(as_line.resampled(stream)); });
    factor = student_over_normal(as_line.degrees_of_freedom(), how.confidence);
  }
  std::vector<double> log_a, b;
  for (const Line& l : again) {
    log_a.push_back(l.log_a);
    b.push_back(l.b);
  }
  const Estimate a = with_interval(line.log_a, log_a, how.confidence, factor);
  LawFit fit;
  fit.a = {std::exp(a.value), std::exp(a.low), std::exp(a.high)};
  fit.b = with_interval(line.b, b, how.confidence, factor);
  fit.residuals = line.residuals + means.squares_within();
  fit.draws = static_cast<std::int64_t>(means.draws());
  fit.residuals_resampled = !how.pairs && !means.replicated();
  return fit;
}

Comparison compare_laws(Law law, const Curve& curve, double first, double second, const Bootstrap& how) {
  const LawAsLine line(law, curve);
  const auto residuals = [&](const ArrayXd& y, double b) { return line.with_exponent(y, b).residuals; };
  const ArrayXd& y = line.means().means();
  Comparison c{first, second, residuals(y, first), residuals(y, second)};
  c.residuals_first += line.means().squares_within();
  c.residuals_second += line.means().squares_within();
  c.aic = line.means().draws() * std::log(c.residuals_first / c.residuals_second);
  if (how.pairs) {
    const PairsAsLine pairs(law, curve);
    c.probability = share_below_zero(of_resamples(how, [&](const Stream& stream) {
      return pairs.with_exponent(stream, first).residuals - pairs.with_exponent(stream, second).residuals;
    }));
  } else {
    c.probability = share_below_zero(of_resamples(how, [&](const Stream& stream) {
      const ArrayXd again = line.resampled(stream);
      return residuals(again, first) - residuals(again, second);
    }));
  }
  return c;
}

double collapse_spread(const std::vector<CurveAt>& curves, double exponent) {
  const Collapsing all(curves);
  return all.spread(all.means().means(), exponent);
}

CollapseFit fit_collapse(const std::vector<CurveAt>& curves, const Bootstrap& how) {
  const Collapsing all(curves);
  const double best = all.best(all.means().means());
  const std::vector<double> resampled =
      of_resamples(how, [&](const Stream& stream) { return all.best(all.means().resampled(stream)); });
  return {with_interval(best, resampled, how.confidence, 1), std::sqrt(all.spread(all.means().means(), best))};
}

Comparison compare_collapses(const std::vector<CurveAt>& curves, double first, double second, const Bootstrap& how) {
  const Collapsing all(curves);
  const ArrayXd& y = all.means().means();
  Comparison c{first, second, std::sqrt(all.spread(y, first)), std::sqrt(all.spread(y, second))};
  c.aic = std::numeric_limits<double>::quiet_NaN();  // a spread is no likelihood
  c.probability = share_below_zero(of_resamples(how, [&](const Stream& stream) {
    const ArrayXd again = all.means().resampled(stream);
    return all.spread(again, first) - all.spread(again, second);
  }));
  return c;
}

}  // namespace theoremeter
