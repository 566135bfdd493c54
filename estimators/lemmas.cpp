#include "estimators/lemmas.hpp"

#include "estimators/random_vectors.hpp"

#include <fmt/format.h>

#include <numbers>

namespace theoremeter {
namespace {

using Eigen::VectorXd;

constexpr int steps_of_climb = 300;

/// One unit vector, or two at an angle that is uniform in (0, pi).
Point random_arguments(Eigen::Index k, bool two, Stream& stream) {
  Point at{uniform_direction(k, stream)};
  if (!two) return at;
  const VectorXd& x = at[0];
  const VectorXd u = normal_vector(k, stream), across = u - x.dot(u) * x;
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
        next.push_back((x + step / std::sqrt(static_cast<double>(k)) * normal_vector(k, random)).normalized());
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
