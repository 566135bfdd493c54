#include "results/weights/hdf5_complete.hpp"

#include "results/weights/bytes.hpp"
#include "results/weights/hdf5_links.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace theoremeter::weights {
namespace {

namespace fs = std::filesystem;

constexpr int most_nested = 8;  // virtual datasets of virtual datasets

void check_dataset(hid_t dataset, const fs::path& file, int nested);

hdf5::Handle creation_of(hid_t dataset) {
  return {H5Dget_create_plist(dataset), H5Pclose, "a dataset without properties"};
}

/// The file that HDF5 opens as a source: beside the file that names it, here, or beside what that is a link to; one
/// named with all its folders as it stands first, then by its last name.
std::optional<fs::path> located(const fs::path& name, const fs::path& file) {
  std::error_code ignored;
  if (name.is_absolute() && fs::exists(name, ignored)) return name;
  const fs::path relative = name.is_absolute() ? name.filename() : name;
  for (const fs::path& folder : {file.parent_path(), fs::path(), fs::canonical(file, ignored).parent_path()})
    if (fs::exists(folder / relative, ignored)) return folder / relative;
  return std::nullopt;
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

void check_source(hid_t from, hid_t taken, hssize_t entries, const std::string& told, const std::string& name,
                  const fs::path& file, int nested) try {
  const hdf5::Handle source = hdf5::open_dataset(from, name);
  check_dataset(source, file, nested + 1);
  const hdf5::Handle space(H5Dget_space(source), H5Sclose, "a dataset without a shape");
  const hssize_t there = H5Sget_simple_extent_npoints(space);
  if (H5Sget_select_type(taken) == H5S_SEL_ALL && there != entries)
    throw Refusal(fmt::format("it has {} entries where {} were", there, entries));
} catch (const std::runtime_error& error) {
  throw Refusal(fmt::format("its source {}:{} is not whole: {}", told, name, error.what()));
}

/// Entries of a virtual dataset that come from some source, each counted once.
class Mapped {
 public:
  void add(hdf5::Handle part) {
    if (H5Sget_select_type(part) == H5S_SEL_ALL) all_ = true;
    if (all_) return;
    if (!parts_)
      parts_.emplace(std::move(part));
    else
      hdf5::check(H5Smodify_select(*parts_, H5S_SELECT_OR, part), "a damaged virtual dataset");
  }
  hssize_t count(hssize_t all) const { return all_ ? all : parts_ ? H5Sget_select_npoints(*parts_) : 0; }

 private:
  bool all_ = false;
  std::optional<hdf5::Handle> parts_;
};

/// Every source is there, and together they leave no gap.
void check_sources(hid_t dataset, hid_t creation, const fs::path& file, int nested) {
  if (nested > most_nested) throw Refusal("a virtual dataset of virtual datasets, too often over");
  std::size_t count = 0;
  hdf5::check(H5Pget_virtual_count(creation, &count), "a damaged virtual dataset");
  const hdf5::Handle space(H5Dget_space(dataset), H5Sclose, "a dataset without a shape");
  const hssize_t all = H5Sget_simple_extent_npoints(space);
  Mapped mapped;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string from =
        name_of([&](char* to, std::size_t n) { return H5Pget_virtual_filename(creation, i, to, n); });
    const std::string name =
        name_of([&](char* to, std::size_t n) { return H5Pget_virtual_dsetname(creation, i, to, n); });
    hdf5::Handle part(H5Pget_virtual_vspace(creation, i), H5Sclose, "a damaged virtual dataset");
    const hdf5::Handle taken(H5Pget_virtual_srcspace(creation, i), H5Sclose, "a damaged virtual dataset");
    const hssize_t entries = H5Sget_select_npoints(part);
    if (entries < 0 || from.find('%') != std::string::npos || name.find('%') != std::string::npos)
      throw Refusal("a virtual dataset without an end; copy it into a plain one, as h5py's f['W'][...] does");
    mapped.add(std::move(part));
    if (from == ".") {
      const hdf5::Handle own(H5Iget_file_id(dataset), H5Fclose, "a damaged virtual dataset");
      check_source(own, taken, entries, from, name, file, nested);
      continue;
    }
    const auto found = located(from, file);
    if (!found)
      throw Refusal(fmt::format("its source {} is missing: a virtual dataset needs the files it was made of", from));
    check_source(hdf5::open_file(found->string()), taken, entries, from, name, *found, nested);
  }
  if (mapped.count(all) < all)
    throw Refusal(
        fmt::format("the sources of this virtual dataset cover {} of its {} entries", mapped.count(all), all));
}

/// HDF5 takes their names as they stand: from the working directory on.
void check_external(hid_t creation) {
  const int count = H5Pget_external_count(creation);
  for (int i = 0; i < count; ++i) {
    std::array<char, 4096> name{};
    off_t offset = 0;
    hsize_t size = 0;
    hdf5::check(H5Pget_external(creation, static_cast<unsigned>(i), name.size() - 1, name.data(), &offset, &size),
                "a damaged dataset");
    std::error_code error;
    const auto held = fs::file_size(name.data(), error);
    if (error)
      throw Refusal(
          fmt::format("its data are in {0}, which is missing; HDF5 looks for {0} from the working directory on, so go "
                      "where it is",
                      name.data()));
    if (size != H5F_UNLIMITED && held < static_cast<std::uint64_t>(offset) + size)
      throw Refusal(fmt::format("its data are in {}, which is truncated", name.data()));
  }
}

void check_dataset(hid_t dataset, const fs::path& file, int nested) {
  const hdf5::Handle creation = creation_of(dataset);
  switch (H5Pget_layout(creation)) {
    case H5D_VIRTUAL:
      return check_sources(dataset, creation, file, nested);
    case H5D_CHUNKED:
      return check_chunks(dataset, creation);
    case H5D_COMPACT:
      return;
    default:
      break;
  }
  if (H5Pget_external_count(creation) > 0) return check_external(creation);
  H5D_space_status_t status{};
  hdf5::check(H5Dget_space_status(dataset, &status), "a damaged dataset");
  if (status != H5D_SPACE_STATUS_ALLOCATED)
    throw Refusal("never written: it has a shape, and no data; a file closed after all was written is needed");
}

/// The same number in the dataset's own type, in which it was written or compared: 1e20 of float32 is another.
double as_stored(hid_t dataset, double value) {
  const hdf5::Handle type(H5Dget_type(dataset), H5Tclose, "a dataset without a type");
  if (H5Tget_class(type) != H5T_FLOAT || H5Tget_size(type) > sizeof value) return value;
  double copy = value;
  hdf5::check(H5Tconvert(H5T_NATIVE_DOUBLE, type, 1, &copy, nullptr, H5P_DEFAULT), "a damaged type");
  hdf5::check(H5Tconvert(type, H5T_NATIVE_DOUBLE, 1, &copy, nullptr, H5P_DEFAULT), "a damaged type");
  return copy;
}

}  // namespace

