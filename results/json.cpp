#include "results/json.hpp"

#include <fmt/format.h>

#include <cassert>
#include <cmath>

namespace theoremeter {
namespace {

using Json = nlohmann::ordered_json;

/// {"x": [...], "y": [...]}
Json point_json(const Point& p, const std::vector<Symbol>& symbols) {
  assert(p.size() == symbols.size());
  Json json = Json::object();
  for (std::size_t s = 0; s < p.size(); ++s) json[symbols[s].name] = std::vector<double>(p[s].begin(), p[s].end());
  return json;
}

Json sampled_json(const std::optional<Sampled>& sampled) {
  if (!sampled) return nullptr;
  Json quantiles = Json::object();
  for (std::size_t q = 0; q < sampled->quantiles.size(); ++q)
    quantiles[fmt::format("{}", quantile_levels[q])] = sampled->quantiles[q];
  const Json diagonal = sampled->diagonal ? Json(sampled->diagonal->value) : Json();
  Json json{{"max", sampled->witness.value},
            {"mean", sampled->mean},
            {"quantiles", quantiles},
            {"count", sampled->count},
            {"diagonal", diagonal}};
  if (sampled->undefined > 0) json["undefined"] = sampled->undefined;
  return json;
}

Json searched_json(const std::optional<Searched>& searched) {
  if (!searched) return nullptr;
  return {{"max", searched->witness.value}, {"starts", searched->starts}};
}

Json evaluations_json(const Measurement& m) {
  return {{"sample", m.sampled ? Json(m.sampled->count) : Json()},
          {"search", m.searched ? Json(m.searched->evaluations) : Json()},
          {"certify", m.certified ? Json(m.certified->nodes) : Json()}};
}

Json draw_json(std::size_t draw, const Measurement& m, const Results& r) {
  Json json{{"draw", draw},
            {"alpha", m.alpha},
            {"at_least", m.witness.value},
            {"at_most", m.certified ? Json(m.certified->at_most) : Json()},
            {"kind", to_string(kind(m))}};
  if (r.factor != 1) {
    json["epsilon_at_least"] = m.witness.value / r.factor;
    json["epsilon_at_most"] = m.certified ? Json(m.certified->at_most / r.factor) : Json();
  }
  json["sampled"] = sampled_json(m.sampled);
  json["searched"] = searched_json(m.searched);
  json["witness"] = point_json(m.witness.point, r.witness);
  if (!m.witness.form.empty()) json["form"] = m.witness.form;
  json["side"] = to_string(m.witness.side);
  json["margin"] = m.witness.margin;
  json["evaluations"] = evaluations_json(m);
  json["seconds"] = {{"sample", m.seconds.sample}, {"search", m.seconds.search}, {"certify", m.seconds.certify}};
  return json;
}

}  // namespace

nlohmann::ordered_json sources_json(const std::map<std::string, Source>& sources,
                                    const std::map<std::string, Rows>& matrices) {
  Json json = Json::object();
  for (const auto& [name, source] : sources)
    json[name] = {{"file", source.file},
                  {"dataset", source.dataset},
                  {"shape", {matrices.at(name).rows(), matrices.at(name).cols()}},
                  {"done", source.done}};
  return json;
}

nlohmann::ordered_json to_json(const Results& results, const Record& point) {
  Json sizes = Json::object();
  for (const Symbol& size : results.sizes)
    sizes[size.name] = size.list ? Json(point.sizes.at(size.name)) : Json(scalar(point.sizes, size.name));
  Json draws = Json::array();
  for (std::size_t d = 0; d < point.draws.size(); ++d)
    if (point.draws[d]) draws.push_back(draw_json(d, *point.draws[d], results));
  Json json{{"condition", results.condition}, {"sizes", sizes}, {"seed", results.seed}};
  if (!results.sources.empty()) json["matrices"] = sources_json(results.sources, results.matrices);
  json["draws"] = draws;
  return json;
}

}  // namespace theoremeter
