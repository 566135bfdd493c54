// What single lemmas bound: against formulas written out here, gradients by differences, and a grid of all directions.
#include "estimators/landscape.hpp"
#include "estimators/lemmas.hpp"
#include "experiments/studies/landscape_results.hpp"
#include "experiments/studies/landscape_verify.hpp"
#include "theory/population.hpp"

#include <doctest/doctest.h>
#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

namespace theoremeter::test_lemmas {
namespace {

using Eigen::Vector2d;
using Eigen::VectorXd;
constexpr double pi = std::numbers::pi;

Rows gaussian_matrix(Eigen::Index n, Eigen::Index k, Stream stream) {
  Rows W(n, k);
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index j = 0; j < k; ++j) W(i, j) = stream.normal() / std::sqrt(double(n));
  return W;
}

VectorXd gaussian(Eigen::Index k, Stream stream) {
  VectorXd x(k);
  for (double& entry : x) entry = stream.normal();
  return x;
}

Vector2d at_angle(double t) { return {std::cos(t), std::sin(t)}; }

/// The angle by the law of cosines, and what a wide layer makes of it.
double angle_of(const VectorXd& x, const VectorXd& y) {
  return std::acos(std::clamp(x.dot(y) / x.norm() / y.norm(), -1.0, 1.0));
}
double wide(double t) { return std::acos(((pi - t) * std::cos(t) + std::sin(t)) / pi); }

/// Lambda_x' Lambda_y y by masks, layer by layer.
VectorXd there_and_back(const std::vector<Rows>& layers, const VectorXd& x, const VectorXd& y) {
  VectorXd a = x, b = y;
  std::vector<VectorXd> masks;
  for (const Rows& W : layers) {
    a = (W * a).eval();
    masks.push_back(a.unaryExpr([](double v) { return v > 0 ? 1.0 : 0.0; }));
    a = a.cwiseMax(0.0).eval();
    b = (W * b).cwiseMax(0.0).eval();
  }
  for (std::size_t i = layers.size(); i-- > 0;) b = (layers[i].transpose() * b.cwiseProduct(masks[i])).eval();
  return b;
}

Eigen::MatrixXd Phi_written_out(const VectorXd& z, const VectorXd& w) {
  const double t = angle_of(z, w);
  const VectorXd e = z.normalized(), u = (w.normalized() - e * std::cos(t)) / std::sin(t);
  const Eigen::MatrixXd M =
      std::cos(t) * (e * e.transpose() - u * u.transpose()) + std::sin(t) * (e * u.transpose() + u * e.transpose());
  return (pi - 2 * t) / pi * Eigen::MatrixXd::Identity(z.size(), z.size()) + 2 * std::sin(t) / pi * M;
}

}  // namespace

TEST_CASE("angles after the identity's relu: known in the plane") {
  const Rows I = Rows::Identity(2, 2);
  for (const double b : {0.1, 0.7, 1.4}) {
    CHECK(angle_deviation(I, at_angle(2.0), at_angle(b)) ==
          doctest::Approx(std::abs(pi / 2 - b - wide(2.0 - b))).epsilon(1e-12));
    CHECK(angle_deviation(I, 3 * at_angle(0.2), at_angle(b)) ==
          doctest::Approx(std::abs(std::abs(b - 0.2) - wide(std::abs(b - 0.2)))).epsilon(1e-9));
    CHECK(std::isnan(angle_deviation(I, at_angle(pi + 0.3), at_angle(b))));
  }
}

TEST_CASE("there and back through two layers, less h as its products and sums are written out") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Stream stream(seed);
    const std::vector<Rows> layers{gaussian_matrix(7, 3, stream.at({1})), gaussian_matrix(9, 7, stream.at({2}))};
    const VectorXd x = gaussian(3, stream.at({3})), y = gaussian(3, stream.at({4}));
    const double t0 = angle_of(x, y), t1 = wide(t0);
    const VectorXd h = (pi - t0) / pi * (pi - t1) / pi * y +
                       (std::sin(t0) / pi * (pi - t1) / pi + std::sin(t1) / pi) * y.norm() * x.normalized();
    const double expected = (4 * there_and_back(layers, x, y) - h).norm() / y.norm();
    CHECK(network_deviation(Network(layers), x, y) == doctest::Approx(expected).epsilon(1e-10));
  }
}

