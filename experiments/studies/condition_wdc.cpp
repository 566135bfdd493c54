#include "estimators/fit_alpha.hpp"
#include "estimators/instances.hpp"
#include "experiments/studies/condition.hpp"
#include "experiments/studies/measure.hpp"
#include "theory/conditions.hpp"

#include <utility>

namespace theoremeter {

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
    if (!alpha.fit) {
      Measurement found = measure(std::vector{Part<Wdc>{Wdc(W, *alpha.value)}}, request, stream, progress);
      found.alpha = *alpha.value;
      return found;
    }
    FittedAlpha fitted;
    double seconds = 0;
    timed(seconds, [&] {
      fitted =
          fit_alpha(W, request.starts.value_or(default_starts(W.rows(), W.cols())), stream.at({purpose::fit}),
                    stream.at({purpose::search}), request.threads, [&](double done) { progress("fit alpha", done); });
    });
    Measurement found =
        measure(std::vector{Part<Wdc>{Wdc(W, fitted.alpha)}}, request, stream, progress, std::move(fitted.searched));
    found.alpha = fitted.alpha;
    found.fit = std::move(fitted.fit);
    found.seconds.search += seconds;
    return found;
  };
  c.naive = [](const Matrices& m, double alpha) -> NaiveDeviation {
    return [W = m.at("W"), alpha](const Point& p, const std::string&) {
      return fit(p, {W.cols(), W.cols()}) ? wdc_deviation(W, alpha, p[0], p[1]) : undefined;
    };
  };
  return c;
}

}  // namespace theoremeter
