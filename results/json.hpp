// Rows as JSON, in full precision.
#pragma once

#include "results/data_set.hpp"

#include <nlohmann/json.hpp>

namespace theoremeter {

/// One draw: each column at the path that it declares ("-": left out), in the schema's order. What there is not is
/// null, with all below it; infinities are "infinity" and "-infinity"; lists are arrays of objects; an axis with fixed
/// values makes an object of a vector.
nlohmann::ordered_json to_json(const Row& row, const Schema& schema);

/// {"condition": "wdc", "sizes": {...}, "seed": 1, "draws": [...]}: the draws of a point that are not open.
nlohmann::ordered_json to_json(const DataSet& data, std::size_t point);

/// {"W": {"file", "dataset", "shape", "done"}, ...}, where given matrices were read.
nlohmann::ordered_json sources_json(const std::map<std::string, Source>& sources,
                                    const std::map<std::string, Rows>& matrices);

/// As it is printed. Names of files may be any bytes: what is no UTF-8 becomes U+FFFD.
std::string printed(const nlohmann::ordered_json& json);

}  // namespace theoremeter
