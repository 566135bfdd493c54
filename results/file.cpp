#include "results/file.hpp"

#include "results/atomic.hpp"
#include "results/variables.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

namespace theoremeter {
namespace {

using hdf5::Handle;
using hdf5::Shape;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t not_made = -1;

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
  write_format(file);
  put("condition", r.condition);
  put("factor", r.factor);
  put("ensemble", r.ensemble);
  put("measurements", r.measurements);
  put("weights", r.weights_spec);
  put("grid", r.grid);
  put("gap", r.gap);
  put("seed", r.seed);
  put("experiment", r.experiment);
  std::vector<std::string> witness, meanings;
  std::vector<std::int64_t> unit;
  for (const Symbol& s : r.witness)
    witness.push_back(s.name), meanings.push_back(s.meaning), unit.push_back(s.unit ? 1 : 0);
  put("witness", witness);
  put("witness_meaning", meanings);
  put("witness_unit", unit);
  write_provenance(file, r.provenance);
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

std::vector<char> encode(Results r) {
  if (r.points.empty() || r.points[0].draws.empty()) throw InputError("results without a point or without a draw");
  const Handle file = hdf5::create_in_memory();
  write_root_attributes(file, r);
  const Dimension point = write_index(file, "point", r.points.size(), "point of the sweep");
  const Dimension draw = write_index(file, "draw", r.points[0].draws.size(), "draw");
  std::vector<Sizes> sizes;
  for (const Record& p : r.points) sizes.push_back(p.sizes);
  write_sizes(file, r.sizes, sizes, point);
  write_draws(file, r, cells(r), {&point, &draw});
  write_matrices(file, r.matrices);
  write_sources(file, r.sources);
  return hdf5::image(file);
}

// --- Reading --------------------------------------------------------------------------------------------------------

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
  r.sizes = read_symbols(file);
  const auto names = hdf5::read_attributes<std::string>(file, "witness");
  const auto meanings = hdf5::read_attributes<std::string>(file, "witness_meaning");
  std::vector<std::int64_t> unit(names.size(), 1);
  if (hdf5::has_attribute(file, "witness_unit"))  // since 1.1
    unit = hdf5::read_attributes<std::int64_t>(file, "witness_unit");
  if (names.size() != meanings.size() || names.size() != unit.size())
    throw hdf5::Error("attributes witness, witness_meaning and witness_unit differ in length");
  for (std::size_t s = 0; s < names.size(); ++s) r.witness.push_back({names[s], meanings[s], false, unit[s] != 0});
  r.provenance = read_provenance(file);
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
  if (has_dataset(file, prefix + "form"))  // since 1.1
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

Results decode(hid_t file) {
  check_format(file);
  if (hdf5::has_attribute(file, "problem"))
    throw hdf5::Error("holds landscapes, where measurements of a condition are expected");
  Results r;
  read_root_attributes(file, r);
  const Shape grid{length_of(file, "point"), length_of(file, "draw")};
  for (Sizes& sizes : read_sizes(file, r.sizes, grid[0]))
    r.points.push_back({std::move(sizes), std::vector<std::optional<Measurement>>(grid[1])});
  read_presence(file, r, grid);
  const std::vector<Measurement*> draws = cells(r);
  for (const Attained& a : attained) read_attained(file, a, r, draws, grid);
  for (const Real& v : reals) scatter(draws, v.in, hdf5::read_dataset<double>(file, v.name, grid));
  for (const Count& v : counts)
    if (v.since == 0 || has_dataset(file, v.name))
      scatter(draws, v.in, hdf5::read_dataset<std::int64_t>(file, v.name, grid));
  read_quantiles(file, draws, grid);
  r.matrices = read_matrices(file);
  r.sources = read_sources(file, r.matrices);
  return r;
}

}  // namespace

void check_output(const std::string& path, bool overwrite) {
  check_output(path, overwrite, [](const std::string& existing) { read(existing); });
}

void write(const Results& results, const std::string& path, bool overwrite) {
  check_output(path, overwrite);
  replace_file(path, encode(results), overwrite);
}

Results read(const std::string& path) {
  Results results;
  decode_file(path, [&](hid_t file) { results = decode(file); });
  return results;
}

}  // namespace theoremeter
