// The arrays of an HDF5 file, as their authors meant them: Keras, MATLAB, Octave, Julia and netCDF leave marks.
#include "results/weights/array_file.hpp"
#include "results/weights/hdf5_complete.hpp"
#include "results/weights/hdf5_links.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace theoremeter::weights {
namespace {

using hdf5::Handle;

constexpr std::size_t most_visits = 100'000, most_deep = 64;

/// What the groups above say about an array.
struct Context {
  std::vector<Step> path;
  std::vector<std::pair<unsigned long, haddr_t>> above;  // against links that lead back
  std::vector<std::string> order;                        // names of what is below, in the file's own order
  bool keras = false;
  const char* columns_first = nullptr;  // whose order the axes are in
  bool set_aside = false;
};

std::string join(const std::vector<Step>& path) {
  std::string name;
  for (const Step& step : path) name += (name.empty() || step.name.starts_with('{') ? "" : "/") + step.name;
  return name;
}

bool all_digits(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

/// The names listed in an attribute, which Keras splits into name0, name1, ... when they are many.
std::vector<std::string> listed(hid_t group, const std::string& attribute) {
  std::vector<std::string> names = texts(group, attribute);
  for (int part = 0; names.empty() || part > 0; ++part) {
    const std::vector<std::string> more = texts(group, fmt::format("{}{}", attribute, part));
    if (more.empty()) break;
    names.insert(names.end(), more.begin(), more.end());
  }
  return names;
}

/// Of names in order, those below `child`, without it; `position` becomes that of the first.
std::vector<std::string> below(const std::vector<std::string>& order, const std::string& child,
                               std::int64_t& position) {
  std::vector<std::string> rest;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const bool within = order[i].starts_with(child + "/");
    if (!within && order[i] != child) continue;
    if (position < 0) position = static_cast<std::int64_t>(i);
    if (within) rest.push_back(order[i].substr(child.size() + 1));
  }
  return rest;
}

/// The programs that write columns first, by what they put before the HDF5 file itself.
const char* column_order_by(const std::string& preamble) {
  if (preamble.starts_with("MATLAB 7.3")) return "MATLAB";
  if (preamble.starts_with("HDF5-based Julia Data Format") || preamble.starts_with("Julia data file")) return "Julia";
  return nullptr;
}

class Hdf5File : public ArrayFile {
 public:
  Hdf5File(Handle file, const std::string& preamble, std::string path)
      : file_(std::move(file)), path_(std::move(path)) {
    Context root;
    root.columns_first = column_order_by(preamble);
    const Handle group(H5Gopen2(file_, "/", H5P_DEFAULT), H5Gclose, "a damaged HDF5 file");
    visit(group, root);
    keras_3();
  }

  Rows read(std::size_t i) override {
    const Array& array = arrays_[i];
    const Handle& set = sets_[i];
    const auto [n, k] = matrix_size(array.shape);
    check_complete(set, path_);
    Rows W = columns_first_[i] ? Rows(k, n) : Rows(n, k);
    if (H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, W.data()) < 0) throw unreadable(set);
    if (columns_first_[i]) W.transposeInPlace();
    check_missing(W, missing_values(set));
    check_valid(W, valid_range(set));
    unpack(set, W);
    return W;
  }

 private:
  static void check_missing(const Rows& W, const std::vector<double>& missing) {
    for (const double fill : missing) {
      if (std::isnan(fill)) continue;  // refused as such
      const Eigen::Index count = (W.array() == fill).count();
      if (count > 0)
        throw Refusal(
            fmt::format("{} of its {} entries are the fill value {}: missing, or never written; a matrix "
                        "without gaps is needed",
                        count, W.size(), fill));
    }
  }

  static void check_valid(const Rows& W, const std::pair<double, double>& range) {
    const Eigen::Index count = (W.array() < range.first || W.array() > range.second).count();
    if (count > 0)
      throw Refusal(
          fmt::format("{} of its {} entries are outside its valid range, {} to {}: missing, by netCDF's conventions; a "
                      "matrix without gaps is needed",
                      count, W.size(), range.first, range.second));
  }

