#include "experiments/studies/landscapes.hpp"

#include "estimators/census.hpp"
#include "estimators/ensembles.hpp"
#include "estimators/random_vectors.hpp"
#include "experiments/studies/measure.hpp"
#include "theory/error.hpp"
#include "theory/rho.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>

namespace theoremeter {
namespace {

using AnyInstance = std::variant<Recovery, Demodulation>;

constexpr const char *first_network = "W", *second_network = "W2";

const Symbol widths{"widths", "of the network: k, n_1, ..., n_d; layer i is n_i x n_{i-1}", true};
const Given network{"network", "given: an HDF5 file of layers or .npy,.npy,...", ""};
const Given matrix{"A", "given: a .npy or HDF5 file", "A"};

double alpha_of(const Shape& shape, const Matrices& given) {
  return given.contains(shape.name) ? 1 : ensemble_alpha(shape.ensemble, shape.columns);
}

/// Blind demodulation: alpha of the last layers, multiplied.
double alpha_of(const LandscapeSetting& setting) {
  if (setting.problem != Problem::blind_demodulation) return 1;
  const std::vector<Shape> all = shapes(setting);
  return alpha_of(all[setting.sizes.at("widths").size() - 2], setting.given) * alpha_of(all.back(), setting.given);
}

Eigen::VectorXd noise_vector(const LandscapeSetting& setting, Stream stream) {
  if (setting.noise == 0) return {};
  Eigen::VectorXd e(scalar(setting.sizes, "m"));
  const double deviation = setting.noise / std::sqrt(static_cast<double>(e.size()));
  for (double& entry : e) entry = deviation * stream.normal();
  return e;
}

/// The stream of one of several solutions, number 0 as where there is one.
Stream own(const Stream& draw, std::uint64_t purpose, std::uint64_t number) {
  constexpr std::uint64_t taken = 16;  // streams of number 0 below the purpose's
  return number == 0 ? draw.at({purpose}) : draw.at({purpose, taken + number});
}

/// The solution given, or drawn: x0, or h0 and m0, of these lengths.
Point solution_of(const LandscapeSetting& setting, const std::vector<std::int64_t>& lengths, const Stream& draw,
                  std::uint64_t number) {
  const Stream stream = own(draw, purpose::solution, number);
  const std::vector<std::string> names = solution_names(setting.problem);
  Point x;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (const auto given = setting.given.find(names[i]); given != setting.given.end()) {
      x.emplace_back(given->second.col(0));
    } else {
      Stream entries = names.size() == 1 ? stream : stream.at({i});
      x.push_back(uniform_direction(lengths[i], entries));
    }
  return x;
}

AnyInstance drawn_instance(const LandscapeSetting& setting, const Matrices& m, const Stream& draw,
                           std::uint64_t number) {
  if (setting.problem == Problem::blind_demodulation) {
    Network G1 = network_of(m, first_network), G2 = network_of(m, second_network);
    const Point x = solution_of(setting, {G1.input, G2.input}, draw, number);
    return blind_demodulation(std::move(G1), std::move(G2), x[0], x[1]);
  }
  if (setting.problem == Problem::amplitude_flow)
    return amplitude_flow(m.at("A"), solution_of(setting, {m.at("A").cols()}, draw, number)[0]);
  Network G = network_of(m, first_network);
  Eigen::VectorXd x0 = solution_of(setting, {G.input}, draw, number)[0];
  if (setting.problem == Problem::inversion) return inversion(std::move(G), std::move(x0));
  const Eigen::VectorXd e = noise_vector(setting, draw.at({purpose::noise}));
  if (setting.problem == Problem::compressed_sensing)
    return compressed_sensing(std::move(G), m.at("A"), std::move(x0), e);
  return phase_retrieval(std::move(G), m.at("A"), std::move(x0), e);
}

Point solution_of(const AnyInstance& instance) {
  if (const Recovery* f = std::get_if<Recovery>(&instance)) return {f->x0};
  const Demodulation& g = std::get<Demodulation>(instance);
  return {g.h0, g.m0};
}

/// A condition that the theorem about the problem assumes, with the matrices it concerns.
struct Assumption {
  std::string condition;
  std::string matrix;
  double alpha;
  Matrices matrices;
};

std::vector<Assumption> assumptions(const LandscapeSetting& setting, const Matrices& m) {
  if (setting.problem == Problem::amplitude_flow) return {{"phaseless", "A", 1, m}};
  std::vector<Assumption> all;
  for (const Shape& shape : shapes(setting))
    if (shape.name != "A")
      all.push_back({"wdc", shape.name, alpha_of(shape, setting.given), {{"W", m.at(shape.name)}}});
  if (setting.problem == Problem::phase_retrieval) all.push_back({"rrcp", "", 1, m});
  if (setting.problem == Problem::compressed_sensing) all.push_back({"rric", "", 1, m});
  if (setting.problem == Problem::blind_demodulation) {
    const Rows B = network_of(m, first_network).layers.back(), C = network_of(m, second_network).layers.back();
    all.push_back({"joint-wdc", "", alpha_of(setting), {{"B", B}, {"C", C}}});
  }
  return all;
}

}  // namespace

std::vector<Epsilon> measure_epsilons(const LandscapeSetting& setting, const Matrices& matrices,
                                      const LandscapeRequest& asked, const Stream& draw,
                                      const StageProgress& progress) {
  if (asked.condition_starts == 0) return {};
  Request request;
  request.sample = false;
  request.starts = asked.condition_starts;
  request.threads = asked.threads;
  std::vector<Epsilon> found;
  std::uint64_t number = 0;
  for (const Assumption& a : assumptions(setting, matrices)) {
    const Condition& condition = condition_named(a.condition);
    try {
      Measurement m = theoremeter::measure(
          condition, a.matrices, Alpha{a.alpha, false}, request, draw.at({purpose::conditions, number++}),
          [&](const std::string&, double done) { progress(fmt::format("{} {}", a.condition, a.matrix), done); });
      found.push_back({a.condition, a.matrix, a.alpha, m.witness.value / condition.factor, std::move(m.witness)});
    } catch (const DefinedNowhere&) {  // as on a dead network: there is no such epsilon
    }
  }
  return found;
}

NaiveDeviation naive_of(const LandscapeSetting& setting, const Matrices& matrices, const Epsilon& e) {
  for (const Assumption& a : assumptions(setting, matrices))
    if (a.condition == e.condition && a.matrix == e.matrix && a.alpha == e.alpha)
      return condition_named(a.condition).naive(a.matrices, a.alpha);
  return [](const Point&, const std::string&) { return Attained{std::nanl("")}; };
}

namespace {

/// Throws InputError unless the solution of this name, if given, has this length.
void check_solution(const LandscapeSetting& setting, const std::string& name, std::int64_t length) {
  const auto given = setting.given.find(name);
  if (given != setting.given.end() && given->second.rows() != length)
    throw InputError(fmt::format("{} has {} entries, where {} would fit the rest", name, given->second.rows(), length));
}

/// Multiplications and additions for one direction.
double cost(const LandscapeSetting& setting) {
  double operations = 0;
  for (const Shape& shape : shapes(setting))
    operations += static_cast<double>(shape.rows) * static_cast<double>(shape.columns);
  return 6 * operations;
}

LandscapeOptions options_of(const LandscapeSetting& setting, const LandscapeRequest& request) {
  const auto affordable = [&](double budget, std::int64_t least, std::int64_t most) {
    return std::clamp<std::int64_t>(std::llround(budget / cost(setting)), least, most);
  };
  LandscapeOptions o;
  o.directions = request.directions.value_or(affordable(direction_budget, least_directions, o.directions));
  o.starts = request.starts.value_or(affordable(start_budget, least_starts, o.starts));
  o.grid = request.grid;
  o.descents = request.descents;
  o.radius = request.radius;
  o.threads = request.threads;
  return o;
}

}  // namespace

const std::vector<LandscapeProblem>& landscape_problems() {
  static const std::vector<LandscapeProblem> all{
      {Problem::inversion, "f(x) = 1/2 |G(x) - G(x0)|^2", {widths}, {network}},
      {Problem::compressed_sensing,
       "f(x) = 1/2 |A G(x) - b|^2, b = A G(x0) + e",
       {{"m", "rows of A (measurements)"}, widths},
       {network, matrix},
       true,
       true,
       true},
      {Problem::phase_retrieval,
       "f(x) = 1/2 | |A G(x)| - b |^2, b = |A G(x0)| + e",
       {{"m", "rows of A (measurements)"}, widths},
       {network, matrix},
       true,
       true,
       true},
      {Problem::amplitude_flow,
       "f(x) = 1/2 | |A x| - |A x0| |^2",
       {{"m", "rows of A (measurements)"}, {"n", "columns of A (dimension of the signal)"}},
       {matrix},
       false,
       true},
      {Problem::blind_demodulation,
       "f(h, m) = 1/2 |G1(h) o G2(m) - G1(h0) o G2(m0)|^2",
       {{"widths", "of the first network: n, ..., l", true}, {"widths2", "of the second: p, ..., l", true}},
       {network, {"network2", "the second network, likewise", "", second_network}},
       true,
       false,
       false,
       false}};
  return all;
}

bool has_lemmas(const LandscapeProblem& problem) {
  return problem.has_network && problem.problem != Problem::blind_demodulation;
}

const LandscapeProblem& landscape_problem(Problem problem) {
  return landscape_problems()[static_cast<std::size_t>(problem)];
}

Sizes sizes_of(Problem problem, const Matrices& given) {
  Sizes s;
  if (given.contains(layer_name(0, first_network))) s["widths"] = network_of(given, first_network).widths();
  if (given.contains(layer_name(0, second_network))) s["widths2"] = network_of(given, second_network).widths();
  if (const auto A = given.find("A"); A != given.end()) {
    s["m"] = {A->second.rows()};
    if (problem == Problem::amplitude_flow) s["n"] = {A->second.cols()};
  }
  return s;
}

std::vector<Shape> shapes(const LandscapeSetting& setting) {
  const auto& [problem, ensembles, sigma, sizes, given] = setting;
  if (problem == Problem::amplitude_flow)
    return {{"A", scalar(sizes, "m"), scalar(sizes, "n"), ensembles.measurements}};
  std::vector<Shape> all = network_shapes(sizes.at("widths"), ensembles.weights, first_network);
  if (problem == Problem::blind_demodulation) {
    if (sizes.at("widths").back() != sizes.at("widths2").back())
      throw InputError(fmt::format("widths = {} and widths2 = {}: both must end in the same number of outputs",
                                   to_text(sizes.at("widths")), to_text(sizes.at("widths2"))));
    for (const Shape& shape : network_shapes(sizes.at("widths2"), ensembles.weights, second_network))
      all.push_back(shape);
  }
  if (landscape_problem(problem).has_matrix)
    all.push_back({"A", scalar(sizes, "m"), sizes.at("widths").back(), ensembles.measurements});
  return all;
}

Matrices parts_of_draw(const LandscapeSetting& setting, std::int64_t solutions, const Stream& draw) {
  Matrices all = draw_matrices(shapes(setting), setting.given, draw);
  const Point x0 = solutions == 1 ? solution_of(drawn_instance(setting, all, draw, 0)) : Point{};
  for (std::size_t i = 0; i < x0.size(); ++i) all[solution_names(setting.problem)[i]] = x0[i];
  if (setting.noise > 0) all["e"] = noise_vector(setting, draw.at({purpose::noise}));
  return all;
}

bool gives_solution(Problem problem, const Matrices& given) {
  const std::vector<std::string> names = solution_names(problem);
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) { return given.contains(name); });
}

