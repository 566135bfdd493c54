#include "results/weights.hpp"

#include "results/hdf5.hpp"
#include "results/paths.hpp"
#include "results/weights/array_file.hpp"
#include "results/weights/layer_order.hpp"
#include "results/weights/names.hpp"
#include "theory/error.hpp"
#include "theory/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace theoremeter {
namespace {

namespace fs = std::filesystem;
using namespace weights;

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// "/dec", "dec/" and "dec" are one.
std::string normalised(const std::string& name) {
  const std::size_t begin = name.find_first_not_of('/');
  if (begin == std::string::npos) return "";
  return name.substr(begin, name.find_last_not_of('/') + 1 - begin);
}

/// A row or a column of numbers, or a matrix whose name and shape are a bias's.
bool is_bias(const Array& a) {
  if (a.shape.size() == 1) return a.numbers == Numbers::real || names_bias(a.name);
  if (a.shape.size() != 2 || a.numbers == Numbers::none) return false;
  return (a.shape[0] == 1 || a.shape[1] == 1) && names_bias(a.name);
}

/// A file with its arrays, and what is said about it.
class Opened {
 public:
  Opened(const std::string& path, const Meaning& meaning) : path_(path), meaning_(meaning), file_(open_arrays(path)) {}

  const std::string& path() const { return path_; }
  bool holds(const std::string& name) const { return find(name).has_value(); }

  /// The array named, or the only matrix of floating-point numbers.
  std::size_t choose(const std::string& name) const {
    if (const auto found = find(name)) return *found;
    if (!normalised(name).empty()) refuse_name(name);
    std::vector<std::string> matrices;
    std::size_t last = 0;
    for (const Array& a : file_->arrays()) {
      if (a.set_aside || is_bias(a)) continue;
      const bool matrix = a.shape.size() == 2 && a.numbers == Numbers::real;
      if (!matrix && a.obstacle.empty()) continue;
      matrices.push_back(a.name);
      last = index(a);
    }
    if (matrices.empty()) {
      std::vector<std::string> all;
      for (const Array& a : file_->arrays()) all.push_back(a.name);
      throw Refusal(all.empty() ? "no floating-point matrix inside; it holds no array at all"
                                : fmt::format("no floating-point matrix inside; to read another, name it: {}:{}", path_,
                                              all.front()));
    }
    if (matrices.size() > 1)
      throw Refusal(fmt::format("{} matrices inside ({}); name one, as in {}:{}", matrices.size(), listing(matrices),
                                path_, matrices[0]));
    return last;
  }

  /// The layers named, or all, sorted.
  std::vector<std::size_t> layers(const std::string& name) {
    if (const auto found = find(name)) return {*found};
    const std::vector<const Array*> all = within(normalised(name));
    if (all.empty() && !normalised(name).empty()) refuse_name(name);
    std::vector<Layer> layers;
    for (const Array* a : all)
      if (is_layer(*a, all)) layers.push_back(layer_of(*a));
    if (layers.empty())
      throw Refusal(fmt::format("no layer inside{}; matrices of rank 2 are needed",
                                normalised(name).empty() ? "" : " " + normalised(name)));
    const std::string how = sort_layers(layers);
    std::vector<std::size_t> found;
    std::vector<std::string> names;
    for (const Layer& l : layers) found.push_back(l.index), names.push_back(l.array->name);
    if (!how.empty()) remarks.push_back(fmt::format("{}: {}: {}", path_, how, listing(names)));
    return found;
  }

  ReadMatrix read(std::size_t i) {
    const Array& a = file_->arrays()[i];
    const std::string dataset = a.name.empty() ? "" : fmt::format("dataset {}", a.name);
    if (!a.obstacle.empty()) throw Refusal(fmt::format("{}{}{}", dataset, dataset.empty() ? "" : ": ", a.obstacle));
    const std::string has = dataset.empty() ? "" : dataset + " has ";
    if (a.numbers == Numbers::none)
      throw Refusal(fmt::format("{}a wrong type; float64, float32, float16 or integers are expected", has));
    if (a.shape.size() != 2)
      throw Refusal(fmt::format("{}shape {}; a matrix n x k is expected, rows are neurons", has, to_string(a.shape)));
    ReadMatrix read{whole(i, dataset), {path_, a.name, a.done}};
    if (a.kernel || meaning_.transpose) read.W = Rows(read.W.transpose());
    if (a.kernel)
      done(read.source, "transposed, as kernels are inputs x neurons");
    else if (meaning_.transpose)
      done(read.source, "transposed");
    check_entries(read.W, a.numbers == Numbers::integer, dataset);
    return read;
  }