  static Refusal unreadable(hid_t set) {
    const std::vector<std::string> filters = missing_filters(set);
    if (filters.empty()) return Refusal("cannot be read: damaged");
    return Refusal(
        fmt::format("compressed by {}, which this HDF5 library lacks; in Python: import h5py, numpy (and hdf5plugin, "
                    "where h5py lacks it too); numpy.save('W.npy', h5py.File(FILE)[DATASET])",
                    fmt::join(filters, " and ")));
  }

  /// netCDF's packing.
  static void unpack(hid_t set, Rows& W) {
    const double scale = number(set, "scale_factor").value_or(1), offset = number(set, "add_offset").value_or(0);
    if (scale != 1 || offset != 0) W = (W.array() * scale + offset).matrix();
  }

  /// Links and references can make very many paths of few objects.
  void count_visit(const Context& context) {
    if (context.path.size() > most_deep) throw hdf5::Error("groups nested too deeply");
    if (++visited_ > most_visits) throw hdf5::Error(fmt::format("more than {} groups and datasets", most_visits));
  }

  void visit(hid_t group, Context context) {
    count_visit(context);
    const auto self = identity(group);
    if (std::find(context.above.begin(), context.above.end(), self) != context.above.end()) return;
    context.above.push_back(self);
    const auto names = listed(group, "layer_names"), weight_names = listed(group, "weight_names");
    context.keras = context.keras || !names.empty() || hdf5::has_attribute(group, "keras_version");
    if (!names.empty() || !weight_names.empty()) context.order = names.empty() ? weight_names : names;
    if (hdf5::has_attribute(group, "OCTAVE_NEW_FORMAT")) context.columns_first = "Octave";
    const bool sparse = hdf5::has_attribute(group, "MATLAB_sparse");
    for (const Link& link : links(group)) {
      Context inner = context;
      inner.path.push_back({link.name, link.created});
      if (!context.order.empty()) {
        inner.path.back().position = -1;
        inner.order = below(context.order, link.name, inner.path.back().position);
      }
      const bool optimizer = link.name.starts_with("optimizer") && context.path.empty();
      inner.set_aside = context.set_aside || link.name == "#refs#" || link.name == "#subsystem#" ||
                        (optimizer && (context.keras || link.name == "optimizer_weights"));
      const auto object = follow(group, link.name);
      if (!object)
        add(inner, nullptr, "a link that leads nowhere; the file it names is needed, or the link taken out");
      else if (H5Iget_type(*object) == H5I_GROUP)
        visit(*object, inner);
      else if (H5Iget_type(*object) == H5I_DATASET)
        visit_dataset(hdf5::open_dataset(group, link.name), inner,
                      sparse ? "part of a sparse matrix; in MATLAB, W = full(W) before saving" : "");
    }
  }

  void visit_dataset(Handle set, Context context, const std::string& obstacle) {
    count_visit(context);
    const std::vector<std::string> matlab = texts(set, "MATLAB_class");
    if (!matlab.empty()) context.columns_first = "MATLAB";
    if (!matlab.empty() && matlab[0] == "cell" && is_references(set)) return visit_cell(set, context);
    const std::vector<std::string> classes = texts(set, "CLASS");
    context.set_aside = context.set_aside || (!classes.empty() && classes[0] == "DIMENSION_SCALE");
    const bool words = !matlab.empty() && (matlab[0] == "char" || matlab[0] == "logical");
    const bool empty = hdf5::has_attribute(set, "MATLAB_empty");
    add(context, &set, obstacle, words || empty);
  }

  static bool is_references(hid_t set) {
    const Handle type(H5Dget_type(set), H5Tclose, "a dataset without a type");
    return H5Tequal(type, H5T_STD_REF_OBJ) > 0;
  }

