#include "results/weights.hpp"

#include "results/hdf5.hpp"
#include "theory/error.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

namespace theoremeter {
namespace {

namespace fs = std::filesystem;

struct Spec {
  std::string file;
  std::string dataset;  // "" when none is named
};

/// Splits at the first colon behind which FILE exists: names may themselves hold colons.
Spec split(const std::string& spec) {
  std::error_code ignored;
  if (fs::exists(spec, ignored)) return {spec, ""};
  for (std::size_t colon = spec.find(':'); colon != std::string::npos; colon = spec.find(':', colon + 1))
    if (fs::exists(spec.substr(0, colon), ignored)) return {spec.substr(0, colon), spec.substr(colon + 1)};
  throw InputError(fmt::format("weights {}: no such file", spec.empty() ? "\"\"" : spec));
}

/// NaN or infinity is refused with its place; so are integers that a double cannot hold.
void check_entries(const Rows& W, bool integer, const std::string& spec) {
  for (Eigen::Index i = 0; i < W.rows(); ++i)
    for (Eigen::Index j = 0; j < W.cols(); ++j) {
      const double w = W(i, j);
      if (!std::isfinite(w))
        throw InputError(fmt::format("weights {}: W[{}, {}] is {}; all must be finite", spec, i, j, w));
      if (integer && std::abs(w) >= 0x1p53)
        throw InputError(
            fmt::format("weights {}: W[{}, {}] is an integer beyond 2^53; store it as float64", spec, i, j));
    }
}

// --- NumPy ----------------------------------------------------------------------------------------------------------

constexpr char npy_magic[] = "\x93NUMPY";

struct NpyHeader {
  std::string descr;  // e.g. "<f8"
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
};

/// The text after `'key':` in the header's Python dictionary, or nothing.
std::optional<std::string> value_of(const std::string& header, const std::string& key) {
  const std::size_t at = header.find("'" + key + "'");
  if (at == std::string::npos) return {};
  const std::size_t value = header.find_first_not_of(": ", at + key.size() + 2);
  if (value == std::string::npos) return {};
  return header.substr(value);
}

/// "(3, 4), ..." -> {3, 4}; nothing when it is no tuple of non-negative integers.
std::optional<std::vector<std::int64_t>> parse_shape(const std::string& text) {
  const std::size_t close = text.find(')');
  if (text[0] != '(' || close == std::string::npos) return {};
  std::vector<std::int64_t> shape;
  const char *p = text.data() + 1, *end = text.data() + close;
  while (true) {
    p = std::find_if(p, end, [](char c) { return c != ' ' && c != ','; });
    if (p == end) return shape;
    std::int64_t size = 0;
    const auto [next, error] = std::from_chars(p, end, size);
    if (error != std::errc() || size < 0) return {};
    shape.push_back(size);
    p = next;
  }
}

NpyHeader parse_npy_header(const std::string& text, const std::string& spec) {
  const auto descr = value_of(text, "descr"), order = value_of(text, "fortran_order"), shape = value_of(text, "shape");
  const auto sizes = shape ? parse_shape(*shape) : std::nullopt;
  const bool fortran = order && order->starts_with("True");
  if (!descr || !sizes || !order || (!fortran && !order->starts_with("False")))
    throw InputError(fmt::format("weights {}: a damaged .npy header", spec));
  if ((*descr)[0] == '[')
    throw InputError(fmt::format("weights {}: a structured array; float32 or float64 is expected", spec));
  return {descr->substr(1, descr->find('\'', 1) - 1), fortran, *sizes};
}

/// Reads magic, version and header; leaves `in` at the data.
NpyHeader read_npy_header(std::istream& in, const std::string& spec) {
  unsigned char fixed[12] = {};
  in.read(reinterpret_cast<char*>(fixed), 10);
  const int major = fixed[6];
  std::size_t length = fixed[8] + 256u * fixed[9];
  if (in && (major == 2 || major == 3)) {
    in.read(reinterpret_cast<char*>(fixed) + 10, 2);
    length += (std::size_t{fixed[10]} << 16) + (std::size_t{fixed[11]} << 24);
  }
  if (in && (major < 1 || major > 3))
    throw InputError(fmt::format("weights {}: .npy format {} is not known (1, 2 or 3 are)", spec, major));
  if (in && length > (1u << 20)) throw InputError(fmt::format("weights {}: a damaged .npy header", spec));
  std::string header(length, '\0');
  in.read(header.data(), static_cast<std::streamsize>(length));
  if (!in) throw InputError(fmt::format("weights {}: truncated within the .npy header", spec));
  return parse_npy_header(header, spec);
}

template <class T>
double decode(const char* bytes, bool swap) {
  char raw[sizeof(T)];
  std::memcpy(raw, bytes, sizeof(T));
  if (swap) std::reverse(raw, raw + sizeof(T));
  T value;
  std::memcpy(&value, raw, sizeof(T));
  return static_cast<double>(value);
}

using Decode = double (*)(const char*, bool);

/// How to read an element of NumPy's type "f8", "i4", ...; nothing when the type is not accepted.
Decode decoder(const std::string& type) {
  if (type == "f8") return decode<double>;
  if (type == "f4") return decode<float>;
  if (type == "i8") return decode<std::int64_t>;
  if (type == "i4") return decode<std::int32_t>;
  if (type == "i2") return decode<std::int16_t>;
  if (type == "i1") return decode<std::int8_t>;
  if (type == "u8") return decode<std::uint64_t>;
  if (type == "u4") return decode<std::uint32_t>;
  if (type == "u2") return decode<std::uint16_t>;
  if (type == "u1") return decode<std::uint8_t>;
  return nullptr;
}

/// The n k elements after the header, which must be exactly what the file holds.
std::vector<char> read_npy_data(std::istream& in, std::uint64_t bytes, const std::string& spec) {
  const auto start = in.tellg();
  in.seekg(0, std::ios::end);
  const auto held = static_cast<std::uint64_t>(in.tellg() - start);
  if (held != bytes)
    throw InputError(fmt::format("weights {}: {}, {} bytes of data where the header says {}", spec,
                                 held < bytes ? "truncated" : "too long", held, bytes));
  in.seekg(start);
  std::vector<char> data(bytes);
  in.read(data.data(), static_cast<std::streamsize>(bytes));
  if (!in) throw InputError(fmt::format("weights {}: cannot be read", spec));
  return data;
}

Rows read_npy(std::istream& in, const std::string& spec) {
  const NpyHeader header = read_npy_header(in, spec);
  const bool typed = header.descr.size() == 3 && std::strchr("<>|=", header.descr[0]);
  const Decode element = typed ? decoder(header.descr.substr(1)) : nullptr;
  if (!element)
    throw InputError(
        fmt::format("weights {}: type '{}'; float32, float64 or an integer type is expected", spec, header.descr));
  if (header.shape.size() != 2)
    throw InputError(
        fmt::format("weights {}: shape ({}); a matrix n x k is expected", spec, fmt::join(header.shape, ", ")));
  const Eigen::Index n = header.shape[0], k = header.shape[1];
  check_sizes(n, k, "weights " + spec);

  const auto width = static_cast<Eigen::Index>(header.descr[2] - '0');
  const std::vector<char> data = read_npy_data(in, static_cast<std::uint64_t>(n * k * width), spec);
  const bool little = header.descr[0] != '>';
  const bool swap = header.descr[0] != '=' && little != (std::endian::native == std::endian::little);
  Rows W(n, k);
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index j = 0; j < k; ++j)
      W(i, j) = element(data.data() + width * (header.fortran_order ? i + n * j : i * k + j), swap);
  check_entries(W, header.descr[1] != 'f', spec);
  return W;
}

// --- HDF5 -----------------------------------------------------------------------------------------------------------

struct Candidate {
  std::string path;
  bool matrix;  // of rank 2 and floating-point
};

/// Called from C, through which nothing may be thrown.
herr_t collect(hid_t root, const char* name, const H5O_info_t* info, void* candidates) noexcept try {
  if (info->type != H5O_TYPE_DATASET) return 0;
  const hdf5::Handle set = hdf5::open_dataset(root, name);
  const hdf5::Handle type(H5Dget_type(set), H5Tclose, "a dataset without a type");
  static_cast<std::vector<Candidate>*>(candidates)
      ->push_back({name, hdf5::shape_of(set).size() == 2 && H5Tget_class(type) == H5T_FLOAT});
  return 0;
} catch (...) {
  return -1;
}

std::vector<Candidate> datasets(hid_t file) {
  std::vector<Candidate> found;
  hdf5::check(H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, collect, &found), "a damaged HDF5 file");
  return found;
}

