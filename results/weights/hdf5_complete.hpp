// Is all of a dataset there? What was never written reads as zeros, or as the fill value, without an error.
#pragma once

#include "results/hdf5.hpp"

#include <optional>
#include <string>

namespace theoremeter::weights {

/// Throws Refusal for a dataset never or half written, and for one whose data lie elsewhere and are not there: sources
/// of virtual datasets, external files. `directory` is where names of other files are looked up, besides here.
void check_complete(hid_t dataset, const std::string& directory);

/// What its author calls missing: a fill value other than 0 that was chosen, by HDF5 or an attribute as netCDF has it.
std::vector<double> missing_values(hid_t dataset);

}  // namespace theoremeter::weights
