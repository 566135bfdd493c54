// What `landscape --json` prints.
#pragma once

#include "experiments/studies/landscape_results.hpp"

#include <nlohmann/json.hpp>

namespace theoremeter {

/// {"problem", "sizes", "seed", "draws": [...]} of one point of the sweep, described in docs/landscape_format.md.
/// Values are of full precision; null: infinite, or unknown. Draws not measured are left out.
nlohmann::ordered_json to_json(const LandscapeResults& results, const LandscapeRecord& point);

}  // namespace theoremeter
