// What `measure --json` prints.
#pragma once

#include "results/results.hpp"

#include <nlohmann/json.hpp>

namespace theoremeter {

/// {"condition", "sizes", "seed", "draws": [...]} of one point of the sweep. Values are of full precision; null:
/// unknown. Draws not measured are left out.
nlohmann::ordered_json to_json(const Results& results, const Record& point);

/// {"W": {"file", "dataset", "shape", "done"}, ...}, where given matrices were read.
nlohmann::ordered_json sources_json(const std::map<std::string, Source>& sources,
                                    const std::map<std::string, Rows>& matrices);

}  // namespace theoremeter
