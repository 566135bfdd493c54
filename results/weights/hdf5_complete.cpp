#include "results/weights/hdf5_complete.hpp"

#include "results/weights/bytes.hpp"
#include "results/weights/hdf5_links.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <vector>

namespace theoremeter::weights {
namespace {

namespace fs = std::filesystem;

constexpr int most_nested = 8;  // virtual datasets of virtual datasets

void check_dataset(hid_t dataset, const std::string& directory, int nested);

hdf5::Handle creation_of(hid_t dataset) {
  return {H5Dget_create_plist(dataset), H5Pclose, "a dataset without properties"};
}

/// Beside the file that names it, as HDF5 looks first, or as the name stands.
std::string located(const std::string& name, const std::string& directory) {
  const fs::path beside = fs::path(directory) / name;
  std::error_code ignored;
  return fs::exists(beside, ignored) ? beside.string() : name;
}

void check_chunks(hid_t dataset, hid_t creation) {
  const hdf5::Shape shape = hdf5::shape_of(dataset);
  std::vector<hsize_t> chunk(shape.size());
  hdf5::check(H5Pget_chunk(creation, static_cast<int>(chunk.size()), chunk.data()), "a damaged chunked dataset");
  double expected = 1;
  for (std::size_t d = 0; d < shape.size(); ++d)
    expected *= static_cast<double>(shape[d] / chunk[d] + (shape[d] % chunk[d] != 0 ? 1 : 0));
  hsize_t held = 0;
  const hdf5::Handle space(H5Dget_space(dataset), H5Sclose, "a dataset without a shape");
  hdf5::check(H5Dget_num_chunks(dataset, space, &held), "a damaged chunked dataset");
  if (static_cast<double>(held) < expected)
    throw Refusal(
        fmt::format("{} written: {} of its {:.0f} chunks are there; a file closed after all was written is "
                    "needed",
                    held == 0 ? "never" : "half", held, expected));
}

/// A name that HDF5 returns by copying into a buffer of the caller's.
template <class Get>
std::string name_of(const Get& get) {
  const ssize_t length = get(nullptr, 0);
  if (length < 0) throw hdf5::Error("a damaged virtual dataset");
  std::vector<char> buffer(static_cast<std::size_t>(length) + 1);
  get(buffer.data(), buffer.size());
  return buffer.data();
}

void check_source(const std::string& file, const std::string& name, const std::string& directory, int nested) try {
  const hdf5::Handle source = hdf5::open_file(file);
  check_dataset(hdf5::open_dataset(source, name), directory, nested + 1);
} catch (const std::runtime_error& error) {
  throw Refusal(fmt::format("its source {}:{} is not whole: {}", file, name, error.what()));
}

/// Every source is there, and together they leave no gap.
void check_sources(hid_t dataset, hid_t creation, const std::string& directory, int nested) {
  if (nested > most_nested) throw Refusal("a virtual dataset of virtual datasets, too often over");
  std::size_t count = 0;
  hdf5::check(H5Pget_virtual_count(creation, &count), "a damaged virtual dataset");
  const hdf5::Handle space(H5Dget_space(dataset), H5Sclose, "a dataset without a shape");
  const hssize_t all = H5Sget_simple_extent_npoints(space);
  hssize_t mapped = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string file =
        name_of([&](char* to, std::size_t n) { return H5Pget_virtual_filename(creation, i, to, n); });
    const std::string name =
        name_of([&](char* to, std::size_t n) { return H5Pget_virtual_dsetname(creation, i, to, n); });
    const hdf5::Handle part(H5Pget_virtual_vspace(creation, i), H5Sclose, "a damaged virtual dataset");
    const hssize_t points = H5Sget_select_npoints(part);
    if (points < 0 || file.find('%') != std::string::npos || name.find('%') != std::string::npos)
      throw Refusal("a virtual dataset without an end; copy it into a plain one, as h5py's f['W'][...] does");
    mapped += points;
    if (file != ".") {
      const std::string found = located(file, directory);
      std::error_code ignored;
      if (!fs::exists(found, ignored))
        throw Refusal(fmt::format("its source {} is missing: a virtual dataset needs the files it was made of", file));
      check_source(found, name, directory, nested);
    } else {
      const hdf5::Handle own(H5Iget_file_id(dataset), H5Fclose, "a damaged virtual dataset");
      check_dataset(hdf5::open_dataset(own, name), directory, nested + 1);
    }
  }
  if (mapped < all)
    throw Refusal(fmt::format("the sources of this virtual dataset cover {} of its {} entries", mapped, all));
}

void check_external(hid_t creation, const std::string& directory) {
  const int count = H5Pget_external_count(creation);
  for (int i = 0; i < count; ++i) {
    std::array<char, 4096> name{};
    off_t offset = 0;
    hsize_t size = 0;
    hdf5::check(H5Pget_external(creation, static_cast<unsigned>(i), name.size() - 1, name.data(), &offset, &size),
                "a damaged dataset");
    std::error_code error;
    const auto held = fs::file_size(located(name.data(), directory), error);
    if (error) throw Refusal(fmt::format("its data are in {}, which is missing", name.data()));
    if (size != H5F_UNLIMITED && held < static_cast<std::uint64_t>(offset) + size)
      throw Refusal(fmt::format("its data are in {}, which is truncated", name.data()));
  }
}

void check_dataset(hid_t dataset, const std::string& directory, int nested) {
  const hdf5::Handle creation = creation_of(dataset);
  switch (H5Pget_layout(creation)) {
    case H5D_VIRTUAL:
      return check_sources(dataset, creation, directory, nested);
    case H5D_CHUNKED:
      return check_chunks(dataset, creation);
    case H5D_COMPACT:
      return;
    default:
      break;
  }
  if (H5Pget_external_count(creation) > 0) return check_external(creation, directory);
  H5D_space_status_t status{};
  hdf5::check(H5Dget_space_status(dataset, &status), "a damaged dataset");
  if (status != H5D_SPACE_STATUS_ALLOCATED)
    throw Refusal("never written: it has a shape, and no data; a file closed after all was written is needed");
}

}  // namespace

void check_complete(hid_t dataset, const std::string& directory) { check_dataset(dataset, directory, 0); }

std::vector<double> missing_values(hid_t dataset) {
  std::vector<double> values;
  for (const char* name : {"_FillValue", "missing_value"})
    if (const auto value = number(dataset, name)) values.push_back(*value);
  const hdf5::Handle creation = creation_of(dataset);
  H5D_fill_value_t defined{};
  double fill = 0;
  if (H5Pfill_value_defined(creation, &defined) >= 0 && defined == H5D_FILL_VALUE_USER_DEFINED &&
      H5Pget_fill_value(creation, H5T_NATIVE_DOUBLE, &fill) >= 0 && fill != 0)
    values.push_back(fill);
  return values;
}

}  // namespace theoremeter::weights
