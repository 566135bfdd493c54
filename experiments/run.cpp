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

// All combinations of the sizes of a sweep; a size may be given as a multiple of another.
std::vector<std::map<std::string, std::int64_t>> combinations(const Section& sweep, const Condition& condition) {
  std::vector<std::map<std::string, std::int64_t>> all{{}};
  const auto names = condition.size_names();
  const auto extend = [&all](const std::string& size, const std::vector<double>& values, const std::string& base) {
    std::vector<std::map<std::string, std::int64_t>> longer;
    for (const auto& sizes : all)
      for (double value : values) {
        auto more = sizes;
        more[size] = std::llround(std::min(base.empty() ? value : value * double(sizes.at(base)), 0x1p53));
        longer.push_back(more);
      }
    all = std::move(longer);
  };
  for (const std::string& size : names)
    if (sweep.has(size)) extend(size, sweep.numbers(size, true), "");
  for (const std::string& size : names)
    for (const std::string& base : names)
      if (sweep.has(over(size, base))) {
        if (sweep.has(size) || !sweep.has(base))
          throw InputError(fmt::format("{}: {} goes with {}, and without {}", where(sweep.path(), sweep.table()),
                                       over(size, base), base, size));
        extend(size, sweep.numbers(over(size, base), false), base);
      }
  for (const auto& sizes : all)
    for (const std::string& size : names) {
      if (!sizes.contains(size))
        throw InputError(fmt::format("{}: this sweep has no {}", where(sweep.path(), sweep.table()), size));
      if (sizes.at(size) < 1)
        throw InputError(
            fmt::format("{}: {} = {}: must be at least 1", where(sweep.path(), sweep.table()), size, sizes.at(size)));
    }
  return all;
}

// Refuses, before anything is measured, what would be refused when this point's turn comes.
void check_point(const SweepPoint& point, const Condition& condition, Ensemble ensemble) {
  const std::string rows = condition.sizes[0].name, columns = condition.sizes[1].name;
  const std::int64_t n = point.sizes.at(rows), k = point.sizes.at(columns);
  check_sizes(n, k, condition.matrix);
  if (n > max_entries / k)
    throw InputError(fmt::format("{} {} = {}: must be at most {}", rows, columns, n * k, max_entries));
  if (ensemble == Ensemble::orthonormal && n < k)
    throw InputError(
        fmt::format("{} = {}, {} = {}: orthonormal columns need {} >= {}", rows, n, columns, k, rows, columns));
  if (point.request.certify && k > condition.certified_to)
    throw InputError(
        fmt::format("certify at {} = {}: certificates reach {} = {}", columns, k, columns, condition.certified_to));
  if (point.request.grid) make_grid(*point.request.grid, static_cast<int>(k), 1, Stream(0));
}

Alpha alpha_of(const Section& sweep, const toml::node& node) {
  if (node.is_number()) return parse_alpha(fmt::format("{}", *node.value<double>()));
  return parse_alpha(sweep.get<std::string>("alpha", "", "a number or \"fit\""));
}

std::vector<SweepPoint> sweep_points(const std::string& path, const toml::table& table, const Experiment& e,
                                     double gap) {
  const Condition& condition = *e.condition;
  std::vector<std::string> keys = condition.size_names();
  for (const std::string& a : condition.size_names())
    for (const std::string& b : condition.size_names())
      if (a != b) keys.push_back(over(a, b));
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
  for (const auto& sizes : combinations(sweep, condition)) {
    point.sizes = sizes;
    if (!sweep.has("evidence")) point.request.certify = sizes.at(condition.sizes[1].name) <= certified_by_default;
    at(path, table, [&] { check_point(point, condition, e.ensemble); });
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
  const Section top(path, root, {"title", "condition", "ensemble", "seed", "draws", "gap", "sweep"});
  e.title = top.get<std::string>("title", "", "text");
  if (!top.has("condition")) throw InputError(fmt::format("{}: condition is missing, as in condition = \"wdc\"", path));
  top.text("condition", [&](const std::string& name) { e.condition = &condition_named(name); });
  top.text("ensemble", [&](const std::string& name) { e.ensemble = ensemble_named(name); });
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
  r.ensemble = name(e.ensemble);
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
    for (const auto& size : e.condition->sizes) label += fmt::format("{} = {}, ", size.name, point.sizes.at(size.name));
    for (std::size_t draw = 0; draw < static_cast<std::size_t>(e.draws); ++draw) {
      if (results.points[p].draws[draw]) continue;
      const Stream stream = draw_stream(e.seed, *e.condition, point.sizes, draw);
      Request request = point.request;
      request.threads = threads;
      const auto columns = point.sizes.at(e.condition->sizes[1].name);
      const Alpha alpha =
          point.alpha.fit || point.alpha.value ? point.alpha : Alpha{ensemble_alpha(e.ensemble, columns), false};
      results.points[p].draws[draw] = e.condition->measure(
          draw_matrix(*e.condition, e.ensemble, point.sizes, stream), alpha, request, stream,
          [&](const std::string& stage, double fraction) {
            line.update(fmt::format("{}draw {}, {}", label, draw, stage), (done + fraction / 3) / total);
          });
      ++done;
      save(results);
    }
  }
}

}  // namespace theoremeter
