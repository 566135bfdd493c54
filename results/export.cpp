#include "results/export.hpp"

#include "results/atomic.hpp"
#include "results/hdf5.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace theoremeter {
namespace {

namespace fs = std::filesystem;

/// Format 1.0: a header that ends at a multiple of 64 bytes, then the entries by rows.
std::vector<char> npy(const Rows& W) {
  std::string header =
      fmt::format("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}, {}), }}", W.rows(), W.cols());
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size() & 0xFF);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(W.data()), static_cast<std::size_t>(W.size()) * sizeof(double));
  return {bytes.begin(), bytes.end()};
}

std::vector<char> hdf5_file(const Matrices& matrices) {
  const hdf5::Handle file = hdf5::create_in_memory();
  for (const auto& [name, W] : matrices)
    hdf5::write_dataset(file, name, {static_cast<hsize_t>(W.rows()), static_cast<hsize_t>(W.cols())},
                        std::vector<double>(W.data(), W.data() + W.size()));
  return hdf5::image(file);
}

void put(const std::string& path, const std::vector<char>& bytes) {
  check_replaceable(path);
  if (fs::exists(path)) throw InputError(fmt::format("{}: exists", path));
  replace_file(path, bytes, false);
}

}  // namespace

std::vector<std::string> write_matrices(const Matrices& matrices, const std::string& path) {
  if (path.ends_with(".h5")) {
    put(path, hdf5_file(matrices));
    return {path};
  }
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw InputError(fmt::format("{}: no folder can be made: {}", path, error.message()));
  std::vector<std::string> files;
  for (const auto& [name, W] : matrices) {
    files.push_back((fs::path(path) / (name + ".npy")).string());
    put(files.back(), npy(W));
  }
  return files;
}

}  // namespace theoremeter
