#include "results/landscape_file.hpp"

#include "results/atomic.hpp"
#include "results/variables.hpp"
#include "theory/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <type_traits>
#include <utility>

namespace theoremeter {
namespace {

using hdf5::Handle;
using hdf5::Shape;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t absent_count = -1;

const std::vector<std::string> ray_end_names{"origin", "point", "infinity"};

/// How a value is stored: as double, std::int64_t or std::string, and what stands where there is none.
template <class V>
struct Stored {
  static V absent() {
    if constexpr (std::is_same_v<V, double>) return nan;
    if constexpr (std::is_same_v<V, std::int64_t>) return absent_count;
    if constexpr (std::is_same_v<V, std::string>) return {};
  }
  static const V& encode(const V& value) { return value; }
  static const V& decode(const V& value) { return value; }
};

template <>
struct Stored<bool> {
  static std::int64_t absent() { return absent_count; }
  static std::int64_t encode(bool value) { return value ? 1 : 0; }
  static bool decode(std::int64_t value) { return value == 1; }
};

template <class Enum>
struct StoredName {
  static std::string absent() { return {}; }
  static Enum find(const std::string& text, const std::vector<std::string>& names) {
    const auto at = std::find(names.begin(), names.end(), text);
    if (at == names.end()) throw hdf5::Error(fmt::format("\"{}\" is unknown here", text));
    return static_cast<Enum>(at - names.begin());
  }
};

template <>
struct Stored<RayEnd> : StoredName<RayEnd> {
  static std::string encode(RayEnd end) { return ray_end_names[static_cast<std::size_t>(end)]; }
  static RayEnd decode(const std::string& text) { return find(text, ray_end_names); }
};

template <>
struct Stored<StationaryKind> : StoredName<StationaryKind> {
  static std::string encode(StationaryKind kind) { return name(kind); }
  static StationaryKind decode(const std::string& text) { return find(text, stationary_kind_names); }
};

template <>
struct Stored<Side> : StoredName<Side> {
  static std::string encode(Side side) { return to_string(side); }
  static Side decode(const std::string& text) { return find(text, {"plus", "minus"}); }
};

template <class In, class T>
using Value = std::remove_cvref_t<std::invoke_result_t<In, T&>>;

// Writer and Reader are handed the same description of what there is, by `draws` below: so a file is read as it was
// written. Both know objects of one type T along dimensions; where there is no object, the pointer is null.

/// The dimensions of the file, by name.
struct Target {
  hid_t file;
  std::map<std::string, Dimension> dimensions = {};

  const Dimension& index(const std::string& name, std::size_t size, const std::string& meaning) {
    const auto known = dimensions.find(name);
    if (known != dimensions.end()) return known->second;
    return dimensions.emplace(name, write_index(file, name, size, meaning)).first->second;
  }
};

template <class T>
class Writer {
 public:
  Writer(Target& target, Dimensions along, std::vector<T*> objects, std::string prefix = "")
      : target_(target), along_(std::move(along)), objects_(std::move(objects)), prefix_(std::move(prefix)) {}

  template <class In>
  void value(const std::string& name, const std::string& meaning, const std::string& kind, const In& in) {
    using As = Stored<Value<In, T>>;
    std::vector<decltype(As::absent())> values;
    for (T* object : objects_) values.push_back(object ? As::encode(in(*object)) : As::absent());
    const Handle set = write_variable(target_.file, prefix_ + name, along_, values, meaning, kind);
    if constexpr (std::is_same_v<decltype(As::absent()), std::int64_t>)
      hdf5::write_attribute(set, "_FillValue", absent_count);
  }

  template <class In>
  void vector(const std::string& name, const std::string& meaning, const std::string& kind,
              const std::string& coordinate, const In& in) {
    std::size_t longest = 1;
    for (T* object : objects_)
      if (object) longest = std::max(longest, static_cast<std::size_t>(in(*object).size()));
    const Dimension& length = target_.index(coordinate, longest, "coordinate");
    std::vector<double> values(objects_.size() * length.size, nan);
    for (std::size_t i = 0; i < objects_.size(); ++i)
      if (objects_[i])
        std::copy_n(in(*objects_[i]).data(), in(*objects_[i]).size(),
                    values.begin() + static_cast<std::ptrdiff_t>(i * length.size));
    write_variable(target_.file, prefix_ + name, extended(length), values, meaning, kind);
  }

