#include "experiments/studies/condition_study.hpp"

#include "estimators/sample.hpp"
#include "experiments/studies/condition_verify.hpp"
#include "experiments/studies/parameters.hpp"
#include "experiments/studies/studies.hpp"
#include "experiments/studies/words.hpp"
#include "results/align.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace theoremeter {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
// --- What may be asked ----------------------------------------------------------------------------------------------

const Parameter<std::int64_t> layer{{.name = "layer",
                                     .meaning = "layer of the network, from the input on",
                                     .example = std::int64_t{1},
                                     .has_default = false,
                                     .scope = Scope::label,
                                     .least = 1}};

const Parameter<std::string> alpha{{.name = "alpha",
                                    .meaning = "multiple of the expectation",
                                    .example = std::string(),
                                    .has_default = false,
                                    .type_name = "A|fit",
                                    .default_note = "the ensemble's own; 1 for given matrices, fit for --network",
                                    .group = instance_group}};
const Parameter<std::string> evidence{{.name = "evidence",
                                       .meaning = "any of sample,search,certify",
                                       .example = std::string(),
                                       .has_default = false,
                                       .type_name = "LIST",
                                       .group = evidence_group}};
const Parameter<std::int64_t> samples{{.name = "samples",
                                       .meaning = "points sampled",
                                       .example = std::int64_t{1},
                                       .has_default = false,
                                       .least = 1,
                                       .most = static_cast<double>(max_samples),
                                       .type_name = "N",
                                       .default_note = "2e10/(n k^2) of them, 2000 to 500000: about a second's worth",
                                       .group = evidence_group}};
const Parameter<std::string> pair_grid{{.name = "grid",
                                        .meaning = "what is sampled on",
                                        .example = std::string(),
                                        .has_default = false,
                                        .choices = grid_names,
                                        .type_name = "NAME",
                                        .default_note = "circle for k = 2, fibonacci for k = 3, sobol beyond",
                                        .group = evidence_group}};
const Parameter<std::int64_t> search_starts{{.name = "starts",
                                             .meaning = "starts of the search",
                                             .example = std::int64_t{1},
                                             .has_default = false,
                                             .least = 1,
                                             .most = 1e9,
                                             .type_name = "N",
                                             .default_note = "seconds' worth, 256 or more",
                                             .group = evidence_group}};
const Parameter<double> gap{{.name = "gap",
                             .meaning = "relative gap at which a certificate is complete",
                             .example = Request().gap,
                             .least = 1e-6,
                             .most = 1e6,
                             .type_name = "G",
                             .group = evidence_group}};
const Parameter<std::int64_t> nodes{{.name = "nodes",
                                     .meaning = "products of cones or arcs a certificate may bound",
                                     .example = Request().nodes,
                                     .least = 1,
                                     .most = 1e15,
                                     .type_name = "N",
                                     .group = evidence_group}};

const Parameter<double> decide_at{{.name = "decide",
                                   .meaning = "stop as soon as the constant is proved to be at most this, or refuted",
                                   .example = 1.0,
                                   .has_default = false,
                                   .least = 0,
                                   .most = 1e300,
                                   .type_name = "EPS",
                                   .group = evidence_group,
                                   .strict = true}};

Parameters parameters_of(const Condition& c, bool decides) {
  std::vector<AnyParameter> all;
  if (c.by_layer) all.push_back(layer);
  for (const Symbol& size : c.sizes) all.push_back(size_parameter(size));
  all.push_back(ensemble);
  if (c.measures) all.push_back(measurement_matrix);
  all.push_back(seed);
  if (c.has_alpha) all.push_back(alpha);
  all.push_back(evidence);
  all.back().default_note = fmt::format("sample,search{}; there are certificates for {}",
                                        c.measures ? "" : ", and certify where it is quick", c.certified_for);
  all.push_back(samples);
  all.back().default_note = default_samples_text(c);
  all.push_back(pair_grid);
  all.push_back(search_starts);
  all.back().default_note = default_starts_text(c);
  all.push_back(gap);
  all.push_back(nodes);
  if (decides) all.push_back(decide_at);
  return std::make_shared<const std::vector<AnyParameter>>(std::move(all));
}