  /// Biases beside a matrix that was chosen, which the theory does without.
  void remark_on_biases() {
    std::vector<std::string> biases;
    for (const Array& a : file_->arrays())
      if (!a.set_aside && is_bias(a)) biases.push_back(a.name);
    if (!biases.empty() && file_->arrays().size() > 1)
      remarks.push_back(
          fmt::format("{}: {} of rank 1 or named so, as biases are, is left out: the theory is about "
                      "networks without",
                      path_, listing(biases)));
  }

  /// Is this matrix perhaps stored the other way round?
  bool oddly_shaped(std::size_t i, const Rows& W) const {
    return meaning_.neurons && !meaning_.transpose && !file_->arrays()[i].kernel &&
           (W.rows() < W.cols() || W.cols() == 1);
  }

  std::vector<std::string> remarks;

 private:
  std::size_t index(const Array& a) const { return static_cast<std::size_t>(&a - file_->arrays().data()); }

  std::optional<std::size_t> find(const std::string& name) const {
    const std::string wanted = normalised(name);
    for (const Array& a : file_->arrays())
      if (a.name == name || (!wanted.empty() && (a.name == wanted || a.name + ".npy" == wanted))) return index(a);
    return std::nullopt;
  }

  [[noreturn]] void refuse_name(const std::string& name) const {
    std::vector<std::string> all;
    for (const Array& a : file_->arrays()) all.push_back(a.name);
    if (all.empty()) throw Refusal(fmt::format("no dataset {}; the file holds none", name));
    if (all.size() == 1 && all[0].empty())
      throw Refusal(fmt::format("one array without a name, hence no dataset {}; leave it out", name));
    const std::string near = nearest(name, all);
    throw Refusal(fmt::format("no dataset {}; {}", name,
                              near.empty() ? "the file holds " + listing(all) : "did you mean " + near + "?"));
  }

  /// Those of a group, of a cell array, or with names that begin so.
  std::vector<const Array*> within(const std::string& group) const {
    std::vector<const Array*> found;
    for (const Array& a : file_->arrays()) {
      const bool inside = group.empty() || (a.name.starts_with(group) && a.name.size() > group.size() &&
                                            std::string("/.{").find(a.name[group.size()]) != std::string::npos);
      if (inside && !a.set_aside) found.push_back(&a);
    }
    return found;
  }

  Layer layer_of(const Array& a) const {
    auto neurons = static_cast<std::int64_t>(a.shape[0]), inputs = static_cast<std::int64_t>(a.shape[1]);
    if (a.kernel || meaning_.transpose) std::swap(neurons, inputs);
    return {&a, index(a), neurons, inputs};
  }

  /// False for what is no part of a network: numbers alone, words. Throws Refusal for what is part of one that is not
  /// the theory's.
  bool is_layer(const Array& a, const std::vector<const Array*>& among) const {
    if (!a.obstacle.empty()) throw Refusal(fmt::format("dataset {}: {}", a.name, a.obstacle));
    if (is_bias(a)) refuse_bias(a, among);
    if (a.shape.size() < 2) return false;
    if (a.numbers == Numbers::none)
      throw Refusal(fmt::format("dataset {} has a wrong type for a layer; {}", a.name, advice(among)));
    if (a.shape.size() > 2)
      throw Refusal(fmt::format("dataset {} has rank {}, as convolutions have; the theory is about dense layers; {}",
                                a.name, a.shape.size(), advice(among)));
    if (!a.no_layer.empty()) throw Refusal(fmt::format("dataset {} {}; {}", a.name, a.no_layer, advice(among)));
    if (a.shape[0] == 1 && a.shape[1] > 1 && among.size() > 1 && !names_weights(a.name) && !like_another(a, among))
      throw Refusal(fmt::format("dataset {} is 1 x {}, as a layer of one neuron or as a bias; {}", a.name, a.shape[1],
                                advice(among)));
    return true;
  }

  static bool like_another(const Array& a, const std::vector<const Array*>& among) {
    return std::any_of(among.begin(), among.end(), [&](const Array* b) {
      return b != &a && b->shape.size() == 2 && numbered({a.name, b->name});
    });
  }

  [[noreturn]] void refuse_bias(const Array& a, const std::vector<const Array*>& among) const {
    const std::string what =
        a.shape.size() == 1 ? "has rank 1" : fmt::format("is {} x {} and named so", a.shape[0], a.shape[1]);
    throw Refusal(
        fmt::format("dataset {} {}, as biases do; the theory is about networks without, G(x) = relu(W_d ... "
                    "relu(W_1 x)), so give the weight matrices alone; {}",
                    a.name, what, advice(among)));
  }