void check(const LandscapeSetting& setting, const LandscapeRequest& request) {
  const std::vector<Shape> all = shapes(setting);
  check_shapes(all, setting.given);
  const bool blind = setting.problem == Problem::blind_demodulation;
  std::int64_t k = all[0].columns;
  check_solution(setting, solution_names(setting.problem)[0], k);
  if (blind) {
    const std::int64_t p = setting.sizes.at("widths2")[0];
    check_solution(setting, solution_names(setting.problem)[1], p);
    k += p;
  }
  if (request.solutions < 1 || request.solutions > max_solutions)
    throw InputError(fmt::format("solutions = {}: must be 1 to {}", request.solutions, max_solutions));
  if (request.census && !landscape_problem(setting.problem).has_census)
    throw InputError(fmt::format("census: not for {}", name(setting.problem)));
  if (request.census && k != 2 && k != 3) throw InputError(fmt::format("census: needs k = 2 or 3, and k = {} here", k));
  const double noise = setting.noise;
  if (!(noise >= 0 && std::isfinite(noise))) throw InputError(fmt::format("noise = {}: must not be negative", noise));
  if (request.radius && !(*request.radius >= 0 && std::isfinite(*request.radius)))
    throw InputError(fmt::format("radius = {}: must not be negative", *request.radius));
  if (!request.grid) return;
  if (blind && *request.grid != GridKind::sobol && *request.grid != GridKind::random)
    throw InputError(fmt::format("grid {}: pairs of directions need sobol or random", name(*request.grid)));
  make_grid(*request.grid, static_cast<int>(k), 1, Stream(0));
}

