#include "estimators/direction_search.hpp"

#include <algorithm>
#include <limits>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index block = 128;         // large enough for the rate of a matrix product
constexpr std::int64_t round = 100;  // steps between tournaments
constexpr double first_step = 0.3;
constexpr Index search_block = 32;  // small enough for every thread to have one

/// One local search.
struct Ascent {
  VectorXd at, tangent;
  double value, step = first_step;
  bool lucky = false;
  Stream stream;

  VectorXd propose(const Rays& rays) {
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

/// The worse half goes on from where the better half is, all with long steps again.
void tournament(std::vector<Ascent>& walks) {
  std::stable_sort(walks.begin(), walks.end(), [](const Ascent& a, const Ascent& b) { return a.value < b.value; });
  const std::size_t half = walks.size() / 2;
  for (std::size_t j = 0; j < walks.size(); ++j) {
    Ascent& walk = walks[j];
    if (j >= walks.size() - half) {
      walk.at = walks[j - (walks.size() - half)].at;
      walk.value = walks[j - (walks.size() - half)].value;
    }
    walk.step = first_step;
    walk.lucky = false;
  }
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

MatrixXd best_of_runs(const MatrixXd& directions, const std::vector<RayNumbers>& rays, const RayScore& score,
                      std::int64_t count) {
  const Index runs = std::min<Index>(count, directions.cols());
  MatrixXd best(directions.rows(), runs);
  for (Index run = 0; run < runs; ++run) {
    const Index from = directions.cols() * run / runs, to = directions.cols() * (run + 1) / runs;
    Index least_at = from;
    double least = std::numeric_limits<double>::infinity();
    for (Index i = from; i < to; ++i) {
      const double value = score(rays[static_cast<std::size_t>(i)]);
      if (value < least) {
        least = value;
        least_at = i;
      }
    }
    best.col(run) = directions.col(least_at);
  }
  return best;
}

MatrixXd search_directions(const Rays& rays, MatrixXd starts, const RayScore& score, std::int64_t steps,
                           const Stream& stream, int threads) {
#pragma omp parallel for num_threads(threads) schedule(dynamic)
  for (Index from = 0; from < starts.cols(); from += search_block) {
    MatrixXd columns = starts.middleCols(from, std::min(search_block, starts.cols() - from));
    std::vector<RayNumbers> numbers(static_cast<std::size_t>(columns.cols()));
    std::vector<Ascent> walks;
    RayWorkspace work;
    rays.evaluate(columns, numbers.data(), work);
    for (Index j = 0; j < columns.cols(); ++j)
      walks.push_back({columns.col(j), columns.col(j), score(numbers[static_cast<std::size_t>(j)]), first_step, false,
                       stream.at({static_cast<std::uint64_t>(from + j)})});
    for (std::int64_t i = 0; i < steps; ++i) {
      if (i > 0 && i % round == 0) tournament(walks);
      for (Index j = 0; j < columns.cols(); ++j) columns.col(j) = walks[static_cast<std::size_t>(j)].propose(rays);
      rays.evaluate(columns, numbers.data(), work);
      for (Index j = 0; j < columns.cols(); ++j)
        walks[static_cast<std::size_t>(j)].learn(columns.col(j), score(numbers[static_cast<std::size_t>(j)]));
    }
    for (Index j = 0; j < columns.cols(); ++j) starts.col(from + j) = walks[static_cast<std::size_t>(j)].at;
  }
  return starts;
}

}  // namespace theoremeter
