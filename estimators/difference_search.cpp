#include "estimators/difference_search.hpp"

#include "estimators/difference_anneal.hpp"
#include "estimators/random_vectors.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace theoremeter {
namespace {

using Eigen::Index, Eigen::VectorXd;
using DifferenceElite = std::vector<DifferenceClimb>;  // best first

struct Island {
  int half;
  double sign;
  DifferenceElite elite = {};

  double best() const { return elite.empty() ? -std::numeric_limits<double>::infinity() : elite[0].value; }
};

// The i-th of n shares of a whole, whole numbers themselves.
std::int64_t share(std::int64_t whole, std::int64_t n, std::int64_t i) {
  const auto before = [&](std::int64_t j) { return (j * whole + n - 1) / n; };
  return before(i + 1) - before(i);
}

class DifferenceSearch {
 public:
  explicit DifferenceSearch(const Rrcp& rrcp)
      : plan_(rrcp.network().input, rrcp.property()),
        k_(rrcp.network().input),
        directions_(rrcp.property() == Rrcp::Property::isometry ? 0 : 2),
        annealer_(rrcp),
        climber_(rrcp, annealer_) {}

  FoundDifferences run(std::int64_t starts, const Stream& stream, int threads, const Progress& progress) const {
    FoundDifferences found;
    std::vector<Island> islands;
    const int rounds = rounds_of(starts);
    for (int i = 0; i < 2 << rounds; ++i) islands.push_back({i % 2, i / 2 % 2 == 0 ? 1.0 : -1.0});
    for (int round = 0; round <= rounds; ++round) {
      const std::int64_t until = starts * (round + 1) / (rounds + 1);
      for (std::uint64_t turn = 0; found.starts < until; ++turn) {
        advance(islands, until, stream.at({static_cast<std::uint64_t>(round), turn}), threads, found);
        if (progress) progress(static_cast<double>(found.starts) / static_cast<double>(starts));
      }
      survive(islands, round < rounds ? 1 << (rounds - round - 1) : 0, found);
    }
    for (auto& half : found.halves) finish(half, stream, threads, found);
    return found;
  }

 private:
  // That halve the islands: as many as leave each its `opening` starts at first.
  int rounds_of(std::int64_t starts) const {
    int rounds = 1;
    while (starts >= static_cast<std::int64_t>(plan_.opening) * (rounds + 2) * (4 << rounds)) ++rounds;
    return rounds;
  }

  // A batch for each island, or a few of them.
  void advance(std::vector<Island>& islands, std::int64_t until, const Stream& stream, int threads,
               FoundDifferences& found) const {
    const auto batches = static_cast<std::int64_t>(std::max<std::size_t>(islands.size(), plan_.batches));
    const std::int64_t starts = std::min(until - found.starts, batches * plan_.batch);
    std::vector<DifferenceClimb> arrivals(static_cast<std::size_t>(batches));
    std::vector<std::int64_t> evaluations(arrivals.size());
#pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (std::int64_t b = 0; b < batches; ++b) {
      const auto i = static_cast<std::size_t>(b);
      if (const std::int64_t count = share(starts, batches, b); count > 0)
        arrivals[i] = batch(islands[i % islands.size()], count, stream.at({i}), evaluations[i]);
    }
    for (std::size_t i = 0; i < arrivals.size(); ++i) {
      if (evaluations[i] == 0) continue;
      found.evaluations += evaluations[i];
      if (!std::isfinite(arrivals[i].value)) found.undefined += evaluations[i];
      admit(islands[i % islands.size()].elite, std::move(arrivals[i]), plan_.elite);
    }
    found.starts += starts;
  }

  DifferenceClimb batch(const Island& island, Index count, Stream stream, std::int64_t& evaluations) const {
    DifferenceColumns c(k_, directions_, count);
    c.sign.setConstant(static_cast<float>(island.sign));
    const DifferenceElite& elite = island.elite;
    const bool anew = !elite.empty() && plan_.anew > 0 && stream.uniform() < plan_.anew;
    const double away = anew ? plan_.near : plan_.near * std::pow(plan_.far / plan_.near, stream.uniform());
    const double hot = elite.empty() ? plan_.hot : anew ? plan_.hot_anew : std::min(plan_.hot, 2 * away);
    c.temperature.setConstant(static_cast<float>(hot));
    for (Index j = 0; j < count; ++j)
      if (elite.empty())
        fresh(c, j, stream);
      else if (anew)
        renew(Place(any(elite, stream)), c, j, stream);
      else
        leave(departure(elite, stream), away, c, j, stream);
    evaluations = annealer_.run(c, steps_from(hot));
    Index best = 0;
    annealer_.values(c).maxCoeff(&best);
    evaluations += c.size();
    DifferenceClimb climb = climber_.start(c, best);
    evaluations += climber_.climb(climb, plan_.failures, plan_.least, stream);
    return climb;
  }

