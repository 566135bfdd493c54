#include "experiments/fit.hpp"

#include "estimators/fits.hpp"
#include "estimators/regression.hpp"
#include "experiments/cores.hpp"
#include "experiments/usage.hpp"
#include "experiments/verbs.hpp"
#include "results/align.hpp"
#include "results/json.hpp"
#include "results/series.hpp"
#include "theory/error.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace theoremeter {
namespace {

enum class Model { power, klog, exponential, logistic, probit, collapse };
const std::vector<std::string> model_names{"power", "klog", "exponential", "logistic", "probit", "collapse"};

struct FitRequest {
  Model model;
  std::string y, x;
  std::vector<std::string> by;
  std::optional<std::pair<double, double>> compare, range;
  double level;
  Column column;
  std::optional<Column> abscissa;  // where x is measured

  bool is_law() const { return model == Model::power || model == Model::klog || model == Model::exponential; }
  /// A probability is fitted, not values.
  bool is_decay() const { return model == Model::exponential && column.type == Type::flag; }
};

/// One number of an answer: its key in JSON, its heading, and an interval where it has one.
struct Quantity {
  std::string key, heading;
  Estimate found;
  bool has_interval = false;
};

/// Of one curve; of a collapse, of all.
struct Answer {
  std::vector<std::string> labels;
  std::size_t points = 0, draws = 0;
  std::vector<Quantity> quantities = {};
  bool separated = false, residuals_resampled = false;
};

std::vector<std::string> by_comma(const std::string& list) {
  std::vector<std::string> all;
  for (const std::string& item : CLI::detail::split(list, ','))
    if (!item.empty()) all.push_back(item);
  return all;
}

std::optional<std::pair<double, double>> two_numbers(const char* option, const std::string& text, const char* needed) {
  if (text.empty()) return std::nullopt;
  std::vector<double> values;
  for (const std::string& item : by_comma(text)) {
    double value = 0;
    const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), value);
    if (error == std::errc() && end == item.data() + item.size() && std::isfinite(value)) values.push_back(value);
  }
  if (values.size() != 2 || by_comma(text).size() != 2 || values[0] == values[1])
    throw InputError(fmt::format("{} {}: must be {}, A,B", option, text, needed));
  return std::pair(values[0], values[1]);
}

FitRequest fit_request_of(const FitOptions& o, const DataSet& data) {
  FitRequest r{static_cast<Model>(position("model", o.model, model_names)),
               o.y,
               o.x,
               by_comma(o.by),
               two_numbers("--compare", o.compare, "two exponents"),
               two_numbers("--range", o.range, "the least and the largest x"),
               o.level,
               {},
               {}};
  if (!(o.level > 0 && o.level < 1))
    throw InputError(fmt::format("--level {}: must be between 0 and 1, as 0.95", o.level));
  const bool transition = r.model == Model::logistic || r.model == Model::probit;
  if (transition && r.compare) throw InputError(fmt::format("--compare: compares exponents; {} has none", o.model));
  const Schema& schema = data.about().schema;
  r.column = schema.columns[schema.position(o.y)];
  if (transition && r.column.type != Type::flag)
    throw InputError(fmt::format("--y {}: must be a yes/no column for {}", o.y, o.model));
  if (!r.column.names.empty() && !r.is_decay())
    throw InputError(fmt::format("{}: holds words; of these only exponential takes one, decided", o.y));
  if (r.is_decay() && r.compare) throw InputError("--compare: compares laws of values, not of probabilities");
  if (is_measured(data, o.x))
    r.abscissa = schema.columns[schema.position(o.x)];
  else if (o.by.empty())
    r.by = telling_apart(data, o.x);
  if (r.model == Model::collapse && r.by.size() != 1)
    throw InputError(fmt::format("--by {}: collapse needs one parameter, the k of {}/k^a", fmt::join(r.by, ","), o.x));
  return r;
}

std::size_t draws_of(const Curve& curve) {
  std::size_t draws = 0;
  for (const Level& level : curve) draws += level.values.size();
  return draws;
}

/// Draws with other x left out.
void keep_range(std::vector<Series>& all, double least, double most) {
  for (Series& s : all) std::erase_if(s.curve, [&](const Level& l) { return l.x < least || l.x > most; });
  std::erase_if(all, [](const Series& s) { return s.curve.empty(); });
}

// --- What cannot be fitted ------------------------------------------------------------------------------------------

