#include "experiments/studies/landscape_columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace theoremeter {
namespace {

using Names = std::vector<std::string>;

Columns<RayWitness> ray_columns(const Names& arguments, const std::string& name, const std::string& meaning,
                                Says says) {
  Columns<RayWitness> c;
  c.value(name, &RayWitness::value, says, meaning);
  c.value(name + "_agreement", &RayWitness::agreement, Says::statistic,
          "relative difference between the best values of two halves of the search that share nothing; 0 where nothing "
          "can be below the value; NaN: not known");
  c.value(name + "_where", &RayWitness::where, Says::witness, "where on the ray: origin means in the limit");
  c.value(name + "_r", &RayWitness::r, Says::witness, "|x|/|x0| there; blind demodulation: |h||m|/(|h0||m0|)");
  add_point(c, arguments, name, "direction of the ray, unit vectors",
            [](RayWitness& w) -> Point& { return w.direction; });
  return c;
}

Columns<Neighbourhood> neighbourhood_columns(Says says) {
  return Columns<Neighbourhood>()
      .value("centre", &Neighbourhood::centre, Says::parameter, "its centre")
      .value("radius", &Neighbourhood::radius, says, "its radius; infinite: not bounded, or merged with another");
}

Columns<Violation> violation_columns(const Names& arguments) {
  Columns<Violation> c;
  c.value("reason", &Violation::reason, Says::witness, "what fails");
  c.value("r", &Violation::r, Says::witness, "|x|/|x0| there, 0: at 0 itself");
  add_point(c, arguments, "", "direction, unit vectors", [](Violation& v) -> Point& { return v.direction; });
  return c;
}

Columns<Outcomes> outcome_columns() {
  return Columns<Outcomes>()
      .value("solution", &Outcomes::solution, Says::statistic, "descents that ended in the neighbourhood of x0")
      .value("spurious", &Outcomes::spurious, Says::statistic,
             "descents that ended in that of -rho x0, or of one of the other three")
      .value("zero", &Outcomes::zero, Says::statistic, "descents that ended at 0")
      .value("elsewhere", &Outcomes::elsewhere, Says::statistic,
             "descents that ended outside all of them, where no direction of descent was found")
      .value("not_converged", &Outcomes::not_converged, Says::statistic, "descents that ended with their budget");
}

Columns<DescentEnd> descent_columns(const Names& arguments) {
  Columns<DescentEnd> c;
  add_point(c, arguments, "", "the point over |x0|; blind demodulation: over sqrt(|h0||m0|), balanced",
            [](DescentEnd& e) -> Point& { return e.x; });
  c.value("near", &DescentEnd::near, Says::statistic,
          "the centre of the excluded neighbourhood it lies in; empty: none");
  c.value("kink", &DescentEnd::kink, Says::statistic,
          "whether a combination of neighbouring gradients vanishes, not the gradient itself");
  c.value("checked", &DescentEnd::checked, Says::statistic,
          "whether one-sided derivatives in all directions were looked at and none is negative");
  c.value("objective", &DescentEnd::objective, Says::statistic, "f there, scaled");
  c.value("gradient", &DescentEnd::gradient, Says::statistic, "the scaled gradient left");
  c.value("to_solution", &DescentEnd::to_solution, Says::statistic,
          "distance from x0 over |x0|; blind demodulation: the radius that just holds it");
  c.value("to_spurious", &DescentEnd::to_spurious, Says::statistic,
          "distance from -rho x0 over |x0|; blind demodulation: the least of the other three");
  c.value("starts", &DescentEnd::starts, Says::count, "how many ended there");
  return c;
}

template <class T>
Columns<T> itself(const std::string& name, Says says, const std::string& meaning) {
  return Columns<T>().value(
      name, [](auto& v) -> auto& { return v; }, says, meaning);
}

Columns<Landscape> landscape_columns(const Names& arguments) {
  Columns<Landscape> c;
  c.list_of("network", &Landscape::rho, "networks",
            itself<double>("rho", Says::parameter, "rho_d: the population gradient vanishes at -rho_d x0"));
  c.part("", &Landscape::population_error,
         ray_columns(arguments, "population_error", "sup |v_x - h_x|/max(|x|, |x0|), scaled", Says::at_least));
  c.list_of("implied", &Landscape::implied, "neighbourhoods implied by the population error found",
            neighbourhood_columns(Says::at_most));
  c.value("merged", &Landscape::merged, Says::statistic,
          "whether the implied neighbourhoods run into each other or to infinity");
  c.list_of("excluded", &Landscape::excluded, "neighbourhoods outside of which worst_margin is",
            neighbourhood_columns(Says::parameter));
  c.part("", &Landscape::worst_margin,
         ray_columns(arguments, "worst_margin", "inf |v_x|/max(|x|, |x0|) outside, scaled", Says::at_most));
  c.value("derivative_at_worst", &Landscape::derivative_at_worst, Says::statistic, "D_{-v} f/|v|^2 there");
  c.part("", &Landscape::descent_at_zero,
         ray_columns(arguments, "descent_at_zero", "inf -D_p f(0) over unit p, scaled", Says::at_most));
  c.value("objective_at_zero", &Landscape::objective_at_zero, Says::statistic, "f(0), scaled");
  c.value("violations", &Landscape::violation_count, Says::statistic,
          "how often the theorem's conclusion fails: at directions of the grid, stationary points outside");
  c.list_of("violation", &Landscape::violations, "violations listed", violation_columns(arguments));
  c.part("descents_", &Landscape::outcomes, outcome_columns());
  c.list_of("descent_end", &Landscape::stationary, "points that descents ran into, one of each flat set",
            descent_columns(arguments));
  c.value("directions", &Landscape::directions, Says::count, "directions in the grid");
  c.value("evaluations", &Landscape::evaluations, Says::count, "directions evaluated, searches included");
  return c;
}

/// The coordinates of a vector of the plane, one by one.
template <class T>
void add_plane(Columns<T>& c, const std::string& name, Eigen::Vector2d T::*member, const std::string& meaning) {
  for (const Eigen::Index i : {0, 1})
    c.value(
        fmt::format("{}_{}", name, i + 1), [ member, i ](auto& object) -> auto& { return (object.*member)[i]; },
        Says::witness, fmt::format("{}, coordinate {}", meaning, i + 1));
}

/// And the third one.
template <class T>
void add_space(Columns<T>& c, const std::string& name, Eigen::Vector2d T::*plane, double T::*third,
               const std::string& meaning) {
  add_plane(c, name, plane, meaning);
  c.value(name + "_3", third, Says::witness, meaning + ", coordinate 3; NaN where k = 2");
}

Columns<StationaryPoint> point_columns() {
  Columns<StationaryPoint> c;
  add_space(c, "x", &StationaryPoint::x, &StationaryPoint::x3, "the point");
  c.value("kind", &StationaryPoint::kind, Says::exact, "what it is");
  c.value("objective", &StationaryPoint::objective, Says::exact, "f there");
  c.value("distance_x0", &StationaryPoint::distance_x0, Says::exact, "|x - x0|/|x0|");
  c.value("distance_minus_rho_x0", &StationaryPoint::distance_minus_rho_x0, Says::exact, "|x + rho x0|/|x0|");
  c.value("counterclockwise", &StationaryPoint::counterclockwise, Says::exact,
          "D_u f across the ray, counterclockwise; 0 for a minimum; k = 3: the largest across the kink");
  c.value("clockwise", &StationaryPoint::clockwise, Says::exact, "the same, clockwise; k = 3: the least");
  c.value("isolated", &StationaryPoint::isolated, Says::exact, "no: an end of a flat set");
  return c;
}

Columns<FlatSet> flat_columns() {
  Columns<FlatSet> c;
  c.value("kind", &FlatSet::kind, Says::exact, "the kind of its points");
  c.value("from", &FlatSet::from, Says::exact, "directions of its points from this angle on; NaN where k = 3")
      .unit("rad");
  c.value("to", &FlatSet::to, Says::exact, "to this one").unit("rad");
  add_plane(c, "normal", &FlatSet::normal, "k = 2: normal'x = 1 on it, or all x where it is 0");
  c.value("objective", &FlatSet::objective, Says::exact, "f on it");
  add_space(c, "x", &FlatSet::x, &FlatSet::x3, "one of its points");
  c.value("dimension", &FlatSet::dimension, Says::exact, "its dimension; 0 in files of a format before 2.2");
  return c;
}

Columns<Epsilon> columns_of_epsilon() {
  Columns<Witness> w;
  w.value("deviation", &Witness::value, Says::at_least, "the deviation the witness attains");
  w.value("side", &Witness::side, Says::witness, "the side of the norm");
  w.value("form", &Witness::form, Says::witness, "which of the condition's expressions");
  w.value("margin", &Witness::margin, Says::witness, "distance from the nearest jump");
  w.list_of("argument", &Witness::point, "arguments of the condition",
            Columns<Eigen::VectorXd>().vector(
                "value", [](auto& p) -> auto& { return p; }, {"epsilon_coordinate"}, Says::witness, "the argument"));
  return Columns<Epsilon>()
      .value("condition", &Epsilon::condition, Says::parameter, "the condition: wdc, rrcp, rric, phaseless, joint-wdc")
      .value("matrix", &Epsilon::matrix, Says::parameter, "the matrix it concerns; empty: all")
      .value("alpha", &Epsilon::alpha, Says::parameter, "alpha in the condition")
      .value("at_least", &Epsilon::value, Says::at_least, "the constant in the paper's epsilon")
      .part("", &Epsilon::witness, w);
}

Columns<LemmaValue> lemma_columns() {
  Columns<LemmaValue> c;
  c.value("lemma", &LemmaValue::lemma, Says::parameter,
          "what it bounds: angles [HV Lemma 7], network [HV Lemma 8], measurements and layers [HLV v1], the two parts "
          "of the gradient");
  c.value("matrix", &LemmaValue::matrix, Says::parameter, "the layer it concerns; empty: all");
  c.value("at_least", &LemmaValue::value, Says::at_least, "the value attained");
  c.value("constant", &LemmaValue::constant, Says::statistic,
          "over the power of eps found that the lemma has: at most 4, 24, 14, 78");
  c.list_of("argument", &LemmaValue::arguments, "arguments at which it is attained",
            Columns<Eigen::VectorXd>().vector(
                "value", [](auto& p) -> auto& { return p; }, {"lemma_coordinate"}, Says::witness, "the argument"));
  return c;
}

/// The largest of a lemma's numbers, over layers.
double of_lemma(const MeasuredLandscape& d, const char* lemma, double LemmaValue::*number) {
  double most = NAN;
  for (const LemmaValue& v : d.lemmas)
    if (v.lemma == lemma && !(v.*number <= most)) most = v.*number;
  return most;
}

Columns<Solution> solution_columns(const Names& arguments) {
  Columns<Solution> c;
  add_point(c, arguments, "solution", "this solution", [](Solution& s) -> Point& { return s.x0; });
  c.part("", &Solution::population_error,
         ray_columns(arguments, "population_error", "population_error with this solution", Says::at_least));
  c.part("", &Solution::descent_at_zero,
         ray_columns(arguments, "descent_at_zero", "descent_at_zero with this solution", Says::at_most));
  c.value("violations", &Solution::violations, Says::statistic,
          "violations with this solution, without those of a census");
  return c;
}

Columns<Comparison> comparison_columns() {
  return Columns<Comparison>()
      .value("K", &Comparison::K, Says::statistic,
             "E/(d^3 sqrt(eps)), amplitude flow: E/eps; eps the largest epsilon found")
      .list_of("theorem_ball", &Comparison::K2, "implied neighbourhoods that the theorem has",
               itself<double>("K2", Says::statistic, "the implied radius over the theorem's with K2 = 1"))
      .value("hypothesis_left_side", &Comparison::left_side, Says::at_least,
             "left side of the theorem's hypothesis for K1 = 1, to be at most 1")
      .value("epsilon_needed", &Comparison::epsilon_needed, Says::parameter,
             "the largest epsilon that the hypothesis allows for K1 = 1")
      .value("descent_of_theorem", &Comparison::descent, Says::at_most, "descent_at_zero over the theorem's 1/(8 pi)")
      .value("hypothesis", &Comparison::hypothesis, Says::statistic,
             "whether the theorem's can hold for any K1 >= 1; empty: no epsilon");
}

Columns<SpuriousMinima> spurious_columns() {
  return Columns<SpuriousMinima>()
      .value("near", &SpuriousMinima::near, Says::statistic,
             "minima near -rho x0 at which f is larger than at the solution")
      .value("elsewhere", &SpuriousMinima::elsewhere, Says::statistic, "such minima elsewhere, but those next to x0");
}

double radius_columns(const MeasuredLandscape& d, const char* one, const char* other) {
  for (const Neighbourhood& n : d.landscape.implied)
    if (n.centre == one || n.centre == other) return n.radius;
  return NAN;
}

}  // namespace