  // All cool equally fast.
  int steps_from(double hot) const {
    const double part = std::log(hot / DifferenceAnnealer::coldest) / std::log(plan_.hot / DifferenceAnnealer::coldest);
    return std::max(static_cast<int>(plan_.steps * part), plan_.steps / 4);
  }

  void fresh(DifferenceColumns& c, Index j, Stream& stream) const {
    for (Eigen::MatrixXf* p : {&c.x, &c.y, &c.a, &c.w})
      if (p->cols() > 0) p->col(j) = uniform_direction(k_, stream).cast<float>();
    c.log_h(j) = static_cast<float>(std::log(0.01) + stream.uniform() * std::log(300));
  }

  static const DifferenceClimb& any(const DifferenceElite& elite, Stream& stream) {
    return elite[static_cast<std::size_t>(stream.uniform() * static_cast<double>(elite.size()))];
  }

  // What a later start is near, in unit vectors: x, y, and the middle and the direction of x1 and x2.
  struct Place {
    VectorXd x, y, middle, difference;
    double log_h;

    explicit Place(const DifferenceClimb& at)
        : x(at.x.normalized()),
          y(at.y.normalized()),
          middle((at.x1 + at.x2).normalized()),
          difference((at.x1 - at.x2).normalized()),
          log_h(std::log((at.x1 - at.x2).norm() / std::max(1e-100, (at.x1 + at.x2).norm()))) {}

    // Part of the way to another; x and y, and x1 and x2, may be told in either order.
    void approach(Place to, double part) {
      if (x.dot(to.y) + y.dot(to.x) > x.dot(to.x) + y.dot(to.y)) std::swap(to.x, to.y);
      if (difference.dot(to.difference) < 0) to.difference = -to.difference;
      x += part * (to.x - x);
      y += part * (to.y - y);
      middle += part * (to.middle - middle);
      difference += part * (to.difference - difference);
      log_h += part * (to.log_h - log_h);
    }
  };

  // An elite point, or one on the way from it to another: what good points have in common stays, where they differ is
  // where to look.
  Place departure(const DifferenceElite& elite, Stream& stream) const {
    Place from(any(elite, stream));
    if (plan_.between > 0 && stream.uniform() < plan_.between) {
      const Place to(any(elite, stream));
      from.approach(to, stream.uniform());
    }
    return from;
  }

  // In a part of the starts the signs or the difference hardly move.
  void leave(const Place& from, double away, DifferenceColumns& c, Index j, Stream& stream) const {
    const double kind = stream.uniform(), move_xy = away * (kind < 0.2 ? 0.1 : 1),
                 move_difference = away * (kind > 0.8 ? 0.1 : 1);
    const auto moved = [&](const VectorXd& p, double by) {
      return (p + by * uniform_direction(k_, stream)).normalized().cast<float>().eval();
    };
    if (directions_ > 0) {
      c.x.col(j) = moved(from.x, move_xy);
      c.y.col(j) = moved(from.y, move_xy);
    }
    c.a.col(j) = moved(from.middle, move_difference);
    c.w.col(j) = moved(from.difference, move_difference);
    c.log_h(j) = std::clamp(static_cast<float>(from.log_h + stream.normal() * std::min(1.0, 3 * move_difference)),
                            DifferenceAnnealer::least_log_h, DifferenceAnnealer::most_log_h);
  }

  // x and y anywhere, and annealed alone: the difference of an elite point hardly moves and stays cold. Where the signs
  // agree best with a good difference is a search of its own, of which annealing all of them together sees little.
  void renew(const Place& from, DifferenceColumns& c, Index j, Stream& stream) const {
    leave(from, plan_.near, c, j, stream);
    for (Eigen::MatrixXf* p : {&c.x, &c.y}) p->col(j) = uniform_direction(k_, stream).cast<float>();
    c.warmest(j) = static_cast<float>(plan_.near);
  }

