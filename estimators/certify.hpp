// Upper bounds by exhaustion: branch and bound over pairs of cones proves  f <= tau  on the whole product of two
// spheres.
//
// Two separate proofs, lambda_max(S - E) <= tau and lambda_max(E - S) <= tau. A pair of cones is discarded when
// ConeBound shows it lies below tau, otherwise one of the two cones is split. Deterministic for any number of threads:
// pairs are first split breadth-first into items, items are explored depth-first and their outcomes are read in index
// order.
#pragma once

#include "estimators/cone_bound.hpp"
#include "estimators/enumerate.hpp"
#include "estimators/evaluate.hpp"
#include "estimators/hyperplanes.hpp"
#include "estimators/progress.hpp"

#include <omp.h>

#include <atomic>
#include <functional>
#include <optional>

namespace theoremeter {

/// The coefficient of a hyperplane over a product of two cones, bounded for one side, as a function of the two halves.
using CoefficientBound = std::array<std::array<double, 3>, 3>;

enum class Proof { below, refuted, exhausted };

template <int K>
class ConeCertifier {
 public:
  template <SignDeviation D>
  explicit ConeCertifier(const D& d) : ConeCertifier(d, distinct_hyperplanes(d.hyperplanes(0))) {}

  /// Is side(S - E) <= tau everywhere? `nodes`: the pairs that may be bounded; returns how many were.
  Proof prove(Side side, double tau, std::int64_t& nodes, int threads, Witness& refuter,
              const Progress& progress) const {
    return Exploration{*this, side, tau, progress}.run(nodes, threads, refuter);
  }

 private:
  template <SignDeviation D>
  ConeCertifier(const D& d, const std::vector<Hyperplane>& hyperplanes)
      : bound_(d.q_scale(), d.q_shift()),
        outer_(hyperplanes.size()),
        table_(hyperplanes.size()),
        rounding_(rounding_margin * (d.rows().squaredNorm() + std::abs(d.q_scale()) + std::abs(d.q_shift()))),
        evaluate_([&d](const Cone<K>& A, const Cone<K>& B) {
          return evaluate(d, Point{Eigen::VectorXd::Map(A.centre.data(), K), Eigen::VectorXd::Map(B.centre.data(), K)});
        }),
        tree_(directions(d, hyperplanes), tabulate(d, hyperplanes), zero_negative(d, hyperplanes)) {}

  using Pair = ConePair<K>;
  static constexpr int deepest = 48 * (K - 1);  // cones about 2^-24 wide
  static constexpr std::size_t items_wanted = 6000;

  struct Exploration {
    const ConeCertifier& c;
    Side side;
    double tau;
    const Progress& progress;

    struct Item {
      std::atomic<std::int64_t> nodes{0};
      std::optional<Witness> refuter;
      bool unresolved = false;
    };

    Proof run(std::int64_t& budget, int threads, Witness& refuter) const {
      Item first;  // breadth-first: what is open in front, what came of it behind
      std::vector<Pair> open = keep_open(c.root_pairs(side), first);
      for (std::size_t done = 0; !open.empty() && open.size() < items_wanted; done = 0) {
        std::vector<Pair> next;
        for (; done < open.size() && !first.refuter; done += lanes)
          expand(&open[done], std::min<std::size_t>(lanes, open.size() - done), first, next);
        open = std::move(next);
        if (first.refuter || first.nodes > budget) break;
      }
      std::vector<Item> items(open.size());
      if (!first.refuter && !first.unresolved && first.nodes <= budget)
        explore(open, items, budget - first.nodes, threads);
      return outcome(first, items, budget, refuter);
    }

    // Items start in index order, so those started are a prefix. An item stops early only when the items up to it have
    // certainly spent the budget or an earlier one is refuted: what outcome() reads does not depend on the threads.
    void explore(const std::vector<Pair>& open, std::vector<Item>& items, std::int64_t budget, int threads) const {
      std::atomic<std::size_t> last{items.size()};  // items beyond need not run
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
      for (std::size_t i = 0; i < items.size(); ++i) {
        if (i > last.load(std::memory_order_relaxed)) continue;
        if (progress && omp_get_thread_num() == 0) progress(double(i) / double(items.size()));
        descend(open[i], items[i], [&] {
          std::int64_t spent = 0;
          for (std::size_t j = 0; j <= i; ++j) spent += items[j].nodes.load(std::memory_order_relaxed);
          if (spent > budget || items[i].refuter) lower(last, i);
          return i > last.load(std::memory_order_relaxed) || spent > budget;
        });
      }
    }