void check_complete(hid_t dataset, const std::string& file) { check_dataset(dataset, file, 0); }

std::vector<double> missing_values(hid_t dataset) {
  std::vector<double> values;
  for (const char* name : {"_FillValue", "missing_value"})
    for (const double value : numbers(dataset, name)) values.push_back(as_stored(dataset, value));
  const hdf5::Handle creation = creation_of(dataset);
  H5D_fill_value_t defined{};
  double fill = 0;
  if (H5Pfill_value_defined(creation, &defined) >= 0 && defined == H5D_FILL_VALUE_USER_DEFINED &&
      H5Pget_fill_value(creation, H5T_NATIVE_DOUBLE, &fill) >= 0 && fill != 0)
    values.push_back(fill);
  return values;
}

std::pair<double, double> valid_range(hid_t dataset) {
  std::pair<double, double> range{-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
  const std::vector<double> both = numbers(dataset, "valid_range");
  if (!both.empty() && both.size() != 2) throw hdf5::Error("attribute valid_range holds other than two numbers");
  if (both.size() == 2) range = {as_stored(dataset, both[0]), as_stored(dataset, both[1])};
  if (const auto least = number(dataset, "valid_min")) range.first = as_stored(dataset, *least);
  if (const auto most = number(dataset, "valid_max")) range.second = as_stored(dataset, *most);
  return range;
}

std::vector<std::string> missing_filters(hid_t dataset) {
  std::vector<std::string> missing;
  const hdf5::Handle creation = creation_of(dataset);
  if (H5Pget_layout(creation) != H5D_CHUNKED) return missing;
  const int count = H5Pget_nfilters(creation);
  for (int i = 0; i < count; ++i) {
    std::array<char, 256> name{};
    unsigned flags = 0, configuration = 0;
    std::size_t values = 0;
    const H5Z_filter_t filter = H5Pget_filter2(creation, static_cast<unsigned>(i), &flags, &values, nullptr,
                                               name.size() - 1, name.data(), &configuration);
    if (filter < 0 || H5Zfilter_avail(filter) > 0) continue;
    missing.push_back(name[0] != '\0' ? std::string(name.data()) : fmt::format("number {}", filter));
  }
  return missing;
}

}  // namespace theoremeter::weights