namespace {

Landscape landscape_of(const AnyInstance& instance, const LandscapeSetting& setting, const LandscapeOptions& options,
                       const Stream& stream, const Progress& progress) {
  if (const Recovery* f = std::get_if<Recovery>(&instance))
    return measure_landscape(*f, setting.problem, options, stream, progress);
  return measure_landscape(std::get<Demodulation>(instance), alpha_of(setting), options, stream, progress);
}

double objective_at_solution(const AnyInstance& instance) {
  if (const Recovery* f = std::get_if<Recovery>(&instance)) return objective(*f, f->x0);
  const Demodulation& g = std::get<Demodulation>(instance);
  return objective(g, g.h0, g.m0);
}

std::vector<LemmaValue> measure_lemmas(const AnyInstance& instance, const LandscapeRequest& request,
                                       const std::vector<Epsilon>& epsilon, const Stream& draw) {
  if (!request.lemma_starts) return {};
  const Recovery& f = std::get<Recovery>(instance);
  std::vector<LemmaValue> all = search_lemmas(f, *request.lemma_starts, draw.at({purpose::lemmas}));
  for (LemmaValue& v : all) v.constant = lemma_constant(v, f.G.depth(), epsilon);
  return all;
}

/// The landscapes with every solution; that with the largest population error is kept whole. Returns its instance.
AnyInstance try_solutions(const LandscapeSetting& setting, const LandscapeRequest& request, const Matrices& matrices,
                          const Stream& draw, const StageProgress& progress, MeasuredLandscape& d) {
  const LandscapeOptions options = options_of(setting, request);
  std::optional<AnyInstance> worst;
  for (std::int64_t i = 0; i < request.solutions; ++i) {
    const auto number = static_cast<std::uint64_t>(i);
    AnyInstance instance = drawn_instance(setting, matrices, draw, number);
    Landscape l = landscape_of(instance, setting, options, own(draw, purpose::landscape, number), [&](double done) {
      progress("landscape", (static_cast<double>(i) + done) / static_cast<double>(request.solutions));
    });
    d.solutions.push_back({solution_of(instance), l.population_error, l.descent_at_zero, l.violation_count});
    if (worst && !(l.population_error.value > d.landscape.population_error.value)) continue;
    d.solution = i;
    d.landscape = std::move(l);
    worst = std::move(instance);
  }
  return std::move(*worst);
}

}  // namespace