Sizes sizes_of(const Condition& c, const Setting& at) { return sizes_of(c.sizes, at); }

Request request_of(const Condition& c, const Setting& at, int threads) {
  Request r;
  if (const auto list = at.get(evidence))
    set_evidence(r, *list);
  else
    r.certify = c.certificates(sizes_of(c, at)) == Certificates::by_default;
  r.samples = at.get(samples);
  r.starts = at.get(search_starts);
  r.nodes = at[nodes];
  r.gap = at[gap];
  if (at.has(decide_at.name)) r.decide = at.get(decide_at);
  if (const auto name = at.get(pair_grid)) r.grid = grid_named(*name);
  r.threads = threads;
  return r;
}

/// Asked for; otherwise trained layers, which follow no ensemble, have it fitted, and given matrices have 1.
Alpha alpha_of(const Condition& c, const Setting& at) {
  if (!c.has_alpha) return {1.0, false};
  if (const auto text = at.get(alpha)) return parse_alpha(*text);
  if (c.by_layer && at.get(layer)) return {std::nullopt, true};
  const bool drawn = at.get(ensemble).has_value();
  return {drawn ? c.alpha(sizes_of(c, at), ensembles_of(at)) : 1.0, false};
}

void check(const Condition& c, const Setting& at) {
  check_instance(c, ensembles_of(at), sizes_of(c, at), at.given());
  check_request(c, sizes_of(c, at), request_of(c, at, 1));
  if (at.has(decide_at.name) && !at.get(decide_at)) throw InputError("decide: some points have it, this one has not");
  if (c.has_alpha && alpha_of(c, at).fit && !c.fits_alpha)
    throw InputError(fmt::format("alpha = fit: not for {}, give a number", c.name));
}

// --- Matrices given -------------------------------------------------------------------------------------------------

void adopt_given(const Condition& c, Setting& at, const Matrices& given, const std::set<std::string>& said) {
  if (given.empty()) return;
  adopt(at, c.sizes_of(given), given, said,
        [&](const Setting& s) { return c.shapes(sizes_of(c, s), ensembles_of(s)); });
  const bool drawn = at.get(ensemble) || (c.measures && at.get(measurement_matrix));
  if (!drawn && said.contains("draws")) throw InputError("draws: has no place beside the matrices given");
}

/// Of a network given, one a layer.
std::vector<Setting> layers(const Condition& c, const Setting& at, const Matrices& given,
                            const std::set<std::string>& said) {
  if (!c.by_layer || !given.contains(layer_name(0))) return {at};
  const std::string matrix = c.given[0].matrix;
  if (given.contains(matrix)) throw InputError(fmt::format("{}: has no place beside network", c.given[0].option));
  std::vector<Setting> all;
  for (std::size_t i = 0; given.contains(layer_name(i)); ++i) {
    all.push_back(at);
    adopt_given(c, all.back(), {{matrix, given.at(layer_name(i))}}, said);
    all.back().set(layer.name, static_cast<std::int64_t>(i + 1));
  }
  return all;
}

Matrices given_at(const Condition& c, const Setting& at, const Matrices& all) {
  if (!c.by_layer || !at.get(layer)) return all;
  return {{c.given[0].matrix, all.at(layer_name(static_cast<std::size_t>(at[layer] - 1)))}};
}

// --- What a draw holds ----------------------------------------------------------------------------------------------

/// A value attained, as `value`, `prefix`side, form, margin, and the point as `points`_x, ...; of the JSON only the
/// main one has more than the value.
Columns<Witness> attained(const Condition& c, const std::string& value, const std::string& meaning,
                          const std::string& prefix, const std::string& points, const std::string& path) {
  const bool main = path == value;
  const std::string where = fmt::format(" (of {})", value);
  const auto json = [&](const char* path) { return std::string(main ? path : "-"); };
  Columns<Witness> w;
  w.value(value, &Witness::value, Says::at_least, meaning).json(path);
  w.value(prefix + "side", &Witness::side, Says::witness, "the side of the norm that attains it" + where)
      .json(json("side"));
  w.value(prefix + "form", &Witness::form, Says::witness,
          "which of the condition's expressions attains it, where there are several" + where)
      .json(json("form"));
  w.value(prefix + "margin", &Witness::margin, Says::witness,
          "distance of the witness from the nearest cell boundary" + where)
      .json(json("margin"));
  for (std::size_t s = 0; s < c.arguments.size(); ++s)
    w.vector(
         fmt::format("{}_{}", points, c.arguments[s].name),
         [s](auto& attained) -> auto& {
           if (attained.point.size() <= s) attained.point.resize(s + 1);
           return attained.point[s];
         },
         {c.arguments[s].name + "_coordinate"}, Says::witness,
         fmt::format("{}, where the value is attained{}", c.arguments[s].meaning, where))
        .json(main ? "witness." + c.arguments[s].name : "-");
  return w;
}

