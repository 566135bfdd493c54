#include "estimators/direction_search.hpp"

#include "estimators/direction_anneal.hpp"
#include "estimators/direction_walk.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index block = 128;        // large enough for the rate of a matrix product
constexpr Index search_block = 32;  // small enough for threads to have one each where starts are many

std::vector<double> scores(const Rays& rays, const MatrixXd& columns, const DirectionAim& aim, RayWorkspace& work) {
  std::vector<RayNumbers> numbers(static_cast<std::size_t>(columns.cols()));
  rays.evaluate(columns, numbers.data(), work);
  std::vector<double> all;
  all.reserve(numbers.size());
  for (const RayNumbers& ray : numbers) all.push_back(aim.score(ray));
  return all;
}

/// A block of columns annealed, again and again from the best of them.
class BlockAnnealing {
 public:
  BlockAnnealing(const Rays& rays, const DirectionAim& aim, const MatrixXd& starts, std::vector<Stream> streams)
      : rays_(rays), aim_(aim), best_(starts), streams_(std::move(streams)) {
    score_ = scores(rays_, best_, aim_, work_);
    evaluations_ = best_.cols();
  }

  void run(const Annealing& plan, std::int64_t steps) {
    steps *= std::min<Index>(plan.slower, 2 * best_.rows());
    MatrixXd columns = best_;
    for (int round = 0; round < plan.rounds; ++round) {
      const double widest = round == 0 ? plan.widest : plan.widest_again;
      columns = anneal(rays_, columns, aim_, steps, widest, plan.narrowest, streams_);
      evaluations_ += (2 * steps + 1) * best_.cols();
      follow_aim(columns);
      if (plan.alone)
        keep_better(columns);
      else
        keep_best(columns);
      const Index from = plan.alone ? best_.cols() : std::max<Index>(1, best_.cols() / 4);
      for (Index j = 0; j < columns.cols(); ++j) columns.col(j) = best_.col(j % from);
    }
    work_ = {};  // blocks are many
  }
  const MatrixXd& best() const { return best_; }
  const std::vector<double>& score() const { return score_; }
  std::int64_t evaluations() const { return evaluations_; }

 private:
  void follow_aim(MatrixXd& columns) {
    if (!aim_.has_step()) return;
    for (Index j = 0; j < columns.cols(); ++j) {
      DirectionWalk walk(rays_, aim_, columns.col(j), streams_[static_cast<std::size_t>(j)]);
      walk.follow_aim();
      columns.col(j) = walk.at();
      evaluations_ += walk.evaluations();
    }
  }

  /// Each of these where it is better than the best so far of its place.
  void keep_better(const MatrixXd& more) {
    const std::vector<double> score = scores(rays_, more, aim_, work_);
    for (Index j = 0; j < more.cols(); ++j) {
      const auto at = static_cast<std::size_t>(j);
      if (!(score[at] < score_[at])) continue;
      score_[at] = score[at];
      best_.col(j) = more.col(j);
    }
  }

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

  const Rays& rays_;
  const DirectionAim& aim_;
  MatrixXd best_;  // columns
  std::vector<double> score_;
  std::vector<Stream> streams_;
  std::int64_t evaluations_ = 0;
  RayWorkspace work_;
};

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
  const Index runs = std::min<Index>(count, directions.cols()), half = (runs + 1) / 2;
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
    best.col(run / 2 + (run % 2 == 0 ? 0 : half)) = directions.col(least_at);
  }
  return best;
}