    static Proof outcome(const Item& first, const std::vector<Item>& items, std::int64_t& budget, Witness& refuter) {
      std::int64_t spent = 0;
      bool unresolved = false;
      const auto decided = [&](const Item& item) {
        spent += item.nodes;
        unresolved = unresolved || item.unresolved;
        return spent > budget || item.refuter;
      };
      const Item* stop = decided(first) ? &first : nullptr;
      for (std::size_t i = 0; i < items.size() && !stop; ++i)
        if (decided(items[i])) stop = &items[i];
      const bool exhausted = spent > budget;
      budget = std::min(spent, budget);
      if (stop && !exhausted) {
        refuter = *stop->refuter;
        return Proof::refuted;
      }
      return exhausted || unresolved ? Proof::exhausted : Proof::below;
    }

    static void lower(std::atomic<std::size_t>& last, std::size_t i) {
      std::size_t now = last.load();
      while (i < now && !last.compare_exchange_weak(now, i)) {
      }
    }

    // Depth first, eight pairs at a time. `stopped` is asked now and then and once at the end.
    template <class Stopped>
    void descend(const Pair& root, Item& item, const Stopped& stopped) const {
      std::vector<Pair> open{root}, batch;
      std::int64_t asked = 0;
      while (!open.empty() && !item.refuter) {
        const std::size_t count = std::min<std::size_t>(lanes, open.size());
        batch.assign(open.end() - std::ptrdiff_t(count), open.end());
        open.resize(open.size() - count);
        expand(batch.data(), count, item, open);
        if (item.nodes - asked > 20000) {
          asked = item.nodes;
          if (stopped()) return;
        }
      }
      stopped();
    }

    // Splits the pairs, bounds their children and appends those not below tau to `open`.
    void expand(const Pair* pairs, std::size_t count, Item& item, std::vector<Pair>& open) const {
      std::array<Pair, 3 * lanes> children;
      std::size_t born = 0;
      for (std::size_t i = 0; i < count; ++i) {
        if (pairs[i].depth >= deepest) {  // tau is attained here, to rounding
          item.unresolved = true;
          continue;
        }
        born += c.split(side, pairs[i], &children[born]);
      }
      for (std::size_t i = 0; i < born; i += lanes) {
        const int group = static_cast<int>(std::min<std::size_t>(lanes, born - i));
        const unsigned below = c.bound_.below(side, &children[i], group, tau - c.rounding_);
        for (int l = 0; l < group; ++l)
          if (!(below >> l & 1)) open.push_back(children[i + std::size_t(l)]);
      }
      const std::int64_t before = item.nodes.load(std::memory_order_relaxed);
      item.nodes.store(before + std::int64_t(born), std::memory_order_relaxed);
      if (before / 512 != item.nodes / 512 && count > 0) look_for_refuter(pairs[0], item);
    }

    // Now and then, deep down, look whether the deviation itself exceeds tau: then the incumbent was not the maximum.
    // The centre may lie on the wrong side of an undecided hyperplane, hence the children's.
    void look_for_refuter(const Pair& pair, Item& item) const {
      if (pair.depth < 18 || pair.depth >= deepest) return;
      for (const Cone<K>& a : c.tree_.children(*pair.a))
        for (const Cone<K>& b : c.tree_.children(*pair.b))
          if (Witness w = c.evaluate_(a, b); w.value > tau) {
            item.refuter = std::move(w);
            return;
          }
    }

    std::vector<Pair> keep_open(const std::vector<Pair>& pairs, Item& item) const {
      std::vector<Pair> open;
      for (const Pair& pair : pairs)
        if (!c.bound_.below(side, &pair, 1, tau - c.rounding_)) open.push_back(pair);
      item.nodes += std::int64_t(pairs.size());
      return open;
    }
  };

  // The two halves of a pair, or the three of a diagonal one, where by symmetry (child 0, child 1) stands for (1, 0).
  std::size_t split(Side side, const Pair& pair, Pair* out) const {
    if (pair.a != pair.b) {
      const bool first = pair.a->score >= pair.b->score;
      for (std::size_t child = 0; child < 2; ++child) out[child] = half(side, pair, first, child);
      return 2;
    }
    const Pair left = half(side, pair, true, 0), right = half(side, pair, true, 1);
    out[0] = half(side, left, false, 0);
    out[1] = half(side, left, false, 1);
    out[2] = half(side, right, false, 1);
    return 3;
  }

  Pair half(Side side, const Pair& pair, bool first, std::size_t child) const {
    const Cone<K>& cone = tree_.children(first ? *pair.a : *pair.b)[child];
    Pair out{first ? &cone : pair.a, first ? pair.b : &cone, pair.S, pair.depth + 1};
    update(side, cone, first ? *pair.b : *pair.a, out.S);
    return out;
  }

