// What the tests of results files share: a directory to write to, failures as text, and what a file holds against what
// its document says.
#pragma once

#include "results/hdf5.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <hdf5_hl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace theoremeter::testing {

namespace fs = std::filesystem;

/// A directory that goes away with the test.
struct Scratch {
  fs::path path = fs::temp_directory_path() / fmt::format("theoremeter-results-{}", getpid());
  Scratch() { fs::create_directories(path); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { fs::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
  std::ptrdiff_t files() const { return std::distance(fs::directory_iterator(path), fs::directory_iterator()); }
};

inline std::string load(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void save(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

inline std::string message(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no error";
}

inline void fails(const std::function<void()>& action, const std::string& part) {
  const std::string text = message(action);
  CAPTURE(text);
  CAPTURE(part);
  CHECK(text.find(part) != std::string::npos);
  CHECK(text.find('\n') == std::string::npos);
}

inline std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, separator);) {
    const auto begin = cell.find_first_not_of(" `"), end = cell.find_last_not_of(" `");
    cells.push_back(begin == std::string::npos ? "" : cell.substr(begin, end - begin + 1));
  }
  return cells;
}

inline void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

inline std::string type_name(hid_t type) {
  if (H5Tis_variable_str(type) > 0) return H5Tget_cset(type) == H5T_CSET_UTF8 ? "string" : "ascii string";
  if (H5Tequal(type, H5T_IEEE_F64LE) > 0) return "float64";
  if (H5Tequal(type, H5T_STD_I64LE) > 0) return "int64";
  return H5Tequal(type, H5T_STD_U64LE) > 0 ? "uint64" : "other";
}

/// The names of the scales attached to the axes: "(point, draw)".
inline std::string dimensions(hid_t set, const std::string& own_name) {
  if (H5DSis_scale(set) > 0) return "(" + own_name + ")";
  std::string text;
  for (unsigned axis = 0; axis < hdf5::shape_of(set).size(); ++axis) {
    const auto name_of = [](hid_t, unsigned, hid_t scale, void* out) -> herr_t {
      char name[100] = {};
      H5DSget_scale_name(scale, name, sizeof name);
      *static_cast<std::string*>(out) += name;
      return 0;
    };
    text += text.empty() ? "" : ", ";
    H5DSiterate_scales(set, axis, nullptr, name_of, &text);
  }
  return "(" + text + ")";
}

inline herr_t list_dataset(hid_t root, const char* name, const H5O_info_t* info, void* out) {
  if (info->type != H5O_TYPE_DATASET) return 0;
  const hdf5::Handle set = hdf5::open_dataset(root, name);
  const hdf5::Handle type(H5Dget_type(set), H5Tclose, "type");
  static_cast<std::set<std::string>*>(out)->insert(
      fmt::format("/{} {} {}", name, type_name(type), dimensions(set, fs::path(name).filename().string())));
  for (const char* attribute : {"long_name", "kind"}) CHECK(!hdf5::read_attribute<std::string>(set, attribute).empty());
  return 0;
}

inline herr_t list_attribute(hid_t root, const char* name, const H5A_info_t*, void* out) {
  const hdf5::Handle attribute(H5Aopen(root, name, H5P_DEFAULT), H5Aclose, "attribute");
  const hdf5::Handle type(H5Aget_type(attribute), H5Tclose, "type"), space(H5Aget_space(attribute), H5Sclose, "space");
  std::string suffix = H5Sget_simple_extent_ndims(space) == 0 ? "" : "[]";
  if (std::string(name) == "format_version") suffix = fmt::format("[{}]", H5Sget_simple_extent_npoints(space));
  static_cast<std::set<std::string>*>(out)->insert(fmt::format("{} {}{}", name, type_name(type), suffix));
  return 0;
}

inline std::set<std::string> present(const std::string& path) {
  const hdf5::Handle file = hdf5::open_file(path);
  std::set<std::string> entries;
  H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, list_dataset, &entries);
  H5Aiterate2(file, H5_INDEX_NAME, H5_ITER_INC, nullptr, list_attribute, &entries);
  return entries;
}

/// What placeholders in the document stand for: "<argument>" for x, y.
using Placeholders = std::map<std::string, std::vector<std::string>>;

/// "path type shape" of every dataset and "name type" of every root attribute that docs/`document` lists.
inline std::set<std::string> documented(const std::string& document, const Placeholders& names) {
  std::ifstream in(fs::path(__FILE__).parent_path().parent_path() / "docs" / document);
  std::set<std::string> entries;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("| `")) continue;
    const std::vector<std::string> cells = split(line, '|');
    const std::string entry = cells[1] + " " + cells[2] + (cells[1][0] == '/' ? " " + cells[3] : "");
    const auto open = entry.find('<');
    if (open == std::string::npos) entries.insert(entry);
    if (open == std::string::npos) continue;
    const std::string placeholder = entry.substr(open, entry.find('>') - open + 1);
    REQUIRE(names.count(placeholder) == 1);
    for (const std::string& name : names.at(placeholder)) {
      std::string expanded = entry;
      replace_all(expanded, placeholder, name);
      entries.insert(expanded);
    }
  }
  return entries;
}

}  // namespace theoremeter::testing
