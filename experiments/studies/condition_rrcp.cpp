#include "estimators/rrcp_certify.hpp"
#include "experiments/studies/condition.hpp"
#include "experiments/studies/measure.hpp"
#include "theory/conditions.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace theoremeter {

Condition range_restricted_concentration() {
  Condition c;
  c.name = "rrcp";
  c.statement =
      "sup of |<(A_{G(x)}' A_{G(y)} - Phi) (G(x1) - G(x2)), G(x3) - G(x4)>| / (|G(x1) - G(x2)| |G(x3) - G(x4)|), "
      "in the paper 31 epsilon (Range Restricted Concentration Property)";
  c.sizes = {{"m", "rows of A (measurements)"},
             {"widths", "of the network: k, n_1, ..., n_d; layer i is n_i x n_{i-1}", true}};
  for (const char* name : {"x", "y"}) c.arguments.push_back({name, "latent vector at which the signs are taken"});
  for (const char* name : {"x1", "x2", "x3", "x4"})
    c.arguments.push_back({name, "latent vector of a difference", false, false});
  c.given = {{"network", "given: an HDF5 file of layers or .npy,.npy,...", ""},
             {"A", "given: a .npy or HDF5 file", "A"}};
  c.measures = true;
  c.factor = 31;
  c.certified_for = "networks with k = 2";
  c.shapes = [](const Sizes& s, const Ensembles& e) {
    std::vector<Shape> shapes = network_shapes(s.at("widths"), e.weights);
    shapes.push_back({"A", scalar(s, "m"), s.at("widths").back(), e.measurements});
    return shapes;
  };
  c.sizes_of = [](const Matrices& m) {
    Sizes s;
    if (m.contains(layer_name(0))) s["widths"] = network_of(m).widths();
    if (const auto A = m.find("A"); A != m.end()) s["m"] = {A->second.rows()};
    return s;
  };
  c.sphere_dimensions = [](const Sizes& s) { return std::vector{s.at("widths")[0]}; };
  c.certificates = [](const Sizes& s) {
    return s.at("widths")[0] == 2 ? Certificates::on_request : Certificates::none;
  };
  c.measure = [](const Matrices& m, const Alpha&, const Request& request, const Stream& stream,
                 const StageProgress& progress) {
    return measure(std::vector{Part<Rrcp>{Rrcp(network_of(m), m.at("A"))}}, request, stream, progress);
  };
  c.naive = [](const Matrices& m, double) -> NaiveDeviation {
    return [layers = network_of(m).layers, A = m.at("A")](const Point& p, const std::string& form) -> Attained {
      const Eigen::Index k = layers[0].cols();
      if (!fit(p, {k, k, k, k, k, k}) || !is_form(form, layers, {p[2], p[3], p[4], p[5]})) return undefined;
      Attained a;
      a.value = rrcp_deviation(layers, A, p[0], p[1], p[2], p[3], p[4], p[5], &a.side);
      a.margin = std::numeric_limits<long double>::infinity();
      for (std::size_t i = 0; i < p.size(); ++i)
        a.margin = std::min(a.margin, jump_distance(layers, i < 2 ? &A : nullptr, p[i]));
      return a;
    };
  };
  return c;
}

}  // namespace theoremeter
