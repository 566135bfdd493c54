#include "estimators/recovery/kernels.hpp"

#include <array>
#include <cmath>
#include <vector>

namespace theoremeter {
namespace {

using Eigen::Index;
constexpr Index rows_at_once = 4, lanes = 8;

void add_four(const double* a, Index stride, const double* w, double* g, Index n) {
  const double *b = a + stride, *c = b + stride, *d = c + stride;
  for (Index j = 0; j < n; ++j) g[j] = (((g[j] + w[0] * a[j]) + w[1] * b[j]) + w[2] * c[j]) + w[3] * d[j];
}

void add_one(const double* a, double w, double* g, Index n) {
  for (Index j = 0; j < n; ++j) g[j] += w * a[j];
}

void add_squares(const double* a, double w, double* g, Index n) {
  for (Index j = 0; j < n; ++j) g[j] += w * (a[j] * a[j]);
}

double total(const std::array<double, lanes>& s) {
  return ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7]));
}

void add_products(const double* a, const double* z, Index n, double* sums) {
  for (Index j = 0; j < n; j += lanes)
    for (Index lane = 0; lane < lanes; ++lane) sums[lane] += a[j + lane] * z[j + lane];
}

void add_moduli(const double* a, Index n, double* sums) {
  for (Index j = 0; j < n; j += lanes)
    for (Index lane = 0; lane < lanes; ++lane) sums[lane] += std::abs(a[j + lane]);
}

double dot(const double* a, const double* z, Index n) {
  std::array<double, lanes> sums{};
  const Index whole = n / lanes * lanes;
  add_products(a, z, whole, sums.data());
  for (Index j = whole; j < n; ++j) sums[static_cast<std::size_t>(j - whole)] += a[j] * z[j];
  return total(sums);
}

}  // namespace

void add_weighted_rows(const Rows& A, const Eigen::VectorXd& w, Eigen::VectorXd& g) {
  const Index n = A.cols();
  for (Index i = 0; i < A.rows();) {
    const bool four = i + rows_at_once <= A.rows() && w[i] != 0 && w[i + 1] != 0 && w[i + 2] != 0 && w[i + 3] != 0;
    if (four)
      add_four(A.data() + i * n, n, w.data() + i, g.data(), n);
    else if (w[i] != 0)
      add_one(A.data() + i * n, w[i], g.data(), n);
    i += four ? rows_at_once : 1;
  }
}

void add_weighted_squares(const Rows& A, const Eigen::VectorXd& w, Eigen::VectorXd& g) {
  for (Index i = 0; i < A.rows(); ++i) add_squares(A.data() + i * A.cols(), w[i], g.data(), A.cols());
}

double sum_of_moduli(const Rows& A) {
  std::array<double, lanes> sums{};
  const Index whole = A.size() / lanes * lanes;
  add_moduli(A.data(), whole, sums.data());
  for (Index j = whole; j < A.size(); ++j) sums[static_cast<std::size_t>(j - whole)] += std::abs(A.data()[j]);
  return total(sums);
}

double row_product(const Rows& A, Index i, const Eigen::VectorXd& z) {
  return dot(A.data() + i * A.cols(), z.data(), A.cols());
}

void multiply(const Rows& A, const Eigen::VectorXd& z, Eigen::VectorXd& y) {
  for (Index i = 0; i < A.rows(); ++i) y[i] = row_product(A, i, z);
}

void multiply_sparse(const Rows& A, const Eigen::VectorXd& z, Eigen::VectorXd& y) {
  std::vector<Index> support;
  for (Index j = 0; j < z.size(); ++j)
    if (z[j] != 0) support.push_back(j);
  for (Index i = 0; i < A.rows(); ++i) {
    double sum = 0;
    for (const Index j : support) sum += A(i, j) * z[j];
    y[i] = sum;
  }
}

}  // namespace theoremeter
