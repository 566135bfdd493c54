#include "experiments/run.hpp"

#include "experiments/messages.hpp"
#include "experiments/progress_line.hpp"
#include "experiments/toml_section.hpp"
#include "theory/error.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>

namespace theoremeter {
namespace {

// Refuses, before anything is measured, what would be refused when this point's turn comes.
void check_point(const SweepPoint& point, const Condition& condition, const Ensembles& ensembles) {
  check_instance(condition, ensembles, point.sizes, {});
  check_request(condition, point.sizes, point.request);
  if ((point.alpha.fit && !condition.fits_alpha) || (point.alpha.value && !condition.has_alpha))
    throw InputError(fmt::format("alpha: {} has none{}", condition.name, point.alpha.fit ? " to fit" : ""));
}

Alpha alpha_of(const Section& sweep, const toml::node& node) {
  if (node.is_number()) return parse_alpha(fmt::format("{}", *node.value<double>()));
  return parse_alpha(sweep.get<std::string>("alpha", "", "a number or \"fit\""));
}

std::vector<SweepPoint> sweep_points(const std::string& path, const toml::table& table, const Experiment& e,
                                     double gap) {
  const Condition& condition = *e.condition;
  std::vector<std::string> keys = size_keys(condition.sizes);
  for (const char* key : {"evidence", "samples", "starts", "nodes", "grid", "alpha"}) keys.emplace_back(key);
  const Section sweep(path, table, keys);

  SweepPoint point;
  point.request.gap = gap;
  sweep.text("evidence", [&](const std::string& list) { set_evidence(point.request, list); });
  if (sweep.has("samples")) point.request.samples = sweep.count("samples", 1);
  if (sweep.has("starts")) point.request.starts = sweep.count("starts", 1);
  point.request.nodes = sweep.count("nodes", point.request.nodes);
  sweep.text("grid", [&](const std::string& name) { point.request.grid = grid_named(name); });
  if (const toml::node* alpha = table.get("alpha")) at(path, *alpha, [&] { point.alpha = alpha_of(sweep, *alpha); });

  std::vector<SweepPoint> points;
  for (const Sizes& sizes : combinations(sweep, condition.sizes)) {
    point.sizes = sizes;
    if (!sweep.has("evidence")) point.request.certify = condition.certificates(sizes) == Certificates::by_default;
    at(path, table, [&] { check_point(point, condition, e.ensembles); });
    points.push_back(point);
  }
  return points;
}

}  // namespace

void set_evidence(Request& request, const std::string& list) {
  request.sample = request.search = request.certify = false;
  std::istringstream items(list);
  for (std::string item; std::getline(items, item, ',');) {
    const auto first = item.find_first_not_of(' '), last = item.find_last_not_of(' ');
    if (first != std::string::npos) item = item.substr(first, last - first + 1);
    bool* flags[] = {&request.sample, &request.search, &request.certify};
    *flags[position("evidence", item, {"sample", "search", "certify"})] = true;
  }
  if (!request.sample && !request.search && !request.certify)
    throw InputError("evidence is empty: give one or more of sample,search,certify");
}

Alpha parse_alpha(const std::string& text) {
  if (text == "fit") return {std::nullopt, true};
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value > 0) || !std::isfinite(value))
    throw InputError(fmt::format("alpha = {}: must be a positive number or fit", text));
  return {value, false};
}

Experiment read_experiment(const std::string& path) {
  Experiment e;
  const toml::table root = read_toml(path, e.text);
  const Section top(path, root, {"title", "condition", "ensemble", "measurements", "seed", "draws", "gap", "sweep"});
  e.title = top.get<std::string>("title", "", "text");
  if (!top.has("condition"))
    throw InputError(
        fmt::format("{}: condition is missing, as in condition = \"wdc\" (or problem = \"inversion\")", path));
  top.text("condition", [&](const std::string& name) { e.condition = &condition_named(name); });
  top.text("ensemble", [&](const std::string& name) { e.ensembles.weights = ensemble_named(name); });
  top.text("measurements", [&](const std::string& name) {
    if (!e.condition->measures)
      throw InputError(fmt::format("measurements: {} has no matrix A besides", e.condition->name));
    e.ensembles.measurements = ensemble_named(name);
  });
  e.seed = seed_of(top);
  e.draws = draws_of(top);
  const auto gap = top.get<double>("gap", Request().gap, "a number");
  if (!(gap >= 1e-6 && gap <= 1e6))
    throw InputError(fmt::format("{}: gap = {}: must be between 1e-6 and 1e6", where(path, *root.get("gap")), gap));
  for (const toml::table* sweep : sweeps_of(top))
    for (SweepPoint& point : sweep_points(path, *sweep, e, gap)) e.points.push_back(std::move(point));
  return e;
}

Results results_of(const Experiment& e) {
  Results r;
  r.condition = e.condition->name;
  r.factor = e.condition->factor;
  r.ensemble = name(e.ensembles.weights);
  if (e.condition->measures) r.measurements = name(e.ensembles.measurements);
  r.gap = e.points.front().request.gap;
  r.seed = e.seed;
  r.experiment = e.text;
  r.sizes = e.condition->sizes;
  r.witness = e.condition->arguments;
  const auto grid_of = [](const SweepPoint& p) { return p.request.grid ? name(*p.request.grid) : "default"; };
  r.grid = grid_of(e.points.front());
  for (const SweepPoint& point : e.points)
    if (grid_of(point) != r.grid) r.grid = "as in the experiment";
  for (const SweepPoint& point : e.points)
    r.points.push_back({point.sizes, std::vector<std::optional<Measurement>>(static_cast<std::size_t>(e.draws))});
  r.provenance = this_program();
  return r;
}

void run(const Experiment& e, int threads, Results& results, const std::function<void(const Results&)>& save) {
  ProgressLine line;
  double total = 0, done = 0;
  for (const Record& point : results.points)
    total += double(std::count(point.draws.begin(), point.draws.end(), std::nullopt));
  for (std::size_t p = 0; p < e.points.size(); ++p) {
    const SweepPoint& point = e.points[p];
    std::string label;
    for (const auto& size : e.condition->sizes)
      label += fmt::format("{} = {}, ", size.name, to_text(point.sizes.at(size.name)));
    for (std::size_t draw = 0; draw < static_cast<std::size_t>(e.draws); ++draw) {
      if (results.points[p].draws[draw]) continue;
      const Stream stream = draw_stream(e.seed, *e.condition, point.sizes, draw);
      Request request = point.request;
      request.threads = threads;
      const Alpha alpha = point.alpha.fit || point.alpha.value
                              ? point.alpha
                              : Alpha{e.condition->alpha(point.sizes, e.ensembles), false};
      try {
        results.points[p].draws[draw] = e.condition->measure(
            instance(*e.condition, e.ensembles, point.sizes, {}, stream), alpha, request, stream,
            [&](const std::string& stage, double fraction) {
              line.update(fmt::format("{}draw {}, {}", label, draw, stage), (done + fraction / 3) / total);
            });
      } catch (const DefinedNowhere& nowhere) {
        line.clear();
        message("theoremeter: {}draw {} left out: {}\n", label, draw, nowhere.what());
      }
      ++done;
      save(results);
    }
  }
}

}  // namespace theoremeter