  // Sorted, no two alike; a climb that is nowhere defined stays out.
  void admit(DifferenceElite& elite, DifferenceClimb a, std::size_t most) const {
    if (!std::isfinite(a.value)) return;
    const auto near = [](const VectorXd& p, const VectorXd& q) { return p.dot(q) > 0.999 * p.norm() * q.norm(); };
    const auto alike = [&](const DifferenceClimb& e) {
      if (e.sign != a.sign || !near(e.x1 + e.x2, a.x1 + a.x2)) return false;
      if (a.x.size() == 0) return near(e.x1 - e.x2, a.x1 - a.x2) || near(e.x2 - e.x1, a.x1 - a.x2);
      return (near(e.x, a.x) && near(e.y, a.y)) || (near(e.x, a.y) && near(e.y, a.x));
    };
    const auto twin = std::find_if(elite.begin(), elite.end(), alike);
    if (twin != elite.end()) {
      if (twin->value >= a.value) return;
      elite.erase(twin);
    }
    const auto place =
        std::upper_bound(elite.begin(), elite.end(), a,
                         [](const DifferenceClimb& x, const DifferenceClimb& e) { return x.value > e.value; });
    elite.insert(place, std::move(a));
    if (elite.size() > most) elite.pop_back();
  }

  void retire(Island& island, FoundDifferences& found) const {
    for (DifferenceClimb& a : island.elite) admit(found.halves[static_cast<std::size_t>(island.half)], std::move(a), 2);
  }

  // The best of each half go on: as many for either side, which do not rise equally fast, unless one is far behind or
  // one island is to be left.
  void survive(std::vector<Island>& islands, int of_half, FoundDifferences& found) const {
    std::stable_sort(islands.begin(), islands.end(),
                     [](const Island& a, const Island& b) { return a.best() > b.best(); });
    const auto side_of = [](const Island& i) { return static_cast<std::size_t>(2 * i.half + (i.sign > 0 ? 0 : 1)); };
    std::array<double, 4> best;
    best.fill(-std::numeric_limits<double>::infinity());
    for (const Island& i : islands) best[side_of(i)] = std::max(best[side_of(i)], i.best());
    const auto share_of = [&](std::size_t side) {
      const double own = best[side], other = best[side ^ 1];
      const double high = std::max(own, other), low = std::min(own, other);
      const bool far = high > low && low < high - plan_.behind * std::abs(high);  // or has been given up: -infinity
      if (of_half > 1 && !far) return of_half / 2;
      const bool leads = own > other || (own == other && side % 2 == 0);
      return leads ? of_half : 0;
    };
    std::vector<Island> alive;
    std::array<int, 4> of_sides{};
    for (Island& island : islands) {
      const std::size_t side = side_of(island);
      if (of_sides[side] < share_of(side)) {
        ++of_sides[side];
        alive.push_back(std::move(island));
      } else {
        retire(island, found);
      }
    }
    islands = std::move(alive);
  }

  void finish(DifferenceElite& elite, const Stream& stream, int threads, FoundDifferences& found) const {
    std::vector<std::int64_t> lines(elite.size());
#pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (std::size_t i = 0; i < elite.size(); ++i) {
      Stream own = stream.at({~std::uint64_t{0}, static_cast<std::uint64_t>(&elite - found.halves.data()), i});
      lines[i] = climber_.climb(elite[i], plan_.last_failures, 1e-7, own);
    }
    for (const std::int64_t n : lines) found.evaluations += n;
    std::stable_sort(elite.begin(), elite.end(),
                     [](const DifferenceClimb& a, const DifferenceClimb& b) { return a.value > b.value; });
  }

  DifferencePlan plan_;
  Index k_, directions_;
  DifferenceAnnealer annealer_;
  DifferenceClimber climber_;
};

}  // namespace

FoundDifferences search_differences(const Rrcp& rrcp, std::int64_t starts, const Stream& stream, int threads,
                                    const Progress& progress) {
  return DifferenceSearch(rrcp).run(starts, stream, threads, progress);
}

}  // namespace theoremeter