  /// How to give the matrices alone.
  std::string advice(const std::vector<const Array*>& among) const {
    std::vector<std::string> names;
    for (const Array* a : among)
      if (a->shape.size() == 2 && a->numbers != Numbers::none && !is_bias(*a) && a->no_layer.empty() &&
          a->obstacle.empty() && (a->shape[0] > 1 || names_weights(a->name)))
        names.push_back(a->name);
    std::sort(names.begin(), names.end(), naturally_before);
    return names.empty() ? "name the layers, from the input on, as in FILE:FIRST,SECOND"
                         : fmt::format("name the layers, from the input on, as in {}:{}", path_, fmt::join(names, ","));
  }

  Rows whole(std::size_t i, const std::string& dataset) {
    const auto within = [&](const char* what) { return dataset.empty() ? what : fmt::format("{}: {}", dataset, what); };
    try {
      return file_->read(i);
    } catch (const Refusal& refusal) {
      throw Refusal(within(refusal.what()));
    } catch (const hdf5::Error& error) {
      throw Refusal(within(error.what()));
    }
  }

  static void done(Source& source, const std::string& what) { source.done += (source.done.empty() ? "" : "; ") + what; }

  /// NaN or infinity is refused with its place; so are integers that a double cannot hold.
  static void check_entries(const Rows& W, bool integer, const std::string& dataset) {
    const std::string of = dataset.empty() ? "" : dataset + ": ";
    for (Eigen::Index i = 0; i < W.rows(); ++i)
      for (Eigen::Index j = 0; j < W.cols(); ++j) {
        const double w = W(i, j);
        if (!std::isfinite(w)) throw Refusal(fmt::format("{}W[{}, {}] is {}; all must be finite", of, i, j, w));
        if (integer && std::abs(w) >= 0x1p53)
          throw Refusal(fmt::format("{}W[{}, {}] is an integer of 2^53 or beyond; store it as float64", of, i, j));
      }
  }

  std::string path_;
  Meaning meaning_;
  std::unique_ptr<ArrayFile> file_;
};

/// Whatever is wrong with a file, as an InputError that names it.
template <class Work>
auto in_file(const char* kind, const std::string& path, const Work& work) {
  try {
    return work();
  } catch (const Refusal& refusal) {
    throw InputError(fmt::format("{} {}: {}", kind, path, refusal.what()));
  } catch (const hdf5::Error& error) {
    throw InputError(fmt::format("{} {}: {}", kind, path, error.what()));
  }
}

[[noreturn]] void no_such_file(const char* kind, const std::string& spec) {
  throw InputError(fmt::format("{} {}: {}", kind, spec.empty() ? "\"\"" : spec, why_not_there(spec)));
}

struct Spec {
  std::string file;
  std::optional<std::string> dataset;
};

/// Splits at the first colon behind which FILE exists: names may themselves hold colons. Nothing without such a file.
std::optional<Spec> split(const std::string& spec) {
  if (exists(spec)) return Spec{spec, std::nullopt};
  for (std::size_t colon = spec.find(':'); colon != std::string::npos; colon = spec.find(':', colon + 1))
    if (exists(spec.substr(0, colon))) return Spec{spec.substr(0, colon), spec.substr(colon + 1)};
  return std::nullopt;
}

std::string joined(const std::vector<std::string>& tokens, std::size_t begin, std::size_t end) {
  return fmt::format("{}", fmt::join(tokens.begin() + static_cast<std::ptrdiff_t>(begin),
                                     tokens.begin() + static_cast<std::ptrdiff_t>(end), ","));
}

/// The parts of a network, in order: files with the names given for them, none for all that is inside. Names of files
/// and of arrays may hold commas: the longest that exists is meant.
struct Part {
  std::shared_ptr<Opened> file;
  std::vector<std::string> names;
};

class NetworkSpec {
 public:
  NetworkSpec(const std::string& spec, const Meaning& meaning) : meaning_(meaning) {
    for (std::size_t begin = 0; begin <= spec.size();) {
      const std::size_t end = std::min(spec.find(',', begin), spec.size());
      tokens_.push_back(spec.substr(begin, end - begin));
      begin = end + 1;
    }
    while (at_ < tokens_.size())
      if (!known_name() && !file() && !other_name()) no_such_file("network", joined(tokens_, at_, tokens_.size()));
  }

  const std::vector<Part>& parts() const { return parts_; }

 private:
  bool takes_names() const { return !parts_.empty() && !parts_.back().names.empty(); }

  bool known_name() {
    if (!takes_names()) return false;
    for (std::size_t end = tokens_.size(); end > at_; --end)
      if (const std::string name = joined(tokens_, at_, end); parts_.back().file->holds(name)) return take(name, end);
    return false;
  }