  template <SignDeviation D>
  Rows directions(const D& d, const std::vector<Hyperplane>& hyperplanes) {
    Rows H(Eigen::Index(hyperplanes.size()), K);
    for (std::size_t i = 0; i < hyperplanes.size(); ++i) {
      H.row(Eigen::Index(i)) = d.hyperplanes(0).row(hyperplanes[i].row);
      const auto r = d.rows().row(hyperplanes[i].row);
      for (int a = 0, ab = 0; a < K; ++a)
        for (int b = 0; b <= a; ++b, ++ab) outer_[i].entry[std::size_t(ab)] = r(a) * r(b);
    }
    return H;
  }

  // The coefficient bounds of each hyperplane; returns which decisions change them at all.
  template <SignDeviation D>
  typename ConeTree<K>::Matters tabulate(const D& d, const std::vector<Hyperplane>& hyperplanes) {
    typename ConeTree<K>::Matters matters;
    for (auto& side : matters)
      for (auto& half : side) half.resize(hyperplanes.size());
    for (std::size_t i = 0; i < hyperplanes.size(); ++i) {
      std::array<CoefficientBound, 2> bounds;
      for (std::size_t side = 0; side < 2; ++side)
        for (std::size_t x = 0; x < 3; ++x)
          for (std::size_t y = 0; y < 3; ++y) bounds[side][x][y] = worst(d, Side(side), hyperplanes[i], x, y);
      const auto known = std::find(tables_.begin(), tables_.end(), bounds);
      table_[i] = static_cast<std::int32_t>(known - tables_.begin());
      if (known == tables_.end()) tables_.push_back(bounds);
      for (std::size_t side = 0; side < 2; ++side)
        for (std::size_t half = 0; half < 3; ++half)
          matters[side][half][i] = bounds[side][half] != bounds[side][std::size_t(Half::ambiguous)];
    }
    return matters;
  }

  template <SignDeviation D>
  static std::vector<bool> zero_negative(const D& d, const std::vector<Hyperplane>& hyperplanes) {
    std::vector<bool> result;
    for (const Hyperplane& h : hyperplanes) result.push_back(zero_counts_as_negative(d, h));
    return result;
  }

  // max (plus) or min (minus) of the coefficient over the signs that the halves allow.
  template <SignDeviation D>
  static double worst(const D& d, Side side, const Hyperplane& h, std::size_t x, std::size_t y) {
    const auto signs = [](std::size_t half) {
      return half == 0 ? std::vector<double>{-1} : half == 1 ? std::vector<double>{-1, 0, 1} : std::vector<double>{1};
    };
    double worst =
        side == Side::plus ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
    for (double z : signs(x))
      for (double w : signs(y)) {
        const double c = coefficient(d, h, z, w);
        worst = side == Side::plus ? std::max(worst, c) : std::min(worst, c);
      }
    return worst;
  }

  std::vector<Pair> root_pairs(Side side) const {
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < 2 * K; ++i)
      for (std::size_t j = i; j < 2 * K; ++j) {
        Pair pair{&tree_.roots()[i], &tree_.roots()[j], {}, 0};
        for (std::size_t row = 0; row < outer_.size(); ++row) {
          const auto r = static_cast<std::int32_t>(row);
          const double coefficient = tables_[std::size_t(table_[row])][std::size_t(side)][std::size_t(pair.a->half(r))]
                                            [std::size_t(pair.b->half(r))];
          for (std::size_t e = 0; e < pair.S.entry.size(); ++e) pair.S.entry[e] += coefficient * outer_[row].entry[e];
        }
        pairs.push_back(pair);
      }
    return pairs;
  }

  // S_AB after a cone was split and `child` took its place beside `other`.
  void update(Side side, const Cone<K>& child, const Cone<K>& other, Packed<K>& S) const {
    for (const Decided& decided : child.decided[std::size_t(side)]) {
      const CoefficientBound& bound = tables_[std::size_t(table_[std::size_t(decided.row)])][std::size_t(side)];
      const auto half = std::size_t(other.half(decided.row));
      const double change = bound[std::size_t(decided.half)][half] - bound[std::size_t(Half::ambiguous)][half];
      const Packed<K>& rr = outer_[std::size_t(decided.row)];
      for (std::size_t e = 0; e < S.entry.size(); ++e) S.entry[e] += change * rr.entry[e];
    }
  }

  ConeBound<K> bound_;
  std::vector<Packed<K>> outer_;                         // r r' of each hyperplane
  std::vector<std::array<CoefficientBound, 2>> tables_;  // the distinct ones, by Side
  std::vector<std::int32_t> table_;                      // which of them is a hyperplane's
  double rounding_;
  std::function<Witness(const Cone<K>&, const Cone<K>&)> evaluate_;
  ConeTree<K> tree_;
};

