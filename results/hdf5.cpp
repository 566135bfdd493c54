#include "results/hdf5.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <numeric>
#include <optional>
#include <type_traits>

namespace theoremeter::hdf5 {
namespace {

/// Handles close themselves. At exit the library would try again to complete a file that a full disk cut short, and
/// crash.
[[maybe_unused]] const herr_t not_at_exit = H5dont_atexit();

template <class T>
Handle file_type() {
  hid_t base = H5T_C_S1;
  if constexpr (std::is_same_v<T, double>) base = H5T_IEEE_F64LE;
  if constexpr (std::is_same_v<T, std::int64_t>) base = H5T_STD_I64LE;
  if constexpr (std::is_same_v<T, std::uint64_t>) base = H5T_STD_U64LE;
  if constexpr (std::is_same_v<T, std::int8_t>) base = H5T_STD_I8LE;
  Handle type(H5Tcopy(base), H5Tclose, "cannot make a type");
  if constexpr (std::is_same_v<T, std::string>) {
    check(H5Tset_size(type, H5T_VARIABLE), "cannot make a string type");
    check(H5Tset_cset(type, H5T_CSET_UTF8), "cannot make a string type");
  }
  return type;
}

template <class T>
hid_t memory_type() {
  if constexpr (std::is_same_v<T, double>) return H5T_NATIVE_DOUBLE;
  if constexpr (std::is_same_v<T, std::int64_t>) return H5T_NATIVE_INT64;
  if constexpr (std::is_same_v<T, std::int8_t>) return H5T_NATIVE_INT8;
  return H5T_NATIVE_UINT64;
}

template <class T>
bool type_matches(hid_t type) {
  if constexpr (std::is_same_v<T, double>) return H5Tget_class(type) == H5T_FLOAT;
  if constexpr (std::is_same_v<T, std::string>) return H5Tis_variable_str(type) > 0;
  return H5Tget_class(type) == H5T_INTEGER;
}

std::size_t count(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>());
}

/// Chunks of about this many elements, filled from the last axis on; a file of one point and one of a thousand have
/// as many.
Shape chunk_of(Shape shape, hsize_t most) {
  for (std::size_t i = shape.size(); i-- > 0;) {
    shape[i] = std::clamp<hsize_t>(shape[i], 1, most);
    most = std::max<hsize_t>(1, most / shape[i]);
  }
  return shape;
}

/// How a dataset is stored: in chunks, numbers deflated and with a checksum.
template <class T>
Handle storage(const Shape& shape, const std::string& what) {
  constexpr hsize_t elements = 8192;
  Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, what);
  check(H5Pset_chunk(properties, static_cast<int>(shape.size()), chunk_of(shape, elements).data()), what);
  if constexpr (!std::is_same_v<T, std::string>) {
    check(H5Pset_shuffle(properties), what);
    check(H5Pset_deflate(properties, 1), what);
    check(H5Pset_fletcher32(properties), what);
  }
  return properties;
}

/// Reads into plain values, or through C strings that HDF5 allocates.
template <class T, class Read>
std::vector<T> read_values(std::size_t size, const Read& read, hid_t space, const std::string& what) {
  std::vector<T> values(size);
  if constexpr (std::is_same_v<T, std::string>) {
    const Handle type = file_type<std::string>();
    std::vector<char*> pointers(size, nullptr);
    check(read(type, pointers.data()), what);
    std::transform(pointers.begin(), pointers.end(), values.begin(),
                   [](const char* s) { return s ? std::string(s) : std::string(); });
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, pointers.data());
  } else {
    check(read(memory_type<T>(), values.data()), what);
  }
  return values;
}

template <class T, class Write>
void write_values(const std::vector<T>& values, const Write& write, const std::string& what) {
  if constexpr (std::is_same_v<T, std::string>) {
    std::vector<const char*> pointers(values.size());
    std::transform(values.begin(), values.end(), pointers.begin(), [](const std::string& s) { return s.c_str(); });
    check(write(file_type<std::string>(), pointers.data()), what);
  } else {
    check(write(memory_type<T>(), values.data()), what);
  }
}

