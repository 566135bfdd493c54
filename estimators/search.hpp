// Worst-case search: the largest deviation it can find, with a witness that anyone can re-evaluate.
//
// Columns (p, u) are annealed in batches (search_anneal.hpp), the best of each batch climb to a local maximum
// (search_climb.hpp), and join the elite of their island, from which, or from between which, most later columns start.
// An epoch is a tournament in two halves that share nothing: it opens with `islands` islands, half of each half's
// survive every few rounds, and in the last rounds the better one of the two left. Epochs share nothing either, so that
// a deceptive basin costs one of them. A round's batches see the same elites, draw from streams keyed by (epoch, round,
// batch) and are merged in order: the result does not depend on the threads.
#pragma once

#include "estimators/decompositions.hpp"
#include "estimators/deviation.hpp"
#include "estimators/evaluate.hpp"
#include "estimators/measurement.hpp"
#include "estimators/progress.hpp"
#include "estimators/random_vectors.hpp"
#include "estimators/search_anneal.hpp"
#include "estimators/search_climb.hpp"
#include "estimators/stream.hpp"
#include "estimators/units.hpp"
#include "theory/error.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace theoremeter {

/// How an n x k instance is searched. Where there are few cells, many quick epochs, most of whose columns climb; where
/// there are many, as for the joint-WDC, which is on twice as many spheres as the others, always - few and slow ones:
/// for large k one that takes all starts, and opens with slow annealings from above, which settle in better valleys
/// than quick ones.
struct SearchPlan {
  int islands;
  int elite, batch;
  int rounds;              // of an epoch
  int climbers;            // of a batch
  float alike = 0.99f;     // climbers of a batch are at smaller cosines than this
  double opening;          // the first part of an epoch's rounds, in which all starts are fresh, and slow
  double hot;              // the first temperature of fresh starts
  int slow, steps;         // of an annealing: in the opening, and later
  float rate;              // of its steps: for large k twice as long find more in as many
  double fresh;            // the part of the later starts that is not near an elite point
  double between;          // the part of the others that is near the way from one elite point to another: finds more
                           // where there are many rows a dimension, less where there are few
  double anew;             // the part of later batches in which p begins anywhere and is annealed alone, u held: finds
                           // more at k = 10 with 50 rows a dimension, less with 20, no more at k = 20
  double hot_anew = 0.3;   // from which temperature
  double released = 0.15;  // and to which u is held
  double near = 0.02;      // how far from an elite point the others are, at least
  double far = 0.5;        // and at most, at first
  double end;              // and in the end: for large k, late, only near ones find anything better
  double quench;           // fresh starts begin at this part of the highest temperature, or above
  double reach;            // of an edge: the tangent of an angle

  SearchPlan(Eigen::Index n, Eigen::Index k, int spheres = 2)
      : islands(k <= 30 ? 8 : 4),
        elite(k <= 30 ? 12 : 6),
        batch(k <= 64 ? 32 : 16),
        rounds(k <= 4 && spheres == 2 ? 4
               : k <= 30              ? 16
                                      : 96),
        climbers(k <= 4 && spheres == 2 ? 16
                 : k <= 30              ? 4
                 : k <= 64              ? 2
                                        : 1),
        opening(k <= 30 ? 0 : 0.1),
        hot(k <= 30 ? 1.5 : 3),
        slow(800),
        steps(k <= 30 ? static_cast<int>(std::clamp<Eigen::Index>(4 * k, 20, 120)) : 300),
        rate(k <= 30 ? 0.5f : 1.0f),
        fresh(k <= 30 ? 0.25 : 0),
        between(k <= 10 || n < 40 * k ? 0
                : k <= 30             ? 0.5
                                      : 0.2),
        anew(k >= 10 && k < 20 && n >= 50 * k && spheres == 2 ? 0.3 : 0),
        end(k <= 30 ? far : 0.1),
        quench(k <= 5 ? 0.05 : 1),
        reach(std::max(std::clamp(2 / static_cast<double>(k), 0.05, 0.2), 30 / static_cast<double>(n))) {}
};

/// Starts that a search of an n x k instance is worth by default: a fraction of a second for k <= 4, where a
/// certificate waits for it, then up to some 40 CPU-seconds. Whole rounds. Of the joint-WDC twice k.
inline std::int64_t default_starts(std::int64_t n, std::int64_t k) {
  const double N = static_cast<double>(n), size = N * static_cast<double>(k);
  const double starts = k <= 4    ? std::clamp(3e6 / N, 2048.0, 8192.0)
                        : k <= 30 ? std::clamp(16384 * 4e4 / size, 256.0, 65536.0)
                                  : std::clamp(3072 * std::pow(1e5 / size, 0.8), 256.0, 16384.0);
  return static_cast<std::int64_t>(starts) / 256 * 256;
}

