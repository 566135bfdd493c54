#include "experiments/studies/recovery_study.hpp"

#include "experiments/studies/parameters.hpp"
#include "experiments/studies/recoveries.hpp"
#include "experiments/studies/recovery_columns.hpp"
#include "experiments/studies/studies.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace theoremeter {
namespace {

// --- What may be asked ----------------------------------------------------------------------------------------------

constexpr const char* run_group = "The algorithm";

std::vector<std::string> algorithm_names() {
  std::vector<std::string> names;
  for (const Algorithm& a : algorithms()) names.push_back(a.name);
  return names;
}

const Parameter<std::string> algorithm{{.name = "algorithm",
                                        .meaning = "what recovers",
                                        .example = std::string("dpr"),
                                        .has_default = false,
                                        .required = true,
                                        .choices = algorithm_names(),
                                        .type_name = "NAME",
                                        .group = run_group}};
const Parameter<std::string> problem{{.name = "problem",
                                      .meaning = "of the subgradient method",
                                      .example = std::string("compressed-sensing"),
                                      .choices = {"inversion", "compressed-sensing", "phase-retrieval"},
                                      .type_name = "NAME",
                                      .group = instance_group}};
const Parameter<double> noise{{.name = "noise",
                               .meaning = "added to the observations b: SIGMA |b|/sqrt(m) times N(0, 1)",
                               .example = 0.0,
                               .least = 0,
                               .type_name = "SIGMA",
                               .group = instance_group}};
const Parameter<std::string> preset{{.name = "preset",
                                     .meaning = "whose program it is: official (of its authors) or model-copram",
                                     .example = std::string("official"),
                                     .choices = {"official", "model-copram"},
                                     .type_name = "NAME",
                                     .group = run_group}};

template <class T>
Parameter<T> optional_number(const char* name, const char* meaning, T example, double least, bool strict,
                             const char* note, const char* type_name) {
  return {{.name = name,
           .meaning = meaning,
           .example = example,
           .has_default = false,
           .least = least,
           .most = 1e12,
           .type_name = type_name,
           .default_note = note,
           .group = run_group,
           .strict = strict}};
}

const Parameter<std::int64_t> steps = optional_number<std::int64_t>(
    "steps", "steps at most", 1000, 0, false, "1000; with networks and lasso 2000, copram 100", "T");
const Parameter<double> step = optional_number<double>("step", "step size", 1, 0, true,
                                                       "2^d/d^2 for dpr and subgradient, l 2^(d+s)/4 for alternating "
                                                       "(|h0| |m0| = 1), .05 with --adam; of signals: sparta 1, "
                                                       "raf 2, twf .2, thwf .23, others .6",
                                                       "MU");
const Parameter<double> gamma_ = optional_number<double>("gamma", "rows with |a_i'z|/b_i > 1/(1 + gamma) alone", 1, 0,
                                                         true, "sparta 1, model-copram's and taf .7", "G");
const Parameter<double> eta =
    optional_number<double>("eta", "weights r/(r + eta), r = |a_i'z|/b_i", 1, 0, true, "10", "E");
const Parameter<double> lambda = optional_number<double>("lambda", "of the l1 norm, times |A'b|_inf", 1, 0, true,
                                                         "0.001; least squares on the support at the end", "L");
const Parameter<double> momentum =
    optional_number<double>("momentum", "a step goes along the gradient plus MU times the direction of the step before",
                            0.9, 0, false, "none", "MU");
const Parameter<std::int64_t> restarts{{.name = "restarts",
                                        .meaning = "starts; the run with the least loss is kept",
                                        .example = std::int64_t{1},
                                        .least = 1,
                                        .most = 1e6,
                                        .type_name = "N",
                                        .group = run_group}};

Parameter<bool> flag(const char* name, const char* meaning) {
  return {{.name = name, .meaning = meaning, .example = false, .group = run_group}};
}
const Parameter<bool> no_negation = flag("no_negation", "leave out the test of the sign");
const Parameter<bool> adam = flag("adam", "Adam's steps in place of the gradient's");
const Parameter<bool> two_starts = flag("two_starts", "from the negative of each start too");
const Parameter<bool> plain_start = flag("plain_start", "the start itself is the first iterate, no spectral one");

Parameter<double> tolerance_of(const char* name, const char* meaning, double example) {
  return {{.name = name, .meaning = meaning, .example = example, .least = 0, .type_name = "TOL", .group = run_group}};
}
const Parameter<double> stop_residual =
    tolerance_of("stop_residual", "a run ends at this residual | |A x| - b |/|b|; 0: never", 0);
const Parameter<double> stop_change =
    tolerance_of("stop_change", "and at this relative change of x in a step; 0: never", 0);
const Parameter<double> tolerance = tolerance_of("tolerance", "success: an error of x of at most this", 1e-4);
const Parameter<std::string> trace{{.name = "trace",
                                    .meaning = "numbers of steps after which iterates are kept, 0,1,2,5; all: the "
                                               "residual after every step",
                                    .example = std::string(),
                                    .has_default = false,
                                    .type_name = "LIST",
                                    .group = run_group}};

const Parameter<std::int64_t> condition_starts{
    {.name = "condition_starts",
     .meaning = "starts of the search for each condition's constant on the same matrices, 0: none",
     .example = std::int64_t{0},
     .least = 0,
     .most = 1e9,
     .type_name = "N",
     .group = evidence_group}};

const Parameter<std::int64_t> image{{.name = "image",
                                     .meaning = "which of the images given is the truth, from 0 on",
                                     .example = std::int64_t{0},
                                     .least = 0,
                                     .most = 1e9,
                                     .type_name = "I",
                                     .group = instance_group}};

AnyParameter optional_size(const Symbol& size) {
  AnyParameter p = size_parameter(size);
  p.required = false;
  return p;
}

const std::vector<Symbol>& recovery_sizes() {
  static const std::vector<Symbol> all{{"m", "observations: rows of A"},
                                       {"n", "columns of A, without a network"},
                                       {"sparsity", "entries of x that are not 0; draws: of x0 too"},
                                       {"widths", "of the network: k, n_1, ..., n_d", true},
                                       {"widths2", "of the second network", true}};
  return all;
}

Parameters recovery_parameters(bool with_momentum) {
  std::vector<AnyParameter> all{algorithm};
  for (const Symbol& size : recovery_sizes()) all.push_back(optional_size(size));
  for (const AnyParameter& p : std::vector<AnyParameter>{image,       problem,
                                                         ensemble,    measurement_matrix,
                                                         noise,       seed,
                                                         preset,      restarts,
                                                         steps,       step,
                                                         gamma_,      eta,
                                                         lambda,      no_negation,
                                                         adam,        two_starts,
                                                         plain_start, stop_residual,
                                                         stop_change, tolerance,
                                                         trace,       condition_starts})
    all.push_back(p);
  if (with_momentum) all.push_back(momentum);
  return std::make_shared<const std::vector<AnyParameter>>(std::move(all));
}

bool concerns(const std::string& name, const std::string& parameter) {
  const Algorithm& a = algorithm_named(name);
  const bool network = a.prior == Prior::network || a.prior == Prior::networks;
  static const std::map<std::string, std::string> called{{"no_negation", "negation"}, {"plain_start", "spectral"}};
  for (const char* own :
       {"problem", "preset", "gamma", "eta", "lambda", "negation", "momentum", "adam", "two_starts", "spectral"}) {
    const auto other = called.find(parameter);
    if (own == (other == called.end() ? parameter : other->second))
      return std::find(a.parameters.begin(), a.parameters.end(), own) != a.parameters.end();
  }
  if (parameter == "algorithm") return false;
  if (parameter == "widths" || parameter == "ensemble" || parameter == "network") return network;
  if (parameter == "widths2" || parameter == "network2" || parameter == "images2") return a.prior == Prior::networks;
  if (parameter == "m" || parameter == "measurements" || parameter == "A") return a.prior != Prior::networks;
  if (parameter == "n") return !network;
  if (parameter == "condition_starts") return a.prior != Prior::sparse;
  if (parameter == "sparsity") return a.prior == Prior::sparse;
  return true;
}

RecoverySetting setting_of(const Setting& at) {
  RecoverySetting s;
  s.algorithm = &algorithm_named(at[algorithm]);
  s.problem = s.algorithm->name == "dpr" ? Problem::phase_retrieval : problem_named(at[problem]);
  s.ensembles = ensembles_of(at);
  s.noise = at[noise];
  for (const Symbol& size : recovery_sizes()) {
    const Value& v = at.at(size.name);
    if (const auto* list = std::get_if<Widths>(&v)) s.sizes[size.name] = *list;
    if (const auto* one = std::get_if<std::int64_t>(&v)) s.sizes[size.name] = {*one};
  }
  s.given = at.given();
  if (at.has("image")) s.image = at[image];  // files of format 2.0 have none
  return s;
}

void set_trace(RunRules& rules, const std::string& list) {
  if (list == "all") {
    rules.every_residual = true;
    return;
  }
  const char *p = list.data(), *const end = p + list.size();
  while (true) {
    std::int64_t at = 0;
    const auto [next, error] = std::from_chars(p, end, at);
    if (error != std::errc() || at < 0 || (next != end && *next != ','))
      throw InputError(fmt::format("trace = {}: must be numbers of steps, as 0,1,2,5, or all", list));
    rules.trace.push_back(at);
    if (next == end) break;
    p = next + 1;
  }
}

RecoveryRequest request_of(const Setting& at, int threads = 1) {
  const Algorithm& a = algorithm_named(at[algorithm]);
  RecoveryRequest r;
  r.rules.steps = at.get(steps).value_or(a.steps);
  r.rules.residual = at[stop_residual];
  r.rules.change = at[stop_change];
  if (const auto list = at.get(trace)) set_trace(r.rules, *list);
  if (!a.presets.empty()) r.preset = at[preset];
  r.step = at.get(step), r.gamma = at.get(gamma_), r.eta = at.get(eta), r.lambda = at.get(lambda);
  if (at.has(momentum.name)) r.momentum = at.get(momentum).value_or(0);
  r.negation = !at[no_negation];
  r.adam = at[adam];
  r.two_starts = at[two_starts];
  r.spectral = !at[plain_start];
  r.restarts = at[restarts];
  r.tolerance = at[tolerance];
  r.condition_starts = at[condition_starts];
  r.threads = threads;
  return r;
}

void adopt_given(Setting& at, const Matrices& given, const std::set<std::string>& said) {
  if (!at.has(algorithm.name) || std::holds_alternative<std::monostate>(at.at(algorithm.name))) return;
  for (const AnyParameter& p : *at.parameters())
    if (said.contains(p.name) && p.name != algorithm.name && !concerns(at[algorithm], p.name))
      throw InputError(fmt::format("{}: is not for {}", p.name, at[algorithm]));
  const auto own = std::make_shared<const Matrices>(given_to(algorithm_named(at[algorithm]), given));
  if (own->empty()) return;
  Setting with = at;
  with.give(own);
  const RecoverySetting s = setting_of(with);
  adopt(at, sizes_of(s), *own, said, [&](const Setting& now) {
    Setting all = now;
    all.give(own);
    return shapes(setting_of(all));
  });
}

constexpr const char* recovery_notes =
    R"(Of several starts the run with the least loss is kept: nothing looks at the truth; the one nearest to it is the
column oracle. Without a network A has N(0, 1) entries where it is drawn, as the programs assume; with one N(0, 1/m).
--start: the normals of a power iteration (spectral starts), or the first iterate; h and then m.)";