template <class T>
void write_attribute_in(hid_t object, const std::string& name, hid_t space, const std::vector<T>& values) {
  const std::string what = fmt::format("cannot write attribute {}", name);
  const Handle attribute(H5Acreate2(object, name.c_str(), file_type<T>(), space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                         what);
  write_values(
      values, [&](hid_t type, const void* data) { return H5Awrite(attribute, type, data); }, what);
}

Handle file_access() { return {H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "cannot make file access properties"}; }

Handle in_memory() {
  Handle access = file_access();
  check(H5Pset_fapl_core(access, std::size_t{1} << 20, false), "cannot make a file in memory");
  return access;
}

Handle without_locks() {
  Handle access = file_access();
  check(H5Pset_file_locking(access, false, true), "cannot make file access properties");
  return access;
}

/// Where the file proper begins: at 0, 512, 1024, 2048, ...; before it may stand what another program likes.
std::optional<std::uint64_t> superblock(std::istream& in) {
  constexpr char signature[] = "\x89HDF\r\n\x1a\n";
  char read[8];
  for (std::uint64_t at = 0; in; at = at == 0 ? 512 : 2 * at) {
    in.seekg(static_cast<std::streamoff>(at));
    if (in.read(read, sizeof read) && std::memcmp(read, signature, sizeof read) == 0) return at;
  }
  return std::nullopt;
}

/// The flags that a writer sets while the file is open, where the superblock has them: from version 3 on.
bool marked_as_written(std::istream& in, std::uint64_t superblock) {
  char head[12] = {};
  in.clear();
  in.seekg(static_cast<std::streamoff>(superblock));
  in.read(head, sizeof head);
  return head[8] >= 3 && (head[11] & 5) != 0;
}

bool locking_is_off() {
  const char* set = std::getenv("HDF5_USE_FILE_LOCKING");
  return set && (std::strcmp(set, "FALSE") == 0 || std::strcmp(set, "0") == 0);
}

/// Why the file cannot be locked for reading, as HDF5 does it; 0 when it can.
int lock_error(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return 0;
  const int error = flock(descriptor, LOCK_SH | LOCK_NB) == 0 ? 0 : errno;
  close(descriptor);  // and unlocks
  return error;
}

}  // namespace

std::string to_string(const Shape& shape) { return fmt::format("({})", fmt::join(shape, ", ")); }

void check(herr_t status, const std::string& what) {
  if (status < 0) throw Error(what);
}

bool is_hdf5(const std::string& path) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  std::ifstream in(path, std::ios::binary);
  return in && superblock(in).has_value();
}

Handle open_file(const std::string& path) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error(fmt::format("cannot be opened for reading: {}", std::strerror(errno)));
  const auto block = superblock(in);
  if (!block && in.bad()) throw Error(fmt::format("cannot be read: {}", std::strerror(errno)));
  if (!block) throw Error("not an HDF5 file");
  hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0 && !locking_is_off()) {
    const int refused = lock_error(path);
    if (refused == EWOULDBLOCK)
      throw Error("locked by a program that writes to it; it can be read when that has ended");
    if (refused != 0) file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, without_locks());
  }
  if (file < 0 && marked_as_written(in, *block))
    throw Error(
        "left open for writing, by a program that still runs or that has crashed; if it has, h5clear -s takes "
        "the mark away");
  return {file, H5Fclose, "a truncated or damaged HDF5 file"};
}

Handle open_image(const std::vector<char>& image) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const Handle access = in_memory();
  check(H5Pset_file_image(access, const_cast<char*>(image.data()), image.size()), "not an HDF5 file");  // it copies
  return {H5Fopen("memory", H5F_ACC_RDONLY, access), H5Fclose, "a truncated or damaged HDF5 file"};
}

Handle create_file(const std::string& path) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "cannot make file access properties");
  // 1.8: headers have checksums, but opening for writing leaves no mark that would shut readers out.
  check(H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18), "cannot make a file");
  check(H5Pset_file_locking(access, false, true), "cannot make a file");
  return {H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access), H5Fclose, "cannot make a file"};
}

Handle create_in_memory() {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  return {H5Fcreate("memory", H5F_ACC_TRUNC, H5P_DEFAULT, in_memory()), H5Fclose, "cannot make a file in memory"};
}