  template <class In, class Fields>
  void list(const std::string& name, const std::string& prefix, const std::string& meaning, const In& in,
            const Fields& fields) {
    value(name + "_count", "how many: " + meaning, "count",
          [&](T& object) { return static_cast<std::int64_t>(in(object).size()); });
    std::size_t longest = 1;
    for (T* object : objects_)
      if (object) longest = std::max(longest, in(*object).size());
    const Dimension& item = target_.index(prefix_ + name, longest, "index: " + meaning);
    std::vector<typename Value<In, T>::value_type*> items(objects_.size() * longest);
    for (std::size_t i = 0; i < objects_.size(); ++i)
      if (objects_[i])
        for (std::size_t j = 0; j < in(*objects_[i]).size(); ++j) items[i * longest + j] = &in(*objects_[i])[j];
    fields(Writer<typename Value<In, T>::value_type>(target_, extended(item), std::move(items), prefix_ + prefix));
  }

  template <class In, class Fields>
  void optional(const std::string& name, const std::string& prefix, const std::string& meaning, const In& in,
                const Fields& fields) {
    value(name, meaning, "count", [&](T& object) { return static_cast<std::int64_t>(in(object).has_value()); });
    std::vector<typename Value<In, T>::value_type*> objects;
    for (T* object : objects_) objects.push_back(object && in(*object) ? &*in(*object) : nullptr);
    fields(Writer<typename Value<In, T>::value_type>(target_, along_, std::move(objects), prefix_ + prefix));
  }

 private:
  Dimensions extended(const Dimension& last) const {
    Dimensions all = along_;
    all.push_back(&last);
    return all;
  }

  Target& target_;
  Dimensions along_;
  std::vector<T*> objects_;
  std::string prefix_;
};

template <class T>
class Reader {
 public:
  Reader(hid_t file, Shape along, std::vector<T*> objects, std::string prefix = "")
      : file_(file), along_(std::move(along)), objects_(std::move(objects)), prefix_(std::move(prefix)) {}

  template <class In>
  void value(const std::string& name, const std::string&, const std::string&, const In& in) {
    using As = Stored<Value<In, T>>;
    const auto values = hdf5::read_dataset<decltype(As::absent())>(file_, prefix_ + name, along_);
    for (std::size_t i = 0; i < objects_.size(); ++i)
      if (objects_[i]) in(*objects_[i]) = As::decode(values[i]);
  }

  template <class In>
  void vector(const std::string& name, const std::string&, const std::string&, const std::string& coordinate,
              const In& in) {
    const std::size_t length = length_of(file_, coordinate);
    const auto values = hdf5::read_dataset<double>(file_, prefix_ + name, extended(length));
    for (std::size_t i = 0; i < objects_.size(); ++i)
      if (objects_[i]) in(*objects_[i]) = unpad(values.data() + i * length, length);
  }

  template <class In, class Fields>
  void list(const std::string& name, const std::string& prefix, const std::string&, const In& in,
            const Fields& fields) {
    const auto counts = hdf5::read_dataset<std::int64_t>(file_, prefix_ + name + "_count", along_);
    const std::size_t longest = length_of(file_, prefix_ + name);
    std::vector<typename Value<In, T>::value_type*> items(objects_.size() * longest);
    for (std::size_t i = 0; i < objects_.size(); ++i) {
      if (!objects_[i]) continue;
      if (counts[i] < 0 || static_cast<std::size_t>(counts[i]) > longest)
        throw hdf5::Error(fmt::format("{}{}_count = {}: must be 0 to {}", prefix_, name, counts[i], longest));
      auto& list = in(*objects_[i]);
      list.resize(static_cast<std::size_t>(counts[i]));
      for (std::size_t j = 0; j < list.size(); ++j) items[i * longest + j] = &list[j];
    }
    fields(Reader<typename Value<In, T>::value_type>(file_, extended(longest), std::move(items), prefix_ + prefix));
  }

