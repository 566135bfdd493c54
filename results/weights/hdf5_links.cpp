#include "results/weights/hdf5_links.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace theoremeter::weights {
namespace {

/// Called from C, through which nothing may be thrown.
herr_t collect(hid_t, const char* name, const H5L_info_t* info, void* found) noexcept try {
  static_cast<std::vector<Link>*>(found)->push_back({name, info->corder_valid > 0 ? info->corder : -1});
  return 0;
} catch (...) {
  return -1;
}

std::string trimmed(const char* begin, std::size_t most) {
  std::string text(begin, std::find(begin, begin + most, '\0'));
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

}  // namespace

std::vector<Link> links(hid_t group) {
  std::vector<Link> found;
  hdf5::check(H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect, &found), "a damaged HDF5 file");
  return found;
}

std::optional<hdf5::Handle> follow(hid_t group, const std::string& name) {
  const hid_t object = H5Oopen(group, name.c_str(), H5P_DEFAULT);
  if (object < 0) return std::nullopt;
  return hdf5::Handle(object, H5Oclose, "a damaged HDF5 file");
}

std::pair<unsigned long, haddr_t> identity(hid_t object) {
  H5O_info_t info;
  hdf5::check(H5Oget_info2(object, &info, H5O_INFO_BASIC), "a damaged HDF5 file");
  return {info.fileno, info.addr};
}

std::vector<std::string> texts(hid_t object, const std::string& name) {
  std::vector<std::string> found;
  if (!hdf5::has_attribute(object, name)) return found;
  const hdf5::Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, "a damaged attribute");
  const hdf5::Handle type(H5Aget_type(attribute), H5Tclose, "a damaged attribute");
  if (H5Tget_class(type) != H5T_STRING) return found;
  const hdf5::Handle space(H5Aget_space(attribute), H5Sclose, "a damaged attribute");
  const auto count = static_cast<std::size_t>(std::max<hssize_t>(0, H5Sget_simple_extent_npoints(space)));
  if (count == 0) return found;
  const std::string damaged = fmt::format("attribute {} is damaged", name);
  if (H5Tis_variable_str(type) > 0) {  // read as it is: HDF5 does not convert ASCII to UTF-8
    std::vector<char*> pointers(count, nullptr);
    hdf5::check(H5Aread(attribute, type, pointers.data()), damaged);
    for (const char* text : pointers) found.emplace_back(text ? text : "");
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, pointers.data());
    return found;
  }
  const std::size_t width = H5Tget_size(type);
  std::vector<char> raw(width * count);  // no larger than the attribute's message in the file
  hdf5::check(H5Aread(attribute, type, raw.data()), damaged);
  for (std::size_t i = 0; i < count; ++i) found.push_back(trimmed(raw.data() + i * width, width));
  return found;
}

std::vector<double> numbers(hid_t object, const std::string& name) {
  if (!hdf5::has_attribute(object, name)) return {};
  const hdf5::Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, "a damaged attribute");
  const hdf5::Handle type(H5Aget_type(attribute), H5Tclose, "a damaged attribute");
  const hdf5::Handle space(H5Aget_space(attribute), H5Sclose, "a damaged attribute");
  const bool numeric = H5Tget_class(type) == H5T_FLOAT || H5Tget_class(type) == H5T_INTEGER;
  std::vector<double> values(static_cast<std::size_t>(std::max<hssize_t>(0, H5Sget_simple_extent_npoints(space))));
  if (!numeric || (!values.empty() && H5Aread(attribute, H5T_NATIVE_DOUBLE, values.data()) < 0))
    throw hdf5::Error(fmt::format("attribute {} holds no numbers; write numbers, or delete it", name));
  return values;
}

std::optional<double> number(hid_t object, const std::string& name) {
  if (!hdf5::has_attribute(object, name)) return std::nullopt;
  const std::vector<double> values = numbers(object, name);
  if (values.size() != 1)
    throw hdf5::Error(fmt::format("attribute {} holds {} numbers; one is expected", name, values.size()));
  return values[0];
}

}  // namespace theoremeter::weights
