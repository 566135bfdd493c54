#include "estimators/cone_proof.hpp"

#include "estimators/cone_bound.hpp"
#include "estimators/exact_points.hpp"
#include "estimators/local_faces.hpp"

#include <omp.h>

#include <atomic>
#include <bit>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>

namespace theoremeter {
namespace {

template <int K>
class Prover : public ConeProver {
 public:
  explicit Prover(const ConeProblem& p)
      : problem_(p),
        bound_(p.q_scale, p.q_shift),
        rounding_(std::max(rounding_margin, 8 * double(p.rows.rows()) * 0x1p-53) *
                  (p.trace + std::abs(p.q_scale) + std::abs(p.q_shift))),
        look_every_(std::max<std::int64_t>(512, 20 * p.rows.rows())),
        tree_(p.hyperplanes, decisions_that_matter(p), p.zero_is_negative) {
    for (Eigen::Index i = 0; i < p.rows.rows(); ++i) {
      Packed<K>& rr = outer_.emplace_back();
      for (int a = 0, ab = 0; a < K; ++a)
        for (int b = 0; b <= a; ++b, ++ab) rr.entry[std::size_t(ab)] = p.rows(i, a) * p.rows(i, b);
    }
  }

  Proof prove(Side side, double tau, std::int64_t& nodes, int threads, Witness& refuter,
              const Progress& progress) const override {
    return Exploration{*this, side, tau, progress}.run(nodes, threads, refuter);
  }

 private:
  using Pair = ConePair<K>;
  static constexpr int deepest = 48 * (K - 1);  // cones about 2^-24 wide
  static constexpr std::size_t items_wanted = 6000;

  struct Exploration {
    const Prover& c;
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
#pragma omp parallel for schedule(monotonic : dynamic, 1) num_threads(threads)
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
        if (c.may_be_decided(pairs[i]) && decide(pairs[i], item)) continue;
        if (item.refuter) return;
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
      if (before / c.look_every_ != item.nodes / c.look_every_ && count > 0) look_for_refuter(pairs[0], item);
    }

    // Now and then, deep down, look whether the deviation itself exceeds tau: then the incumbent was not the maximum.
    // The centre may lie on the wrong side of an undecided hyperplane, hence the children's.
    void look_for_refuter(const Pair& pair, Item& item) const {
      if (pair.depth < 18 || pair.depth >= deepest) return;
      for (const Cone<K>& a : c.tree_.children(*pair.a))
        for (const Cone<K>& b : c.tree_.children(*pair.b))
          if (Witness w = c.evaluate(a, b); w.value > tau) {
            item.refuter = std::move(w);
            return;
          }
    }

