#include "experiments/run.hpp"

#include "experiments/progress_line.hpp"
#include "results/weights.hpp"
#include "theory/error.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <charconv>
#include <cmath>
#include <fstream>
#include <sstream>

namespace theoremeter {
namespace {

std::string where(const std::string& path, const toml::node& node) {
  return fmt::format("{}:{}", path, node.source().begin.line);
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
    if (const auto value = node->value<T>()) return *value;
    throw InputError(fmt::format("{}: {} must be {}", where(path_, *node), key, what));
  }

  std::int64_t count(const std::string& key, std::int64_t fallback) const {
    const auto value = get<std::int64_t>(key, fallback, "a whole number");
    if (value < 1) throw InputError(fmt::format("{}: {} = {}: must be at least 1", where(path_, *table_.get(key)), key, value));
    return value;
  }

  // A number or a list of numbers, each at least `least`.
  std::vector<double> numbers(const std::string& key) const {
    const toml::node& node = *table_.get(key);
    std::vector<double> values;
    const auto add = [&](const toml::node& item) {
      const auto value = item.value<double>();
      if (!value || !(*value > 0)) throw InputError(fmt::format("{}: {} must be a list of positive numbers", where(path_, node), key));
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

// All combinations of the sizes of a sweep; a size may be given as a multiple of one before it in the condition's list or after.
std::vector<std::map<std::string, std::int64_t>> combinations(const Section& sweep, const Condition& condition) {
  std::vector<std::map<std::string, std::int64_t>> all{{}};
  const auto names = condition.size_names();
  const auto extend = [&all](const std::string& size, const std::vector<double>& values, const std::string& base) {
    std::vector<std::map<std::string, std::int64_t>> longer;
    for (const auto& sizes : all)
      for (double value : values) {
        auto more = sizes;
        more[size] = std::llround(base.empty() ? value : value * double(sizes.at(base)));
        longer.push_back(more);
      }
    all = std::move(longer);
  };
  for (const std::string& size : names)
    if (sweep.has(size)) extend(size, sweep.numbers(size), "");
  for (const std::string& size : names)
    for (const std::string& base : names)
      if (sweep.has(over(size, base))) {
        if (sweep.has(size) || !sweep.has(base))
          throw InputError(fmt::format("{}: {} goes with {}, and without {}", where(sweep.path(), sweep.table()), over(size, base), base, size));
        extend(size, sweep.numbers(over(size, base)), base);
      }
  for (const auto& sizes : all)
    for (const std::string& size : names) {
      if (!sizes.contains(size)) throw InputError(fmt::format("{}: this sweep has no {}", where(sweep.path(), sweep.table()), size));
      if (sizes.at(size) < 1) throw InputError(fmt::format("{}: {} = {}: must be at least 1", where(sweep.path(), sweep.table()), size, sizes.at(size)));
    }
  return all;
}

std::vector<SweepPoint> sweep_points(const std::string& path, const toml::table& table, const Condition& condition, double gap) {
  std::vector<std::string> keys = condition.size_names();
  for (const std::string& a : condition.size_names())
    for (const std::string& b : condition.size_names())
      if (a != b) keys.push_back(over(a, b));
  for (const char* key : {"evidence", "samples", "starts", "nodes", "grid", "alpha"}) keys.emplace_back(key);
  const Section sweep(path, table, keys);

  SweepPoint point;
  point.request.gap = gap;
  set_evidence(point.request, sweep.get<std::string>("evidence", "sample,search", "text, as in \"sample,search\""));
  if (sweep.has("samples")) point.request.samples = sweep.count("samples", 1);
  if (sweep.has("starts")) point.request.starts = sweep.count("starts", 1);
  point.request.nodes = sweep.count("nodes", point.request.nodes);
  if (sweep.has("grid")) point.request.grid = grid_named(sweep.get<std::string>("grid", "", "text"));
  if (const toml::node* alpha = table.get("alpha"); alpha && alpha->is_number())
    point.alpha = parse_alpha(fmt::format("{}", *alpha->value<double>()));
  else if (alpha)
    point.alpha = parse_alpha(sweep.get<std::string>("alpha", "", "a number or \"fit\""));
  std::vector<SweepPoint> points;
  for (const auto& sizes : combinations(sweep, condition)) {
    point.sizes = sizes;
    check_sizes(sizes.at(condition.sizes[0].name), sizes.at(condition.sizes[1].name), condition.matrix);
    if (const auto k = sizes.at(condition.sizes[1].name); point.request.certify && k > certify_dimensions)
      throw InputError(fmt::format("{}: certify at {} = {}: certificates reach {} = {}", where(path, table), condition.sizes[1].name, k,
                                   condition.sizes[1].name, certify_dimensions));
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
  std::ifstream file(path);
  if (!file) throw InputError(fmt::format("{}: cannot be read", path));
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
  e.condition = &condition_named(top.get<std::string>("condition", "", "text"));
  e.ensemble = ensemble_named(top.get<std::string>("ensemble", "gaussian", "text"));
  const auto seed = top.get<std::int64_t>("seed", 1, "a whole number");
  if (seed < 0) throw InputError(fmt::format("{}: seed = {}: must not be negative", path, seed));
  e.seed = static_cast<std::uint64_t>(seed);
  e.draws = top.count("draws", 1);
  const auto gap = top.get<double>("gap", 0.01, "a number");
  if (!(gap >= 1e-6 && gap <= 1e6)) throw InputError(fmt::format("{}: gap = {}: must be 1e-6 or more", path, gap));
  const toml::array* sweeps = root["sweep"].as_array();
  if (!sweeps || sweeps->empty() || !sweeps->is_homogeneous(toml::node_type::table))
    throw InputError(fmt::format("{}: has no [[sweep]]", path));
  for (const toml::node& sweep : *sweeps)
    for (SweepPoint& point : sweep_points(path, *sweep.as_table(), *e.condition, gap)) e.points.push_back(std::move(point));
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
  const auto& grid = e.points.front().request.grid;
  r.grid = grid ? name(*grid) : "default";
  for (const SweepPoint& point : e.points)
    r.points.push_back({point.sizes, std::vector<std::optional<Measurement>>(static_cast<std::size_t>(e.draws))});
  r.provenance = this_program();
  return r;
}

void run(const Experiment& e, int threads, Results& results, const std::function<void(const Results&)>& save) {
  ProgressLine line;
  const double total = double(e.points.size()) * double(e.draws);
  double done = 0;
  for (std::size_t p = 0; p < e.points.size(); ++p) {
    const SweepPoint& point = e.points[p];
    std::string label;
    for (const auto& size : e.condition->sizes) label += fmt::format("{} = {}, ", size.name, point.sizes.at(size.name));
    for (std::size_t draw = 0; draw < static_cast<std::size_t>(e.draws); ++draw, ++done) {
      if (results.points[p].draws[draw]) continue;
      const Stream stream = draw_stream(e.seed, *e.condition, point.sizes, draw);
      Request request = point.request;
      request.threads = threads;
      const auto columns = point.sizes.at(e.condition->sizes[1].name);
      const Alpha alpha = point.alpha.fit || point.alpha.value ? point.alpha : Alpha{ensemble_alpha(e.ensemble, columns), false};
      results.points[p].draws[draw] =
          e.condition->measure(draw_matrix(*e.condition, e.ensemble, point.sizes, stream), alpha, request, stream,
                               [&](const std::string& stage, double fraction) {
                                 line.update(fmt::format("{}draw {}, {}", label, draw, stage), (done + fraction / 3) / total);
                               });
      save(results);
    }
  }
}

}  // namespace theoremeter
