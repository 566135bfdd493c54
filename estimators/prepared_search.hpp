// Worst-case search for a prepared deviation: the largest value it can find, with a witness.
//
// A start is an ascent that moves one argument at a time, along great circles: along the gradient of f with its jumps
// smoothed at a temperature that falls, just across the wall whose crossing promises most, at random, or onto another
// argument. Losses are accepted in proportion to the temperature. Starts come in batches; the best found so far in an
// epoch are the elite that most later starts leave from. A batch's starts see the same elite, draw from streams keyed
// by (epoch, batch, start) and are merged in order: the result does not depend on the threads.
#pragma once

#include "estimators/measurement.hpp"
#include "estimators/prepared.hpp"
#include "estimators/progress.hpp"
#include "estimators/random_vectors.hpp"
#include "estimators/stream.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

namespace theoremeter {

struct PreparedSearchPlan {
  int batch = 8, batches = 8;  // an epoch
  int steps = 400;             // of a start
  std::size_t elite = 6;
  double fresh = 0.25;            // the part of the later starts that does not leave from the elite
  double near = 0.02, far = 0.5;  // how far from it the others begin
  double cold = 0.01;             // the last temperature, in units of the typical switch
  double loss = 0.4;              // accepted at temperature 1, as a part of f
};

template <PreparedDeviation D>
class PreparedSearch {
 public:
  explicit PreparedSearch(const D& d, PreparedSearchPlan plan = {}) : d_(d), plan_(plan) {}

  /// The epochs' best, at most plan.elite of them and the best first, with the counts in `found`. The first epoch's
  /// starts leave from `seeds`, points of the product of spheres.
  std::vector<Witness> run(std::int64_t starts, const Stream& stream, int threads, const Progress& progress,
                           const std::vector<Point>& seeds, Searched& found) const {
    std::vector<Climb> champions;
    for (std::uint64_t epoch = 0; found.starts < starts; ++epoch) {
      std::vector<Climb> elite;
      if (epoch == 0)
        for (const Point& p : seeds) admit(elite, at(p));
      for (int b = 0; b < plan_.batches && found.starts < starts; ++b) {
        const auto count = static_cast<int>(std::min<std::int64_t>(plan_.batch, starts - found.starts));
        std::vector<Climb> arrivals(static_cast<std::size_t>(count));
#pragma omp parallel for num_threads(threads) schedule(dynamic)
        for (int i = 0; i < count; ++i)
          arrivals[static_cast<std::size_t>(i)] =
              start(elite, stream.at({epoch, static_cast<std::uint64_t>(b), static_cast<std::uint64_t>(i)}));
        for (Climb& a : arrivals) {
          found.evaluations += a.evaluations;
          found.undefined += a.undefined;
          admit(elite, std::move(a));
        }
        found.starts += count;
        if (progress) progress(static_cast<double>(found.starts) / static_cast<double>(starts));
      }
      for (Climb& a : elite) admit(champions, std::move(a));
    }
    std::vector<Witness> best;
    for (const Climb& c : champions) best.push_back(d_.witness(pointers(c)));
    std::stable_sort(best.begin(), best.end(), [](const Witness& a, const Witness& b) { return a.value > b.value; });
    return best;
  }

 private:
  using State = typename D::State;

  struct Climb {
    std::vector<std::shared_ptr<const State>> states;  // one a sphere; shared, as most are not changed by a step
    double value = 0;                                  // NaN where f is not defined
    std::int64_t evaluations = 0, undefined = 0;
  };

  static States<D> pointers(const Climb& c) {
    States<D> all;
    for (const auto& state : c.states) all.push_back(state.get());
    return all;
  }

  std::size_t spheres() const { return static_cast<std::size_t>(d_.spheres()); }

  std::shared_ptr<const State> prepare(std::size_t s, const Eigen::VectorXd& p) const {
    return std::make_shared<const State>(d_.prepare(static_cast<int>(s), p));
  }

  void evaluate(Climb& c) const {
    c.value = d_.value(pointers(c));
    ++c.evaluations;
    c.undefined += std::isnan(c.value);
  }

  Climb at(const Point& p) const {
    Climb c;
    for (std::size_t s = 0; s < spheres(); ++s) c.states.push_back(prepare(s, p[s].normalized()));
    evaluate(c);
    return c;
  }

  static std::size_t pick(std::size_t count, Stream& stream) {
    return static_cast<std::size_t>(stream.uniform() * static_cast<double>(count));
  }

  Point random_point(Stream& stream) const {
    Point p;
    for (std::size_t s = 0; s < spheres(); ++s)
      p.push_back(uniform_direction(d_.dimension(static_cast<int>(s)), stream));
    return p;
  }

  // Fresh, tried until f is defined; or a member of the elite, shaken.
  Climb start(const std::vector<Climb>& elite, Stream stream) const {
    Climb c;
    double temperature = 1;
    if (elite.empty() || stream.uniform() < plan_.fresh) {
      for (int attempt = 0; attempt < 64 && (attempt == 0 || std::isnan(c.value)); ++attempt) {
        Climb next = at(random_point(stream));
        next.evaluations += c.evaluations;
        next.undefined += c.undefined;
        c = std::move(next);
      }
      if (std::isnan(c.value)) return c;
    } else {
      c = elite[pick(elite.size(), stream)];
      c.evaluations = c.undefined = 0;
      temperature = plan_.near * std::pow(plan_.far / plan_.near, stream.uniform());
    }
    return ascend(std::move(c), temperature, stream);
  }