std::string report_of(const Setting&, const MeasuredRecovery& d) {
  const Restart& r = d.restarts[kept(d)];
  std::string text = fmt::format("{} after {} steps: residual {:.3g}",
                                 names_of(r.ended)[static_cast<std::size_t>(r.ended)], r.steps, r.residual);
  if (d.x0.size() > 0)
    text += fmt::format(", error {:.3g} ({}), of the signal {:.3g}", r.error,
                        names_of(r.basin)[static_cast<std::size_t>(r.basin)], r.signal_error);
  if (!std::isnan(r.rate))
    text += fmt::format("; near the end a step moved {:.4g} times the one before (R^2 {:.3f})", r.rate, r.rate_fit);
  if (!std::isnan(d.theory_rate)) text += fmt::format("; the theory's rate is {:.4g}", d.theory_rate);
  text += "\n";
  for (const TracedIterate& t : d.trace)
    text += std::isnan(t.error)
                ? fmt::format("after {:>6} steps: residual {:.6e}\n", t.step, t.residual)
                : fmt::format("after {:>6} steps: residual {:.6e}, error {:.6e}\n", t.step, t.residual, t.error);
  return text;
}

Study study(bool with_momentum) {
  StudyOf<MeasuredRecovery> s;
  if (with_momentum) s.about.added = momentum.name;
  s.about.verb = "recover";
  s.about.key = "study";
  s.about.name = "recovery";
  s.about.question = "Recover: run an algorithm on instances and see where it ends";
  s.about.noun = "recovery";
  s.about.statement = "an algorithm on instances of its problem";
  s.about.notes = recovery_notes;
  s.about.parameters = recovery_parameters(with_momentum);
  s.about.word = {algorithm.name, [](const std::string& name) { return algorithm_named(name).statement; }, concerns};
  s.about.inputs = {{"network", "given: an HDF5 file of layers or .npy,.npy,...", "", "W"},
                    {"network2", "the second network, likewise", "", "W2"},
                    {"A", "given: a .npy or HDF5 file", "A"},
                    {"observations", "given: b; text (numbers) or .npy; then there is no truth and no error",
                     "observations", "", true},
                    {"x0", "given: what is recovered (blind demodulation: h0 and then m0), likewise", "x0", "", true},
                    {"truth", "beside --observations: what the estimate is compared with", "truth", "", true},
                    {"images",
                     "given: the truth is one of them; IDX, compressed by gzip or not, or a matrix with a row "
                     "each; sparse: by its coefficients in wavelets (db4) of the image padded to a power of "
                     "two",
                     "images"},
                    {"images2",
                     "beside --images: the truth is one of each, with the same number, and what is observed their "
                     "product",
                     "images2"},
                    {"start", "given: the first start", "start", "", true}};
  s.about.summaries = {
      {.heading = "success",
       .column = "success",
       .how = Statistic::share,
       .percent = true,
       .legend = "success: the error is within the tolerance; in brackets its interval.",
       .interval = true},
      {.heading = "error",
       .column = "error",
       .how = Statistic::median,
       .legend = "error, residual, steps, rate: medians, of the restart with the least loss; oracle: the error of the "
                 "one nearest to the truth."},
      {.heading = "oracle", .column = "oracle_error", .how = Statistic::median},
      {.heading = "signal error", .column = "signal_error", .how = Statistic::median},
      {.heading = "SSIM", .column = "ssim", .how = Statistic::median},
      {.heading = "residual", .column = "residual", .how = Statistic::median},
      {.heading = "steps", .column = "steps_made", .how = Statistic::median},
      {.heading = "negations", .column = "negations", .unless = 0.0},
      {.heading = "basin", .column = "basin"},
      {.heading = "rate", .column = "rate", .how = Statistic::median},
      {.heading = "theory's", .column = "theory_rate", .how = Statistic::median},
      {.heading = "wdc", .column = "epsilon_wdc", .legend = "wdc, rrcp: constants of the same matrices, attained."},
      {.heading = "rrcp", .column = "epsilon_rrcp"}};
  s.about.figure = {{"figure", "recovery"}};
  s.about.adopt = adopt_given;
  s.about.given_at = [](const Setting& at, const Matrices& all) {
    return given_to(algorithm_named(at[algorithm]), all);
  };
  s.about.check = [](const Setting& at) { check(setting_of(at), request_of(at)); };
  s.about.matrices = [](const Setting& at, const Stream& draw) {
    const RecoverySetting setting = setting_of(at);
    Matrices all = matrices_of(setting, draw);
    const RecoveryInstance instance = instance_of(setting, draw);
    all["observations"] = observations(instance);
    if (truth(instance).size() > 0) all["x0"] = truth(instance);
    return all;
  };
  s.columns = recovery_columns();
  s.measure = [](const Setting& at, const Stream& draw, const Effort& effort) {
    return measure(setting_of(at), request_of(at, effort.threads), draw, effort.progress);
  };
  s.verify = [](const Setting& at, const Stream& draw, const MeasuredRecovery& d, const Scrutiny&) {
    const RecoverySetting setting = setting_of(at);
    return complaints_of(instance_of(setting, draw), true_pixels(setting), at[tolerance], d,
                         [&](const Epsilon& e) { return naive_of(setting, draw, e); });
  };
  s.about.verified = "losses, errors and where runs ended, recomputed from the stored iterates";
  s.report = report_of;
  return s;
}

}  // namespace

Study recovery_study() { return study(false); }
Study recovery_study_with_momentum() { return study(true); }

}  // namespace theoremeter
