// Population surfaces: an experiment with `surface = "phase-retrieval"`.
#pragma once

#include "experiments/verbs.hpp"
#include "results/surface.hpp"

#include <string>

namespace theoremeter {

/// Has the experiment a key `surface`?
bool describes_surface(const std::string& path);

/// The surface that a TOML file asks for. Keys: title, surface (a problem), depth, depth2 (blind demodulation), points
/// (a side of the grid), extent (the grid covers [-extent, extent]^2). Throws InputError in one line.
Surface surface_of(const std::string& path);

/// `run`, `show` and `verify` of surfaces; each returns the exit code, as in verbs.hpp.
int run_surface(const Options& options);
int show_surface(const Options& options);
int verify_surface(const Options& options);

}  // namespace theoremeter
