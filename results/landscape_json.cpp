#include "results/landscape_json.hpp"

#include "results/json.hpp"

#include <fmt/format.h>

#include <cmath>

namespace theoremeter {
namespace {

using Json = nlohmann::ordered_json;
using Names = std::vector<std::string>;

Json number(double value) {
  if (value == INFINITY) return "infinity";
  return std::isnan(value) ? Json() : Json(value);
}

template <class Vector>
Json coordinates(const Vector& x) {
  return std::vector<double>(x.begin(), x.end());
}

/// {"x": [...]}, or {"h": [...], "m": [...]}
Json point_json(const Point& p, const Names& names) {
  Json json = Json::object();
  for (std::size_t i = 0; i < p.size(); ++i)
    json[i < names.size() ? names[i] : fmt::format("{}", i)] = coordinates(p[i]);
  return json;
}

Json witness_json(const RayWitness& w, const Names& names) {
  Json json = point_json(w.direction, names);
  json["r"] = number(w.r);
  return json;
}

Json evidence(const char* direction, const RayWitness& w, const Names& names) {
  return {{direction, number(w.value)}, {"witness", witness_json(w, names)}};
}

Json neighbourhoods_json(const std::vector<Neighbourhood>& around) {
  Json all = Json::array();
  for (const Neighbourhood& n : around) all.push_back({{"centre", n.centre}, {"radius", number(n.radius)}});
  return all;
}

Json violations_json(const Landscape& l, const Names& names) {
  Json all = Json::array();
  for (const Violation& v : l.violations) {
    Json json = point_json(v.direction, names);
    json["r"] = v.r;
    json["reason"] = v.reason;
    all.push_back(json);
  }
  return all;
}

Json outcomes_json(const Outcomes& o) {
  return {{"solution", o.solution},
          {"spurious", o.spurious},
          {"zero", o.zero},
          {"elsewhere", o.elsewhere},
          {"not_converged", o.not_converged}};
}

Json epsilon_json(const MeasuredLandscape& d) {
  if (d.epsilon.empty()) return nullptr;
  Json conditions = Json::array();
  for (const Epsilon& e : d.epsilon) {
    Json json{{"condition", e.condition}};
    if (!e.matrix.empty()) json["matrix"] = e.matrix;
    json["at_least"] = e.value;
    json["alpha"] = e.alpha;
    if (!e.witness.form.empty()) json["form"] = e.witness.form;
    json["witness"] = Json::array();
    for (const Eigen::VectorXd& p : e.witness.point) json["witness"].push_back(coordinates(p));
    conditions.push_back(json);
  }
  return {{"at_least", largest(d.epsilon)}, {"conditions", conditions}};
}

Json K2_json(const MeasuredLandscape& d) {
  if (d.comparison.K2.empty()) return nullptr;
  Json json = Json::object();
  for (std::size_t i = 0; i < d.comparison.K2.size(); ++i)
    json[d.landscape.implied.at(i).centre] = number(d.comparison.K2[i]);
  return json;
}

/// The points of the census where there was one, otherwise those that descent ran into. `scale` makes f of the census
/// what it is of descent.
Json stationary_json(const MeasuredLandscape& d, const Names& names, double scale) {
  Json all = Json::array();
  if (d.census) {
    for (const StationaryPoint& p : d.census->points)
      all.push_back({{"x", coordinates(p.x)},
                     {"kind", name(p.kind)},
                     {"scaled_objective", scale * p.objective},
                     {"distance_x0", p.distance_x0},
                     {"distance_minus_rho_x0", p.distance_minus_rho_x0},
                     {"isolated", p.isolated}});
    return all;
  }
  for (const DescentEnd& e : d.landscape.stationary) {
    Json json = point_json(e.x, names);
    json["kind"] = e.kink ? "stationary kink" : "stationary";
    json["near"] = e.near;
    json["scaled_objective"] = e.objective;
    json["gradient"] = e.gradient;
    json["distance_x0"] = number(e.to_solution);
    json["distance_minus_rho_x0"] = number(e.to_spurious);
    json["starts"] = e.starts;
    all.push_back(json);
  }
  return all;
}

Json census_json(const Census& c, double scale) {
  Json flat = Json::array();
  for (const FlatSet& f : c.flat)
    flat.push_back({{"kind", name(f.kind)},
                    {"from", f.from},
                    {"to", f.to},
                    {"normal", coordinates(f.normal)},
                    {"scaled_objective", scale * f.objective}});
  return {{"zero", name(c.zero)},
          {"scaled_objective_at_zero", scale * c.objective_at_zero},
          {"descent_at_zero", {{"exact", c.descent_at_zero}, {"witness", coordinates(c.zero_witness)}}},
          {"flat", flat},
          {"cells", c.cells},
          {"integer_signs", c.integer_signs}};
}

Json draw_json(std::size_t draw, const MeasuredLandscape& d, Problem problem, const Sizes& sizes) {
  const Names names = argument_names(problem);
  const Landscape& l = d.landscape;
  Json margin = evidence("at_most", l.worst_margin, names);
  margin["derivative"] = l.derivative_at_worst;
  const double scale = objective_scale(problem, sizes);
  Json json{{"draw", draw},
            {"rho", l.rho.size() == 1 ? Json(l.rho[0]) : Json(l.rho)},
            {"solution", point_json(d.x0, names)},
            {"solution_scaled_objective", scale * d.objective_x0},
            {"population_error", evidence("at_least", l.population_error, names)},
            {"neighbourhoods", neighbourhoods_json(l.implied)},
            {"merged", l.merged},
            {"epsilon", epsilon_json(d)},
            {"K", number(d.comparison.K)},
            {"K2", K2_json(d)},
            {"hypothesis", d.comparison.hypothesis.empty() ? Json() : Json(d.comparison.hypothesis)},
            {"descent_at_zero",
             {{"min", l.descent_at_zero.value}, {"witness", point_json(l.descent_at_zero.direction, names)}}},
            {"excluded", neighbourhoods_json(l.excluded)},
            {"worst_margin", margin},
            {"violation_count", l.violation_count},
            {"violations", violations_json(l, names)},
            {"descents", outcomes_json(l.outcomes)},
            {"stationary_points", stationary_json(d, names, scale)},
            {"spurious_minima", {{"near", d.spurious.near}, {"elsewhere", d.spurious.elsewhere}}}};
  if (d.census) json["census"] = census_json(*d.census, scale);
  json["directions"] = l.directions;
  json["evaluations"] = l.evaluations;
  json["seconds"] = d.seconds;
  return json;
}

}  // namespace

nlohmann::ordered_json to_json(const LandscapeResults& results, const LandscapeRecord& point) {
  Json sizes = Json::object();
  for (const Symbol& size : results.sizes)
    sizes[size.name] = size.list ? Json(point.sizes.at(size.name)) : Json(scalar(point.sizes, size.name));
  Json draws = Json::array();
  for (std::size_t d = 0; d < point.draws.size(); ++d)
    if (point.draws[d]) draws.push_back(draw_json(d, *point.draws[d], results.problem, point.sizes));
  Json json{{"problem", name(results.problem)}, {"sizes", sizes}, {"seed", results.seed}};
  if (!results.sources.empty()) json["matrices"] = sources_json(results.sources, results.matrices);
  json["draws"] = draws;
  return json;
}

}  // namespace theoremeter
