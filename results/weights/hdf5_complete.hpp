// Is all of a dataset there? What was never written reads as zeros, or as the fill value, without an error.
#pragma once

#include "results/hdf5.hpp"

#include <optional>
#include <string>

namespace theoremeter::weights {

/// Throws Refusal for a dataset never or half written, and for one whose data lie elsewhere and are not there: sources
/// of virtual datasets, external files. They are looked for where HDF5 does, from `file` on, which holds it.
void check_complete(hid_t dataset, const std::string& file);

/// What its author calls missing: fill values other than 0 that were chosen, by HDF5 or attributes as netCDF has them,
/// as they are in the dataset's own type.
std::vector<double> missing_values(hid_t dataset);

/// The least and the largest value that is none missing, by netCDF's valid_min, valid_max and valid_range.
std::pair<double, double> valid_range(hid_t dataset);

/// Of the filters that a chunked dataset was written through, those that this HDF5 library lacks.
std::vector<std::string> missing_filters(hid_t dataset);

}  // namespace theoremeter::weights