/// "k = 2: ", what a message is about.
std::string told_of(const FitRequest& r, const Series& s) {
  std::string text;
  for (std::size_t i = 0; i < r.by.size(); ++i)
    text += fmt::format("{}{} = {}", i > 0 ? ", " : "", r.by[i], s.labels[i]);
  return text.empty() ? "" : text + ": ";
}

/// Logarithms are taken of what lies above `above` only.
void check_above(const FitRequest& r, const Series& s, double above, bool of_y) {
  for (const Level& level : s.curve) {
    if (!(level.x > above))
      throw InputError(fmt::format("{}{} = {}: must be above {} for {}", told_of(r, s), r.x, level.x, above,
                                   model_names[static_cast<std::size_t>(r.model)]));
    for (const double y : level.values)
      if (of_y && !(y > 0 && std::isfinite(y)))
        throw InputError(fmt::format("{}{} = {} at {} = {}: must be positive, its logarithm is fitted", told_of(r, s),
                                     r.y, y, r.x, level.x));
  }
}

void check_finite(const FitRequest& r, const Series& s) {
  for (const Level& level : s.curve)
    if (!std::isfinite(level.x))
      throw InputError(fmt::format("{}{} = {}: must be finite", told_of(r, s), r.x, level.x));
}

void check_series(const FitRequest& r, const Series& s) {
  if (s.curve.size() < 2)
    throw InputError(fmt::format("{}all draws are at {} = {}: a fit needs two values of it or more", told_of(r, s), r.x,
                                 s.curve.at(0).x));
  check_finite(r, s);
  if (r.is_law() && r.abscissa && draws_of(s.curve) < 3)
    throw InputError(fmt::format("{}two draws: a law against a measured {} needs three or more", told_of(r, s), r.x));
  if (r.model == Model::power) check_above(r, s, 0, true);
  if (r.model == Model::exponential) check_above(r, s, -std::numeric_limits<double>::infinity(), !r.is_decay());
  if (r.model == Model::klog) check_above(r, s, 1, true);
  if (r.model == Model::collapse) check_above(r, s, 0, r.column.type != Type::flag);
}

// --- Fits -----------------------------------------------------------------------------------------------------------

void add_comparison(Answer& a, const Comparison& c, const std::string& exponent, bool likelihood) {
  const auto number = [](double value) { return Estimate{value, value, value}; };
  const char* residuals = likelihood ? "RSS" : "spread";
  a.quantities.push_back(
      {"residuals_first", fmt::format("{} {} = {}", residuals, exponent, c.first), number(c.residuals_first)});
  a.quantities.push_back(
      {"residuals_second", fmt::format("{} {} = {}", residuals, exponent, c.second), number(c.residuals_second)});
  if (likelihood)
    a.quantities.push_back({"aic_difference", fmt::format("AIC {} less {}", c.first, c.second), number(c.aic)});
  a.quantities.push_back({"probability_first", fmt::format("P({} fits better)", c.first), number(c.probability)});
}

Answer law_of(const FitRequest& r, const Series& s, const Bootstrap& how) {
  const Law law = r.model == Model::power ? Law::power : r.model == Model::klog ? Law::klog : Law::exponential;
  const LawFit fit = fit_law(law, s.curve, how);
  Answer a{s.labels, s.curve.size(), draws_of(s.curve)};
  const double scatter = std::sqrt(fit.residuals / static_cast<double>(std::max<std::int64_t>(1, fit.draws - 2)));
  a.quantities = {
      {"a", "a", fit.a, true}, {"b", "b", fit.b, true}, {"scatter", "sd of log", {scatter, scatter, scatter}}};
  a.residuals_resampled = fit.residuals_resampled;
  if (r.compare) add_comparison(a, compare_laws(law, s.curve, r.compare->first, r.compare->second, how), "b", true);
  return a;
}

/// How many draws at each x have a value of which `counts` is true.
template <class Counts>
std::vector<Trials> trials_of(const Curve& curve, const Counts& counts) {
  std::vector<Trials> trials;
  for (const Level& level : curve)
    trials.push_back({level.x, static_cast<std::int64_t>(level.values.size()),
                      std::count_if(level.values.begin(), level.values.end(), counts)});
  return trials;
}

std::size_t with_successes(const std::vector<Trials>& trials) {
  return static_cast<std::size_t>(
      std::count_if(trials.begin(), trials.end(), [](const Trials& t) { return t.successes > 0; }));
}

