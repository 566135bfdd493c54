#include "results/variables.hpp"

#include "results/atomic.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hdf5_hl.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <utility>

namespace theoremeter {
namespace {

using hdf5::Handle;
using hdf5::Shape;

constexpr const char* list_coordinate = "list coordinate";  // the kind of a size that is a list: text, as 3,40,200

void describe(hid_t set, const std::string& long_name, const std::string& kind) {
  hdf5::write_attribute(set, "long_name", long_name);
  hdf5::write_attribute(set, "kind", kind);
}

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> list;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    list.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return list;
}

herr_t collect_matrix(hid_t, const char* name, const H5L_info_t*, void* names) noexcept {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

}  // namespace

template <class T>
Dimension write_dimension(hid_t group, const std::string& name, const std::vector<T>& values,
                          const std::string& meaning) {
  Handle set = hdf5::write_dataset(group, name, {values.size()}, values);
  describe(set, meaning, "coordinate");
  hdf5::check(H5DSset_scale(set, name.c_str()), "cannot make dimension " + name);
  return {std::move(set), values.size()};
}

Dimension write_index(hid_t group, const std::string& name, std::size_t size, const std::string& meaning) {
  std::vector<std::int64_t> index(size);
  std::iota(index.begin(), index.end(), 0);
  return write_dimension(group, name, index, meaning);
}

template <class T>
Handle write_variable(hid_t group, const std::string& name, const Dimensions& dimensions, const std::vector<T>& values,
                      const std::string& meaning, const std::string& kind) {
  Shape shape;
  for (const Dimension* d : dimensions) shape.push_back(d->size);
  Handle set = hdf5::write_dataset(group, name, shape, values);
  describe(set, meaning, kind);
  for (std::size_t i = 0; i < dimensions.size(); ++i)
    hdf5::check(H5DSattach_scale(set, dimensions[i]->scale, static_cast<unsigned>(i)),
                "cannot attach a dimension to " + name);
  return set;
}

template Dimension write_dimension(hid_t, const std::string&, const std::vector<double>&, const std::string&);
template Handle write_variable(hid_t, const std::string&, const Dimensions&, const std::vector<double>&,
                               const std::string&, const std::string&);
template Handle write_variable(hid_t, const std::string&, const Dimensions&, const std::vector<std::int64_t>&,
                               const std::string&, const std::string&);
template Handle write_variable(hid_t, const std::string&, const Dimensions&, const std::vector<std::string>&,
                               const std::string&, const std::string&);

std::size_t length_of(hid_t group, const std::string& name) {
  const Shape shape = hdf5::shape_of(hdf5::open_dataset(group, name));
  if (shape.size() != 1) throw hdf5::Error(fmt::format("dataset {} is not one-dimensional", name));
  return shape[0];
}

bool has_dataset(hid_t group, const std::string& name) { return H5Lexists(group, name.c_str(), H5P_DEFAULT) > 0; }

Eigen::VectorXd unpad(const double* values, std::size_t length) {
  while (length > 0 && std::isnan(values[length - 1])) --length;
  return Eigen::Map<const Eigen::VectorXd>(values, static_cast<Eigen::Index>(length));
}

void write_format(hid_t file) {
  hdf5::write_attribute(file, "format", std::string("theoremeter"));
  hdf5::write_attribute(file, "format_version", std::vector<std::int64_t>{format_major, format_minor});
}

void check_format(hid_t file) {
  if (!hdf5::has_attribute(file, "format") || hdf5::read_attribute<std::string>(file, "format") != "theoremeter")
    throw hdf5::Error("an HDF5 file, but not a theoremeter results file");
  const auto version = hdf5::read_attributes<std::int64_t>(file, "format_version");
  if (version.size() != 2) throw hdf5::Error("attribute format_version is not [major, minor]");
  if (version[0] > format_major)
    throw hdf5::Error(fmt::format("written by a newer theoremeter: format {}.{}, this one reads {}.x", version[0],
                                  version[1], format_major));
}

void write_provenance(hid_t file, const Provenance& provenance) {
  const auto put = [&](const char* name, const std::string& text) { hdf5::write_attribute(file, name, text); };
  put("program_version", provenance.version);
  put("commit", provenance.commit);
  put("compiler", provenance.compiler);
  put("flags", provenance.flags);
  put("libraries", provenance.libraries);
  put("host_cpu", provenance.host_cpu);
  put("date", provenance.date);
}

Provenance read_provenance(hid_t file) {
  const auto text = [&](const char* name) { return hdf5::read_attribute<std::string>(file, name); };
  return {text("program_version"), text("commit"),   text("compiler"), text("flags"),
          text("libraries"),       text("host_cpu"), text("date")};
}

void write_sizes(hid_t file, const std::vector<Symbol>& symbols, const std::vector<Sizes>& sizes,
                 const Dimension& point) {
  std::vector<std::string> names;
  for (const Symbol& size : symbols) {
    names.push_back(size.name);
    std::vector<std::int64_t> numbers;
    std::vector<std::string> lists;
    for (const Sizes& s : sizes) {
      if (size.list)
        lists.push_back(to_text(s.at(size.name)));
      else
        numbers.push_back(scalar(s, size.name));
    }
    if (size.list)
      write_variable(file, size.name, {&point}, lists, size.meaning, list_coordinate);
    else
      write_variable(file, size.name, {&point}, numbers, size.meaning, "coordinate");
  }
  hdf5::write_attribute(file, "coordinates", fmt::format("{}", fmt::join(names, " ")));
}

std::vector<Symbol> read_symbols(hid_t file) {
  std::vector<Symbol> symbols;
  for (const std::string& name : words(hdf5::read_attribute<std::string>(file, "coordinates"))) {
    const Handle set = hdf5::open_dataset(file, name);
    symbols.push_back({name, hdf5::read_attribute<std::string>(set, "long_name"),
                       hdf5::read_attribute<std::string>(set, "kind") == list_coordinate});
  }
  return symbols;
}

std::vector<Sizes> read_sizes(hid_t file, const std::vector<Symbol>& symbols, std::size_t points) {
  std::vector<Sizes> sizes(points);
  for (const Symbol& size : symbols) {
    if (!size.list) {
      const auto numbers = hdf5::read_dataset<std::int64_t>(file, size.name, {points});
      for (std::size_t p = 0; p < points; ++p) sizes[p][size.name] = {numbers[p]};
      continue;
    }
    const auto lists = hdf5::read_dataset<std::string>(file, size.name, {points});
    for (std::size_t p = 0; p < points; ++p) {
      const auto numbers = whole_numbers(lists[p]);
      if (!numbers) throw hdf5::Error(fmt::format("{} = \"{}\" is no list of whole numbers", size.name, lists[p]));
      sizes[p][size.name] = *numbers;
    }
  }
  return sizes;
}

void write_matrices(hid_t file, const std::map<std::string, Rows>& matrices) {
  if (matrices.empty()) return;
  const Handle group(H5Gcreate2(file, "matrices", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose,
                     "cannot make a group");
  for (const auto& [name, W] : matrices) {
    const Dimension rows = write_index(group, name + "_row", static_cast<std::size_t>(W.rows()), "row of " + name);
    const Dimension columns =
        write_index(group, name + "_column", static_cast<std::size_t>(W.cols()), "column of " + name);
    write_variable(group, name, {&rows, &columns}, std::vector<double>(W.data(), W.data() + W.size()),
                   "the matrix measured, rows are neurons", "input");
  }
}

std::map<std::string, Rows> read_matrices(hid_t file) {
  std::map<std::string, Rows> matrices;
  if (!has_dataset(file, "matrices")) return matrices;
  const Handle group(H5Gopen2(file, "matrices", H5P_DEFAULT), H5Gclose, "matrices is not a group");
  std::vector<std::string> names;
  hdf5::check(H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_matrix, &names),
              "group matrices is damaged");
  for (const std::string& name : names) {
    const Shape shape = hdf5::shape_of(hdf5::open_dataset(group, name));
    if (shape.size() != 2) continue;  // a dimension
    const auto values = hdf5::read_dataset<double>(group, name, shape);
    matrices[name] =
        Eigen::Map<const Rows>(values.data(), static_cast<Eigen::Index>(shape[0]), static_cast<Eigen::Index>(shape[1]));
  }
  return matrices;
}

void write_sources(hid_t file, const std::map<std::string, Source>& sources) {
  for (const auto& [name, source] : sources) {
    const Handle set = hdf5::open_dataset(file, "matrices/" + name);
    hdf5::write_attribute(set, "source_file", source.file);
    hdf5::write_attribute(set, "source_dataset", source.dataset);
    hdf5::write_attribute(set, "source_done", source.done);
  }
}

std::map<std::string, Source> read_sources(hid_t file, const std::map<std::string, Rows>& matrices) {
  std::map<std::string, Source> sources;
  for (const auto& [name, W] : matrices) {
    const Handle set = hdf5::open_dataset(file, "matrices/" + name);
    if (!hdf5::has_attribute(set, "source_file")) continue;
    const auto text = [&](const char* what) { return hdf5::read_attribute<std::string>(set, what); };
    sources[name] = {text("source_file"), text("source_dataset"), text("source_done")};
  }
  return sources;
}

void check_output(const std::string& path, bool overwrite, const std::function<void(const std::string&)>& read) {
  check_replaceable(path);
  if (!std::filesystem::exists(path)) return;
  if (!overwrite) throw InputError(fmt::format("output {}: exists; give --overwrite to replace it", path));
  try {
    read(path);
  } catch (const InputError& error) {
    throw InputError(
        fmt::format("output {}: will not overwrite what is no sound results file ({})", path, error.what()));
  }
}

void decode_file(const std::string& path, const std::function<void(hid_t)>& decode) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) throw InputError(fmt::format("{}: no such file", path));
  if (!std::filesystem::is_regular_file(path, ignored)) throw InputError(fmt::format("{}: not a regular file", path));
  try {
    decode(hdf5::open_file(path));
  } catch (const hdf5::Error& error) {
    throw InputError(fmt::format("{}: {}", path, error.what()));
  }
}

}  // namespace theoremeter
