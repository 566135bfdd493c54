#include "estimators/direction_search.hpp"

#include "estimators/direction_anneal.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index block = 128;        // large enough for the rate of a matrix product
constexpr Index search_block = 32;  // small enough for every thread to have one

/// One local search.
struct Ascent {
  VectorXd at, tangent;
  double value;
  double step;
  bool lucky = false;

  VectorXd propose(const Rays& rays, Stream& stream) {
    if (!lucky) {
      for (double& entry : tangent) entry = stream.normal();
      tangent.normalize();
    }
    VectorXd next = at + step * tangent;
    Index from = 0;
    for (const Index k : rays.parts()) {
      next.segment(from, k).normalize();
      from += k;
    }
    return next;
  }
  void learn(const VectorXd& next, double its_value) {
    lucky = its_value < value;
    step = lucky ? std::min(1.5 * step, 1.0) : std::max(0.9 * step, 1e-9);
    if (!lucky) return;
    at = next;
    value = its_value;
  }
};

std::vector<double> scores(const Rays& rays, const MatrixXd& columns, const DirectionAim& aim, RayWorkspace& work) {
  std::vector<RayNumbers> numbers(static_cast<std::size_t>(columns.cols()));
  rays.evaluate(columns, numbers.data(), work);
  std::vector<double> all;
  for (const RayNumbers& ray : numbers) all.push_back(aim.score(ray));
  return all;
}

/// A block of columns from its starts to where they end.
class BlockSearch {
 public:
  BlockSearch(const Rays& rays, const DirectionAim& aim, std::int64_t steps, const MatrixXd& starts,
              std::vector<Stream> streams)
      : rays_(rays), aim_(aim), steps_(steps), best_(starts), streams_(std::move(streams)) {
    score_ = scores(rays_, best_, aim_, work_);
    evaluations_ = best_.cols();
  }

  MatrixXd run() {
    if (steps_ == 0) return best_;
    MatrixXd from = best_;
    const Annealing plan = aim_.annealing();
    for (int round = 0; round < plan.rounds; ++round) {
      const double widest = round == 0 ? 1 : plan.widest_again;
      MatrixXd annealed = anneal(rays_, from, aim_, steps_, widest, plan.narrowest, streams_);
      evaluations_ += (2 * steps_ + 1) * best_.cols();
      aim_.finish(annealed, evaluations_);
      keep_best(annealed);
      const Index elite = std::max<Index>(1, best_.cols() / 4);
      for (Index j = 0; j < from.cols(); ++j) from.col(j) = best_.col(j % elite);
    }
    try_tangents();
    return best_;
  }
  std::int64_t evaluations() const { return evaluations_; }

 private:
  /// Of the best so far and these the best, as many as there are, the best first.
  void keep_best(const MatrixXd& more) {
    const Index count = best_.cols();
    MatrixXd all(best_.rows(), count + more.cols());
    all << best_, more;
    std::vector<double> score = score_;
    for (const double s : scores(rays_, more, aim_, work_)) score.push_back(s);
    std::vector<std::size_t> order(score.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return score[a] < score[b]; });
    for (Index j = 0; j < count; ++j) {
      const std::size_t at = order[static_cast<std::size_t>(j)];
      best_.col(j) = all.col(static_cast<Index>(at));
      score_[static_cast<std::size_t>(j)] = score[at];
    }
  }

  void try_tangents() {
    const Index count = best_.cols();
    std::vector<Ascent> walks;
    for (Index j = 0; j < count; ++j)
      walks.push_back({best_.col(j), best_.col(j), score_[static_cast<std::size_t>(j)], aim_.annealing().narrowest});
    MatrixXd next(best_.rows(), count);
    for (std::int64_t i = 0; i < steps_; ++i) {
      for (Index j = 0; j < count; ++j)
        next.col(j) = walks[static_cast<std::size_t>(j)].propose(rays_, streams_[static_cast<std::size_t>(j)]);
      const std::vector<double> score = scores(rays_, next, aim_, work_);
      for (Index j = 0; j < count; ++j)
        walks[static_cast<std::size_t>(j)].learn(next.col(j), score[static_cast<std::size_t>(j)]);
    }
    for (Index j = 0; j < count; ++j) best_.col(j) = walks[static_cast<std::size_t>(j)].at;
    evaluations_ += steps_ * count;
  }

  const Rays& rays_;
  const DirectionAim& aim_;
  std::int64_t steps_;
  MatrixXd best_;  // columns
  std::vector<double> score_;
  std::vector<Stream> streams_;
  std::int64_t evaluations_ = 0;
  RayWorkspace work_;
};

/// First columns of blocks of at most search_block, none of which is of both halves.
std::vector<Index> block_ends(Index count, Index first_half) {
  std::vector<Index> ends{0};
  for (const auto& [from, to] : {std::pair{Index{0}, first_half}, std::pair{first_half, count}}) {
    const Index blocks = (to - from + search_block - 1) / search_block;
    for (Index i = 1; i <= blocks; ++i) ends.push_back(from + (to - from) * i / blocks);
  }
  return ends;
}

}  // namespace

void evaluate_blocks(const Rays& rays, const MatrixXd& directions, int threads, RayNumbers* out) {
#pragma omp parallel num_threads(threads)
  {
    RayWorkspace work;
#pragma omp for schedule(dynamic)
    for (Index from = 0; from < directions.cols(); from += block)
      rays.evaluate(directions.middleCols(from, std::min(block, directions.cols() - from)), out + from, work);
  }
}

MatrixXd best_of_runs(const MatrixXd& directions, const std::vector<RayNumbers>& rays, const DirectionAim& aim,
                      std::int64_t count) {
  const Index runs = std::min<Index>(count, directions.cols());
  MatrixXd best(directions.rows(), runs);
  for (Index run = 0; run < runs; ++run) {
    const Index from = directions.cols() * run / runs, to = directions.cols() * (run + 1) / runs;
    Index least_at = from;
    double least = std::numeric_limits<double>::infinity();
    for (Index i = from; i < to; ++i) {
      const double value = aim.score(rays[static_cast<std::size_t>(i)]);
      if (value < least) {
        least = value;
        least_at = i;
      }
    }
    best.col(run) = directions.col(least_at);
  }
  return best;
}

FoundDirections search_directions(const Rays& rays, const MatrixXd& starts, const DirectionAim& aim, std::int64_t steps,
                                  const Stream& stream, int threads) {
  FoundDirections found{starts, (starts.cols() + 1) / 2};
  const std::vector<Index> ends = block_ends(starts.cols(), found.first_half);
  std::vector<std::int64_t> evaluations(ends.size());
#pragma omp parallel for num_threads(threads) schedule(dynamic)
  for (std::size_t i = 1; i < ends.size(); ++i) {
    const Index from = ends[i - 1], count = ends[i] - from;
    std::vector<Stream> streams;
    for (Index j = from; j < ends[i]; ++j) streams.push_back(stream.at({static_cast<std::uint64_t>(j)}));
    BlockSearch search(rays, aim, steps, starts.middleCols(from, count), std::move(streams));
    found.columns.middleCols(from, count) = search.run();
    evaluations[i] = search.evaluations();
  }
  for (const std::int64_t more : evaluations) found.evaluations += more;
  return found;
}

}  // namespace theoremeter