Columns<Census> census_columns() {
  Columns<Census> c;
  c.list_of("point", &Census::points, "stationary points other than 0", point_columns());
  c.list_of("flat", &Census::flat, "sets of stationary points that are not isolated", flat_columns());
  c.value("zero", &Census::zero, Says::exact, "the kind of x = 0");
  c.value("objective_at_zero", &Census::objective_at_zero, Says::exact, "f(0)");
  c.value("descent_at_zero", &Census::descent_at_zero, Says::exact, "min over unit p of -D_p f(0)");
  add_space(c, "zero_witness", &Census::zero_witness, &Census::zero_witness3, "such a p");
  c.value("cells", &Census::cells, Says::count, "cells enumerated");
  c.value("integer_signs", &Census::integer_signs, Says::count, "decisions made in integers");
  return c;
}

Columns<MeasuredLandscape> columns_of(Problem problem) {
  using Draw = MeasuredLandscape;
  const Names arguments = argument_names(problem);
  Columns<Draw> c;
  add_point(c, arguments, "solution", "the solution", [](Draw& d) -> Point& { return d.x0; });
  c.value("solution_number", &Draw::solution, Says::parameter,
          "the solution's index among those tried: the largest population error");
  c.list_of("tried", &Draw::solutions, "solutions tried on the same matrices", solution_columns(arguments));
  c.value("solution_objective", &Draw::objective_x0, Says::statistic, "f at the solution: that of the noise");
  c.part("", &Draw::landscape, landscape_columns(arguments));
  c.optional("census", "census_", &Draw::census, "whether every stationary point is listed, proved", census_columns());
  c.list_of("epsilon", &Draw::epsilon, "conditions measured on the instance", columns_of_epsilon());
  c.part("", &Draw::comparison, comparison_columns());
  c.part("spurious_", &Draw::spurious, spurious_columns());
  c.value("seconds", &Draw::seconds, Says::seconds, "wall time").unit("s");
  c.computed(
      "radius", [](const Draw& d) { return radius_columns(d, "x0", "(h0, m0)"); }, Says::at_most,
      "the implied radius around the solution");
  c.computed(
      "radius_spurious", [](const Draw& d) { return radius_columns(d, "-rho x0", "(-rho h0, m0)"); }, Says::at_most,
      "that around -rho x0, or (-rho h0, m0)");
  c.computed(
      "epsilon_largest", [](const Draw& d) { return d.epsilon.empty() ? NAN : largest(d.epsilon); }, Says::at_least,
      "the largest of the epsilons");
  return c;
}