template <Deviation D>
class Search {
 public:
  Search(const D& d, const SearchPlan& plan) : d_(d), plan_(plan), annealer_(d), climber_(d, plan.reach) {}

  Searched run(std::int64_t starts, const Stream& stream, int threads, const Progress& progress) {
    const std::int64_t round_starts = plan_.islands * plan_.batch;
    plan_.rounds = static_cast<int>(std::min<std::int64_t>(plan_.rounds, (starts + round_starts - 1) / round_starts));
    std::array<Elite, 2> champions;  // of either half
    Searched found;
    for (std::uint64_t epoch = 0; found.starts < starts; ++epoch) {
      std::vector<Island> islands;
      for (int i = 0; i < plan_.islands; ++i) islands.push_back({static_cast<std::size_t>(i / 2 % 2), {}});
      for (int round = 0; round < plan_.rounds && found.starts < starts; ++round) {
        const std::int64_t left = starts - found.starts;
        const int batches =
            static_cast<int>(std::min<std::int64_t>(plan_.islands, (left + plan_.batch - 1) / plan_.batch));
        std::vector<Elite> arrivals(static_cast<std::size_t>(batches));
        std::vector<std::int64_t> evaluations(arrivals.size());
#pragma omp parallel for schedule(dynamic) num_threads(threads)
        for (int b = 0; b < batches; ++b) {
          const auto i = static_cast<std::size_t>(b);
          const int columns = static_cast<int>(std::min<std::int64_t>(plan_.batch, left - b * plan_.batch));
          arrivals[i] = advance(islands[i % islands.size()].elite, b, columns, round,
                                stream.at({epoch, static_cast<std::uint64_t>(round), i}), evaluations[i]);
        }
        for (std::size_t i = 0; i < arrivals.size(); ++i) {
          found.evaluations += evaluations[i];
          for (Climb& a : arrivals[i])
            admit(islands[i % islands.size()].elite, std::move(a), static_cast<std::size_t>(plan_.elite));
        }
        found.starts += std::min<std::int64_t>(left, batches * plan_.batch);
        if (progress) progress(static_cast<double>(found.starts) / static_cast<double>(starts));
        survive(islands, round, champions);
      }
      for (Island& island : islands) retire(island, champions);
    }
    std::array<double, 2> best{};
    for (std::size_t half = 0; half < 2; ++half) {
      Witness w = finish(champions[half], found.evaluations);
      best[half] = w.point.empty() ? std::numeric_limits<double>::quiet_NaN() : w.value;
      if (half == 0)
        found.witness = std::move(w);
      else
        keep_better(found.witness, std::move(w));
    }
    found.agreement = agreement_of(best[0], best[1]);
    for (const Point& p : free_points(found.witness.point)) {
      ++found.evaluations;
      keep_better(found.witness, evaluate(d_, p));
    }
    return found;
  }

 private:
  using Elite = std::vector<Climb>;  // best first

  struct Island {
    std::size_t half;
    Elite elite;

    double best() const { return elite.empty() ? -1e300 : elite[0].value; }
  };

