// Images as signals: the wavelet transform against its properties, similarity against its definition.
#include "theory/images.hpp"

#include <doctest/doctest.h>
#include <Eigen/Dense>
#include <cmath>
#include <random>

namespace test_recovery_images {
namespace {

using Eigen::Index;
using Eigen::VectorXd;
using namespace theoremeter;

VectorXd random_image(Index pixels, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<double> uniform(0, 1);
  return VectorXd::NullaryExpr(pixels, [&] { return uniform(engine); });
}

/// SSIM by its definition: weights of the window, means, variances and covariance about the means.
double similarity_by_definition(const VectorXd& a, const VectorXd& b, Index side) {
  double sum = 0, windows = 0;
  for (Index top = 0; top + 11 <= side; ++top)
    for (Index left = 0; left + 11 <= side; ++left) {
      double total = 0, ma = 0, mb = 0, va = 0, vb = 0, covariance = 0;
      const auto over = [&](const auto& each) {
        for (Index i = 0; i < 11; ++i)
          for (Index j = 0; j < 11; ++j) {
            const double r2 = static_cast<double>((i - 5) * (i - 5) + (j - 5) * (j - 5)), w = std::exp(-r2 / 4.5);
            each(w, a[(top + i) * side + left + j], b[(top + i) * side + left + j]);
          }
      };
      over([&](double w, double x, double y) { total += w, ma += w * x, mb += w * y; });
      ma /= total, mb /= total;
      over([&](double w, double x, double y) {
        va += w / total * (x - ma) * (x - ma), vb += w / total * (y - mb) * (y - mb);
        covariance += w / total * (x - ma) * (y - mb);
      });
      sum += (2 * ma * mb + 1e-4) * (2 * covariance + 9e-4) / ((ma * ma + mb * mb + 1e-4) * (va + vb + 9e-4));
      ++windows;
    }
  return sum / windows;
}

}  // namespace

// The filter is given to 16 digits; two steps of 8 products each lose a few of them.
TEST_CASE("the wavelet transform is orthonormal, and turns back") {
  for (const Index side : {11, 16, 28, 32, 50}) {
    const VectorXd image = random_image(side * side, 1), other = random_image(side * side, 2);
    const VectorXd c = wavelet_coefficients(image), d = wavelet_coefficients(other);
    CHECK(c.size() == coefficients_of(side * side));
    CHECK(c.dot(d) == doctest::Approx(image.dot(other)).epsilon(1e-11));
    CHECK((image_of(c, image.size()) - image).cwiseAbs().maxCoeff() < 1e-11);
  }
}

TEST_CASE("db4: constants go into the averages alone, cubic polynomials leave no details where nothing wraps") {
  const VectorXd constant = wavelet_coefficients(VectorXd::Ones(32 * 32));
  for (Index i = 0; i < 32; ++i)
    for (Index j = 0; j < 32; ++j)
      CHECK(constant[32 * i + j] == doctest::Approx(i < 8 && j < 8 ? 4 : 0).epsilon(1e-11));  // two steps of factor 2
  const VectorXd cubic = wavelet_coefficients(VectorXd::NullaryExpr(32 * 32, [](Index at) {
    const double t = static_cast<double>(at / 32) / 32;
    return 1 - t + 5 * t * t * t;
  }));
  for (Index i = 16; i < 16 + 13; ++i)
    CHECK(std::abs(cubic[32 * i]) < 1e-9);  // finest details of rows 2i - 32, ... + 7
  CHECK(std::abs(cubic[32 * 31]) > 1e-3);   // where it wraps
}

TEST_CASE("structural similarity is what its definition says") {
  for (const Index side : {11, 17, 28}) {
    const VectorXd a = random_image(side * side, 3), b = (a + 0.3 * random_image(side * side, 4)) / 1.3;
    CHECK(structural_similarity(a, b) == doctest::Approx(similarity_by_definition(a, b, side)).epsilon(1e-9));
    CHECK(structural_similarity(a, a) == doctest::Approx(1).epsilon(1e-12));
  }
  CHECK(side_of(784) == 28);
  CHECK(side_of(785) == 0);
}

}  // namespace test_recovery_images
