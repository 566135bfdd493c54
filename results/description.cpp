#include "results/description.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

namespace theoremeter {
namespace {

using Json = nlohmann::ordered_json;

const std::vector<std::string> scope_names{"size", "label", "option"};
const std::vector<std::string> value_types{"nothing", "whole", "real", "flag", "text", "list"};

/// Infinities are no numbers in JSON.
Json of(double x) { return std::isfinite(x) ? Json(x) : Json(fmt::format("{}", x)); }
double real(const Json& j) {
  return j.is_number() ? j.get<double>() : std::strtod(j.get<std::string>().c_str(), nullptr);
}

Json of(const Value& v) {
  struct Write {
    Json operator()(std::monostate) const { return nullptr; }
    Json operator()(double x) const { return of(x); }
    Json operator()(std::int64_t n) const { return n; }
    Json operator()(bool b) const { return b; }
    Json operator()(const std::string& s) const { return s; }
    Json operator()(const Widths& w) const { return w; }
  };
  return {{"type", value_types[v.index()]}, {"value", std::visit(Write(), v)}};
}

Json of(const Sources& all) {
  Json json = Json::object();
  for (const auto& [name, s] : all) json[name] = {{"file", s.file}, {"dataset", s.dataset}, {"done", s.done}};
  return json;
}

Sources sources(const Json& j) {
  Sources all;
  if (!j.contains("sources")) return all;
  for (const auto& [name, s] : j.at("sources").items())
    all[name] = {s.at("file").get<std::string>(), s.at("dataset").get<std::string>(), s.at("done").get<std::string>()};
  return all;
}

std::size_t index_of(const std::string& name, const std::vector<std::string>& names) {
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) throw std::runtime_error(fmt::format("its description has an unknown \"{}\"", name));
  return static_cast<std::size_t>(at - names.begin());
}

Value value(const Json& j) {
  const Json& v = j.at("value");
  switch (index_of(j.at("type").get<std::string>(), value_types)) {
    case 1:
      return v.get<std::int64_t>();
    case 2:
      return real(v);
    case 3:
      return v.get<bool>();
    case 4:
      return v.get<std::string>();
    case 5:
      return v.get<Widths>();
    default:
      return {};
  }
}

/// What is as it is by default is left out.
template <class T>
void put(Json& j, const char* name, const T& value) {
  if (value != T{}) j[name] = value;
}
template <class T>
void take(const Json& j, const char* name, T& value) {
  if (j.contains(name)) value = j[name].get<T>();
}

Json of(const Column& c) {
  Json j{{"name", c.name},
         {"meaning", c.meaning},
         {"type", type_names[static_cast<std::size_t>(c.type)]},
         {"says", says_names[static_cast<std::size_t>(c.says)]},
         {"unit", c.unit}};
  put(j, "list", c.list), put(j, "axes", c.axes), put(j, "names", c.names), put(j, "json", c.json);
  put(j, "where", c.where);
  return j;
}

Column column(const Json& j) {
  Column c;
  c.name = j.at("name").get<std::string>();
  c.type = static_cast<Type>(index_of(j.at("type").get<std::string>(), type_names));
  c.says = static_cast<Says>(index_of(j.at("says").get<std::string>(), says_names));
  take(j, "meaning", c.meaning), take(j, "unit", c.unit), take(j, "list", c.list), take(j, "axes", c.axes);
  take(j, "names", c.names), take(j, "json", c.json), take(j, "where", c.where);
  return c;
}

Json of(const AnyParameter& p) {
  Json j{{"name", p.name}, {"meaning", p.meaning}, {"example", of(p.example)}, {"has_default", p.has_default}};
  j["scope"] = scope_names[static_cast<std::size_t>(p.scope)];
  j["least"] = of(p.least), j["most"] = of(p.most);
  put(j, "required", p.required), put(j, "strict", p.strict), put(j, "choices", p.choices);
  put(j, "type_name", p.type_name), put(j, "default_note", p.default_note), put(j, "group", p.group);
  return j;
}

AnyParameter parameter(const Json& j) {
  AnyParameter p;
  p.name = j.at("name").get<std::string>();
  p.example = value(j.at("example"));
  p.scope = static_cast<Scope>(index_of(j.at("scope").get<std::string>(), scope_names));
  p.least = real(j.at("least")), p.most = real(j.at("most"));
  take(j, "meaning", p.meaning), take(j, "has_default", p.has_default), take(j, "required", p.required);
  take(j, "strict", p.strict), take(j, "choices", p.choices), take(j, "type_name", p.type_name);
  take(j, "default_note", p.default_note), take(j, "group", p.group);
  return p;
}

Json of(const Axis& a) {
  Json values = Json::array();
  for (const double x : a.values) values.push_back(of(x));
  return {{"name", a.name}, {"meaning", a.meaning}, {"values", values}};
}

Axis axis(const Json& j) {
  Axis a{j.at("name").get<std::string>(), j.at("meaning").get<std::string>(), {}};
  for (const Json& x : j.at("values")) a.values.push_back(real(x));
  return a;
}

Json of(const Provenance& r) {
  return {{"version", r.version},     {"commit", r.commit},     {"compiler", r.compiler}, {"flags", r.flags},
          {"libraries", r.libraries}, {"host_cpu", r.host_cpu}, {"date", r.date}};
}

Provenance run(const Json& j) {
  const auto text = [&](const char* name) { return j.at(name).get<std::string>(); };
  return {text("version"),   text("commit"),   text("compiler"), text("flags"),
          text("libraries"), text("host_cpu"), text("date")};
}

Json of(const MeasuredConstant& m) {
  return {{"statement", m.statement}, {"constant", m.constant}, {"column", m.column}, {"factor", of(m.factor)}};
}

MeasuredConstant measured(const Json& j) {
  const auto text = [&](const char* name) { return j.at(name).get<std::string>(); };
  return {text("statement"), text("constant"), text("column"), real(j.at("factor"))};
}

template <class List>
Json all_of(const List& list) {
  Json all = Json::array();
  for (const auto& item : list) all.push_back(of(item));
  return all;
}

}  // namespace