  bool file() {
    for (std::size_t end = tokens_.size(); end > at_; --end)
      if (const std::string path = joined(tokens_, at_, end); exists(path)) {
        open(path);
        at_ = end;
        return true;
      }
    for (std::size_t end = at_ + 1; end <= tokens_.size(); ++end)
      if (const auto spec = split(joined(tokens_, at_, end))) {
        open(spec->file);
        tokens_[end - 1] = *spec->dataset;  // what follows the colon is the first of the names
        at_ = end - 1;
        return known_first() || take(tokens_[at_], at_ + 1);
      }
    return false;
  }

  bool known_first() {
    for (std::size_t end = tokens_.size(); end > at_; --end)
      if (const std::string name = joined(tokens_, at_, end); parts_.back().file->holds(name)) return take(name, end);
    return false;
  }

  bool other_name() { return takes_names() && take(tokens_[at_], at_ + 1); }

  bool take(const std::string& name, std::size_t end) {
    parts_.back().names.push_back(name);
    at_ = end;
    return true;
  }

  void open(const std::string& path) {
    parts_.push_back({in_file("network", path, [&] { return std::make_shared<Opened>(path, meaning_); }), {}});
  }

  Meaning meaning_;
  std::vector<std::string> tokens_;
  std::size_t at_ = 0;
  std::vector<Part> parts_;
};

/// What was done to the matrices of a file, one line for all that it was done to, and which look transposed.
void remark(const Reading& reading, std::vector<std::string>& remarks, const std::vector<std::string>& odd) {
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> done;
  for (const auto& [W, source] : reading.matrices)
    if (!source.done.empty())
      done[{source.file, source.done}].push_back(
          fmt::format("{}{}{} x {}", source.dataset, source.dataset.empty() ? "" : " ", W.rows(), W.cols()));
  for (const auto& [what, names] : done)
    remarks.push_back(fmt::format("{}: read as {}: {}", what.first, listing(names), what.second));
  if (!odd.empty()) remarks.push_back(fmt::format("{}: transposed? --transpose reads it so", listing(odd)));
}

std::string oddity(const ReadMatrix& m) {
  return fmt::format("{}{}{} has {} neuron{} of {} input{}", m.source.file, m.source.dataset.empty() ? "" : ":",
                     m.source.dataset, m.W.rows(), m.W.rows() == 1 ? "" : "s", m.W.cols(), m.W.cols() == 1 ? "" : "s");
}

/// Throws InputError unless each layer takes what the one before gives.
void check_chain(const std::vector<ReadMatrix>& layers, const std::string& spec) {
  for (std::size_t i = 1; i < layers.size(); ++i) {
    const Rows &before = layers[i - 1].W, &layer = layers[i].W;
    if (layer.cols() == before.rows()) continue;
    const bool other_way = layer.rows() == before.cols();
    throw InputError(fmt::format(
        "network {}: layer {} is {} x {}, but layer {} has {} neurons; rows are neurons, layers go from the input on{}",
        spec, i + 1, layer.rows(), layer.cols(), i, before.rows(),
        other_way ? "; stored inputs x neurons? --transpose reads them so" : ""));
  }
}

}  // namespace

void check_sizes(std::int64_t n, std::int64_t k, const std::string& what) {
  if (const std::string fault = size_fault(n, k); !fault.empty()) throw InputError(fmt::format("{}: {}", what, fault));
}

Reading read_weights(const std::string& spec_text, const Meaning& meaning) {
  const auto spec = split(spec_text);
  if (!spec) no_such_file("weights", spec_text);
  return in_file("weights", spec->file, [&] {
    Opened file(spec->file, meaning);
    const std::size_t chosen = file.choose(spec->dataset.value_or(""));
    Reading reading{{file.read(chosen)}, {}};
    const ReadMatrix& m = reading.matrices[0];
    remark(reading, file.remarks, file.oddly_shaped(chosen, m.W) ? std::vector{oddity(m)} : std::vector<std::string>{});
    file.remark_on_biases();
    reading.remarks = std::move(file.remarks);
    return reading;
  });
}

Reading read_network(const std::string& spec, const Meaning& meaning) {
  const NetworkSpec files(spec, meaning);
  Reading reading;
  std::vector<std::string> odd;
  for (const auto& part : files.parts())
    in_file("network", part.file->path(), [&, &file = part.file, &names = part.names] {
      for (const std::string& name : names.empty() ? std::vector<std::string>{""} : names)
        for (const std::size_t layer : file->layers(name)) {
          reading.matrices.push_back(file->read(layer));
          if (file->oddly_shaped(layer, reading.matrices.back().W)) odd.push_back(oddity(reading.matrices.back()));
        }
      reading.remarks.insert(reading.remarks.end(), file->remarks.begin(), file->remarks.end());
    });
  check_chain(reading.matrices, spec);
  remark(reading, reading.remarks, odd);
  return reading;
}

}  // namespace theoremeter
