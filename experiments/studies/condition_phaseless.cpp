#include "estimators/instances.hpp"
#include "experiments/studies/condition.hpp"
#include "experiments/studies/measure.hpp"
#include "theory/conditions.hpp"

#include <algorithm>
#include <utility>

namespace theoremeter {

Condition phaseless_concentration() {
  Condition c = of_one_matrix("A", {"m", "rows of A (measurements)"}, {"n", "columns of A (dimension of the signal)"},
                              {{"z", "first argument"}, {"w", "second argument"}});
  c.name = "phaseless";
  c.statement = "sup over z, w of || A_z' A_w - Phi_{z,w} ||, A_z = diag(sgn Az) A  (phaseless concentration)";
  c.measure = [](const Matrices& m, const Alpha&, const Request& request, const Stream& stream,
                 const StageProgress& progress) {
    return measure(std::vector{Part<Phaseless>{Phaseless(m.at("A"))}}, request, stream, progress);
  };
  c.naive = [](const Matrices& m, double) -> NaiveDeviation {
    return [A = m.at("A")](const Point& p, const std::string& form) -> Attained {
      if (!fit(p, {A.cols(), A.cols()}) || !form.empty()) return undefined;
      Attained a;
      a.value = phaseless_deviation(A, p[0], p[1], &a.side);
      a.margin = std::min(jump_distance(A, p[0]), jump_distance(A, p[1]));
      return a;
    };
  };
  return c;
}

}  // namespace theoremeter