  /// net{1}, net{2}, ... of a MATLAB cell array.
  void visit_cell(hid_t set, const Context& context) {
    std::size_t count = 1;
    for (const hsize_t size : hdf5::shape_of(set))
      if ((count *= std::min<hsize_t>(size, most_visits + 1)) > most_visits)
        throw hdf5::Error("too large a cell array");
    check_complete(set, path_);
    std::vector<hobj_ref_t> references(count);
    hdf5::check(H5Dread(set, H5T_STD_REF_OBJ, H5S_ALL, H5S_ALL, H5P_DEFAULT, references.data()),
                "a damaged cell array");
    for (std::size_t i = 0; i < count; ++i) {
      Context cell = context;
      cell.path.push_back({fmt::format("{{{}}}", i + 1), static_cast<std::int64_t>(i)});
      const hid_t object = H5Rdereference2(set, H5P_DEFAULT, H5R_OBJECT, &references[i]);
      if (object < 0) throw hdf5::Error("a damaged cell array");
      if (H5Iget_type(object) == H5I_DATASET)
        visit_dataset(Handle(object, H5Dclose, ""), cell, "");
      else
        H5Oclose(object);
    }
  }

  static void dense_or_not(Array& array, bool kernel) {
    array.kernel = kernel;
    if (!kernel) array.no_layer = "is no kernel of a dense layer";
  }

  /// Keras 3 has layers/dense/vars/0, kernels, and biases as 1.
  void keras_3() {
    for (Array& array : arrays_) {
      const std::size_t depth = array.path.size();
      if (depth < 2 || array.path[depth - 2].name != "vars" || !all_digits(array.path[depth - 1].name)) continue;
      array.set_aside = array.set_aside || array.path[0].name.starts_with("optimizer");
      if (array.shape.size() == 2) dense_or_not(array, array.path[depth - 1].name == "0");
    }
  }

  /// `set` is taken over; nullptr for a link that leads nowhere.
  void add(const Context& context, Handle* set, const std::string& obstacle, bool no_numbers = false) {
    Array array;
    array.path = context.path;
    array.name = join(array.path);
    array.set_aside = context.set_aside;
    array.obstacle = obstacle;
    if (set) {
      const hdf5::Shape shape = hdf5::shape_of(*set);
      array.shape.assign(shape.begin(), shape.end());
      const Handle type(H5Dget_type(*set), H5Tclose, "a dataset without a type");
      const H5T_class_t kind = H5Tget_class(type);
      const bool packed = hdf5::has_attribute(*set, "scale_factor") || hdf5::has_attribute(*set, "add_offset");
      if (!no_numbers && H5Tget_size(type) <= 8 && (kind == H5T_FLOAT || kind == H5T_INTEGER))
        array.numbers = kind == H5T_FLOAT || packed ? Numbers::real : Numbers::integer;
      if (packed) array.done = "unpacked by scale_factor and add_offset";
      if (hdf5::has_attribute(*set, "_Unsigned"))
        array.obstacle = "marked _Unsigned: store it as unsigned integers, or as floats";
      if (context.columns_first && shape.size() > 1) {
        std::reverse(array.shape.begin(), array.shape.end());
        array.done = fmt::format("{}'s order of axes, reversed", context.columns_first);
      }
    }
    if (context.keras && array.shape.size() == 2) dense_or_not(array, array.path.back().name.starts_with("kernel"));
    columns_first_.push_back(context.columns_first != nullptr);
    sets_.push_back(set ? std::move(*set) : Handle(H5Screate(H5S_NULL), H5Sclose, "out of memory"));
    arrays_.push_back(std::move(array));
  }

  Handle file_;
  std::string path_;
  std::vector<Handle> sets_;  // of arrays_[i]
  std::vector<bool> columns_first_;
  std::size_t visited_ = 0;
};

}  // namespace

std::unique_ptr<ArrayFile> open_hdf5(const std::string& path) {
  Handle file = hdf5::open_file(path);
  Bytes bytes(path);
  const std::vector<char> head = bytes.head(128);
  return std::make_unique<Hdf5File>(std::move(file), std::string(head.begin(), head.end()), path);
}

std::unique_ptr<ArrayFile> open_hdf5_image(const std::vector<char>& image) {
  return std::make_unique<Hdf5File>(hdf5::open_image(image), "", "");
}

}  // namespace theoremeter::weights
