// Weight files, good and bad. The .npy files are written here byte by byte, as NumPy's format description says.
#include "results/hdf5.hpp"
#include "results/weights.hpp"
#include "results/weights/elements.hpp"
#include "results/weights/names.hpp"
#include "theory/error.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

namespace theoremeter::test_weights {
namespace {

namespace fs = std::filesystem;

/// A directory that goes away with the test.
struct Scratch {
  fs::path path = fs::temp_directory_path() / fmt::format("theoremeter-weights-{}", getpid());
  Scratch() { fs::create_directories(path); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { fs::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
};

void save(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

template <class T>
std::string bytes_of(const std::vector<T>& values, bool swap = false) {
  std::string bytes;
  for (const T& v : values) {
    char raw[sizeof(T)];
    std::memcpy(raw, &v, sizeof(T));
    if (swap) std::reverse(raw, raw + sizeof(T));
    bytes.append(raw, sizeof(T));
  }
  return bytes;
}

std::string npy(int major, const std::string& dictionary, const std::string& data) {
  const auto length = static_cast<unsigned>(dictionary.size());
  std::string size{static_cast<char>(length & 255), static_cast<char>(length >> 8)};
  if (major > 1) size += std::string(2, '\0');
  return std::string("\x93NUMPY") + static_cast<char>(major) + std::string(1, '\0') + size + dictionary + data;
}

std::string dictionary(const std::string& descr, bool fortran, const std::string& shape) {
  return fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}    \n", descr, fortran ? "True" : "False",
                     shape);
}

/// The matrix that is read.
Rows read(const std::string& spec) { return read_weights(spec).matrices.at(0).W; }

std::string message(const std::string& spec) {
  try {
    read_weights(spec);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

/// The message is one line and holds `part`.
void refused(const std::string& spec, const std::string& part) {
  const std::string text = message(spec);
  CAPTURE(text);
  CAPTURE(part);
  CHECK(text.find(part) != std::string::npos);
  CHECK(text.find('\n') == std::string::npos);
}

const Rows W = (Rows(2, 3) << 1, 2, 3, -4, 5, 6).finished();

}  // namespace

TEST_CASE("npy: versions, byte orders, element types, C and Fortran order") {
  const Scratch scratch;
  const std::string path = scratch / "w.npy";
  const std::vector<double> c{1, 2, 3, -4, 5, 6}, fortran{1, -4, 2, 5, 3, 6};
  for (int major : {1, 2, 3}) {
    save(path, npy(major, dictionary("<f8", false, "(2, 3)"), bytes_of(c)));
    CHECK(read(path) == W);
  }
  save(path, npy(1, dictionary(">f8", true, "(2, 3)"), bytes_of(fortran, true)));
  CHECK(read(path) == W);
  save(path, npy(1, dictionary("<f4", true, "(2, 3)"), bytes_of(std::vector<float>(fortran.begin(), fortran.end()))));
  CHECK(read(path) == W);
  save(path, npy(1, dictionary(">i2", false, "(2, 3)"), bytes_of(std::vector<std::int16_t>{1, 2, 3, -4, 5, 6}, true)));
  CHECK(read(path) == W);
  save(path, npy(1, dictionary("|i1", false, "(2, 3)"), bytes_of(std::vector<std::int8_t>{1, 2, 3, -4, 5, 6})));
  CHECK(read(path) == W);
  save(path, npy(1, dictionary("<u8", false, "(1, 2)"), bytes_of(std::vector<std::uint64_t>{7, 8})));
  CHECK(read(path) == (Rows(1, 2) << 7, 8).finished());
  fs::rename(path, scratch / "a:b.npy");
  CHECK(read(scratch / "a:b.npy").cols() == 2);
}

TEST_CASE("npy: bad files are refused in one line") {
  const Scratch scratch;
  const std::string path = scratch / "w.npy";
  const std::vector<double> six{1, 2, 3, -4, 5, 6};
  const auto with = [&](const std::string& descr, const std::string& shape, const std::string& data) {
    save(path, npy(1, dictionary(descr, false, shape), data));
  };
  const std::string good = npy(1, dictionary("<f8", false, "(2, 3)"), bytes_of(six));
  refused(scratch / "none.npy", "no such file");
  refused("", "no such file");
  refused(scratch.path.string(), "a directory");
  refused("/dev/null", "not a regular file");
  save(path, "");
  refused(path, "neither");
  save(path, "hello, this is text");
  refused(path, "neither");
  save(path, "PK\x03\x04 archive");
  refused(path, "damaged zip archive");
  for (std::size_t length = 6; length < good.size(); length += 3) {
    save(path, good.substr(0, length));
    refused(path, "truncated");
  }
  save(path, good + "x");
  refused(path, "too long");
  save(path, good);
  refused(path + ":W", "no dataset W");
  with("<f8", "(6,)", bytes_of(six));
  refused(path, "shape (6)");
  with("<f8", "(1, 2, 3)", bytes_of(six));
  refused(path, "shape (1, 2, 3)");
  with("<f8", "()", bytes_of(six));
  refused(path, "shape ()");
  with("<f8", "(0, 3)", "");
  refused(path, "0 x 3");
  with("<f8", "(2, -3)", "");
  refused(path, "damaged .npy header");
  with("<f8", "(4000000000, 4000000000)", "");
  refused(path, "GiB");
  for (const char* type : {"<c16", "|b1", "<f3", "|O", "<U5", "?", ""}) {
    with(type, "(2, 3)", bytes_of(six));
    refused(path, fmt::format("type '{}'", type));
  }
  save(path, npy(1, "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2, 3), }\n", bytes_of(six)));
  refused(path, "structured");
  save(path, npy(9, dictionary("<f8", false, "(2, 3)"), bytes_of(six)));
  refused(path, "format 9");
  for (const char* text : {"{}", "{'descr'", "{'descr': ", "{'descr': '<f8', 'fortran_order': 7, 'shape': (2, 3)}",
                           "{'descr': '<f8', 'fortran_order': False, 'shape': (2, x)}"}) {
    save(path, npy(1, text, bytes_of(six)));
    refused(path, "damaged .npy header");
  }
  with("<f8", "(2, 3)", bytes_of(std::vector<double>{1, 2, 3, 4, std::numeric_limits<double>::quiet_NaN(), 6}));
  refused(path, "W[1, 1] is nan");
  with("<f4", "(2, 3)", bytes_of(std::vector<float>{1, 2, -std::numeric_limits<float>::infinity(), 4, 5, 6}));
  refused(path, "W[0, 2] is -inf");
  with("<i8", "(1, 1)", bytes_of(std::vector<std::int64_t>{(std::int64_t{1} << 53) + 1}));
  refused(path, "of 2^53 or beyond");
}

TEST_CASE("HDF5: the only matrix is found, others are named") {
  const Scratch scratch;
  const std::string path = scratch / "w.h5";
  const auto make = [&](const auto& fill) {
    const hdf5::Handle file = hdf5::create_in_memory();
    fill(file);
    const std::vector<char> bytes = hdf5::image(file);
    save(path, std::string(bytes.begin(), bytes.end()));
  };
  const std::vector<double> six{1, 2, 3, -4, 5, 6};
  const auto one = [&](hid_t file) {
    const hdf5::Handle group(H5Gcreate2(file, "layer", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose, "group");
    hdf5::write_dataset(file, "layer/kernel", {2, 3}, six);
    hdf5::write_dataset(file, "layer/bias", {6}, six);
    hdf5::write_dataset(file, "layer/steps", {2, 3}, std::vector<std::int64_t>{1, 2, 3, -4, 5, 6});
    hdf5::write_dataset(file, "layer/names", {1}, std::vector<std::string>{"a"});
  };
  make(one);
  CHECK(read(path) == W);
  CHECK(read(path + ":layer/kernel") == W);
  CHECK(read(path + ":/layer/kernel") == W);
  CHECK(read(path + ":layer/steps") == W);  // integers, when named
  refused(path + ":layer/kernl", "did you mean layer/kernel?");
  refused(path + ":zzz", "the file holds layer/bias, layer/kernel");
  refused(path + ":layer/bias", "shape (6)");
  refused(path + ":layer/names", "wrong type");
  refused(path + ":layer", "no dataset layer");

  make([&](hid_t file) {
    one(file);
    hdf5::write_dataset(file, "second", {3, 2}, six);
  });
  refused(path, "2 matrices inside (layer/kernel, second); name one");
  CHECK(read(path + ":second").rows() == 3);

  make([](hid_t file) { hdf5::write_dataset(file, "steps", {1, 1}, std::vector<std::int64_t>{1}); });
  refused(path, "no floating-point matrix");
  make([](hid_t) {});
  refused(path, "no floating-point matrix");
  refused(path + ":W", "the file holds none");
  make([](hid_t file) {
    hdf5::write_dataset(file, "W", {1, 2}, std::vector<double>{0, std::numeric_limits<double>::infinity()});
  });
  refused(path, "W[0, 1] is inf");
}

TEST_CASE("HDF5: truncated and damaged files are refused in one line") {
  const Scratch scratch;
  const std::string path = scratch / "w.h5";
  const hdf5::Handle file = hdf5::create_in_memory();
  hdf5::write_dataset(file, "W", {50, 40}, std::vector<double>(2000, 0.5));
  const std::vector<char> bytes = hdf5::image(file);
  const std::string good(bytes.begin(), bytes.end());
  for (std::size_t length : {std::size_t{8}, std::size_t{100}, good.size() / 2, good.size() - 1}) {
    save(path, good.substr(0, length));
    refused(path, "weights " + path);
  }
  std::string flipped = good;
  const hdf5::Handle set = hdf5::open_dataset(file, "W");
  hsize_t place[2], size = 0;
  haddr_t address = 0;
  unsigned filters = 0;
  REQUIRE(H5Dget_chunk_info(set, hdf5::Handle(H5Dget_space(set), H5Sclose, "no space"), 0, place, &filters, &address,
                            &size) >= 0);
  flipped[address + size / 2] ^= 1;
  save(path, flipped);
  refused(path, "cannot be read: damaged");
  save(path, good);
  CHECK(read(path).sum() == 1000);
}

TEST_CASE("networks: layers in natural order, from one HDF5 file or a .npy each") {
  const Scratch scratch;
  const std::string path = scratch / "net.h5";
  const auto make = [&](auto&& fill) {
    const hdf5::Handle file = hdf5::create_in_memory();
    fill(file);
    const std::vector<char> image = hdf5::image(file);
    save(path, {image.begin(), image.end()});
  };
  const auto layer = [](hid_t file, const std::string& name, hsize_t n, hsize_t k) {
    hdf5::write_dataset(file, name, {n, k}, std::vector<double>(n * k, static_cast<double>(n)));
  };
  const auto network_refused = [&](const std::string& spec, const std::string& part) {
    std::string text = "accepted";
    try {
      read_network(spec);
    } catch (const InputError& error) {
      text = error.what();
    }
    CAPTURE(text);
    CHECK(text.find(part) != std::string::npos);
    CHECK(text.find('\n') == std::string::npos);
  };
  make([&](hid_t file) {
    for (hsize_t i = 12; i > 0; --i) layer(file, fmt::format("W_{}", i), i + 2, i + 1);
  });
  const std::vector<ReadMatrix> layers = read_network(path).matrices;
  REQUIRE(layers.size() == 12);
  for (std::size_t i = 0; i < 12; ++i) {
    CHECK(layers[i].W.rows() == static_cast<Eigen::Index>(i) + 3);
    CHECK(layers[i].source.dataset == fmt::format("W_{}", i + 1));
  }

  make([&](hid_t file) {
    layer(file, "0.weight", 5, 2);
    hdf5::write_dataset(file, "0.bias", {5}, std::vector<double>(5));
  });
  network_refused(path, "dataset 0.bias has rank 1, as biases do");
  make([&](hid_t file) {
    layer(file, "W_1", 5, 2);
    layer(file, "W_2", 4, 6);
  });
  network_refused(path, "layer 2 is 4 x 6, but layer 1 has 5 neurons");
  make([](hid_t) {});
  network_refused(path, "no layer inside");

  const std::string a = scratch / "a.npy", b = scratch / "b.npy";
  save(a, npy(1, dictionary("<f8", false, "(2, 1)"), bytes_of(std::vector<double>{1, 2})));
  save(b, npy(1, dictionary("<f8", false, "(1, 2)"), bytes_of(std::vector<double>{3, 4})));
  CHECK(read_network(a + "," + b).matrices.at(1).W(0, 1) == 4);
  network_refused(b + "," + b, "layer 2 is 1 x 2");
  network_refused(a + ",", "no such file");
  network_refused(scratch / "missing.h5", "no such file");
}

TEST_CASE("half precision: every bit pattern, against the definition") {
  using weights::Element;
  std::vector<std::uint16_t> patterns(1 << 16);
  for (std::size_t i = 0; i < patterns.size(); ++i) patterns[i] = static_cast<std::uint16_t>(i);
  const std::string raw = bytes_of(patterns, true);
  const std::vector<char> bytes(raw.begin(), raw.end());
  const Rows half = weights::matrix_of(bytes, {Element::Type::real, 2, true}, 1, 1 << 16, false);
  const Rows brain = weights::matrix_of(bytes, {Element::Type::bfloat, 2, true}, 1, 1 << 16, false);
  for (int i = 0; i < 1 << 16; ++i) {
    const double sign = i >> 15 ? -1 : 1;
    const int e = (i >> 10) & 31, f = i & 1023;
    if (e < 31)  // all powers of two and sums of them: exact
      CHECK(half(0, i) == sign * (e == 0 ? f * std::pow(2.0, -24) : (1 + f / 1024.0) * std::pow(2.0, e - 15)));
    else
      CHECK((f == 0 ? half(0, i) == sign * INFINITY : std::isnan(half(0, i))));
    const int e8 = (i >> 7) & 255, f7 = i & 127;
    if (e8 > 0 && e8 < 255) CHECK(brain(0, i) == sign * (1 + f7 / 128.0) * std::pow(2.0, e8 - 127));
  }
}

TEST_CASE("names: numbers are compared as numbers, padded or not") {
  using namespace weights;
  const std::vector<std::string> sorted{"W",          "W_1",         "W_02",        "W_3",
                                        "W_010",      "W_11",        "dense",       "dense/a/2",
                                        "dense/a/10", "dense_1/a/1", "dense_2/a/1", "dense_10/a/1"};
  for (std::size_t i = 0; i < sorted.size(); ++i)
    for (std::size_t j = 0; j < sorted.size(); ++j) {
      CAPTURE(sorted[i]);
      CAPTURE(sorted[j]);
      CHECK(naturally_before(sorted[i], sorted[j]) == (i < j));
    }
  CHECK(numbered({"0.weight", "2.weight", "10.weight"}));
  CHECK(numbered({"dense/dense/kernel:0", "dense_1/dense_1/kernel:0"}));
  CHECK_FALSE(numbered({"input", "hidden"}));
  CHECK(names_bias("dense/bias:0"));
  CHECK(names_bias("b_1"));
  CHECK_FALSE(names_bias("W_b/weight"));
}

TEST_CASE("headers cut short, or changed in one byte, never ask for more memory than the file could need") {
  const Scratch scratch;
  const std::string path = scratch / "w";
  const std::string text = "{\"W\":{\"dtype\":\"F64\",\"shape\":[2,3],\"data_offsets\":[0,48]}}";
  const std::string data = bytes_of(std::vector<double>{1, 2, 3, -4, 5, 6});
  const std::string tensors = std::string(1, static_cast<char>(text.size())) + std::string(7, '\0') + text + data;
  const std::string array = npy(1, dictionary("<f8", false, "(2, 3)"), data);
  for (const std::string& good : {tensors, array}) {
    save(path, good);
    CHECK(read(path) == W);
    for (std::size_t length = 0; length < good.size(); ++length) {
      save(path, good.substr(0, length));
      CHECK(message(path) != "accepted");
    }
    for (std::size_t at = 0; at < good.size() - data.size(); ++at)
      for (const int bit : {1, 8, 64, 128}) {
        std::string changed = good;
        changed[at] = static_cast<char>(changed[at] ^ bit);
        save(path, changed);
        CHECK(message(path).find('\n') == std::string::npos);  // read or refused, neither crashed nor out of memory
      }
  }
}

TEST_CASE("sizes are checked before memory is asked for") {
  CHECK_NOTHROW(check_sizes(1, 1, "W"));
  CHECK_THROWS_WITH_AS(check_sizes(0, 3, "W"), "W: 0 x 3; both sizes must be at least 1", InputError);
  CHECK_THROWS_AS(check_sizes(3, -1, "W"), InputError);
  CHECK_THROWS_AS(check_sizes(std::int64_t{1} << 62, std::int64_t{1} << 62, "W"), InputError);
}

}  // namespace theoremeter::test_weights
