#include "experiments/experiment.hpp"

#include "experiments/studies/studies.hpp"
#include "experiments/sweep.hpp"
#include "results/vector_file.hpp"
#include "results/weights.hpp"
#include "theory/error.hpp"
#include "theory/statements.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>

namespace theoremeter {
namespace {

namespace fs = std::filesystem;

toml::table read_toml(const std::string& path, std::string& text) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) throw InputError(fmt::format("{}: a directory; a TOML file is expected", path));
  std::ifstream file(path);
  if (!file) throw InputError(fmt::format("{}: {}", path, std::strerror(errno)));
  text = std::string(std::istreambuf_iterator<char>(file), {});
  try {
    return toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    throw InputError(fmt::format("{}:{}: {}", path, error.source().begin.line, error.description()));
  }
}

/// Throws InputError at FILE:LINE for the first key that is not known.
void check_keys(const std::string& path, const toml::table& table, const std::vector<std::string>& known) {
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string near = nearest(name, known);
    throw InputError(fmt::format("{}: unknown key \"{}\"{}; known: {}", where(path, node), name,
                                 near.empty() ? "" : fmt::format(" (\"{}\"?)", near), fmt::join(known, ", ")));
  }
}

std::string text_at(const std::string& path, const toml::table& table, const std::string& key) {
  const toml::node* node = table.get(key);
  if (!node) return "";
  if (!node->is_string()) throw InputError(fmt::format("{}: {} must be text", where(path, *node), key));
  return *node->value<std::string>();
}

bool flag_at(const std::string& path, const toml::table& table, const std::string& key) {
  const toml::node* node = table.get(key);
  if (!node) return false;
  if (!node->is_boolean()) throw InputError(fmt::format("{}: {} must be true or false", where(path, *node), key));
  return *node->value<bool>();
}

/// Whether another key names a study that has this one among its parameters, as study = "recovery" has problem.
bool is_parameter(const std::string& key, const toml::table& top) {
  return std::any_of(studies().begin(), studies().end(), [&](const Study& s) {
    return s.key != key && top[s.key].value<std::string>() == s.name &&
           std::any_of(s.parameters->begin(), s.parameters->end(),
                       [&](const AnyParameter& p) { return p.name == key; });
  });
}

/// The study that one of the keys names.
const Study& named_study(const std::string& path, const toml::table& top) {
  std::vector<std::string> keys;
  for (const Study& s : studies())
    if (std::find(keys.begin(), keys.end(), s.key) == keys.end()) keys.push_back(s.key);
  std::vector<std::string> said;
  for (const std::string& key : keys)
    if (top.contains(key)) said.push_back(key);
  std::erase_if(said, [&](const std::string& key) { return is_parameter(key, top); });
  if (said.size() > 1)
    throw InputError(
        fmt::format("{}: {} have no place beside each other", where(path, *top.get(said[1])), fmt::join(said, ", ")));
  if (said.empty())
    for (const auto& [key, node] : top)
      if (const std::string near = nearest(std::string(key.str()), keys); !near.empty())
        throw InputError(fmt::format("{}: unknown key \"{}\" (\"{}\"?)", where(path, node), key.str(), near));
  if (said.empty())
    throw InputError(
        fmt::format("{}: says no study: one of the keys {}, as in condition = \"wdc\"", path, fmt::join(keys, ", ")));
  const Study* study = nullptr;
  told_with(path, *top.get(said[0]), [&] { study = &study_named(said[0], text_at(path, top, said[0])); });
  return *study;
}

/// At the top or in a sweep.
bool mentions(const toml::table& top, const std::string& key) {
  bool found = top.contains(key);
  if (const toml::array* sweeps = top["sweep"].as_array())
    for (const toml::node& sweep : *sweeps) found = found || (sweep.is_table() && sweep.as_table()->contains(key));
  return found;
}

/// Takes [full] out of the experiment; nothing where there is none.
std::optional<toml::table> taken_full(const std::string& path, toml::table& top) {
  toml::node* node = top.get("full");
  if (!node) return std::nullopt;
  if (!node->is_table()) throw InputError(fmt::format("{}: full: a table [full] is expected", where(path, *node)));
  toml::table full = std::move(*node->as_table());
  top.erase("full");
  return full;
}