  Climb ascend(Climb c, double temperature, Stream& stream) const {
    Climb best = c;
    const double cooling = std::pow(plan_.cold / temperature, 1.0 / (plan_.steps - 1));
    for (int step = 0; step < plan_.steps; ++step, temperature *= cooling) {
      const std::size_t s = pick(spheres(), stream);
      const std::shared_ptr<const State> before = c.states[s];
      const double value = c.value;
      c.states[s] = prepare(s, proposal(c, s, temperature, stream));
      evaluate(c);
      const double accepted = value * (1 + plan_.loss * temperature * std::log(stream.uniform()));
      if (!(c.value >= accepted)) {
        c.states[s] = before;
        c.value = value;
      }
      if (c.value > best.value) best = c;
    }
    best.evaluations = c.evaluations;
    best.undefined = c.undefined;
    return best;
  }

  Eigen::VectorXd proposal(const Climb& c, std::size_t s, double temperature, Stream& stream) const {
    const Eigen::VectorXd& p = c.states[s]->p;
    const double kind = stream.uniform();
    if (kind < 0.05) {
      const std::size_t other = pick(spheres(), stream);
      if (other != s && c.states[other]->p.size() == p.size()) return c.states[other]->p;
    }
    const double far = temperature * std::pow(4, 1 - 3 * stream.uniform());
    if (kind < 0.2) return turned(p, uniform_direction(p.size(), stream), std::min(1.5, far));
    const Switches w = d_.switches(static_cast<int>(s), pointers(c));
    if (kind < 0.5 && w.z.size() > 0) return crossed(c, s, w, temperature, stream);
    const Eigen::ArrayXd slope = (1 + (w.z / temperature).square()).pow(-1.5) / (2 * temperature);  // of a smooth step
    Eigen::VectorXd g = w.smooth;
    if (w.z.size() > 0) g += d_.pull(static_cast<int>(s), *c.states[s], w.gain * slope);
    return turned(p, g, std::min(1.0, far));
  }

  // p turned by an angle towards g.
  static Eigen::VectorXd turned(const Eigen::VectorXd& p, Eigen::VectorXd g, double angle) {
    g -= g.dot(p) * p;
    const double norm = g.norm();
    if (norm == 0) return p;
    return (std::cos(angle) * p + std::sin(angle) / norm * g).normalized();
  }

  // Just across one of the walls whose crossing promises most for its distance.
  Eigen::VectorXd crossed(const Climb& c, std::size_t s, const Switches& w, double temperature, Stream& stream) const {
    const Eigen::ArrayXd promise = -w.gain * w.z.sign() / (w.z.abs() + temperature);
    std::vector<Eigen::Index> order(static_cast<std::size_t>(promise.size()));
    std::iota(order.begin(), order.end(), Eigen::Index{0});
    const auto top = static_cast<std::ptrdiff_t>(std::min<std::size_t>(order.size(), 8));
    std::partial_sort(order.begin(), order.begin() + top, order.end(),
                      [&](Eigen::Index i, Eigen::Index j) { return promise(i) > promise(j); });
    const Eigen::Index i = order[pick(static_cast<std::size_t>(top), stream)];
    Eigen::ArrayXd one = Eigen::ArrayXd::Zero(promise.size());
    one(i) = 1;
    const Eigen::VectorXd& p = c.states[s]->p;
    Eigen::VectorXd h = d_.pull(static_cast<int>(s), *c.states[s], one);
    h -= h.dot(p) * p;
    const double square = h.squaredNorm();
    return square > 0 ? Eigen::VectorXd((p - 1.01 * w.z(i) / square * h).normalized()) : p;
  }

  // Sorted, no two at the same value; those where f is not defined stay out.
  void admit(std::vector<Climb>& elite, Climb a) const {
    if (std::isnan(a.value)) return;
    const auto place = std::lower_bound(elite.begin(), elite.end(), a,
                                        [](const Climb& e, const Climb& x) { return e.value > x.value; });
    if (place != elite.end() && place->value == a.value) return;
    elite.insert(place, std::move(a));
    if (elite.size() > plan_.elite) elite.pop_back();
  }

  const D& d_;
  PreparedSearchPlan plan_;
};

/// The largest deviation found from so many starts: at least. Where f was defined nowhere, the witness has no point.
/// Bitwise the same for any number of threads. Throws InputError unless starts >= 1 and threads >= 1.
template <PreparedDeviation D>
Searched search(const D& d, std::int64_t starts, const Stream& stream, int threads, const Progress& progress = {}) {
  if (starts < 1) throw InputError(fmt::format("starts = {}: a search needs at least 1", starts));
  if (threads < 1) throw InputError(fmt::format("threads = {}: a search needs at least 1", threads));
  Searched found;
  const std::vector<Witness> best = PreparedSearch<D>(d).run(starts, stream, threads, progress, {}, found);
  if (!best.empty()) found.witness = best[0];
  return found;
}

}  // namespace theoremeter
