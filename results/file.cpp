#include "results/file.hpp"

#include "results/atomic.hpp"
#include "results/hdf5.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>
#include <hdf5_hl.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>

namespace theoremeter {
namespace {

using hdf5::Handle;
using hdf5::Shape;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t not_made = -1;
constexpr const char* list_coordinate = "list coordinate";  // the kind of a size that is a list: text, as 3,40,200

// --- What a draw holds: each variable says its name, its meaning and where in a Measurement it lives (null: absent).
// ---

struct Real {
  const char *name, *meaning, *kind;
  double* (*in)(Measurement&);
};

const Real reals[] = {
    {"at_most", "the constant, at most: proved by exhaustion; NaN where no certificate was made", "at most",
     [](Measurement& m) { return m.certified ? &m.certified->at_most : nullptr; }},
    {"sampled_mean", "mean deviation over the sampled points", "statistic",
     [](Measurement& m) { return m.sampled ? &m.sampled->mean : nullptr; }},
    {"alpha", "alpha in the condition", "parameter", [](Measurement& m) { return &m.alpha; }},
    {"seconds_sample", "wall time of sampling [s]", "cost", [](Measurement& m) { return &m.seconds.sample; }},
    {"seconds_search", "wall time of the search [s]", "cost", [](Measurement& m) { return &m.seconds.search; }},
    {"seconds_certify", "wall time of the certificate [s]", "cost", [](Measurement& m) { return &m.seconds.certify; }},
};

struct Count {
  const char* name;
  const char* meaning;
  std::int64_t* (*in)(Measurement&);
  std::int64_t since = 0;  // the minor version of the format
};

const Count counts[] = {
    {"evaluations_sample", "points sampled off the diagonal",
     [](Measurement& m) { return m.sampled ? &m.sampled->count : nullptr; }},
    {"evaluations_search", "evaluations spent by the search",
     [](Measurement& m) { return m.searched ? &m.searched->evaluations : nullptr; }},
    {"evaluations_certify", "nodes of the branch and bound",
     [](Measurement& m) { return m.certified ? &m.certified->nodes : nullptr; }},
    {"starts", "starts of the search", [](Measurement& m) { return m.searched ? &m.searched->starts : nullptr; }},
    {"undefined_sample", "further points sampled, where the deviation is not defined",
     [](Measurement& m) { return m.sampled ? &m.sampled->undefined : nullptr; }, 1},
    {"undefined_search", "of the search's evaluations, those where the deviation is not defined",
     [](Measurement& m) { return m.searched ? &m.searched->undefined : nullptr; }, 1},
};

/// A value attained, with the point that attains it: stored as `value`, `prefix`side, `prefix`margin and, for each
/// argument p of the condition, `points`_p.
struct Attained {
  const char *value, *meaning, *prefix, *points;
  Witness* (*in)(Measurement&);
};

const Attained attained[] = {
    {"at_least", "the constant, at least: attained at the witness, the best that all evidence met", "", "witness",
     [](Measurement& m) { return &m.witness; }},
    {"sampled_max", "the constant, at least: maximum over the sampled points", "sampled_", "sampled_witness",
     [](Measurement& m) { return m.sampled ? &m.sampled->witness : nullptr; }},
    {"diagonal_max", "the constant, at least: maximum over sampled points with equal arguments", "diagonal_",
     "diagonal_witness",
     [](Measurement& m) { return m.sampled && m.sampled->diagonal ? &*m.sampled->diagonal : nullptr; }},
    {"searched_max", "the constant, at least: best of the worst-case search", "searched_", "searched_witness",
     [](Measurement& m) { return m.searched ? &m.searched->witness : nullptr; }},
};

/// All draws in file order (point, draw); null where a draw has not been measured.
std::vector<Measurement*> cells(Results& r) {
  std::vector<Measurement*> list;
  for (Record& point : r.points)
    for (auto& draw : point.draws) list.push_back(draw ? &*draw : nullptr);
  return list;
}

/// in(*cell), or null when there is none.
template <class In>
auto* locate(Measurement* cell, const In& in) {
  return cell ? in(*cell) : nullptr;
}

// --- Writing --------------------------------------------------------------------------------------------------------

/// A dimension: a one-dimensional dataset made a scale, to which the axes of variables are attached.
struct Dimension {
  Handle scale;
  hsize_t size;
};

void describe(hid_t set, const std::string& long_name, const std::string& kind) {
  hdf5::write_attribute(set, "long_name", long_name);
  hdf5::write_attribute(set, "kind", kind);
}

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

using Dimensions = std::vector<const Dimension*>;

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

/// One value a draw; `absent` where there is none.
template <class T, class In>
std::vector<T> gather(const std::vector<Measurement*>& draws, const In& in, const T& absent) {
  std::vector<T> values;
  for (Measurement* m : draws) {
    const auto* value = locate(m, in);
    values.push_back(value ? *value : absent);
  }
  return values;
}

/// The coordinates of argument s of all witnesses, padded with NaN to `length`.
std::vector<double> gather_points(const std::vector<Measurement*>& draws, const Attained& a, std::size_t s,
                                  hsize_t length) {
  std::vector<double> values(draws.size() * length, nan);
  for (std::size_t i = 0; i < draws.size(); ++i)
    if (const Witness* w = locate(draws[i], a.in); w && s < w->point.size())
      std::copy(w->point[s].begin(), w->point[s].end(), values.begin() + static_cast<std::ptrdiff_t>(i * length));
  return values;
}

/// The largest dimension of argument s among all witnesses, at least 1.
std::size_t largest_dimension(const std::vector<Measurement*>& draws, std::size_t s) {
  std::size_t largest = 1;
  for (Measurement* m : draws)
    for (const Attained& a : attained)
      if (const Witness* w = locate(m, a.in); w && s < w->point.size())
        largest = std::max(largest, static_cast<std::size_t>(w->point[s].size()));
  return largest;
}

void write_root_attributes(hid_t file, const Results& r) {
  const auto put = [&](const char* name, const auto& value) { hdf5::write_attribute(file, name, value); };
  put("format", std::string("theoremeter"));
  put("format_version", std::vector<std::int64_t>{format_major, format_minor});
  put("condition", r.condition);
  put("factor", r.factor);
  put("ensemble", r.ensemble);
  put("measurements", r.measurements);
  put("weights", r.weights_spec);
  put("grid", r.grid);
  put("gap", r.gap);
  put("seed", r.seed);
  put("experiment", r.experiment);
  std::vector<std::string> sizes, witness, meanings;
  for (const Symbol& s : r.sizes) sizes.push_back(s.name);
  std::vector<std::int64_t> unit;
  for (const Symbol& s : r.witness)
    witness.push_back(s.name), meanings.push_back(s.meaning), unit.push_back(s.unit ? 1 : 0);
  put("coordinates", fmt::format("{}", fmt::join(sizes, " ")));
  put("witness", witness);
  put("witness_meaning", meanings);
  put("witness_unit", unit);
  put("program_version", r.provenance.version);
  put("commit", r.provenance.commit);
  put("compiler", r.provenance.compiler);
  put("flags", r.provenance.flags);
  put("libraries", r.provenance.libraries);
  put("host_cpu", r.provenance.host_cpu);
  put("date", r.provenance.date);
}

void write_attained(hid_t file, const Attained& a, const Results& r, const std::vector<Measurement*>& draws,
                    const Dimensions& grid, const std::vector<Dimension>& coordinates) {
  std::vector<double> values, margins;
  std::vector<std::string> sides, forms;
  for (Measurement* m : draws) {
    const Witness* w = locate(m, a.in);
    values.push_back(w ? w->value : nan);
    margins.push_back(w ? w->margin : nan);
    sides.emplace_back(w ? to_string(w->side) : "");
    forms.push_back(w ? w->form : "");
  }
  const std::string prefix = a.prefix, where = fmt::format(" (of {})", a.value);
  write_variable(file, a.value, grid, values, a.meaning, "at least");
  write_variable(file, prefix + "side", grid, sides, "the side of the norm that attains it: plus or minus" + where,
                 "witness");
  write_variable(file, prefix + "form", grid, forms,
                 "which of the condition's expressions attains it, where there are several" + where, "witness");
  write_variable(file, prefix + "margin", grid, margins,
                 "distance of the witness from the nearest cell boundary" + where, "witness");
  for (std::size_t s = 0; s < r.witness.size(); ++s)
    write_variable(file, fmt::format("{}_{}", a.points, r.witness[s].name), {grid[0], grid[1], &coordinates[s]},
                   gather_points(draws, a, s, coordinates[s].size),
                   fmt::format("{}, where the value is attained; padded with NaN{}", r.witness[s].meaning, where),
                   "witness");
}

void write_quantiles(hid_t file, const std::vector<Measurement*>& draws, const Dimensions& grid) {
  const Dimension levels = write_dimension(file, "quantile", quantile_levels, "quantile level");
  std::vector<double> values;
  for (Measurement* m : draws) {
    assert(!m || !m->sampled || m->sampled->quantiles.size() == quantile_levels.size());
    for (std::size_t q = 0; q < quantile_levels.size(); ++q)
      values.push_back(m && m->sampled ? m->sampled->quantiles[q] : nan);
  }
  write_variable(file, "sampled_quantile", {grid[0], grid[1], &levels}, values,
                 "quantiles of the deviation over the sampled points", "statistic");
}

void write_matrices(hid_t file, const Results& r) {
  if (r.matrices.empty()) return;
  const Handle group(H5Gcreate2(file, "matrices", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose,
                     "cannot make a group");
  for (const auto& [name, W] : r.matrices) {
    const Dimension rows = write_index(group, name + "_row", static_cast<std::size_t>(W.rows()), "row of " + name);
    const Dimension columns =
        write_index(group, name + "_column", static_cast<std::size_t>(W.cols()), "column of " + name);
    write_variable(group, name, {&rows, &columns}, std::vector<double>(W.data(), W.data() + W.size()),
                   "the matrix measured, rows are neurons", "input");
  }
}

void write_draws(hid_t file, const Results& r, const std::vector<Measurement*>& draws, const Dimensions& grid) {
  std::vector<Dimension> coordinates;
  for (std::size_t s = 0; s < r.witness.size(); ++s)
    coordinates.push_back(write_index(file, r.witness[s].name + "_coordinate", largest_dimension(draws, s),
                                      "coordinate of " + r.witness[s].name));
  for (const Attained& a : attained) write_attained(file, a, r, draws, grid, coordinates);
  for (const Real& v : reals) write_variable(file, v.name, grid, gather(draws, v.in, nan), v.meaning, v.kind);
  for (const Count& v : counts) {
    const Handle set = write_variable(file, v.name, grid, gather(draws, v.in, not_made), v.meaning, "cost");
    hdf5::write_attribute(set, "_FillValue", not_made);
  }
  std::vector<std::string> kinds;
  kinds.reserve(draws.size());
  for (const Measurement* m : draws) kinds.emplace_back(m ? to_string(kind(*m)) : "");
  write_variable(
      file, "kind", grid, kinds,
      "what is known of the constant: at least, bracket, exact (to the relative gap asked for); empty: not measured",
      "kind");
  write_quantiles(file, draws, grid);
}

void write_size(hid_t file, const Symbol& size, const std::vector<Record>& points, const Dimension& point) {
  std::vector<std::int64_t> numbers;
  std::vector<std::string> lists;
  for (const Record& p : points) {
    if (size.list)
      lists.push_back(to_text(p.sizes.at(size.name)));
    else
      numbers.push_back(scalar(p.sizes, size.name));
  }
  if (size.list)
    write_variable(file, size.name, {&point}, lists, size.meaning, list_coordinate);
  else
    write_variable(file, size.name, {&point}, numbers, size.meaning, "coordinate");
}

std::vector<char> encode(Results r) {
  if (r.points.empty() || r.points[0].draws.empty()) throw InputError("results without a point or without a draw");
  const Handle file = hdf5::create_in_memory();
  write_root_attributes(file, r);
  const Dimension point = write_index(file, "point", r.points.size(), "point of the sweep");
  const Dimension draw = write_index(file, "draw", r.points[0].draws.size(), "draw");
  for (const Symbol& size : r.sizes) write_size(file, size, r.points, point);
  write_draws(file, r, cells(r), {&point, &draw});
  write_matrices(file, r);
  return hdf5::image(file);
}

// --- Reading --------------------------------------------------------------------------------------------------------

void check_format(hid_t file) {
  if (!hdf5::has_attribute(file, "format") || hdf5::read_attribute<std::string>(file, "format") != "theoremeter")
    throw hdf5::Error("an HDF5 file, but not a theoremeter results file");
  const auto version = hdf5::read_attributes<std::int64_t>(file, "format_version");
  if (version.size() != 2) throw hdf5::Error("attribute format_version is not [major, minor]");
  if (version[0] > format_major)
    throw hdf5::Error(fmt::format("written by a newer theoremeter: format {}.{}, this one reads {}.x", version[0],
                                  version[1], format_major));
}

std::size_t length_of(hid_t group, const std::string& name) {
  const Shape shape = hdf5::shape_of(hdf5::open_dataset(group, name));
  if (shape.size() != 1) throw hdf5::Error(fmt::format("dataset {} is not one-dimensional", name));
  return shape[0];
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

void read_root_attributes(hid_t file, Results& r) {
  const auto text = [&](const char* name) { return hdf5::read_attribute<std::string>(file, name); };
  r.condition = text("condition");
  if (hdf5::has_attribute(file, "factor")) r.factor = hdf5::read_attribute<double>(file, "factor");  // since 1.1
  r.ensemble = text("ensemble");
  if (hdf5::has_attribute(file, "measurements")) r.measurements = text("measurements");  // since 1.1
  r.weights_spec = text("weights");
  r.grid = text("grid");
  r.gap = hdf5::read_attribute<double>(file, "gap");
  r.seed = hdf5::read_attribute<std::uint64_t>(file, "seed");
  r.experiment = text("experiment");
  for (const std::string& name : words(text("coordinates"))) {
    const Handle set = hdf5::open_dataset(file, name);
    r.sizes.push_back({name, hdf5::read_attribute<std::string>(set, "long_name"),
                       hdf5::read_attribute<std::string>(set, "kind") == list_coordinate});
  }
  const auto names = hdf5::read_attributes<std::string>(file, "witness");
  const auto meanings = hdf5::read_attributes<std::string>(file, "witness_meaning");
  std::vector<std::int64_t> unit(names.size(), 1);
  if (hdf5::has_attribute(file, "witness_unit"))  // since 1.1
    unit = hdf5::read_attributes<std::int64_t>(file, "witness_unit");
  if (names.size() != meanings.size() || names.size() != unit.size())
    throw hdf5::Error("attributes witness, witness_meaning and witness_unit differ in length");
  for (std::size_t s = 0; s < names.size(); ++s) r.witness.push_back({names[s], meanings[s], false, unit[s] != 0});
  r.provenance = {text("program_version"), text("commit"),   text("compiler"), text("flags"),
                  text("libraries"),       text("host_cpu"), text("date")};
}

/// Makes a measurement wherever `kind` says there is one, with the evidence that was gathered.
void read_presence(hid_t file, Results& r, const Shape& grid) {
  const auto kinds = hdf5::read_dataset<std::string>(file, "kind", grid);
  const auto sampled = hdf5::read_dataset<std::int64_t>(file, "evaluations_sample", grid);
  const auto searched = hdf5::read_dataset<std::int64_t>(file, "evaluations_search", grid);
  const auto certified = hdf5::read_dataset<std::int64_t>(file, "evaluations_certify", grid);
  const auto diagonal = hdf5::read_dataset<double>(file, "diagonal_max", grid);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (kinds[i].empty()) continue;
    Measurement m;
    if (sampled[i] != not_made) m.sampled.emplace();
    if (m.sampled && !std::isnan(diagonal[i])) m.sampled->diagonal.emplace();
    if (searched[i] != not_made) m.searched.emplace();
    if (certified[i] != not_made) m.certified.emplace().closed = kinds[i] == to_string(Kind::exact);
    if (kinds[i] != to_string(kind(m)))
      throw hdf5::Error(fmt::format("kind \"{}\" contradicts the evidence stored", kinds[i]));
    r.points[i / grid[1]].draws[i % grid[1]] = std::move(m);
  }
}

template <class T, class In>
void scatter(const std::vector<Measurement*>& draws, const In& in, const std::vector<T>& values) {
  for (std::size_t i = 0; i < draws.size(); ++i)
    if (auto* value = locate(draws[i], in)) *value = values[i];
}

/// The coordinates before the padding.
Eigen::VectorXd unpad(const double* values, std::size_t length) {
  while (length > 0 && std::isnan(values[length - 1])) --length;
  return Eigen::Map<const Eigen::VectorXd>(values, static_cast<Eigen::Index>(length));
}

Side parse_side(const std::string& text) {
  if (text == to_string(Side::plus)) return Side::plus;
  if (text == to_string(Side::minus)) return Side::minus;
  throw hdf5::Error(fmt::format("side \"{}\" is neither plus nor minus", text));
}

void read_attained(hid_t file, const Attained& a, const Results& r, const std::vector<Measurement*>& draws,
                   const Shape& grid) {
  const std::string prefix = a.prefix;
  const auto values = hdf5::read_dataset<double>(file, a.value, grid);
  const auto margins = hdf5::read_dataset<double>(file, prefix + "margin", grid);
  const auto sides = hdf5::read_dataset<std::string>(file, prefix + "side", grid);
  std::vector<std::string> forms(draws.size());
  if (H5Lexists(file, (prefix + "form").c_str(), H5P_DEFAULT) > 0)  // since 1.1
    forms = hdf5::read_dataset<std::string>(file, prefix + "form", grid);
  for (std::size_t i = 0; i < draws.size(); ++i)
    if (Witness* w = locate(draws[i], a.in)) *w = {{}, values[i], parse_side(sides[i]), margins[i], forms[i]};
  for (const Symbol& argument : r.witness) {
    const std::size_t length = length_of(file, argument.name + "_coordinate");
    const auto points =
        hdf5::read_dataset<double>(file, fmt::format("{}_{}", a.points, argument.name), {grid[0], grid[1], length});
    for (std::size_t i = 0; i < draws.size(); ++i)
      if (Witness* w = locate(draws[i], a.in)) w->point.push_back(unpad(points.data() + i * length, length));
  }
}

void read_quantiles(hid_t file, const std::vector<Measurement*>& draws, const Shape& grid) {
  const std::size_t levels = quantile_levels.size();
  if (hdf5::read_dataset<double>(file, "quantile", {levels}) != quantile_levels)
    throw hdf5::Error("the quantile levels are not this program's");
  const auto values = hdf5::read_dataset<double>(file, "sampled_quantile", {grid[0], grid[1], levels});
  for (std::size_t i = 0; i < draws.size(); ++i)
    if (draws[i] && draws[i]->sampled)
      draws[i]->sampled->quantiles.assign(values.begin() + static_cast<std::ptrdiff_t>(i * levels),
                                          values.begin() + static_cast<std::ptrdiff_t>((i + 1) * levels));
}

herr_t collect_matrix(hid_t, const char* name, const H5L_info_t*, void* names) noexcept {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

void read_matrices(hid_t file, Results& r) {
  if (H5Lexists(file, "matrices", H5P_DEFAULT) <= 0) return;
  const Handle group(H5Gopen2(file, "matrices", H5P_DEFAULT), H5Gclose, "matrices is not a group");
  std::vector<std::string> names;
  hdf5::check(H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_matrix, &names),
              "group matrices is damaged");
  for (const std::string& name : names) {
    const Shape shape = hdf5::shape_of(hdf5::open_dataset(group, name));
    if (shape.size() != 2) continue;  // a dimension
    const auto values = hdf5::read_dataset<double>(group, name, shape);
    r.matrices[name] =
        Eigen::Map<const Rows>(values.data(), static_cast<Eigen::Index>(shape[0]), static_cast<Eigen::Index>(shape[1]));
  }
}

void read_size(hid_t file, const Symbol& size, std::vector<Record>& points) {
  if (!size.list) {
    const auto numbers = hdf5::read_dataset<std::int64_t>(file, size.name, {points.size()});
    for (std::size_t p = 0; p < points.size(); ++p) points[p].sizes[size.name] = {numbers[p]};
    return;
  }
  const auto lists = hdf5::read_dataset<std::string>(file, size.name, {points.size()});
  for (std::size_t p = 0; p < points.size(); ++p) {
    const auto numbers = whole_numbers(lists[p]);
    if (!numbers) throw hdf5::Error(fmt::format("{} = \"{}\" is no list of whole numbers", size.name, lists[p]));
    points[p].sizes[size.name] = *numbers;
  }
}

Results decode(hid_t file) {
  check_format(file);
  Results r;
  read_root_attributes(file, r);
  const Shape grid{length_of(file, "point"), length_of(file, "draw")};
  r.points.resize(grid[0]);
  for (Record& p : r.points) p.draws.resize(grid[1]);
  for (const Symbol& size : r.sizes) read_size(file, size, r.points);
  read_presence(file, r, grid);
  const std::vector<Measurement*> draws = cells(r);
  for (const Attained& a : attained) read_attained(file, a, r, draws, grid);
  for (const Real& v : reals) scatter(draws, v.in, hdf5::read_dataset<double>(file, v.name, grid));
  for (const Count& v : counts)
    if (v.since == 0 || H5Lexists(file, v.name, H5P_DEFAULT) > 0)
      scatter(draws, v.in, hdf5::read_dataset<std::int64_t>(file, v.name, grid));
  read_quantiles(file, draws, grid);
  read_matrices(file, r);
  return r;
}

}  // namespace

void check_output(const std::string& path, bool overwrite) {
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

void write(const Results& results, const std::string& path, bool overwrite) {
  check_output(path, overwrite);
  replace_file(path, encode(results), overwrite);
}

Results read(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) throw InputError(fmt::format("{}: no such file", path));
  if (!std::filesystem::is_regular_file(path, ignored)) throw InputError(fmt::format("{}: not a regular file", path));
  try {
    return decode(hdf5::open_file(path));
  } catch (const hdf5::Error& error) {
    throw InputError(fmt::format("{}: {}", path, error.what()));
  }
}

}  // namespace theoremeter