std::vector<Trials> trials_of(const FitRequest& r, const Series& s) {
  std::vector<Trials> trials = trials_of(s.curve, [](double v) { return v != 0; });
  const bool none = with_successes(trials) == 0;
  if (none || std::all_of(trials.begin(), trials.end(), [](const Trials& t) { return t.successes == t.draws; }))
    throw InputError(fmt::format("{}{} is {} in all {} draws: there is no transition to fit", told_of(r, s), r.y,
                                 none ? "no" : "yes", draws_of(s.curve)));
  return trials;
}

/// Of P(yes); of what was decided, of P(constant > EPS), where draws that are undecided count both ways.
Answer decay_of(const FitRequest& r, const Series& s) {
  const bool decided = says_decided(r.column);
  Answer a{s.labels, s.curve.size(), draws_of(s.curve)};
  std::optional<Decay> found;
  for (const bool undecided_too : {false, true}) {
    if (undecided_too && !decided) continue;
    const std::vector<Trials> trials =
        trials_of(s.curve, [&](double v) { return decided ? v == 0 || (undecided_too && v == 2) : v != 0; });
    if (with_successes(trials) < 2)
      throw InputError(fmt::format("{}{} is {} in draws at fewer than two values of {}: there is no decay to fit",
                                   told_of(r, s), r.y, decided ? "refuted" : "yes", r.x));
    const Decay d = fit_decay(trials, r.level);
    if (!found) found = d;
    found->rate.low = std::min(found->rate.low, d.rate.low);
    found->rate.high = std::max(found->rate.high, d.rate.high);
  }
  a.quantities = {{"a", "a", {found->a, found->a, found->a}}, {"b", "b", found->rate, true}};
  return a;
}

Answer transition_of(const FitRequest& r, const Series& s) {
  const std::vector<Trials> trials = trials_of(r, s);
  Answer a{s.labels, s.curve.size(), draws_of(s.curve)};
  const Transition t = fit_transition(trials, r.model == Model::logistic ? Link::logistic : Link::probit, r.level);
  a.quantities = {{"half", fmt::format("50 % at {}", r.x), t.half, true},
                  {"slope", "slope", {t.slope, t.slope, t.slope}}};
  a.separated = t.separated;
  return a;
}

Answer collapse_of(const FitRequest& r, const std::vector<Series>& all, const Bootstrap& how) {
  std::vector<CurveAt> curves;
  Answer a;
  for (const Series& s : all) {
    double k = 0;
    const std::string& text = s.labels[0];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), k);
    if (error != std::errc() || !(k > 0))
      throw InputError(fmt::format("--by {}: {} is no positive number", r.by[0], text.empty() ? "nothing" : text));
    CurveAt& curve = curves.emplace_back(CurveAt{k, s.curve});
    for (Level& level : curve.curve) {
      if (level.values.size() < 2)
        throw InputError(fmt::format("{}{} = {} has one draw: collapse needs two or more at every point", told_of(r, s),
                                     r.x, level.x));
      if (r.column.type != Type::flag)
        for (double& y : level.values) y = std::log(y);
    }
    a.points += s.curve.size();
    a.draws += draws_of(s.curve);
  }
  if (curves.size() < 2)
    throw InputError(fmt::format("--by {}: has one value; collapse needs two curves or more", r.by[0]));
  const CollapseFit fit = fit_collapse(curves, how);
  a.quantities = {{"exponent", "exponent a", fit.exponent, true},
                  {"spread", "spread", {fit.spread, fit.spread, fit.spread}}};
  if (!r.compare) return a;
  const auto [first, second] = *r.compare;
  for (const double exponent : {first, second})
    if (!std::isfinite(collapse_spread(curves, exponent)))
      throw InputError(fmt::format("--compare {}: at this exponent the curves do not overlap", exponent));
  add_comparison(a, compare_collapses(curves, first, second, how), "a", false);
  return a;
}

std::vector<Answer> answers_of(const FitRequest& r, const std::vector<Series>& all) {
  Bootstrap how;
  how.confidence = r.level;
  how.threads = static_cast<int>(usable_cores());
  how.pairs = r.abscissa.has_value();
  if (r.model == Model::collapse) return {collapse_of(r, all, how)};
  std::vector<Answer> answers;
  for (const Series& s : all) {
    how.stream = Stream(1).at({answers.size()});
    answers.push_back(r.is_decay() ? decay_of(r, s) : r.is_law() ? law_of(r, s, how) : transition_of(r, s));
  }
  return answers;
}

