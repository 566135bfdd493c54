#include "estimators/recovery/kernels.hpp"

#include <array>
#include <cmath>

namespace theoremeter {
namespace {

using Eigen::Index;
constexpr Index rows_at_once = 4, lanes = 8;

template <class T>
void add_four(const T* a, Index stride, const T* w, T* __restrict g, Index n) {
  const T *b = a + stride, *c = b + stride, *d = c + stride;
  const T wa = w[0], wb = w[1], wc = w[2], wd = w[3];
  for (Index j = 0; j < n; ++j) g[j] = (((g[j] + wa * a[j]) + wb * b[j]) + wc * c[j]) + wd * d[j];
}

template <class T>
void add_one(const T* a, T w, T* __restrict g, Index n) {
  for (Index j = 0; j < n; ++j) g[j] += w * a[j];
}

void add_squares(const double* a, double w, double* __restrict g, Index n) {
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

/// A by rows.
template <class T>
void add_rows(const T* A, Index m, Index n, const T* w, T* g) {
  for (Index i = 0; i < m;) {
    const bool four = i + rows_at_once <= m && w[i] != 0 && w[i + 1] != 0 && w[i + 2] != 0 && w[i + 3] != 0;
    if (four)
      add_four(A + i * n, n, w + i, g, n);
    else if (w[i] != 0)
      add_one(A + i * n, w[i], g, n);
    i += four ? rows_at_once : 1;
  }
}

}  // namespace

void add_weighted_rows(const Rows& A, const Eigen::VectorXd& w, Eigen::VectorXd& g) {
  add_rows(A.data(), A.rows(), A.cols(), w.data(), g.data());
}

void add_weighted_rows(const SingleRows& A, const Eigen::VectorXf& w, Eigen::VectorXf& g) {
  add_rows(A.data(), A.rows(), A.cols(), w.data(), g.data());
}

double in_order(const Eigen::VectorXd& a, const Eigen::VectorXd& w) {
  double sum = 0;
  for (Index i = 0; i < a.size(); ++i) sum += w[i] * a[i];
  return sum;
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

}  // namespace theoremeter
