#include "estimators/fit_alpha.hpp"

#include "estimators/decompositions.hpp"
#include "estimators/instances.hpp"
#include "theory/error.hpp"
#include "theory/operators.hpp"

#include <fmt/format.h>
#include <Eigen/Eigenvalues>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace theoremeter {
namespace {

constexpr double lines_agree = 1e-14;  // where they meet, of levels up to 1/2

/// slope s + at_zero <= phi(s) for all s >= 0, attained at a cut's point.
struct Line {
  double slope, at_zero;
  std::size_t cut;

  double at(double s) const { return slope * s + at_zero; }
};

/// A point of the search with S and Q there, and what is known of || s S - Q ||: its value at `s`, where it was last
/// computed.
struct Cut {
  Point point;
  Eigen::MatrixXd S, Q;
  double norm_S;
  double s = 0, value = 0.5;

  /// || s S - Q || moves by at most || S || |ds|.
  double bound(double at) const { return value + norm_S * std::abs(at - s); }
};

/// The lowest point of the maximum of lines, and the two that meet there.
struct Lowest {
  double s = 0, level = 0;
  std::size_t falling = 0, rising = 0;
};

/// The model of phi: the largest of the values at the points known.
class Model {
 public:
  explicit Model(const Rows& W) : W_(W) {}

  /// Adds a point. Returns its value at s.
  double add(const Point& p, double s) {
    const Eigen::MatrixXd S = sum_of_active(p), E = Q(p[0], p[1]).dense();
    const double norm = symmetric_eigenvalues(S).maxCoeff();
    cuts_.push_back({p, S, E, norm});
    return touch(cuts_.size() - 1, s);
  }

  /// The minimum over all s >= 0: the lines' lowest point, touched until they agree with the points' values.
  Lowest minimise() {
    Lowest lowest;
    for (int round = 0; round < 100; ++round) {
      lowest = lowest_of_lines();
      if (value(lowest.s, lowest.level) <= lowest.level * (1 + 1e-9)) break;
    }
    return lowest;
  }

  /// The largest value at s, of the points whose value may be above `least`.
  double value(double s, double least) {
    double largest = 0;
    for (std::size_t i = 0; i < cuts_.size(); ++i)
      if (cuts_[i].bound(s) > least) largest = std::max(largest, touch(i, s));
    return largest;
  }

  /// The points with the largest values at s, best first.
  std::vector<Point> best(double s, std::size_t most) {
    value(s, 0);
    std::vector<std::size_t> order(cuts_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t i, std::size_t j) { return cuts_[i].value > cuts_[j].value; });
    std::vector<Point> points;
    for (std::size_t i = 0; i < std::min(most, order.size()); ++i) points.push_back(cuts_[order[i]].point);
    return points;
  }

  /// The points whose values are nowhere both below the level; one, where that is enough.
  std::vector<Point> proof(const Lowest& lowest) const {
    const std::size_t a = lines_[lowest.falling].cut, b = lines_[lowest.rising].cut;
    if (a == b) return {cuts_[a].point};
    return {cuts_[a].point, cuts_[b].point};
  }

 private:
  Eigen::MatrixXd sum_of_active(const Point& p) const {
    Eigen::MatrixXd S = Eigen::MatrixXd::Zero(W_.cols(), W_.cols());
    for (const auto& w : W_.rowwise())
      if (exact_sign_dot(w.data(), p[0].data(), w.size()) > 0 && exact_sign_dot(w.data(), p[1].data(), w.size()) > 0)
        S.selfadjointView<Eigen::Lower>().rankUpdate(w.transpose());
    return S.selfadjointView<Eigen::Lower>();
  }

  // The cut's value at s; the lines that touch it there are kept. u'Su >= 0 but for rounding.
  double touch(std::size_t i, double s) {
    Cut& cut = cuts_[i];
    if (cut.s == s) return cut.value;
    const SymmetricEigen eigen = symmetric_eigen(s * cut.S - cut.Q);
    cut.s = s;
    cut.value = 0;
    for (const double side : {1.0, -1.0}) {
      const Eigen::VectorXd u = eigen.vectors.col(side > 0 ? cut.S.cols() - 1 : 0);
      lines_.push_back({side * std::max(0.0, u.dot(cut.S * u)), -side * u.dot(cut.Q * u), i});
      cut.value = std::max(cut.value, lines_.back().at(s));
    }
    return cut.value;
  }

  // A falling or level line and a rising one; where they meet, the highest line takes the place of one of them.
  Lowest lowest_of_lines() const {
    Lowest l;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (lines_[i].slope <= 0 && (lines_[l.falling].slope > 0 || lines_[i].at_zero > lines_[l.falling].at_zero))
        l.falling = i;
      if (lines_[i].slope > lines_[l.rising].slope) l.rising = i;
    }
    for (std::size_t exchanges = 0; true; ++exchanges) {
      const Line &down = lines_[l.falling], &up = lines_[l.rising];
      l.s = (down.at_zero - up.at_zero) / (up.slope - down.slope);
      l.level = down.at(l.s);
      std::size_t highest = 0;
      for (std::size_t i = 1; i < lines_.size(); ++i)
        if (lines_[i].at(l.s) > lines_[highest].at(l.s)) highest = i;
      if (!(lines_[highest].at(l.s) > l.level + lines_agree) || exchanges > lines_.size()) return l;
      (lines_[highest].slope > 0 ? l.rising : l.falling) = highest;
    }
  }

  const Rows& W_;
  std::vector<Cut> cuts_;
  std::vector<Line> lines_;
};

