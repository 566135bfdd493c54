#include "estimators/rrcp_certify.hpp"
#include "experiments/studies/condition.hpp"
#include "experiments/studies/measure.hpp"
#include "theory/conditions.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace theoremeter {

/// The RRCP without signs, hence without x and y.
Condition range_restricted_isometry() {
  Condition c = range_restricted_concentration();
  c.name = "rric";
  c.statement =
      "sup of |<(A'A - I) (G(x1) - G(x2)), G(x3) - G(x4)>| / (|G(x1) - G(x2)| |G(x3) - G(x4)|)  (Range Restricted "
      "Isometry Condition)";
  std::erase_if(c.arguments, [](const Symbol& argument) { return argument.unit; });
  c.factor = 1;
  c.measure = [](const Matrices& m, const Alpha&, const Request& request, const Stream& stream,
                 const StageProgress& progress) {
    const Rrcp rric(network_of(m), m.at("A"), Rrcp::Form::tangent, Rrcp::Property::isometry);
    return measure(std::vector{Part<Rrcp>{rric}}, request, stream, progress);
  };
  c.naive = [](const Matrices& m, double) -> NaiveDeviation {
    return [layers = network_of(m).layers, A = m.at("A")](const Point& p, const std::string& form) -> Attained {
      const Eigen::Index k = layers[0].cols();
      if (!fit(p, {k, k, k, k}) || !is_form(form, layers, p)) return undefined;
      Attained a;
      a.value = rric_deviation(layers, A, p[0], p[1], p[2], p[3], &a.side);
      a.margin = std::numeric_limits<long double>::infinity();
      for (const Eigen::VectorXd& x : p) a.margin = std::min(a.margin, jump_distance(layers, nullptr, x));
      return a;
    };
  };
  return c;
}

}  // namespace theoremeter