// --- What is printed ------------------------------------------------------------------------------------------------

std::string formula(const FitRequest& r) {
  switch (r.model) {
    case Model::power:
      return fmt::format("{} = a {}^b, least squares of logarithms", r.y, r.x);
    case Model::klog:
      return fmt::format("{} = a {} (log {})^b, least squares of logarithms", r.y, r.x, r.x);
    case Model::exponential:
      return r.is_decay() ? fmt::format("P({}) = a exp(-b {}), maximum likelihood",
                                        says_decided(r.column) ? "constant > decide" : r.y, r.x)
                          : fmt::format("{} = a exp(-b {}), least squares of logarithms", r.y, r.x);
    case Model::collapse:
      return fmt::format("{}{} against {}/{}^a", r.column.type == Type::flag ? "share of " : "log of ", r.y, r.x,
                         r.by[0]);
    default:
      return fmt::format("P({}) = F(slope ({} - half)), {} regression", r.y, r.x,
                         model_names[static_cast<std::size_t>(r.model)]);
  }
}

/// What the numbers are of, where they rest on bounds: "" where they do not.
std::string direction(const FitRequest& r) {
  const auto bounds = [](const Column& c) { return c.says == Says::at_least || c.says == Says::at_most; };
  if (r.abscissa && bounds(*r.abscissa))
    return fmt::format("a fit against bounds: {} is {}, so that the fit has no direction", r.x,
                       r.abscissa->says == Says::at_least ? "attained" : "proved");
  const char* what = r.model == Model::collapse || r.is_law() ? "an exponent" : "a transition";
  if (r.column.says == Says::at_least)
    return fmt::format("{} of lower bounds: {} is attained, the constants themselves may be larger", what, r.y);
  if (r.column.says == Says::at_most)
    return fmt::format("{} of upper bounds: {} is proved, the constants themselves may be smaller", what, r.y);
  return "";
}

std::string with_interval(const Quantity& q) {
  if (!q.has_interval) return rounded(q.found.value);
  return fmt::format("{} [{}, {}]", rounded(q.found.value), rounded_down(q.found.low), rounded_up(q.found.high));
}

std::string legend_of(const FitRequest& r, const std::vector<Answer>& answers) {
  const auto any = [&](bool Answer::*flag) {
    return std::any_of(answers.begin(), answers.end(), [&](const Answer& a) { return a.*flag; });
  };
  std::string text = fmt::format("[..]: {:g} % ", 100 * r.level);
  if (r.is_decay()) {
    text += "profile-likelihood interval";
    text += says_decided(r.column) ? "; draws that are undecided count both ways.\n" : ".\n";
  } else if (r.model == Model::logistic || r.model == Model::probit) {
    text += "profile-likelihood interval.\n";
    if (any(&Answer::separated))
      text += "slope inf: no draws overlap; the interval is the gap, or more where few are at its ends.\n";
  } else {
    text += fmt::format("bootstrap interval over draws ({} resamples{}).\n", Bootstrap().resamples,
                        any(&Answer::residuals_resampled) ? ", of residuals: some points have one draw"
                        : r.is_law() && r.abscissa        ? ", x and y together"
                                                          : "");
  }
  if (r.model == Model::collapse)
    text += fmt::format("a is looked for from {} to {}; spread: about the other curves, a draw's standard deviation.\n",
                        least_exponent, most_exponent);
  if (r.compare) text += "P: the part of the resamples in which the first fits better.\n";
  const std::string of = direction(r);
  return text + (of.empty() ? "" : fmt::format("This is {}.\n", of));
}

void print_fit_table(const FitRequest& r, const std::vector<Answer>& answers) {
  std::vector<Line> lines(1, r.model == Model::collapse ? Line() : r.by);
  lines[0].insert(lines[0].end(), {"points", "draws"});
  for (const Quantity& q : answers[0].quantities) lines[0].push_back(q.heading);
  for (const Answer& a : answers) {
    Line& line = lines.emplace_back(a.labels);
    line.insert(line.end(), {fmt::format("{}", a.points), fmt::format("{}", a.draws)});
    for (const Quantity& q : a.quantities) line.push_back(with_interval(q));
  }
  fmt::print("{}\n{}{}", formula(r), align(lines), legend_of(r, answers));
}

nlohmann::ordered_json finite_or_text(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? nlohmann::ordered_json() : nlohmann::ordered_json(value > 0 ? "infinity" : "-infinity");
}