void check_full(const std::string& path, const toml::table& full, const Study& study) {
  std::vector<std::string> keys = Sweep::keys(*study.parameters);
  keys.insert(keys.end(), {"draws", "sweep"});
  check_keys(path, full, keys);
}

/// What [full] says replaces what stands outside of it: values one by one, the sweeps all together.
void replace_by(toml::table full, toml::table& top) {
  for (auto&& [key, node] : full) top.insert_or_assign(key, std::move(node));  // a copy would forget its line
}

std::uint64_t draws_at(const std::string& path, const toml::table& top) {
  const toml::node* node = top.get("draws");
  if (!node) return 1;
  const auto draws = node->value<std::int64_t>();
  if (!node->is_integer() || *draws < 1 || *draws > max_draws)
    throw InputError(fmt::format("{}: draws: must be a whole number from 1 to {}", where(path, *node), max_draws));
  return static_cast<std::uint64_t>(*draws);
}

/// The ids at the key `statement`: one, or a list of them.
std::vector<std::string> statements_at(const std::string& path, const toml::table& top) {
  const toml::node* node = top.get("statement");
  if (!node) return {};
  std::vector<std::string> ids;
  const auto add = [&](const toml::node& id) {
    if (!id.is_string())
      throw InputError(fmt::format("{}: statement must be an id, or a list of them", where(path, id)));
    told_with(path, id, [&] { ids.push_back(statement_named(*id.value<std::string>()).id); });
  };
  if (const toml::array* list = node->as_array())
    for (const toml::node& id : *list) add(id);
  else
    add(*node);
  if (ids.empty()) throw InputError(fmt::format("{}: statement: names none", where(path, *node)));
  return ids;
}

/// What one table at the key `measured` says, of each statement concerned that has this constant.
std::vector<MeasuredConstant> measured_by(const MeasuredConstant& said, const std::vector<std::string>& statements,
                                          const Schema& schema) {
  if (said.column.empty() || said.constant.empty()) throw InputError("measured: needs a column and a constant");
  if (!(said.factor > 0 && std::isfinite(said.factor))) throw InputError("measured: factor must be a positive number");
  const Column& column = schema.columns[schema.position(said.column)];
  if (column.type == Type::text || !column.names.empty() || !column.list.empty() || !column.axes.empty())
    throw InputError(fmt::format("measured: {} is not one number a draw", said.column));
  if (!said.statement.empty()) position("statement", said.statement, statements);
  std::vector<MeasuredConstant> all;
  std::set<std::string> known;
  for (const std::string& id : statements) {
    if (!said.statement.empty() && said.statement != id) continue;
    const std::vector<std::string> names = measurable(statement_named(id));
    known.insert(names.begin(), names.end());
    if (std::find(names.begin(), names.end(), said.constant) != names.end())
      all.push_back({id, said.constant, said.column, said.factor});
  }
  if (all.empty()) position("constant", said.constant, {known.begin(), known.end()});
  return all;
}

std::vector<MeasuredConstant> measured_at(const std::string& path, const toml::table& top,
                                          const std::vector<std::string>& statements, const Schema& schema) {
  const toml::node* node = top.get("measured");
  if (!node) return {};
  const toml::array* list = node->as_array();
  if (!list || list->empty() || !list->is_homogeneous(toml::node_type::table))
    throw InputError(fmt::format("{}: measured: tables [[measured]] are expected", where(path, *node)));
  if (statements.empty())
    throw InputError(
        fmt::format("{}: measured: needs statement = \"ID\", whose constants these are", where(path, *node)));
  std::vector<MeasuredConstant> all;
  for (const toml::node& item : *list) {
    const toml::table& table = *item.as_table();
    check_keys(path, table, {"column", "constant", "statement", "factor"});
    MeasuredConstant said{text_at(path, table, "statement"), text_at(path, table, "constant"),
                          text_at(path, table, "column")};
    if (const toml::node* factor = table.get("factor")) said.factor = factor->value<double>().value_or(0);
    told_with(path, table, [&] {
      for (MeasuredConstant& m : measured_by(said, statements, schema)) all.push_back(std::move(m));
    });
  }
  return all;
}

