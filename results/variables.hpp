// The pieces that every results file is made of: dimension scales, variables along them, sizes, matrices, provenance.
#pragma once

#include "results/hdf5.hpp"
#include "results/results.hpp"

#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace theoremeter {

/// A reader accepts its own major version; a minor version only adds.
inline constexpr std::int64_t format_major = 1, format_minor = 1;

/// A dimension: a one-dimensional dataset made a scale, to which the axes of variables are attached.
struct Dimension {
  hdf5::Handle scale;
  hsize_t size;
};
using Dimensions = std::vector<const Dimension*>;

/// T: double, std::int64_t or std::string, as in write_variable.
template <class T>
Dimension write_dimension(hid_t group, const std::string& name, const std::vector<T>& values,
                          const std::string& meaning);
Dimension write_index(hid_t group, const std::string& name, std::size_t size, const std::string& meaning);

template <class T>
hdf5::Handle write_variable(hid_t group, const std::string& name, const Dimensions& dimensions,
                            const std::vector<T>& values, const std::string& meaning, const std::string& kind);

/// The length of a dimension.
std::size_t length_of(hid_t group, const std::string& name);
bool has_dataset(hid_t group, const std::string& name);

/// The coordinates before the padding with NaN.
Eigen::VectorXd unpad(const double* values, std::size_t length);

/// Attributes `format` and `format_version` of the root.
void write_format(hid_t file);
/// Throws hdf5::Error unless they are there and of a version that is read.
void check_format(hid_t file);

void write_provenance(hid_t file, const Provenance& provenance);
Provenance read_provenance(hid_t file);

/// The sizes of each point, along `point`, and the attribute `coordinates`, which names them.
void write_sizes(hid_t file, const std::vector<Symbol>& symbols, const std::vector<Sizes>& sizes,
                 const Dimension& point);
std::vector<Symbol> read_symbols(hid_t file);
std::vector<Sizes> read_sizes(hid_t file, const std::vector<Symbol>& symbols, std::size_t points);

/// The group `matrices`; none where there are no matrices.
void write_matrices(hid_t file, const std::map<std::string, Rows>& matrices);
std::map<std::string, Rows> read_matrices(hid_t file);

/// Attributes of these matrices; none in files made before 1.2.
void write_sources(hid_t file, const std::map<std::string, Source>& sources);
std::map<std::string, Source> read_sources(hid_t file, const std::map<std::string, Rows>& matrices);

/// Throws InputError unless a file can be put at `path`: an existing one needs `overwrite`, and `read`, which throws
/// InputError unless it is a sound file of the same kind.
void check_output(const std::string& path, bool overwrite, const std::function<void(const std::string&)>& read);

/// Opens `path` and hands the file to `decode`. Throws InputError, naming the file, when it is missing or no regular
/// file, and for every hdf5::Error.
void decode_file(const std::string& path, const std::function<void(hid_t)>& decode);

}  // namespace theoremeter