  // One batch: fresh columns, or columns near the elite; annealed; the best few climb.
  Elite advance(const Elite& elite, int b, int count, int round, Stream stream, std::int64_t& evaluations) const {
    const auto S = static_cast<std::size_t>(d_.spheres());
    const Eigen::Index k = d_.rows().cols();
    Annealed c;
    for (std::size_t s = 0; s < S; ++s) c.p.emplace_back(d_.hyperplanes(static_cast<int>(s)).cols(), count);
    c.u.resize(k, count);
    c.sign.resize(count);
    c.temperature.resize(count);
    c.held.setConstant(count, std::numeric_limits<float>::infinity());
    const double part = static_cast<double>(round) / plan_.rounds,
                 far = plan_.far * std::pow(plan_.end / plan_.far, part);
    const bool slow = part < plan_.opening, opening = slow || elite.empty();
    const bool anew = !opening && plan_.anew > 0 && stream.uniform() < plan_.anew;
    for (int j = 0; j < count; ++j) {
      if (anew) {
        renew(elite, c, j, stream);
        continue;
      }
      const bool fresh = opening || stream.uniform() < plan_.fresh;
      const Climb* from = fresh ? nullptr : &any(elite, stream);
      const double away = plan_.near * std::pow(far / plan_.near, stream.uniform());
      const Point base = from ? base_point(elite, *from, stream) : Point{};
      for (std::size_t s = 0; s < S; ++s) {
        Eigen::VectorXd x = uniform_direction(c.p[s].rows(), stream);
        if (from) x = (base[s] + away * x).normalized();
        c.p[s].col(j) = x.template cast<float>();
      }
      c.u.col(j) = uniform_direction(k, stream).template cast<float>();
      c.sign(j) = elite.empty() ? (b % 2 == 1 ? -1.0f : 1.0f) : static_cast<float>(elite[0].sign);
      c.temperature(j) = from ? static_cast<float>(std::min(1.5, 2 * away))
                              : static_cast<float>(plan_.hot * std::pow(plan_.quench, stream.uniform()));
      if (!from && d_.symmetric() && b % 4 == 3)
        for (std::size_t s = 0; s < S; s += 2) c.p[s + 1].col(j) = c.p[s].col(j);
    }
    const int steps = slow ? plan_.slow : plan_.steps;
    annealer_.run(c, steps, plan_.rate);
    evaluations += static_cast<std::int64_t>(count) * (steps + 1);
    Elite risen;
    for (const Eigen::Index j : best_columns(c, annealer_.values(c))) {
      Climb a{Annealer<D>::point(c, j), c.u.col(j).template cast<double>(), c.sign(j)};
      evaluations += climber_.climb(a, 1e-6);
      risen.push_back(std::move(a));
    }
    return risen;
  }

  // p anywhere, u an elite point's and held: where p goes best with a good u is a search of its own, of which annealing
  // both together sees little.
  void renew(const Elite& elite, Annealed& c, Eigen::Index j, Stream& stream) const {
    for (auto& p : c.p) p.col(j) = uniform_direction(p.rows(), stream).template cast<float>();
    c.u.col(j) = any(elite, stream).u.template cast<float>();
    c.sign(j) = static_cast<float>(elite[0].sign);
    c.temperature(j) = static_cast<float>(plan_.hot_anew);
    c.held(j) = static_cast<float>(plan_.released);
  }

  static const Climb& any(const Elite& elite, Stream& stream) {
    return elite[static_cast<std::size_t>(stream.uniform() * static_cast<double>(elite.size()))];
  }

  // An elite point, or one on the way from it to another: what good points have in common stays, where they differ is
  // where to look.
  Point base_point(const Elite& elite, const Climb& from, Stream& stream) const {
    Point base = from.p;
    if (plan_.between == 0 || stream.uniform() >= plan_.between) return base;
    const Climb& to = any(elite, stream);
    const double part = stream.uniform();
    const auto near = [&](std::size_t s, std::size_t t) { return from.p[s].dot(to.p[t]); };
    for (std::size_t s = 0; s < base.size(); ++s) {
      const std::size_t other = s ^ 1;  // pairs may be told in either order
      const bool swap = d_.symmetric() && near(s, other) + near(other, s) > near(s, s) + near(other, other);
      base[s] += part * (to.p[swap ? other : s] - from.p[s]);
    }
    return base;
  }

  std::vector<Eigen::Index> best_columns(const Annealed& c, const Eigen::ArrayXd& value) const {
    std::vector<Eigen::Index> order(static_cast<std::size_t>(value.size())), chosen;
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<Eigen::Index>(i);
    std::stable_sort(order.begin(), order.end(), [&](Eigen::Index i, Eigen::Index j) { return value(i) > value(j); });
    const auto alike = [&](Eigen::Index i, Eigen::Index j) {
      bool same = c.sign(i) == c.sign(j);
      for (const auto& p : c.p) same = same && p.col(i).dot(p.col(j)) > plan_.alike;
      return same;
    };
    for (const Eigen::Index j : order) {
      if (chosen.size() == static_cast<std::size_t>(plan_.climbers)) break;
      if (std::none_of(chosen.begin(), chosen.end(), [&](Eigen::Index i) { return alike(i, j); })) chosen.push_back(j);
    }
    return chosen;
  }