namespace {

/// `share`/search_block of the columns, at least one.
Index part_of(Index columns, Index share) {
  return std::clamp<Index>((columns * share + search_block - 1) / search_block, 1, columns);
}

/// Where a half's walks start: from the best of its annealed columns that differ, and from columns it was given.
std::vector<VectorXd> walk_starts(const std::vector<std::unique_ptr<BlockAnnealing>>& blocks, const MatrixXd& given,
                                  const DirectionPlan& plan) {
  struct Column {
    double score;
    VectorXd at;
  };
  std::vector<Column> annealed;
  for (const auto& block : blocks)
    for (Index j = 0; j < block->best().cols(); ++j)
      annealed.push_back({block->score()[static_cast<std::size_t>(j)], block->best().col(j)});
  std::stable_sort(annealed.begin(), annealed.end(), [](const auto& a, const auto& b) { return a.score < b.score; });
  constexpr Index most_walks = 256;  // as each is compared with all
  const auto most = static_cast<std::size_t>(std::min(most_walks, part_of(given.cols(), plan.annealed)));
  std::vector<VectorXd> starts;
  for (const Column& column : annealed) {
    if (starts.size() == most) break;
    if (std::none_of(starts.begin(), starts.end(),
                     [&](const VectorXd& known) { return (known - column.at).norm() < plan.apart; }))
      starts.push_back(column.at);
  }
  const Index share = std::min(search_block / 2, plan.given / (given.rows() * given.rows()));
  const Index more = std::min(most_walks, part_of(given.cols(), share));
  for (Index j = 0; j < more; ++j) starts.emplace_back(given.col(j * given.cols() / more));
  return starts;
}

/// Where the walks of a half end. Nothing else is known to it.
MatrixXd search_half(const Rays& rays, const MatrixXd& given, const DirectionAim& aim, std::int64_t steps,
                     const Stream& stream, int threads, std::int64_t& evaluations) {
  enum Purpose : std::uint64_t { annealing, walking };
  const DirectionPlan plan = aim.plan();
  const Index columns = given.cols(), parts = (columns + search_block - 1) / search_block,
              count = parts * static_cast<Index>(plan.annealings.size());
  std::vector<std::unique_ptr<BlockAnnealing>> blocks(static_cast<std::size_t>(count));
#pragma omp parallel for num_threads(threads) schedule(dynamic)
  for (Index i = 0; i < count; ++i) {
    const auto kind = static_cast<std::size_t>(i / parts);
    const Index from = columns * (i % parts) / parts, to = columns * (i % parts + 1) / parts;
    std::vector<Stream> streams;
    for (Index j = from; j < to; ++j) streams.push_back(stream.at({annealing, kind, static_cast<std::uint64_t>(j)}));
    auto& block = blocks[static_cast<std::size_t>(i)];
    block = std::make_unique<BlockAnnealing>(rays, aim, given.middleCols(from, to - from), std::move(streams));
    block->run(plan.annealings[kind], steps);
  }
  const std::vector<VectorXd> starts = walk_starts(blocks, given, plan);
  MatrixXd ends(given.rows(), static_cast<Index>(starts.size()));
  std::vector<std::int64_t> of_walks(starts.size());
#pragma omp parallel for num_threads(threads) schedule(dynamic)
  for (std::size_t i = 0; i < starts.size(); ++i) {
    DirectionWalk walk(rays, aim, starts[i], stream.at({walking, i}));
    walk.run(std::min<Index>(5 * given.rows(), 200));  // lines without a gain
    ends.col(static_cast<Index>(i)) = walk.at();
    of_walks[i] = walk.evaluations();
  }
  for (const auto& block : blocks) evaluations += block->evaluations();
  for (const std::int64_t more : of_walks) evaluations += more;
  return ends;
}

}  // namespace

FoundDirections search_directions(const Rays& rays, const MatrixXd& starts, const DirectionAim& aim, std::int64_t steps,
                                  const Stream& stream, int threads) {
  FoundDirections found;
  if (steps == 0) return found;
  const Index first = (starts.cols() + 1) / 2, second = starts.cols() - first;
  const auto half = [&](std::uint64_t which, const MatrixXd& given) {
    return search_half(rays, given, aim, steps, stream.at({which}), threads, found.evaluations);
  };
  found.columns = half(0, starts.leftCols(first));
  found.first_half = found.columns.cols();
  if (second == 0) return found;
  const MatrixXd more = half(1, starts.rightCols(second));
  found.columns.conservativeResize(Eigen::NoChange, found.first_half + more.cols());
  found.columns.rightCols(more.cols()) = more;
  return found;
}

}  // namespace theoremeter