  template <class In, class Fields>
  void optional(const std::string& name, const std::string& prefix, const std::string&, const In& in,
                const Fields& fields) {
    const auto there = hdf5::read_dataset<std::int64_t>(file_, prefix_ + name, along_);
    std::vector<typename Value<In, T>::value_type*> objects(objects_.size());
    for (std::size_t i = 0; i < objects_.size(); ++i)
      if (objects_[i] && there[i] == 1) objects[i] = &in(*objects_[i]).emplace();
    fields(Reader<typename Value<In, T>::value_type>(file_, along_, std::move(objects), prefix_ + prefix));
  }

 private:
  Shape extended(std::size_t last) const {
    Shape all = along_;
    all.push_back(last);
    return all;
  }

  hid_t file_;
  Shape along_;
  std::vector<T*> objects_;
  std::string prefix_;
};

// --- What there is --------------------------------------------------------------------------------------------------

using Names = std::vector<std::string>;
constexpr const char *at_least = "at least", *at_most = "at most", *witness = "witness", *statistic = "statistic";

/// A point, one variable for each argument: `name`_x, or `name`_h and `name`_m.
template <class File, class In>
void point(File& file, const Names& arguments, const std::string& name, const std::string& meaning, const In& in) {
  for (std::size_t i = 0; i < arguments.size(); ++i)
    file.vector(fmt::format("{}{}{}", name, name.empty() ? "" : "_", arguments[i]),
                fmt::format("{}: {}; padded with NaN", meaning, arguments[i]), witness, arguments[i] + "_coordinate",
                [&, i](auto& object) -> Eigen::VectorXd& {
                  Point& p = in(object);
                  if (p.size() < arguments.size()) p.resize(arguments.size());
                  return p[i];
                });
}

template <class File, class In>
void ray_witness(File& file, const Names& arguments, const std::string& name, const std::string& meaning,
                 const char* direction, const In& in) {
  file.value(name, meaning, direction, [&](auto& l) -> double& { return in(l).value; });
  file.value(name + "_where", "where on the ray: origin (in the limit), point, infinity", witness,
             [&](auto& l) -> RayEnd& { return in(l).where; });
  file.value(name + "_r", "|x|/|x0| there; blind demodulation: |h||m|/(|h0||m0|)", witness,
             [&](auto& l) -> double& { return in(l).r; });
  point(file, arguments, name, "direction of the ray, unit vectors",
        [&](auto& l) -> Point& { return in(l).direction; });
}

template <class File, class In>
void neighbourhoods(File& file, const char* name, const char* meaning, const char* kind, const In& in) {
  file.list(name, std::string(name) + "_", meaning, in, [&](auto list) {
    list.value("centre", "its centre", "coordinate", [](Neighbourhood& n) -> std::string& { return n.centre; });
    list.value("radius", "its radius; infinite: not bounded, or merged with another", kind,
               [](Neighbourhood& n) -> double& { return n.radius; });
  });
}

template <class File>
void violations(File& file, const Names& arguments) {
  file.value("violations",
             "how often the theorem's conclusion fails: at directions of the grid, stationary points outside",
             statistic, [](MeasuredLandscape& d) -> std::int64_t& { return d.landscape.violation_count; });
  file.list(
      "violation", "violation_", "violations listed",
      [](MeasuredLandscape & d) -> auto& { return d.landscape.violations; },
      [&](auto list) {
        list.value("reason", "what fails", "kind", [](Violation& v) -> std::string& { return v.reason; });
        list.value("r", "|x|/|x0| there, 0: at 0 itself", witness, [](Violation& v) -> double& { return v.r; });
        point(list, arguments, "", "direction, unit vectors", [](Violation& v) -> Point& { return v.direction; });
      });
}

template <class File>
void descents(File& file, const Names& arguments) {
  const auto outcome = [&](const char* name, const char* meaning, std::int64_t Outcomes::*member) {
    file.value(name, fmt::format("descents that ended {}", meaning), statistic,
               [member](MeasuredLandscape& d) -> std::int64_t& { return d.landscape.outcomes.*member; });
  };
  outcome("descents_solution", "in the neighbourhood of x0", &Outcomes::solution);
  outcome("descents_spurious", "in that of -rho x0, or of one of the other three", &Outcomes::spurious);
  outcome("descents_zero", "at 0", &Outcomes::zero);
  outcome("descents_elsewhere", "at a stationary point outside all of them", &Outcomes::elsewhere);
  outcome("descents_not_converged", "with their budget", &Outcomes::not_converged);
  file.list(
      "descent_end", "descent_end_", "stationary points that descents ran into",
      [](MeasuredLandscape & d) -> auto& { return d.landscape.stationary; },
      [&](auto list) {
        point(list, arguments, "", "the point over |x0|; blind demodulation: over sqrt(|h0||m0|), balanced",
              [](DescentEnd& e) -> Point& { return e.x; });
        list.value("near", "the centre of the excluded neighbourhood it lies in; empty: none", "kind",
                   [](DescentEnd& e) -> std::string& { return e.near; });
        list.value("kink", "1: a combination of neighbouring gradients vanishes, not the gradient itself", "kind",
                   [](DescentEnd& e) -> bool& { return e.kink; });
        list.value("objective", "f there, scaled", statistic, [](DescentEnd& e) -> double& { return e.objective; });
        list.value("gradient", "the scaled gradient left", statistic,
                   [](DescentEnd& e) -> double& { return e.gradient; });
        list.value("to_solution", "distance from x0 over |x0|", statistic,
                   [](DescentEnd& e) -> double& { return e.to_solution; });
        list.value("to_spurious", "distance from -rho x0 over |x0|", statistic,
                   [](DescentEnd& e) -> double& { return e.to_spurious; });
        list.value("starts", "how many ended there", "cost", [](DescentEnd& e) -> std::int64_t& { return e.starts; });
      });
}

template <class File>
void landscape(File& file, const Names& arguments) {
  file.list(
      "network", "", "networks, each with its rho", [](MeasuredLandscape & d) -> auto& { return d.landscape.rho; },
      [](auto list) {
        list.value("rho", "rho_d: the population gradient vanishes at -rho_d x0", "parameter",
                   [](double& rho) -> double& { return rho; });
      });
  ray_witness(file, arguments, "population_error", "sup |v_x - h_x|/max(|x|, |x0|), scaled: at least", at_least,
              [](MeasuredLandscape& d) -> RayWitness& { return d.landscape.population_error; });
  neighbourhoods(
      file, "implied", "neighbourhoods implied by the population error found", "implied",
      [](MeasuredLandscape & d) -> auto& { return d.landscape.implied; });
  file.value("merged", "1: the implied neighbourhoods run into each other or to infinity", "implied",
             [](MeasuredLandscape& d) -> bool& { return d.landscape.merged; });
  neighbourhoods(
      file, "excluded", "neighbourhoods outside of which worst_margin is", "parameter",
      [](MeasuredLandscape & d) -> auto& { return d.landscape.excluded; });
  ray_witness(file, arguments, "worst_margin", "inf |v_x|/max(|x|, |x0|) outside, scaled: at most", at_most,
              [](MeasuredLandscape& d) -> RayWitness& { return d.landscape.worst_margin; });
  file.value("derivative_at_worst", "D_{-v} f/|v|^2 there", statistic,
             [](MeasuredLandscape& d) -> double& { return d.landscape.derivative_at_worst; });
  ray_witness(file, arguments, "descent_at_zero", "inf -D_p f(0) over unit p, scaled: at most", at_most,
              [](MeasuredLandscape& d) -> RayWitness& { return d.landscape.descent_at_zero; });
  violations(file, arguments);
  descents(file, arguments);
  file.value("directions", "directions in the grid", "cost",
             [](MeasuredLandscape& d) -> std::int64_t& { return d.landscape.directions; });
  file.value("evaluations", "directions evaluated, searches included", "cost",
             [](MeasuredLandscape& d) -> std::int64_t& { return d.landscape.evaluations; });
}

/// Vectors of two coordinates, as vectors.
template <class File, class In>
void plane(File& file, const std::string& name, const std::string& meaning, const In& in) {
  for (const Eigen::Index i : {0, 1})
    file.value(fmt::format("{}_{}", name, i + 1), fmt::format("{}, coordinate {}", meaning, i + 1), witness,
               [&, i](auto& object) -> double& { return in(object)[i]; });
}

template <class File>
void census_points(File& file) {
  file.list(
      "point", "point_", "stationary points other than 0", [](Census & c) -> auto& { return c.points; },
      [](auto list) {
        plane(list, "x", "the point", [](StationaryPoint& p) -> Eigen::Vector2d& { return p.x; });
        list.value("kind", "minimum, kink minimum, kink saddle", "kind",
                   [](StationaryPoint& p) -> StationaryKind& { return p.kind; });
        list.value("objective", "f there", statistic, [](StationaryPoint& p) -> double& { return p.objective; });
        list.value("distance_x0", "|x - x0|/|x0|", statistic,
                   [](StationaryPoint& p) -> double& { return p.distance_x0; });
        list.value("distance_minus_rho_x0", "|x + rho x0|/|x0|", statistic,
                   [](StationaryPoint& p) -> double& { return p.distance_minus_rho_x0; });
        list.value("counterclockwise", "D_u f across the ray, counterclockwise; 0 for a minimum", statistic,
                   [](StationaryPoint& p) -> double& { return p.counterclockwise; });
        list.value("clockwise", "the same, clockwise", statistic,
                   [](StationaryPoint& p) -> double& { return p.clockwise; });
        list.value("isolated", "0: an end of a flat set", "kind",
                   [](StationaryPoint& p) -> bool& { return p.isolated; });
      });
}

template <class File>
void census(File& file) {
  file.optional(
      "census", "census_", "1: every stationary point is listed, proved; 0: there was no census",
      [](MeasuredLandscape & d) -> auto& { return d.census; },
      [](auto c) {
        census_points(c);
        c.list(
            "flat", "flat_", "sets of stationary points that are not isolated",
            [](Census & s) -> auto& { return s.flat; },
            [](auto list) {
              list.value("kind", "the kind of its points", "kind",
                         [](FlatSet& f) -> StationaryKind& { return f.kind; });
              list.value("from", "directions of its points from this angle on", statistic,
                         [](FlatSet& f) -> double& { return f.from; });
              list.value("to", "to this one", statistic, [](FlatSet& f) -> double& { return f.to; });
              plane(list, "normal", "normal'x = 1 on it, or all x where it is 0",
                    [](FlatSet& f) -> Eigen::Vector2d& { return f.normal; });
              list.value("objective", "f on it", statistic, [](FlatSet& f) -> double& { return f.objective; });
            });
        c.value("zero", "the kind of x = 0", "kind", [](Census& s) -> StationaryKind& { return s.zero; });
        c.value("objective_at_zero", "f(0)", statistic, [](Census& s) -> double& { return s.objective_at_zero; });
        c.value("descent_at_zero", "min over unit p of -D_p f(0)", statistic,
                [](Census& s) -> double& { return s.descent_at_zero; });
        plane(c, "zero_witness", "such a p", [](Census& s) -> Eigen::Vector2d& { return s.zero_witness; });
        c.value("cells", "cells enumerated", "cost", [](Census& s) -> std::int64_t& { return s.cells; });
        c.value("integer_signs", "decisions made in integers", "cost",
                [](Census& s) -> std::int64_t& { return s.integer_signs; });
      });
}

template <class File>
void epsilons(File& file) {
  file.list(
      "epsilon", "epsilon_", "conditions measured on the instance",
      [](MeasuredLandscape & d) -> auto& { return d.epsilon; },
      [](auto list) {
        list.value("condition", "the condition: wdc, rrcp, phaseless, joint-wdc", "kind",
                   [](Epsilon& e) -> std::string& { return e.condition; });
        list.value("matrix", "the matrix it concerns; empty: all", "kind",
                   [](Epsilon& e) -> std::string& { return e.matrix; });
        list.value("alpha", "alpha in the condition", "parameter", [](Epsilon& e) -> double& { return e.alpha; });
        list.value("at_least", "the constant in the paper's epsilon: at least", at_least,
                   [](Epsilon& e) -> double& { return e.value; });
        list.value("deviation", "the deviation the witness attains", at_least,
                   [](Epsilon& e) -> double& { return e.witness.value; });
        list.value("side", "the side of the norm: plus, minus", witness,
                   [](Epsilon& e) -> Side& { return e.witness.side; });
        list.value("form", "which of the condition's expressions", witness,
                   [](Epsilon& e) -> std::string& { return e.witness.form; });
        list.value("margin", "distance from the nearest jump", witness,
                   [](Epsilon& e) -> double& { return e.witness.margin; });
        list.list(
            "argument", "argument_", "arguments of the condition", [](Epsilon & e) -> auto& { return e.witness.point; },
            [](auto argument) {
              argument.vector("value", "the argument, padded with NaN", witness, "epsilon_coordinate",
                              [](Eigen::VectorXd& p) -> Eigen::VectorXd& { return p; });
            });
      });
}

/// Everything about every draw.
template <class File>
void draws(File file, const Names& arguments) {
  file.optional(
      "measured", "", "1: measured; 0: not yet", [](std::optional<MeasuredLandscape> & d) -> auto& { return d; },
      [&](auto draw) {
        point(draw, arguments, "solution", "the solution, x0, or h0, m0",
              [](MeasuredLandscape& d) -> Point& { return d.x0; });
        draw.value("solution_objective", "f there: that of the noise", statistic,
                   [](MeasuredLandscape& d) -> double& { return d.objective_x0; });
        landscape(draw, arguments);
        census(draw);
        epsilons(draw);
        draw.value("K", "E/(d^3 sqrt(eps)), eps the largest epsilon found; NaN: none", "comparison",
                   [](MeasuredLandscape& d) -> double& { return d.comparison.K; });
        draw.list(
            "theorem_ball", "", "implied neighbourhoods that the theorem has",
            [](MeasuredLandscape & d) -> auto& { return d.comparison.K2; },
            [](auto list) {
              list.value("K2", "the implied radius over the theorem's with K2 = 1", "comparison",
                         [](double& K2) -> double& { return K2; });
            });
        draw.value(
            "hypothesis",
            "whether the theorem's can hold for any K1 >= 1: cannot hold, not excluded, not decided; empty: none",
            "comparison", [](MeasuredLandscape& d) -> std::string& { return d.comparison.hypothesis; });
        draw.value("spurious_near", "minima near -rho x0 at which f is larger than at the solution", "statistic",
                   [](MeasuredLandscape& d) -> std::int64_t& { return d.spurious.near; });
        draw.value("spurious_elsewhere", "such minima elsewhere, but those next to x0", "statistic",
                   [](MeasuredLandscape& d) -> std::int64_t& { return d.spurious.elsewhere; });
        draw.value("seconds", "wall time [s]", "cost", [](MeasuredLandscape& d) -> double& { return d.seconds; });
      });
}

using Cells = std::vector<std::optional<MeasuredLandscape>*>;

Cells cells(LandscapeResults& r) {
  Cells all;
  for (LandscapeRecord& point : r.points)
    for (auto& draw : point.draws) all.push_back(&draw);
  return all;
}

void write_root_attributes(hid_t file, const LandscapeResults& r) {
  const auto put = [&](const char* name, const auto& value) { hdf5::write_attribute(file, name, value); };
  write_format(file);
  put("problem", name(r.problem));
  put("ensemble", r.ensemble);
  put("measurements", r.measurements);
  put("weights", r.weights_spec);
  put("grid", r.grid);
  put("noise", r.noise);
  put("seed", r.seed);
  put("experiment", r.experiment);
  write_provenance(file, r.provenance);
}

/// The longest parts of x0, so that all points of the file fit.
void write_coordinates(Target& target, const Names& arguments, const Cells& all) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::size_t longest = 1;
    for (const auto* draw : all)
      if (*draw) longest = std::max(longest, static_cast<std::size_t>((*draw)->x0.at(i).size()));
    target.index(arguments[i] + "_coordinate", longest, "coordinate of " + arguments[i]);
  }
}