Columns<Epsilon> epsilon_columns() { return columns_of_epsilon(); }

Columns<MeasuredLandscape> columns_with_lemmas(Problem problem) {
  using Draw = MeasuredLandscape;
  Columns<Draw> c = columns_of(problem);
  c.list_of("lemma", &Draw::lemmas, "lemmas of the proofs measured on the instance", lemma_columns());
  c.computed(
      "angle_deviation", [](const Draw& d) { return of_lemma(d, "angles", &LemmaValue::value); }, Says::at_least,
      "sup |theta_1 - g(theta_0)| of a layer, the largest");
  const auto constant = [&](const char* name, const char* lemma, const char* bound) {
    c.computed(
        name, [lemma](const Draw& d) { return of_lemma(d, lemma, &LemmaValue::constant); }, Says::statistic,
        fmt::format("the largest lemma_constant of {}, to be at most {}", lemma, bound));
  };
  constant("angle_constant", "angles", "4");
  constant("network_constant", "network", "24");
  if (problem != Problem::phase_retrieval) return c;
  constant("measurement_constant", "measurements", "14");
  constant("layer_constant", "layers", "78");
  return c;
}

Columns<MeasuredLandscape> columns_of_census(Problem problem) {
  using Draw = MeasuredLandscape;
  Columns<Draw> c;
  add_point(c, argument_names(problem), "solution", "the solution", [](Draw& d) -> Point& { return d.x0; });
  c.value("solution_objective", &Draw::objective_x0, Says::statistic, "f at the solution: that of the noise");
  c.optional("census", "census_", &Draw::census, "whether every stationary point is listed, proved", census_columns());
  c.part("spurious_", &Draw::spurious, spurious_columns());
  c.computed(
      "has_spurious_near", [](const Draw& d) { return d.spurious.near > 0; }, Says::exact,
      "whether there is one near -rho x0");
  c.computed(
      "has_spurious_elsewhere", [](const Draw& d) { return d.spurious.elsewhere > 0; }, Says::exact,
      "whether there is one elsewhere");
  c.value("seconds", &Draw::seconds, Says::seconds, "wall time").unit("s");
  return c;
}

}  // namespace theoremeter
