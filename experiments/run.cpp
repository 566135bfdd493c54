#include "experiments/run.hpp"

#include "experiments/progress_line.hpp"
#include "results/weights.hpp"
#include "theory/error.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace theoremeter {
namespace {

std::string where(const std::string& path, const toml::node& node) {
  return fmt::format("{}:{}", path, node.source().begin.line);
}

// Runs `check`; what it refuses is told with its place.
template <class Check>
void at(const std::string& path, const toml::node& node, const Check& check) {
  try {
    check();
  } catch (const InputError& error) {
    const std::string place = where(path, node), what = error.what();
    throw InputError(what.starts_with(place) ? what : fmt::format("{}: {}", place, what));
  }
}

// A table whose every key must be known.
class Section {
 public:
  Section(const std::string& path, const toml::table& table, std::vector<std::string> keys)
      : path_(path), table_(table), keys_(std::move(keys)) {
    for (const auto& [key, node] : table_) {
      const std::string name(key.str());
      if (std::find(keys_.begin(), keys_.end(), name) != keys_.end()) continue;
      const std::string near = nearest(name, keys_);
      throw InputError(fmt::format("{}: unknown key \"{}\"{}; known: {}", where(path_, node), name,
                                   near.empty() ? "" : fmt::format(" (\"{}\"?)", near), fmt::join(keys_, ", ")));
    }
  }

  bool has(const std::string& key) const { return table_.contains(key); }

  template <class T>
  T get(const std::string& key, T fallback, const char* what) const {
    const toml::node* node = table_.get(key);
    if (!node) return fallback;
    if (const auto value = node->value<T>(); value && !node->is_boolean()) return *value;  // true is no 1
    throw InputError(fmt::format("{}: {} must be {}", where(path_, *node), key, what));
  }

  // Hands the text at `key`, if there is one, to `use`.
  template <class Use>
  void text(const std::string& key, const Use& use) const {
    if (const toml::node* node = table_.get(key)) at(path_, *node, [&] { use(get<std::string>(key, "", "text")); });
  }

  std::int64_t count(const std::string& key, std::int64_t fallback) const {
    const auto value = get<std::int64_t>(key, fallback, "a whole number");
    if (value < 1)
      throw InputError(fmt::format("{}: {} = {}: must be at least 1", where(path_, *table_.get(key)), key, value));
    return value;
  }

  // A list of whole numbers, as [3, 40, 200], or a list of such lists.
  std::vector<std::vector<std::int64_t>> lists(const std::string& key) const {
    const toml::node& node = *table_.get(key);
    std::vector<std::vector<std::int64_t>> values;
    const auto add = [&](const toml::node& item) {
      const toml::array* list = item.as_array();
      values.emplace_back();
      if (list)
        for (const toml::node& number : *list) values.back().push_back(number.value<std::int64_t>().value_or(0));
      if (values.back().empty() || *std::min_element(values.back().begin(), values.back().end()) < 1)
        throw InputError(
            fmt::format("{}: {} must be a list of positive whole numbers, as [3, 40, 200], or a list of such",
                        where(path_, node), key));
    };
    const toml::array* list = node.as_array();
    if (list && !list->empty() && list->front().is_array())
      for (const toml::node& item : *list) add(item);
    else
      add(node);
    return values;
  }

  // A positive number or a list of them; `whole` ones if so asked. Small enough to be counts: up to 2^53.
  std::vector<double> numbers(const std::string& key, bool whole) const {
    const toml::node& node = *table_.get(key);
    std::vector<double> values;
    const auto add = [&](const toml::node& item) {
      const auto value = item.value<double>();
      if (!value || !(*value > 0 && *value <= 0x1p53) || (whole && *value != std::floor(*value)))
        throw InputError(fmt::format("{}: {} must be a positive {} or a list of them", where(path_, node), key,
                                     whole ? "whole number" : "number"));
      values.push_back(*value);
    };
    if (const toml::array* list = node.as_array())
      for (const toml::node& item : *list) add(item);
    else
      add(node);
    if (values.empty()) throw InputError(fmt::format("{}: {} is empty", where(path_, node), key));
    return values;
  }

  const toml::table& table() const { return table_; }
  const std::string& path() const { return path_; }

 private:
  const std::string& path_;
  const toml::table& table_;
  std::vector<std::string> keys_;
};

std::string over(const std::string& a, const std::string& b) { return a + "_over_" + b; }

// The pairs of sizes whose ratio may be given.
std::vector<std::pair<std::string, std::string>> ratios(const Condition& condition) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const Symbol& a : condition.sizes)
    for (const Symbol& b : condition.sizes)
      if (a.name != b.name && !a.list && !b.list) pairs.emplace_back(a.name, b.name);
  return pairs;
}

