#include "experiments/conditions.hpp"

#include "estimators/fit_alpha.hpp"
#include "estimators/wdc.hpp"
#include "experiments/measure.hpp"
#include "theory/conditions.hpp"
#include "theory/suggest.hpp"

#include <limits>

namespace theoremeter {
namespace {

Condition weight_distribution() {
  Condition c;
  c.name = "wdc";
  c.statement = "sup over x, y of || W_{+,x}' W_{+,y} - alpha Q_{x,y} ||  (Weight Distribution Condition)";
  c.sizes = {{"n", "rows of W (neurons)"}, {"k", "columns of W (latent dimension)"}};
  c.arguments = {{"x", "first argument"}, {"y", "second argument"}};
  c.matrix = "W";
  c.certified_to = certify_dimensions;
  c.measure = [](const Rows& W, const Alpha& alpha, const Request& request, const Stream& stream,
                 const StageProgress& progress) {
    double fitted = alpha.value.value_or(1);
    double seconds = 0;
    if (alpha.fit)
      timed(seconds, [&] {
        fitted = fit_alpha(W, request.starts.value_or(default_starts(W.rows(), W.cols())), stream.at({purpose::fit}),
                           request.threads, [&](double done) { progress("fit alpha", done); });
      });
    Measurement m = measure(Wdc(W, fitted), request, stream, progress);
    m.alpha = fitted;
    m.seconds.search += seconds;
    return m;
  };
  c.naive = [](Rows W, double alpha) -> NaiveDeviation {
    return [W = std::move(W), alpha](const Point& p) {
      const bool fits = p[0].size() == W.cols() && p[1].size() == W.cols();
      return fits ? wdc_deviation(W, alpha, p[0], p[1]) : std::numeric_limits<long double>::quiet_NaN();
    };
  };
  return c;
}

}  // namespace

std::vector<std::string> Condition::size_names() const {
  std::vector<std::string> names;
  for (const Symbol& size : sizes) names.push_back(size.name);
  return names;
}

const std::vector<Condition>& conditions() {
  static const std::vector<Condition> all{weight_distribution()};
  return all;
}

const Condition& condition_named(const std::string& name) {
  std::vector<std::string> names;
  for (const Condition& c : conditions()) names.push_back(c.name);
  return conditions()[position("condition", name, names)];
}

Stream draw_stream(std::uint64_t seed, const Condition& condition, const std::map<std::string, std::int64_t>& sizes,
                   std::uint64_t draw) {
  Stream stream(seed);
  for (const Symbol& size : condition.sizes) stream = stream.at({static_cast<std::uint64_t>(sizes.at(size.name))});
  return stream.at({draw});
}

Rows draw_matrix(const Condition& condition, Ensemble ensemble, const std::map<std::string, std::int64_t>& sizes,
                 const Stream& stream) {
  return draw(ensemble, sizes.at(condition.sizes[0].name), sizes.at(condition.sizes[1].name),
              stream.at({purpose::weights}));
}

}  // namespace theoremeter