// v by the definition, vbar with Phi written out, h from differences of the population objective: at many radii none is
// above what is said, and one of 0, 1, infinity attains it.
TEST_CASE("the two parts of the gradient of phase retrieval") {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const Stream stream(seed);
    const std::vector<Rows> layers{gaussian_matrix(8, 3, stream.at({1})), gaussian_matrix(10, 8, stream.at({2}))};
    const Rows A = gaussian_matrix(25, 10, stream.at({3}));
    const VectorXd x0 = 1.7 * gaussian(3, stream.at({4})), p = gaussian(3, stream.at({5})).normalized();
    const Recovery f = phase_retrieval(Network(layers), A, x0);
    const GradientParts parts = gradient_parts(f, p);
    double most = 0, most_layers = 0;
    for (const double r : {1e-7, 0.1, 0.5, 0.9, 1.0, 1.1, 2.0, 10.0, 1e7}) {
      const VectorXd x = r * x0.norm() * p, z = forward(f.G, x), w = forward(f.G, x0);
      const VectorXd bar =
          there_and_back(layers, x, x) - linear_piece(f.G, x).transpose() * (Phi_written_out(z, w) * w);
      VectorXd h(3);
      const double step = 1e-5 * std::max(r, 1e-3) * x0.norm();
      for (int i = 0; i < 3; ++i) {
        const VectorXd up = x + step * VectorXd::Unit(3, i), down = x - step * VectorXd::Unit(3, i);
        h(i) = r < 1e-6 ? 0
                        : (population_objective(Problem::phase_retrieval, 2, up, x0) -
                           population_objective(Problem::phase_retrieval, 2, down, x0)) /
                              (2 * step);
      }
      const double size = std::max(r, 1.0) * x0.norm();
      most = std::max(most, 4 * (gradient(f, x) - bar).norm() / size);
      if (r > 1e-6) most_layers = std::max(most_layers, (4 * bar - h).norm() / size);
      CHECK(4 * (gradient(f, x) - bar).norm() / size <= parts.measurements * (1 + 1e-9));
      if (r > 1e-6) CHECK((4 * bar - h).norm() / size <= parts.layers * (1 + 1e-5));
    }
    CHECK(most == doctest::Approx(parts.measurements).epsilon(1e-6));
    CHECK(most_layers <= parts.layers * (1 + 1e-5));
    CHECK(most_layers > 0.8 * parts.layers);  // near 0, at r = 0.1, it is not yet attained
  }
}

TEST_CASE("what is searched is what a grid of all pairs of directions has") {
  const Recovery f = inversion(Network({gaussian_matrix(12, 2, Stream(3))}), at_angle(0.4));
  double most_angle = 0, most_network = 0;
  constexpr int n = 500;
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      const VectorXd x = at_angle(2 * pi * i / n), y = at_angle(2 * pi * j / n);
      most_angle = std::max(most_angle, angle_deviation(f.G.layers[0], x, y));
      most_network = std::max(most_network, network_deviation(f.G, x, y));
    }
  const std::vector<LemmaValue> found = search_lemmas(f, 32, Stream(1));
  REQUIRE(found.size() == 2);
  CHECK(found[0].lemma == "angles");
  CHECK(found[0].matrix == "W_1");
  CHECK(found[0].value >= 0.99 * most_angle);
  CHECK(found[1].lemma == "network");
  CHECK(found[1].value >= 0.99 * most_network);
  CHECK(found[0].value == angle_deviation(f.G.layers[0], found[0].arguments[0], found[0].arguments[1]));
}

TEST_CASE("constants are over the power of eps that the lemma has") {
  const auto eps = [](const char* condition, const char* matrix, double value) {
    return Epsilon{condition, matrix, 1, value, {}};
  };
  const std::vector<Epsilon> epsilon{eps("wdc", "W_1", 0.04), eps("wdc", "W_2", 0.25), eps("rrcp", "", 0.14)};
  const auto constant = [&](const char* lemma, const char* matrix) {
    return lemma_constant({lemma, matrix, 0.6, NAN, {}}, 2, epsilon);
  };
  CHECK(constant("angles", "W_1") == doctest::Approx(3));
  CHECK(constant("angles", "W_2") == doctest::Approx(1.2));
  CHECK(constant("network", "") == doctest::Approx(0.15));
  CHECK(constant("layers", "") == doctest::Approx(0.15));
  CHECK(constant("measurements", "") == doctest::Approx(0.6 / (0.62 * 1.5 * 1.5)));  // 31/7 of 0.14
  CHECK(std::isnan(constant("angles", "W_3")));
}