std::vector<char> encode(LandscapeResults r) {
  if (r.points.empty() || r.points[0].draws.empty()) throw InputError("results without a point or without a draw");
  const Handle file = hdf5::create_in_memory();
  write_root_attributes(file, r);
  Target target{file};
  const Dimension& point = target.index("point", r.points.size(), "point of the sweep");
  const Dimension& draw = target.index("draw", r.points[0].draws.size(), "draw");
  std::vector<Sizes> sizes;
  for (const LandscapeRecord& p : r.points) sizes.push_back(p.sizes);
  write_sizes(file, r.sizes, sizes, point);
  const Names arguments = argument_names(r.problem);
  write_coordinates(target, arguments, cells(r));
  draws(Writer<std::optional<MeasuredLandscape>>(target, {&point, &draw}, cells(r)), arguments);
  write_matrices(file, r.matrices);
  write_sources(file, r.sources);
  return hdf5::image(file);
}

void read_root_attributes(hid_t file, LandscapeResults& r) {
  const auto text = [&](const char* name) { return hdf5::read_attribute<std::string>(file, name); };
  const std::string problem = text("problem");
  if (std::find(problem_names.begin(), problem_names.end(), problem) == problem_names.end())
    throw hdf5::Error(fmt::format("holds an unknown problem, {}", problem));
  r.problem = problem_named(problem);
  r.ensemble = text("ensemble");
  r.measurements = text("measurements");
  r.weights_spec = text("weights");
  r.grid = text("grid");
  r.noise = hdf5::read_attribute<double>(file, "noise");
  r.seed = hdf5::read_attribute<std::uint64_t>(file, "seed");
  r.experiment = text("experiment");
  r.provenance = read_provenance(file);
}

