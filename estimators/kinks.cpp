#include "estimators/kinks.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace theoremeter {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// A path, straight from each corner to the next: the parameters of its corners, increasing, and where they are.
struct Path {
  std::vector<double> t;
  MatrixXd corners;
};

/// Of a corner of W times a path: the corner before it, and the share of the way to the next.
using Corner = std::pair<Index, double>;

/// In order, the old ones (share 0) and one wherever an entry of y, W times the old ones, changes sign.
std::vector<Corner> corners_through(const MatrixXd& y) {
  std::vector<Corner> all;
  for (Index i = 0; i + 1 < y.cols(); ++i) {
    const auto first = static_cast<std::ptrdiff_t>(all.size());
    all.emplace_back(i, 0);
    for (Index j = 0; j < y.rows(); ++j)
      if ((y(j, i) > 0) != (y(j, i + 1) > 0)) all.emplace_back(i, y(j, i) / (y(j, i) - y(j, i + 1)));
    std::sort(all.begin() + first, all.end());
  }
  all.emplace_back(y.cols() - 1, 0);
  return all;
}

std::vector<double> parameters(const Path& path, const std::vector<Corner>& corners) {
  std::vector<double> t;
  for (const auto& [i, share] : corners) {
    const double start = path.t[static_cast<std::size_t>(i)];
    t.push_back(share == 0 ? start : start + share * (path.t[static_cast<std::size_t>(i + 1)] - start));
  }
  return t;
}

/// ReLU of W times a path.
Path through(const Rows& W, const Path& path) {
  const MatrixXd y = W * path.corners;
  const std::vector<Corner> corners = corners_through(y);
  Path next{parameters(path, corners), MatrixXd(y.rows(), static_cast<Index>(corners.size()))};
  for (std::size_t c = 0; c < corners.size(); ++c) {
    const auto& [i, share] = corners[c];
    auto column = next.corners.col(static_cast<Index>(c));
    if (share == 0)
      column = y.col(i).cwiseMax(0.0);
    else
      column = ((1 - share) * y.col(i) + share * y.col(i + 1)).cwiseMax(0.0);
  }
  return next;
}

}  // namespace

std::vector<double> kinks_along(const Network& G, const Rows& A, const VectorXd& p, const VectorXd& u, double reach) {
  Path path{{-reach, reach}, MatrixXd(p.size(), 2)};
  path.corners << p - reach * u, p + reach * u;
  std::vector<const Rows*> all;
  for (const Rows& W : G.layers) all.push_back(&W);
  if (A.size() > 0) all.push_back(&A);
  if (all.empty()) return path.t;
  for (std::size_t i = 0; i + 1 < all.size(); ++i) path = through(*all[i], path);
  return parameters(path, corners_through(*all.back() * path.corners));  // beyond the last nothing is needed
}

// A row of the piece is as long as its layer's row times the norms of the layers before at most: only of neurons that
// are near by that its length is computed, backwards.
MatrixXd kinks_near(const Network& G, const Rows& A, const VectorXd& p, double near) {
  std::vector<VectorXd> normals, outputs{p};
  double longest = 1;
  const auto look = [&](const Rows& W) {
    const VectorXd y = W * outputs.back();
    for (Index j = 0; j < y.size(); ++j) {
      if (!(std::abs(y(j)) < near * longest * W.row(j).norm())) continue;
      VectorXd row = W.row(j);
      for (std::size_t i = outputs.size() - 1; i > 0; --i)
        row = G.layers[i - 1].transpose() * (outputs[i].array() > 0).select(row, 0.0);
      if (const double length = row.norm(); std::abs(y(j)) < near * length) normals.emplace_back(row / length);
    }
    longest *= W.norm();
    outputs.emplace_back(y.cwiseMax(0.0));
  };
  for (const Rows& W : G.layers) look(W);
  if (A.size() > 0) look(A);
  MatrixXd all(p.size(), static_cast<Index>(normals.size()));
  for (std::size_t i = 0; i < normals.size(); ++i) all.col(static_cast<Index>(i)) = normals[i];
  return all;
}

MatrixXd all_but_few(const MatrixXd& normals, Stream& stream) {
  std::vector<Index> order(static_cast<std::size_t>(normals.cols()));
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = static_cast<Index>(i);
    std::swap(order[i], order[static_cast<std::size_t>(stream.uniform() * static_cast<double>(i + 1))]);
  }
  const double choices = std::min(3.0, 1.0 + static_cast<double>(order.size()));
  order.resize(order.size() - static_cast<std::size_t>(stream.uniform() * choices));
  return normals(Eigen::all, order);
}

}  // namespace theoremeter