void print_fit_json(const FitRequest& r, const std::vector<Answer>& answers) {
  nlohmann::ordered_json all{{"model", model_names[static_cast<std::size_t>(r.model)]},
                             {"y", r.y},
                             {"x", r.x},
                             {"by", r.by},
                             {"level", r.level},
                             {"kind", says_names[static_cast<std::size_t>(r.column.says)]},
                             {"direction", direction(r)},
                             {"fits", nlohmann::ordered_json::array()}};
  for (const Answer& a : answers) {
    nlohmann::ordered_json fit;
    for (std::size_t i = 0; i < a.labels.size(); ++i) fit["at"][r.by[i]] = a.labels[i];
    fit["points"] = a.points;
    fit["draws"] = a.draws;
    for (const Quantity& q : a.quantities)
      fit[q.key] = q.has_interval ? nlohmann::ordered_json{{"estimate", finite_or_text(q.found.value)},
                                                           {"low", finite_or_text(q.found.low)},
                                                           {"high", finite_or_text(q.found.high)}}
                                  : finite_or_text(q.found.value);
    if (r.model == Model::logistic || r.model == Model::probit) fit["separated"] = a.separated;
    all["fits"].push_back(std::move(fit));
  }
  fmt::print("{}\n", printed(all));
}

constexpr const char* fit_notes =
    R"(power: y = a x^b.  klog: y = a x (log x)^b.  exponential: y = a exp(-b x).  All by least squares
on logarithms of all draws; exponential of a yes/no column, or of decided: the probability, by
maximum likelihood.
logistic, probit: where a yes/no column is yes in half of the draws.
collapse: the exponent a with which the curves of --by k fall together against x/k^a.
--compare A,B holds b, or the exponent, at A and at B: residual sums of squares, difference of AIC,
and how often the first fits better when draws are resampled.
x is a parameter, a ratio of two, or a column: then of each draw, and all draws are one curve but
for --by.
What rests on bounds is called that: an exponent of lower bounds is no exponent of constants.
With --json: {"model", "y", "x", "by", "level", "kind", "direction", "fits": [{"at", "points",
"draws", ...}, ...]}, what has an interval as {"estimate", "low", "high"}.)";

}  // namespace

int fit_verb(const FitOptions& o) {
  const DataSet data = read_with_remarks(o.file);
  const FitRequest r = fit_request_of(o, data);
  std::vector<Series> all = series_of(data, r.y, r.x, r.by);
  if (r.range) keep_range(all, r.range->first, r.range->second);
  if (all.empty())
    throw InputError(
        fmt::format("{}: no draw has a value of {}{}{}", o.file, r.y, r.abscissa ? " and " + r.x : "",
                    r.range ? fmt::format(" for {} from {} to {}", r.x, r.range->first, r.range->second) : ""));
  for (const Series& s : all) check_series(r, s);
  const std::vector<Answer> answers = answers_of(r, all);
  if (o.json)
    print_fit_json(r, answers);
  else
    print_fit_table(r, answers);
  return 0;
}

void add_fit(CLI::App& app, int& status) {
  const auto o = std::make_shared<FitOptions>();
  CLI::App* verb = app.add_subcommand("fit", "Fit a law, a transition or a data collapse to draws, with intervals");
  verb->add_option("F.h5", o->file, "results file")->required()->option_text(" ");
  const auto text = [&](const char* name, std::string& to, const char* type, const std::string& meaning) {
    return verb->add_option(name, to, meaning)->type_name(type)->check(not_empty());
  };
  text("--y", o->y, "COLUMN", "column with one number, or yes/no, a draw")->required();
  text("--x", o->x, "NAME", "parameter, ratio of two (n_over_k), or column")->required();
  text("--range", o->range, "A,B", "draws with x from A to B only");
  text("--by", o->by, "NAME,...", "parameters: a curve for each of their values (default: all that vary)");
  text("--model", o->model, "NAME", fmt::format("{} (default power)", fmt::join(model_names, ", ")));
  text("--compare", o->compare, "A,B", "two exponents against each other");
  verb->add_option("--level", o->level, "confidence of the intervals (default 0.95)")->type_name("P")->check(number());
  verb->add_flag("--json", o->json, "print one JSON object instead of the table");
  verb->footer(fit_notes);
  verb->callback([o, &status] { status = fit_verb(*o); });
}

}  // namespace theoremeter
