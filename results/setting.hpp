// The parameters of a study, each said once, and a setting: a value for each of them, with the matrices given.
#pragma once

#include "results/weights/names.hpp"
#include "theory/types.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace theoremeter {

/// Matrices by the paper's name.
using Matrices = std::map<std::string, Rows>;

/// Where a matrix that was given was read.
struct Source {
  std::string file;
  std::string dataset;  // "" in a file of one array without a name
  std::string done;     // to it, as "transposed"; "" when it is as it stands there

  bool operator==(const Source&) const = default;
};
using Sources = std::map<std::string, Source, weights::Naturally>;

using Widths = std::vector<std::int64_t>;  // a list of whole numbers

/// Nothing: a budget left to its default, a size not said.
using Value = std::variant<std::monostate, std::int64_t, double, bool, std::string, Widths>;

/// A size keys the random stream; a label (of a layer) is shown as a size is; an option says how something is measured.
enum class Scope { size, label, option };

/// One declaration: option and TOML key `name`, its help and range, its coordinate along `point` in the file.
struct AnyParameter {
  std::string name, meaning;
  Value example;  // its type; and its value where none is given, if `has_default`
  bool has_default = true;
  bool required = false;  // otherwise, without a default: it may be absent
  Scope scope = Scope::option;
  double least = -std::numeric_limits<double>::infinity(), most = std::numeric_limits<double>::infinity();
  std::vector<std::string> choices = {};  // of a text
  std::string type_name = {};             // on the help page: N, FILE, ...; "": by its type
  std::string default_note = {};          // "about a second's worth": where the default depends on the sizes
  std::string group = {};                 // heading on the help page
  bool strict = false;                    // `least` itself is excluded

  bool operator==(const AnyParameter&) const = default;
};

template <class T>
struct Parameter : AnyParameter {};

using Parameters = std::shared_ptr<const std::vector<AnyParameter>>;

/// What the draws at a point of the sweep are made from: every parameter's default, until it is set.
class Setting {
 public:
  explicit Setting(Parameters parameters);

  /// Throws std::logic_error for a parameter that the study did not declare, or that has no value.
  template <class T>
  const T& operator[](const Parameter<T>& p) const {
    return std::get<T>(at(p.name));
  }
  /// The same where there may be none.
  template <class T>
  std::optional<T> get(const Parameter<T>& p) const {
    const Value& v = at(p.name);
    return std::holds_alternative<std::monostate>(v) ? std::optional<T>() : std::optional<T>(std::get<T>(v));
  }
  const Value& at(const std::string& name) const;
  bool has(const std::string& name) const { return values_.contains(name); }
  void set(const std::string& name, Value value);

  /// "n = 200, k = 3, ...": all values, in the order of declaration; equal for equal settings, and for those alone.
  std::string text() const;
  /// The same for people: those that have a value.
  std::string said() const;
  /// The sizes alone: "n = 200, k = 3".
  std::string sizes() const;

  const Parameters& parameters() const { return parameters_; }

  /// Those given, by the names that the study's instances call them; what is lacking is drawn.
  const Matrices& given() const;
  void give(std::shared_ptr<const Matrices> matrices) { given_ = std::move(matrices); }

 private:
  Parameters parameters_;
  std::shared_ptr<const Matrices> given_;
  std::map<std::string, Value> values_;
};

/// "500", "0.01", "true", "gaussian", "3,40,200"; "" for nothing.
std::string to_text(const Value& value);

/// The inverse of to_text for a value of this parameter: of a whole number from digits alone, decimal. Throws
/// InputError, naming the parameter and saying what would be right: type, range, choices (with the nearest name).
Value value_of(const AnyParameter& parameter, const std::string& text);

/// Throws InputError unless the value has the parameter's type and lies in its range.
void check_value(const AnyParameter& parameter, const Value& value);

}  // namespace theoremeter