/// "a, b, c and 7 more"
std::string listing(const std::vector<std::string>& names) {
  const std::size_t shown = std::min<std::size_t>(names.size(), 8);
  std::string list =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  return shown == names.size() ? list : fmt::format("{} and {} more", list, names.size() - shown);
}

/// The dataset named, or the only matrix of floats.
std::string choose(hid_t file, const Spec& spec) {
  if (!spec.dataset.empty() && H5Oexists_by_name(file, spec.dataset.c_str(), H5P_DEFAULT) > 0) return spec.dataset;
  std::vector<std::string> all, matrices;
  for (const Candidate& c : datasets(file)) {
    all.push_back(c.path);
    if (c.matrix) matrices.push_back(c.path);
  }
  if (spec.dataset.empty()) {
    if (matrices.size() == 1) return matrices[0];
    if (matrices.empty()) throw InputError(fmt::format("weights {}: no floating-point matrix inside", spec.file));
    throw InputError(fmt::format("weights {}: {} matrices inside ({}); name one, as in {}:{}", spec.file,
                                 matrices.size(), listing(matrices), spec.file, matrices[0]));
  }
  if (all.empty())
    throw InputError(fmt::format("weights {}: no dataset {}; the file holds none", spec.file, spec.dataset));
  const std::string near = nearest(spec.dataset, all);
  throw InputError(fmt::format("weights {}: no dataset {}; {}", spec.file, spec.dataset,
                               near.empty() ? "the file holds " + listing(all) : "did you mean " + near + "?"));
}