/// What is known of the least constant/alpha over all alpha.
Columns<AlphaFit> fit_columns(const Condition& c) {
  Columns<Point> point;
  for (std::size_t s = 0; s < c.arguments.size(); ++s)
    point.vector(
        c.arguments[s].name,
        [s](auto& p) -> auto& {
          if (p.size() <= s) p.resize(s + 1);
          return p[s];
        },
        {c.arguments[s].name + "_coordinate"}, Says::witness, "a point at which fit_at_least is attained");
  return Columns<AlphaFit>()
      .value("at_least", &AlphaFit::at_least, Says::at_least, "the least constant/alpha over all alpha")
      .json("fit.at_least")
      .list_of("point", &AlphaFit::points, "points at which fit_at_least is attained", point);
}

double sampled_best(const Measurement& m) {
  if (!m.sampled) return nan;
  return m.sampled->diagonal ? std::max(m.sampled->witness.value, m.sampled->diagonal->value)
                             : m.sampled->witness.value;
}

Columns<Sampled> sampled_columns(const Condition& c) {
  Columns<Sampled> s;
  s.part("", &Sampled::witness,
         attained(c, "sampled_max", "the constant, at least: maximum over the sampled points", "sampled_",
                  "sampled_witness", "sampled.max"));
  s.value("sampled_mean", &Sampled::mean, Says::statistic, "mean deviation over the sampled points")
      .json("sampled.mean");
  s.vector("sampled_quantile", &Sampled::quantiles, {"quantile"}, Says::statistic,
           "quantiles of the deviation over the sampled points")
      .json("sampled.quantiles")
      .axis({"quantile", "quantile level", quantile_levels});
  s.value("evaluations_sample", &Sampled::count, Says::count, "points sampled off the diagonal")
      .json("sampled.count evaluations.sample");
  s.optional("diagonal", "", &Sampled::diagonal, "whether points with equal arguments were sampled too",
             attained(c, "diagonal_max", "the constant, at least: maximum over sampled points with equal arguments",
                      "diagonal_", "diagonal_witness", "sampled.diagonal"));
  s.value("undefined_sample", &Sampled::undefined, Says::count,
          "further points sampled, where the deviation is not defined")
      .json("sampled.undefined");
  return s;
}

}  // namespace

