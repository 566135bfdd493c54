#include "experiments/studies/landscape_study.hpp"

#include "experiments/studies/landscape_columns.hpp"
#include "experiments/studies/landscape_report.hpp"
#include "experiments/studies/parameters.hpp"
#include "theory/landscape_theorems.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

namespace theoremeter {
namespace {

// --- What may be asked ----------------------------------------------------------------------------------------------

const Parameter<double> noise{{.name = "noise",
                               .meaning = "added to the measurements: SIGMA times N(0, 1/m)",
                               .example = 0.0,
                               .least = 0,
                               .type_name = "SIGMA",
                               .group = instance_group}};
const Parameter<std::int64_t> directions{budget("directions", "directions in the grid", 1,
                                                static_cast<double>(max_directions),
                                                "2e10/(6 N), N the entries of all matrices, but 1000 to 100000")};
const Parameter<std::string> direction_grid{{.name = "grid",
                                             .meaning = "of directions",
                                             .example = std::string(),
                                             .has_default = false,
                                             .choices = grid_names,
                                             .type_name = "NAME",
                                             .group = evidence_group}};
const Parameter<std::int64_t> local_starts{budget("starts", "local searches for each extremum", 1,
                                                  static_cast<double>(max_directions), "2e7/(6 N), but 4 to 64")};
const Parameter<std::int64_t> solutions{{.name = "solutions",
                                         .meaning =
                                             "independent solutions tried on the same matrices; the one with the "
                                             "largest population error is reported",
                                         .example = std::int64_t{1},
                                         .least = 1,
                                         .most = static_cast<double>(max_solutions),
                                         .type_name = "N",
                                         .group = evidence_group}};
const Parameter<std::int64_t> descents{{.name = "descents",
                                        .meaning = "descents from random points",
                                        .example = LandscapeRequest().descents,
                                        .least = 0,
                                        .most = 1e6,
                                        .type_name = "N",
                                        .group = evidence_group}};
const Parameter<std::int64_t> condition_starts{{.name = "condition_starts",
                                                .meaning = "starts of the search for each condition's epsilon, 0: none",
                                                .example = LandscapeRequest().condition_starts,
                                                .least = 0,
                                                .most = 1e9,
                                                .type_name = "N",
                                                .group = evidence_group}};
const Parameter<double> radius_asked{{.name = "radius",
                                      .meaning = "of the balls excluded",
                                      .example = default_radius,
                                      .has_default = false,
                                      .least = 0,
                                      .type_name = "R",
                                      .default_note = fmt::format("those implied, {} where they merge", default_radius),
                                      .group = evidence_group}};
const Parameter<std::int64_t> lemma_starts{
    {.name = "lemma_starts",
     .meaning = "measure what lemmas of the proofs bound too: starts of the search for each",
     .example = std::int64_t{16},
     .has_default = false,
     .least = 1,
     .most = 1e9,
     .type_name = "N",
     .default_note = "they are not measured",
     .group = evidence_group}};
const Parameter<bool> with_census{{.name = "census",
                                   .meaning = "list every stationary point, proved (k = 2 or 3)",
                                   .example = false,
                                   .group = evidence_group}};

/// What draws the instance.
std::vector<AnyParameter> instance_parameters(const LandscapeProblem& problem) {
  std::vector<AnyParameter> all;
  for (const Symbol& size : problem.sizes) all.push_back(size_parameter(size));
  if (problem.has_network) all.push_back(ensemble);
  if (problem.has_matrix) all.push_back(measurement_matrix);
  if (problem.has_noise) all.push_back(noise);
  all.push_back(seed);
  return all;
}

std::vector<Input> inputs_of(const LandscapeProblem& problem) {
  std::vector<Input> all;
  for (const Given& g : problem.given) all.push_back({g.option, g.meaning, g.matrix, g.network});
  for (const std::string& name : solution_names(problem.problem))
    all.push_back(
        {name, "given: the solution; text (numbers) or .npy (default: uniform on the sphere)", name, "", true});
  return all;
}

LandscapeSetting setting_of(const LandscapeProblem& problem, const Setting& at) {
  return {problem.problem, ensembles_of(at), problem.has_noise ? at[noise] : 0.0, sizes_of(problem.sizes, at),
          at.given()};
}

LandscapeRequest landscape_request(const LandscapeProblem& problem, const Setting& at, int threads) {
  LandscapeRequest r;
  r.directions = at.get(directions);
  r.starts = at.get(local_starts);
  r.solutions = at[solutions];
  r.descents = at[descents];
  r.condition_starts = at[condition_starts];
  if (at.has(lemma_starts.name)) r.lemma_starts = at.get(lemma_starts);
  if (const auto name = at.get(direction_grid)) r.grid = grid_named(*name);
  r.radius = at.get(radius_asked);
  r.census = problem.has_census && at[with_census];
  r.threads = threads;
  return r;
}

void adopt_given_weights(const LandscapeProblem& problem, Setting& at, const Matrices& given,
                         const std::set<std::string>& said) {
  if (given.empty()) return;
  adopt(at, sizes_of(problem.problem, given), given, said,
        [&](const Setting& s) { return shapes(setting_of(problem, s)); });
  if (!gives_solution(problem.problem, given)) return;
  const std::string solution = solution_names(problem.problem)[0];
  if (said.contains(solutions.name)) throw InputError(fmt::format("solutions: has no place beside {}", solution));
  const bool drawn = (at.has(ensemble.name) && at.get(ensemble)) ||
                     (at.has(measurement_matrix.name) && at.get(measurement_matrix)) ||
                     (at.has(noise.name) && at[noise] > 0);
  if (said.contains("draws") && !drawn)
    throw InputError(fmt::format("draws: has no place beside {}: nothing is drawn", solution));
}

/// What both studies of a problem share.
Study study_about(const LandscapeProblem& problem) {
  Study s;
  s.name = name(problem.problem);
  s.statement = problem.statement;
  const bool magnitudes = problem.problem == Problem::phase_retrieval || problem.problem == Problem::amplitude_flow;
  s.figure = {{"one", "instance"}, {"magnitudes", magnitudes ? "yes" : "no"}};
  s.inputs = inputs_of(problem);
  s.adopt = [problem](Setting& at, const Matrices& given, const std::set<std::string>& said) {
    adopt_given_weights(problem, at, given, said);
  };
  s.matrices = [problem](const Setting& at, const Stream& draw) {
    return parts_of_draw(setting_of(problem, at), at.has(solutions.name) ? at[solutions] : 1, draw);
  };
  return s;
}

std::vector<Summary> landscape_summaries(const LandscapeProblem& problem) {
  const bool bilinear = problem.problem == Problem::blind_demodulation;
  const std::string K = landscape_theorem(problem.problem).K;
  std::vector<Summary> all{
      {.heading = "E",
       .column = "population_error",
       .legend = "E >= : population error, attained; the theorem speaks of all solutions, whose E is at least this."},
      {.heading = "agreement",
       .column = "population_error_agreement",
       .percent = true,
       .legend = "agreement: of two halves of the search beside it that share nothing; the larger, the further off the "
                 "extremum may be."},
      {.heading = bilinear ? "radius (h0,m0)" : "radius x0",
       .column = "radius",
       .legend = "radius: implied, proved were E this value; inf: merged."},
      {.heading = bilinear ? "radius (-rho h0,m0)" : "radius -rho x0", .column = "radius_spurious"},
      {.heading = "epsilon", .column = "epsilon_largest", .legend = "epsilon >= : attained at stored points."},
      {.heading = "K", .column = "K", .legend = fmt::format("K = {} of these values.", K)},
      {.heading = "least gradient",
       .column = "worst_margin",
       .legend = "least gradient <= : attained outside the neighbourhoods.  descent at 0 <= : attained."},
      {.heading = "agreement", .column = "worst_margin_agreement", .percent = true},
      {.heading = "descent at 0", .column = "descent_at_zero"},
      {.heading = "agreement", .column = "descent_at_zero_agreement", .percent = true},
      {.heading = "violations", .column = "violations"},
      {.heading = "spurious near", .column = "spurious_near"},
      {.heading = "elsewhere",
       .column = "spurious_elsewhere",
       .legend = "spurious near: minima near -rho x0 (of the census, or stationary points that descent found: at "
                 "least); elsewhere: others."}};
  return all;
}

std::vector<Summary> lemma_summaries(const LandscapeProblem& problem) {
  const bool phaseless = problem.problem == Problem::phase_retrieval;
  std::vector<Summary> all{
      {.heading = "angles", .column = "angle_constant"},
      {.heading = "network",
       .column = "network_constant",
       .legend = "angles, network: what is found over sqrt(eps), d^3 sqrt(eps); the lemmas of [HV] "
                 "have 4, 24."}};
  if (!phaseless) return all;
  all.push_back({.heading = "A", .column = "measurement_constant"});
  all.push_back({.heading = "layers",
                 .column = "layer_constant",
                 .legend =
                     "A, layers: what each adds to the gradient over eps_A (1 + 2 eps)^d, d^3 sqrt(eps); the proof "
                     "of [HLV v1] has 14, 78."});
  return all;
}

/// Format 1.1 had one solution a draw, other K2, no points of flat sets, and other neighbourhoods of blind
/// demodulation.
void modernise(const LandscapeProblem& problem, const Setting& at, MeasuredLandscape& d) {
  if (!d.solutions.empty()) return;
  if (problem.problem == Problem::blind_demodulation)
    throw InputError(
        "holds landscapes of blind demodulation of format 1.x, whose neighbourhoods were not [HJ]'s: measure them "
        "again");
  Landscape& l = d.landscape;
  // What is stationary was not checked then.
  l.violation_count -=
      static_cast<std::int64_t>(std::erase_if(l.violations, [](const Violation& v) { return v.reason == by_descent; }));
  for (DescentEnd& end : l.stationary) end.checked = false;
  d.solutions = {{d.x0, l.population_error, l.descent_at_zero, l.violation_count}};
  d.comparison = compare(problem.problem, sizes_of(problem.sizes, at), l, d.epsilon);
  if (!d.census) return;
  for (FlatSet& flat : d.census->flat) {
    const double middle = (flat.from + flat.to) / 2;
    const Eigen::Vector2d u(std::cos(middle), std::sin(middle));
    flat.x = flat.normal.isZero(0) ? Eigen::Vector2d(d.x0[0].norm() * u) : Eigen::Vector2d(u / flat.normal.dot(u));
  }
}

constexpr const char* notes =
    R"(E: the population error, sup |v_x - h_x|/max(|x|, |x0|), v the gradient, h that of infinitely many
measurements and infinitely wide layers, both times 2^d. Outside the implied neighbourhoods, balls
around x0, -rho x0 and 0, no stationary point can lie, were E the value found. epsilon: the largest
constant found of the conditions that the theorem assumes.)";

StudyOf<MeasuredLandscape> study_of_landscapes(const LandscapeProblem& problem, bool lemmas) {
  StudyOf<MeasuredLandscape> s;
  s.about = study_about(problem);
  s.about.verb = "landscape";
  s.about.key = "problem";
  s.about.question = "Measure where a recovery problem's objective can have minima";
  s.about.noun = s.about.name + " landscape";
  s.about.notes = notes;
  std::vector<AnyParameter> parameters = instance_parameters(problem);
  for (const AnyParameter& p : std::vector<AnyParameter>{directions, direction_grid, local_starts, solutions, descents,
                                                         condition_starts, radius_asked})
    parameters.push_back(p);
  if (problem.has_census) parameters.push_back(with_census);
  if (lemmas) parameters.push_back(lemma_starts);
  s.about.parameters = std::make_shared<const std::vector<AnyParameter>>(std::move(parameters));
  s.about.summaries = landscape_summaries(problem);
  s.about.figure.insert(s.about.figure.end(),
                        {{"figure", "sweep"},
                         {"y", "population_error:E,epsilon_largest:epsilon,worst_margin:least gradient"},
                         {"log", "xy"}});
  s.about.check = [problem](const Setting& at) { check(setting_of(problem, at), landscape_request(problem, at, 1)); };
  s.columns = lemmas ? columns_with_lemmas(problem.problem) : columns_of(problem.problem);
  s.measure = [problem](const Setting& at, const Stream& draw, const Effort& effort) {
    return measure(setting_of(problem, at), landscape_request(problem, at, effort.threads), draw, effort.progress);
  };
  s.verify = [problem](const Setting& at, const Stream& draw, const MeasuredLandscape& d, const Scrutiny& how) {
    const LandscapeSetting setting = setting_of(problem, at);
    return complaints_of(problem.problem, setting.sizes, rebuild(setting, draw, d.solution), d, how.older);
  };
  s.modernise = [problem](const Setting& at, MeasuredLandscape& d) { modernise(problem, at, d); };
  s.report = [problem](const Setting& at, const MeasuredLandscape& d) {
    return report(problem.problem, sizes_of(problem.sizes, at), d);
  };
  return s;
}

}  // namespace