Rows read_matrix(hid_t file, const std::string& path, const std::string& spec) {
  const hdf5::Handle set = hdf5::open_dataset(file, path);
  const hdf5::Handle type(H5Dget_type(set), H5Tclose, "a dataset without a type");
  const bool integer = H5Tget_class(type) == H5T_INTEGER;
  if ((!integer && H5Tget_class(type) != H5T_FLOAT) || H5Tget_size(type) > 8)
    throw InputError(fmt::format(
        "weights {}: dataset {} has a wrong type; float32, float64 or an integer type is expected", spec, path));
  const hdf5::Shape shape = hdf5::shape_of(set);
  if (shape.size() != 2)
    throw InputError(fmt::format("weights {}: dataset {} has shape {}; a matrix n x k is expected", spec, path,
                                 hdf5::to_string(shape)));
  const auto n = static_cast<std::int64_t>(shape[0]), k = static_cast<std::int64_t>(shape[1]);
  check_sizes(n, k, fmt::format("weights {}: dataset {}", spec, path));
  Rows W(n, k);
  hdf5::check(
      H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, W.data()),
      fmt::format("dataset {} cannot be read: damaged, or compressed by a filter this HDF5 library lacks", path));
  check_entries(W, integer, spec);
  return W;
}

/// Names with their numbers compared as numbers: W_2 comes before W_10.
bool naturally_before(const std::string& a, const std::string& b) {
  const auto digits = [](const std::string& s, std::size_t at) {
    std::size_t end = at;
    while (end < s.size() && std::isdigit(static_cast<unsigned char>(s[end])) != 0) ++end;
    return end - at;
  };
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const std::size_t m = digits(a, i), n = digits(b, j);
    const std::string p = a.substr(i, std::max<std::size_t>(m, 1)), q = b.substr(j, std::max<std::size_t>(n, 1));
    if (m > 0 && n > 0 && m != n) return m < n;
    if (p != q) return p < q;
    i += p.size();
    j += q.size();
  }
  return a.size() < b.size();
}