std::vector<char> image(hid_t file) {
  check(H5Fflush(file, H5F_SCOPE_GLOBAL), "cannot complete the file in memory");
  const ssize_t size = H5Fget_file_image(file, nullptr, 0);
  std::vector<char> bytes(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  if (size <= 0 || H5Fget_file_image(file, bytes.data(), bytes.size()) != size)
    throw Error("cannot complete the file in memory");
  return bytes;
}

Handle open_dataset(hid_t location, const std::string& path) {
  return {H5Dopen2(location, path.c_str(), H5P_DEFAULT), H5Dclose, fmt::format("no dataset {}", path)};
}

Shape shape_of(hid_t dataset) {
  const Handle space(H5Dget_space(dataset), H5Sclose, "a dataset without a shape");
  Shape shape(static_cast<std::size_t>(std::max(0, H5Sget_simple_extent_ndims(space))));
  check(H5Sget_simple_extent_dims(space, shape.data(), nullptr), "a dataset without a shape");
  return shape;
}

hsize_t length_of(hid_t location, const std::string& name) {
  const Shape shape = shape_of(open_dataset(location, name));
  if (shape.size() != 1) throw Error(fmt::format("dataset {} is not one-dimensional", name));
  return shape[0];
}

bool has_dataset(hid_t location, const std::string& name) { return H5Lexists(location, name.c_str(), H5P_DEFAULT) > 0; }

std::vector<std::string> names_in(hid_t group) {
  std::vector<std::string> names;
  const auto collect = [](hid_t, const char* name, const H5L_info_t*, void* to) -> herr_t {
    static_cast<std::vector<std::string>*>(to)->emplace_back(name);
    return 0;
  };
  check(H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect, &names), "a damaged group");
  return names;
}

template <class T>
Handle create_dataset(hid_t location, const std::string& name, const Shape& shape) {
  const std::string what = fmt::format("cannot write dataset {}", name);
  Shape most = shape;  // chunks are never larger than an axis may become
  for (hsize_t& length : most)
    if (length == 0) length = H5S_UNLIMITED;
  const Handle space(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), most.data()), H5Sclose, what);
  return {H5Dcreate2(location, name.c_str(), file_type<T>(), space, H5P_DEFAULT, storage<T>(shape, what), H5P_DEFAULT),
          H5Dclose, what};
}

template <class T>
void write_slab(hid_t dataset, const Shape& start, const Shape& count, const std::vector<T>& values) {
  const std::string what = "cannot write a dataset";
  if (hdf5::count(count) != values.size()) throw Error(what);
  if (values.empty()) return;
  const Handle file_space(H5Dget_space(dataset), H5Sclose, what);
  check(H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr), what);
  const Handle space(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), H5Sclose, what);
  write_values(
      values,
      [&](hid_t type, const void* data) { return H5Dwrite(dataset, type, space, file_space, H5P_DEFAULT, data); },
      what);
}

template <class T>
Handle write_dataset(hid_t location, const std::string& name, const Shape& shape, const std::vector<T>& values) {
  Handle set = create_dataset<T>(location, name, shape);
  write_slab(set, Shape(shape.size(), 0), shape, values);
  return set;
}

template <class T>
Handle open_dataset(hid_t location, const std::string& name, const Shape& expected) {
  Handle set = open_dataset(location, name);
  const Handle type(H5Dget_type(set), H5Tclose, "a dataset without a type");
  if (!type_matches<T>(type)) throw Error(fmt::format("dataset {} has a wrong type", name));
  if (const Shape shape = shape_of(set); shape != expected)
    throw Error(fmt::format("dataset {} has shape {}, expected {}", name, to_string(shape), to_string(expected)));
  return set;
}

template <class T>
std::vector<T> read_slab(hid_t dataset, const Shape& start, const Shape& count) {
  const std::string what = "a dataset is damaged";
  const std::size_t size = hdf5::count(count);
  if (size == 0) return {};
  const Handle file_space(H5Dget_space(dataset), H5Sclose, what);
  check(H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr), what);
  const Handle space(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), H5Sclose, what);
  return read_values<T>(
      size, [&](hid_t type, void* data) { return H5Dread(dataset, type, space, file_space, H5P_DEFAULT, data); }, space,
      what);
}

template <class T>
std::vector<T> read_dataset(hid_t location, const std::string& name, const Shape& expected) {
  const Handle set = open_dataset<T>(location, name, expected);
  try {
    return read_slab<T>(set, Shape(expected.size(), 0), expected);
  } catch (const Error&) {
    throw Error(fmt::format("dataset {} is damaged", name));
  }
}

