#include "estimators/lemmas.hpp"

#include <fmt/format.h>

#include <numbers>

namespace theoremeter {
namespace {

using Eigen::VectorXd;

constexpr int steps_of_climb = 300;

VectorXd gaussian_vector(Eigen::Index k, Stream& stream) {
  VectorXd x(k);
  for (double& entry : x) entry = stream.normal();
  return x;
}

/// One unit vector, or two at an angle that is uniform in (0, pi).
Point random_arguments(Eigen::Index k, bool two, Stream& stream) {
  Point at{gaussian_vector(k, stream).normalized()};
  if (!two) return at;
  const VectorXd& x = at[0];
  const VectorXd u = gaussian_vector(k, stream), across = u - x.dot(u) * x;
  const double theta = std::numbers::pi * stream.uniform();
  at.push_back(k == 1 ? VectorXd(stream.uniform() < 0.5 ? x : -x)
                      : VectorXd(std::cos(theta) * x + std::sin(theta) * across.normalized()));
  return at;
}

/// Random steps, longer after a gain, shorter after none.
LemmaValue climbed(const std::string& lemma, const std::string& matrix, const Recovery& f, const Rows& W,
                   Eigen::Index k, std::int64_t starts, const Stream& stream) {
  LemmaValue best{lemma, matrix, -1, NAN, {}};
  const bool two = lemma == "angles" || lemma == "network";
  for (std::int64_t s = 0; s < starts; ++s) {
    Stream random = stream.at({static_cast<std::uint64_t>(s)});
    Point at = random_arguments(k, two, random);
    double value = lemma_value(lemma, f, W, at), step = 0.5;
    for (int i = 0; i < steps_of_climb; ++i) {
      Point next;
      for (const VectorXd& x : at)
        next.push_back((x + step / std::sqrt(static_cast<double>(k)) * gaussian_vector(k, random)).normalized());
      const double there = lemma_value(lemma, f, W, next);
      const bool gain = there > value || (std::isnan(value) && !std::isnan(there));
      if (gain) value = there, at = next;
      step *= gain ? 1.5 : 0.85;
      if (step < 1e-7) break;
    }
    if (value > best.value) best.value = value, best.arguments = at;
  }
  return best;
}

}  // namespace

double lemma_value(const std::string& lemma, const Recovery& f, const Rows& W, const Point& at) {
  if (lemma == "angles") return angle_deviation(W, at[0], at[1]);
  if (lemma == "network") return network_deviation(f.G, at[0], at[1]);
  const GradientParts parts = gradient_parts(f, at[0]);
  return lemma == "measurements" ? parts.measurements : parts.layers;
}

std::vector<LemmaValue> search_lemmas(const Recovery& f, std::int64_t starts, const Stream& stream) {
  std::vector<LemmaValue> found;
  const auto look = [&](const std::string& lemma, const std::string& matrix, const Rows& W, Eigen::Index k) {
    LemmaValue v = climbed(lemma, matrix, f, W, k, starts, stream.at({found.size()}));
    if (!v.arguments.empty()) found.push_back(std::move(v));
  };
  for (std::size_t i = 0; i < f.G.layers.size(); ++i)
    look("angles", fmt::format("W_{}", i + 1), f.G.layers[i], f.G.layers[i].cols());
  look("network", "", {}, f.k());
  if (!f.phaseless) return found;
  look("measurements", "", {}, f.k());
  look("layers", "", {}, f.k());
  return found;
}

}  // namespace theoremeter