Columns<Measurement> columns_of(const Condition& c) {
  Columns<Measurement> m;
  m.value("alpha", &Measurement::alpha, Says::parameter, "alpha in the condition");
  if (c.fits_alpha) m.optional("fit", "fit_", &Measurement::fit, "whether alpha was fitted", fit_columns(c));
  m.part("", &Measurement::witness,
         attained(c, "at_least", "the constant, at least: attained at the witness, the best that all evidence met", "",
                  "witness", "at_least"));
  m.optional("bounded", "", &Measurement::bounded, "whether an at most was proved",
             Columns<Bounded>()
                 .value("at_most", &Bounded::at_most, Says::at_most, "the constant, at most: proved")
                 .value("proof", &Bounded::proof, Says::statistic,
                        "what proves at_most: exhaustion (a certificate), or eigenvalues")
                 .value("closed", &Bounded::closed, Says::statistic, "whether the gap asked for was reached")
                 .json("-"));
  m.optional("certified", "", &Measurement::certified, "whether a certificate was made",
             Columns<Certified>()
                 .value("evaluations_certify", &Certified::nodes, Says::count, "nodes of the branch and bound")
                 .json("evaluations.certify"));
  m.optional(
      "forecast", "", &Measurement::forecast, "whether a certificate is open: what more nodes should bring",
      Columns<Forecast>()
          .value("forecast_ended", &Forecast::ended, Says::forecast, "whether more nodes would bring nothing")
          .json("forecast.ended")
          .value("forecast_nodes", &Forecast::nodes, Says::forecast, "so many nodes in all should prove")
          .json("forecast.nodes")
          .value("forecast_gap", &Forecast::gap, Says::forecast, "this gap, by how it has fallen; NaN: not known")
          .json("forecast.gap")
          .value("forecast_to_close", &Forecast::to_close, Says::forecast,
                 "so many nodes in all should reach the gap asked for")
          .json("forecast.to_close"),
      Says::forecast);
  m.computed("kind", kind, Says::statistic, "what is known of the constant; exact: to the relative gap asked for");
  m.optional("sampled", "", &Measurement::sampled, "whether it was sampled", sampled_columns(c));
  m.optional("searched", "", &Measurement::searched, "whether it was searched for",
             Columns<Searched>()
                 .part("", &Searched::witness,
                       attained(c, "searched_max", "the constant, at least: best of the worst-case search", "searched_",
                                "searched_witness", "searched.max"))
                 .value("agreement", &Searched::agreement, Says::statistic,
                        "relative difference between the largest values of two halves of the search that share nothing")
                 .json("searched.agreement")
                 .value("starts", &Searched::starts, Says::count, "starts of the search")
                 .json("searched.starts")
                 .value("evaluations_search", &Searched::evaluations, Says::count, "evaluations spent by the search")
                 .json("evaluations.search")
                 .value("undefined_search", &Searched::undefined, Says::count,
                        "of the search's evaluations, those where the deviation is not defined")
                 .json("searched.undefined"));
  m.part("seconds_", &Measurement::seconds,
         Columns<Seconds>()
             .value("sample", &Seconds::sample, Says::seconds, "wall time of sampling")
             .unit("s")
             .json("seconds.sample")
             .value("search", &Seconds::search, Says::seconds, "wall time of the search")
             .unit("s")
             .json("seconds.search")
             .value("certify", &Seconds::certify, Says::seconds, "wall time of the certificate")
             .unit("s")
             .json("seconds.certify"));
  if (c.fits_alpha)
    m.computed("fit_below_half", below_half, Says::statistic,
               "whether the least constant/alpha over all alpha, where it was fitted, is below the 1/2 of every matrix")
        .json("fit.below_half");
  const auto computed = [&](const char* name, double (*function)(const Measurement&), Says says, const char* meaning) {
    m.computed(name, function, says, meaning).json("-");
  };
  computed("sampled_best", sampled_best, Says::at_least, "the constant, at least: the best of all sampled points");
  computed("gap", relative_gap, Says::statistic, "(at most - at least) / at least");
  computed(
      "sampled_share", [](const Measurement& d) { return sampled_best(d) / d.witness.value; }, Says::statistic,
      "sampled_best / at_least");
  if (c.has_alpha)
    computed(
        "at_least_over_alpha", [](const Measurement& d) { return d.witness.value / d.alpha; }, Says::at_least,
        "the constant of W/sqrt(alpha), about the expectation itself");
  if (c.factor != 1) {
    const double factor = c.factor;
    m.computed(
        "epsilon_at_least", [factor](const Measurement& d) { return d.witness.value / factor; }, Says::at_least,
        fmt::format("the paper's epsilon, at least: its inequality reads {} epsilon", factor));
    m.computed(
        "epsilon_at_most", [factor](const Measurement& d) { return d.bounded ? d.bounded->at_most / factor : nan; },
        Says::at_most, fmt::format("the paper's epsilon, at most: its inequality reads {} epsilon", factor));
  }
  return m;
}