void write_text(hid_t location, const std::string& name, const std::string& text) {
  const std::string what = fmt::format("cannot write dataset {}", name);
  const hsize_t one = 1;
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose, what);
  check(H5Tset_size(type, std::max<std::size_t>(text.size(), 1)), what);
  check(H5Tset_cset(type, H5T_CSET_UTF8), what);
  check(H5Tset_strpad(type, H5T_STR_NULLPAD), what);
  const Handle space(H5Screate_simple(1, &one, nullptr), H5Sclose, what);
  const Handle set(
      H5Dcreate2(location, name.c_str(), type, space, H5P_DEFAULT, storage<std::int8_t>({1}, what), H5P_DEFAULT),
      H5Dclose, what);
  check(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text.c_str()), what);
}

std::string read_text(hid_t location, const std::string& name) {
  const Handle set = open_dataset(location, name);
  const Handle type(H5Dget_type(set), H5Tclose, "a dataset without a type");
  if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) > 0 || shape_of(set) != Shape{1})
    throw Error(fmt::format("dataset {} has a wrong type", name));
  std::string text(H5Tget_size(type), '\0');
  check(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text.data()), fmt::format("dataset {} is damaged", name));
  text.resize(text.find_last_not_of('\0') + 1);
  return text;
}

template <class T>
void write_attribute(hid_t object, const std::string& name, const T& value) {
  write_attribute_in(object, name, Handle(H5Screate(H5S_SCALAR), H5Sclose, "cannot make a scalar"),
                     std::vector<T>{value});
}

template <class T>
void write_attribute(hid_t object, const std::string& name, const std::vector<T>& values) {
  const hsize_t size = values.size();
  write_attribute_in(object, name, Handle(H5Screate_simple(1, &size, nullptr), H5Sclose, "cannot make a list"), values);
}

template <class T>
std::vector<T> read_attributes(hid_t object, const std::string& name) {
  const Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, fmt::format("no attribute {}", name));
  const Handle type(H5Aget_type(attribute), H5Tclose, "an attribute without a type");
  if (!type_matches<T>(type)) throw Error(fmt::format("attribute {} has a wrong type", name));
  const Handle space(H5Aget_space(attribute), H5Sclose, "an attribute without a shape");
  const auto size = static_cast<std::size_t>(std::max<hssize_t>(0, H5Sget_simple_extent_npoints(space)));
  return read_values<T>(
      size, [&](hid_t t, void* data) { return H5Aread(attribute, t, data); }, space,
      fmt::format("attribute {} is damaged", name));
}

template <class T>
T read_attribute(hid_t object, const std::string& name) {
  std::vector<T> values = read_attributes<T>(object, name);
  if (values.size() != 1) throw Error(fmt::format("attribute {} is not a single value", name));
  return std::move(values[0]);
}

bool has_attribute(hid_t object, const std::string& name) { return H5Aexists(object, name.c_str()) > 0; }

#define THEOREMETER_HDF5_TYPE(T)                                                                 \
  template void write_attribute(hid_t, const std::string&, const T&);                            \
  template void write_attribute(hid_t, const std::string&, const std::vector<T>&);               \
  template T read_attribute(hid_t, const std::string&);                                          \
  template std::vector<T> read_attributes(hid_t, const std::string&);                            \
  template Handle create_dataset<T>(hid_t, const std::string&, const Shape&);                    \
  template void write_slab(hid_t, const Shape&, const Shape&, const std::vector<T>&);            \
  template Handle open_dataset<T>(hid_t, const std::string&, const Shape&);                      \
  template std::vector<T> read_slab(hid_t, const Shape&, const Shape&);                          \
  template Handle write_dataset(hid_t, const std::string&, const Shape&, const std::vector<T>&); \
  template std::vector<T> read_dataset(hid_t, const std::string&, const Shape&);
THEOREMETER_HDF5_TYPE(double)
THEOREMETER_HDF5_TYPE(std::int64_t)
THEOREMETER_HDF5_TYPE(std::uint64_t)
THEOREMETER_HDF5_TYPE(std::int8_t)
THEOREMETER_HDF5_TYPE(std::string)

}  // namespace theoremeter::hdf5