// Any S and E have  -bound <= S - E <= bound  with this bound: |c_i| <= 1 and the eigenvalues of Q lie in [0, 1/2].
template <SignDeviation D>
double trivial_bound(const D& d) {
  const Eigen::MatrixXd gram = d.rows().transpose() * d.rows();
  const double top =
      Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(gram, Eigen::EigenvaluesOnly).eigenvalues().maxCoeff();
  const double lowest = d.factor(0, 1) * d.factor(1, -1);  // of the coefficients: 0 or -1
  return std::max(top - d.q_shift(), d.q_shift() + d.q_scale() / 2 - lowest * top) +
         rounding_margin * (top * double(d.rows().cols()) + 1);
}

/// Proves an upper bound on sup f, starting from `incumbent` (at least incumbent.value), which is replaced when the
/// proof meets a better point. Stops when at_most <= (1 + gap) incumbent.value or when `nodes` pairs of cones have been
/// bounded; then at_most is the best bound proved. gap >= 1e-6; dimension 2 to 6.
template <int K, SignDeviation D>
Certified certify_in(const D& d, Witness& incumbent, double gap, std::int64_t nodes, int threads,
                     const Progress& progress) {
  const ConeCertifier<K> certifier(d);
  Certified result{trivial_bound(d), 0, false};
  double at = std::max(gap, 1.0);  // the relative gap now attempted: from coarse to fine, as the budget allows
  while (result.nodes < nodes && incumbent.value > 0) {
    const double tau = (1 + at) * incumbent.value;
    Proof proof = Proof::below;
    std::int64_t spent = 0;
    Witness refuter;
    for (Side side : {Side::plus, Side::minus}) {
      if (proof != Proof::below) break;
      std::int64_t budget = nodes - result.nodes - spent;
      proof = certifier.prove(side, tau, budget, threads, refuter, progress);
      spent += budget;
    }
    result.nodes += spent;
    if (proof == Proof::exhausted) break;
    if (proof == Proof::refuted) {
      incumbent = refuter;
      continue;
    }
    result.at_most = std::min(result.at_most, tau);
    if (at <= gap) break;
    // Cones shrink with what is left between tau and a typical value, about 0.3 of the supremum: nodes ~ (0.7 +
    // gap)^(2-2k). A rough law, hence the margins: 3 for the gap asked for, 6 for a step on the way, after which it is
    // read afresh.
    const auto affordable = [&](double margin) {
      return (0.7 + at) * std::pow(double(nodes - result.nodes) / double(spent) / margin, -1.0 / (2 * K - 2)) - 0.7;
    };
    const double next = affordable(3) <= gap ? gap : std::max(gap, affordable(6));
    if (next > 0.95 * at) break;
    at = next;
  }
  result.closed = result.at_most <= (1 + gap) * incumbent.value * (1 + 1e-12);
  return result;
}

inline constexpr int certify_dimensions = 6;

/// On the circle two methods that share no bound must agree; the smaller upper bound counts.
template <SignDeviation D>
Certified certify_circle(const D& d, Witness& incumbent, double gap, std::int64_t nodes, int threads,
                         const Progress& progress) {
  Certified result = certify_in<2>(d, incumbent, gap, nodes, threads, progress);
  if (d.rows().rows() > 3000) return result;  // quadratically many pairs of arcs
  const Enumerated all = CircleEnumeration(d, gap).run();
  if (result.at_most < all.at_least * (1 - 1e-9) || incumbent.value > all.at_most * (1 + 1e-9))
    throw std::logic_error("certify: branch and bound and enumeration disagree on the circle");
  result.at_most = std::min(result.at_most, all.at_most);
  result.nodes += all.nodes;
  result.closed = result.at_most <= (1 + gap) * incumbent.value * (1 + 1e-9);
  return result;
}

template <SignDeviation D>
Certified certify_line(const D& d, Witness& incumbent, double gap) {
  const Enumerated all = enumerate_line(d, incumbent);
  return {all.at_most, all.nodes, all.at_most <= (1 + gap) * incumbent.value};
}

template <SignDeviation D>
Certified certify(const D& d, Witness& incumbent, double gap, std::int64_t nodes, int threads,
                  const Progress& progress) {
  switch (d.rows().cols()) {
    case 1:
      return certify_line(d, incumbent, gap);
    case 2:
      return certify_circle(d, incumbent, gap, nodes, threads, progress);
    case 3:
      return certify_in<3>(d, incumbent, gap, nodes, threads, progress);
    case 4:
      return certify_in<4>(d, incumbent, gap, nodes, threads, progress);
    case 5:
      return certify_in<5>(d, incumbent, gap, nodes, threads, progress);
    case 6:
      return certify_in<6>(d, incumbent, gap, nodes, threads, progress);
    default:
      throw std::logic_error("certify: dimension beyond certify_dimensions");
  }
}

}  // namespace theoremeter