  // Sorted, at most `most`, no two alike.
  void admit(Elite& elite, Climb a, std::size_t most) const {
    const auto near = [&](const Climb& e, std::size_t s, std::size_t t) { return e.p[s].dot(a.p[t]) > 0.999; };
    const auto alike = [&](const Climb& e) {
      bool same = e.sign == a.sign;
      if (!d_.symmetric())
        for (std::size_t s = 0; s < a.p.size(); ++s) same = same && near(e, s, s);
      else
        for (std::size_t s = 0; s < a.p.size(); s += 2)
          same = same && ((near(e, s, s) && near(e, s + 1, s + 1)) || (near(e, s, s + 1) && near(e, s + 1, s)));
      return same;
    };
    const auto twin = std::find_if(elite.begin(), elite.end(), alike);
    if (twin != elite.end()) {
      if (twin->value >= a.value) return;
      elite.erase(twin);
    }
    const auto place = std::upper_bound(elite.begin(), elite.end(), a,
                                        [](const Climb& x, const Climb& e) { return x.value > e.value; });
    elite.insert(place, std::move(a));
    if (elite.size() > most) elite.pop_back();
  }

  void retire(Island& island, std::array<Elite, 2>& champions) const {
    for (Climb& a : island.elite) admit(champions[island.half], std::move(a), 2);
  }

  // After each quarter of the rounds the better islands go on: as many of either half, as long as there is more than
  // one.
  void survive(std::vector<Island>& islands, int round, std::array<Elite, 2>& champions) const {
    const int stages = static_cast<int>(std::bit_width(static_cast<unsigned>(plan_.islands)));
    const int alive = std::max(1, plan_.islands >> (round + 1) * stages / plan_.rounds);
    std::stable_sort(islands.begin(), islands.end(),
                     [](const Island& a, const Island& b) { return a.best() > b.best(); });
    const int of_half = std::max(1, alive / 2);
    std::array<int, 2> taken{};
    std::vector<Island> on;
    for (Island& island : islands) {
      if (static_cast<int>(on.size()) < alive && taken[island.half] < of_half) {
        ++taken[island.half];
        on.push_back(std::move(island));
      } else {
        retire(island, champions);
      }
    }
    islands = std::move(on);
  }

  // The best champion, climbed to the end, and as far off the walls it leans on as costs nothing that matters.
  Witness finish(Elite& champions, std::int64_t& evaluations) const {
    Witness best;
    best.value = -1;
    for (Climb& a : champions) {
      evaluations += climber_.climb(a, 1e-13);
      for (const double step : {1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 0.0}) {
        ++evaluations;
        keep_better(best, evaluate(d_, climber_.off_walls(a, step)));
      }
    }
    return best;
  }

  // The larger value, or the larger margin where the values hardly differ.
  static void keep_better(Witness& best, Witness w) {
    if (w.value > best.value * (1 + 1e-10) || (w.value > best.value * (1 - 1e-10) && w.margin > best.margin))
      best = std::move(w);
  }

  // Points that no ascent is needed for: p_s = +-p_{s+1}, both an eigenvector of the hyperplanes' H'H - the directions
  // in which they see least and most; least is 0 where there are dead ones - or both an argument of the best point.
  std::vector<Point> free_points(const Point& best) const {
    std::vector<Point> points;
    for (std::size_t s = 0; s < best.size(); s += 2)
      if (s + 1 == best.size() || best[s].size() != best[s + 1].size()) return points;
    for (int which = 0; which < 4; ++which)
      for (const auto& [first, second] : {std::pair{1, 1}, {-1, -1}, {1, -1}}) {
        Point p(best.size());
        for (std::size_t s = 0; s < best.size(); s += 2) {
          const Eigen::VectorXd x = which < 2 ? best[s + static_cast<std::size_t>(which)] : seen(s, which == 3);
          p[s] = first * x;
          p[s + 1] = second * x;
        }
        points.push_back(std::move(p));
      }
    return points;
  }
  Eigen::VectorXd seen(std::size_t s, bool most) const {
    const Rows& H = d_.hyperplanes(static_cast<int>(s));
    return symmetric_eigen(H.transpose() * H).vectors.col(most ? H.cols() - 1 : 0);
  }

  const D& d_;
  SearchPlan plan_;
  Annealer<D> annealer_;
  Climber<D> climber_;
};

/// The largest deviation found from so many starts: at least. Bitwise the same for any number of threads.
/// Throws InputError unless starts >= 1 and threads >= 1.
template <Deviation D>
Searched search(const D& d, std::int64_t starts, const Stream& stream, int threads, const Progress& progress = {}) {
  if (starts < 1) throw InputError("starts = " + std::to_string(starts) + ": a search needs at least 1");
  if (threads < 1) throw InputError("threads = " + std::to_string(threads) + ": a search needs at least 1");
  const InUnits<D> measured = in_units(d);
  const SearchPlan plan(d.rows().rows(), d.rows().cols(), d.spheres());
  Searched found = Search<D>(measured.deviation, plan).run(starts, stream, threads, progress);
  found.witness.value *= measured.unit;
  return found;
}

}  // namespace theoremeter
