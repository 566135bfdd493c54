#include "estimators/local_faces.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace theoremeter {
namespace {

using boost::multiprecision::abs, boost::multiprecision::gcd, boost::multiprecision::lcm, boost::multiprecision::msb;
using Vector = std::vector<Integer>;
using Signs = std::vector<signed char>;

Vector integer_row(const Rows& M, Eigen::Index i) {
  const int exponent = common_exponent(M.row(i));
  Vector row;
  for (Eigen::Index j = 0; j < M.cols(); ++j) row.push_back(integer(M(i, j), exponent));
  return row;
}

int sign_of_product(const Vector& a, const Vector& b) {
  Integer sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j) sum += a[j] * b[j];
  return sum.sign();
}

// Fraction-free elimination (Bareiss) of the chosen rows, one fewer than columns: a vector orthogonal to all, or none
// where they are dependent.
std::optional<Vector> orthogonal(std::vector<Vector> rows) {
  const std::size_t k = rows[0].size();
  std::vector<std::size_t> pivots;
  for (std::size_t r = 0, column = 0; r < rows.size(); ++column) {
    if (column == k) return std::nullopt;
    std::size_t at = r;
    while (at < rows.size() && rows[at][column] == 0) ++at;
    if (at == rows.size()) continue;
    std::swap(rows[r], rows[at]);
    for (std::size_t other = 0; other < rows.size(); ++other) {
      if (other == r || rows[other][column] == 0) continue;
      const Integer a = rows[r][column], b = rows[other][column];
      Integer divisor = 0;
      for (std::size_t j = 0; j < k; ++j) {
        rows[other][j] = a * rows[other][j] - b * rows[r][j];
        divisor = gcd(divisor, rows[other][j]);
      }
      if (divisor > 1)
        for (Integer& entry : rows[other]) entry /= divisor;
    }
    pivots.push_back(column);
    ++r;
  }
  std::size_t free = 0;  // the one column without a pivot
  while (free < pivots.size() && pivots[free] == free) ++free;
  Integer common = 1;
  for (std::size_t r = 0; r < rows.size(); ++r) common = lcm(common, rows[r][pivots[r]]);
  Vector v(k, Integer(0));
  v[free] = common;
  for (std::size_t r = 0; r < rows.size(); ++r) v[pivots[r]] = -rows[r][free] * (common / rows[r][pivots[r]]);
  return v;
}

std::size_t size_in_bits(const Vector& v) {
  std::size_t most = 0;
  for (const Integer& entry : v)
    if (entry != 0) most = std::max(most, std::size_t(msb(Integer(abs(entry)))) + 1);
  return most;
}

double binomial(std::size_t n, std::size_t k) {
  double result = 1;
  for (std::size_t i = 0; i < k; ++i) result *= double(n - i) / double(i + 1);
  return result;
}

/// The rays in the cone, by the signs of all rows of U and B.
std::map<Signs, Vector> rays(const std::vector<Vector>& rows, std::size_t of_U) {
  std::map<Signs, Vector> found;
  const std::size_t k = rows[0].size(), n = rows.size();
  std::vector<bool> chosen(n, false);
  std::fill(chosen.begin(), chosen.begin() + std::ptrdiff_t(k - 1), true);
  do {
    std::vector<Vector> subset;
    for (std::size_t i = 0; i < n; ++i)
      if (chosen[i]) subset.push_back(rows[i]);
    const std::optional<Vector> v = orthogonal(std::move(subset));
    if (!v) continue;
    Signs signs;
    for (const Vector& row : rows) signs.push_back(static_cast<signed char>(sign_of_product(row, *v)));
    for (const int turn : {1, -1}) {
      Signs turned = signs;
      Vector p = *v;
      for (signed char& s : turned) s = static_cast<signed char>(turn * s);
      for (Integer& entry : p) entry *= turn;
      if (std::all_of(turned.begin() + std::ptrdiff_t(of_U), turned.end(), [](signed char s) { return s >= 0; }))
        found.emplace(std::move(turned), std::move(p));
    }
  } while (std::prev_permutation(chosen.begin(), chosen.end()));
  // Of about one length: then sums lie well inside.
  std::size_t most = 0;
  for (const auto& [signs, ray] : found) most = std::max(most, size_in_bits(ray));
  for (auto& [signs, ray] : found) {
    const std::size_t shift = most - size_in_bits(ray);
    for (Integer& entry : ray) entry <<= shift;
  }
  return found;
}

bool conform(const Signs& a, const Signs& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] * b[i] < 0) return false;
  return true;
}

}  // namespace

std::optional<std::vector<LocalFace>> local_faces(const Rows& U, const Rows& B, std::size_t most) {
  constexpr double most_subsets = 5000;
  std::vector<Vector> rows;
  for (const Rows* M : {&U, &B})
    for (Eigen::Index i = 0; i < M->rows(); ++i) rows.push_back(integer_row(*M, i));
  const auto of_U = static_cast<std::size_t>(U.rows());
  if (binomial(rows.size(), static_cast<std::size_t>(U.cols()) - 1) > most_subsets) return std::nullopt;
  const std::map<Signs, Vector> edges = rays(rows, of_U);
  std::map<Signs, Vector> faces = edges;
  std::vector<Signs> fresh;
  for (const auto& [signs, point] : edges) fresh.push_back(signs);
  while (!fresh.empty()) {
    const Signs signs = std::move(fresh.back());
    fresh.pop_back();
    for (const auto& [of_edge, edge] : edges) {
      if (!conform(signs, of_edge)) continue;
      Signs sum = signs;
      for (std::size_t i = 0; i < sum.size(); ++i)
        if (sum[i] == 0) sum[i] = of_edge[i];
      if (faces.contains(sum)) continue;
      if (faces.size() > 8 * most) return std::nullopt;
      Vector point = faces.at(signs);
      for (std::size_t j = 0; j < point.size(); ++j) point[j] += edge[j];
      faces.emplace(sum, std::move(point));
      fresh.push_back(std::move(sum));
    }
  }
  // Of those that B alone tells apart, the one that lies deepest inside the cone.
  std::map<Signs, std::pair<std::size_t, const Vector*>> distinct;
  for (const auto& [signs, point] : faces) {
    const auto inside = static_cast<std::size_t>(std::count(signs.begin() + std::ptrdiff_t(of_U), signs.end(), 1));
    auto& best = distinct[Signs(signs.begin(), signs.begin() + std::ptrdiff_t(of_U))];
    if (!best.second || inside > best.first) best = {inside, &point};
  }
  if (distinct.size() > most) return std::nullopt;
  std::vector<LocalFace> result;
  for (const auto& [signs, best] : distinct) result.push_back({signs, *best.second});
  return result;
}

}  // namespace theoremeter