/// The matrices given by these options (input, files). Of weights stored a column a neuron `transpose` says so.
void read_given(Experiment& e, const std::vector<std::pair<const Input*, std::string>>& files, bool transpose) {
  if (files.empty()) {
    if (transpose) throw InputError("transpose: turns matrices that are read; no file is given");
    return;
  }
  Matrices all;
  for (const auto& [input, file] : files) {
    e.given_spec += (e.given_spec.empty() ? "" : " ") + file;
    if (input->vector) {
      all[input->matrix] = read_vector(file);
      e.sources[input->matrix] = {file, "", ""};
      continue;
    }
    const bool weights = input->matrix != "A" && !input->matrix.starts_with("images");
    const Meaning meaning{transpose && weights, weights};
    Reading reading = input->matrix.empty() ? read_network(file, meaning) : read_weights(file, meaning);
    for (std::size_t i = 0; i < reading.matrices.size(); ++i) {
      const std::string name = input->matrix.empty() ? fmt::format("{}_{}", input->network, i + 1) : input->matrix;
      all[name] = std::move(reading.matrices[i].W);
      e.sources[name] = std::move(reading.matrices[i].source);
    }
    e.remarks.insert(e.remarks.end(), reading.remarks.begin(), reading.remarks.end());
  }
  e.given = std::make_shared<const Matrices>(std::move(all));
}

/// FILE or FILE,FILE,... as seen from the folder of the experiment.
std::string seen_from(const fs::path& directory, const std::string& files) {
  std::vector<std::string> all;
  for (std::size_t begin = 0; begin <= files.size();) {
    const std::size_t end = std::min(files.find(',', begin), files.size());
    all.push_back((directory / files.substr(begin, end - begin)).string());
    begin = end + 1;
  }
  return fmt::format("{}", fmt::join(all, ","));
}

std::string options_of(const std::vector<Input>& inputs) {
  std::vector<std::string> all;
  for (const Input& input : inputs) all.push_back(input.option);
  return fmt::format("{}", fmt::join(all, ", "));
}

/// Adds the points of a setting: what the matrices given determine is set, everything is checked.
void add_points(Experiment& e, Setting at, const std::set<std::string>& said, std::set<std::string>& known) {
  static const Matrices none;
  const Matrices& given = e.given ? *e.given : none;
  e.study->adopt(at, given, said);
  for (Setting& point : e.study->points(at, given, said)) {
    for (const AnyParameter& p : *e.study->parameters)
      if (p.required && std::holds_alternative<std::monostate>(point.at(p.name)))
        throw InputError(fmt::format(
            "{} is missing{}", p.name,
            e.study->inputs.empty() ? ""
                                    : fmt::format(": give the sizes, or matrices ({})", options_of(e.study->inputs))));
    point.give(std::make_shared<const Matrices>(e.study->given_at(point, given)));
    e.study->check(point);
    if (known.insert(point.text()).second) e.points.push_back(std::move(point));
  }
}

/// The key that a complaint begins with, as "alpha = 0: ..." does; where there is none, the sweep.
const toml::node& meant_by(const std::string& complaint, const toml::table& sweep, const toml::table& top) {
  const std::string name = complaint.substr(0, complaint.find_first_of(" :"));
  for (const toml::table* table : {&sweep, &top})
    if (const toml::node* node = table->get(name)) return *node;
  return sweep;
}

}  // namespace