    // Is the pair below tau, face by face of what meets in its cones? Looks at a few faces that are not: they may
    // refute.
    bool decide(const Pair& pair, Item& item) const {
      constexpr std::size_t most_pairs = 4096, most_looks = 4;
      const auto a = c.local(*pair.a), b = c.local(*pair.b);
      if (!a || !b || a->faces.size() * b->faces.size() > most_pairs) return false;
      std::vector<std::pair<const LocalFace*, const LocalFace*>> above;
      std::vector<std::pair<const LocalFace*, const LocalFace*>> faces;
      std::array<Pair, lanes> batch;
      const auto bound = [&] {
        const int count = static_cast<int>(faces.size());
        const unsigned below = c.bound_.below(side, batch.data(), count, tau - c.rounding_);
        for (std::size_t l = 0; l < faces.size(); ++l)
          if (!(below >> l & 1)) above.push_back(faces[l]);
        item.nodes.store(item.nodes.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
        faces.clear();
      };
      for (const LocalFace& f : a->faces)
        for (const LocalFace& g : b->faces) {
          batch[faces.size()] = c.on_faces(side, pair, *a, f, *b, g);
          faces.emplace_back(&f, &g);
          if (faces.size() == lanes) bound();
        }
      if (!faces.empty()) bound();
      for (std::size_t i = 0; i < std::min(above.size(), most_looks) && !item.refuter; ++i)
        if (auto w = c.evaluate_on(*a, *above[i].first, *b, *above[i].second); w && w->value > tau)
          item.refuter = std::move(w);
      return above.empty();
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

  /// The hyperplanes that a cone leaves undecided, and their arrangement there.
  struct Local {
    std::vector<std::int32_t> rows;
    std::vector<LocalFace> faces;
  };

  // Splitting decides nothing where the undecided hyperplanes are dependent, or all but that at the cone's size. Most
  // that are too many for its dimension are so by chance, and come apart further down.
  bool may_be_decided(const Pair& pair) const {
    if (pair.depth < 10 * (K - 1) || pair.depth % (2 * (K - 1)) != 0) return false;
    const bool last = pair.depth >= 30 * (K - 1);
    const auto tangled = [&](const Cone<K>& cone) {
      LeftOpen left = cone.left_open.load(std::memory_order_relaxed);
      if (left == LeftOpen::unknown) cone.left_open.store(left = left_open(cone), std::memory_order_relaxed);
      return left == LeftOpen::dependent || (last && left == LeftOpen::many);
    };
    return tangled(*pair.a) || tangled(*pair.b);
  }

  std::vector<std::int32_t> undecided(const Cone<K>& cone) const {
    std::vector<std::int32_t> rows;
    const auto n = static_cast<std::int32_t>(outer_.size());
    for (std::size_t word = 0; word < cone.positive.size(); ++word)
      for (std::uint64_t open = ~(cone.positive[word] | cone.negative[word]); open != 0; open &= open - 1)
        if (const auto row = static_cast<std::int32_t>(word * 64) + std::countr_zero(open); row < n)
          rows.push_back(row);
    return rows;
  }

  LeftOpen left_open(const Cone<K>& cone) const {
    const std::vector<std::int32_t> rows = undecided(cone);
    if (rows.size() < 2) return LeftOpen::parting;
    if (rows.size() >= K) return LeftOpen::many;
    Eigen::Matrix<double, K, Eigen::Dynamic> normal(K, Eigen::Index(rows.size()));  // orthonormal
    for (Eigen::Index i = 0; i < normal.cols(); ++i) {
      Eigen::Matrix<double, K, 1> h = problem_.hyperplanes.row(rows[std::size_t(i)]).transpose().normalized();
      h -= normal.leftCols(i) * (normal.leftCols(i).transpose() * h).eval();
      if (h.norm() < 2 * cone.radius) return LeftOpen::dependent;
      normal.col(i) = h.normalized();
    }
    return LeftOpen::parting;
  }

  // Made once a cone; none where there are too many.
  const Local* local(const Cone<K>& cone) const {
    constexpr std::size_t most_faces = 512;
    const std::lock_guard lock(locals_mutex_);
    const auto [known, fresh] = locals_.try_emplace(&cone);
    if (!fresh) return known->second.get();
    auto local = std::make_unique<Local>();
    local->rows = undecided(cone);
    Rows U(Eigen::Index(local->rows.size()), K), B = Rows::Zero(2 * (K - 1), K);
    for (Eigen::Index i = 0; i < U.rows(); ++i) U.row(i) = problem_.hyperplanes.row(local->rows[std::size_t(i)]);
    Eigen::Index facet = 0;
    for (int b = 0; b < K; ++b) {
      if (b == cone.axis) continue;
      B(facet, b) = 1;
      B(facet++, cone.axis) = -cone.sign * cone.lo[std::size_t(b)];
      B(facet, b) = -1;
      B(facet++, cone.axis) = cone.sign * cone.hi[std::size_t(b)];
    }
    std::optional<std::vector<LocalFace>> faces = local_faces(U, B, most_faces);
    if (!faces) return nullptr;
    local->faces = std::move(*faces);
    known->second = std::move(local);
    return known->second.get();
  }

  // The pair with S as it is on two faces.
  Pair on_faces(Side side, const Pair& pair, const Local& a, const LocalFace& f, const Local& b,
                const LocalFace& g) const {
    const auto state = [](signed char sign) { return sign == 0 ? on_hyperplane : std::size_t(1 + sign); };
    Pair out = pair;
    const auto change = [&](std::int32_t row, std::size_t of_a, std::size_t of_b) {
      const CoefficientBound& c = bound(row, side);
      const double by = c[of_a][of_b] - c[std::size_t(pair.a->half(row))][std::size_t(pair.b->half(row))];
      const Packed<K>& rr = outer_[std::size_t(row)];
      for (std::size_t e = 0; e < out.S.entry.size(); ++e) out.S.entry[e] += by * rr.entry[e];
    };
    std::size_t j = 0;  // rows are in order
    for (std::size_t i = 0; i < a.rows.size(); ++i) {
      for (; j < b.rows.size() && b.rows[j] < a.rows[i]; ++j)
        change(b.rows[j], std::size_t(pair.a->half(b.rows[j])), state(g.sign[j]));
      const bool both = j < b.rows.size() && b.rows[j] == a.rows[i];
      change(a.rows[i], state(f.sign[i]), both ? state(g.sign[j]) : std::size_t(pair.b->half(a.rows[i])));
      if (both) ++j;
    }
    for (; j < b.rows.size(); ++j) change(b.rows[j], std::size_t(pair.a->half(b.rows[j])), state(g.sign[j]));
    return out;
  }

  // f at points of two faces, if doubles can be there.
  std::optional<Witness> evaluate_on(const Local& a, const LocalFace& f, const Local& b, const LocalFace& g) const {
    Point p;
    for (const auto& [local, face] : {std::pair{&a, &f}, std::pair{&b, &g}}) {
      std::vector<WantedSign> signs;
      for (std::size_t i = 0; i < local->rows.size(); ++i) signs.push_back({local->rows[i], face->sign[i]});
      auto x = point_with_signs(face->point, problem_.hyperplanes, signs);
      if (!x) return std::nullopt;
      p.push_back(*std::move(x));
    }
    return problem_.evaluate(std::move(p));
  }

  // Which decisions change a hyperplane's bound at all.
  static typename ConeTree<K>::Matters decisions_that_matter(const ConeProblem& p) {
    typename ConeTree<K>::Matters matters;
    for (std::size_t side = 0; side < 2; ++side)
      for (std::size_t half = 0; half < 3; ++half)
        for (const std::int32_t of : p.bound_of) {
          const CoefficientBound& bound = p.bounds[std::size_t(of)][side];
          matters[side][half].push_back(bound[half] != bound[std::size_t(Half::ambiguous)]);
        }
    return matters;
  }

  const CoefficientBound& bound(std::int32_t row, Side side) const {
    return problem_.bounds[std::size_t(problem_.bound_of[std::size_t(row)])][std::size_t(side)];
  }

  Witness evaluate(const Cone<K>& A, const Cone<K>& B) const {
    return problem_.evaluate({Eigen::VectorXd::Map(A.centre.data(), K), Eigen::VectorXd::Map(B.centre.data(), K)});
  }

  // Up to exchange, and up to (x, y) -> (-x, -y) where S - E is odd: faces 2a and 2a + 1 are opposite.
  std::vector<Pair> root_pairs(Side side) const {
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < 2 * K; i += problem_.odd ? 2 : 1)
      for (std::size_t j = i; j < 2 * K; ++j) {
        Pair pair{&tree_.roots()[i], &tree_.roots()[j], {}, 0};
        for (std::size_t row = 0; row < outer_.size(); ++row) {
          const auto r = static_cast<std::int32_t>(row);
          const double coefficient = bound(r, side)[std::size_t(pair.a->half(r))][std::size_t(pair.b->half(r))];
          for (std::size_t e = 0; e < pair.S.entry.size(); ++e) pair.S.entry[e] += coefficient * outer_[row].entry[e];
        }
        pairs.push_back(pair);
      }
    return pairs;
  }

  // S_AB after a cone was split and `child` took its place beside `other`.
  void update(Side side, const Cone<K>& child, const Cone<K>& other, Packed<K>& S) const {
    for (const Decided& decided : child.decided[std::size_t(side)]) {
      const CoefficientBound& c = bound(decided.row, side);
      const auto half = std::size_t(other.half(decided.row));
      const double change = c[std::size_t(decided.half)][half] - c[std::size_t(Half::ambiguous)][half];
      const Packed<K>& rr = outer_[std::size_t(decided.row)];
      for (std::size_t e = 0; e < S.entry.size(); ++e) S.entry[e] += change * rr.entry[e];
    }
  }

  ConeProblem problem_;
  ConeBound<K> bound_;
  std::vector<Packed<K>> outer_;  // r r' of each hyperplane
  double rounding_;
  std::int64_t look_every_;  // nodes; evaluating f costs about n/4 of them, and is done four times
  ConeTree<K> tree_;
  mutable std::mutex locals_mutex_;
  mutable std::map<const Cone<K>*, std::unique_ptr<Local>> locals_;
};

}  // namespace

std::unique_ptr<ConeProver> cone_prover(const ConeProblem& problem) {
  switch (problem.hyperplanes.cols()) {
    case 2:
      return std::make_unique<Prover<2>>(problem);
    case 3:
      return std::make_unique<Prover<3>>(problem);
    case 4:
      return std::make_unique<Prover<4>>(problem);
    case 5:
      return std::make_unique<Prover<5>>(problem);
    case 6:
      return std::make_unique<Prover<6>>(problem);
    default:
      throw std::logic_error("cone_prover: dimension beyond certify_dimensions");
  }
}

}  // namespace theoremeter