class AlphaFitting {
 public:
  AlphaFitting(const Rows& W, std::int64_t starts, const Stream& stream, const Stream& last, int threads,
               const Progress& progress)
      : W_(W), model_(W_), starts_(starts), stream_(stream), last_(last), threads_(threads), progress_(progress) {}

  FittedAlpha run(const std::vector<Point>& known) {
    start(known);
    Searched found;
    Lowest at;
    for (int full = 0; full < 4; ++full) {
      at = agree_with_short_searches();
      const bool below_half = at.level < 0.5 * (1 - fit_tolerance);
      found = searched(at.s, below_half ? starts_ : std::max(few_, starts_ / 4), last_);
      if (!above(model_.add(found.witness.point, at.s), at.level)) break;
    }
    return result(at, std::move(found));
  }

 private:
  static bool above(double value, double level) { return value > level * (1 + fit_tolerance); }

  // x = y = +-v, v the leading right singular vector: one has v'Sv >= |Wv|^2/2, and so a line that rises; and both have
  // one that does not.
  void start(const std::vector<Point>& known) {
    const SymmetricEigen eigen = symmetric_eigen(W_.transpose() * W_);
    const Eigen::VectorXd v = eigen.vectors.col(W_.cols() - 1);
    const double s = 1 / eigen.values(W_.cols() - 1);
    model_.add({v, v}, s);
    model_.add({-v, -v}, s);
    for (const Point& p : known) model_.add(p, s);
  }

  // Until neither a climb from the worst points known nor a search of a sixteenth of the starts finds more.
  Lowest agree_with_short_searches() {
    Lowest at = model_.minimise();
    for (int round = 0; round < 40; ++round) {
      bool more = climb(at);
      if (!more) {
        const Searched found = searched(at.s, few_, stream_.at({searches_}));
        more = above(model_.add(found.witness.point, at.s), at.level);
      }
      at = model_.minimise();
      if (!more) break;
    }
    return at;
  }

  // From the worst points known to the tops nearby, at this alpha. Is one of them above the model?
  bool climb(const Lowest& at) {
    const Wdc d(W_, 1 / at.s);
    const Climber<Wdc> climber(d, SearchPlan(W_.rows(), W_.cols()).reach);
    std::vector<Climb> climbs;
    for (const Point& p : model_.best(at.s, 6))
      for (const double sign : {1.0, -1.0}) climbs.push_back({p, p[0], sign});
    std::vector<std::int64_t> lines(climbs.size());
#pragma omp parallel for schedule(dynamic) num_threads(threads_)
    for (std::size_t i = 0; i < climbs.size(); ++i) lines[i] = climber.climb(climbs[i], 1e-6);
    bool more = false;
    for (std::size_t i = 0; i < climbs.size(); ++i) {
      evaluations_ += lines[i];
      if (above(climbs[i].value * at.s, at.level)) more = above(model_.add(climbs[i].p, at.s), at.level) || more;
    }
    return more;
  }

  Searched searched(double s, std::int64_t starts, const Stream& stream) {
    const auto before = static_cast<double>(searches_++);  // how many there will be is not known
    Searched found = search(Wdc(W_, 1 / s), starts, stream, threads_, [&](double done) {
      if (progress_) progress_(1 - 8 / (8 + before + done));
    });
    evaluations_ += found.evaluations;
    starts_made_ += found.starts;
    return found;
  }

  // The witness is the worst point known, whoever found it.
  FittedAlpha result(const Lowest& at, Searched found) {
    const Wdc d(W_, 1 / at.s);
    for (const Point& p : model_.best(at.s, 2))
      if (Witness w = evaluate(d, p); w.value > found.witness.value * (1 + 1e-10)) found.witness = std::move(w);
    found.starts = starts_made_;
    found.evaluations = evaluations_;
    const Lowest lowest = model_.minimise();
    const double level = lowest.level > 10 * lines_agree ? lowest.level : 0;  // k = 1 can reach 0, but for rounding
    return {1 / at.s, {level, model_.proof(lowest)}, std::move(found)};
  }

  const Rows& W_;
  Model model_;
  std::int64_t starts_, few_ = std::min(starts_, std::max<std::int64_t>(256, starts_ / 16));
  Stream stream_, last_;
  int threads_;
  const Progress& progress_;
  std::uint64_t searches_ = 0;
  std::int64_t evaluations_ = 0, starts_made_ = 0;
};

}  // namespace

FittedAlpha fit_alpha(const Rows& W, const std::vector<Point>& known, std::int64_t starts, const Stream& stream,
                      const Stream& last, int threads, const Progress& progress) {
  const double largest = W.cwiseAbs().maxCoeff();
  if (largest == 0) {
    const Point diagonal(2, Eigen::VectorXd::Unit(W.cols(), 0));  // every point has 1/2
    return {1, {0.5, {diagonal}}, search(Wdc(W, 1), starts, last, threads, progress)};
  }
  const int e = std::ilogb(largest);
  const Rows scaled = W.unaryExpr([e](double w) { return std::ldexp(w, -e); });
  FittedAlpha fitted = AlphaFitting(scaled, starts, stream, last, threads, progress).run(known);
  fitted.alpha = std::ldexp(fitted.alpha, 2 * e);
  fitted.searched.witness.value = std::ldexp(fitted.searched.witness.value, 2 * e);
  if (!std::isnormal(fitted.alpha) || !std::isfinite(fitted.searched.witness.value))
    throw InputError(
        fmt::format("alpha fit: with entries of W up to {:.3g}, alpha is no double; scale W towards 1", largest));
  return fitted;
}

}  // namespace theoremeter