MeasuredLandscape measure(const LandscapeSetting& setting, const LandscapeRequest& request, const Stream& draw,
                          const StageProgress& progress) {
  MeasuredLandscape d;
  timed(d.seconds, [&] {
    const Matrices matrices = draw_matrices(shapes(setting), setting.given, draw);
    const AnyInstance instance = try_solutions(setting, request, matrices, draw, progress, d);
    d.x0 = solution_of(instance);
    d.objective_x0 = objective_at_solution(instance);
    if (request.census) {
      const Recovery& f = std::get<Recovery>(instance);
      d.census = census(f, d.landscape.rho[0], [&](double done) { progress("census", done); });
      add_violations(d.landscape, *d.census, f.x0);
    }
    d.epsilon = measure_epsilons(setting, matrices, request, draw, progress);
    d.lemmas = measure_lemmas(instance, request, d.epsilon, draw);
    d.comparison = compare(setting.problem, setting.sizes, d.landscape, d.epsilon);
    d.spurious = spurious_minima(setting.problem, setting.sizes, d);
  });
  return d;
}

MeasuredLandscape measure_census(const LandscapeSetting& setting, const Stream& draw, const StageProgress& progress) {
  MeasuredLandscape d;
  timed(d.seconds, [&] {
    const Matrices matrices = draw_matrices(shapes(setting), setting.given, draw);
    const auto f = std::get<Recovery>(drawn_instance(setting, matrices, draw, 0));
    d.x0 = {f.x0};
    d.objective_x0 = objective(f, f.x0);
    d.landscape.rho = {rho(setting.problem, f.G.depth())};
    d.census = census(f, d.landscape.rho[0], [&](double done) { progress("census", done); });
    d.spurious = spurious_minima(setting.problem, setting.sizes, d);
  });
  return d;
}

RebuiltInstance rebuild(const LandscapeSetting& setting, const Stream& draw, std::int64_t solution) {
  check_shapes(shapes(setting), setting.given);
  const Matrices matrices = draw_matrices(shapes(setting), setting.given, draw);
  const auto with_solution = [setting, matrices, draw](std::size_t number) {
    return drawn_instance(setting, matrices, draw, number);
  };
  const auto naive = [setting, matrices](const Epsilon& e) { return naive_of(setting, matrices, e); };
  const auto f = with_solution(static_cast<std::size_t>(std::max<std::int64_t>(0, solution)));
  const auto again = [f, problem = setting.problem] {
    const Recovery& recovery = std::get<Recovery>(f);
    return census(recovery, rho(problem, recovery.G.depth()));
  };
  return {f, alpha_of(setting), naive, again, with_solution};
}

}  // namespace theoremeter
