// Population surfaces: an experiment with `surface = "phase-retrieval"`.
#pragma once

#include "results/surface.hpp"

#include <string>

namespace theoremeter {

/// Is the text of an experiment about a surface: has it a key `surface`?
bool is_surface(const std::string& path);

/// The surface that a TOML file asks for. Keys: title, surface (a problem), depth, depth2 (blind demodulation), points
/// (a side of the grid), extent (the grid covers [-extent, extent]^2). Throws InputError in one line.
Surface surface_of(const std::string& path);

}  // namespace theoremeter