void check_sizes_of(const Section& sweep, const Condition& condition, const std::vector<Sizes>& all) {
  for (const Sizes& sizes : all)
    for (const Symbol& size : condition.sizes) {
      if (!sizes.contains(size.name))
        throw InputError(fmt::format("{}: this sweep has no {}", where(sweep.path(), sweep.table()), size.name));
      if (sizes.at(size.name)[0] < 1)
        throw InputError(fmt::format("{}: {} = {}: must be at least 1", where(sweep.path(), sweep.table()), size.name,
                                     sizes.at(size.name)[0]));
    }
}

// All combinations of the sizes of a sweep; a size may be given as a multiple of another.
std::vector<Sizes> combinations(const Section& sweep, const Condition& condition) {
  std::vector<Sizes> all{{}};
  const auto extend = [&all](const std::string& size, const auto& values, const auto& value_at) {
    std::vector<Sizes> longer;
    for (const Sizes& sizes : all)
      for (const auto& value : values) {
        Sizes more = sizes;
        more[size] = value_at(sizes, value);
        longer.push_back(more);
      }
    all = std::move(longer);
  };
  const auto whole = [](double value) { return std::vector<std::int64_t>{std::llround(std::min(value, 0x1p53))}; };
  for (const Symbol& size : condition.sizes) {
    if (!sweep.has(size.name)) continue;
    if (size.list)
      extend(size.name, sweep.lists(size.name), [](const Sizes&, const auto& list) { return list; });
    else
      extend(size.name, sweep.numbers(size.name, true), [&](const Sizes&, double value) { return whole(value); });
  }
  for (const auto& [size, base] : ratios(condition)) {
    if (!sweep.has(over(size, base))) continue;
    if (sweep.has(size) || !sweep.has(base))
      throw InputError(fmt::format("{}: {} goes with {}, and without {}", where(sweep.path(), sweep.table()),
                                   over(size, base), base, size));
    extend(size, sweep.numbers(over(size, base), false),
           [&, base = base](const Sizes& sizes, double ratio) { return whole(ratio * double(scalar(sizes, base))); });
  }
  check_sizes_of(sweep, condition, all);
  return all;
}

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
  std::vector<std::string> keys;
  for (const Symbol& size : condition.sizes) keys.push_back(size.name);
  for (const auto& [a, b] : ratios(condition)) keys.push_back(over(a, b));
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
  for (const Sizes& sizes : combinations(sweep, condition)) {
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
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    throw InputError(fmt::format("{}: a directory; a TOML file is expected", path));
  std::ifstream file(path);
  if (!file) throw InputError(fmt::format("{}: {}", path, std::strerror(errno)));
  Experiment e;
  e.text = std::string(std::istreambuf_iterator<char>(file), {});
  toml::table root;
  try {
    root = toml::parse(e.text, path);
  } catch (const toml::parse_error& error) {
    throw InputError(fmt::format("{}:{}: {}", path, error.source().begin.line, error.description()));
  }
  const Section top(path, root, {"title", "condition", "ensemble", "measurements", "seed", "draws", "gap", "sweep"});
  e.title = top.get<std::string>("title", "", "text");
  if (!top.has("condition")) throw InputError(fmt::format("{}: condition is missing, as in condition = \"wdc\"", path));
  top.text("condition", [&](const std::string& name) { e.condition = &condition_named(name); });
  top.text("ensemble", [&](const std::string& name) { e.ensembles.weights = ensemble_named(name); });
  top.text("measurements", [&](const std::string& name) {
    if (!e.condition->measures)
      throw InputError(fmt::format("measurements: {} has no matrix A besides", e.condition->name));
    e.ensembles.measurements = ensemble_named(name);
  });
  const auto seed = top.get<std::int64_t>("seed", 1, "a whole number");
  if (seed < 0)
    throw InputError(fmt::format("{}: seed = {}: must not be negative", where(path, *root.get("seed")), seed));
  e.seed = static_cast<std::uint64_t>(seed);
  e.draws = top.count("draws", 1);
  if (e.draws > max_draws)
    throw InputError(
        fmt::format("{}: draws = {}: must be at most {}", where(path, *root.get("draws")), e.draws, max_draws));
  const auto gap = top.get<double>("gap", Request().gap, "a number");
  if (!(gap >= 1e-6 && gap <= 1e6))
    throw InputError(fmt::format("{}: gap = {}: must be between 1e-6 and 1e6", where(path, *root.get("gap")), gap));
  const toml::array* sweeps = root["sweep"].as_array();
  if (!sweeps || sweeps->empty() || !sweeps->is_homogeneous(toml::node_type::table))
    throw InputError(fmt::format("{}: has no [[sweep]]", path));
  for (const toml::node& sweep : *sweeps)
    for (SweepPoint& point : sweep_points(path, *sweep.as_table(), e, gap)) e.points.push_back(std::move(point));
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
      results.points[p].draws[draw] = e.condition->measure(
          instance(*e.condition, e.ensembles, point.sizes, {}, stream), alpha, request, stream,
          [&](const std::string& stage, double fraction) {
            line.update(fmt::format("{}draw {}, {}", label, draw, stage), (done + fraction / 3) / total);
          });
      ++done;
      save(results);
    }
  }
}

}  // namespace theoremeter
