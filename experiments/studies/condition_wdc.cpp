#include "estimators/fit_alpha.hpp"
#include "estimators/instances.hpp"
#include "experiments/studies/condition.hpp"
#include "experiments/studies/measure.hpp"
#include "theory/conditions.hpp"

#include <algorithm>
#include <utility>

namespace theoremeter {
namespace {

/// Fits alpha and measures there; again, with what it lacked, when sampling or the certificate meets a worse point than
/// the fit's search did.
Measurement measure_fitted(const Rows& W, const Request& request, const Stream& stream, const StageProgress& progress) {
  const std::int64_t starts = request.starts.value_or(default_starts(W.rows(), W.cols()));
  std::vector<Point> known;
  Seconds spent;
  for (int round = 0;; ++round) {
    FittedAlpha fitted;
    timed(spent.search, [&] {
      fitted = fit_alpha(W, known, starts, stream.at({purpose::fit}), stream.at({purpose::search}), request.threads,
                         [&](double done) { progress("fit alpha", done); });
    });
    Measurement found =
        measure(std::vector{Part<Wdc>{Wdc(W, fitted.alpha)}}, request, stream, progress, std::move(fitted.searched));
    spent = {spent.sample + found.seconds.sample, spent.search + found.seconds.search,
             spent.certify + found.seconds.certify};
    found.alpha = fitted.alpha;
    found.fit = std::move(fitted.fit);
    found.seconds = spent;
    constexpr int most = 3;
    if (found.witness.value <= fitted.alpha * found.fit->at_least * (1 + fit_tolerance) || round == most) return found;
    known.insert(known.end(), found.fit->points.begin(), found.fit->points.end());
    known.push_back(found.witness.point);
  }
}

}  // namespace

Condition weight_distribution() {
  Condition c = of_one_matrix("W", {"n", "rows of W (neurons)"}, {"k", "columns of W (latent dimension)"},
                              {{"x", "first argument"}, {"y", "second argument"}});
  c.name = "wdc";
  c.statement = "sup over x, y of || W_{+,x}' W_{+,y} - alpha Q_{x,y} ||  (Weight Distribution Condition)";
  c.given.push_back({"network", "given: layers, each measured; an HDF5 file of them or .npy,.npy,...", ""});
  c.by_layer = c.has_alpha = c.fits_alpha = true;
  c.alpha = [](const Sizes& s, const Ensembles& e) { return ensemble_alpha(e.weights, scalar(s, "k")); };
  c.measure = [](const Matrices& m, const Alpha& alpha, const Request& request, const Stream& stream,
                 const StageProgress& progress) {
    const Rows& W = m.at("W");
    if (alpha.fit) return measure_fitted(W, request, stream, progress);
    Measurement found = measure(std::vector{Part<Wdc>{Wdc(W, *alpha.value)}}, request, stream, progress);
    found.alpha = *alpha.value;
    return found;
  };
  c.naive = [](const Matrices& m, double alpha) -> NaiveDeviation {
    return [W = m.at("W"), alpha](const Point& p, const std::string& form) -> Attained {
      if (!fit(p, {W.cols(), W.cols()}) || !form.empty()) return undefined;
      Attained a;
      a.value = wdc_deviation(W, alpha, p[0], p[1], &a.side);
      a.margin = std::min(jump_distance(W, p[0]), jump_distance(W, p[1]));
      return a;
    };
  };
  return c;
}

}  // namespace theoremeter
