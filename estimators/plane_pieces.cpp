#include "estimators/plane_pieces.hpp"

#include "estimators/decompositions.hpp"
#include "estimators/hyperplanes.hpp"

#include <cmath>
#include <numbers>
#include <numeric>

namespace theoremeter {
namespace {

constexpr double unit_roundoff = std::numeric_limits<double>::epsilon();
constexpr double first_angle = 0.2345;  // where circles are cut open: nowhere special

struct End {
  double angle;
  Eigen::Index row;  // that vanishes there; -1: none of this layer
};

// Neurons are not negative: with weights of one sign theirs is constant on a piece.
bool one_sign(const Rows& W, Eigen::Index i, const std::vector<Eigen::Index>& columns) {
  bool positive = false, negative = false;
  for (const Eigen::Index l : columns) {
    positive = positive || W(i, l) > 0;
    negative = negative || W(i, l) < 0;
  }
  return !(positive && negative);
}

}  // namespace

Eigen::Vector2d on_circle(double angle) { return {std::cos(angle), std::sin(angle)}; }

std::array<double, 2> zeros_on_circle(const Eigen::RowVector2d& h, double from) {
  std::array<double, 2> at{std::atan2(-h(0), h(1)), std::atan2(h(0), -h(1))};
  for (double& angle : at) angle -= 2 * std::numbers::pi * std::floor((angle - from) / (2 * std::numbers::pi));
  return at;
}

RowsOnPiece::RowsOnPiece(const ExactNetwork& N, std::size_t layer, const Eigen::MatrixXd& Lambda, double error_before,
                         const std::vector<Eigen::VectorXd>& signs)
    : RowsOnPiece(layer < N.network().layers.size() ? N.network().layers[layer] : N.measurements(), Lambda,
                  error_before) {
  const double wanted =  // rays must be told apart where pieces are narrow
      layer < N.network().layers.size() ? 32 * static_cast<double>(layer + 2) * unit_roundoff
                                        : PlanePieces::row_accuracy;
  std::vector<Eigen::Index> unknown;
  for (Eigen::Index j = 0; j < error.size(); ++j)
    if (!(error(j) <= wanted)) unknown.push_back(j);
  if (unknown.empty()) return;
  const Eigen::MatrixXd exact = N.rows(layer, unknown, signs);
  for (std::size_t u = 0; u < unknown.size(); ++u) {
    const auto row = exact.row(static_cast<Eigen::Index>(u));
    M.row(unknown[u]) = row;
    error(unknown[u]) = (row.array() == 0).all() ? 0 : 16 * static_cast<double>(layer + 2) * unit_roundoff;
  }
}

RowsOnPiece::RowsOnPiece(const Rows& W, const Eigen::MatrixXd& Lambda, double error_before)
    : M(W * Lambda), error(Eigen::ArrayXd::Zero(W.rows())) {
  const Eigen::VectorXd size = Lambda.cwiseAbs().rowwise().sum();
  for (Eigen::Index i = 0; i < W.rows(); ++i) {
    long double terms = 0;
    for (Eigen::Index l = 0; l < W.cols(); ++l) terms += std::abs(static_cast<long double>(W(i, l)) * size(l));
    if (terms == 0) continue;
    const double length = M.row(i).cwiseAbs().sum(), rounding = static_cast<double>(W.cols() + 4) * unit_roundoff;
    error(i) = length > 1e-290 ? (error_before + rounding) * static_cast<double>(terms / length)
                               : std::numeric_limits<double>::infinity();
  }
}

std::vector<Eigen::Index> nonzero_rows(const Eigen::MatrixXd& Lambda) {
  std::vector<Eigen::Index> rows;
  for (Eigen::Index l = 0; l < Lambda.rows(); ++l)
    if ((Lambda.row(l).array() != 0).any()) rows.push_back(l);
  return rows;
}

bool proportional(const Rows& W, Eigen::Index i, Eigen::Index j, const std::vector<Eigen::Index>& columns) {
  const auto safe = [](double a, double b) { return a == 0 || b == 0 || std::abs(a * b) > 1e-250; };
  Eigen::Index pivot = columns.front();
  for (const Eigen::Index l : columns)
    if (std::abs(W(i, l)) > std::abs(W(i, pivot))) pivot = l;
  return std::all_of(columns.begin(), columns.end(), [&](Eigen::Index l) {
    return safe(W(i, pivot), W(j, l)) && safe(W(i, l), W(j, pivot)) &&
           equal_products(W(i, pivot), W(j, l), W(i, l), W(j, pivot));
  });
}

// The layers so far. line: where their rank is 1, or 0, for certain.
struct PlanePieces::Part {
  Eigen::MatrixXd Lambda;
  double error;
  std::optional<Line> line;
  std::vector<Eigen::VectorXd> signs;
};

PlanePieces::PlanePieces(const ExactNetwork& N) : N_(N), G_(N.network()) {
  constexpr double right = std::numbers::pi / 2;
  for (int quarter = 0; quarter < 4; ++quarter)
    cut(0, first_angle + quarter * right, first_angle + (quarter + 1) * right,
        {Eigen::MatrixXd::Identity(2, 2), 0, {}, {}});
}

// The rays of [from, to], on which the layers before this one are `part`.
void PlanePieces::cut(std::size_t layer, double from, double to, const Part& part) {
  if (layer == G_.layers.size()) return add(from, to, part);
  const Rows& W = G_.layers[layer];
  const RowsOnPiece rows(N_, layer, part.Lambda, part.error, part.signs);
  const std::vector<Eigen::Index> columns = nonzero_rows(part.Lambda);
  for (Eigen::Index i = 0; i < W.rows(); ++i) known_ = known_ && rows.known(i);
  if (!known_) return;
  std::vector<End> ends{{from, -1}, {to, -1}};
  for (Eigen::Index i = 0; i < W.rows(); ++i) {
    if (rows.zero(i) || part.line || (layer > 0 && one_sign(W, i, columns))) continue;
    for (const double angle : zeros_on_circle(rows.M.row(i), from - resolution))
      if (angle < to + resolution) ends.push_back({angle, i});
    ray_error_ = std::max(ray_error_, 2 * rows.error(i) + 16 * unit_roundoff);
  }
  std::sort(ends.begin(), ends.end(), [](const End& a, const End& b) { return a.angle < b.angle; });
  std::vector<double> cuts;
  for (std::size_t e = 0; e < ends.size(); ++e) {
    if (e == 0 || ends[e].angle - ends[e - 1].angle > resolution)
      cuts.push_back(ends[e].angle);
    else
      known_ = known_ && std::min(ends[e].row, ends[e - 1].row) >= 0 &&
               proportional(W, ends[e].row, ends[e - 1].row, columns);
  }
  for (std::size_t e = 1; e < cuts.size() && known_; ++e)
    cut(layer + 1, cuts[e - 1], cuts[e], gated(layer, W, rows, columns, part, (cuts[e - 1] + cuts[e]) / 2));
}

PlanePieces::Part PlanePieces::gated(std::size_t layer, const Rows& W, const RowsOnPiece& rows,
                                     const std::vector<Eigen::Index>& columns, const Part& part, double middle) {
  const Eigen::VectorXd z = rows.M * on_circle(middle);
  Part next{rows.M, 0, part.line, part.signs};
  next.signs.push_back(z);
  std::vector<Eigen::Index> on;
  for (Eigen::Index j = 0; j < z.size(); ++j) {
    if (rows.zero(j) || z(j) <= 0) {
      next.Lambda.row(j).setZero();
      next.signs.back()(j) = 0;
      continue;
    }
    next.error = std::max(next.error, rows.error(j));
    on.push_back(j);
  }
  const auto one_line = [&](const std::vector<Eigen::Index>& in) {
    return std::all_of(on.begin(), on.end(),
                       [&](Eigen::Index j) { return j == on.front() || proportional(W, on.front(), j, in); });
  };
  std::vector<Eigen::Index> all(static_cast<std::size_t>(W.cols()));
  std::iota(all.begin(), all.end(), Eigen::Index{0});
  if (one_line(all))
    next.line = Line{layer, on, {}};
  else if (!part.line && one_line(columns))
    next.line = Line{layer, on, columns};
  return next;
}

// |Lambda^+| <= 1.8/|R_11|, and Lambda is off by at most 1.5 error |R_00|.
void PlanePieces::add(double from, double to, const Part& part) {
  const auto rows = nonzero_rows(part.Lambda);
  Eigen::Index rank = 0;
  Eigen::MatrixXd U(part.Lambda.rows(), 0);
  double off = 0;
  int line = -1;
  if (!rows.empty()) {
    const PivotedQr qr(part.Lambda / part.Lambda.cwiseAbs().maxCoeff());
    rank = part.line ? 1 : 2;
    const double quotient = std::abs(qr.R()(0, 0) / qr.R()(rank - 1, rank - 1));
    off = 3 * (part.error + 4 * static_cast<double>(rows.size()) * unit_roundoff) * quotient;
    known_ = known_ && off <= range_accuracy;  // false for NaN
    U = qr.Q(rank);
  }
  lines_.push_back(part.line);
  if (rank == 1) line = static_cast<int>(std::find(lines_.begin(), lines_.end(), part.line) - lines_.begin());
  pieces_.push_back({from, to, part.Lambda, U, part.error, off, line, part.signs});
}

}  // namespace theoremeter