namespace {

std::vector<Summary> summaries_of(const Condition& c) {
  std::vector<Summary> all{
      {"sampled", "sampled_best"},
      {"at least", "at_least", Statistic::range, 0.5, false, {}, ">= (at least): attained at a stored point."},
      {"at most",
       "at_most",
       Statistic::range,
       0.5,
       false,
       {},
       "<= (at most): proved, by exhaustion or by eigenvalues."},
      {"proved by", "proof"},
      {"agreement",
       "agreement",
       Statistic::range,
       0.5,
       true,
       {},
       "agreement: of two halves of the search that share nothing; longer searches raised nine of ten by no more than "
       "1 % or twice that."},
      {"kind", "kind"},
      {"gap",
       "gap",
       Statistic::range,
       0.5,
       true,
       {},
       "exact: both agree to the relative gap asked for.  gap: (at most - at least) / at least."},
      {"sampled/at least",
       "sampled_share",
       Statistic::range,
       0.5,
       true,
       {},
       "sampled/at least: how much of what was found sampling alone would have shown."}};
  if (c.has_alpha) {
    all.push_back({"alpha", "alpha", Statistic::range, 0.5, false, 1.0, ""});
    all.push_back({"at least/alpha",
                   "at_least_over_alpha",
                   Statistic::range,
                   0.5,
                   false,
                   {},
                   c.sizes.size() == 2
                       ? "at least/alpha: the constant of W/sqrt(alpha), about Q itself."
                       : "at least/alpha: the constant of B and C over roots of alpha's two factors, about Q itself."});
    all.back().with = "alpha";
  }
  if (c.factor != 1)
    all.push_back({fmt::format("at least/{}", c.factor),
                   "epsilon_at_least",
                   Statistic::range,
                   0.5,
                   false,
                   {},
                   fmt::format("at least/{0}: the paper's epsilon, as its inequality reads {0} epsilon.", c.factor)});
  return all;
}

/// What a fitted alpha means, as a sentence or two.
std::string fit_text(const Measurement& m) {
  const double at_least = m.fit->at_least;
  const double found = std::max(at_least, m.witness.value / m.alpha);  // what no alpha goes below, this one does not
  const std::string of = "the least eps/alpha over all alpha, ";
  switch (below_half(m)) {
    case BelowHalf::no:
      return fmt::format(
          "no alpha gives eps/alpha below {}, and every matrix reaches 1/2 as alpha grows: no useful constant here.\n"
          "  alpha = {:.4g} is about the least that gives 1/2",
          at_least > 0.5 - 1e-9 ? "1/2" : rounded_down(at_least), m.alpha);
    case BelowHalf::proved:
      return fmt::format("{}at least {}, at most {}: both proved", of, rounded_down(at_least),
                         rounded_up(m.bounded->at_most / m.alpha));
    case BelowHalf::searched:
      return fmt::format("{}at least {}; a search at this alpha found {}, below 1/2", of, rounded_down(at_least),
                         rounded_down(found));
    default:
      return fmt::format(
          "{}at least {}; not known whether any alpha gives less than 1/2, as every matrix has when "
          "alpha grows",
          of, rounded_down(at_least));
  }
}

/// "(0.6, -0.8)", six digits: to look at; --json and --output keep them all.
std::string six_digits(const Eigen::VectorXd& x) {
  return fmt::format("({:.6g})", fmt::join(x.begin(), x.end(), ", "));
}

/// "42 s", "15 min", "21 days".
std::string about(double seconds) {
  if (seconds > 1000 * 86400.0) return "out of reach";
  if (seconds < 100) return fmt::format("{:.0f} s", std::max(1.0, seconds));
  if (seconds < 6000) return fmt::format("{:.0f} min", seconds / 60);
  if (seconds < 100 * 3600) return fmt::format("{:.0f} h", seconds / 3600);
  return fmt::format("{:.2g} days", seconds / 86400);
}

/// With two digits, rounded up.
double two_digits(double count) {
  const double unit = std::pow(10, std::max(0.0, std::floor(std::log10(count)) - 1));
  return std::ceil(count / unit) * unit;
}

/// Of an open bracket, what --nodes would bring.
std::string outlook(const Setting& at, const Measurement& m) {
  if (at.has(decide_at.name))
    return fmt::format(
        "Neither proved nor refuted, after {} of {} nodes: --gap, without --decide, brackets the constant.\n",
        m.certified->nodes, at[nodes]);
  if (!m.forecast)
    return fmt::format("The bracket is still open: --nodes {} or more, or a larger --gap, closes it further.\n",
                       10 * at[nodes]);
  const Forecast& f = *m.forecast;
  if (f.ended) return "The bracket is still open, and --nodes would not close it: no splitting proves a lower bound.\n";
  if (std::isnan(f.gap))
    return fmt::format("The bracket is still open, too early to tell what more would bring: --nodes {} or more.\n",
                       10 * at[nodes]);
  const auto time = [&](double count) {
    return about(m.seconds.certify * count / static_cast<double>(m.certified->nodes));
  };
  std::string text = fmt::format("The bracket is still open, a gap of {:.2g} % after {:.2g} nodes.\n",
                                 100 * relative_gap(m), static_cast<double>(m.certified->nodes));
  text += fmt::format("  By how it has fallen, --nodes {:.0f} ({}) should bring {:.2g} %", two_digits(f.nodes),
                      time(f.nodes), 100 * f.gap);
  if (f.to_close > f.nodes)
    text += fmt::format("; {:.2g} % takes about {:.1g} ({})", 100 * at[gap], f.to_close, time(f.to_close));
  return text + ".\n";
}

/// What the table has no room for: the witness in a low dimension, and what would bring more evidence.
std::string report(const Condition& c, const Setting& at, const Measurement& m) {
  constexpr Eigen::Index shown = 6;
  std::string text = m.fit ? fmt::format("alpha fitted: {}.\n", fit_text(m)) : "";
  const Point& p = m.witness.point;
  if (std::all_of(p.begin(), p.end(), [](const Eigen::VectorXd& x) { return x.size() <= shown; })) {
    if (!m.witness.form.empty())
      text += fmt::format("attained by {}: {}\n", m.witness.form, form_meaning(m.witness.form));
    for (std::size_t i = 0; i < p.size(); ++i)
      text +=
          fmt::format("{} {} = {}\n", i == 0 ? "attained at" : "           ", c.arguments[i].name, six_digits(p[i]));
    text += "            to six digits; all of them: --json\n";
  }
  if (m.certified && m.bounded && !m.bounded->closed) text += outlook(at, m);
  if (m.certified) return text;
  if (c.certificates(sizes_of(c, at)) != Certificates::none)
    return text + "For a closer upper bound, by exhaustion: --evidence sample,search,certify.\n";
  text += fmt::format("Closer upper bounds, by exhaustion, there are for {}.", c.certified_for);
  if (m.searched) text += fmt::format(" --starts {} searches harder.", 10 * m.searched->starts);
  return text + "\n";
}

/// All but what a draw holds.
Study study_about(const Condition& c, bool decides) {
  Study s;
  s.verb = "measure";
  s.key = "condition";
  s.name = c.name;
  s.question = "Measure a constant: at least (witnesses) and at most (proof)";
  s.noun = c.name + " constant";
  s.statement = c.statement;
  s.parameters = parameters_of(c, decides);
  for (const Given& g : c.given) s.inputs.push_back({g.option, g.meaning, g.matrix, g.network});
  s.summaries = summaries_of(c);
  s.figure = {{"figure", "sweep"},
              {"y", "sampled_best:sampled,searched_max:searched,at_most:proved"},
              {"x", c.sizes[0].name + "_over_" + c.sizes[1].name},
              {"log", "xy"},
              {"label", c.name + " constant"},
              {"guide", "-0.5"}};
  s.points = [c](const Setting& at, const Matrices& all, const std::set<std::string>& said) {
    return layers(c, at, all, said);
  };
  s.adopt = [c](Setting& at, const Matrices& all, const std::set<std::string>& said) {
    if (c.by_layer && all.contains(layer_name(0))) return;  // its layers are adopted one by one
    adopt_given(c, at, all, said);
  };
  s.given_at = [c](const Setting& at, const Matrices& all) { return given_at(c, at, all); };
  s.check = [c](const Setting& at) { check(c, at); };
  s.matrices = [c](const Setting& at, const Stream& draw) {
    return instance(c, ensembles_of(at), sizes_of(c, at), at.given(), draw);
  };
  return s;
}

Measurement measured_condition(const Condition& c, const Setting& at, const Stream& draw, const Effort& effort) {
  const Matrices matrices = instance(c, ensembles_of(at), sizes_of(c, at), at.given(), draw);
  try {
    return theoremeter::measure(c, matrices, alpha_of(c, at), request_of(c, at, effort.threads), draw, effort.progress);
  } catch (const DefinedNowhere& nowhere) {
    throw Undefined(nowhere.what());
  }
}

Complaints complaints_of_draw(const Condition& c, const Setting& at, const Stream& draw, const Measurement& m,
                              const Scrutiny& how) {
  const Matrices matrices = instance(c, ensembles_of(at), sizes_of(c, at), at.given(), draw);
  Complaints all = complaints_of(c, at[gap], matrices, m, how.older);
  if (how.older) return all;
  const Alpha asked = alpha_of(c, at);
  if (m.fit.has_value() != asked.fit) all.push_back("fit is not what was asked for");
  if (!asked.fit && m.alpha != asked.value)
    all.push_back(fmt::format("alpha = {}, but {} was asked for", m.alpha, *asked.value));
  return all;
}

// --- Decisions ------------------------------------------------------------------------------------------------------

/// A value attained above epsilon refutes, a proof of no more than epsilon proves; what was searched proves nothing.
enum class Decided { refuted, proved, undecided };
std::vector<std::string> names_of(Decided) { return {"refuted", "proved", "undecided"}; }

Decided decision_of(const Measurement& m, double epsilon) {
  if (m.witness.value > epsilon) return Decided::refuted;
  return m.bounded && m.bounded->at_most <= epsilon ? Decided::proved : Decided::undecided;
}

struct DecidedDraw {
  Measurement measured;
  Decided decided = Decided::undecided;
};

}  // namespace