LandscapeResults decode(hid_t file) {
  check_format(file);
  if (!hdf5::has_attribute(file, "problem"))
    throw hdf5::Error("holds measurements of a condition, where landscapes are expected");
  LandscapeResults r;
  read_root_attributes(file, r);
  r.sizes = read_symbols(file);
  const Shape grid{length_of(file, "point"), length_of(file, "draw")};
  for (Sizes& sizes : read_sizes(file, r.sizes, grid[0]))
    r.points.push_back({std::move(sizes), std::vector<std::optional<MeasuredLandscape>>(grid[1])});
  draws(Reader<std::optional<MeasuredLandscape>>(file, grid, cells(r)), argument_names(r.problem));
  r.matrices = read_matrices(file);
  r.sources = read_sources(file, r.matrices);
  return r;
}

}  // namespace

bool holds_landscapes(const std::string& path) {
  bool answer = false;
  decode_file(path, [&](hid_t file) {
    check_format(file);
    answer = hdf5::has_attribute(file, "problem");
  });
  return answer;
}

void check_landscape_output(const std::string& path, bool overwrite) {
  check_output(path, overwrite, [](const std::string& existing) { read_landscapes(existing); });
}

void write(const LandscapeResults& results, const std::string& path, bool overwrite) {
  check_landscape_output(path, overwrite);
  replace_file(path, encode(results), overwrite);
}

LandscapeResults read_landscapes(const std::string& path) {
  LandscapeResults results;
  decode_file(path, [&](hid_t file) { results = decode(file); });
  return results;
}

}  // namespace theoremeter