std::vector<Rows> read_layers(const Spec& spec) {
  const hdf5::Handle file = hdf5::open_file(spec.file);
  std::vector<std::string> paths;
  for (const Candidate& c : datasets(file)) {
    if (!spec.dataset.empty() && !c.path.starts_with(spec.dataset + "/")) continue;
    if (hdf5::shape_of(hdf5::open_dataset(file, c.path)).size() == 1)
      throw InputError(fmt::format(
          "network {}: dataset {} has rank 1, as biases do; the theory is about networks without, G(x) = relu(W_d ... "
          "relu(W_1 x)), so give the weight matrices alone",
          spec.file, c.path));
    paths.push_back(c.path);
  }
  if (paths.empty()) throw InputError(fmt::format("network {}: no layer inside {}", spec.file, spec.dataset));
  std::sort(paths.begin(), paths.end(), naturally_before);
  std::vector<Rows> layers;
  for (const std::string& path : paths) layers.push_back(read_matrix(file, path, spec.file));
  return layers;
}

Rows read_hdf5(const Spec& spec) {
  try {
    const hdf5::Handle file = hdf5::open_file(spec.file);
    return read_matrix(file, choose(file, spec), spec.file);
  } catch (const hdf5::Error& error) {
    throw InputError(fmt::format("weights {}: {}", spec.file, error.what()));
  }
}

}  // namespace

void check_sizes(std::int64_t n, std::int64_t k, const std::string& what) {
  if (n < 1 || k < 1) throw InputError(fmt::format("{}: {} x {}; both sizes must be at least 1", what, n, k));
  const double bytes = 8.0 * static_cast<double>(n) * static_cast<double>(k);
  const double memory = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (bytes > memory / 2)
    throw InputError(fmt::format("{}: {} x {} takes {:.1f} GiB; at most half of this machine's {:.1f} GiB is allowed",
                                 what, n, k, bytes * 0x1p-30, memory * 0x1p-30));
}

Rows read_weights(const std::string& spec_text) {
  const Spec spec = split(spec_text);
  if (fs::is_directory(spec.file))
    throw InputError(fmt::format("weights {}: a directory; a .npy or HDF5 file is expected", spec.file));
  if (!fs::is_regular_file(spec.file)) throw InputError(fmt::format("weights {}: not a regular file", spec.file));
  std::ifstream in(spec.file, std::ios::binary);
  if (!in)
    throw InputError(fmt::format("weights {}: cannot be opened for reading: {}", spec.file, std::strerror(errno)));
  char magic[6] = {};
  in.read(magic, sizeof magic);
  if (std::memcmp(magic, npy_magic, sizeof magic) == 0) {
    if (!spec.dataset.empty())
      throw InputError(fmt::format("weights {}: a .npy file has no dataset {}; leave it out", spec.file, spec.dataset));
    in.seekg(0);
    return read_npy(in, spec.file);
  }
  if (hdf5::is_hdf5(spec.file)) return read_hdf5(spec);
  if (std::memcmp(magic, "PK\x03\x04", 4) == 0)
    throw InputError(fmt::format("weights {}: a zip archive (.npz, .pt); save one array with numpy.save", spec.file));
  throw InputError(fmt::format("weights {}: neither a .npy nor an HDF5 file", spec.file));
}

std::vector<Rows> read_network(const std::string& spec_text) {
  std::vector<std::string> files;
  for (std::size_t begin = 0; begin <= spec_text.size();) {
    const std::size_t end = std::min(spec_text.find(',', begin), spec_text.size());
    files.push_back(spec_text.substr(begin, end - begin));
    begin = end + 1;
  }
  std::vector<Rows> layers;
  const Spec first = split(files[0]);
  if (files.size() == 1 && fs::is_regular_file(first.file) && hdf5::is_hdf5(first.file)) {
    try {
      layers = read_layers(first);
    } catch (const hdf5::Error& error) {
      throw InputError(fmt::format("network {}: {}", first.file, error.what()));
    }
  } else {
    for (const std::string& file : files) layers.push_back(read_weights(file));
  }
  for (std::size_t i = 1; i < layers.size(); ++i)
    if (layers[i].cols() != layers[i - 1].rows())
      throw InputError(fmt::format(
          "network {}: layer {} is {} x {}, but layer {} has {} neurons; rows are neurons, layers go from the input on",
          spec_text, i + 1, layers[i].rows(), layers[i].cols(), i, layers[i - 1].rows()));
  return layers;
}

}  // namespace theoremeter