Study landscape_study(const LandscapeProblem& problem) { return study_of_landscapes(problem, false); }

Study lemma_study(const LandscapeProblem& problem) {
  StudyOf<MeasuredLandscape> s = study_of_landscapes(problem, true);
  s.about.added = lemma_starts.name;
  for (Summary& summary : lemma_summaries(problem)) s.about.summaries.push_back(std::move(summary));
  for (auto& [option, text] : s.about.figure)
    if (option == "y")
      text = std::string("angle_constant:angles (4),network_constant:network (24)") +
             (problem.problem == Problem::phase_retrieval ? ",measurement_constant:$A$ (14),layer_constant:layers (78)"
                                                          : "");
  s.about.figure.emplace_back("label", "constant, measured");
  return s;
}

Study census_study(const LandscapeProblem& problem) {
  StudyOf<MeasuredLandscape> s;
  s.about = study_about(problem);
  s.about.verb = s.about.key = "census";
  s.about.question = "List every stationary point of instances with latent dimension 2 or 3";
  s.about.noun = fmt::format("census of {}", s.about.name);
  s.about.parameters = std::make_shared<const std::vector<AnyParameter>>(instance_parameters(problem));
  s.about.figure.insert(s.about.figure.end(),
                        {{"figure", "share"},
                         {"y", "has_spurious_near:near $-\\rho_d x_0$,has_spurious_elsewhere:elsewhere"},
                         {"log", "x"},
                         {"label", "draws with a spurious minimum"}});
  s.about.summaries = {
      {.heading = "stationary points", .column = "census_point_count"},
      {.heading = "flat sets", .column = "census_flat_count", .unless = 0.0},
      {.heading = "spurious near",
       .column = "spurious_near",
       .legend = "spurious near: minima near -rho x0, within |x0|/2; elsewhere: others. All of them, proved."},
      {.heading = "draws with", .column = "has_spurious_near", .how = Statistic::share, .percent = true},
      {.heading = "elsewhere", .column = "spurious_elsewhere"},
      {.heading = "draws with", .column = "has_spurious_elsewhere", .how = Statistic::share, .percent = true}};
  s.about.check = [problem](const Setting& at) {
    LandscapeRequest request;
    request.census = true;
    check(setting_of(problem, at), request);
  };
  s.columns = columns_of_census(problem.problem);
  s.measure = [problem](const Setting& at, const Stream& draw, const Effort& effort) {
    return measure_census(setting_of(problem, at), draw, effort.progress);
  };
  s.verify = [problem](const Setting& at, const Stream& draw, const MeasuredLandscape& d, const Scrutiny&) {
    const LandscapeSetting setting = setting_of(problem, at);
    return census_complaints_of(problem.problem, setting.sizes, rebuild(setting, draw, 0), d);
  };
  s.report = [](const Setting&, const MeasuredLandscape& d) { return census_report(*d.census); };
  return s;
}

}  // namespace theoremeter