std::string to_json(const Description& about) {
  Json j{{"key", about.key},
         {"study", about.study},
         {"title", about.title},
         {"draws", about.draws},
         {"given", about.given_spec},
         {"sources", of(about.sources)},
         {"parameters", all_of(*about.parameters)},
         {"columns", all_of(about.schema.columns)},
         {"axes", all_of(about.schema.axes)},
         {"runs", all_of(about.runs)}};
  put(j, "statements", about.statements);
  if (!about.measured.empty()) j["measured"] = all_of(about.measured);
  return j.dump(1, ' ', false, Json::error_handler_t::replace);
}

Description description_of(const std::string& text) {
  try {
    const Json j = Json::parse(text);
    Description about;
    about.key = j.at("key").get<std::string>(), about.study = j.at("study").get<std::string>();
    take(j, "title", about.title), take(j, "given", about.given_spec);
    about.sources = sources(j);
    about.draws = j.at("draws").get<std::uint64_t>();
    std::vector<AnyParameter> parameters;
    for (const Json& p : j.at("parameters")) parameters.push_back(parameter(p));
    about.parameters = std::make_shared<const std::vector<AnyParameter>>(std::move(parameters));
    for (const Json& c : j.at("columns")) about.schema.columns.push_back(column(c));
    for (const Json& a : j.at("axes")) about.schema.axes.push_back(axis(a));
    for (const Json& r : j.at("runs")) about.runs.push_back(run(r));
    take(j, "statements", about.statements);
    if (j.contains("measured"))
      for (const Json& m : j.at("measured")) about.measured.push_back(measured(m));
    return about;
  } catch (const nlohmann::json::exception& error) {
    throw std::runtime_error(fmt::format("its description cannot be read ({})", error.what()));
  }
}

}  // namespace theoremeter