// What the lemmas bound vanishes as Gaussian layers and A grow; of entries that are no centred Gaussians it does not.
TEST_CASE("nothing is left of wide Gaussian layers, much of those whose entries are positive") {
  const VectorXd x = at_angle(0.3), y = at_angle(1.9);
  const auto deviations = [&](const Rows& W, const Rows& A) {
    const Recovery f = phase_retrieval(Network({W}), A, y);
    const GradientParts parts = gradient_parts(f, x);
    return std::vector<double>{angle_deviation(W, x, y), network_deviation(f.G, x, y), parts.layers,
                               parts.measurements};
  };
  const Rows W = gaussian_matrix(40000, 2, Stream(1)), narrow = gaussian_matrix(20, 2, Stream(2));
  const Rows A = gaussian_matrix(40000, 20, Stream(3));
  const std::vector<double> wide_layer = deviations(W, Rows::Identity(1, 40000)), many = deviations(narrow, A),
                            positive_layer = deviations(W.cwiseAbs(), Rows::Identity(1, 40000)),
                            positive = deviations(narrow, A.cwiseAbs());
  for (std::size_t i = 0; i < 3; ++i) {  // entries deviate by 1/200: 0.05 is ten standard deviations
    CAPTURE(i);
    CHECK(wide_layer[i] < 0.05);
    CHECK(positive_layer[i] > 0.2);
  }
  CHECK(many[3] < 0.2);  // of a 20 x 20 matrix: sqrt(20) times that
  CHECK(positive[3] > 1);
}

TEST_CASE("verify finds each number and argument of a lemma that is not so") {
  const Recovery f = phase_retrieval(Network({gaussian_matrix(9, 2, Stream(1)), gaussian_matrix(15, 9, Stream(2))}),
                                     gaussian_matrix(20, 15, Stream(3)), at_angle(1));
  LandscapeOptions options;
  options.directions = 50, options.starts = 1, options.steps = 5, options.descents = 0;
  MeasuredLandscape d;
  d.x0 = {f.x0};
  d.objective_x0 = 0;
  d.landscape = measure_landscape(f, Problem::phase_retrieval, options, Stream(4));
  d.solutions = {{d.x0, d.landscape.population_error, d.landscape.descent_at_zero, d.landscape.violation_count}};
  d.epsilon = {{"wdc", "W_1", 1, 0.5, {}}, {"wdc", "W_2", 1, 0.6, {}}, {"rrcp", "", 1, 0.7, {}}};
  d.lemmas = search_lemmas(f, 1, Stream(5));
  REQUIRE(d.lemmas.size() == 5);  // angles twice
  for (LemmaValue& v : d.lemmas) v.constant = lemma_constant(v, 2, d.epsilon);
  const auto naive = [](const Epsilon&) { return [](const Point&, const std::string&) { return Attained{}; }; };
  const auto complaints = [&](const MeasuredLandscape& of) {
    Complaints all = complaints_of(Problem::phase_retrieval, {{"widths", {2, 9, 15}}, {"m", {20}}},
                                   {f, 1, naive, {}, {}}, of, false);
    std::erase_if(all, [](const std::string& c) { return !c.starts_with("lemma of"); });
    return all;
  };
  CHECK(complaints(d).empty());
  for (std::size_t i = 0; i < d.lemmas.size(); ++i) {
    CAPTURE(i);
    const auto found = [&](const char* text, auto change) {
      MeasuredLandscape changed = d;
      change(changed.lemmas[i]);
      const Complaints all = complaints(changed);
      CAPTURE(text);
      CHECK((all.size() == 1 && all[0].find(text) != std::string::npos));
    };
    found("but recomputed", [](LemmaValue& v) { v.constant *= 1 + 1e-9; });
    found("but recomputed", [](LemmaValue& v) { v.constant = NAN; });
    found("no unit vector", [](LemmaValue& v) { v.arguments[0] *= 1 + 1e-9; });
    found("no unit vector", [](LemmaValue& v) { v.arguments[0].conservativeResize(1); });
    found("none that is measured", [](LemmaValue& v) { v.lemma = "lemma"; });
    found("none that is measured", [](LemmaValue& v) { v.matrix = "W_3"; });
    found("none that is measured", [](LemmaValue& v) { v.arguments.clear(); });
    MeasuredLandscape more = d;
    more.lemmas[i].value += 1e-6;  // and so does its constant
    CHECK(complaints(more).size() == 2);
  }
}

}  // namespace theoremeter::test_lemmas
