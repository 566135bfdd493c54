#include "experiments/studies/parameters.hpp"

#include "theory/error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace theoremeter {
namespace {

AnyParameter ensemble_parameter(const char* name, const char* meaning) {
  return {.name = name,
          .meaning = meaning,
          .example = std::string("gaussian"),
          .choices = ensemble_names,
          .type_name = "NAME",
          .group = instance_group};
}

}  // namespace

const Parameter<std::string> ensemble{ensemble_parameter("ensemble", "what draws the rows")};
const Parameter<std::string> measurement_matrix{ensemble_parameter("measurements", "what draws the rows of A")};

AnyParameter size_parameter(const Symbol& size) {
  return {.name = size.name,
          .meaning = size.meaning,
          .example = size.list ? Value(Widths{1}) : Value(std::int64_t{1}),
          .has_default = false,
          .required = true,
          .scope = Scope::size,
          .least = 1,
          .most = static_cast<double>(max_entries),
          .type_name = size.list ? "N,N,..." : "N",
          .group = instance_group};
}

AnyParameter budget(const char* name, const char* meaning, double least, double most, const char* note) {
  return {.name = name,
          .meaning = meaning,
          .example = std::int64_t{1},
          .has_default = false,
          .least = least,
          .most = most,
          .type_name = "N",
          .default_note = note,
          .group = evidence_group};
}

Sizes sizes_of(const std::vector<Symbol>& symbols, const Setting& at) {
  Sizes sizes;
  for (const Symbol& size : symbols) {
    const Value& v = at.at(size.name);
    sizes[size.name] = size.list ? std::get<Widths>(v) : Widths{std::get<std::int64_t>(v)};
  }
  return sizes;
}

Ensembles ensembles_of(const Setting& at) {
  Ensembles e;
  if (at.has(ensemble.name))
    if (const auto name = at.get(ensemble)) e.weights = ensemble_named(*name);
  if (at.has(measurement_matrix.name))
    if (const auto name = at.get(measurement_matrix)) e.measurements = ensemble_named(*name);
  return e;
}

void adopt(Setting& at, const Sizes& determined, const Matrices& given, const std::set<std::string>& said,
           const std::function<std::vector<Shape>(const Setting&)>& shapes) {
  const auto refuse = [&](const std::string& name) {
    if (said.contains(name)) throw InputError(fmt::format("{}: has no place beside the matrices given", name));
  };
  for (const auto& [name, size] : determined) {
    refuse(name);
    const auto& all = *at.parameters();
    const auto p = std::find_if(all.begin(), all.end(), [&of = name](const AnyParameter& q) { return q.name == of; });
    at.set(name, std::holds_alternative<Widths>(p->example) ? Value(size) : Value(size.at(0)));
  }
  for (const AnyParameter& p : *at.parameters())
    if (p.required && std::holds_alternative<std::monostate>(at.at(p.name))) return;  // refused as missing
  bool rows = false, A = false;
  const bool apart = at.has(measurement_matrix.name);
  for (const Shape& shape : shapes(at)) (apart && shape.name == "A" ? A : rows) |= !given.contains(shape.name);
  const auto drop = [&](const std::string& name) {
    if (!at.has(name)) return;
    refuse(name);
    at.set(name, Value());
  };
  if (!rows) drop(ensemble.name);
  if (!A) drop(measurement_matrix.name);
}

}  // namespace theoremeter