Experiment read_experiment(const std::string& path, Size size) {
  Experiment e;
  toml::table top = read_toml(path, e.text);
  std::optional<toml::table> full = taken_full(path, top);
  if (size == Size::full && !full)
    throw InputError(fmt::format("{}: has no full size: a table [full] would say it", path));
  const Study& named = named_study(path, top);
  const auto said = [&](const std::string& key) { return mentions(top, key); };
  if (full)
    check_full(path, *full, as_asked(named, [&](const std::string& key) { return said(key) || mentions(*full, key); }));
  if (size == Size::full) replace_by(std::move(*full), top);
  e.study = &as_asked(named, said);
  const std::vector<AnyParameter>& parameters = *e.study->parameters;
  std::vector<std::string> sweep_keys = Sweep::keys(parameters),
                           keys{"title", e.study->key, "draws", "sweep", "statement", "measured", "full"};
  for (const Input& input : e.study->inputs) keys.push_back(input.option);
  if (!e.study->inputs.empty()) keys.emplace_back("transpose");
  keys.insert(keys.end(), sweep_keys.begin(), sweep_keys.end());
  check_keys(path, top, keys);
  e.title = text_at(path, top, "title");
  e.draws = draws_at(path, top);
  e.statements = statements_at(path, top);
  e.measured = measured_at(path, top, e.statements, e.study->schema);
  if (!e.study->random && top.contains("draws"))
    throw InputError(fmt::format("{}: draws: {} {} is the same in every draw", where(path, *top.get("draws")),
                                 e.study->name, e.study->key));
  std::vector<std::pair<const Input*, std::string>> files;
  for (const Input& input : e.study->inputs)
    if (top.contains(input.option))
      files.emplace_back(&input, seen_from(fs::path(path).parent_path(), text_at(path, top, input.option)));
  const bool transpose = flag_at(path, top, "transpose");
  told_with(path, files.empty() ? static_cast<const toml::node&>(top) : *top.get(files[0].first->option),
            [&] { read_given(e, files, transpose); });

  std::vector<const toml::table*> sweeps;
  if (const toml::node* node = top.get("sweep")) {
    const toml::array* list = node->as_array();
    if (!list || list->empty() || !list->is_homogeneous(toml::node_type::table))
      throw InputError(fmt::format("{}: sweep: tables [[sweep]] are expected", where(path, *node)));
    for (const toml::node& sweep : *list) sweeps.push_back(sweep.as_table());
  }
  const Sweep common(path, top, parameters);
  std::set<std::string> known;
  const auto add = [&](const toml::table& table, const std::vector<Setting>& settings,
                       const std::set<std::string>& said) {
    for (const Setting& at : settings) try {
        add_points(e, at, said, known);
      } catch (const InputError& error) {
        throw InputError(fmt::format("{}: {}", where(path, meant_by(error.what(), table, top)), error.what()));
      }
  };
  const std::vector<Setting> from = common.combinations(Setting(e.study->parameters));
  if (sweeps.empty()) add(top, from, common.said());
  for (const toml::table* table : sweeps) {
    check_keys(path, *table, sweep_keys);
    const Sweep sweep(path, *table, parameters);
    std::set<std::string> said = common.said();
    if (e.draws > 1) said.insert("draws");
    said.insert(sweep.said().begin(), sweep.said().end());
    for (const Setting& start : from) add(*table, sweep.combinations(start), said);
  }
  return e;
}

Experiment of_options(const Study& study, const std::map<std::string, std::string>& options, std::uint64_t draws) {
  Experiment e;
  e.study = &study;
  e.draws = draws;
  std::vector<std::pair<const Input*, std::string>> files;
  for (const Input& input : study.inputs)
    if (const auto file = options.find(input.option); file != options.end()) files.emplace_back(&input, file->second);
  const auto transpose = options.find("transpose");
  read_given(e, files, transpose != options.end());
  Setting at(study.parameters);
  std::set<std::string> said, known;
  if (draws > 1) said.insert("draws");
  for (const AnyParameter& p : *study.parameters) {
    const auto text = options.find(p.name);
    if (text == options.end()) continue;
    at.set(p.name, value_of(p, text->second));
    said.insert(p.name);
  }
  add_points(e, at, said, known);
  return e;
}

Description description(const Experiment& e) {
  Description d;
  d.key = e.study->key;
  d.study = e.study->name;
  d.title = e.title;
  d.experiment = e.text;
  d.draws = e.draws;
  d.parameters = e.study->parameters;
  d.points = e.points;
  d.schema = e.study->schema;
  d.given = e.given;
  d.given_spec = e.given_spec;
  d.sources = e.sources;
  d.statements = e.statements;
  d.measured = e.measured;
  return d;
}

}  // namespace theoremeter