Study deciding_study(const Condition& c) {
  StudyOf<DecidedDraw> s;
  s.about = study_about(c, true);
  s.about.added = decide_at.name;
  s.about.summaries.push_back({"decided", "decided"});
  s.about.summaries.push_back({.heading = "P(constant <= decide)",
                               .column = "decided",
                               .how = Statistic::probability,
                               .legend = "P: draws in which constant <= decide is proved .. not refuted; a value "
                                         "searched only refutes.",
                               .interval = true});
  s.about.figure = {{"figure", "share"}, {"y", "decided"}, {"x", c.sizes[0].name + "_over_" + c.sizes[1].name}};
  s.columns.part("", &DecidedDraw::measured, columns_of(c))
      .value("decided", &DecidedDraw::decided, Says::exact,
             "whether the constant is at most `decide`: proved (at_most), refuted (at_least), or neither");
  s.measure = [c](const Setting& at, const Stream& draw, const Effort& effort) {
    Measurement m = measured_condition(c, at, draw, effort);
    const Decided decided = decision_of(m, at[decide_at]);
    return DecidedDraw{std::move(m), decided};
  };
  s.verify = [c](const Setting& at, const Stream& draw, const DecidedDraw& d, const Scrutiny& how) {
    Complaints all = complaints_of_draw(c, at, draw, d.measured, how);
    if (const Decided right = decision_of(d.measured, at[decide_at]); d.decided != right)
      all.push_back(fmt::format("decided = {}, but at_least and at_most say {}",
                                names_of(right).at(static_cast<std::size_t>(d.decided)),
                                names_of(right).at(static_cast<std::size_t>(right))));
    return all;
  };
  s.report = [c](const Setting& at, const DecidedDraw& d) {
    return fmt::format("constant <= {}: {}\n{}", at[decide_at],
                       names_of(d.decided).at(static_cast<std::size_t>(d.decided)),
                       d.decided == Decided::undecided ? report(c, at, d.measured) : "");
  };
  return s;
}

Study study_of(const Condition& c) {
  StudyOf<Measurement> s;
  s.about = study_about(c, false);
  s.columns = columns_of(c);
  s.measure = [c](const Setting& at, const Stream& draw, const Effort& effort) {
    return measured_condition(c, at, draw, effort);
  };
  s.verify = [c](const Setting& at, const Stream& draw, const Measurement& m, const Scrutiny& how) {
    return complaints_of_draw(c, at, draw, m, how);
  };
  s.report = [c](const Setting& at, const Measurement& m) { return report(c, at, m); };
  return s;
}

}  // namespace theoremeter
